// The chart: choosing a time with the mouse, the legend, the split, and the same in numbers.

import assert from "node:assert/strict";
import { address, chart, chips, everyCell, explorer, legend, menuItem, number, settled, total, totalIs } from "./pages.mjs";
import { check, eventually, gone, seen, shows } from "./rig.mjs";

/** Where the bars are drawn: what the figure catches the mouse with. */
const plot = (page) => page.getByRole("figure").locator("[class*=plot]");

/** Drags from one part of the chart's width to another. */
async function drag(page, from, to) {
  const box = await plot(page).boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), y);
  await page.mouse.move(box.x + box.width * to, y);
  await page.mouse.up();
}

check("a brush over the chart says how much mail it covers, and zooms to it", async ({ page }) => {
  await explorer(page);
  await seen(plot(page));
  await drag(page, 0.3, 0.6);
  const said = page.getByRole("figure").getByText(/· [\d,]+ email events/);
  await seen(said);
  const n = number(await said.innerText());
  assert.ok(n > 0 && n < (await total(page)));

  await page.getByRole("figure").getByRole("button", { name: "Clear" }).click();
  await gone(said);

  await drag(page, 0.6, 0.3);
  await shows(said, `· ${n.toLocaleString("en-GB")} email events`);
  await page.getByRole("figure").getByRole("button", { name: "Zoom" }).click();
  await totalIs(page, n);
  const { from, to, last } = address(page);
  assert.ok(Date.parse(from) < Date.parse(to) && last === undefined);
  await settled(page);

  await page.goBack();
  await eventually(async () => assert.equal(address(page).last, "all"));
});

check("the legend isolates a series with a click and hides it with a Shift click", async ({ page }) => {
  await explorer(page);
  const pressed = () => legend(page).evaluateAll((bs) => bs.map((b) => b.getAttribute("aria-pressed") === "true"));
  const at = (await legend(page).allInnerTexts()).findIndex((t) => t.startsWith("Blocked"));
  const all = (await pressed()).map(() => true), only = all.map((_, i) => i === at), but = all.map((_, i) => i !== at);
  assert.deepEqual(await pressed(), all);

  await legend(page).nth(at).click();
  await eventually(async () => assert.deepEqual(await pressed(), only));
  await legend(page).nth(at).click();
  await eventually(async () => assert.deepEqual(await pressed(), all));
  await legend(page).nth(at).click({ modifiers: ["Shift"] });
  await eventually(async () => assert.deepEqual(await pressed(), but));
  await eventually(() => assert.equal(address(page).hide, "blocked"));
  await page.reload();
  await settled(page);
  assert.deepEqual(await pressed(), but);
});

check("the hidden series is not drawn", async ({ page }) => {
  await explorer(page);
  const colours = () =>
    page.getByRole("figure").locator("canvas").evaluate((c) => {
      const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
      const out = new Set();
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) out.add(data[i] + "," + data[i + 1] + "," + data[i + 2]);
      return [...out];
    });
  const blue = "63,122,214"; // #3F7AD6: blocked
  await eventually(async () => assert.ok((await colours()).includes(blue)));
  await legend(page).filter({ hasText: "Blocked" }).click({ modifiers: ["Shift"] });
  await eventually(async () => assert.ok(!(await colours()).includes(blue)));
});

check("the chart is split by any column, and its bars are values", async ({ page }) => {
  await explorer(page);
  await chart(page).getByRole("button", { name: /^Split by/ }).click();
  const answer = page.waitForResponse((r) => r.url().includes("/explorer/chart") && r.url().includes("split=DeliveryAction"));
  await page.getByRole("menuitemradio", { name: "Delivery action", exact: true }).click();
  await seen(chart(page).getByRole("button", { name: "Split by delivery action" }));
  await settled(page);
  assert.equal(address(page).split, "DeliveryAction");

  // The foot of the highest bar belongs to the lowest series.
  const c = await (await answer).json();
  const sums = c.starts.map((_, i) => c.series.reduce((n, s) => n + s.counts[i], 0));
  const highest = sums.indexOf(Math.max(...sums));
  const box = await plot(page).boundingBox();
  await plot(page).click({ position: { x: (box.width * (highest + 0.5)) / sums.length, y: box.height - 3 } });
  const menu = page.getByRole("menu");
  await seen(menu);
  await menuItem(page, "Include").click();
  const action = await eventually(async () => {
    const said = (await chips(page)).join();
    assert.match(said, /^Delivery action is (Delivered|Blocked|Junked)$/);
    return said.split(" ").at(-1);
  });
  await everyCell(page, "Delivery action", (a) => a === action || (a === "Removed" && action === "Delivered")); // the cell goes on to what came after

  // A name in the legend is a value too.
  await legend(page).first().click({ button: "right" });
  await seen(menu);
});

check("the chart is a table for whoever wants numbers", async ({ page }) => {
  await explorer(page);
  await chart(page).getByRole("button", { name: "Show as a table" }).click();
  const table = page.getByRole("region", { name: "The chart as a table" });
  await seen(table);
  const sum = (await table.locator("tbody tr td:last-child").allInnerTexts()).reduce((n, t) => n + number(t), 0);
  assert.equal(sum, await total(page));
  const heads = await table.getByRole("columnheader").allInnerTexts();
  assert.equal(heads.length, (await legend(page).count()) + 2);
});

check("the values beside the chart can be the rarest, more of them, or of another column", async ({ session, page }) => {
  await explorer(page, { facet: "SenderFromDomain" });
  const list = page.getByRole("region", { name: /values: Sender domain$/ });
  assert.equal(await list.getByRole("listitem").count(), 5);
  const counts = async () => (await list.getByRole("listitem").allInnerTexts()).map((t) => number(t.split("\n").at(-1)));
  const top = await counts();
  assert.deepEqual(top, [...top].sort((a, b) => b - a));
  await list.getByRole("button", { name: /^and \d+ more$/ }).click();
  await eventually(async () => assert.ok((await list.getByRole("listitem").count()) > 20));
  await list.getByRole("button", { name: "Rare" }).click();
  await eventually(async () => assert.equal((await counts())[0], 1));
  assert.equal(address(page).rare, "1");

  await list.getByRole("button", { name: /choose another field/ }).click();
  await page.getByRole("menuitemradio", { name: "Language" }).click();
  const languages = page.getByRole("region", { name: /values: Language$/ });
  const known = (await session.ask("/explorer/facet", { q: "EmailEvents", field: "EmailLanguage", order: "rare", limit: 5 })).values.map((v) => v.value);
  await eventually(async () => assert.deepEqual((await languages.getByRole("listitem").allInnerTexts()).map((t) => t.split("\n")[0]), known.filter((v) => v !== "")));
});
