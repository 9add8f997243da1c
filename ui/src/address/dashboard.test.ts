import { describe, expect, it } from "vitest";
import { readDashboard, writeDashboard } from "./dashboard";
import { week } from "./range";

describe("address of the dashboard", () => {
  it("opens on a week of everybody", () => {
    expect(readDashboard({})).toEqual({ department: "", group: "", domain: "", split: "outcome", range: week });
    expect(writeDashboard(readDashboard({}))).toEqual({});
  });
  it("comes back as it was", () => {
    const search = { domain: "kestrelquay.example", split: "technology", last: "48h" };
    expect(writeDashboard(readDashboard(search))).toEqual(search);
  });
  it("reads what makes no sense as nothing", () => {
    expect(readDashboard({ split: "x", group: "a".repeat(300), last: "soon" })).toEqual(readDashboard({}));
  });
});
