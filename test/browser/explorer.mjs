// Explorer as it opens, and the ways to look at mail that are not filters: views, tabs, time, order, columns, search, theme, width.

import assert from "node:assert/strict";
import { address, cell, chart, chipsAre, column, everyCell, explorer, grid, legend, number, openTab, resultTab, rows, settled, total, totalIs } from "./pages.mjs";
import { check, eventually, seen, shows } from "./rig.mjs";

check("Explorer opens on the mail of the last 48 hours, and its figures agree", async ({ session, page }) => {
  await page.goto("/explorer");
  await settled(page);
  await seen(page.getByRole("button", { name: /Last 48 hours/ }));
  const all = await total(page);
  assert.ok(all > 0, "no mail in two days");
  const series = await legend(page).allInnerTexts();
  assert.equal(series.reduce((n, t) => n + number(t.split("\n").at(-1)), 0), all, `the legend ${series} adds up to the list`);
  await seen(page.getByRole("figure", { name: new RegExp(`${all.toLocaleString("en-GB")} email events`) }));
  await shows(page.getByRole("tabpanel").locator("footer"), new RegExp(`1–\\d+ of ${all.toLocaleString("en-GB")}.*mailboxes`));

  await explorer(page);
  assert.equal(await total(page), await session.count());
  assert.ok((await rows(page).count()) > 10);
});

check("the views Malware and Phish show such mail only", async ({ session, page }) => {
  await explorer(page);
  await page.getByRole("tab", { name: "Phish" }).click();
  await totalIs(page, await session.count("EmailEvents", "phish"));
  await everyCell(page, "Verdict", (verdict) => verdict.startsWith("Phish"));

  await page.getByRole("tab", { name: "Malware", exact: true }).click();
  await seen(resultTab(page, /^Top malware families/).and(page.locator("[aria-selected=true]")));
  await seen(page.getByRole("heading", { name: "Top malware families" }));
  await seen(page.getByRole("heading", { name: "Top targeted users" }));
  await totalIs(page, await session.count("EmailEvents", "malware"));
});

check("every tab under the chart has its list", async ({ session, page }) => {
  await explorer(page, { last: "30d" });
  await openTab(page, /^URLs/);
  const links = page.getByRole("tabpanel").getByRole("row");
  await eventually(async () => assert.ok((await links.count()) > 10));
  await shows(links.nth(1), /hxxps?:\/\//);

  await openTab(page, /^Top recipients/);
  await seen(page.getByRole("tabpanel").getByRole("button", { name: /@kestrelquay\.example/ }).first());

  await openTab(page, /^Email origin/);
  await seen(page.getByRole("tabpanel").getByRole("button", { name: /^kestrelquay\.example/ }));
  await page.getByRole("group", { name: "Group by" }).getByRole("button", { name: "Sender IPv4" }).click();
  await seen(page.getByRole("tabpanel").getByRole("button", { name: /^203\.0\.113\./ }).first());
  assert.equal(address(page).origin, "SenderIPv4");

  await openTab(page, /^Malware families/);
  const families = await session.ask("/explorer/facet", { field: "ThreatNames", q: "EmailEvents" });
  await seen(page.getByRole("tabpanel").getByRole("button", { name: new RegExp(`^${families.values.find((v) => v.value !== "").value}`) }));
});

check("the time range is chosen once, relative or absolute, and stands in the address", async ({ session, page }) => {
  await explorer(page);
  const range = page.getByRole("button", { name: /^All mail/ });
  await range.click();
  await page.getByRole("button", { name: "Last 7 days" }).click();
  const all = await session.count();
  await eventually(async () => {
    assert.equal(address(page).last, "7d");
    const week = await total(page);
    assert.ok(week > 0 && week < all, `${week} of ${all} in a week`);
  });

  await page.getByRole("button", { name: /^Last 7 days/ }).click();
  const from = new Date(Date.now() - 3 * 86400e3).toISOString().slice(0, 11) + "00:00", to = new Date(Date.now() - 2 * 86400e3).toISOString().slice(0, 11) + "00:00";
  await page.getByLabel("From", { exact: true }).fill(to);
  await page.getByLabel("To", { exact: true }).fill(from);
  const apply = page.getByRole("button", { name: "Apply" }).last();
  await apply.click();
  await shows(page.getByRole("alert"), "The start must be before the end.");
  await page.getByLabel("From", { exact: true }).fill(from);
  await page.getByLabel("To", { exact: true }).fill(to);
  await apply.click();
  await eventually(() => assert.deepEqual(address(page), { from: `${from}:00Z`, to: `${to}:00Z` }));
  await totalIs(page, (await session.ask("/explorer/count", { q: "EmailEvents", view: "all", from: `${from}:00Z`, to: `${to}:00Z` })).events);
});

check("a column head sorts, and once more turns it round", async ({ page }) => {
  await explorer(page);
  const head = grid(page).getByRole("columnheader", { name: "Sender", exact: true });
  await head.getByRole("button").click();
  await eventually(async () => assert.equal(await head.getAttribute("aria-sort"), "ascending"));
  await eventually(async () => {
    const up = await column(page, "Sender");
    assert.deepEqual(up, [...up].sort(), "not in order");
  });
  await head.getByRole("button").click();
  await eventually(async () => {
    const down = await column(page, "Sender");
    assert.deepEqual(down, [...down].sort().reverse());
  });
  assert.equal(address(page).sort, "-SenderFromAddress");
});

check("columns are chosen by the person and stay theirs", { as: ["Security Reader"] }, async ({ session, open, page }) => {
  await explorer(page);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("checkbox", { name: "Size" }).click();
  await page.getByRole("button", { name: "Size: earlier" }).click();
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 1900, height: 900 });
  await seen(grid(page).getByRole("columnheader", { name: "Size" }));
  assert.match((await column(page, "Size"))[0], /^[\d.]+ (B|KB|MB)$/);
  const elsewhere = await open({ as: session.person, viewport: { width: 1900, height: 900 } });
  await explorer(elsewhere.page);
  await seen(grid(elsewhere.page).getByRole("columnheader", { name: "Size" }));
});

