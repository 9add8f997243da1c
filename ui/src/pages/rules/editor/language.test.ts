import { expect, test } from "vitest";
import { boundNames, chainAt, typeBeforeDot, typeOf, type Language } from "./know";
import { colour, placeAt, quoteAt } from "./language";

const rule = `id: lamp-shop # a comment
weight: 42
when: |
  // lamps
  msg.mentions(["lamps"])
    && auth.known == true
evidence: msg.subject
samples:
  - match: true
    auth: {spf: pass}
    message: |
      From: a@b.example

      when: x
`;

const kinds = (text: string) => colour(text).map((s) => `${text.slice(s.from, s.to)}:${s.kind}`);

test("keys, numbers and comments of YAML, and CEL inside of its blocks alone", () => {
  const all = kinds(rule);
  expect(all).toContain("id:key");
  expect(all).toContain(" # a comment:comment");
  expect(all).toContain("42:number");
  expect(all).toContain("// lamps:comment");
  expect(all).toContain("msg:name");
  expect(all).toContain("mentions:function");
  expect(all).toContain('"lamps":string');
  expect(all).toContain("true:word");
  expect(all).toContain("From: a@b.example:plain");
  expect(all).toContain("when: x:plain");
  expect(all.filter((k) => k === "when:key")).toHaveLength(1);
});

test("an address in a list is no key", () => {
  expect(kinds("references:\n  - https://a.example/x\n")).toEqual(["references:key"]);
});

test("spans lie within the text and do not overlap, whatever is typed", () => {
  for (let i = 0; i <= rule.length; i++) {
    let last = 0;
    for (const s of colour(rule.slice(0, i))) {
      expect(s.from).toBeGreaterThanOrEqual(last);
      expect(s.to).toBeGreaterThan(s.from);
      expect(s.to).toBeLessThanOrEqual(i);
      last = s.to;
    }
    placeAt(rule.slice(0, i), i);
  }
});

const at = (mark: string) => placeAt(rule, rule.indexOf(mark) + mark.length);

test("what may be written at a place", () => {
  expect(placeAt("sev", 3)).toEqual({ in: "key", of: "", word: "sev" });
  expect(placeAt("severity: lo", 12)).toEqual({ in: "value", key: "severity", word: "lo" });
  expect(at("msg.men")).toMatchObject({ in: "cel" });
  expect(at("evidence: msg.")).toEqual({ in: "cel", before: "msg." });
  expect(at("  - mat")).toEqual({ in: "key", of: "samples", word: "mat" });
  expect(at("auth: {sp")).toEqual({ in: "key", of: "auth", word: "sp" });
  expect(at("From: a")).toEqual({ in: "text" });
  expect(at("# a com")).toEqual({ in: "text" });
});

test("quotes", () => {
  expect(quoteAt('has_signal("link-')).toEqual({ open: "link-", call: "has_signal" });
  expect(quoteAt('has_signal("link-")')).toBeUndefined();
  expect(quoteAt("'it\\'s")).toEqual({ open: "it\\'s", call: "" });
  expect(quoteAt("a // it's")).toEqual({ open: "", call: "//" });
});

const none = { doc: "", values: [] };
const language: Language = {
  keys: [], signals: [],
  names: [
    { of: "", name: "msg", type: "message", ...none }, { of: "message", name: "links", type: "list of link", ...none }, { of: "message", name: "subject", type: "string", ...none },
    { of: "link", name: "host", type: "string", ...none },
  ],
  functions: [{ name: "domain_of", of: [], signatures: [], result: "string", doc: "" }],
};

test("types follow dots, macros, calls and texts", () => {
  expect(chainAt("a && msg.from.na")).toEqual(["msg", "from", "na"]);
  expect(typeOf(["msg", "links"], "", language)).toBe("list of link");
  expect(typeBeforeDot("msg.", language)).toBe("message");
  expect(typeBeforeDot("msg.links.exists(l, l.", language)).toBe("link");
  expect(typeBeforeDot("msg.links.exists(l, l.ho", language)).toBe("link");
  expect(typeBeforeDot('"x".', language)).toBe("string");
  expect(typeBeforeDot("domain_of(msg.subject).", language)).toBe("string");
  expect(typeBeforeDot("nobody.", language)).toBe("");
  expect(boundNames("msg.links.exists(l, l.host")).toEqual(["l"]);
});
