import { describe, expect, it } from "vitest";
import { ageWords, differences, dueWords, initials, matching, mentionAt, mentionOf, mentionPieces, type Incident, type Person } from "./words";

const at = (minutes: number) => new Date(Date.UTC(2026, 10, 18, 12, minutes)).toISOString();
const incident = (c: Partial<Incident> = {}) =>
  ({
    created: at(0), resolved: null, acknowledged: null, merged_into: "", name: "QR phish", severity: "High", status: "Active", owner: "", classification: "Not set", determination: "Not set", tags: [], description: "", closing: "",
    due: { acknowledge: at(15), acknowledge_late: false, resolve: at(240), resolve_late: false, next: at(15), overdue: false }, ...c,
  }) as Incident;

describe("clocks in words", () => {
  it("count down to what is next", () => {
    expect(dueWords(incident(), new Date(at(3)))).toEqual({ tone: "calm", text: "Take up in 12 min" });
    expect(dueWords(incident(), new Date(at(13)))).toEqual({ tone: "soon", text: "Take up in 2 min" });
    expect(dueWords(incident({ acknowledged: at(5), due: { ...incident().due, next: at(240) } }), new Date(at(60)))).toEqual({ tone: "calm", text: "Resolve in 3 h" });
  });
  it("say how late it is, and what came of it", () => {
    expect(dueWords(incident(), new Date(at(35)))).toEqual({ tone: "late", text: "Take up: 20 min overdue" });
    expect(dueWords(incident({ resolved: at(120) }), new Date(at(600)))).toEqual({ tone: "met", text: "Resolved in 2 h" });
    expect(dueWords(incident({ resolved: at(300), due: { ...incident().due, resolve_late: true } }), new Date(at(600))).tone).toBe("missed");
    expect(dueWords(incident({ merged_into: "x" }), new Date(at(0))).text).toBe("Merged");
    expect(ageWords(incident(), new Date(at(41)))).toBe("Open for 41 min");
  });
});

describe("what somebody else changed", () => {
  it("is said field by field", () => {
    expect(differences(incident(), incident({ owner: "a@b.example", tags: ["x"], description: "new" }))).toEqual(["owner is a@b.example now", "tags are x now", "the description changed"]);
    expect(differences(incident(), incident())).toEqual([]);
  });
});

describe("mentions", () => {
  const people: Person[] = [{ email: "dana@a.example", name: "Dana Wirth", me: false }, { email: "kofi@a.example", name: "Kofi Mensah", me: true }, { email: "dana@b.example", name: "", me: false }];
  it("are found where the cursor is", () => {
    expect(mentionAt("ask @da", 7)).toEqual({ at: 4, typed: "da" });
    expect(mentionAt("@", 1)).toEqual({ at: 0, typed: "" });
    expect(mentionAt("mail a@b", 8)).toBeUndefined();
    expect(mentionAt("@da and", 7)).toBeUndefined();
  });
  it("are proposed by name and address", () => {
    expect(matching(people, "me").map((p) => p.email)).toEqual(["kofi@a.example"]);
    expect(mentionOf(people[1]!, people)).toBe("@kofi");
    expect(mentionOf(people[0]!, people)).toBe("@dana@a.example");
  });
  it("are marked in a line", () => {
    expect(mentionPieces("ask @kofi. Not @nobody", ["kofi@a.example"])).toEqual([{ text: "ask ", mention: false }, { text: "@kofi", mention: true }, { text: ". Not @nobody", mention: false }]);
    expect(mentionPieces("", [])).toEqual([{ text: "", mention: false }]);
  });
  it("people have initials", () => expect([initials("Dana Wirth"), initials("kofi@a.example"), initials("")]).toEqual(["DW", "KO", "?"]));
});
