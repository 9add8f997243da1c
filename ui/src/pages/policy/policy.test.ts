import { describe, expect, it } from "vitest";
import { readPolicy, writePolicy } from "../../address/policy";
import { applied, cautions, choicesOf, differences, setOf, valueName, withValue, type Settings } from "./decide";
import { endOf, expiryWords, guessKind, offers, ownAmong, problemWords, valuesOf, walls } from "./entries";
import { settingsOf, textsOf, wrongOf } from "./mailboxes";
import { modelWords, moves, placeWords, reach, summary, verdictWords, type Run } from "./runs";

const usual: Settings = { mode: "watch", malware: "quarantine", phish_high: "quarantine", phish: "junk", spam_high: "junk", spam: "junk", bulk: "deliver", bulk_from: 0, priority: { points: 0, step: true } };

describe("the address", () => {
  const id = "01a17fdf-5850-7375-b161-475717c1ce8b";
  it.each([
    {}, { set: "phish:quarantine,priority.points:5", run: id, change: "now flagged", against: "1" }, { tab: "list", search: "x", kind: "url", action: "Block", state: "expired", entry: id },
    { tab: "mailboxes", search: "a", box: "a@b.example" }, { tab: "judging", runs: "whatif", run: id },
  ])("says it all: %j", (s) => expect(writePolicy(readPolicy(s))).toEqual(s));
  it("takes no nonsense", () => {
    expect(writePolicy(readPolicy({ tab: "x", kind: "x", run: "1", set: "<b>:1,phish:junk,a", entry: "no" }))).toEqual({ set: "phish:junk" });
  });
});

describe("a changed policy", () => {
  it("is what was changed, and what cannot be is left", () => {
    const next = applied(usual, { phish: "quarantine", spam: "replace", bulk_from: "10", "priority.points": "7", "priority.step": "false", mode: "act", other: "x" });
    expect(differences(usual, next).map((d) => `${d.field} ${d.before} ${d.after}`)).toEqual(["mode watch act", "phish junk quarantine", "priority.points 0 7", "priority.step true false"]);
    expect(applied(usual, setOf(usual, next))).toEqual(next);
    expect(setOf(next, next)).toEqual({});
    expect(withValue(usual, "malware", "replace")?.malware).toBe("replace");
  });
  it("can replace attachments of malware only", () => {
    expect(choicesOf("malware")).toContain("replace");
    expect(choicesOf("phish")).not.toContain("replace");
  });
  it("is named in words", () => {
    expect(valueName("phish", "junk")).toBe("To the junk folder");
    expect(valueName("bulk_from", "0")).toBe("never");
    expect(valueName("priority.points", "5")).toBe("5 fewer");
  });
  it("warns of what is easily overlooked, and of nothing else", () => {
    expect(cautions(usual, usual)).toEqual([]);
    expect(cautions({ ...usual, mode: "act" }, usual).join()).toMatch(/^Turning it on/);
    expect(cautions(usual, { ...usual, mode: "act" }).join()).toMatch(/^Turning it off/);
    expect(cautions({ ...usual, phish_high: "junk", phish: "quarantine" }, usual)).toHaveLength(1);
    expect(cautions({ ...usual, spam: "drop", spam_high: "drop" }, usual)).toHaveLength(1);
    expect(cautions({ ...usual, bulk: "junk" }, usual).join()).toMatch(/never applies/);
    expect(cautions({ ...usual, bulk_from: 7 }, usual).join()).toMatch(/changes nothing/);
    expect(cautions({ ...usual, mode: "act", malware: "deliver" }, { ...usual, mode: "act" }).join()).toMatch(/Malware would be delivered/);
  });
});

describe("entries", () => {
  it.each([
    ["ann@evil[.]example", "sender"], ["hxxps://evil[.]example/a", "url"], ["evil.example/a", "url"], ["evil[.]example", "domain"], ["*.evil.example", "domain"], ["192.0.2.7", "ip"], ["192.0.2.0/24", "ip"],
    ["2001:db8::1", "ip"], ["d41d8cd98f00b204e9800998ecf8427e", "file"], ["hello", undefined], ["", undefined],
  ])("%s is a %s", (v, kind) => expect(guessKind(v)).toBe(kind));
  it("stand one on a line, or with commas where none is a URL", () => {
    expect(valuesOf(" a.example, b.example;a.example\n\nhttps://x.example/?a=1,2;3 \n")).toEqual(["a.example", "b.example", "https://x.example/?a=1,2;3"]);
  });
  const all = { block: true, edit: true };
  const labels = (field: string, value: string, may = all) => offers(field, value, may).map((o) => `${o.label}: ${o.kind} ${o.value}`);
  it("are offered by the field and by what somebody may", () => {
    expect(labels("SenderFromAddress", "ann@evil.example")).toEqual(["Block sender: sender ann@evil.example", "Block domain: domain evil.example", "Allow sender: sender ann@evil.example", "Allow domain: domain evil.example"]);
    expect(labels("Url", "https://evil.example/x", { block: true, edit: false })).toEqual(["Block URL: url https://evil.example/x", "Block all links to its host: url evil.example"]);
    expect(labels("SHA256", "ab", { block: true, edit: false })).toEqual(["Block file: file ab"]);
    expect(labels("SenderIPv4", "192.0.2.1", { block: false, edit: false })).toEqual([]);
    expect(labels("Subject", "ann@evil.example")).toEqual([]);
    expect(labels("SenderIPv6", "")).toEqual([]);
  });
  it("of the own organisation are noticed", () => {
    expect(ownAmong("sender", ["a@corp.example", "b@else.example"], ["corp.example"])).toEqual(["a@corp.example"]);
    expect(ownAmong("url", ["https://corp.example/x"], ["corp.example"])).toHaveLength(1);
    expect(ownAmong("ip", ["192.0.2.1"], ["corp.example"])).toEqual([]);
  });
  it("say when they end", () => {
    const now = new Date("2026-01-10T00:00:00Z");
    expect(expiryWords({ expires: null, expired: false }, now)).toBe("never");
    expect(expiryWords({ expires: "2026-01-22T00:00:00Z", expired: false }, now)).toBe("in 12 days");
    expect(expiryWords({ expires: "2026-01-09T21:00:00Z", expired: true }, now)).toBe("expired 3 hours ago");
    expect(endOf(0, now)).toBeUndefined();
    expect(endOf(30, now)).toBe("2026-02-09T00:00:00.000Z");
  });
  it("have walls", () => {
    expect(walls("sender", false).join(" ")).toMatch(/never lets malware in.*authentication proves/);
    expect(walls("sender", true).join(" ")).toMatch(/Anybody/);
    expect(walls("file", false)).toHaveLength(1);
  });
  it("are refused in words that stand beside the value", () => expect(problemWords('value "x y": want a domain like example.com')).toBe("it should be a domain like example.com"));
});

