import { describe, expect, it } from "vitest";
import { readEmail, writeEmail, type EmailState } from "./email";

describe("the address of a message", () => {
  const plain: EmailState = { recipient: "", tab: "analysis", show: "", find: "", list: undefined };
  it("is short when there is nothing to say", () => {
    expect(readEmail({})).toEqual(plain);
    expect(writeEmail(plain)).toEqual({});
  });
  it("comes back as it was", () => {
    const full: EmailState = {
      recipient: "a@b.example", tab: "headers", show: "raw", find: "x y",
      list: { view: "malware", q: "EmailEvents | where ThreatScore > 40", sort: "Subject", desc: false, range: { last: "7d" } },
    };
    expect(readEmail(writeEmail(full))).toEqual(full);
    expect(writeEmail(full)["tab"]).toBe("headers");
    expect(writeEmail({ ...full, tab: "analysis" })["tab"]).toBeUndefined();
  });
  it("keeps the time range of the app", () => expect(writeEmail(plain, { last: "30d" })).toEqual({ last: "30d" }));
  it("reads nonsense as the default", () => {
    expect(readEmail({ tab: "x", show: "<b>", find: "y".repeat(300), recipient: 1, list: "yes" })).toEqual(plain);
  });
});
