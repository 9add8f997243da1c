// The panel beside the list.

import assert from "node:assert/strict";
import { address, cell, explorer, flyout, grid, rows, settled, total } from "./pages.mjs";
import { check, eventually, gone, seen, shows } from "./rig.mjs";

const subject = async (page, n) => (await cell(page, n, "Subject")).locator(".clip").first();
const isOpen = (page, name) => eventually(async () => assert.equal(await flyout(page).getAttribute("aria-label"), `Message: ${name}`));

check("a click on a subject opens the message beside the list, which stays usable", async ({ page }) => {
  await explorer(page);
  const names = [await (await subject(page, 1)).innerText(), await (await subject(page, 2)).innerText()];
  await (await subject(page, 1)).click();
  await isOpen(page, names[0]);
  await shows(flyout(page).locator("[aria-live=polite]").first(), `2 of ${(await total(page)).toLocaleString("en-GB")}`);
  assert.equal(await rows(page).and(page.locator("[aria-current=true]")).count(), 1);
  for (const name of ["Subject", "Verdict"]) await seen(grid(page).getByRole("columnheader", { name }));

  await flyout(page).getByRole("button", { name: /^Next/ }).click();
  await isOpen(page, names[1]);
  await flyout(page).getByRole("button", { name: /^Previous/ }).click();
  await isOpen(page, names[0]);
  await (await subject(page, 2)).click();
  await isOpen(page, names[1]);
  await page.reload();
  await settled(page);
  await isOpen(page, names[1]);
  await flyout(page).getByRole("button", { name: /^Close/ }).click();
  await gone(flyout(page));
});

check("it opens on the analysis of a threat and on the summary of other mail", async ({ page }) => {
  await explorer(page, { view: "phish" });
  await (await subject(page, 0)).click();
  await seen(flyout(page).getByRole("tab", { name: /^Analysis/, selected: true }));
  await seen(flyout(page).getByRole("heading", { name: "Which policy decided" }));
  await explorer(page, { q: "EmailEvents\n| where isempty(ThreatTypes)" });
  await (await subject(page, 0)).click();
  await seen(flyout(page).getByRole("tab", { name: /^Summary/, selected: true }));
});

check("each of its parts has contents", async ({ page }) => {
  await explorer(page, { q: "EmailEvents\n| where UrlCount > 0\n| where AttachmentCount > 0" });
  await (await subject(page, 0)).click();
  const panel = flyout(page).getByRole("tabpanel");
  const open = async (tab) => {
    await flyout(page).getByRole("tab", { name: tab }).click();
    await seen(flyout(page).getByRole("tab", { name: tab, selected: true }));
  };
  await open(/^Summary/);
  await seen(panel.getByRole("button", { name: /of 100, see why$/ }));
  await open(/^Timeline/);
  await eventually(async () => assert.ok((await panel.getByRole("listitem").count()) > 0));
  await open(/^Headers/);
  await seen(panel.getByText("Message-ID").first());
  await open(/^URLs/);
  await seen(panel.getByText(/hxxps?:\/\//).first());
  await open(/^Attachments/);
  await seen(panel.getByText(/^[0-9a-f]{64}$/).or(panel.getByText(/SHA-?256/i)).first());
  assert.equal(address(page).pane, "attachments");
});

check("its width is changed by dragging or by the arrow keys, and stays", async ({ page }) => {
  await explorer(page);
  await (await subject(page, 0)).click();
  const edge = flyout(page).getByRole("separator");
  await seen(edge);
  const width = async () => Math.round((await flyout(page).boundingBox()).width);
  assert.equal(await width(), 624);
  await edge.focus();
  await page.keyboard.press("ArrowLeft");
  await eventually(async () => assert.equal(await width(), 640));
  const box = await edge.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 200);
  await page.mouse.down();
  await page.mouse.move(100, box.y + 200);
  await page.mouse.up();
  await eventually(async () => assert.equal(await width(), 760));
  await page.reload();
  await seen(edge);
  await eventually(async () => assert.equal(await width(), 760));
});
