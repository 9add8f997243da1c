// A hundred thousand rows.

import assert from "node:assert/strict";
import { explorer, grid, hunting, huntRows, rows, rowsThere, settled, total } from "./pages.mjs";
import { check, eventually, large } from "./rig.mjs";

const scroller = (page) => grid(page).locator("xpath=..");

/** Number of the last row in sight, from the foot of the list. */
const lastInSight = async (page) => Number((await page.getByRole("tabpanel").locator("footer").innerText()).match(/–([\d,]+) of/)?.[1].replaceAll(",", "") ?? 0);

check("a hundred thousand rows scroll from end to end with a few hundred in the document", { server: large, timeout: 300_000 }, async ({ session, page }) => {
  await explorer(page);
  assert.equal(await total(page), 100_000);
  assert.equal(await grid(page).getAttribute("aria-rowcount"), "100001");
  // On to the end, where the list reads on, until there is no more; and at each step, how much is in the document.
  const most = await page.evaluate(async () => {
    const list = document.querySelector("[role=grid]"), most = { rows: 0, elements: 0 };
    while (list.parentElement.scrollTop + list.parentElement.clientHeight < 100_000 * 34) {
      list.parentElement.scrollTo(0, list.parentElement.scrollHeight);
      await new Promise((resolve) => setTimeout(resolve, 50));
      most.rows = Math.max(most.rows, list.querySelectorAll("[role=row]").length);
      most.elements = Math.max(most.elements, document.getElementsByTagName("*").length);
    }
    return most;
  });
  assert.ok(most.rows < 300 && most.elements < 10_000, `${most.rows} rows and ${most.elements} elements in the document`);
  await eventually(async () => assert.equal(await lastInSight(page), 100_000));
  await settled(page);

  // The last row is the oldest message, and the middle is where it should be.
  const oldest = await session.ask("/explorer/emails", { q: "EmailEvents", view: "all", sort: "Timestamp", desc: "false", limit: "1" });
  const row = grid(page).locator('[role=row][aria-rowindex="100001"]');
  assert.equal(await row.locator("time").getAttribute("datetime"), oldest.rows[0].Timestamp);
  await scroller(page).evaluate((e) => e.scrollTo(0, e.scrollHeight / 2));
  await eventually(async () => assert.ok(Math.abs((await lastInSight(page)) - 50_000) < 20));
  assert.ok((await rows(page).count()) < 200);

  // The keyboard reaches all of it, from wherever the list is scrolled.
  await page.keyboard.press("j");
  await page.keyboard.press("Control+End");
  await eventually(async () => assert.match(await page.evaluate(() => document.activeElement.dataset.cell ?? ""), /^99999:/));
});

check("a hundred thousand rows of a query scroll and sort with a few hundred in the document", { server: large, timeout: 300_000 }, async ({ page }) => {
  await hunting(page, { last: "all", run: "1", q: "EmailEvents | project Timestamp, Subject, RecipientEmailAddress, EmailSize, NetworkMessageId" });
  await rowsThere(page, 100_000);
  const list = page.getByRole("grid", { name: "Rows", exact: true });
  assert.equal(await list.getAttribute("aria-rowcount"), "100001");
  const most = await list.evaluate(async (g) => {
    const most = { rows: 0, elements: 0 };
    for (let i = 0; i <= 60; i++) {
      g.parentElement.scrollTo(0, (g.parentElement.scrollHeight * i) / 60);
      await new Promise((resolve) => setTimeout(resolve, 30));
      most.rows = Math.max(most.rows, g.querySelectorAll("[role=row]").length);
      most.elements = Math.max(most.elements, document.getElementsByTagName("*").length);
    }
    return most;
  });
  assert.ok(most.rows < 100 && most.elements < 6000, `${most.rows} rows and ${most.elements} elements in the document`);
  await eventually(async () => assert.equal(await list.locator('[role=row][aria-rowindex="100001"]').count(), 1));
  await list.getByRole("button", { name: "EmailSize" }).click();
  await eventually(async () => assert.equal(await list.getByRole("columnheader", { name: "EmailSize" }).getAttribute("aria-sort"), "descending"));
  await list.evaluate((g) => g.parentElement.scrollTo(0, 0));
  await eventually(async () => {
    const sizes = (await huntRows(page, "EmailSize")).slice(0, 10).map((t) => Number(t.replaceAll(",", "")));
    assert.ok(sizes.length === 10 && sizes.every((n, i) => i === 0 || n <= sizes[i - 1]), sizes.join());
  });
  await page.keyboard.press("j");
  await page.keyboard.press("Control+End");
  await eventually(async () => assert.match(await page.evaluate(() => document.activeElement.dataset.cell ?? ""), /^99999:/));
});
