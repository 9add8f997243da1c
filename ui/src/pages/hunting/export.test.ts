import { describe, expect, it } from "vitest";
import { cell, csv, fileName, json } from "./export";
import { parseLine } from "./stream";

describe("a result as a file", () => {
  // The list of internal/hunt's Cell: OWASP, CSV injection.
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1", "\u3000=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"])("keeps %j from being a formula", (s) => {
    expect(cell(s)).toBe("'" + s);
  });
  it.each<[unknown, string]>([["plain", "plain"], ["a=b", "a=b"], [-5, "-5"], [null, ""], [true, "true"], [{ a: ["=1"] }, '{"a":["=1"]}'], ["", ""]])("writes %j as it is", (v, wanted) => expect(cell(v)).toBe(wanted));

  const columns = [{ name: "=name", type: "string" }, { name: "n", type: "long" }, { name: "__proto__", type: "dynamic" }];
  const rows = [['a "quoted", text\nof lines', "-9007199254740993", { x: 1 }], ["=x", 2, null]];
  it("is CSV that comes apart again", () => {
    expect(csv(columns, rows).join("")).toBe('\ufeff\'=name,n,__proto__\r\n"a ""quoted"", text\nof lines",-9007199254740993,"{""x"":1}"\r\n\'=x,2,\r\n');
  });
  it("is JSON with exact numbers and every column", () => {
    const text = json(columns, rows).join("");
    expect(text).toContain('"n":-9007199254740993');
    expect(text).toContain('"__proto__":{"x":1}');
    expect(JSON.parse(text)).toHaveLength(2);
    expect(JSON.parse(json(columns, []).join(""))).toEqual([]);
  });
  it("has a name that files may have", () => {
    expect(fileName("../Payroll: QR?", new Date("2026-11-18T14:28:40Z"), "csv")).toBe("payroll-qr-2026-11-18T142840.csv");
    expect(fileName("", new Date("2026-11-18T14:28:40Z"), "json")).toBe("hunting-2026-11-18T142840.json");
  });
});

describe("a line of the answer", () => {
  it("keeps numbers that JavaScript cannot hold", () => {
    if (!("rawJSON" in JSON)) return; // this Node hands no source to revivers; every browser that Tocsin supports does
    expect(parseLine('{"row":[9007199254740993,1,"1234567890123456",1.5e300]}').row).toEqual(["9007199254740993", 1, "1234567890123456", 1.5e300]);
  });
  it("is JSON", () => {
    expect(parseLine('{"row":[1,null,{"a":2}]}').row).toEqual([1, null, { a: 2 }]);
  });
});
