// The dashboard: its numbers lead to what they count, and each reader has it as they arranged it.

import assert from "node:assert/strict";
import { number, settled, total } from "./pages.mjs";
import { check, eventually, gone, seen, shows } from "./rig.mjs";

const widget = (page, name) => page.getByRole("region", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Waits until everything on it is counted. */
async function counted(page) {
  await seen(page.getByRole("heading", { name: "Dashboard", level: 1 }));
  await seen(page.getByRole("contentinfo", { name: "Coverage" }).or(page.locator("footer[aria-label=Coverage]")));
  await eventually(async () => assert.equal(await page.getByLabel(/^Counting/).count(), 0, "something is still counted"));
}

check("numbers of the dashboard open Explorer on as much mail", { timeout: 180_000 }, async ({ session, page }) => {
  await page.goto("/");
  await counted(page);
  assert.equal(new URL(page.url()).pathname, "/dashboard");
  await seen(page.getByRole("button", { name: /Last 7 days/ }));

  // Whatever leads to Explorer counts there what it says here.
  const links = await page.locator('section[data-widget] a[href^="/explorer?"]').evaluateAll((all) =>
    all.map((a) => ({ text: (a.querySelector("b") ?? a).textContent, name: a.closest("section").dataset.widget, href: a.href })).filter((l) => /^[\d,]+$/.test(l.text)),
  );
  assert.ok(links.length > 25, `only ${links.length} numbers lead to Explorer`);
  assert.ok(new Set(links.map((l) => l.name)).size >= 7, "hardly any widget has such a number");
  assert.ok(links.some((l) => number(l.text) > 100));
  for (const l of links.filter((_, i) => i % 3 === 0)) {
    const { view = "all", q = "EmailEvents", from, to } = Object.fromEntries(new URL(l.href).searchParams);
    assert.equal((await session.ask("/explorer/count", { view, q, from, to })).events, number(l.text), `${l.name}: ${l.href}`);
  }

  // And so it does for who clicks: in place, and in a tab of its own with the middle button.
  const scanned = widget(page, "Weekly detections").getByRole("link", { name: / Messages scanned$/ });
  const all = number(await scanned.textContent());
  const [tab] = await Promise.all([session.context.waitForEvent("page"), scanned.click({ button: "middle" })]);
  await settled(tab);
  await eventually(async () => assert.equal(await total(tab), all));
  await tab.close();
  const phish = widget(page, "Threats of the period").getByRole("link", { name: /^Phish blocked/ });
  const n = number(await phish.locator("b").textContent());
  await phish.click();
  await settled(page);
  await eventually(async () => assert.equal(await total(page), n));
  await seen(page.getByRole("tab", { name: "Phish", selected: true }));

  await page.goBack();
  await counted(page);
  await widget(page, "Weekly detections").hover();
  await button(page, "Show query: Weekly detections").click();
  const queries = page.getByRole("group", { name: /^How it is counted/ }).or(page.getByRole("dialog", { name: /^How it is counted/ }));
  await shows(queries.locator("pre").first(), /^EmailEvents.*count$/);
  await queries.getByRole("link", { name: "Open in Hunting" }).first().click();
  await seen(page.getByRole("heading", { name: "Hunting", level: 1 }));
  await seen(page.getByRole("grid", { name: "Rows", exact: true }).getByText(all.toLocaleString("en-GB"), { exact: true }));
});

check("the dashboard stays as its reader arranged it, and paper is light", { as: ["Security Reader"], colorScheme: "dark" }, async ({ page }) => {
  const order = () => page.locator("section[data-widget]").evaluateAll((all) => all.map((e) => e.dataset.widget));
  await page.goto("/dashboard?last=30d");
  await counted(page);
  const usual = await order();
  await button(page, "Arrange").click();
  const up = button(page, "Move Insights up");
  await up.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await eventually(async () => assert.deepEqual((await order()).slice(0, 4), ["needs", "summary", "insights", "protection"]));
  assert.ok(await up.evaluate((e) => e === document.activeElement), "the moved widget lost the focus");
  await seen(page.getByText("Insights: place 3 of"));
  await button(page, "Hide Campaigns").click();
  await page.locator('[data-widget="weekly"] header').dragTo(page.locator('[data-widget="protection"] header'));
  await eventually(async () => assert.deepEqual((await order()).slice(2, 5), ["insights", "weekly", "protection"]));
  const mine = await order();
  await page.getByRole("region", { name: "Arrange the dashboard" }).getByRole("button", { name: "Done" }).click();

  await page.reload();
  await counted(page);
  assert.deepEqual(await order(), mine);
  assert.equal(await widget(page, "Campaigns").count(), 0);

  // The browser takes the page as it is when the event is over.
  await page.evaluate(() => addEventListener("beforeprint", () => (window.onPaper = document.documentElement.dataset.theme)));
  await page.pdf({ format: "A4" });
  assert.equal(await page.evaluate(() => window.onPaper), "light");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");

  await button(page, "Arrange").click();
  await button(page, "Reset to default").click();
  await eventually(async () => assert.deepEqual(await order(), usual));
  await seen(widget(page, "Campaigns"));
  await gone(page.getByRole("list", { name: "Hidden widgets" }));
});
