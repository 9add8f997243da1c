// What a name in a condition means: its type, followed through dots and through the variables of exists, all, map and filter.

import type { Schemas } from "../../../api/client";

export type Language = Schemas["RuleLanguage"];
export type Name = Language["names"][number];
export type Func = Language["functions"][number];

const element = (type: string) => /^list of (.+)$/.exec(type)?.[1] ?? "";

/** The chain of names that ends a text, without calls: "a && msg.from.na" gives ["msg", "from", "na"]. */
export function chainAt(before: string): string[] {
  const m = /(?:[A-Za-z_]\w*\s*\.\s*)*[A-Za-z_]?\w*$/.exec(before);
  return (m?.[0] ?? "").split(".").map((s) => s.trim());
}

/** Type of a variable that a macro binds, "" when none does: l in msg.links.exists(l, l.host). */
function bound(name: string, before: string, l: Language, depth: number): string {
  const re = new RegExp(`((?:[A-Za-z_]\\w*\\s*\\.\\s*)+)(?:exists|all|exists_one|filter|map)\\s*\\(\\s*${name}\\s*,`, "g");
  let type = "";
  for (const m of before.matchAll(re)) type = element(typeOf(m[1]!.split(".").map((s) => s.trim()).filter((s) => s !== ""), before.slice(0, m.index), l, depth + 1));
  return type;
}

/** Type of a chain of names; "" when it is not known. */
export function typeOf(chain: readonly string[], before: string, l: Language, depth = 0): string {
  const [first, ...rest] = chain;
  if (first === undefined || first === "" || depth > 4) return "";
  let type = l.names.find((n) => n.of === "" && n.name === first)?.type ?? bound(first, before, l, depth);
  for (const r of rest) {
    const owner = type;
    type = l.names.find((n) => n.of === owner && n.name === r)?.type ?? "";
    if (type === "") return "";
  }
  return type;
}

/** Whether a function is called on a type with a dot. */
export function calledOn(f: Func, type: string): boolean {
  return f.of.some((t) => t === type || (t.startsWith("list") && type.startsWith("list")));
}

/** Names of variables that macros bind before a place. */
export function boundNames(before: string): string[] {
  return [...new Set([...before.matchAll(/\.\s*(?:exists|all|exists_one|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,/g)].map((m) => m[1]!))];
}

/** Type before the dot that ends a text: of a chain, of a text in quotes, of a call. "" when it is not known. */
export function typeBeforeDot(before: string, l: Language): string {
  const cut = before.replace(/\.\s*\w*$/, "");
  if (/["']\s*$/.test(cut)) return "string";
  if (/\)\s*$/.test(cut)) {
    let depth = 0;
    for (let i = cut.length - 1; i >= 0; i--) {
      if (cut[i] === ")") depth++;
      else if (cut[i] === "(" && --depth === 0) {
        const name = /([A-Za-z_]\w*)\s*$/.exec(cut.slice(0, i))?.[1];
        return l.functions.find((f) => f.name === name)?.result ?? "";
      }
    }
    return "";
  }
  return typeOf(chainAt(cut), cut, l);
}