check("the search above every page finds an address in all mail", async ({ session, page }) => {
  await explorer(page, { last: "1h" });
  const box = page.getByRole("search").getByRole("textbox");
  await box.fill("news@harbourweekly.example");
  const found = page.getByRole("search").getByRole("button");
  await shows(found, /Address ?in \d+ email events/);
  const n = number((await found.innerText()).replace(/.*in/s, ""));
  await box.press("Enter");
  await eventually(() => assert.equal(address(page).last, "all"));
  await totalIs(page, n);
  assert.ok(n > 10 && n < (await session.count()));
});

check("dark, light and the system's theme", { as: ["Security Reader"], colorScheme: "dark" }, async ({ page }) => {
  await explorer(page);
  const canvas = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const choose = async (name) => {
    await page.getByRole("button", { name: /sign out$/ }).click();
    await page.getByRole("menuitemradio", { name }).click();
    await page.keyboard.press("Escape");
  };
  await eventually(async () => assert.equal(await canvas(), "rgb(18, 21, 22)"));
  await choose("Light");
  await eventually(async () => assert.equal(await canvas(), "rgb(245, 246, 246)"));
  await page.reload();
  await settled(page);
  await eventually(async () => assert.equal(await canvas(), "rgb(245, 246, 246)"));
  await choose("As the system");
  await eventually(async () => assert.equal(await canvas(), "rgb(18, 21, 22)"));
});

check("times are shown in one zone, UTC or local, chosen once", { as: ["Security Reader"] }, async ({ page }) => {
  await explorer(page);
  const time = (await cell(page, 0, "Time")).locator("time");
  const at = new Date(await time.getAttribute("datetime"));
  await shows(time, new RegExp(at.toISOString().slice(11, 16)));
  await page.getByRole("button", { name: /^Times are shown in/ }).click();
  await page.getByRole("menuitemradio", { name: /Berlin/ }).click();
  await shows(time, new RegExp(at.toLocaleTimeString("en-GB", { timeZone: "Europe/Berlin" }).slice(0, 5)));
  await shows(grid(page).getByRole("columnheader").nth(1), "Time (local)");
});

check("on a narrow screen nothing moves sideways, and the answer stays in sight", { viewport: { width: 800, height: 900 } }, async ({ page }) => {
  const sideways = () => page.evaluate(() => [document.documentElement, ...document.querySelectorAll("main, main *")].filter((e) => e.scrollWidth > e.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(e).overflowX)).map((e) => `${e.tagName}.${e.className}`));
  await explorer(page);
  assert.deepEqual(await sideways(), []);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is wider than the window");
  for (const name of ["Subject", "Verdict", "Delivery action"]) await seen(grid(page).getByRole("columnheader", { name }));
  for (const tab of [/^URLs/, /^Top recipients/, /^Email origin/]) {
    await openTab(page, tab);
    assert.deepEqual(await sideways(), [], `${tab}`);
  }
});

check("the chart folds to its head and stays folded in the address", async ({ page }) => {
  await explorer(page);
  await chart(page).getByRole("button", { name: "Fold", exact: true }).click();
  await eventually(async () => assert.equal(await page.getByRole("figure").count(), 0));
  assert.equal(address(page).chart, "folded");
  await page.reload();
  await settled(page);
  assert.equal(await page.getByRole("figure").count(), 0);
  await chart(page).getByRole("button", { name: "Unfold" }).click();
  await seen(page.getByRole("figure"));
});

check("where nothing matches, the way out is offered", async ({ session, page }) => {
  await explorer(page, { q: 'EmailEvents\n| where Subject == "no subject says this"' });
  await seen(page.getByText("No email event matches"));
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await chipsAre(page);
  await totalIs(page, await session.count());
});
