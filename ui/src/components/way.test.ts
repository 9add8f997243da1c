import { describe, expect, it } from "vitest";
import { lapse, oddity, wayOf, type Hop } from "./way";

const hop = (h: Partial<Hop>): Hop => ({ from: "", from_name: "", from_ip: "", by: "", with: "", tls: "", time: null, delay_ms: 0, trusted: false, odd: [], ...h });

describe("the way of a message", () => {
  const way = wayOf([
    hop({ from: "WIN-7PAYR01", from_ip: "10.14.0.7", by: "out1.harbour-hr.example", with: "ESMTP", time: "2026-11-18T14:21:48Z", odd: ["10.14.0.7 is a private address, claimed by a server that is not yours: the inside of their network, or invented", "the clock is ahead: written 41 seconds after the next server had it already", "no encryption was noted"] }),
    hop({ from: "out1.harbour-hr.example", from_ip: "203.0.113.74", by: "mx1.northwind.example", with: "ESMTPS", tls: "TLSv1.3", time: "2026-11-18T14:21:07Z", delay_ms: -41_000, trusted: true }),
    hop({ from: "mx1.northwind.example", from_ip: "198.51.100.5", by: "store1.northwind.example", with: "LMTP", time: "2026-11-18T14:21:08.900Z", delay_ms: 1900, trusted: true, odd: ["the message waited 6 minutes before this server"] }),
  ]);
  it("has one stop more than fields, named from both sides", () => {
    expect(way.stops.map((s) => [s.name, s.ip, s.own])).toEqual([
      ["WIN-7PAYR01", "10.14.0.7", false], ["out1.harbour-hr.example", "203.0.113.74", false], ["mx1", "198.51.100.5", true], ["store1", "", true],
    ]);
    expect(way.stops[2]?.full).toBe("mx1.northwind.example");
  });
  it("puts what is strange where it belongs: the address to who had it, the clock to who wrote it", () => {
    expect(way.stops.map((s) => s.odd.map((o) => o.short))).toEqual([["10.14.0.7 is a private address"], ["The clock is ahead"], [], []]);
  });
  it("draws the boundary before the first own server", () => {
    expect(way.legs).toEqual([
      { how: "no TLS", delayMs: undefined, boundary: false, oddLine: "No encryption was noted", oddWait: "" },
      { how: "TLS 1.3", delayMs: -41_000, boundary: true, oddLine: "", oddWait: "" },
      { how: "LMTP", delayMs: 1900, boundary: false, oddLine: "", oddWait: "The message waited 6 minutes before this server" },
    ]);
    expect(way.stops.map((s) => s.note)).toEqual(["claimed origin", "its address was seen by your server", "your server", "took it in"]);
  });
  it("measures by the clocks it can trust, else by all", () => {
    expect(way.took).toEqual({ ms: 1900, trusted: true });
    expect(wayOf([hop({ time: "2026-01-01T00:00:00Z" }), hop({ time: "2026-01-01T00:00:09Z", trusted: true })]).took).toEqual({ ms: 9000, trusted: false });
    expect(wayOf([hop({ trusted: true })]).took).toBeUndefined();
  });
  it("is nothing without fields, and has names even where none were written", () => {
    expect(wayOf([])).toEqual({ stops: [], legs: [], took: undefined });
    expect(wayOf([hop({ from_ip: "192.0.2.1" })]).stops.map((s) => s.name)).toEqual(["192.0.2.1", "unknown"]);
  });
  it.each([["ESMTPSA", "", "TLS"], ["esmtp (Exim)", "", "no TLS"], ["local", "", "LOCAL"], ["", "", ""], ["ESMTP", "version=TLS1_2", "TLS 1.2"], ["ESMTP", "TLS", "TLS"]])("reads %s %s as %s", (protocol, tls, word) =>
    expect(wayOf([hop({ with: protocol, tls })]).legs[0]?.how).toBe(word));
});

it.each([[0, "0 s"], [400, "0.4 s"], [1900, "1.9 s"], [2000, "2 s"], [-41_000, "−41 s"], [360_000, "6 min"], [10_800_000, "3 h"], [864_000_000, "10 days"]])("lapse %d", (ms, words) => expect(lapse(ms)).toBe(words));

it("cuts an oddity after its first clause, not inside a name", () => {
  expect(oddity("the client called itself a:b.example, its address belongs to c")).toEqual({ short: "The client called itself a:b.example", long: "The client called itself a:b.example, its address belongs to c" });
  expect(oddity("no encryption was noted").short).toBe("No encryption was noted");
});
