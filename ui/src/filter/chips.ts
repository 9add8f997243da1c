// A filter as chips: conditions that must all hold. The server turns chips into KQL and back; what is here is how a person
// changes them. Nothing in this file knows KQL.

import type { Chip, Field, Operator } from "../api/client";

/** Operators as they are read in a chip. */
export const operatorWords: Record<Operator, string> = {
  is: "is", is_not: "is not", contains: "contains", not_contains: "does not contain", starts_with: "starts with", not_starts_with: "does not start with",
  exists: "exists", not_exists: "does not exist", gt: ">", lt: "<", ge: "≥", le: "≤", in_network: "is in network", kql: "KQL",
};

/** Whether the operator turns values away: its chip is dashed. */
export function negative(op: Operator): boolean {
  return op === "is_not" || op === "not_contains" || op === "not_starts_with" || op === "not_exists";
}

/** How many values an operator takes. */
export function takes(op: Operator): "none" | "one" | "many" {
  switch (op) {
    case "exists":
    case "not_exists":
      return "none";
    case "gt":
    case "lt":
    case "ge":
    case "le":
    case "kql":
      return "one";
    default:
      return "many";
  }
}

/** The chip's values as they are read: "Phish, Malware", by their names where they are ids, counted when many. */
export function valueWords(c: Chip): string {
  if (takes(c.op) === "none") return "";
  const shown = c.values.slice(0, 3).map((v, i) => c.names?.[i] || (v === "" ? "(empty)" : v));
  const more = c.values.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Turns what a person typed into values: commas or lines part them, quotes keep a comma inside. */
export function splitValues(text: string): string[] {
  const out: string[] = [];
  for (const m of text.matchAll(/\s*(?:"((?:[^"\\]|\\.)*)"|([^,\n]+))\s*(?:[,\n]|$)/g)) {
    const v = m[1] !== undefined ? m[1].replace(/\\(.)/g, "$1") : (m[2] ?? "").trim();
    if ((v !== "" || m[1] !== undefined) && !out.includes(v)) out.push(v);
  }
  return out;
}

/** The reverse of splitValues, for editing. */
export function joinValues(values: readonly string[]): string {
  return values.map((v) => (v === "" || /[,"\n]|^\s|\s$/.test(v) ? `"${v.replace(/(["\\])/g, "\\$1")}"` : v)).join(", ");
}

const same = (a: Chip, field: string, op: Operator) => a.field === field && a.op === op;

function merge(chips: readonly Chip[], field: string, op: Operator, value: string): Chip[] {
  const at = chips.findIndex((c) => same(c, field, op));
  if (at < 0) return [...chips, { field, op, values: [value] }];
  const chip = chips[at]!;
  if (chip.values.includes(value)) return [...chips];
  return chips.with(at, { field, op, values: [...chip.values, value] });
}

function without(chips: readonly Chip[], field: string, op: Operator, value: string): Chip[] {
  return chips.flatMap((c) => {
    if (!same(c, field, op) || !c.values.includes(value)) return [c];
    const values = c.values.filter((v) => v !== value);
    return values.length ? [{ field, op, values }] : [];
  });
}

/** The chip that asks for a value of a field, or turns it away: columns that hold several values contain it, an empty value does not exist. */
function conditionFor(f: Pick<Field, "name" | "list" | "type" | "operators">, value: string, wanted: boolean): { op: Operator; value?: string } {
  const can = (op: Operator) => f.operators.includes(op);
  if (value === "" && can("not_exists")) return { op: wanted ? "not_exists" : "exists" };
  if (f.type === "bool") return { op: "is", value: wanted === (value === "true") ? "true" : "false" };
  if (f.list && can("contains")) return { op: wanted ? "contains" : "not_contains", value };
  return { op: wanted ? "is" : "is_not", value };
}

function put(chips: readonly Chip[], f: Pick<Field, "name" | "list" | "type" | "operators">, value: string, wanted: boolean): Chip[] {
  const mine = conditionFor(f, value, wanted), other = conditionFor(f, value, !wanted);
  if (mine.value === undefined || f.type === "bool") {
    // One chip says all there is to say: an earlier one of the same kind goes.
    const rest = chips.filter((c) => !(c.field === f.name && (c.op === mine.op || c.op === other.op)));
    return [...rest, { field: f.name, op: mine.op, values: mine.value === undefined ? [] : [mine.value] }];
  }
  return merge(without(chips, f.name, other.op, value), f.name, mine.op, mine.value);
}

/**
 * Asks for a value. A field that is already asked for gets the value beside the others, since one column cannot be two things at
 * once; an exclusion of the same value goes.
 */
export function include(chips: readonly Chip[], f: Pick<Field, "name" | "list" | "type" | "operators">, value: string): Chip[] {
  return put(chips, f, value, true);
}

/** Turns a value away; an inclusion of the same value goes. */
export function exclude(chips: readonly Chip[], f: Pick<Field, "name" | "list" | "type" | "operators">, value: string): Chip[] {
  return put(chips, f, value, false);
}

/** Whether both say the same. */
export function equal(a: readonly Chip[], b: readonly Chip[]): boolean {
  return a.length === b.length && a.every((c, i) => {
    const d = b[i]!;
    return same(c, d.field, d.op) && c.values.length === d.values.length && c.values.every((v, j) => v === d.values[j]);
  });
}

/** The chip with another operator: values stay when the new one takes them. */
export function withOperator(c: Chip, op: Operator): Chip {
  const n = takes(op);
  return { field: c.field, op, values: n === "none" ? [] : n === "one" ? c.values.slice(0, 1) : c.values };
}

/** The chip for another field: operator and values stay when they fit. */
export function withField(c: Chip, from: Field | undefined, to: Field): Chip {
  const op = to.operators.includes(c.op) ? c.op : ((to.operators[0] ?? "is") as Operator);
  const closed = to.values.length > 0 || (from?.values.length ?? 0) > 0 || from?.type !== to.type;
  return { field: to.name, op, values: closed || takes(op) === "none" ? [] : c.values };
}

/** Whether the chip says something: a new one does not until it has a value. */
export function complete(c: Chip): boolean {
  return takes(c.op) === "none" || c.values.length > 0;
}
