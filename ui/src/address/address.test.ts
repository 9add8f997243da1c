import { describe, expect, it } from "vitest";
import { readExplorer, writeExplorer, type ExplorerState } from "./explorer";
import { fixedLink, readRange, relativeName, resolve, seconds, writeRange } from "./range";
import { parseSearch, stringifySearch } from "./search";

const id = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

describe("explorer state in the address", () => {
  it("writes nothing for the defaults", () => {
    expect(stringifySearch(writeExplorer(readExplorer({})))).toBe("");
  });
  const states: Partial<ExplorerState>[] = [
    { view: "malware" },
    { view: "malware", tab: "email" },
    { q: `EmailEvents | where Subject contains "100% & more" and SenderFromDomain != "a b.example"` },
    { range: { last: "7d" } },
    { range: { from: "2026-11-11T14:30:00Z", to: "2026-11-18T14:30:00Z" } },
    { split: "ThreatTypes", facet: "SenderFromDomain", rare: true },
    { sort: "ThreatScore", desc: false },
    { tab: "origin", origin: "SenderIPv4" },
    { open: { id, recipient: "o'neil+x@a.example" }, pane: "headers" },
    { folded: true, hidden: ["blocked", "Phish, Spam"] },
  ];
  it.each(states)("comes back whole: %j", (part) => {
    const s = { ...readExplorer(part.view ? { view: part.view } : {}), ...part };
    const link = stringifySearch(writeExplorer(s));
    expect(readExplorer(parseSearch(link))).toEqual(s);
  });
  it("reads nonsense as the default", () => {
    const s = readExplorer({ view: "x", q: " ", last: "9999999d", split: "a b", tab: "?", sort: "-", open: "../../etc", hide: "%" });
    expect({ ...s, hidden: [] }).toEqual({ ...readExplorer({}), hidden: [] });
  });
  it("keeps addresses readable", () => {
    expect(stringifySearch({ open: `${id}~a@b.example`, from: "2026-11-11T14:30:00Z" })).toBe(`?open=${id}~a@b.example&from=2026-11-11T14:30:00Z`);
  });
});

describe("time range", () => {
  const now = new Date("2026-11-18T14:30:00Z");
  it("reads relative and absolute ranges", () => {
    expect(readRange({ last: "7d" })).toEqual({ last: "7d" });
    expect(readRange({ from: "2026-11-11T15:30:00+01:00", to: "2026-11-18T14:30:00Z" })).toEqual({ from: "2026-11-11T14:30:00Z", to: "2026-11-18T14:30:00Z" });
    expect(readRange({ from: "2026-11-18", to: "2026-11-11" })).toEqual({ last: "48h" });
    expect(writeRange({ last: "48h" })).toEqual({});
  });
  it("resolves them against the clock", () => {
    expect(resolve({ last: "48h" }, now).from.toISOString()).toBe("2026-11-16T14:30:00.000Z");
    expect(resolve({ last: "all" }, now, new Date("2003-01-01T00:00:00Z")).from.getUTCFullYear()).toBe(2003);
    expect(resolve({ from: "2026-11-11T14:30:00Z", to: "2026-11-12T00:00:00Z" }, now).to.toISOString()).toBe("2026-11-12T00:00:00.000Z");
  });
  it("shares a link that means the same tomorrow", () => {
    const link = new URL(fixedLink("https://t.example/explorer?last=7d&q=x", { last: "7d" }, resolve({ last: "7d" }, now)));
    expect([...link.searchParams]).toEqual([["q", "x"], ["from", "2026-11-11T14:30:00Z"], ["to", "2026-11-18T14:30:00Z"]]);
    const fixed = { from: "2026-11-11T14:30:00Z", to: "2026-11-12T00:00:00Z" };
    expect(fixedLink("https://t.example/x?q=1", fixed, resolve(fixed, now))).toBe("https://t.example/x?q=1");
  });
  it("knows how long they are and what they are called", () => {
    expect([seconds("15m"), seconds("48h"), seconds("2w"), seconds("0d"), seconds("7x"), seconds("999999w")]).toEqual([900, 172800, 1209600, undefined, undefined, undefined]);
    expect([relativeName("1h"), relativeName("7d"), relativeName("all")]).toEqual(["Last hour", "Last 7 days", "All mail"]);
  });
});
