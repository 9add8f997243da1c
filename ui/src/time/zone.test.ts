import { describe, expect, it } from "vitest";
import { both, bucketName, clock, day, fromField, full, lag, rfc3339, span, toField, took, weekday } from "./zone";

const t = new Date("2026-09-08T04:05:09Z");

describe("time as it is read", () => {
  it("in UTC", () => {
    expect(day(t, "utc")).toBe("8 Sep");
    expect(weekday(t, "utc")).toBe("Tue 8");
    expect(clock(t, "utc")).toBe("04:05");
    expect(clock(t, "utc", true)).toBe("04:05:09");
    expect(full(t, "utc")).toBe("8 Sep 2026, 04:05:09 UTC");
    expect(both(t)).toContain("8 Sep 2026, 04:05:09 UTC");
  });
  it("copies as RFC 3339", () => {
    expect(rfc3339(t)).toBe("2026-09-08T04:05:09Z");
    expect(rfc3339(new Date("2026-09-08T04:05:09.120Z"))).toBe("2026-09-08T04:05:09.120Z");
  });
  it("names spans", () => {
    const now = new Date("2026-11-18T14:30:00Z");
    expect(span(new Date("2026-11-11T14:30:00Z"), now, "utc", now)).toBe("11 Nov 14:30 – 18 Nov 14:30");
    expect(span(new Date("2026-11-18T08:30:00Z"), now, "utc", now)).toBe("18 Nov 08:30 – 14:30");
    expect(span(new Date("2003-11-18T08:30:00Z"), now, "utc", now)).toBe("18 Nov 2003 08:30 – 18 Nov 2026 14:30");
  });
  it("fills and reads fields in the chosen zone", () => {
    expect(toField(t, "utc")).toBe("2026-09-08T04:05");
    expect(fromField("2026-09-08T04:05", "utc")?.toISOString()).toBe("2026-09-08T04:05:00.000Z");
    expect(fromField(toField(t, "local"), "local")?.toISOString()).toBe("2026-09-08T04:05:00.000Z");
    expect(fromField("tomorrow", "utc")).toBeUndefined();
  });
  it("says how long things take", () => {
    expect([took(0.4), took(48), took(214)]).toEqual(["1 ms", "48 ms", "0.21 s"]);
    expect([lag(40), lag(240), lag(7200), lag(400000)]).toEqual(["40 s", "4 min", "2 h", "5 days"]);
    expect([bucketName(3600), bucketName(300), bucketName(86400), bucketName(604800), bucketName(90)]).toEqual(["hour", "5 minutes", "day", "week", "90 s"]);
  });
});
