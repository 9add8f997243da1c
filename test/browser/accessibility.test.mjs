// axe finds nothing on any page, in any state that can be opened, light and dark: WCAG 2.2 AA, and its best practices.

import assert from "node:assert/strict";
import { message } from "./mail.mjs";
import { mailbox, unreached } from "./mailboxpages.mjs";
import { policy, ruled } from "./policypages.mjs";
import { chart, explorer, filterBar, flyout, hunting, openTab, pointAt, cell, runButton, settled, writeQuery } from "./pages.mjs";
import { token } from "./releaselink.mjs";
import { original, post } from "./submissionpages.mjs";
import { listServer } from "./feedlist.mjs";
import { answer, engines, learning, visited, watched } from "./settingspages.mjs";
import { federated, virtualKey } from "./signinpages.mjs";
import { axe as source, check, demo, eventually, fresh, gone, once, seen } from "./rig.mjs";

const rules = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
// A theme is nothing but colours: the same document needs no second look at the rest.
const colours = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

/** Runs in the page. What is right needs no place in the document worked out for a report. */
async function run({ part, runOnly }) {
  // The document of a preview is the sender's: its colours and headings are evidence. Fluent's focus dummies hand the focus on at once.
  const context = { exclude: ["iframe", "[data-tabster-dummy]"], ...(part && { include: part }) };
  const { violations } = await window.axe.run(context, { resultTypes: ["violations"], runOnly, iframes: false });
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ target, failureSummary, html }) => ({ target, failureSummary, html })) }));
}

/** Collects what axe finds in each state, so that one run tells all of it. */
class Findings {
  found = [];

  constructor(page) {
    this.page = page;
  }

  /** Looks at the page as it is, in both themes; with a selector, only at that part, when the rest was looked at before. */
  async look(state, part) {
    await this.page.mouse.move(0, 0); // a tooltip is a state of its own
    for (const colorScheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme });
      await eventually(async () => assert.equal(await this.page.evaluate(() => document.documentElement.dataset.theme), colorScheme));
      // What moves is between two states; a colour on its way is none of the theme's.
      await this.page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished.catch(() => undefined))));
      if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(source); // once a document: reading it takes longer than many a look
      const violations = await this.page.evaluate(run, { part, runOnly: colorScheme === "light" ? rules : colours });
      this.found.push(...violations.flatMap((v) => v.nodes.map((n) => `${state}, ${colorScheme}: ${v.id} (${v.help}) at ${n.target.join(" ")}: ${n.failureSummary?.split("\n").slice(1, 3).join(" ").trim()} ${n.html.slice(0, 160)}`)));
    }
    await this.page.emulateMedia({ colorScheme: "light" });
  }

  none() {
    assert.deepEqual(this.found, []);
  }
}

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

check("axe: Threats", { timeout: 300_000 }, async ({ page }) => {
  const axe = new Findings(page);
  await page.goto("/intelligence/threats?last=all");
  await seen(page.getByRole("table", { name: "Threats" }));
  await axe.look("list");
  await page.goto("/intelligence/threats?find=nothing-like-it");
  await seen(page.getByText("No threat fits the filter"));
  await axe.look("nothing found", "main");
  await page.goto("/intelligence/threats/display-name-spoofing?last=all");
  await seen(page.getByRole("region", { name: "Seen here" }).getByText("in mailboxes now"));
  await axe.look("article", "main");
  await page.goto("/rules?open=antivirus-expired-scare");
  await page.getByRole("button", { name: "T1566.002" }).click();
  await seen(page.getByRole("dialog", { name: "About this threat" }).getByRole("heading", { name: "What to do" }));
  await axe.look("flyout", "[role=dialog]");
  axe.none();
});

