import { describe, expect, it } from "vitest";
import { filterOf, readReport, writeReport } from "./reports";

describe("the address of a report", () => {
  it("writes what it reads", () => {
    const s = { split: "technology", department: "Sales & Co", domain: "corp.example", last: "30d" };
    expect(writeReport(readReport(s))).toEqual(s);
    expect(filterOf(readReport(s))).toEqual({ department: "Sales & Co", domain: "corp.example" });
  });
  it("reads what makes no sense as if it were not there", () => {
    expect(writeReport(readReport({ split: "<b>", group: ["x"], domain: "d".repeat(300), last: "never" }))).toEqual({});
  });
});
