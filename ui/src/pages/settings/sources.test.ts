import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { named, standing } from "./sources";

const well: Schemas["WatchedSystem"] = { name: "Dovecot", mailboxes: 3, listening: 1, unread: 0, behind: 0, taken: 4, known: 0, skipped: 0, looked: "2026-01-02T03:04:05Z", last_mail: null, errors: [] };
const wrong = [{ mailbox: "ada@rig.example", text: "Dovecot cannot be reached" }];

describe("watched mailboxes", () => {
  it.each([
    ["all are read", well, "answering", "All are read"],
    ["the first look is under way", { ...well, looked: null, unread: 1 }, "answering", "Reading"],
    ["one cannot be read", { ...well, unread: 1, errors: wrong }, "away", "1 not read"],
    ["none can be read", { ...well, unread: 3, errors: wrong }, "away", "Cannot be read"],
    ["nobody is there", { ...well, mailboxes: 0 }, "off", "Nobody to watch"],
  ])("%s", (_, w, mood, words) => expect(standing(w)).toEqual({ mood, words }));
});

it("names sources, also unknown ones", () => {
  expect(named("imap")).toBe("Watched mailboxes");
  expect(named("sonde")).toBe("sonde");
});
