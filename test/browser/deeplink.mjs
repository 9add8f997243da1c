// The address bar holds the whole state.

import assert from "node:assert/strict";
import { chart, chips, column, explorer, filterBar, flyout, kql, legend, openTab, resultTab, settled, total } from "./pages.mjs";
import { check, eventually, seen } from "./rig.mjs";

/** What a person sees of Explorer, in words. */
async function picture(page) {
  await settled(page);
  const names = (locator) => locator.evaluateAll((es) => es.map((e) => e.textContent.trim()));
  return {
    chips: await chips(page),
    kql: await kql(page),
    total: await total(page),
    views: await names(page.getByRole("tablist", { name: "View" }).locator("[aria-selected=true]")),
    tab: await names(page.getByRole("tablist", { name: "Results" }).locator("[aria-selected=true]")),
    legend: await legend(page).evaluateAll((bs) => bs.map((b) => `${b.textContent} ${b.getAttribute("aria-pressed")}`)),
    split: await chart(page).getByRole("button", { name: /^Split by/ }).textContent(),
    facet: await names(page.getByRole("region", { name: /^(Most common|Rarest) values/ }).getByRole("listitem")),
    range: await page.locator("header").getByRole("button", { name: /–/ }).innerText(),
    message: await flyout(page).getAttribute("aria-label"),
    pane: await names(flyout(page).locator("[role=tab][aria-selected=true]")),
    sorted: await page.locator("[aria-sort=ascending], [aria-sort=descending]").evaluateAll((es) => es.map((e) => e.textContent + e.getAttribute("aria-sort"))),
    subjects: (await column(page, "Subject")).slice(0, 8),
  };
}

check("a link that is shared shows a colleague the same", async ({ open, page }) => {
  await explorer(page, { q: 'EmailEvents\n| where RecipientEmailAddress startswith "s."', last: "30d" });
  await page.getByRole("tab", { name: "Phish" }).click();
  await seen(page.getByRole("tab", { name: "Phish", selected: true }));
  await chart(page).getByRole("button", { name: /^Split by/ }).click();
  await page.getByRole("menuitemradio", { name: "Delivery action", exact: true }).click();
  await seen(chart(page).getByRole("button", { name: "Split by delivery action" }));
  await settled(page);
  await legend(page).first().click({ modifiers: ["Shift"] });
  await seen(legend(page).and(page.locator("[aria-pressed=false]")));
  await page.getByRole("region", { name: /^Most common/ }).getByRole("button", { name: /choose another field/ }).click();
  await page.getByRole("menuitemradio", { name: "Sender domain", exact: true }).click();
  await page.getByRole("region", { name: /^Most common values: Sender domain/ }).getByRole("button", { name: "Rare" }).click();
  await seen(page.getByRole("region", { name: /^Rarest values: Sender domain/ }));
  await page.getByRole("columnheader", { name: "Subject" }).getByRole("button").click();
  await seen(page.getByRole("columnheader", { name: "Subject" }).and(page.locator("[aria-sort=ascending]")));
  await settled(page);
  await page.locator('[data-cell="2:2"]').click();
  await flyout(page).getByRole("tab", { name: /^Timeline/ }).click();
  await seen(flyout(page).getByRole("tab", { name: /^Timeline/, selected: true }));

  await page.getByRole("button", { name: "Share" }).click();
  const link = await eventually(async () => {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /^http/);
    return text;
  });
  // A relative time is made absolute: tomorrow the link still means the same mail.
  const shared = new URL(link).searchParams;
  assert.equal(shared.get("last"), null);
  assert.ok(Date.parse(shared.get("from")) < Date.parse(shared.get("to")));

  const mine = await picture(page);
  const colleague = await open({ as: ["Security Reader"] });
  await colleague.page.goto(link);
  await seen(flyout(colleague.page).getByRole("tab", { name: /^Timeline/, selected: true }));
  const theirs = await picture(colleague.page);
  assert.match(mine.range, /Last 30 days/);
  assert.match(theirs.range, /From – to/);
  assert.deepEqual({ ...theirs, range: "" }, { ...mine, range: "" });
});

check("back and forward go through what was asked", async ({ page }) => {
  await explorer(page);
  const steps = [await page.url()];
  await page.getByRole("tab", { name: "Phish" }).click();
  await seen(page.getByRole("tab", { name: "Phish", selected: true }));
  await settled(page);
  steps.push(page.url());
  await openTab(page, /^URLs/);
  steps.push(page.url());
  await page.goBack();
  await eventually(() => assert.equal(page.url(), steps[1]));
  await seen(resultTab(page, /^Email/).first());
  await page.goBack();
  await seen(page.getByRole("tab", { name: "All email", selected: true }));
  assert.equal(page.url(), steps[0]);
  await page.goForward();
  await seen(page.getByRole("tab", { name: "Phish", selected: true }));
});

check("what makes no sense in an address is read as if it were not there", async ({ page }) => {
  await page.goto('/explorer?view=all%22&tab=x&split=%3Cscript%3E&facet=a-b&sort=;drop&open=../../etc&from=yesterday&to=1&hide=%E0%A4%A&origin=1');
  await settled(page);
  assert.deepEqual(await chips(page), []);
  await seen(page.getByRole("button", { name: /Last 48 hours/ }));
  await seen(chart(page).getByRole("button", { name: "Split by outcome" }));
  assert.equal(await page.getByRole("alert").count(), 0);
  await seen(filterBar(page));
});
