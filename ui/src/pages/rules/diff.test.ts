import { expect, test } from "vitest";
import { diff, hunks } from "./diff";

const shown = (a: string, b: string) => diff(a, b).map((l) => l.sign + l.text);

test("lines that came and went", () => {
  expect(shown("a\nb\nc\n", "a\nx\nc\n")).toEqual([" a", "-b", "+x", " c"]);
  expect(shown("a\nb\n", "a\nb\nc\n")).toEqual([" a", " b", "+c"]);
  expect(shown("", "a\n")).toEqual(["+a"]);
  expect(shown("a\n", "a\n")).toEqual([" a"]);
  expect(shown("a\nb\nc\nd\n", "b\nd\na\n")).toEqual(["-a", " b", "-c", " d", "+a"]);
});

test("both texts can be made again from what is told", () => {
  const a = "one\ntwo\nthree\nfour\nfive\n", b = "zero\ntwo\nthree\n3.5\nfive\nsix\n";
  const d = diff(a, b);
  expect(d.filter((l) => l.sign !== "+").map((l) => l.text).join("\n") + "\n").toBe(a);
  expect(d.filter((l) => l.sign !== "-").map((l) => l.text).join("\n") + "\n").toBe(b);
});

test("hunks leave out what is the same", () => {
  const a = Array.from({ length: 20 }, (_, i) => `l${i}`);
  const b = [...a];
  b[2] = "x";
  b[15] = "y";
  const h = hunks(diff(a.join("\n"), b.join("\n")));
  expect(h.map((x) => x.skipped)).toEqual([0, 8]);
  expect(h[0]!.lines.map((l) => l.sign + l.text)).toEqual([" l0", " l1", "-l2", "+x", " l3", " l4"]);
});
