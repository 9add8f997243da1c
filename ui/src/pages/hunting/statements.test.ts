import { describe, expect, it } from "vitest";
import { addOperator, condition, looksBack, placeAt, placeOf, quoted, statementAt, statements } from "./statements";

const texts = (t: string) => statements(t).map((s) => s.text);

describe("queries of a text", () => {
  it.each<[string, string, string[]]>([
    ["one", "EmailEvents | take 1", ["EmailEvents | take 1"]],
    ["none", "  \n\n ", []],
    ["only a comment", "// nothing\n", []],
    ["parted by an empty line", "A | take 1\n\nB | take 2", ["A | take 1", "B | take 2"]],
    ["parted by an empty line with spaces and a carriage return", "A\r\n \r\nB", ["A", "B"]],
    ["parted by a semicolon", "A | take 1; B | take 2", ["A | take 1;", "B | take 2"]],
    ["a let and its query", "let x = 1;\nA | where y > x", ["let x = 1;\nA | where y > x"]],
    ["a let, an empty line, and its query", "let x = 1;\n\nA | where y > x", ["let x = 1;\n\nA | where y > x"]],
    ["an empty line before a pipe", "A\n\n| take 1", ["A\n\n| take 1"]],
    ["an empty line within brackets", "A | where x in (\n\n1)", ["A | where x in (\n\n1)"]],
    ["a comment above", "// why\n\nA", ["// why\n\nA"]],
    ["marks within text", 'A | where s == "a;\\"\n" | take 1', ['A | where s == "a;\\"\n" | take 1']],
    ["marks within verbatim text", 'A | where s == @"\\" ; B', ['A | where s == @"\\" ;', "B"]],
    ["marks within a comment", "A // ; \n| take 1", ["A // ; \n| take 1"]],
    ["text of several lines", "print ```a\n\nb;``` ; B", ["print ```a\n\nb;``` ;", "B"]],
    ["a let without a query", "let x = 1;", ["let x = 1;"]],
  ])("%s", (_, text, wanted) => expect(texts(text)).toEqual(wanted));

  it("share the lets before them, and keep their places", () => {
    const text = "let x = 1;\nA | take x;\nB | take x";
    const [a, b] = statements(text);
    expect(a!.text).toBe("let x = 1;\nA | take x;");
    expect(b!.text).toBe("let x = 1;\n           \nB | take x");
    expect(b!.text.length).toBe(b!.to - b!.from);
    expect(text.slice(b!.body, b!.to)).toBe("B | take x");
  });
  it("do not share lets over an empty line", () => {
    expect(texts("let x = 1;\nA\n\nB")).toEqual(["let x = 1;\nA", "B"]);
  });
  it("are found by the cursor", () => {
    const text = "let x = 1;\nA;\nB\n\nC";
    const all = statements(text);
    const at = (pos: number) => statementAt(all, pos);
    expect([at(0), at(11), at(14), at(16), at(text.length)]).toEqual([0, 0, 1, 1, 2]);
    expect(statementAt([], 3)).toBe(-1);
  });
  it("are found in any text", () => {
    // Whatever somebody types: nothing is lost, and no query reaches into the next.
    const parts = ["let a = 1;", "\n\n", "\n", "|", "A", ";", '"', "'", "```", "//", "(", ")", "@", "\\", " "];
    let seed = 7;
    const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
    for (let i = 0; i < 500; i++) {
      const text = Array.from({ length: 1 + (next() % 20) }, () => parts[next() % parts.length]!).join("");
      let end = -1;
      for (const s of statements(text)) {
        expect(s.text.length).toBe(s.to - s.from);
        expect(s.body).toBeGreaterThan(end);
        end = s.to - 1;
      }
    }
  });
});

describe("places", () => {
  it("are counted from octets", () => {
    expect(placeOf("aé😀b", 7)).toBe(4);
    expect(placeOf("abc", 99)).toBe(3);
  });
  it("are counted from lines and characters", () => {
    expect(placeAt("ab\n😀c", 2, 2)).toBe(5);
    expect(placeAt("ab", 9, 1)).toBe(2);
  });
});

describe("writing a query on", () => {
  it("adds at the end, before the chart, and not after a semicolon", () => {
    expect(addOperator("A", "take 1")).toBe("A\n| take 1");
    expect(addOperator("A | take 9;\n", "count")).toBe("A | take 9\n| count");
    expect(addOperator("A\n| summarize n = count() by s\n| render barchart", 'where s == "x"')).toBe('A\n| summarize n = count() by s\n| where s == "x"\n| render barchart');
    expect(addOperator('A | where s == "| render"', "count")).toBe('A | where s == "| render"\n| count');
  });
  it("writes values so that they stay values", () => {
    expect(quoted('a"\\b\n\u202e\u{e0041}')).toBe('"a\\"\\\\b\\n\\u202e\\U000e0041"');
    expect(condition("Subject", "string", '" | take 1', true)).toBe('Subject == "\\" | take 1"');
    expect(condition("Subject", "string", "", false)).toBe("isnotempty(Subject)");
    expect(condition("my col", "long", 5, false)).toBe('["my col"] != 5');
    expect(condition("n", "long", "9007199254740993", true)).toBe("n == 9007199254740993");
    expect(condition("n", "long", "1 or true", true)).toBeUndefined();
    expect(condition("t", "datetime", "2026-11-18T14:30:00Z", true)).toBe("t == datetime(2026-11-18T14:30:00Z)");
    expect(condition("d", "dynamic", { a: 1 }, true)).toBeUndefined();
    expect(condition("n", "long", null, true)).toBe("isnull(n)");
  });
});

describe("how far a query looks back", () => {
  it.each<[string, number | undefined]>([
    ["A | where Timestamp > ago(7d)", 7 * 86400],
    ["A | where Timestamp > ago( 90m ) or x > ago(1h)", 5400],
    ["A | where Timestamp > ago(days)", undefined],
    ['A | where s == "ago(7d)" // ago(9d)', undefined],
    ["A | where Timestamp > ago(1.5d)", 129600],
  ])("%s", (q, wanted) => expect(looksBack(q)).toBe(wanted));
});
