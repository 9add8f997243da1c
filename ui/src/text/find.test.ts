import { describe, expect, it } from "vitest";
import { defangText } from "./defang";
import { finder, forClipboard, holds, linesOf, pieces } from "./find";

describe("searching in defanged text", () => {
  it.each([
    ["evil.example", "from a@evil.example"],
    ["evil[.]example", "from a@evil.example"],
    ["EVIL.example", "see https://evil.example/x"],
    ["hxxps://evil", "see https://evil.example/x"],
    ["https://evil.example/x", "see https://evil.example/x"],
    ["a (b", "x a  (b) y"],
    ["[x]", "list [x] here"],
    ["2001:db8::1", "from 2001:db8::1"],
  ])("%s is found", (typed, text) => {
    expect(holds(defangText(text), finder(typed))).toBe(true);
    expect(holds(text, finder(typed))).toBe(true);
  });
  it("finds letters as letters, not as patterns", () => {
    expect(holds("abc", finder("a.c"))).toBe(false);
    expect(holds("abc", finder("a*"))).toBe(false);
    for (const odd of ["\\", "(", "[", "{", "|", "-", "/", "^$", "é", "👩"]) expect(holds(`x${odd}y`, finder(odd))).toBe(true);
  });
  it("nothing typed finds everything", () => {
    expect(finder("  ")).toBeUndefined();
    expect(holds("a", undefined)).toBe(true);
    expect(pieces("a", undefined)).toEqual([{ text: "a", hit: false }]);
  });
  it("cuts text into what was found and what was not, losing nothing", () => {
    const found = pieces("one evil[.]example two evil[.]example", finder("evil.example"));
    expect(found.map((p) => p.hit)).toEqual([false, true, false, true]);
    expect(found.map((p) => p.text).join("")).toBe("one evil[.]example two evil[.]example");
    expect(pieces("", finder("a"))).toEqual([]);
  });
});

it("reads lines whatever ends them, and copies what cannot be seen by name", () => {
  expect(linesOf("A: b\r\n\tc\rD: e\n")).toEqual(["A: b", "    c", "D: e"]);
  expect(forClipboard("A: \u202Ex\r\n")).toBe("A: [RLO]x");
});
