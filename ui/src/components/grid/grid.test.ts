import { describe, expect, it } from "vitest";
import type { EmailRow } from "../../api/client";
import { chosen, columns, size, usualColumns } from "./columns";
import { fit, tracks } from "./fit";
import { extend, facts, keyOf, nothing, toggle } from "./selection";

const names = (cs: readonly { field: string }[]) => cs.map((c) => c.field);

describe("columns that fit", () => {
  const usual = chosen([]);
  it("all of them on a wide screen", () => expect(names(fit(usual, 1300))).toEqual(usualColumns));
  it("dropped in order: IP, location, why, sender", () => {
    const order = ["SenderIPv4", "LatestDeliveryLocation", "DetectionTechnologies", "SenderFromAddress"];
    [1150, 1040, 930, 780].forEach((width, i) => {
      const gone = order.slice(0, i + 1);
      expect(names(fit(usual, width))).toEqual(usualColumns.filter((f) => !gone.includes(f)));
    });
  });
  it("never the answer", () => expect(names(fit(usual, 10))).toEqual(["Timestamp", "Subject", "RecipientEmailAddress", "ThreatTypes", "DeliveryAction"]));
  it("what was added goes first", () => expect(names(fit(chosen([...usualColumns, "NetworkMessageId"]), 1300))).toEqual(usualColumns));
  it("are tracks of a grid", () => expect(tracks([{ field: "a", min: 10, grow: 0 }, { field: "b", min: 20, grow: 2 }])).toBe("10px minmax(20px, 2fr)"));
  it("come from preferences, without doubles and strangers, never without subject and verdict", () => {
    expect(names(chosen(["Timestamp", "Gone", "Timestamp", "SenderCountry"]))).toEqual(["Timestamp", "SenderCountry", "Subject", "ThreatTypes"]);
    expect(new Set(names(columns)).size).toBe(columns.length);
  });
  it("write sizes for people", () => expect([size(12), size(49357), size(3_500_000)]).toEqual(["12 B", "48.2 KB", "3.3 MB"]));
});

describe("selection", () => {
  const row = (i: number, outcome: EmailRow["outcome"] = "blocked") => ({ NetworkMessageId: `m${i}`, RecipientEmailAddress: `r${i % 2}@a.example`, outcome, IsPriorityAccount: i === 1 }) as EmailRow;
  const rows = [row(0), row(1, "delivered_threat"), row(2), row(3)];
  it("toggles and extends", () => {
    const a = toggle(nothing, rows[0]!);
    expect([...extend(a, rows, 3, 1).rows.keys()]).toEqual([0, 1, 2, 3].map((i) => keyOf(rows[i]!)));
    expect(toggle(a, rows[0]!).rows.size).toBe(0);
    expect(extend(nothing, rows, 2, 99).rows.size).toBe(2);
    expect(nothing.rows.size).toBe(0);
  });
  it("says what is at stake", () => expect(facts(extend(nothing, rows, 0, 3))).toEqual({ stillThere: 1, priority: 1, mailboxes: 2 }));
});