check("axe: Rules", { timeout: 300_000 }, async ({ page }) => {
  const axe = new Findings(page);
  await page.goto("/rules");
  await seen(page.getByRole("table", { name: "Rules" }));
  await axe.look("list");
  await page.goto("/rules?threat=Spam&find=nothing-like-it");
  await seen(page.getByText("No rule fits the filter"));
  await axe.look("nothing found", "main");
  await page.goto("/rules?open=antivirus-expired-scare");
  const panel = page.getByRole("complementary", { name: /^Rule / });
  await panel.getByRole("list", { name: "Samples" }).getByRole("button").first().click();
  await axe.look("one rule");
  await panel.getByRole("button", { name: "Change points" }).click();
  await seen(page.getByRole("dialog"));
  await axe.look("points", ".fui-DialogSurface");
  await page.keyboard.press("Escape");

  await page.goto("/rules/antivirus-expired-scare");
  await page.getByRole("button", { name: /^Test/ }).click();
  await seen(page.getByText(/^All \d+ samples pass\.$/));
  await page.getByRole("list", { name: "Samples" }).getByRole("button").first().click();
  await axe.look("editor, tested");
  const text = page.getByRole("textbox", { name: "Text of the rule" });
  await text.click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.insertText("colour: red\n");
  await seen(page.locator(".cm-lintRange-error"));
  await axe.look("wrong text, unsaved", "main");
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+End");
  await page.keyboard.type("aut");
  await seen(page.getByRole("listbox"));
  await seen(page.locator(".cm-completionInfo"));
  await axe.look("proposals", ".cm-editor");
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "History" }).click();
  await seen(page.getByText(/Nothing was changed yet|^Version/).first());
  await axe.look("history", "[role=tabpanel]");
  await page.goto("/rules/brand-before-at?pane=whatif");
  await page.getByRole("tabpanel").getByRole("button", { name: "Run", exact: true }).click();
  await seen(page.getByText("Done", { exact: true }));
  await axe.look("what-if", "[role=tabpanel]");
  await page.setViewportSize({ width: 780, height: 900 });
  await axe.look("narrow");
  axe.none();
});

check("axe: actions", { as: ["Security Administrator", "Search and Purge", "Approve"], timeout: 300_000 }, async ({ page, session, open }) => {
  const axe = new Findings(page);
  const q = 'EmailEvents\n| where ThreatTypes has "Phish"';
  const ask = async (asker, data) => (await asker.context.request.post("/api/v1/actions", { data: { reason: "ticket 4711", ...data } })).json();
  const surface = ".fui-DialogSurface";
  const wizard = page.getByRole("dialog", { name: "Take action" });
  // The wizard stands over Explorer, which nobody sees by role then.
  await page.goto(`/explorer?${new URLSearchParams({ last: "all", q, act: "choose", on: "all~2020-01-01T00:00:00Z~2040-01-01T00:00:00Z", does: "Soft delete" })}`);
  await seen(wizard.getByText("No undo"));
  await axe.look("choose", surface);
  await wizard.getByLabel("Reason").fill("ticket 4711");
  await wizard.getByRole("button", { name: "Next: targets" }).click();
  await seen(wizard.getByRole("region", { name: "Targets" }));
  await axe.look("targets", surface);
  await wizard.getByRole("button", { name: "Back" }).click();
  await wizard.getByRole("radio", { name: /^Hard delete/ }).check();
  await wizard.getByRole("button", { name: "Next: targets" }).click();
  await wizard.getByRole("button", { name: "Next: approval" }).click();
  await seen(wizard.getByText("Who can approve it"));
  await axe.look("approval", surface);
  await page.goto("/explorer?act=choose&on=kept~nothing");
  await seen(wizard.getByText("This link does not say which mail it is about"));

  const { rows } = await session.ask("/explorer/emails", { q: 'EmailEvents\n| where LatestDeliveryLocation == "Inbox/folder" and IsPriorityAccount == false', view: "all", limit: "2" });
  const events = rows.map((r) => ({ network_message_id: r.NetworkMessageId, recipient: r.RecipientEmailAddress }));
  const done = await ask(session, { kind: "Soft delete", name: "Two memos", events });
  await page.goto(`/explorer?act=${done.id}`);
  await seen(wizard.getByRole("heading", { name: "All 2 are soft deleted" }));
  await axe.look("result", surface);
  await wizard.getByRole("button", { name: "Undo…" }).click();
  await seen(page.getByRole("dialog", { name: "Undo it?" }).getByText(/^Runs at once/));
  await axe.look("undo", surface);
  const other = await open({ as: ["Security Operator", "Search and Purge"] });
  const waits = await ask(other, { kind: "Hard delete", name: "A wave", query: { q } });
  const own = await ask(session, { kind: "Hard delete", name: "My own", events });

  await page.goto("/actions");
  await seen(page.getByRole("gridcell", { name: "Wanted" }).first());
  await axe.look("waiting");
  await page.goto("/actions?tab=history");
  await seen(page.getByRole("gridcell", { name: "Two memos" }));
  await axe.look("history", "main");
  await page.goto("/actions?tab=running&kind=Release");
  await seen(page.getByText("No action is like that"));
  await axe.look("nothing", "main");
  await page.goto(`/actions/${done.id}`);
  await page.getByRole("button", { name: /^Receipt of / }).first().click();
  await axe.look("one action");
  await page.goto(`/actions/${own.id}`);
  await seen(page.getByText("You asked for this: somebody else has to approve it."));
  await axe.look("one's own", "main");
  await page.goto(`/actions/${waits.id}`);
  await page.getByRole("button", { name: "Reject…" }).click();
  await axe.look("reject", surface);

  await page.goto("/approvals");
  await seen(page.getByText(/^Nobody: it runs at once/));
  await page.getByRole("button", { name: "Move “Hard delete” up" }).click();
  await axe.look("approval policy");
  await page.getByRole("button", { name: "Add a rule…" }).click();
  await axe.look("a rule", surface);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Save…" }).click();
  await axe.look("save the rules", surface);
  await page.keyboard.press("Escape");
  await page.goto("/actions?tab=messages");
  await seen(page.getByText("No message was sent to recipients"));
  await axe.look("messages", "main");
  await explorer(page);
  await page.getByRole("grid", { name: "Email events" }).getByRole("gridcell").first().click();
  await page.getByRole("button", { name: "Take action" }).click();
  await axe.look("what can be done", ".fui-MenuPopover");
  await page.getByRole("menuitem", { name: "Send a message to recipients…" }).click();
  await seen(page.getByText(/^Tocsin sends no mail here/));
  await axe.look("message to recipients", surface);
  await page.setViewportSize({ width: 780, height: 900 });
  for (const path of [`/actions/${done.id}`, "/approvals", "/actions"]) {
    await page.goto(path);
    await seen(page.getByRole("heading", { level: 1 }));
    assert.ok(await page.evaluate(() => [document.documentElement, document.querySelector("main")].every((e) => e.scrollWidth <= e.clientWidth)), `${path} moves sideways`);
  }
  await page.goto(`/explorer?${new URLSearchParams({ last: "all", q, act: "choose", on: "all~2020-01-01T00:00:00Z~2040-01-01T00:00:00Z" })}`);
  await seen(wizard.getByText("No undo"));
  await axe.look("narrow wizard", surface);
  axe.none();
});

