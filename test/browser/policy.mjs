// The policy, the allow and block list, settings of mailboxes, and judging again. What is changed here changes what is done with
// mail, so all of it happens on a server of its own.

import assert from "node:assert/strict";
import { victim } from "./mail.mjs";
import { address, explorer, menuItem, pointAt, cell } from "./pages.mjs";
import { policy, ruled } from "./policypages.mjs";
import { check, eventually, gone, seen, shows } from "./rig.mjs";

const on = { server: ruled };
const tabs = (page) => page.getByRole("tablist", { name: "Parts of the policy" });
const dialog = (page) => page.getByRole("dialog");
const changes = (page) => page.getByRole("region", { name: "Changes that are not saved" });
const history = (page) => page.getByRole("region", { name: "History" });
const entries = (page) => page.getByRole("grid", { name: "Entries" });

/** Waits until a run is over and returns its card. */
async function done(page, name) {
  const card = page.getByRole("region", { name });
  await seen(card.getByText("Done", { exact: true }));
  return card;
}

const reason = (page) => dialog(page).getByLabel("Reason");

check("the policy is tried, saved with a reason, stands in the history, and is restored", on, async ({ session, page }) => {
  await page.goto("/explorer?last=all");
  await seen(page.getByRole("heading", { name: "Explorer", level: 1 }));
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await seen(page.getByRole("heading", { name: "Policy", level: 1 }));
  const phish = page.getByLabel("Phish, normal confidence");
  const was = await phish.inputValue();
  await phish.selectOption("quarantine");
  await seen(changes(page));
  assert.equal(address(page).set, "phish:quarantine");
  await changes(page).getByRole("button", { name: "What would it have done?" }).click();
  const card = await done(page, "What would it have done?");
  const run = await session.ask(`/whatif/${address(page).run}`);
  assert.ok(run.counts.action_changed > 0);
  await shows(card.getByRole("list", { name: /^From where to where/ }), new RegExp(`quarantine\\s*${run.counts.action_changed}`));
  assert.equal((await session.ask("/policy")).policy.phish, was, "trying changed the policy");

  await changes(page).getByRole("button", { name: "Save…" }).click();
  const save = dialog(page).getByRole("button", { name: "Save" });
  assert.equal(await save.getAttribute("aria-disabled"), "true", "it can be saved without a reason");
  await reason(page).fill("Two weeks without a false alarm");
  await save.click();
  await gone(dialog(page));
  await gone(changes(page));
  assert.deepEqual([(await session.ask("/policy")).policy.phish, (await session.ask("/policy")).reason], ["quarantine", "Two weeks without a false alarm"]);
  await shows(history(page).getByRole("listitem").first(), /Version \d+.*in force.*Two weeks without a false alarm.*Phish, normal confidence: To the junk folder.*To quarantine/);

  await history(page).getByRole("listitem").filter({ hasText: "Settings file" }).getByRole("button", { name: "Restore" }).click();
  await seen(dialog(page));
  await reason(page).fill("Back to the settings file: too many complaints");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await gone(dialog(page));
  assert.equal((await session.ask("/policy")).policy.phish, was);
});

check("turning it on or off, and what is odd, is warned of before it is saved; a link shows the same proposal", on, async ({ page, open }) => {
  await policy(page);
  await page.getByRole("radio", { name: /^Watch/ }).click();
  await seen(changes(page).getByText(/^Turning it off/));
  await page.getByLabel("Spam, normal confidence").selectOption("drop");
  await seen(changes(page).getByText(/A wrong verdict cannot be made good/));
  const other = await open();
  await other.page.goto(page.url());
  await seen(changes(other.page).getByText(/^Turning it off/));
  await changes(page).getByRole("button", { name: "Discard" }).click();
  await gone(changes(page));
  assert.equal(address(page).set, undefined);
});

check("somebody who was faster is not overwritten", on, async ({ page, session }) => {
  await policy(page, { set: "spam_high:quarantine" });
  await changes(page).getByRole("button", { name: "Save…" }).click();
  await reason(page).fill("First try of two");
  const now = await session.ask("/policy");
  const answer = await session.context.request.put("/api/v1/policy", { data: { policy: { ...now.policy, bulk_from: now.policy.bulk_from === 7 ? 8 : 7 }, version: now.version, reason: "the faster one" } });
  assert.equal(answer.status(), 200);
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await dialog(page).getByRole("button", { name: "Look at theirs" }).click();
  await gone(dialog(page));
  await seen(history(page).getByText("the faster one"));
  await seen(changes(page).getByText(/Spam, high confidence: To quarantine/));
});

