// Rules: what judges mail is listed, one is opened, written with help, tested, tried on stored mail, saved, and taken back.

import assert from "node:assert/strict";
import { address } from "./pages.mjs";
import { check, eventually, gone, seen, shows } from "./rig.mjs";

const table = (page) => page.getByRole("table", { name: "Rules" });
const rowOf = (page, id) => table(page).locator(`[data-rule="${id}"]`);
const panel = (page) => page.getByRole("complementary", { name: /^Rule / });
const text = (page) => page.getByRole("textbox", { name: "Text of the rule" });
const state = (page) => page.getByRole("region", { name: "Rule", exact: true }).getByRole("status");
const button = (page, name) => page.getByRole("button", { name, exact: true });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });

/** A rule that compiles, with an id of its own. */
const lamp = (id, more = "") => `id: ${id}
title: An offer for lamps
description: Sells lamps to everybody.
author: Test
threat: Spam
technology: General filter
severity: low
weight: 60
false_positives: [a real lamp shop]
when: |
  msg.mentions(["lamps"])${more}
samples:
  - match: true
    message: |
      From: a@lamps.example
      To: b@northwind.example
      Subject: lamps

      x
  - match: false
    why: chairs are no lamps
    message: |
      From: a@lamps.example
      To: b@northwind.example
      Subject: chairs

      x
`;

/** Writes the whole text at once. */
async function write(page, what) {
  await text(page).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(what);
}

async function save(page, why) {
  await shows(state(page), /Nothing is wrong/);
  await button(page, "Save").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Why/).fill(why);
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await gone(dialog);
}

check("g r opens Rules; the list is searched, filtered, sorted and walked by keys", async ({ page, session }) => {
  await page.goto("/explorer?last=all");
  await seen(page.getByRole("heading", { name: "Explorer", level: 1 }));
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await seen(page.getByRole("heading", { name: "Rules", level: 1 }));
  const all = (await session.ask("/rules")).rules;
  const names = () => table(page).locator("[data-rule]").evaluateAll((es) => es.map((e) => e.dataset.rule));
  await eventually(async () => assert.equal((await names()).length, all.length));
  assert.ok(all.length > 100);
  await page.getByLabel("Threat", { exact: true }).selectOption("Malware");
  const malware = all.filter((r) => r.threat === "Malware").map((r) => r.id);
  await eventually(async () => assert.deepEqual(await names(), malware));
  assert.equal(address(page).threat, "Malware");
  await page.getByLabel("Find a rule").pressSequentially("nothing is called so");
  await seen(page.getByText("No rule fits the filter"));
  await button(page, "Clear the filter").click();
  await eventually(async () => assert.equal((await names()).length, all.length));
  await table(page).getByRole("button", { name: "Hits, 30 days" }).click();
  const hits = (await session.ask("/rules/hits")).hits;
  const most = Math.max(...Object.values(hits));
  await eventually(async () => assert.equal(hits[(await names())[0]], most));
  await table(page).getByRole("button", { name: "Rule", exact: true }).click();
  await page.keyboard.press("Escape");
  await rowOf(page, all[0].id).focus();
  await page.keyboard.press("j");
  await page.keyboard.press("o");
  await seen(page.getByRole("complementary", { name: `Rule ${all[1].id}` }));
  await page.keyboard.press("]");
  await seen(page.getByRole("complementary", { name: `Rule ${all[2].id}` }));
  await page.keyboard.press("Escape");
  await gone(panel(page));
});

check("a shipped rule is turned off with a reason, told in the list, and comes back", async ({ page }) => {
  const id = "antivirus-expired-scare";
  await page.goto(`/rules?open=${id}`);
  await seen(panel(page).getByText("Condition"));
  await button(panel(page), "Turn off").click();
  const dialog = page.getByRole("dialog");
  assert.ok(await dialog.getByRole("button", { name: "Turn off" }).isDisabled());
  await dialog.getByLabel(/^Why/).fill("too loud");
  await dialog.getByRole("button", { name: "Turn off" }).click();
  await gone(dialog);
  await seen(button(panel(page), "Turn on"));
  await seen(panel(page).getByText("too loud"));
  await page.getByLabel("State").selectOption("off");
  await seen(rowOf(page, id));
  await button(panel(page), "Back to the file's").click();
  await dialog.getByLabel(/^Why/).fill("it was right");
  await dialog.getByRole("button", { name: "Go back" }).click();
  await gone(dialog);
  await seen(button(panel(page), "Turn off"));
});

