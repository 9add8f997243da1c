// What keeps an eye on what changes: every number opens what it counts, and a tracked query raises an alert that a person resolves.

import assert from "node:assert/strict";
import { number, total } from "./pages.mjs";
import { check, eventually, fresh, gone, seen } from "./rig.mjs";
import { original } from "./submissionpages.mjs";

check("noteworthy numbers and trends open the mail that they count", async ({ page }) => {
  await page.goto("/intelligence/trackers");
  const table = page.getByRole("region", { name: "Noteworthy" });
  await seen(table.getByRole("row").nth(15));
  // The greatest number of 30 days, wherever it stands.
  const links = await table.getByRole("link", { name: /email events in 30 days/ }).all();
  const counted = await Promise.all(links.map(async (l) => number(await l.textContent())));
  const most = Math.max(...counted);
  assert.ok(most > 0, "the month of mail has nothing noteworthy");
  const chosen = links[counted.indexOf(most)];
  await chosen.click();
  await eventually(() => assert.match(page.url(), /\/explorer\?/));
  await eventually(async () => assert.equal(await total(page), most));

  await page.goto("/intelligence/trackers");
  await table.getByRole("button", { name: "Mail bombing" }).click();
  const one = page.getByRole("complementary", { name: "Noteworthy: Mail bombing" });
  await seen(one.getByText("ATT&CK T1667"));
  await seen(one.getByText(/Look in the same hours/));
  await eventually(() => assert.match(page.url(), /open=mail-bombing/));
  await page.keyboard.press("Escape");
  await gone(one);

  await page.getByRole("tab", { name: "Trending" }).click();
  await seen(page.getByText(/days of mail, and \d+ are needed|by chance less often than once in 1,000/));
  await eventually(() => assert.match(page.url(), /tab=trending/));
});

check("a saved query is tracked, raises an alert, and the alert becomes an incident", { server: fresh, as: ["Global Administrator"] }, async ({ server, session, page }) => {
  await server.import(original("Your parcel waits"));
  await page.goto("/alerts");
  await seen(page.getByRole("heading", { name: "Nothing raised an alert yet" }));
  await page.getByRole("link", { name: "Track a query" }).click();
  await seen(page.getByRole("heading", { name: "No query is tracked" }));
  await page.getByRole("button", { name: "Choose a saved query" }).click();
  await seen(page.getByRole("heading", { name: "No query is saved" }));
  await session.context.request.post("/api/v1/hunt/queries", { data: { name: "Parcels", query: 'EmailEvents | where Subject has "parcel"', shared: true } });
  await page.reload();
  await page.getByRole("button", { name: "Track it: Parcels" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Look back").selectOption("the last hour");
  await dialog.getByLabel("Run every").selectOption("day");
  await seen(dialog.getByText(/would never be looked at/));
  assert.equal(await dialog.getByRole("button", { name: "Track it" }).isDisabled(), true);
  await dialog.getByLabel("Run every").selectOption("15 minutes");
  await dialog.getByLabel("Look back").selectOption("the last day");
  await dialog.getByLabel("Severity").selectOption("High");
  await dialog.getByRole("button", { name: "Track it" }).click();
  const one = page.getByRole("complementary", { name: "Tracked query: Parcels" });
  await seen(one.getByText("every 15 minutes, over the last day"));
  await one.getByRole("button", { name: "Run now" }).click();
  await seen(one.getByText("Over its threshold"));
  await one.getByRole("button", { name: "Show as a table" }).click();
  await seen(one.getByRole("cell", { name: /over the threshold; by hand/ }).first());
  await one.getByRole("link", { name: "1 in Explorer" }).click();
  await eventually(async () => assert.equal(await total(page), 1));

  // The alert, by key.
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByRole("grid", { name: "Alerts" }).getByText(/Tracked query "Parcels" has results/).click();
  const alert = page.getByRole("complementary", { name: /^Alert: Tracked query/ });
  await seen(alert.getByText(/1 row in the 24 hours before .*, more than 0\./));
  await seen(alert.getByRole("link", { name: "Your parcel waits" }));
  await alert.getByRole("button", { name: "Take it" }).click();
  await seen(alert.getByText("You have it."));
  await alert.getByRole("button", { name: "Open an incident with it" }).click();
  await seen(alert.getByRole("link", { name: "INC-0001" }));
  await alert.getByLabel("Note").fill("A test of ours");
  await alert.getByRole("button", { name: "Resolve" }).click();
  await seen(alert.getByText(/Resolved by you/));
  await page.keyboard.press("Escape");
  await seen(page.getByRole("heading", { name: "No alert is open" }));
  await page.getByRole("button", { name: "Show the resolved ones" }).click();
  await seen(page.getByRole("grid", { name: "Alerts" }).getByText(/Parcels/));
});
