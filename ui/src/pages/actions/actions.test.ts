import { describe, expect, it } from "vitest";
import { differences } from "./differences";
import { happened, people, ruleWords, whyNoAnswer, type Action, type Target } from "./words";

const rule = (name: string, approvals: number, kinds: string[] = []) => ({ name, kinds, mailboxes: 0, priority: false, source: "any" as const, approvals });
const target = (t: Partial<Target>) => ({ outcome: "Done", say: "", tries: 0, ...t }) as Target;
const copy = (folder: string) => ({ id: "1", folder, location: "", flags: [], received: null, size: 1, sha256: "" });

describe("words of actions", () => {
  it("says a rule as a condition", () => {
    expect(ruleWords({ ...rule("x", 1, ["Undo", "Release"]), mailboxes: 1000, priority: true, source: "policy" })).toBe("Undo or Release, in 1,000 or more mailboxes, with a priority account among them, decided by a policy (ZAP)");
    expect(ruleWords(rule("x", 0))).toBe("Any action");
    expect([people(0), people(1), people(2)]).toEqual(["Nobody else", "One other person", "2 other people"]);
  });
  it("says what happened to a target", () => {
    const moved = { at: "", provider: "", from: "", to: "", checks: [], steps: [{ did: "moved" as const, held: false, from: copy("INBOX"), to: copy("Junk") }, { did: "removed" as const, held: true, from: copy("INBOX") }] };
    expect(happened(target({ receipt: moved }))).toBe("INBOX → Junk; INBOX → kept by Tocsin");
    expect(happened(target({ outcome: "Failed", say: "The disk is full.", receipt: moved }))).toBe("The disk is full. Before that: INBOX → Junk; INBOX → kept by Tocsin.");
    expect(happened(target({ outcome: "To do", tries: 2, say: "it is locked" }))).toBe("Tried 2 times: it is locked");
    expect(happened(target({ outcome: "To do" }), true)).toBe("When it is approved");
    expect(happened(target({ outcome: "Already so", say: "Done together with a@b.example." }))).toBe("Done together with a@b.example.");
  });
  it("says why somebody may not answer", () => {
    const a = { state: "Waiting for approval", may_approve: false, mine: false, by: "ann@b.example", approvals: [{ by: "cid@b.example", yes: true, at: "", comment: "" }] } as unknown as Action;
    expect(whyNoAnswer({ ...a, may_approve: true }, "ben@b.example", true)).toBe("");
    expect(whyNoAnswer(a, "ann@b.example", true)).toMatch(/^You asked for this/);
    expect(whyNoAnswer(a, "ben@b.example", false)).toMatch(/role Approve/);
    expect(whyNoAnswer(a, "cid@b.example", true)).toMatch(/already/);
    expect(whyNoAnswer({ ...a, state: "Done" }, "ann@b.example", true)).toBe("");
  });
});

describe("differences of approval policies", () => {
  const before = { rules: [rule("a", 1), rule("b", 0), rule("c", 2)], expires_hours: 0 };
  it("names what changed, and nothing else", () => {
    expect(differences(before, before)).toEqual([]);
    expect(differences(before, { rules: [rule("n", 1), rule("a", 2), rule("b", 0)], expires_hours: 48 }).map((d) => d.what)).toEqual(["Added", "Changed", "Removed", "Expiry"]);
    expect(differences(before, { rules: [rule("b", 0), rule("a", 1), rule("c", 2)], expires_hours: 72 })).toEqual([{ what: "Order", text: "b, then a, then c" }]);
  });
});
