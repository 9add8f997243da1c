import { beforeAll, describe, expect, it, vi } from "vitest";
import { readActions, readWizard, writeActions, writeWizard, type Scope } from "./actions";

const id = "0192f0a0-0000-7000-8000-000000000001";

beforeAll(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => kept.set(k, v) });
});

describe("address of actions", () => {
  it("comes back as it was", () => {
    for (const s of [{ tab: "waiting", kind: "", mine: false }, { tab: "history", kind: "Soft delete", mine: true }] as const) expect(readActions(writeActions(s))).toEqual(s);
    expect(readActions({ tab: "nonsense", mine: "yes" })).toEqual({ tab: "waiting", kind: "", mine: false });
  });
});

describe("address of the wizard", () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ id, recipient: `p${i}~x*y@harbour.example` }));
  it.each<Scope>([
    { what: "picked", picks: [{ id, recipient: "a,b~c*d@harbour.example" }, { id, recipient: "" }] },
    { what: "picked", picks: many },
    { what: "message", id },
    { what: "incident", id },
    { what: "picked", picks: many, incident: id },
  ])("comes back as it was: %o", (scope) => {
    const w = { step: "targets", kind: "Soft delete", scope } as const;
    expect(readWizard(writeWizard(w))).toEqual(w);
  });
  it("takes view and query from the page", () => {
    const scope: Scope = { what: "all", view: "phish", q: "EmailEvents | where x", from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" };
    expect(readWizard({ view: "phish", q: scope.q, ...writeWizard({ step: "choose", kind: "", scope }) })?.scope).toEqual(scope);
  });
  it("keeps long lists out of the address", () => {
    expect(writeWizard({ step: "choose", kind: "", scope: { what: "picked", picks: many } })["on"]!.length).toBeLessThan(40);
  });
  it("says when it is closed, or what it means is elsewhere", () => {
    expect(readWizard({})).toBeUndefined();
    expect(readWizard({ act: "nonsense" })).toBeUndefined();
    expect(readWizard({ act: "choose", on: "kept~gone" })?.scope).toBeUndefined();
    expect(readWizard({ act: id })?.step).toEqual({ id });
  });
});
