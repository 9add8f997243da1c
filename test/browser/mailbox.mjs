// A mailbox that somebody broke into: its rules with what is wrong with them, taking one out and putting it back, signing out, and what was done.

import assert from "node:assert/strict";
import { mailbox, unreached } from "./mailboxpages.mjs";
import { check, demo, eventually, gone, seen, shows } from "./rig.mjs";

const card = (page, name) => page.getByRole("region", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const own = async (session) => (await session.ask("/directory/people", { limit: 1 })).people[0];

check("mailbox: suspicious rules stand first, are taken out with a reason, and put back", { server: demo, as: ["Security Operator", "Search and Purge"] }, async ({ page, session }) => {
  const p = await own(session);
  const box = await mailbox(page, p.address, { view: { person: p } });
  await page.goto(`/settings?tab=directory&person=${encodeURIComponent(p.address)}`);
  await page.getByRole("link", { name: "Open mailbox" }).click();
  await seen(page.getByRole("heading", { name: p.name, level: 1 }));
  const rules = card(page, "Mail rules");
  await shows(rules.getByRole("status"), "2 of 5 look like an intruder's");
  await seen(rules.getByRole("listitem").first().getByText(/^Forwards to eve@outside\[\.\]example; deletes mail about invoice, payment$/));
  // What stands in a rule is text.
  await seen(rules.getByText("# rule:[<b>Newsletters</b>]"));
  assert.equal(box.looks, 1);
  // What the script needs has no button.
  assert.equal(await rules.getByRole("button", { name: /^Take out/ }).count(), 4);

  await rules.getByRole("button", { name: /^Take out: forwards to eve/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("ticket 9");
  await dialog.getByRole("button", { name: "Take it out" }).click();
  await gone(dialog);
  await shows(rules.getByRole("status"), "1 of 4 looks like an intruder's");
  assert.deepEqual(box.asked[0], ["/rules/remove", { id: "3", script: "main", version: "v1", reason: "ticket 9" }]);
  const history = card(page, "What was done here");
  await seen(history.getByText("ticket 9"));
  await history.getByText(/^The rule that forwards to eve/).click();
  await seen(history.getByText("discard;"));

  await history.getByRole("button", { name: "Put back" }).click();
  await dialog.getByRole("button", { name: "Put it back" }).click();
  await gone(dialog);
  await seen(history.getByText("put back since"));
  await gone(history.getByRole("button", { name: "Put back" }));

  await button(page, "Sign out everywhere").click();
  await dialog.getByRole("button", { name: "Sign out", exact: true }).click();
  await gone(dialog);
  await shows(history.getByRole("listitem").first().locator("b").first(), "Signed out everywhere");

  // Its mail is in Explorer.
  await page.getByRole("link", { name: "What it sent outside" }).click();
  await seen(page.getByRole("heading", { name: "Explorer", level: 1 }));
  assert.match(decodeURIComponent(page.url().replaceAll("+", " ")), /SenderFromAddress == "[^"]+@[^"]+" and EmailDirection == "Outbound"/);
});

check("mailbox: rules that changed are shown again, and what failed or is not known is said", { server: demo, as: ["Security Operator", "Search and Purge"] }, async ({ page, session }) => {
  const p = await own(session);
  const box = await mailbox(page, p.address);
  await page.goto(`/mailbox/${p.address}`);
  const rules = card(page, "Mail rules");
  const dialog = page.getByRole("dialog");
  const takeOut = async () => {
    await rules.getByRole("button", { name: /^Take out: hides/ }).click();
    await dialog.getByLabel("Reason").fill("ticket 9");
    await dialog.getByRole("button", { name: "Take it out" }).click();
  };
  box.next = (r) => r.fulfill({ status: 409, contentType: "application/problem+json", json: { status: 409, title: "Conflict", detail: "the mail rules were changed since they were looked at; look again" } });
  await takeOut();
  await seen(dialog.getByRole("alert").getByText(/were changed since/));
  box.rules = box.rules.filter((r) => r.id !== "3");
  await dialog.getByRole("button", { name: "Show them as they are now" }).click();
  await gone(dialog);
  await shows(rules.getByRole("status"), "1 of 4 looks like an intruder's");

  box.next = (r, { deed, box: b }) => r.fulfill({ json: deed("Rule removed", b.rules[0], "ticket 9", { state: "Failed", can_back: false, say: "The mail system did not do it: quota exceeded" }) });
  await takeOut();
  await seen(dialog.getByRole("heading", { name: "It was not done" }));
  await seen(dialog.getByRole("alert").getByText("The mail system did not do it: quota exceeded"));
  await dialog.getByRole("button", { name: "Close" }).click();
  const history = card(page, "What was done here");
  await seen(history.getByText("Not done"));
  box.next = (r, { deed, box: b }) => r.fulfill({ json: deed("Rule removed", b.rules[0], "ticket 9", { state: "Begun", ended: undefined, can_back: false, say: "The connection to the mail system was lost. Look at the mailbox again to see whether it was done." }) });
  await takeOut();
  await seen(dialog.getByRole("heading", { name: "It is not known whether it was done" }));
  await dialog.getByRole("button", { name: "Close" }).click();
  await seen(history.getByText("Begun; look again to see how it went"));
  const before = box.looks;
  await rules.getByRole("button", { name: "Look again" }).click();
  await eventually(() => assert.equal(box.looks, before + 1));
});

check("mailbox: one of the demo was broken into; first aid works there, and the value menu leads to it", { server: demo, as: ["Security Operator", "Search and Purge"] }, async ({ page, session }) => {
  const address = "c.aubert@kestrelquay.example";
  const other = (await own(session)).address;
  await page.goto(`/mailbox/${other}`);
  await shows(card(page, "Mail rules").getByRole("status"), "None of the rules is suspicious");
  await page.goto(`/mailbox/${address}`);
  await seen(page.getByRole("heading", { name: "Claire Aubert", level: 1 }));
  const rules = card(page, "Mail rules"), history = card(page, "What was done here"), dialog = page.getByRole("dialog");
  await shows(rules.getByRole("status"), "1 of 3 looks like an intruder's");
  await rules.getByRole("button", { name: /^Take out: forwards to archive@mail-backup/ }).click();
  await dialog.getByLabel("Reason").fill("ticket 9");
  await dialog.getByRole("button", { name: "Take it out" }).click();
  await shows(rules.getByRole("status"), "None of the rules is suspicious");
  await history.getByRole("button", { name: "Put back" }).click();
  await dialog.getByRole("button", { name: "Put it back" }).click();
  await shows(rules.getByRole("status"), "1 of 3 looks like an intruder's");
  await button(page, "Sign out everywhere").click();
  await dialog.getByRole("button", { name: "Sign out", exact: true }).click();
  await seen(history.getByText("Signed out everywhere"));
  const view = await session.ask(`/mailboxes/${address}`);
  assert.deepEqual(view.deeds.map((d) => [d.kind, d.state]), [["Signed out everywhere", "Done"], ["Rule put back", "Done"], ["Rule removed", "Done"]]);

  await page.getByRole("button", { name: address, exact: true }).click();
  await page.getByRole("menu").getByRole("menuitem", { name: "Open mailbox" }).click();
  assert.match(page.url(), /\/mailbox\//);
});

check("mailbox: what nothing reaches is said in words", { server: demo, as: ["Security Operator"] }, async ({ page, session }) => {
  const p = await own(session);
  await mailbox(page, p.address, { view: { person: p, ...unreached } });
  await page.goto(`/mailbox/${p.address}`);
  await seen(card(page, "Mail rules").getByText(/^No mail system is connected for this mailbox/));
  await seen(card(page, "To get an intruder out").getByText("Change the password"));
  await gone(button(page, "Sign out everywhere"));
  await seen(page.getByText("Nothing yet. What you take out"));
  await page.goto("/mailbox/eve@outside.example");
  await seen(page.getByRole("heading", { name: "eve@outside.example", level: 1 }));
  await seen(card(page, "Mail rules").getByText(/not of your organisation/));
});

check("mailbox: who lacks the permission is told, and who may only look gets no button that works", { server: demo, as: ["Security Reader"] }, async ({ page, open, session }) => {
  const p = await own(session);
  await page.goto(`/mailbox/${p.address}`);
  await seen(page.getByRole("heading", { name: "You may not look into mailboxes" }));
  const { page: theirs } = await open({ as: ["Security Operator"] });
  await mailbox(theirs, p.address, { view: { may_remove: false }, out: false, outSay: "over IMAP nobody can end the sessions of another" });
  await theirs.goto(`/mailbox/${p.address}`);
  const out = card(theirs, "Mail rules").getByRole("button", { name: /^Take out: forwards/ });
  await seen(out);
  assert.equal(await out.getAttribute("aria-disabled"), "true");
  await seen(theirs.getByText(/^Tocsin cannot: over IMAP nobody/));
});
