import { expect, test } from "vitest";
import { seenWords, visitWords, wayOn } from "./visits";

test("a visit says what is wrong, that nothing is, or why nothing was seen", () => {
  expect(visitWords({ threat: "asks for a password at signin.example", details: "2 steps", failed: "" })).toBe("The page asks for a password at signin.example");
  expect(visitWords({ threat: "", details: "1 steps", failed: "" })).toBe("Nothing bad was found on the page");
  expect(visitWords({ threat: "", details: "", failed: "net::ERR_NAME_NOT_RESOLVED" })).toMatch(/^Nothing was seen: net/);
});

test("the way starts after the link itself", () => {
  expect(wayOn("https://a.example/", ["https://a.example/", "https://b.example/", "https://b.example/", "https://c.example/"])).toEqual(["https://b.example/", "https://c.example/"]);
  expect(wayOn("https://a.example/", ["https://a.example/"])).toEqual([]);
  expect(wayOn("https://a.example/", [])).toEqual([]);
});

test("addresses in words are defanged", () => {
  expect(seenWords('3 steps to https://signin.example/a, titled "Sign in"')).toBe('3 steps to hxxps://signin[.]example/a, titled "Sign in"');
});
