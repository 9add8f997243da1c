import { describe, expect, it } from "vitest";
import type { Chip, Field } from "../api/client";
import { complete, equal, exclude, include, joinValues, splitValues, valueWords, withField, withOperator } from "./chips";
import { highlight } from "./highlight";

const chip = (field: string, op: Chip["op"], ...values: string[]): Chip => ({ field, op, values });
const field = (name: string, type = "string", values: string[] = [], operators = ["is", "is_not", "contains", "exists"]): Field =>
  ({ name, type, values, operators, label: name, doc: "", group: "", facet: true, list: false, ip: false }) as Field;

describe("chips", () => {
  const domain = field("SenderFromDomain", "string", [], ["is", "is_not", "contains", "exists", "not_exists"]);
  const threat = { ...field("ThreatTypes", "string", [], ["contains", "not_contains", "is", "is_not", "exists", "not_exists"]), list: true };
  const flag = field("IsPriorityAccount", "bool", [], ["is"]);
  it("includes a value, beside others of the same field", () => {
    const a = include([], domain, "a.example");
    expect(a).toEqual([chip("SenderFromDomain", "is", "a.example")]);
    expect(include(a, domain, "b.example")).toEqual([chip("SenderFromDomain", "is", "a.example", "b.example")]);
    expect(include(a, domain, "a.example")).toEqual(a);
  });
  it("asks whether a list contains a value, and whether an empty one exists", () => {
    expect(include([], threat, "Phish")).toEqual([chip("ThreatTypes", "contains", "Phish")]);
    expect(exclude([], threat, "Phish")).toEqual([chip("ThreatTypes", "not_contains", "Phish")]);
    expect(include([], threat, "")).toEqual([chip("ThreatTypes", "not_exists")]);
    expect(exclude([chip("ThreatTypes", "not_exists")], threat, "")).toEqual([chip("ThreatTypes", "exists")]);
  });
  it("says of a flag that it is true or false, never both", () => {
    expect(exclude([chip("IsPriorityAccount", "is", "true")], flag, "true")).toEqual([chip("IsPriorityAccount", "is", "false")]);
    expect(include([], flag, "false")).toEqual([chip("IsPriorityAccount", "is", "false")]);
  });
  it("turns an exclusion around instead of contradicting it", () => {
    const a = exclude([chip("Subject", "contains", "pay")], domain, "a.example");
    expect(include(a, domain, "a.example")).toEqual([chip("Subject", "contains", "pay"), chip("SenderFromDomain", "is", "a.example")]);
    expect(exclude(include(a, domain, "b.example"), domain, "b.example")).toEqual([
      chip("Subject", "contains", "pay"), chip("SenderFromDomain", "is_not", "a.example", "b.example"),
    ]);
  });
  it("keeps what still makes sense when a part changes", () => {
    const c = chip("SenderFromDomain", "is", "a.example", "b.example");
    expect(withOperator(c, "exists")).toEqual(chip("SenderFromDomain", "exists"));
    expect(withOperator(c, "gt")).toEqual(chip("SenderFromDomain", "gt", "a.example"));
    expect(withField(c, field("SenderFromDomain"), field("RecipientDomain")).values).toEqual(["a.example", "b.example"]);
    expect(withField(c, field("SenderFromDomain"), field("DeliveryAction", "string", ["Blocked"])).values).toEqual([]);
    expect(withField(chip("A", "starts_with", "x"), field("A"), field("B")).op).toBe("is");
  });
  it("knows when a chip says something", () => {
    expect([complete(chip("A", "is")), complete(chip("A", "exists")), complete(chip("A", "is", ""))]).toEqual([false, true, true]);
    expect(equal([chip("A", "is", "x")], [chip("A", "is", "x")])).toBe(true);
    expect(equal([chip("A", "is", "x")], [chip("A", "is", "y")])).toBe(false);
  });
  it("reads and writes values as a person types them", () => {
    const cases: [string, string[]][] = [
      ["Phish, Spam", ["Phish", "Spam"]],
      ["a\nb\n\na", ["a", "b"]],
      [`"one, two", three`, ["one, two", "three"]],
      [`""`, [""]],
      [`"say \\"hi\\""`, [`say "hi"`]],
      ["", []],
    ];
    for (const [text, values] of cases) {
      expect(splitValues(text)).toEqual(values);
      expect(splitValues(joinValues(values))).toEqual(values);
    }
    expect(valueWords(chip("A", "is", "a", "b", "c", "d", "e"))).toBe("a, b, c and 2 more");
    expect(valueWords(chip("A", "is", ""))).toBe("(empty)");
  });
});

describe("the colours of the KQL line", () => {
  const cases = [
    `EmailEvents | where ThreatTypes has_any ("Phish", "Malware") and EmailDirection == "Inbound"`,
    `EmailEvents\n| where Subject !contains "a \\" b" // odd\n| where ThreatScore >= 70`,
    `EmailEvents | where Subject == "unfinished`,
    "",
    "🙂 'x' @\"c:\\\" ",
  ];
  it.each(cases)("lose nothing: %s", (q) => expect(highlight(q).map((s) => s.text).join("")).toBe(q));
  it("tell names, words and strings apart", () => {
    const kinds = Object.fromEntries(highlight(cases[0]!).map((s) => [s.text.trim(), s.kind]));
    expect(kinds["EmailEvents"]).toBe("table");
    expect(kinds["where"]).toBe("keyword");
    expect(kinds["has_any"]).toBe("operator");
    expect(kinds[`"Phish"`]).toBe("string");
  });
});