describe("settings of a mailbox", () => {
  it("are read from lines and written as lines", () => {
    const texts = textsOf({ safe_senders: ["a@b.example"], safe_domains: [], blocked_senders: [], blocked_domains: ["x.example", "y.example"], junk_off: true });
    expect(texts.blocked_domains).toBe("x.example\ny.example");
    expect(settingsOf(texts, false)).toMatchObject({ safe_senders: ["a@b.example"], blocked_domains: ["x.example", "y.example"], junk_off: false });
    expect(settingsOf(textsOf(undefined), false).safe_senders).toEqual([]);
  });
  it("are checked", () => {
    expect(wrongOf("address", "a@b.example\nnobody")).toMatch(/^nobody is no address/);
    expect(wrongOf("domain", "b.example\nb[.]example")).toBe("");
    expect(wrongOf("domain", "a@b.example")).toMatch(/no domain/);
  });
});

describe("runs", () => {
  const counts = { total: 10, messages: 10, events: 12, now_flagged: 0, no_longer_flagged: 0, verdict_changed: 0, action_changed: 0, actions: {}, decided: 0, noted: 0, contradicts: 0, missing: 0, broken: 0, results: 0, unkept: 0 };
  const run = (more: Partial<Run>, c: Partial<Run["counts"]> = {}): Run => ({
    id: "", kind: "whatif", state: "done", automatic: false, reason: "", by: "", since: "2026-01-01T00:00:00Z", until: "2026-01-31T00:00:00Z", threat: "", dry_run: false, tries: "", created: "", started: null, ended: null,
    progress: 1, rate: 0, error: "", ...more, counts: { ...counts, ...c },
  });
  it("say what came of them", () => {
    expect(summary(run({}))).toBe("Of 10 messages, none would have been treated differently.");
    expect(summary(run({ kind: "rejudge" }))).toBe("Of 10 messages, none was treated differently.");
    expect(summary(run({}, { verdict_changed: 1, now_flagged: 1, action_changed: 2 }))).toBe("Of 10 messages: 1 email event would be flagged that was not; 2 email events would be treated differently.");
    expect(summary(run({ kind: "rejudge" }, { verdict_changed: 1, no_longer_flagged: 1 }))).toBe("Of 10 messages: 1 email event is not flagged any more.");
    expect(summary(run({}, { verdict_changed: 3 }))).toBe("Of 10 messages: 3 email events would have another verdict.");
    expect(summary(run({}, { messages: 0, total: 0 }))).toBe("There is no mail of that time.");
    expect(summary(run({ state: "running" }, { messages: 4 }))).toMatch(/so far/);
  });
  it("say how far back they look", () => {
    expect(reach(run({}))).toBe("30 days");
    expect(reach(run({ until: "2026-01-03T00:01:30Z" }))).toBe("48 hours");
  });
  it("say from where to where, most first", () => {
    expect(moves({ "deliver -> junk": 1, "quarantine -> quarantine (watching)": 5, odd: 1 })).toEqual([{ from: "quarantine", to: "quarantine, if it acted", n: 5 }, { from: "inbox", to: "junk folder", n: 1 }]);
  });
  it("stand beside the local model", () => {
    const l = { collecting: true, activates: false, examples: 0, phish: 3, spam: 4, good: 0, need_bad: 50, need_good: 500, need_new: 50, quiet_hours: 72, most_false_positives: 0.5, models: [] };
    expect(modelWords(l)).toBe("not trained yet: 7 of 50 messages are called bad");
    expect(modelWords({ ...l, collecting: false })).toBe("not in use");
    expect(modelWords({ ...l, models: [{ threat: "Phish", state: "shadow", trained: "", bad: 0, good: 0, features: 0, passed: true, check: "" }] })).toMatch(/in shadow/);
  });
  it("name both sides", () => {
    const side = { threat_types: ["Phish"], phish_confidence: "High", treatment: "quarantine", watched: false };
    expect(verdictWords(side)).toBe("Phish, high");
    expect(verdictWords({ threat_types: [], phish_confidence: "" })).toBe("Clean");
    expect(placeWords(side)).toBe("quarantine");
    expect(placeWords({ ...side, watched: true })).toBe("quarantine, if it acted");
    expect(placeWords({ treatment: "", watched: false })).toBe("");
  });
});
