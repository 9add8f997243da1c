import { describe, expect, it } from "vitest";
import { asQuery, longestQuery, readHunting, writeHunting } from "./hunting";

describe("the address of Hunting", () => {
  it("is empty by default", () => {
    expect(writeHunting(readHunting({}))).toEqual({});
  });
  it("comes back as it was written", () => {
    const s = readHunting({
      q: "EmailEvents\n| take 5", run: "2", last: "7d", side: "history", view: "statistics", sort: "-Timestamp", chart: "bar", x: "Subject", y: "Messages", by: "-",
      open: "01a17e1d-ca60-7d2c-a8e4-bdd0671ec000~a@b.example", pane: "headers",
    });
    expect(s.run).toBe(2);
    expect(s.chart).toEqual({ kind: "bar", x: "Subject", y: "Messages", by: "-" });
    expect(readHunting(writeHunting(s))).toEqual(s);
  });
  it("reads nonsense as if it were not there", () => {
    expect(writeHunting(readHunting({ run: "-1", side: "x", view: "y", chart: "pie", saved: "../../etc", open: "1", pane: "<b>", q: "x".repeat(longestQuery + 1) }))).toEqual({});
  });
  it("does not carry a query that is too long for a link", () => {
    expect(writeHunting({ ...readHunting({}), q: "x".repeat(longestQuery + 1) })["q"]).toBeUndefined();
  });
});

describe("Explorer's question as a query", () => {
  it("has one operator a line, and the view as a condition", () => {
    expect(asQuery('EmailEvents | where Subject has "a"', "phish")).toBe('EmailEvents\n| where Subject has "a"\n| where ThreatTypes has "Phish" or LatestThreatTypes has "Phish"\n| order by Timestamp desc');
  });
  it("leaves pipes inside of text alone", () => {
    expect(asQuery(`EmailEvents | where Subject in ("a | \\" | b", 'c | d', @'e\\' )`, "all")).toBe(`EmailEvents\n| where Subject in ("a | \\" | b", 'c | d', @'e\\' )\n| order by Timestamp desc`);
  });
});