check("axe: the audit log", { server: fresh, timeout: 300_000 }, async ({ session, page }) => {
  const axe = new Findings(page);
  const policy = await session.ask("/policy");
  await session.context.request.put("/api/v1/policy", { data: { policy: { ...policy.policy, spam: "quarantine" }, version: policy.version, reason: "spam was released too often" } });
  await page.goto("/audit");
  await page.getByRole("button", { name: "Check now" }).click();
  await seen(page.getByText(/^Chain verified up to record/));
  await page.getByRole("button", { name: "What it rests on" }).click();
  await axe.look("records");
  await page.getByRole("gridcell", { name: "Policy changed" }).click();
  await seen(page.getByText("What changed"));
  await axe.look("one record");
  await page.goto("/audit?text=nothing-like-it");
  await seen(page.getByText("No record is like that in this time"));
  await axe.look("nothing found", "main");
  axe.none();
});

check("axe: Settings, and the page of a link", { timeout: 300_000 }, async ({ page, session }) => {
  const axe = new Findings(page);
  await page.goto("/settings");
  await seen(page.getByText("None is set up"));
  await axe.look("engines that are off");
  await answer(page, "/engines", engines);
  await page.reload();
  await seen(page.getByText(/1 does not answer/));
  await axe.look("engines");
  await page.goto("/settings?tab=learning");
  await seen(page.getByText(/^Not trained yet: it takes/).first());
  await axe.look("no model");
  await page.getByRole("button", { name: "Reset…" }).click();
  await seen(page.getByRole("dialog"));
  await axe.look("reset", ".fui-DialogSurface");
  await answer(page, "/learning", learning);
  await page.reload();
  await seen(page.getByText("The one in shadow"));
  await axe.look("models");
  await page.getByRole("button", { name: "Activate…" }).click();
  await seen(page.getByRole("dialog"));
  await axe.look("activate", ".fui-DialogSurface");
  const { people: [p] } = await session.ask("/directory/people", { limit: "1" });
  await page.goto(`/settings?tab=directory&person=${encodeURIComponent(p.address)}`);
  await seen(page.getByRole("complementary", { name: /^Person/ }).getByText("Known from"));
  await axe.look("people");
  await page.goto("/settings?tab=directory&search=nobody-is-called-so");
  await seen(page.getByText("Nobody fits"));
  await axe.look("nobody");
  await page.goto("/settings?tab=sources");
  await seen(page.getByText(/Everything that was taken in is judged/));
  await axe.look("sources");
  await answer(page, "/coverage", { ...(await session.ask("/coverage")), watched });
  await page.reload();
  await seen(page.getByText("2 mailboxes are not read."));
  await axe.look("watched mailboxes");
  const { rows: [row] } = await session.ask("/explorer/emails", { q: "EmailEvents\n| where UrlCount > 0", view: "phish", limit: "1" });
  await visited(page, row.NetworkMessageId);
  await page.goto(`/email/${row.NetworkMessageId}?recipient=${row.RecipientEmailAddress}&tab=urls`);
  const visit = page.getByRole("group", { name: "The page it leads to" }).first();
  await visit.getByRole("button", { name: "Show the page" }).click();
  await axe.look("asked why", "[role=tabpanel]");
  await visit.getByLabel("Reason").fill("ticket 7");
  await visit.getByRole("button", { name: "Show the picture" }).click();
  await seen(visit.getByRole("img"));
  await axe.look("picture of a page", "[role=tabpanel]");
  axe.none();
});

