// What the settings show when all is not well, or long at work: answers of the server as tests need them, which no test could bring about in time.

/** Engines: one answers with old signatures, one has rules set aside, one is away. */
export const engines = {
  since: "2026-11-20T08:00:00Z",
  queue: 3,
  engines: [
    { key: "clamav", name: "ClamAV", state: "answering", setting: "engines.clamav.address", value: "unix:/run/clamav/clamd.ctl", missing: "", since: "2026-11-20T08:00:00Z", checked: "2026-11-20T09:00:00Z", problem: "", version: "1.4.3, signatures 27800", signatures: "2025-11-02T08:30:00Z", rules: 0, aside: [], asked: 1200, found: 4, failed: 2, waiting: 0, kept: 0 },
    { key: "yara", name: "YARA", state: "answering", setting: "engines.yara.folder", value: "/etc/tocsin/yara", missing: "", since: "2026-11-20T08:00:00Z", checked: "2026-11-20T08:00:00Z", problem: "", version: "", signatures: null, rules: 12, aside: [{ file: "loader.yar", line: 7, why: "undefined identifier" }], asked: 300, found: 1, failed: 0, waiting: 0, kept: 0 },
    { key: "cape", name: "CAPE", state: "away", setting: "engines.cape.url", value: "https://cape.example", missing: "", since: "2026-11-20T08:30:00Z", checked: "2026-11-20T09:00:00Z", problem: "CAPE answers 502 Bad Gateway", version: "", signatures: null, rules: 0, aside: [], asked: 9, found: 1, failed: 5, waiting: 2, kept: 4 },
    { key: "pages", name: "Page visits", state: "off", setting: "engines.pages.enabled", value: "", missing: "Chromium is not found as chromium; install it, or name it in engines.pages.browser", since: null, checked: null, problem: "", version: "", signatures: null, rules: 0, aside: [], asked: 0, found: 0, failed: 0, waiting: 0, kept: 0 },
  ],
};

const model = { threat: "Phish", trained: "2026-11-19T08:00:00Z", bad: 240, good: 2300, features: 900 };

/** The local model: one speaks, a newer one did not pass its check. */
export const learning = {
  collecting: true, activates: false, examples: 4000, phish: 240, spam: 12, good: 30, need_bad: 200, need_good: 2000, need_new: 50, quiet_hours: 72, most_false_positives: 0.5,
  models: [
    { ...model, state: "active", passed: true, check: "check passed: it finds 1 of 900 delivered and unreported messages (0.11%, at most 0.5%)" },
    { ...model, state: "shadow", passed: false, check: "check not passed: it finds 9 of 900 delivered and unreported messages (1.00%, at most 0.5%)" },
  ],
};

/** Answers a path of the API with this, in place of the server. */
export const answer = (page, path, json) => page.route((u) => u.pathname === `/api/v1${path}`, (r) => r.fulfill({ json }));

/** A page that was opened for a link: the smallest picture there is. */
export const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Has the first link of a message be one whose page was opened, and its picture be there. */
export async function visited(page, id) {
  await page.route((u) => u.pathname === `/api/v1/emails/${id}/urls`, async (r) => {
    const body = await (await r.fetch()).json();
    const way = [body.urls[0].target, "https://hop.example/r", "https://signin.example/login"];
    body.urls[0].visit = { at: "2026-11-20T09:00:00Z", way, threat: "asks for a password at signin.example", details: '3 steps to https://signin.example/login, titled "Sign in"', failed: "", picture: true };
    await r.fulfill({ json: body });
  });
  await answer(page, `/emails/${id}/picture`, { png: picture, recorded: { by: "person@kestrelquay.example", at: "2026-11-20T10:00:00Z", reason: "ticket 7" } });
}

/** Watched mail systems of /coverage: one that is well, one of which some mailboxes cannot be read. */
export const watched = [
  { name: "Dovecot", mailboxes: 120, listening: 20, unread: 0, behind: 3, taken: 412, known: 2, skipped: 1, looked: "2026-11-26T08:00:00Z", last_mail: "2026-11-26T08:00:12Z", errors: [] },
  { name: "Old server", mailboxes: 40, listening: 0, unread: 2, behind: 0, taken: 0, known: 0, skipped: 0, looked: null, last_mail: null, errors: [
    { mailbox: "ada@harbour.example", text: "Old server has no mailbox ada@harbour.example, or the user tocsin may not open it" },
    { mailbox: "bo@harbour.example", text: "Old server cannot be reached (connection refused)" },
  ] },
];