check("errors stand in their place while a rule is written, and what may be written is proposed", async ({ page }) => {
  await page.goto("/rules/_new");
  await write(page, lamp("typed-rule", "\n    && msg.colour == 1"));
  await shows(state(page), /Line 12, column 11: when: undefined field 'colour'/);
  await shows(page.locator(".cm-lintRange-error"), ".colour");
  await state(page).getByRole("button", { name: /^Line 12/ }).click();
  await page.keyboard.press("End");
  for (let i = 0; i < " == 1".length + "colour".length; i++) await page.keyboard.press("Backspace");
  await page.keyboard.type("li");
  const proposals = page.getByRole("listbox").getByRole("option");
  await seen(proposals.filter({ hasText: /^links/ }).first());
  await seen(page.locator(".cm-completionInfo").getByText("Links that a reader can follow."));
  await page.keyboard.press("Tab");
  await page.keyboard.type(".exi");
  await seen(proposals.filter({ hasText: /^exists/ }).first());
  await page.keyboard.press("Tab");
  await page.keyboard.type("shortener(x.ho");
  await seen(proposals.filter({ hasText: /^host/ }));
  await page.keyboard.press("Tab");
  await eventually(async () => assert.match(await text(page).innerText(), /msg\.links\.exists\(x, shortener\(x\.host\)\)/));
  await shows(state(page), /Nothing is wrong/);
  await text(page).getByText("shortener", { exact: true }).hover();
  await seen(page.locator(".cm-tooltip-hover").getByText("Whether the host shortens links."));
});

check("a rule is tested, saved, changed, compared and restored, and unsaved work stays", async ({ page, session }) => {
  await page.goto("/rules/_new");
  await write(page, lamp("lamp-shop").replace("Subject: chairs", "Subject: lamps"));
  await page.keyboard.press("Control+Enter");
  await seen(page.getByText("1 of 2 samples fail."));
  const samples = page.getByRole("list", { name: "Samples" });
  await seen(samples.getByText(/must not match, and does \(chairs are no lamps\)/));
  await write(page, lamp("lamp-shop"));
  await seen(page.getByText("The text has changed since."));
  await button(page, "Test Ctrl Enter").or(page.getByRole("button", { name: /^Test/ })).first().click();
  await seen(page.getByText("All 2 samples pass."));
  await page.getByLabel("Try it on a message").fill("From: a@b.example\nTo: c@kestrelquay.example\nSubject: lamps for all\n\nx");
  await button(page, "Try").click();
  await shows(page.getByRole("list", { name: "Your message" }).getByRole("button"), /Matches.*Spam/);

  await save(page, "ticket 7");
  await eventually(async () => assert.equal(new URL(page.url()).pathname, "/rules/lamp-shop"));
  await seen(page.getByRole("heading", { name: "lamp-shop", level: 1 }));
  await eventually(async () => assert.equal((await session.ask("/rules/lamp-shop")).version, 1));

  // What was not saved is there after leaving the page, and after a reload.
  await write(page, lamp("lamp-shop", " || msg.mentions([\"bulbs\"])"));
  await page.getByRole("link", { name: "All rules" }).click();
  await seen(rowOf(page, "lamp-shop").getByText("unsaved"));
  await page.goto("/rules/lamp-shop");
  await seen(page.getByText("This is your unsaved work."));
  await save(page, "bulbs too");
  await gone(page.getByText("This is your unsaved work."));

  await tab(page, "History").click();
  const history = page.getByRole("list", { name: "History" });
  await seen(history.getByText("bulbs too"));
  await history.getByRole("button", { name: /^Version 2/ }).click();
  const diff = page.getByRole("region", { name: "What version 2 changed" });
  await shows(diff.locator('[data-sign="+"]'), /added .*bulbs/);
  await shows(diff.locator('[data-sign="-"]'), /removed .*lamps/);
  await history.getByRole("button", { name: /^Version 1/ }).click();
  await history.getByRole("button", { name: "Restore this text" }).click();
  await eventually(async () => assert.doesNotMatch(await text(page).innerText(), /bulbs/));
  await shows(state(page), /Nothing is wrong/);
  await button(page, "Save").click();
  assert.equal(await page.getByRole("dialog").getByLabel(/^Why/).inputValue(), "restored version 1");
  await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await gone(page.getByRole("dialog"));
  await eventually(async () => assert.equal((await session.ask("/rules/lamp-shop")).text, lamp("lamp-shop")));

  await page.goto("/rules?open=lamp-shop");
  await button(panel(page), "Remove").click();
  await page.getByRole("dialog").getByLabel(/^Why/).fill("only a test");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await gone(rowOf(page, "lamp-shop"));
});

