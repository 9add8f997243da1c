// Mail is taken out of mailboxes: from Explorer to the result, with a second person, and back again.

import assert from "node:assert/strict";
import { cell, explorer, flyout, rows, settled, total } from "./pages.mjs";
import { check, eventually, folder, gone, once, seen, Server } from "./rig.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const wizard = (page) => page.getByRole("dialog", { name: "Take action" });
const item = (page, name) => page.getByRole("menuitem", { name, exact: true });
const operator = ["Security Operator", "Search and Purge", "Preview"];
const approver = ["Security Administrator", "Approve"];

/** The invented organisation once more: what these tests do to its mailboxes is nobody else's. */
const harbour = once(() => Server.start("demo", folder("harbour"), /messages taken in and judged/));

const junk = 'EmailEvents\n| where LatestDeliveryLocation == "Junk folder" and IsPriorityAccount == false';

/** Goes from step 1 to 3 with a reason. */
async function upToApproval(page, reason) {
  const dialog = wizard(page);
  await dialog.getByLabel("Reason").fill(reason);
  await dialog.getByRole("button", { name: "Next: targets" }).click();
  await seen(dialog.getByText(/^(Soft delete|Hard delete|Quarantine|Move to junk)\. The list is frozen/));
  await dialog.getByRole("button", { name: "Next: approval" }).click();
}

check("all that match are soft deleted from Explorer, and put back", { server: harbour, as: operator }, async ({ session, page }) => {
  const n = await session.count(junk);
  assert.ok(n > 2, `${n} in junk folders`);
  await explorer(page, { q: junk });
  await rows(page).first().getByRole("gridcell").first().click();
  await page.getByRole("button", { name: `Select all ${n} that match` }).click();
  await button(page, "Take action").click();
  await item(page, "Soft delete…").click();
  const dialog = wizard(page);
  await seen(dialog.getByRole("heading", { name: `What should happen to these ${n} email events?` }));
  await eventually(async () => assert.equal(await dialog.getByText(`${n} possible`).count(), 6)); // all but a release
  await seen(dialog.getByText("No undo"));
  assert.ok(await dialog.getByRole("radio", { name: /^Soft delete/ }).isChecked());
  await dialog.getByRole("button", { name: "Next: targets" }).click();
  await seen(dialog.getByText(/^At least three characters/));
  await upToApproval(page, "ticket 4711");
  await seen(dialog.getByRole("heading", { name: "It runs at once" }));
  await seen(dialog.getByText("The rule “Up to 100 mailboxes” of the approval policy."));

  await page.reload(); // nobody has seen the list in this page: it is shown again
  await seen(dialog.getByText(/^Soft delete\. The list is frozen/));
  await dialog.getByRole("button", { name: "Next: approval" }).click();
  await dialog.getByRole("button", { name: /^Soft delete: \d+ mailbox/ }).click();
  await seen(dialog.getByRole("progressbar", { name: "Targets that are finished" }));
  await page.reload();
  await seen(dialog.getByRole("heading", { name: `All ${n} are soft deleted` }));
  await seen(dialog.getByText("Junk → kept by Tocsin").first());
  assert.equal(await session.count(junk), 0);
  const id = new URL(page.url()).searchParams.get("act");

  await dialog.getByRole("button", { name: "Undo…" }).click();
  const ask = page.getByRole("dialog", { name: "Undo it?" });
  await seen(ask.getByText(/^Runs at once: the rule “Undo and release of a few”/));
  await ask.getByLabel("Reason").fill("they were harmless");
  await ask.getByRole("button", { name: "Undo", exact: true }).click();
  await seen(dialog.getByRole("heading", { name: `All ${n} are put back` }));
  await eventually(async () => assert.equal(await session.count(junk), n));

  await dialog.getByRole("button", { name: "Open the action" }).click();
  await gone(dialog);
  await seen(page.getByRole("link", { name: "Undoes an action" }));
  await page.getByRole("link", { name: "Undoes an action" }).click();
  await eventually(() => assert.match(page.url(), new RegExp(`/actions/${id}`)));
  await seen(page.getByRole("link", { name: "Was undone" }));
  assert.equal(await page.getByRole("button", { name: "Undo…" }).count(), 0);
  await page.getByRole("button", { name: /^Receipt of / }).first().click();
  const copy = page.getByLabel("Before", { exact: true });
  await seen(copy.getByText("SHA-256"));
  assert.match(await copy.textContent(), /[0-9a-f]{64}/);
  await page.getByRole("region", { name: "List of targets" }).getByRole("link").first().click();
  await seen(page.getByRole("tablist", { name: "Parts of the message" }));
});