check("axe: the quarantine", { server: demo, as: ["Security Administrator", "Search and Purge", "Preview"], timeout: 300_000 }, async ({ server, session, page, open }) => {
  const axe = new Findings(page);
  await page.goto("/quarantine");
  const grid = page.getByRole("grid", { name: "Quarantine" });
  await seen(grid.getByRole("row").nth(1));
  await axe.look("held");
  await grid.getByRole("gridcell").nth(2).click();
  const entry = page.getByRole("complementary", { name: "Entry of the quarantine" });
  await seen(entry.getByText("Why it is here"));
  await axe.look("an entry", "aside");
  await entry.getByRole("tab", { name: "Preview" }).click();
  await seen(entry.getByRole("button", { name: "Show the message" }));
  await axe.look("before its preview", "aside");
  await entry.getByRole("button", { name: "Close" }).click();
  await grid.getByRole("gridcell", { name: "Not selected" }).nth(0).click();
  await axe.look("one selected");
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Release" }).click();
  await seen(page.getByRole("dialog").getByText(/^Each gets the bytes that came in/));
  await page.getByRole("checkbox", { name: /^Report as false positive/ }).click();
  await axe.look("release", "[role=dialog]");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Delete" }).click();
  await seen(page.getByRole("dialog").getByText(/It waits until/));
  await axe.look("delete", "[role=dialog]");
  await page.goto("/quarantine?state=expired");
  await seen(page.getByRole("heading", { name: "Nothing expired in this time" }));
  await axe.look("nothing expired");

  // A message that its recipient asks for, and the page where they do.
  const held = await session.ask("/quarantine", { threat: "Phish", limit: 50, desc: false });
  const e = held.entries.find((x) => x.state === "held" && !x.threats.includes("Malware"));
  const link = `/release#${token(server, e.network_message_id, e.recipient)}`;
  const { page: guest } = await open({ as: "nobody" });
  const door = new Findings(guest);
  await guest.goto(link);
  await seen(guest.getByRole("heading", { name: "A message is held for you" }));
  await door.look("a held message");
  await guest.getByRole("button", { name: "Ask for this message" }).click();
  await seen(guest.getByRole("heading", { name: "You asked for this message" }));
  await door.look("asked for");
  door.none();
  await page.goto(`/quarantine?state=asked&open=${e.network_message_id}&rcpt=${encodeURIComponent(e.recipient)}`);
  await seen(page.getByRole("region", { name: "Request for release" }));
  await axe.look("release asked");
  await page.getByRole("button", { name: "Refuse" }).click();
  await seen(page.getByRole("dialog").getByLabel("Answer"));
  await axe.look("refuse", "[role=dialog]");
  axe.none();
});