check("what-if lists the messages that would end otherwise and leads to them", async ({ page, session }) => {
  await page.goto("/rules/_new?last=30d");
  await write(page, lamp("every-mail").replace('msg.mentions(["lamps"])', "msg.size > 0"));
  await shows(state(page), /Nothing is wrong/);
  await button(page, "What-if").click();
  const pane = page.getByRole("tabpanel");
  await button(pane, "Last 7 days").click();
  await button(pane, "Run").click();
  await seen(pane.getByText("Done", { exact: true }));
  const results = pane.getByRole("grid", { name: "Messages that differ" });
  await seen(results);
  const run = address(page).run;
  const counts = (await session.ask(`/whatif/${run}`)).counts;
  assert.ok(counts.now_flagged > 0);
  await seen(pane.getByText(`${counts.now_flagged.toLocaleString("en-GB")} email event`));
  const first = (await session.ask(`/whatif/${run}/results`, { limit: "1" })).results[0];
  await seen(results.getByText(/An offer for lamps/).first());
  await write(page, lamp("every-mail"));
  await seen(pane.getByText("The text has changed since this run."));
  await results.locator('[data-cell^="0:"]').first().click();
  await eventually(async () => assert.equal(new URL(page.url()).pathname, `/email/${first.network_message_id}`));
  // The run is in the address: going back shows it again.
  await page.goBack();
  await seen(page.getByRole("grid", { name: "Messages that differ" }));
});

check("a run of what-if can be cancelled", async ({ page }) => {
  await page.route(/\/api\/v1\/whatif\/[^/]+$/, async (route) => {
    if (route.request().method() !== "GET") return route.continue();
    const answer = await route.fetch();
    const run = await answer.json();
    await route.fulfill({ response: answer, json: cancelled ? { ...run, state: "cancelled" } : { ...run, state: "running", ended: null, progress: 0.4 } });
  });
  let cancelled = false;
  await page.goto("/rules/antivirus-expired-scare?pane=whatif");
  await button(page.getByRole("tabpanel"), "Run").click();
  await seen(page.getByRole("progressbar", { name: "Messages looked at" }));
  const asked = page.waitForRequest((r) => r.method() === "DELETE" && r.url().includes("/whatif/"));
  await button(page.getByRole("tabpanel"), "Cancel").click();
  await asked;
  cancelled = true;
  await seen(page.getByText("Cancelled", { exact: true }));
});

check("a rule like another begins with its text and an id of its own", async ({ page }) => {
  await page.goto("/rules?open=antivirus-expired-scare");
  await button(panel(page), "Create rule like this").click();
  await seen(page.getByRole("heading", { name: "New rule", level: 1 }));
  await eventually(async () => assert.match(await text(page).innerText(), /^id: antivirus-expired-scare-copy/));
});

check("who may not write rules reads them, and who may not try them sees what their samples said", { as: ["Security Reader"] }, async ({ page }) => {
  await page.goto("/rules/antivirus-expired-scare");
  await seen(page.getByText("Changing it needs the permission rules.edit."));
  await seen(page.getByText(/^All \d+ samples pass\.$/));
  assert.equal(await button(page, "Save").count(), 0);
  await page.goto("/rules");
  await seen(table(page));
  assert.equal(await page.getByRole("button", { name: "New rule" }).count(), 0);
});

check("a rule that is not there says so and leads on", async ({ page }) => {
  await page.goto("/rules/no-such-rule");
  await seen(page.getByRole("heading", { name: "There is no such rule" }));
  await page.getByRole("link", { name: "All rules" }).click();
  await seen(page.getByRole("heading", { name: "Rules", level: 1 }));
});
