// Threats: the list with what was seen here first, an article whose numbers lead to their mail, and the flyout wherever a threat is named.

import assert from "node:assert/strict";
import { address } from "./pages.mjs";
import { check, eventually, seen, shows } from "./rig.mjs";

const table = (page) => page.getByRole("table", { name: "Threats" });
const about = (page) => page.getByRole("dialog", { name: "About this threat" });

check("g t opens Threats; what was seen comes first, and its number is what Explorer finds", async ({ page }) => {
  await page.goto("/explorer?last=all");
  await seen(page.getByRole("heading", { name: "Explorer", level: 1 }));
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await seen(page.getByRole("heading", { name: "Threat intelligence", level: 1 }));
  const rows = table(page).locator("[data-threat]");
  await eventually(async () => assert.ok((await rows.count()) >= 45));
  const first = rows.first();
  const link = first.getByTitle("Show in Explorer");
  const count = await link.textContent();
  await page.getByRole("switch", { name: "Only seen here" }).click();
  await eventually(async () => assert.equal(address(page).seen, "1"));
  await eventually(async () => assert.equal(await rows.count(), await table(page).getByTitle("Show in Explorer").count()));
  await page.getByLabel("Find a threat").pressSequentially("nothing is called so");
  await seen(page.getByText("No threat fits the filter"));
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await link.click();
  await seen(page.getByRole("heading", { name: "Explorer", level: 1 }));
  await seen(page.getByRole("tab", { name: `Email ${count}` }));
});

check("an article tells and leads on; the flyout opens from the menu of a value and says when nothing is known", async ({ page }) => {
  await page.goto("/intelligence/threats/display-name-spoofing?last=all");
  await seen(page.getByRole("heading", { name: "Display name spoofing", level: 1 }));
  for (const title of ["What it is", "How it arrives", "How it shows", "What to check", "What to do"]) await seen(page.getByRole("heading", { name: title, level: 2 }));
  await seen(page.getByRole("region", { name: "Seen here" }).getByText("in mailboxes now"));
  await page.getByRole("region", { name: "Related threats" }).getByRole("link", { name: "Gift card fraud" }).click();
  await seen(page.getByRole("heading", { name: "Gift card fraud", level: 1 }));
  await page.goto("/intelligence/threats/no-such-threat");
  await seen(page.getByRole("heading", { name: "There is no such threat" }));

  await page.goto("/explorer?last=all&view=phish&facet=Signals");
  const facet = page.getByRole("region", { name: "Most common values: Signals" });
  await facet.getByRole("button", { name: /brand-display-name/ }).first().click();
  await page.getByRole("menuitem", { name: "About this threat" }).click();
  await shows(about(page), /Display name spoofing/);
  await seen(about(page).getByRole("heading", { name: "What to do" }));
  await page.keyboard.press("Escape");
  await eventually(async () => assert.equal(await about(page).count(), 0));
  await facet.getByRole("button", { name: /generic-greeting/ }).first().click();
  await page.getByRole("menuitem", { name: "About this threat" }).click();
  await shows(about(page), /Nothing is known of this name/);
  await about(page).getByRole("link", { name: "Open its mail in Explorer" }).click();
  await eventually(async () => assert.match(address(page).q, /Signals has "generic-greeting"/));
});
