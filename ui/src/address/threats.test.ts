import { expect, test } from "vitest";
import { readThreats, writeThreats } from "./threats";

test("the list's state survives the address, and nonsense is read as nothing", () => {
  const state = readThreats({ find: "agent", kind: "family", tag: "stealer", seen: "1", last: "30d" });
  expect(state).toEqual({ find: "agent", kind: "family", tag: "stealer", seen: true, range: { last: "30d" } });
  expect(writeThreats(state)).toEqual({ find: "agent", kind: "family", tag: "stealer", seen: "1", last: "30d" });
  expect(writeThreats(readThreats({ kind: "weather", find: "x".repeat(201), seen: "yes", tag: 7 }))).toEqual({});
});
