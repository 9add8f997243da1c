import { describe, expect, it } from "vitest";
import { readQuarantine, writeQuarantine } from "./quarantine";

describe("address of the quarantine page", () => {
  it("keeps everything that is chosen", () => {
    const s = { state: "asked", text: "invoice", recipient: "ann@", threat: "Phish", sort: "sender", desc: false, open: "01890000-0000-7000-8000-000000000000", to: "ann@harbour.example", pane: "preview", range: { last: "30d" } } as const;
    expect(readQuarantine(writeQuarantine(s))).toEqual(s);
  });
  it("says nothing of what is usual", () => {
    expect(writeQuarantine(readQuarantine({}))).toEqual(writeQuarantine(readQuarantine({ state: "burnt", sort: "size", threat: "x", open: "../", pane: "preview", text: 3 })));
    expect(writeQuarantine(readQuarantine({}))["state"]).toBeUndefined();
  });
});