check("a sender is blocked from the list of mail, tried before, and taken off with a reason", on, async ({ page, session }) => {
  await explorer(page, { view: "phish" });
  const sender = (await cell(page, 0, "Sender")).locator("[data-value]");
  const { rows: [row] } = await session.ask("/explorer/emails", { q: "EmailEvents", view: "phish", limit: "1" });
  await pointAt(page, sender);
  await menuItem(page, "Block sender…").click();
  await seen(dialog(page));
  await eventually(async () => assert.equal(await dialog(page).getByLabel("What", { exact: false }).first().inputValue(), row.SenderFromAddress));
  await seen(dialog(page).getByText(/goes to quarantine\.$/));
  await dialog(page).getByRole("button", { name: "What would it have done?" }).click();
  await seen(dialog(page).getByText(/^Of [\d,]+ messages/));
  await reason(page).fill("Ticket 4711");
  await dialog(page).getByRole("button", { name: "Block", exact: true }).last().click();
  await seen(dialog(page).getByText("It is on the list"));
  await dialog(page).getByRole("link", { name: "the list" }).click();
  await seen(entries(page));
  const mine = entries(page).getByRole("row").filter({ hasText: "Ticket 4711" });
  await mine.getByText("Ticket 4711").click();
  await seen(dialog(page));
  const id = address(page).entry;
  await dialog(page).getByRole("button", { name: "Remove…" }).click();
  await reason(page).fill("It was a drill");
  await dialog(page).getByRole("button", { name: "Remove", exact: true }).click();
  await gone(dialog(page));
  await gone(mine);
  assert.equal((await session.context.request.get(`/api/v1/policy/entries/${id}`)).status(), 404);
});

check("what cannot be an entry, what is there already and what is one's own is told while it is typed", on, async ({ page }) => {
  await policy(page, { tab: "list" });
  await page.getByRole("button", { name: "Add entry" }).click();
  const what = dialog(page).getByRole("textbox", { name: /^What/ });
  await what.fill("evil[.]example\nnot a domain");
  await seen(dialog(page).getByText(/it should be a domain like/));
  await seen(dialog(page).getByText("Mail from evil[.]example and the domains below it goes to quarantine."));
  await what.fill("kestrelquay.example");
  await seen(dialog(page).getByText(/is your own/));
  await what.fill("partner@evil.example");
  await eventually(async () => assert.equal(await dialog(page).getByLabel("Kind").inputValue(), "sender"));
  await dialog(page).getByRole("group", { name: "Action" }).getByRole("button", { name: "Allow" }).click();
  await seen(dialog(page).getByText(/authentication proves the sender, or every forger/));
  await dialog(page).getByRole("checkbox", { name: /^Also when nothing proves/ }).check();
  await seen(dialog(page).getByText(/Anybody who writes this name/));
  await reason(page).fill("cannot sign yet");
  await dialog(page).getByRole("button", { name: "Allow", exact: true }).last().click();
  await seen(dialog(page).getByText("It is on the list"));
  await dialog(page).getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Add entry" }).click();
  await what.fill("partner@evil.example");
  await seen(dialog(page).getByText(/There is an allow entry for it already: cannot sign yet/));
});

check("the list is searched and filtered, and the address says how", on, async ({ page, session }) => {
  const add = (d) => session.context.request.post("/api/v1/policy/entries", { data: d });
  assert.equal((await add({ kind: "domain", values: Array.from({ length: 1000 }, (_, i) => `n${i}.many.example`), action: "Block", reason: "a long list" })).status(), 200);
  await add({ kind: "ip", values: ["2001:db8:ffff::/48"], action: "Block", reason: "a network" });
  await policy(page, { tab: "list" });
  await page.getByRole("searchbox", { name: "Search entries" }).fill("many.example");
  await shows(page.getByRole("region", { name: "Allow and block list" }).locator("footer"), /of 1,000/);
  assert.equal(address(page).search, "many.example");
  assert.ok(await entries(page).getByRole("row").count() < 60, "rows out of sight are in the document");
  await entries(page).locator("[data-cell]").first().focus();
  await page.keyboard.press("Control+End");
  await seen(entries(page).getByText(/^n\d+\[\.\]many\[\.\]example$/).last());
  await eventually(async () => assert.match(await page.evaluate(() => document.activeElement.dataset.cell ?? ""), /^\d{2,}:/));
  await page.getByRole("searchbox", { name: "Search entries" }).fill("");
  await page.getByLabel("Kind").selectOption("ip");
  await seen(entries(page).getByText("2001:db8:ffff::/48"));
  await page.reload();
  await seen(entries(page).getByText("2001:db8:ffff::/48"));
});

