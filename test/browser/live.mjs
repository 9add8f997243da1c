// New mail while somebody reads.

import assert from "node:assert/strict";
import { date, message } from "./mail.mjs";
import { cell, column, explorer, rows, settled, total } from "./pages.mjs";
import { check, eventually, gone, seen, shows } from "./rig.mjs";

check("new mail is announced and moves nothing until it is asked for; a pause stops that", async ({ server, session, page }) => {
  const q = 'EmailEvents\n| where SenderFromDomain == "live.example"';
  const began = Date.now() - 60_000; // a second apart, so that their order is certain
  const from = (n) => message({ From: `Sender <s${n}@live.example>`, Subject: `Arrival ${n}`, Date: date(began + n * 1000) });
  await server.import(from(1));
  await explorer(page, { last: "48h", q });
  const pause = page.getByRole("button", { name: "Live", exact: true });
  const connected = pause.locator("[data-on=true]");
  await seen(connected);
  assert.deepEqual(await column(page, "Subject"), ["Arrival 1"]);
  const pill = page.getByRole("button", { name: /^\d+ new$/ });

  await server.import(from(2));
  await shows(pill, "1 new");
  await server.import(from(3));
  await shows(pill, "2 new");
  assert.equal(await rows(page).count(), 1, "the list moved under the reader");
  await pill.click();
  await eventually(async () => assert.deepEqual(await column(page, "Subject"), ["Arrival 3", "Arrival 2", "Arrival 1"]));
  await gone(pill);
  assert.equal(await total(page), 3);

  // Mail of other senders is no news to this filter.
  await seen(connected);
  const other = page.waitForResponse((r) => r.url().includes("/explorer/count"));
  await server.import(message({ From: "Sender <s@elsewhere.example>" }));
  assert.equal((await (await other).json()).events, 0);
  assert.equal(await pill.count(), 0);

  // Paused, the page does not even listen.
  const ended = page.waitForEvent("requestfailed", (r) => r.url().endsWith("/explorer/live"));
  await pause.click();
  await ended;
  const watch = page.getByRole("button", { name: "Paused", exact: true });
  await seen(watch);
  const asked = [];
  page.on("request", (r) => r.url().includes("/explorer/") && asked.push(r.url()));
  await server.import(from(4));
  assert.equal(await session.count(q), 4);
  assert.deepEqual(asked, []);
  assert.equal(await pill.count(), 0);

  // Afterwards it catches up with the next arrival.
  await watch.click();
  await seen(connected);
  await server.import(from(5));
  await shows(pill, "2 new");
  await pill.click();
  await settled(page);
  await shows((await cell(page, 0, "Subject")).locator(".clip").first(), "Arrival 5");
});

check("a time with a fixed end gets no new mail and does not watch for it", async ({ page }) => {
  await explorer(page, { last: "", from: "2026-01-01T00:00:00Z", to: "2036-01-01T00:00:00Z" });
  assert.equal(await page.getByRole("button", { name: /^(Live|Paused)$/ }).count(), 0);
});