check("axe: a mailbox", { server: demo, as: ["Security Operator", "Search and Purge"], timeout: 180_000 }, async ({ page, session }) => {
  const axe = new Findings(page);
  const { people: [p] } = await session.ask("/directory/people", { limit: "1" });
  await mailbox(page, p.address, { view: { person: p, ...unreached } });
  await page.goto(`/mailbox/${p.address}`);
  await seen(page.getByText(/^No mail system is connected/).first());
  await axe.look("not reached");
  await page.unrouteAll();
  await mailbox(page, p.address, { view: { person: p } });
  await page.reload();
  const dialog = page.getByRole("dialog");
  for (const does of ["Take it out", "Put it back"]) {
    await page.getByRole("button", { name: does === "Take it out" ? /^Take out: forwards/ : "Put back" }).click();
    await dialog.getByLabel("Reason").fill("ticket 9");
    await axe.look(does, ".fui-DialogSurface");
    await dialog.getByRole("button", { name: does }).click();
    await gone(dialog);
  }
  await page.locator("details").last().locator("summary").click();
  await axe.look("rules and history");
  axe.none();
});

check("axe: submissions, from an empty queue to the answers", { server: fresh, as: ["Global Administrator", "Preview"], timeout: 240_000 }, async ({ server, session, page }) => {
  const axe = new Findings(page);
  await page.goto("/submissions");
  await seen(page.getByRole("heading", { name: "Nobody reported mail yet" }));
  await axe.look("empty queue");
  await server.import(original("Your parcel waits"));
  const [event] = (await session.ask("/explorer/emails")).rows;
  await post(session, "/submissions", { network_message_id: event.NetworkMessageId, type: "Phish", reporter: "maren@northwind.example", comment: "Is this real?" });
  await page.goto("/submissions");
  await page.getByRole("grid", { name: "Submissions" }).getByText("Your parcel waits").click();
  const one = page.getByRole("complementary", { name: "Submission: Your parcel waits" });
  await one.getByRole("button", { name: "Close…" }).click();
  await axe.look("closing a submission");
  await page.goto("/submissions?part=figures");
  await seen(page.getByRole("region", { name: "Reporters", exact: true }).getByText("maren@northwind.example"));
  await axe.look("figures");
  await page.goto("/submissions?part=answers");
  await seen(page.getByLabel("When it is: Unknown"));
  await axe.look("answers");
  await page.goto(`/email/${event.NetworkMessageId}`);
  await seen(page.getByRole("link", { name: /Reported by 1/ }));
  await axe.look("reported message", "header");
  axe.none();
});

check("axe: indicators and retro-hunts", { server: fresh, as: ["Global Administrator"], timeout: 240_000 }, async ({ session, page }) => {
  const axe = new Findings(page);
  await page.goto("/intelligence/indicators");
  await seen(page.getByRole("heading", { name: "Nothing is known to be bad yet" }));
  await axe.look("no indicators");
  await post(session, "/indicators", { indicators: [{ value: "https://parcel-fee.example/pay" }, { value: "gmail.com" }], threat: "Parcel Kit", tags: ["kit"], tlp: "amber", reason: "ticket 7" });
  await page.goto("/intelligence/indicators");
  await page.getByRole("grid", { name: "Indicators" }).getByText("Confirmed, held back").click();
  await seen(page.getByRole("complementary", { name: /^Indicator/ }).getByText(/In no mail/));
  await axe.look("one that is held back");
  await page.getByRole("button", { name: "Add indicators" }).click();
  await page.getByRole("dialog").getByLabel("Values").fill("other.example\nnothing at all");
  await page.getByRole("button", { name: "What would it hit?" }).click();
  await seen(page.getByRole("dialog").getByText(/In no mail/));
  await axe.look("adding", ".fui-DialogSurface");
  await page.goto("/intelligence/retro-hunts");
  await seen(page.getByRole("button", { name: "Search stored mail" }).first());
  await axe.look("retro-hunts");
  await page.getByRole("button", { name: "Search stored mail" }).first().click();
  await seen(page.getByRole("dialog"));
  await axe.look("starting a search", ".fui-DialogSurface");
  axe.none();
});