check("a mailbox gets safe senders, and they are taken away again", on, async ({ page }) => {
  await policy(page, { tab: "mailboxes" });
  await seen(page.getByText("No mailbox has settings of its own"));
  await page.getByRole("button", { name: "Add mailbox" }).click();
  await dialog(page).getByRole("textbox", { name: /^Mailbox/ }).fill(victim);
  await dialog(page).getByLabel("Safe senders").fill("nobody");
  await seen(dialog(page).getByText(/nobody is no address/));
  await dialog(page).getByLabel("Safe senders").fill("news@harbourweekly.example");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await gone(dialog(page));
  const list = page.getByRole("grid", { name: "Mailboxes" });
  await list.getByText("news@harbourweekly.example").click();
  await seen(dialog(page));
  await dialog(page).getByRole("button", { name: "Remove…" }).click();
  await dialog(page).getByRole("button", { name: "Remove the settings" }).click();
  await gone(dialog(page));
  await seen(page.getByText("No mailbox has settings of its own"));
});

check("delivered mail is judged again, and the message tells what was decided", on, async ({ page, session }) => {
  const { rows: [row] } = await session.ask("/explorer/emails", { q: 'EmailEvents\n| where EmailDirection == "Inbound" and DeliveryAction == "Delivered" and LatestDeliveryLocation == "Inbox/folder"', view: "all", limit: "1" });
  const answer = await session.context.request.post("/api/v1/policy/entries", { data: { kind: "sender", values: [row.SenderFromAddress], action: "Block", reason: "seen in an attack" } });
  assert.equal(answer.status(), 200, await answer.text());
  await policy(page, { tab: "judging" });
  await seen(page.getByText(/becomes an automatic action/));
  const ask = async (dry) => {
    await page.getByRole("button", { name: "Judge again…" }).click();
    await dialog(page).getByLabel("Mail of the last").selectOption("720");
    await dialog(page).getByRole("checkbox", { name: /^Dry run/ }).setChecked(dry);
    await reason(page).fill("News of an attack");
    await dialog(page).getByRole("button", { name: dry ? "Start the dry run" : "Judge again" }).click();
    await gone(dialog(page));
    return done(page, "Judged again");
  };
  const dry = await ask(true);
  await seen(dry.getByText(/A dry run/));
  await dry.getByRole("button", { name: "All runs" }).click();
  await seen(page.getByRole("grid", { name: "Runs" }).getByText("News of an attack"));
  const card = await ask(false);
  await card.getByRole("grid", { name: "Messages that differ" }).locator("[data-cell]").first().press("Enter");
  await seen(page.getByRole("note", { name: "Judged again" }));
  // ZAP carries it out in the invented mailbox.
  await eventually(async () => assert.equal((await session.ask(`/emails/${row.NetworkMessageId}`, { recipient: row.RecipientEmailAddress })).event.LatestDeliveryLocation, "Quarantine"));
  await page.goto(`/email/${row.NetworkMessageId}?recipient=${row.RecipientEmailAddress}`);
  await shows(page.getByRole("note", { name: "Judged again" }), /decided differently. It is in Quarantine now.*seen in an attack/);
  await page.getByRole("note", { name: "Judged again" }).getByRole("button", { name: "Timeline" }).click();
  await seen(page.getByRole("tabpanel").getByText(/decided and not yet carried out/));
  await page.getByRole("group", { name: "Show" }).getByRole("button", { name: "Verdicts" }).click();
  await seen(page.getByRole("tabpanel").getByText(/decided and not yet carried out/));
});

check("a reader sees all of it and changes nothing", { server: ruled, as: ["Security Reader"] }, async ({ page, session }) => {
  await policy(page);
  await seen(page.getByText(/needs the permission policy\.edit/));
  assert.equal(await page.getByRole("combobox").count(), 0);
  assert.equal(await page.getByRole("radio").count(), 0);
  await seen(page.getByRole("table").first().getByText("To quarantine").first());
  await tabs(page).getByRole("tab", { name: /^Allow and block/ }).click();
  assert.equal(await page.getByRole("button", { name: "Add entry" }).getAttribute("aria-disabled"), "true");
  await tabs(page).getByRole("tab", { name: /^Judging again/ }).click();
  assert.equal(await page.getByRole("button", { name: "Judge again…" }).getAttribute("aria-disabled"), "true");
  const { rows: [row] } = await session.ask("/explorer/emails", { q: "EmailEvents", view: "phish", limit: "1" });
  await page.goto(`/email/${row.NetworkMessageId}?recipient=${row.RecipientEmailAddress}`);
  await seen(page.getByRole("complementary", { name: "Facts" }));
  assert.equal(await page.getByRole("button", { name: "Block or allow" }).count(), 0);
  await pointAt(page, page.getByRole("complementary", { name: "Facts" }).getByRole("button", { name: row.SenderFromAddress.replace(/\.(?=[^@]*$)/g, "[.]") }).first());
  assert.equal(await page.getByRole("menuitem", { name: /^Block/ }).count(), 0);
});
