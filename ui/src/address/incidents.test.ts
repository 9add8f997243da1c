import { describe, expect, it } from "vitest";
import { filtered, open, readIncident, readIncidents, writeIncident, writeIncidents } from "./incidents";

describe("the list of incidents in the address", () => {
  it("shows open ones when nothing is said", () => {
    expect(readIncidents({}).status).toEqual(open);
    expect(writeIncidents(readIncidents({}))).toEqual({});
    expect(filtered(readIncidents({ sort: "due" }))).toBe(false);
  });
  it("comes back as it was written", () => {
    const search = { status: "Resolved", severity: "High,Low", owner: "none", tag: "payroll", class: "True positive", overdue: "1", mine: "1", mentioning: "1", merged: "1", text: "qr", sort: "due" };
    expect(writeIncidents(readIncidents(search))).toEqual(search);
    expect(writeIncidents(readIncidents({ status: "all" }))).toEqual({ status: "all" });
    expect(filtered(readIncidents(search))).toBe(true);
  });
  it("forgets what makes no sense", () => expect(writeIncidents(readIncidents({ status: "Active,In progress,Odd", severity: "Worst", sort: "colour", overdue: "yes" }))).toEqual({}));
});

describe("one incident in the address", () => {
  it("comes back as it was written", () => {
    const search = { tab: "messages", recipient: "a@b.example", open: "01890000-0000-7000-8000-000000000000~a@b.example", pane: "headers", show: "notes" };
    expect(writeIncident(readIncident(search))).toEqual(search);
    expect(writeIncident(readIncident({ tab: "entities", kind: "file" }))).toEqual({ tab: "entities", kind: "file" });
  });
  it("forgets what belongs to another tab", () => {
    expect(writeIncident(readIncident({ tab: "odd", kind: "file", recipient: "a@b.example", open: "1~2", pane: "headers" }))).toEqual({});
    expect(writeIncident(readIncident({ tab: "messages", open: "not an id" }))).toEqual({ tab: "messages" });
  });
});
