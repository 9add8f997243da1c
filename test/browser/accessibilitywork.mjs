// axe on the pages where people work and look ahead.

import assert from "node:assert/strict";
import { Findings } from "./axe.mjs";
import { listServer } from "./feedlist.mjs";
import { message } from "./mail.mjs";
import { mailbox, unreached } from "./mailboxpages.mjs";
import { explorer } from "./pages.mjs";
import { policy } from "./policypages.mjs";
import { token } from "./releaselink.mjs";
import { check, demo, eventually, fresh, gone, seen } from "./rig.mjs";
import { answer, engines, learning, visited, watched } from "./settingspages.mjs";
import { original, post } from "./submissionpages.mjs";

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
  await page.goto("/campaigns?last=30d&text=payables-desk&sort=-messages");
  const first = page.getByRole("grid", { name: "Campaigns" }).locator('[role=row][aria-rowindex="2"] b').first();
  await seen(first);
  await axe.look("list of campaigns");
  await first.click();
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
  await gone(page.locator("#root[aria-hidden]")); // comes back a moment later
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
