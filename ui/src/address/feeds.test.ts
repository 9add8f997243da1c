import { expect, test } from "vitest";
import { readFeeds, writeFeeds } from "./feeds";
import { readRange } from "./range";

test("the page of feeds keeps its state in the address", () => {
  const s = { feed: "partner-2", setup: "new", range: readRange({}) };
  expect(readFeeds(writeFeeds(s))).toEqual(s);
  expect(readFeeds({ feed: "../x", setup: 7 })).toMatchObject({ feed: "", setup: "" });
});
