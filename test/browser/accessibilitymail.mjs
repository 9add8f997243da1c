// axe on the ways in, and on the pages where mail is looked at and judged.

import assert from "node:assert/strict";
import { Findings } from "./axe.mjs";
import { message } from "./mail.mjs";
import { chart, explorer, filterBar, flyout, hunting, openTab, pointAt, cell, runButton, settled, writeQuery } from "./pages.mjs";
import { policy, ruled } from "./policypages.mjs";
import { check, demo, eventually, fresh, gone, once, seen } from "./rig.mjs";
import { federated, virtualKey } from "./signinpages.mjs";
import { post } from "./submissionpages.mjs";

check("axe: the front door", { server: fresh, as: "nobody", timeout: 180_000 }, async ({ server, page }) => {
  const axe = new Findings(page);
  await page.goto(server.setupLink);
  await seen(page.getByLabel("Your name"));
  await axe.look("first administrator");
  await page.goto("/setup#wrong");
  await page.reload();
  await seen(page.getByRole("heading", { name: "This link no longer works" }));
  await axe.look("used link");
  await page.goto("/");
  await seen(page.getByLabel("Email address"));
  await axe.look("sign-in");
  await page.getByLabel("Email address").fill("a@b.example");
  await page.getByLabel("Password", { exact: true }).fill("wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await seen(page.getByRole("alert"));
  await axe.look("refused sign-in");
  axe.none();
});

check("axe: ways in, one's account, operators", { server: federated, as: ["Global Administrator"], timeout: 300_000 }, async ({ open, session, page }) => {
  const axe = new Findings(page);
  const { password } = session.person;
  const button = (name) => page.getByRole("button", { name, exact: true });
  await virtualKey(session, page);
  await page.goto("/account");
  await seen(page.getByText(/^Only your password stands between/));
  await axe.look("account without a second factor");
  await button("Set an authenticator app up").click();
  await page.getByLabel("Your password").fill(password);
  await button("Go on").click();
  await seen(page.getByRole("img", { name: /^QR code/ }));
  await axe.look("authenticator app", "main");
  await button("Cancel").click();
  await button("Add a security key").click();
  await page.getByLabel("Name of the key").fill("blue key");
  await page.getByLabel("Your password").fill(password);
  await axe.look("new key", "main");
  await button("Add the key").click();
  await seen(page.getByRole("list", { name: "Recovery codes" }));
  await axe.look("recovery codes", "main");
  await page.getByLabel("I keep them in a safe place").check();
  await button("Done").click();
  await seen(page.getByText("10 of 10 recovery codes are left."));
  await axe.look("account with a key");
  await button("Remove blue key").click();
  await seen(page.getByRole("dialog"));
  await axe.look("remove a key", "[role=dialog]");
  await button("Cancel").click();
  await gone(page.getByRole("dialog"));
  await button("Link…").click();
  await seen(page.getByRole("dialog"));
  await axe.look("link", "[role=dialog]");
  await button("Cancel").click();
  await gone(page.getByRole("dialog"));
  let refused = 0;
  await page.route("**/api/v1/tokens", (r) => (r.request().method() === "POST" && refused++ === 0 ? r.fulfill({ status: 403, contentType: "application/problem+json", json: { type: "urn:tocsin:problem:step-up-needed", status: 403 } }) : r.continue()));
  await button("New token…").click();
  await page.getByLabel("What it is for").fill("nightly export");
  await page.getByLabel("explorer.read", { exact: true }).check();
  await axe.look("new token", "[role=dialog]");
  await button("Make the token").click();
  const dialog = page.getByRole("dialog", { name: "Show that it is you" });
  await seen(dialog);
  await axe.look("step-up by key", "[role=dialog]:last-of-type");
  await button("Type in a recovery code").click();
  await axe.look("step-up by code", "[role=dialog]:last-of-type");
  await button("Use the security key").click();
  await button("Use the security key").click();
  await gone(dialog);
  await button("Close").click();

  await page.goto("/settings?tab=operators");
  await seen(page.getByRole("heading", { name: "Who is signed in" }));
  await axe.look("operators");
  await button("Add an operator…").click();
  await page.getByLabel("Email address").fill("ida@kestrelquay.example");
  await axe.look("new operator", "[role=dialog]");
  await button("Add, and make a link").click();
  await seen(page.getByText("A link for ida@kestrelquay.example"));
  await axe.look("link for an operator", "[role=dialog]");
  const link = await page.getByRole("dialog").locator("code").textContent();
  await button("Close").click();
  await button("Change ida@kestrelquay.example").click();
  await seen(page.getByRole("dialog"));
  await axe.look("change an operator", "[role=dialog]");

  const { page: theirs } = await open({ as: "nobody" });
  const door = new Findings(theirs);
  await theirs.goto(link);
  await seen(theirs.getByRole("heading", { name: "Choose your password" }));
  await door.look("invitation");
  await theirs.goto("/");
  await seen(theirs.getByRole("button", { name: "Sign in with Kestrel Quay ID" }));
  await door.look("sign-in with a provider");
  await theirs.goto("/signin/provider?state=x&error=access_denied");
  await seen(theirs.getByRole("alert"));
  await door.look("not let in");
  door.none();
  axe.none();
});

check("axe: without any mail, and at addresses that lead nowhere", { server: fresh, timeout: 180_000 }, async ({ page }) => {
  const axe = new Findings(page);
  await page.goto("/explorer");
  await seen(page.getByText("No mail has come in yet"));
  await axe.look("first mail");
  await page.goto("/no/such/page");
  await seen(page.getByRole("heading", { name: "There is no page here" }));
  await axe.look("no page");
  await page.goto("/email/01890000-0000-7000-8000-000000000000");
  await seen(page.getByText("There is no such message"));
  await axe.look("no message");
  axe.none();
});

check("axe: the dashboard", { as: ["Security Reader"], timeout: 180_000 }, async ({ page }) => {
  const axe = new Findings(page);
  const button = (name) => page.getByRole("button", { name, exact: true });
  await page.goto("/dashboard?last=30d");
  await seen(page.getByRole("region", { name: "Sent and received mail" }).getByRole("figure"));
  await eventually(async () => assert.equal(await page.getByLabel(/^Counting/).count(), 0));
  await axe.look("dashboard");
  await page.getByRole("region", { name: "Insights" }).getByRole("button", { name: /^All / }).click();
  await page.getByRole("button", { name: /^What stands behind it/ }).first().click();
  await button("By technology").click();
  await button("Show as a table").first().click();
  await axe.look("insights and the chart as a table", "[data-widget=insights], [data-widget=protection]");
  await page.locator("[data-widget=weekly]").hover();
  await page.getByRole("button", { name: "Show query: Detections", exact: true }).click();
  await axe.look("how it is counted", "[aria-label^='How it is counted']");
  await button("Close").click();
  await button("Everybody").click();
  await seen(page.getByRole("heading", { name: "Domain" }));
  await axe.look("whom it is about", "[aria-label='Whom the figures are about']");
  await page.keyboard.press("Escape");
  await button("Arrange").click();
  await button("Hide Campaigns").click();
  await axe.look("arranging", "main");
  axe.none();
});

check("axe: Explorer and its tabs", { timeout: 300_000 }, async ({ page }) => {
  const axe = new Findings(page);
  // Long lists have the same few kinds of rows over and over: some of the mail is enough.
  const q = 'EmailEvents\n| where RecipientEmailAddress startswith "s."\n| where DeliveryAction != "Junked"\n| where strlen(Subject) > 3';
  await explorer(page, { q, last: "7d" });
  await axe.look("email");
  for (const tab of [/^URLs/, /^Top recipients/, /^Email origin/, /^Malware families/]) {
    await openTab(page, tab);
    await axe.look(String(tab), "[aria-label=Results]");
  }
  await explorer(page, { view: "malware", q });
  await axe.look("malware");
  await explorer(page, { q: 'EmailEvents\n| where Subject == "none"' });
  await axe.look("nothing found");
  await explorer(page, { split: "SenderFromDomain", facet: "SenderFromAddress", q, last: "48h" });
  await chart(page).getByRole("button", { name: "Show as a table" }).click();
  await seen(page.getByRole("region", { name: "The chart as a table" }));
  await axe.look("chart as a table");
  await page.setViewportSize({ width: 800, height: 900 });
  await settled(page);
  await axe.look("narrow");
  axe.none();
});

check("axe: what opens over Explorer", { timeout: 300_000 }, async ({ page }) => {
  const axe = new Findings(page);
  const popup = ".fui-MenuPopover, .fui-PopoverSurface, .fui-DialogSurface";
  const shut = async () => {
    await page.keyboard.press("Escape");
    await eventually(async () => assert.equal(await page.locator("[role=menu], [role=dialog], [role=listbox]").count(), 0));
  };
  await explorer(page, { q: 'EmailEvents\n| where DeliveryAction == "Blocked"' });
  await pointAt(page, (await cell(page, 1, "Sender")).locator("[data-value]"));
  await seen(page.locator("small", { hasText: "mailbox" }));
  await axe.look("value menu", popup);
  await shut();

  const openers = [
    ["chip operator", filterBar(page).getByRole("button", { name: "Operator is: change" }), page.getByRole("menu")],
    ["chip value", filterBar(page).getByRole("button", { name: "Value Blocked: change" }), page.getByRole("checkbox", { name: /^Junked/ })],
    ["chip field", filterBar(page).getByRole("button", { name: /^Field / }), page.getByRole("listbox")],
    ["split", chart(page).getByRole("button", { name: /^Split by/ }), page.getByRole("menu")],
    ["facet field", page.getByRole("button", { name: /choose another field/ }), page.getByRole("menu")],
    ["time range", page.getByRole("button", { name: /^All mail/ }), page.getByLabel("From", { exact: true })],
    ["zone", page.getByRole("button", { name: /^Times are shown/ }), page.getByRole("menu")],
    ["person", page.getByRole("button", { name: /sign out$/ }), page.getByRole("menu")],
    ["export", page.getByRole("button", { name: "Export", exact: true }), page.getByRole("menu")],
    ["columns", page.getByRole("button", { name: "Columns" }), page.getByText("Columns, in this order")],
    ["help", page.getByRole("button", { name: "Keyboard and help" }), page.getByRole("dialog", { name: "Keyboard" })],
  ];
  for (const [name, opener, shown] of openers) {
    await opener.click();
    await seen(shown);
    await axe.look(name, popup);
    await shut();
  }

  await page.getByRole("search").getByRole("textbox").fill("news@harbourweekly.example");
  await seen(page.getByRole("search").getByRole("button"));
  await axe.look("search", "header");
  await page.keyboard.press("Escape");
  await filterBar(page).getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("textbox", { name: "Filter as KQL" }).fill("EmailEvents | where Sendr == 1");
  await seen(page.locator("#kql-trouble"));
  await axe.look("wrong KQL", "[aria-label=Filter]");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await seen(page.getByRole("region", { name: "Selection" }));
  await axe.look("selection");
  axe.none();
});

check("axe: the flyout", { timeout: 300_000 }, async ({ page }) => {
  const axe = new Findings(page);
  await explorer(page, { view: "phish", q: "EmailEvents\n| where UrlCount > 0" });
  await page.locator('[data-cell="0:2"]').click();
  await seen(flyout(page));
  for (const tab of ["Summary", "Analysis", "Timeline", "Headers", "URLs", "Attachments"]) {
    await flyout(page).getByRole("tab", { name: new RegExp(`^${tab}`) }).click();
    await eventually(async () => assert.equal(await flyout(page).getByLabel(/^Reading/).count(), 0));
    await axe.look(tab, tab === "Summary" ? undefined : "aside");
  }
  axe.none();
});

/** A message with something in every tab: links, files, several recipients, broken parts, a way through servers. */
const full = message({
  From: '"Accounts" <accounts@invoice-hub.example>',
  To: "a.brennan@kestrelquay.example, a.mehta@kestrelquay.example",
  Subject: "Overdue: pay today",
  fields: {
    Received: ["from mx1.kestrelquay.example by store1.kestrelquay.example with LMTP; " + new Date().toUTCString(), "from x (unknown [10.1.2.3]) by mx1.kestrelquay.example with ESMTP; Mon, 01 Jan 2024 00:00:00 +0000"],
    "Content-Type": "multipart/mixed; boundary=b",
  },
  body: '--b\r\nContent-Type: text/html\r\n\r\n<h1>Pay</h1><a href="http://pay.invoice-hub.example/a">https://bank.example/</a><script>x</script><img src="http://t.example/p.gif">\r\n--b\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment; filename="a.pdf.exe"\r\n\r\nMZ\r\n--b--\r\n',
});

const withFull = once(async () => {
  const server = await demo();
  await server.import(full);
  return server;
});

check("axe: the page of a message", { server: withFull, timeout: 300_000 }, async ({ session, page }) => {
  const axe = new Findings(page);
  const { rows: [row] } = await session.ask("/explorer/emails", { view: "all", q: 'EmailEvents\n| where SenderFromAddress == "accounts@invoice-hub.example" and Subject == "Overdue: pay today"', limit: "1" });
  const panel = "[role=tabpanel]";
  const address = `/email/${row.NetworkMessageId}?recipient=${row.RecipientEmailAddress}&list=1&last=all`;
  for (const tab of ["analysis", "timeline", "headers", "preview", "urls", "attachments", "recipients", "similar"]) {
    await page.goto(`${address}&tab=${tab}`);
    await seen(page.getByRole("heading", { level: 1, name: row.Subject }));
    await eventually(async () => assert.equal(await page.getByLabel(/^(Reading|Looking)/).count(), 0));
    await axe.look(tab, tab === "analysis" ? undefined : panel);
  }
  await page.goto(`${address}&tab=headers&show=raw`);
  await seen(page.getByRole("region", { name: "Raw headers" }));
  await axe.look("raw headers", panel);

  await page.goto(`${address}&tab=preview`);
  await page.getByLabel("Reason").fill("Ticket 4711");
  await page.getByRole("button", { name: "Show the message" }).click();
  await seen(page.getByTitle("The message, inert"));
  await axe.look("preview, rendered", panel);
  for (const mode of ["Plain text", "Source"]) {
    await page.getByRole("group", { name: "Show as" }).getByRole("button", { name: mode }).click();
    await axe.look(`preview, ${mode}`, panel);
  }

  await page.getByRole("button", { name: "Download", exact: true }).click();
  await seen(page.getByRole("dialog"));
  await axe.look("download", ".fui-DialogSurface");
  await page.keyboard.press("Escape");
  await gone(page.getByRole("dialog"));
  await page.setViewportSize({ width: 800, height: 900 });
  await page.goto(`${address}&tab=headers`);
  await seen(page.getByRole("heading", { level: 1, name: row.Subject }));
  assert.ok(await page.evaluate(() => [document.documentElement, document.querySelector("main")].every((e) => e.scrollWidth <= e.clientWidth)), "the page moves sideways");
  await axe.look("narrow");
  axe.none();
});

check("axe: Hunting", { timeout: 300_000 }, async ({ page }) => {
  const axe = new Findings(page);
  await hunting(page);
  await seen(page.getByText("Nothing has run yet"));
  await axe.look("nothing has run");
  await hunting(page, { last: "all", run: "1", q: "EmailEvents\n| where ThreatTypes has 'Phish'\n| project Timestamp, Subject, SenderFromAddress, DeliveryAction, D = bag_pack('a', 1), NetworkMessageId" });
  const results = page.getByRole("region", { name: "Results" });
  const list = page.getByRole("grid", { name: "Rows", exact: true });
  await seen(list.locator('[data-cell="0:1"]'));
  await list.locator('[data-cell="0:0"] [data-tick]').click();
  await axe.look("rows");
  await list.locator('[data-cell="0:2"] [data-value]').click();
  await seen(page.getByRole("menu"));
  await axe.look("value menu", "[role=menu]");
  await page.keyboard.press("Escape");
  await list.locator('[data-cell="0:5"]').click();
  await seen(page.getByRole("tree"));
  await axe.look("tree", ".fui-PopoverSurface");
  await page.keyboard.press("Escape");
  await results.getByRole("tab", { name: "Statistics" }).click();
  await axe.look("statistics", "[role=tabpanel]");

  await hunting(page, { last: "30d", run: "1", side: "queries", q: "EmailEvents\n| where Timestamp > ago(40d)\n| summarize Messages = count() by bin(Timestamp, 1d), DeliveryAction\n| render columnchart" });
  const chart = page.getByRole("region", { name: "Chart" });
  await seen(chart.getByRole("figure"));
  await results.getByRole("button", { name: "Pin" }).click();
  await seen(page.getByRole("region", { name: "Pinned rows" }));
  await axe.look("chart, pinned rows and queries");
  await chart.getByRole("button", { name: "Show as a table" }).click();
  await axe.look("chart as a table", "[aria-label=Chart]");
  await page.getByRole("button", { name: "History", exact: true }).click();
  await seen(page.getByRole("list", { name: "What you ran" }));
  await writeQuery(page, "EmailEvents\n| where Subjet == 1");
  await seen(page.locator(".cm-lintRange-error"));
  await axe.look("wrong query, old rows, history");
  await runButton(page).click();
  await seen(page.getByRole("alert"));
  await axe.look("refused", "main");

  await writeQuery(page, "EmailEvents | where ");
  await page.keyboard.type("Lat");
  await seen(page.getByRole("listbox"));
  await seen(page.locator(".cm-completionInfo"));
  await axe.look("proposals", ".cm-editor");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await seen(page.getByRole("dialog"));
  await axe.look("save", ".fui-DialogSurface");
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 780, height: 900 });
  await page.getByRole("button", { name: "Schema and queries" }).click();
  await seen(page.getByRole("complementary", { name: "Schema and queries" }));
  await axe.look("narrow, with the side over the page");
  axe.none();
});