check("axe: feeds", { server: fresh, as: ["Global Administrator"], timeout: 240_000 }, async ({ session, page }) => {
  const axe = new Findings(page);
  const { list, url, close } = await listServer("listed.example\nnothing at all\n");
  await page.goto("/intelligence/feeds");
  await seen(page.getByRole("heading", { name: "Nothing comes from others yet" }));
  await axe.look("no feeds");
  await page.goto("/intelligence/feeds?setup=new");
  const dialog = page.getByRole("dialog"), surface = ".fui-DialogSurface";
  await seen(dialog);
  await axe.look("kind of feed", surface);
  await dialog.getByText("CSV list").last().click();
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByLabel("Address of the list").fill(url);
  await dialog.getByText(/^It is in our own network/).click();
  await axe.look("address of a feed", surface);
  await dialog.getByLabel("The first line names columns").click();
  await dialog.getByRole("textbox", { name: "Value", exact: true }).fill("1");
  await dialog.getByRole("button", { name: "Test it" }).click();
  await seen(dialog.getByText("It can be read."));
  await axe.look("trial of a feed", surface);
  await dialog.getByRole("button", { name: "Next" }).click();
  await seen(dialog.getByText(/It would have hit nothing/));
  await axe.look("hits of a feed", surface);
  await dialog.getByRole("button", { name: "Next" }).click();
  await axe.look("switching a feed on", surface);
  await dialog.getByRole("textbox", { name: "Name" }).fill("One");
  list.status = 401;
  await dialog.getByRole("button", { name: "Add and switch on" }).click();
  await seen(page.getByRole("complementary", { name: "Feed: One" }).getByText(/Silent since/));
  await axe.look("a feed that fails");
  close();
  axe.none();
});

check("axe: campaigns", { as: ["Global Administrator", "Search and Purge"], timeout: 240_000 }, async ({ page }) => {
  const axe = new Findings(page);
  await page.goto("/campaigns?last=30d&text=nothing-like-it");
  await seen(page.getByRole("heading", { name: "No campaign is like that" }));
  await axe.look("no campaign that fits");
  await page.goto("/campaigns?last=30d");
  const list = page.getByRole("grid", { name: "Campaigns" });
  await seen(list.getByText(/Remittance advice/).first());
  await axe.look("list of campaigns");
  await list.getByText(/Remittance advice/).first().click();
  const flow = page.getByRole("region", { name: "From sender to mailbox" });
  await flow.getByRole("button", { name: /^payables-desk/ }).click();
  await seen(page.getByText(/Only mail that passes/));
  await axe.look("campaign, narrowed", 'section[aria-labelledby="flow-title"]');
  await page.getByRole("button", { name: "Show all" }).click();
  await flow.getByRole("button", { name: "Show as a list" }).click();
  await page.getByRole("button", { name: "Merge…" }).click();
  await seen(page.getByRole("radiogroup", { name: "Campaign to merge into" }).getByRole("radio").first());
  await axe.look("campaign, merging", ".fui-DialogSurface");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Split off what has/ }).first().click();
  await seen(page.getByRole("dialog"));
  await axe.look("campaign, splitting", ".fui-DialogSurface");
  await page.keyboard.press("Escape");
  await gone(page.getByRole("dialog"));
  await axe.look("campaign, flow as a list");
  axe.none();
});

check("axe: trackers and alerts", { server: fresh, as: ["Global Administrator"], timeout: 240_000 }, async ({ server, session, page }) => {
  const axe = new Findings(page);
  await server.import(original("Your parcel waits"));
  await page.goto("/intelligence/trackers?open=qr-codes");
  await seen(page.getByRole("complementary", { name: /^Noteworthy: QR/ }).getByText(/ATT&CK/));
  await axe.look("noteworthy");
  await page.goto("/intelligence/trackers?tab=trending");
  await seen(page.getByRole("heading", { name: "Too little of a past to compare with" }));
  await axe.look("too little history");
  const saved = await post(session, "/hunt/queries", { name: "Parcels", query: "EmailEvents" });
  const tracked = await post(session, "/trackers/tracked", { query_id: saved.id, every_seconds: 900, window_seconds: 86400, condition: "Above", severity: "High", on: true });
  const { alert } = await post(session, `/trackers/tracked/${tracked.id}/run`);
  await page.goto(`/intelligence/trackers?tab=tracked&open=${tracked.id}`);
  await seen(page.getByRole("complementary", { name: "Tracked query: Parcels" }).getByRole("button", { name: "Run now" }));
  await page.getByRole("button", { name: "Show as a table" }).click();
  await axe.look("a tracked query");
  await page.getByRole("button", { name: "Change…" }).click();
  await axe.look("its schedule", ".fui-DialogSurface");
  await page.goto("/intelligence/trackers?tab=saved");
  await seen(page.getByRole("button", { name: "Its tracker: Parcels" }));
  await axe.look("saved queries");
  await page.goto(`/alerts?open=${alert}`);
  await seen(page.getByRole("complementary", { name: /^Alert/ }).getByRole("button", { name: "Take it" }));
  await axe.look("alerts");
  axe.none();
});