check("picked rows alone are touched, and what cannot be is said before", { server: harbour, as: operator }, async ({ session, page }) => {
  await explorer(page, { q: 'EmailEvents\n| where LatestDeliveryLocation == "Quarantine" and IsPriorityAccount == false' });
  for (const n of [0, 1]) await rows(page).nth(n).getByRole("gridcell").first().click();
  await button(page, "Take action").click();
  await item(page, "Move to junk…").click();
  const dialog = wizard(page);
  await seen(dialog.getByText("It is in quarantine and in no mailbox; release it first.").first());
  assert.ok(await dialog.getByRole("button", { name: "Next: targets" }).isDisabled() || (await dialog.getByRole("button", { name: "Next: targets" }).getAttribute("aria-disabled")) === "true");
  await dialog.getByRole("radio", { name: /^Release/ }).check();
  await dialog.getByLabel("Name", { exact: true }).fill("Two that were harmless");
  await dialog.getByLabel("Reason").fill("the sender is a partner");
  await dialog.getByRole("button", { name: "Next: targets" }).click();
  await seen(dialog.getByRole("heading", { name: /^(1 mailbox|2 mailboxes) will be touched$/ }));
  await dialog.getByRole("button", { name: "Next: approval" }).click();
  await dialog.getByRole("button", { name: /^Release: / }).click();
  await seen(dialog.getByRole("heading", { name: "All 2 are released" }));
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  await gone(dialog);
  await settled(page);
  await page.goto("/actions?tab=history&mine=1");
  await seen(page.getByRole("gridcell", { name: "Two that were harmless" }));
  const { actions } = await session.ask("/actions", { mine: "true" });
  assert.equal(actions[0].counts.targets, 2);
});

check("a second operator approves, and nobody their own", { server: harbour, as: operator }, async ({ session, open, page }) => {
  const { rows: [row] } = await session.ask("/explorer/emails", { q: 'EmailEvents\n| where LatestDeliveryLocation == "Inbox/folder" and IsPriorityAccount == true', view: "all", limit: "1" });
  await page.goto(`/email/${row.NetworkMessageId}?recipient=${row.RecipientEmailAddress}`);
  await button(page, "Take action").click();
  await item(page, "Quarantine…").click();
  const second = await open({ as: approver });
  const dialog = wizard(page);
  await seen(dialog.getByRole("group", { name: "Whose copies" }));
  await upToApproval(page, "looks like a forged invoice");
  await seen(dialog.getByRole("heading", { name: "One other person must agree" }));
  await seen(dialog.getByText("The rule “Priority accounts” of the approval policy."));
  await seen(dialog.getByRole("listitem").filter({ hasText: second.person.email }));
  await dialog.getByRole("button", { name: "Send for approval" }).click();
  await seen(dialog.getByRole("heading", { name: "It waits: one other person must agree" }));
  await dialog.getByRole("button", { name: "Open the action" }).click();
  await seen(page.getByText("You asked for this: somebody else has to approve it."));
  assert.equal(await page.getByRole("button", { name: "Approve…" }).count(), 0);

  await second.page.goto("/explorer");
  await second.page.getByRole("link", { name: /^Actions, \d+ waiting for you$/ }).click();
  await seen(second.page.getByText(/waits? for your answer\.$/));
  await second.page.getByRole("grid", { name: "Actions" }).getByRole("gridcell", { name: session.person.email }).first().click();
  await button(second.page, "Approve…").click();
  const ask = second.page.getByRole("dialog", { name: "Approve it?" });
  await ask.getByLabel("Comment").fill("seen it, go on");
  await ask.getByRole("button", { name: "Approve", exact: true }).click();
  await seen(second.page.getByText("All 1 are quarantined."));
  await seen(page.getByText("“seen it, go on”")); // whoever asked sees it without asking again
  await seen(page.getByText("All 1 are quarantined."));
  assert.equal((await session.ask(`/emails/${row.NetworkMessageId}`, { recipient: row.RecipientEmailAddress })).event.LatestDeliveryLocation, "Quarantine");
});