check("axe: the policy", { server: ruled, timeout: 300_000 }, async ({ page, session }) => {
  const axe = new Findings(page);
  const add = (data) => session.context.request.post("/api/v1/policy/entries", { data });
  await add({ kind: "sender", values: ["ann@evil.example"], action: "Block", reason: "ticket 4711" });
  await add({ kind: "domain", values: ["partner.example"], action: "Allow", reason: "newsletter", expires: new Date(Date.now() + 86_400_000).toISOString() });
  const surface = ".fui-DialogSurface", panel = "[role=tabpanel]";
  const dialog = page.getByRole("dialog");
  const shut = async () => {
    await page.keyboard.press("Escape");
    await gone(dialog);
  };
  await policy(page);
  await axe.look("what is done");
  await policy(page, { set: "mode:watch,spam:drop,priority.points:5" });
  await page.getByRole("button", { name: "What would it have done?" }).click();
  const tried = page.getByRole("region", { name: "What would it have done?" });
  await seen(tried.getByText("Done", { exact: true }));
  await seen(tried.getByRole("grid"));
  await axe.look("changed and tried", "main");
  await page.getByRole("button", { name: "Save…" }).click();
  await seen(dialog);
  await axe.look("save", surface);
  await shut();

  await policy(page, { tab: "list" });
  await axe.look("the list", panel);
  await page.getByRole("grid", { name: "Entries" }).getByText("ticket 4711").click();
  await seen(dialog.getByRole("button", { name: "Remove…" }));
  await axe.look("one entry", surface);
  await dialog.getByRole("button", { name: "Remove…" }).click();
  await seen(dialog.getByText("Remove the entry?"));
  await axe.look("removal", surface);
  await shut();
  await page.getByRole("button", { name: "Add entry" }).click();
  await dialog.getByRole("textbox", { name: /^What/ }).fill("ann@evil.example\nnobody");
  await seen(dialog.getByText(/it should be/));
  await axe.look("add, wrong", surface);
  await dialog.getByRole("textbox", { name: /^What/ }).fill("bob@evil.example");
  await dialog.getByRole("group", { name: "Action" }).getByRole("button", { name: "Allow" }).click();
  await seen(dialog.getByText(/or every forger/));
  await axe.look("add, allow", surface);
  await shut();
  await policy(page, { tab: "list", search: "nothing like it" });
  await seen(page.getByText("No entry is like that"));
  await axe.look("nothing found", panel);

  await policy(page, { tab: "mailboxes" });
  await axe.look("mailboxes", panel);
  await page.getByRole("button", { name: "Add mailbox" }).click();
  await dialog.getByLabel("Safe senders").fill("nobody");
  await seen(dialog.getByText(/is no address/));
  await axe.look("a mailbox", surface);
  await shut();

  await policy(page, { tab: "judging", runs: "whatif" });
  await seen(page.getByRole("grid", { name: "Runs" }));
  await axe.look("judging again", panel);
  await page.getByRole("button", { name: "Judge again…" }).click();
  await seen(dialog);
  await axe.look("ask for it", surface);
  await shut();
  await page.setViewportSize({ width: 780, height: 900 });
  for (const tab of ["decisions", "list", "mailboxes", "judging"]) {
    await policy(page, { tab });
    assert.ok(await page.evaluate(() => [document.documentElement, document.querySelector("main")].every((e) => e.scrollWidth <= e.clientWidth)), `${tab} moves sideways`);
  }
  await axe.look("narrow");
  axe.none();
});