check("axe: incidents", { timeout: 300_000 }, async ({ session, page }) => {
  const axe = new Findings(page);
  const post = async (path, data) => (await session.context.request.post(`/api/v1${path}`, { data })).json();
  const made = await post("/incidents", {
    name: "Looked at by axe", severity: "High", tags: ["payroll"], description: "What is known.", owner: "",
    mail: { query: { view: "phish", q: "EmailEvents", from: "2020-01-01T00:00:00Z", to: "2040-01-01T00:00:00Z" }, live: true, name: "all phish" },
  });
  await post(`/incidents/${made.id}/notes`, { text: "A note, @person1 please look at hxxp://a.example" });
  await post(`/incidents/${made.id}/tasks`, { title: "Call her", due: "2025-01-01T00:00:00Z" });
  const surface = ".fui-DialogSurface", dialog = page.getByRole("dialog");
  const shut = async () => {
    await page.keyboard.press("Escape");
    await gone(dialog);
  };
  await page.goto("/incidents");
  const list = page.getByRole("grid", { name: "Incidents" });
  await seen(list.getByText("Looked at by axe"));
  await axe.look("list");
  await list.locator('[data-cell="0:0"]').click();
  await axe.look("selected", "main");
  for (const name of ["Merge…", "Tags…", "Close…"]) {
    await page.getByRole("button", { name }).click();
    await seen(dialog);
    await axe.look(name, surface);
    await shut();
  }
  await page.goto("/incidents?text=nothing-like-it");
  await seen(page.getByText("No incident is like that"));
  await axe.look("nothing found", "main");
  await page.getByRole("button", { name: "New incident" }).click();
  await seen(dialog);
  await axe.look("new", surface);
  await shut();

  for (const tab of ["summary", "messages", "entities", "notes", "tasks", "actions", "timeline"]) {
    await page.goto(`/incidents/${made.number}?tab=${tab}`);
    await seen(page.getByRole("heading", { level: 1, name: /^Looked at by axe/ }));
    await eventually(async () => assert.equal(await page.getByLabel(/^(Reading|Looking)/).count(), 0));
    await axe.look(tab, tab === "summary" ? undefined : "main");
  }
  await page.goto(`/incidents/${made.number}?tab=tasks`);
  await page.getByRole("button", { name: "Add task" }).click();
  await axe.look("new task", "[role=tabpanel]");
  const note = page.getByRole("textbox", { name: "New note" });
  await note.fill("ask ");
  await note.pressSequentially("@p");
  await seen(page.getByRole("listbox", { name: "People" }));
  await axe.look("mention", "[aria-label=Activity]");
  await note.fill("");
  await page.getByRole("button", { name: "Report", exact: true }).click();
  await page.getByRole("menuitem", { name: "Export everything…" }).click();
  await seen(dialog);
  await axe.look("export", surface);
  await shut();
  await page.getByRole("button", { name: "Close incident" }).click();
  await seen(dialog);
  await dialog.getByRole("button", { name: "Close incident" }).click();
  await axe.look("close, asked", surface);
  await shut();
  await page.setViewportSize({ width: 800, height: 900 });
  for (const tab of ["summary", "messages"]) {
    await page.goto(`/incidents/${made.number}?tab=${tab}`);
    await seen(page.getByRole("heading", { level: 1, name: /^Looked at by axe/ }));
    assert.ok(await page.evaluate(() => [document.documentElement, document.querySelector("main")].every((e) => e.scrollWidth <= e.clientWidth)), "the page moves sideways");
    await axe.look(`narrow, ${tab}`, "main");
  }
  axe.none();
});

check("axe: reports and their schedules", { server: demo, timeout: 240_000 }, async ({ page }) => {
  const axe = new Findings(page);
  await page.goto("/reports/url-protection?last=30d");
  await seen(page.getByRole("region", { name: "Links", exact: true }));
  await axe.look("a report");
  await page.getByRole("button", { name: "Show query: Figures" }).click();
  await seen(page.getByLabel("KQL of Clicks"));
  await axe.look("how it is counted", ".fui-PopoverSurface");
  await page.keyboard.press("Escape");
  await page.goto("/reports/schedules");
  await page.getByRole("button", { name: "New schedule" }).click();
  await axe.look("a new schedule", ".fui-DialogSurface");
  axe.none();
});