check("a request is rejected with a reason, and another is taken back", { server: harbour, as: operator }, async ({ session, open, page }) => {
  const ask = async (name) => {
    const { rows: [row] } = await session.ask("/explorer/emails", { q: 'EmailEvents\n| where LatestDeliveryLocation == "Inbox/folder"', view: "all", limit: "1" });
    const answer = await session.context.request.post("/api/v1/actions", { data: { kind: "Hard delete", name, reason: "for the test", events: [{ network_message_id: row.NetworkMessageId, recipient: row.RecipientEmailAddress }] } });
    return (await answer.json()).id;
  };
  const first = await ask("To be rejected"), other = await ask("To be taken back");
  const second = await open({ as: approver });
  await second.page.goto(`/actions/${first}`);
  await button(second.page, "Reject…").click();
  const dialog = second.page.getByRole("dialog", { name: "Reject it?" });
  assert.equal(await dialog.getByRole("button", { name: "Reject", exact: true }).getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Reason").fill("it is a real invoice");
  await dialog.getByRole("button", { name: "Reject", exact: true }).click();
  await seen(second.page.getByText("Somebody rejected it; nothing was done."));
  await page.goto(`/actions/${first}`);
  await seen(page.getByText("“it is a real invoice”"));

  await page.goto(`/actions/${other}`);
  await button(page, "Take back…").click();
  await page.getByRole("dialog", { name: "Take the request back?" }).getByRole("button", { name: "Stop", exact: true }).click();
  await seen(page.getByText("Stopped before anything was done."));
});

check("a list that changed is explained and shown again", { server: harbour, as: operator }, async ({ page, session }) => {
  await explorer(page, { q: junk });
  await (await cell(page, 0, "Subject")).click();
  await seen(flyout(page));
  await flyout(page).getByRole("button", { name: "Take action" }).click();
  await item(page, "Soft delete…").click();
  const dialog = wizard(page);
  await upToApproval(page, "ticket 12");
  let refused = 0;
  await page.route("**/api/v1/actions", (r) => (r.request().method() === "POST" && refused++ === 0 ? r.fulfill({ status: 409, contentType: "application/problem+json", json: { status: 409, detail: "the messages that match have changed since you looked" } }) : r.continue()));
  await dialog.getByRole("button", { name: "Soft delete: 1 mailbox" }).click();
  await seen(dialog.getByRole("alert").getByText(/^The mail that matches changed since you looked, so nothing was done\. It was 1 email events/));
  await dialog.getByRole("button", { name: "Next: approval" }).click();
  await dialog.getByRole("button", { name: "Soft delete: 1 mailbox" }).click();
  await seen(dialog.getByRole("heading", { name: "All 1 are soft deleted" }));
  assert.equal(refused, 2);
  assert.ok((await session.ask("/actions", { mine: "true" })).actions.length === 1);
});

check("the approval policy is tried, changed, and put back", { server: harbour, as: approver }, async ({ page, open }) => {
  await page.goto("/approvals");
  const simulator = page.getByRole("region", { name: "Who would have to approve this?" });
  await seen(simulator.getByText("Nobody: it runs at once (Up to 100 mailboxes)."));
  await simulator.getByLabel("Action").selectOption("Hard delete");
  await simulator.getByLabel("Mailboxes").fill("50");
  await seen(simulator.getByText(/^2 (of the people below|other people) \(Hard delete in many mailboxes\)/));
  const list = page.getByRole("list", { name: "Rules" });
  await seen(list.locator("[data-hit=true]").getByText("Hard delete in many mailboxes"));

  await button(page, "Add a rule…").click();
  const dialog = page.getByRole("dialog", { name: "Add a rule" });
  await dialog.getByLabel("Name").fill("Quarantine by anybody");
  await dialog.getByLabel("Quarantine", { exact: true }).check();
  await dialog.getByLabel("Other people who have to agree").fill("1");
  await dialog.getByRole("button", { name: "Keep" }).click();
  await simulator.getByLabel("Action").selectOption("Quarantine");
  await seen(simulator.getByText(/\(Quarantine by anybody\)/));
  await seen(simulator.getByText("By the rules as they are written here, not saved yet."));
  await button(page, "Save…").click();
  const save = page.getByRole("dialog", { name: "Save the approval policy" });
  await seen(save.getByText(/Quarantine by anybody \(Quarantine: 1 approval\)/));
  await save.getByLabel("Reason").fill("four eyes for a week");
  await save.getByRole("button", { name: "Save", exact: true }).click();
  await seen(page.getByText("four eyes for a week"));
  await seen(page.getByRole("region", { name: "History" }).getByText("in force").first());
  await button(page, "Restore").click();
  await button(page, "Save…").click();
  await save.getByLabel("Reason").fill("the week is over");
  await save.getByRole("button", { name: "Save", exact: true }).click();
  await eventually(async () => assert.equal(await list.getByText("Quarantine by anybody").count(), 0));

  const reader = await open({ as: ["Security Reader"] });
  await reader.page.goto("/approvals");
  await seen(reader.page.getByText(/^You see the policy and cannot change it/));
  assert.equal(await reader.page.getByRole("button", { name: "Add a rule…" }).count(), 0);
  await explorer(reader.page);
  await rows(reader.page).first().getByRole("gridcell").first().click();
  await seen(reader.page.getByRole("region", { name: "Selection" }));
  assert.equal(await reader.page.getByRole("button", { name: "Take action" }).count(), 0);
  assert.ok((await total(reader.page)) > 0);
});

check("people who got mail are written to, when there is a mail server", { server: harbour, as: operator }, async ({ page }) => {
  await explorer(page);
  for (const n of [0, 1]) await rows(page).nth(n).getByRole("gridcell").first().click();
  await button(page, "Take action").click();
  await item(page, "Send a message to recipients…").click();
  const dialog = page.getByRole("dialog", { name: "Send a message to recipients" });
  await seen(dialog.getByText(/^Tocsin sends no mail here/));
  await page.keyboard.press("Escape");
  await gone(dialog);

  let sent;
  const plan = { id: "", to: ["a.haddad@kestrelquay.example", "t.vermeer@kestrelquay.example"], outside: 1, too_many: false, off: false, messages: 2 };
  await page.route("**/api/v1/messages/plan", (r) => r.fulfill({ json: plan }));
  await page.route("**/api/v1/messages", (r) => {
    sent = r.request().postDataJSON();
    return r.fulfill({ json: plan });
  });
  await button(page, "Take action").click();
  await item(page, "Send a message to recipients…").click();
  await seen(dialog.getByText("Nothing goes to 1 recipient outside the organisation."));
  await dialog.getByLabel("Subject").fill("That was a forgery");
  await dialog.getByLabel("Text").fill("Somebody imitated our payroll. Delete it.");
  await dialog.getByLabel("Reason").fill("ticket 9");
  await dialog.getByRole("button", { name: "Send to 2" }).click();
  await seen(page.getByText(/^2 letters wait for the mail server/));
  assert.equal(sent.events.length, 2);
  await page.unrouteAll();
  await page.goto("/actions?tab=messages");
  await seen(page.getByText("No message was sent to recipients"));
});

check("what was judged wrongly is reported, and the keys lead to Actions", { server: harbour, as: ["Security Operator"] }, async ({ page }) => {
  await explorer(page);
  await rows(page).first().getByRole("gridcell").first().click();
  await button(page, "Take action").click();
  await seen(page.getByText("To touch mailboxes you need the role Search and Purge"));
  await item(page, "Report as").click();
  await item(page, "Phish that was missed…").click();
  const dialog = page.getByRole("dialog", { name: "Report as phish" });
  await dialog.getByRole("button", { name: "Report", exact: true }).click();
  await seen(page.getByText(/^Said of 1 message\. It is in the audit log\./));
  await dialog.getByRole("button", { name: "Close" }).click();
  await gone(dialog);
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await seen(page.getByRole("heading", { name: "Actions", level: 1 }));
});
