// Settings: the engines and what would set them up, the local model and what it lacks, the people and their marks; and the picture of a visited page.

import assert from "node:assert/strict";
import { address } from "./pages.mjs";
import { ruled } from "./policypages.mjs";
import { check, demo, eventually, gone, seen, shows } from "./rig.mjs";
import { answer, engines, learning, visited } from "./settingspages.mjs";

const card = (page, name) => page.getByRole("region", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });

check("g c opens Settings; an engine that is not set up says how to", { server: demo }, async ({ page, session }) => {
  await page.goto("/policy");
  await seen(page.getByRole("heading", { name: "Policy", level: 1 }));
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await seen(page.getByRole("heading", { name: "Settings", level: 1 }));
  for (const e of (await session.ask("/engines")).engines) {
    assert.equal(e.state, "off");
    await seen(card(page, e.name).getByText("Not set up"));
    await seen(card(page, e.name).getByText(e.setting));
  }
  await button(page, "Copy the settings for ClamAV").click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^engines:\n {2}clamav:\n {4}address: /);
});

check("engines that answer, do not, or have rules set aside are told apart", { server: demo }, async ({ page }) => {
  await answer(page, "/engines", engines);
  await page.goto("/settings");
  await seen(page.getByText("1 does not answer, 2 answer, 1 is not set up"));
  await seen(card(page, "ClamAV").getByText(/days old: they miss what is new/));
  await seen(card(page, "CAPE").getByRole("alert").getByText("CAPE answers 502 Bad Gateway"));
  await seen(card(page, "CAPE").getByText("2 files still run there"));
  await seen(card(page, "YARA").getByText("loader.yar:7"));
  await seen(card(page, "Page visits").getByText(/Chromium is not found/));
});

check("the local model says what it lacks; training says so too, and a reset asks first", { server: ruled }, async ({ page, session }) => {
  await page.goto("/settings?tab=learning");
  const l = await session.ask("/learning");
  await seen(card(page, "Phish").getByText(`${l.phish} of ${l.need_bad}`));
  await button(page, "Train now").click();
  await seen(page.getByText(/^Phish: \d+ messages called phish, 200 are needed/));
  await button(page, "Reset…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: /^Everything/ }).check();
  assert.equal(await dialog.getByRole("button", { name: "Take everything away" }).getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Reason").fill("start anew");
  await dialog.getByRole("button", { name: "Take everything away" }).click();
  await gone(dialog);
  await eventually(async () => assert.equal((await session.ask("/learning")).examples, 0));
  await eventually(async () => assert.equal(await button(page, "Reset…").getAttribute("aria-disabled"), "true"));
});

check("a model that may not speak says why, before and after it is tried", { server: demo }, async ({ page }) => {
  await answer(page, "/learning", learning);
  await page.goto("/settings?tab=learning");
  await seen(card(page, "Phish").getByText("Speaks", { exact: true }));
  await seen(card(page, "Phish").getByText(/Check not passed: it finds 9 of 900/));
  await button(page, "Activate…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("try it");
  await dialog.getByRole("button", { name: "Check and activate" }).click();
  await seen(dialog.getByRole("alert")); // the server has no model at all
});

check("people are searched, opened, marked as priority accounts and listed by it", { server: ruled }, async ({ page, session }) => {
  await page.goto("/settings?tab=directory");
  const { people: [first], total } = await session.ask("/directory/people", { limit: "1" });
  const list = page.getByRole("grid", { name: "People" });
  await seen(list.getByText(first.address));
  await page.getByLabel("Search people").fill(first.address);
  await eventually(async () => assert.equal(await list.getByRole("row").count(), 2));
  assert.equal(address(page).search, first.address);
  await list.getByText(first.address).click();
  const panel = page.getByRole("complementary", { name: `Person ${first.address}` });
  assert.equal(first.priority, false);
  await panel.getByRole("button", { name: "Mark as priority account" }).click();
  await shows(panel.getByRole("status"), /Priority account\s*said by an operator/);
  await page.keyboard.press("Escape");
  await gone(panel);
  await page.getByLabel("Search people").fill("");
  await page.getByRole("group", { name: "Which people" }).getByRole("button", { name: "Priority accounts" }).click();
  const marked = (await session.ask("/directory/people", { priority: "true" })).total;
  assert.ok(marked > 0 && marked < total);
  await eventually(async () => assert.equal(await list.getByRole("row").count(), marked + 1));
  await seen(card(page, "Where they come from").getByText("settings", { exact: true }));
});

check("a reader sees the settings and changes nothing", { server: demo, as: ["Security Reader"] }, async ({ page, session }) => {
  await page.goto("/settings?tab=learning");
  await seen(page.getByText(/needs the permission learning\.manage/));
  assert.equal(await button(page, "Train now").getAttribute("aria-disabled"), "true");
  const { people: [p] } = await session.ask("/directory/people", { limit: "1" });
  await page.goto(`/settings?tab=directory&person=${encodeURIComponent(p.address)}`);
  const panel = page.getByRole("complementary", { name: /^Person/ });
  assert.equal(await panel.getByRole("button", { name: /mark/i }).getAttribute("aria-disabled"), "true");
});

check("a link whose page was opened shows the way, and its picture to whoever says why", { server: demo }, async ({ page, session }) => {
  const { rows: [row] } = await session.ask("/explorer/emails", { q: "EmailEvents\n| where UrlCount > 0", view: "phish", limit: "1" });
  await visited(page, row.NetworkMessageId);
  await page.goto(`/email/${row.NetworkMessageId}?recipient=${row.RecipientEmailAddress}&tab=urls`);
  const visit = page.getByRole("group", { name: "The page it leads to" }).first();
  await seen(visit.getByText("The page asks for a password at signin.example"));
  assert.deepEqual(await visit.getByRole("list", { name: "Way of the redirects" }).getByRole("listitem").allTextContents(), ["hxxps://hop[.]example/r", "hxxps://signin[.]example/login"]);
  assert.equal(await visit.locator("a, img").count(), 0);
  await visit.getByRole("button", { name: "Show the page" }).click();
  await visit.getByLabel("Reason").fill("ticket 7");
  await visit.getByRole("button", { name: "Show the picture" }).click();
  await seen(visit.getByRole("img", { name: /Picture of the page/ }));
  await seen(visit.getByText(/Recorded: person@kestrelquay\.example/));
  assert.equal(await visit.locator("a, iframe").count(), 0);
});
