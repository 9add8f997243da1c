// The page of one message.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { message } from "./mail.mjs";
import { address, chipsAre, explorer, flyout, menuItem, number, pointAt, settled, total } from "./pages.mjs";
import { check, eventually, seen, shows } from "./rig.mjs";

const tabs = (page) => page.getByRole("tablist", { name: "Parts of the message" });
const panel = (page) => page.getByRole("tabpanel");
const facts = (page) => page.getByRole("complementary", { name: "Facts" });
const title = (page) => page.getByRole("heading", { level: 1 });

async function tab(page, name) {
  await tabs(page).getByRole("tab", { name: new RegExp(`^${name}`) }).click();
  await seen(tabs(page).getByRole("tab", { name: new RegExp(`^${name}`), selected: true }));
}

/** First email event of a filter. */
async function first(session, q, view = "all") {
  const { rows } = await session.ask("/explorer/emails", { q: `EmailEvents\n| where ${q}`, view, limit: "1" });
  assert.equal(rows.length, 1, `no mail for ${q}`);
  return rows[0];
}

/** Opens the page of an email event. */
async function open(page, row, more = "") {
  await page.goto(`/email/${row.NetworkMessageId}?recipient=${row.RecipientEmailAddress}${more}`);
  await shows(title(page), row.Subject.replace(/\s+/g, " ").trim() || "(no subject)");
}

check("the page of a message is reached from the list, and knows its place in it", async ({ page }) => {
  await explorer(page, { view: "phish" });
  const all = await total(page);
  await page.locator('[data-cell="1:2"]').click();
  await seen(flyout(page));
  await flyout(page).getByRole("button", { name: "Open page" }).click();
  const way = page.getByRole("navigation", { name: "Way back" });
  await shows(way, new RegExp(`Phish.*Email 2 of ${all.toLocaleString("en-GB")}`));
  const second = page.url();
  await page.keyboard.press("]");
  await shows(way, /Email 3 of/);
  await page.keyboard.press("[");
  await shows(way, /Email 2 of/);
  assert.equal(page.url(), second);
  await way.getByRole("button", { name: /^Previous/ }).click();
  await shows(way, /Email 1 of/);
  await way.getByRole("link", { name: "Explorer" }).click();
  await settled(page);
  await seen(page.getByRole("tab", { name: "Phish", selected: true }));
  await shows(flyout(page).locator("[aria-live=polite]").first(), /^1 of/);
});

check("verdict, place and reason stand over every tab, and the signals add up to the score", async ({ session, page }) => {
  const row = await first(session, 'PhishConfidence == "High" and UrlCount > 0', "phish");
  await open(page, row);
  const head = page.getByRole("main").getByRole("banner").or(page.locator("main header")).first();
  await shows(head, /Phish.*High confidence/);
  await seen(page.getByRole("img", { name: new RegExp(`^Score ${row.ThreatScore} of 100`) }));
  const weights = async (heading) => (await panel(page).locator("section", { has: page.getByRole("heading", { name: heading }) }).locator("ul > li b.num").allInnerTexts()).map((t) => Number(t.replace("−", "-").replace("+", "")));
  const pro = await weights("What spoke for it"), contra = await weights("What spoke against it");
  assert.ok(pro.length > 0 && pro.every((w) => w > 0) && contra.every((w) => w < 0));
  const sum = [...pro, ...contra].reduce((a, b) => a + b, 0);
  if (sum !== row.ThreatScore) await seen(panel(page).getByText(`The weights add up to ${sum}; the score is ${row.ThreatScore}`));
  assert.equal(number(await tabs(page).getByRole("tab", { name: /^Analysis/ }).innerText()), pro.length + contra.length + (await weights("Seen, without weight")).length);
  for (const name of ["SPF", "DKIM", "DMARC", "ARC"]) await seen(panel(page).getByText(name, { exact: true }));
  assert.equal(await panel(page).getByText("Decided", { exact: true }).count(), 1);
  await seen(facts(page).getByRole("button", { name: row.NetworkMessageId }));
});

check("what a message says of itself is a value like everywhere", async ({ session, page }) => {
  const row = await first(session, 'SenderFromDomain == "harbourweekly.example"');
  await open(page, row);
  await pointAt(page, facts(page).getByRole("button", { name: /news@harbourweekly/ }).first());
  await menuItem(page, "Open in Explorer").click();
  await chipsAre(page, "Sender is news@harbourweekly.example");
});

check("headers are searched, shown as received and raw, and copied without a live link", async ({ session, page }) => {
  const row = await first(session, 'SenderFromDomain == "harbourweekly.example"');
  await open(page, row, "&tab=headers");
  const table = panel(page).getByRole("table");
  await seen(table.getByRole("rowheader", { name: "Message-ID" }));
  const all = (await table.getByRole("row").count()) - 1;
  assert.equal(number(await tabs(page).getByRole("tab", { name: /^Headers/ }).innerText()), all);
  await page.getByRole("textbox", { name: "Search in the headers" }).fill("list-");
  await eventually(async () => {
    const n = (await table.getByRole("row").count()) - 1;
    assert.ok(n > 0 && n < all);
  });
  assert.equal(address(page).find, "list-");
  await page.getByRole("button", { name: "Clear the search" }).click();
  await page.getByRole("group", { name: "Order" }).getByRole("button", { name: "Raw" }).click();
  await shows(page.getByRole("region", { name: "Raw headers" }), /Subject: /);
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await menuItem(page, "All headers, defanged").click();
  await eventually(async () => {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /harbourweekly\[\.\]example/);
    assert.doesNotMatch(text, /https?:/);
  });
});

check("looking into a message asks why, shows it inert, and is written down", async ({ session, page }) => {
  const row = await first(session, 'UrlCount > 0 and AttachmentCount == 0 and DeliveryAction == "Blocked"', "phish");
  await open(page, row, "&tab=preview");
  const show = page.getByRole("button", { name: "Show the message" });
  await show.click();
  await shows(page.getByRole("alert"), "Say why first.");
  await page.getByLabel("Reason").fill("Ticket 4711");
  await page.keyboard.press("Enter");
  const document = page.getByTitle("The message, inert");
  await seen(document);
  await seen(page.getByText("Inert preview."));
  await seen(page.getByText("Ticket 4711"));
  const frame = await (await document.elementHandle()).contentFrame();
  assert.ok((await frame.locator("body").innerText()).trim().length > 20);
  const links = page.locator("section", { has: page.getByRole("heading", { name: "Links, turned off" }) }).getByRole("listitem");
  assert.ok((await links.count()) > 0);
  for (const address of await links.getByRole("button").allInnerTexts()) assert.doesNotMatch(address, /https?:\/\//);

  // The document stays readable in the dark: mail is always on white.
  await page.emulateMedia({ colorScheme: "dark" });
  await eventually(async () => assert.equal(await document.evaluate((e) => getComputedStyle(e).backgroundColor), "rgb(255, 255, 255)"));
  for (const mode of ["Plain text", "Source", "Rendered"]) await page.getByRole("group", { name: "Show as" }).getByRole("button", { name: mode }).click();
  await seen(document);

  await tab(page, "Timeline");
  await page.getByRole("group", { name: "Show", exact: true }).getByRole("button", { name: "People" }).click();
  await shows(panel(page).getByRole("listitem").last(), new RegExp(`${session.person.email}|Ticket 4711`));
});

check("a message is handed out in an archive that opens with the password said", async ({ server, session, page }) => {
  const raw = message({ Subject: "Kept as it came", From: "Archive <a@archive.example>", body: "Line one\r\n\r\nLine two, with a very plain text." });
  await server.import(raw);
  const row = await first(session, 'SenderFromAddress == "a@archive.example"');
  await open(page, row);
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Download the message" });
  await seen(dialog);
  const go = dialog.getByRole("button", { name: "Download" });
  assert.equal(await go.getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Reason").fill("Sandbox run 12");
  const started = page.waitForEvent("download");
  await go.click();
  const file = await started;
  assert.equal(file.suggestedFilename(), `${row.NetworkMessageId}.zip`);
  await seen(page.getByRole("dialog", { name: "Downloaded" }).getByText("infected", { exact: true }));

  const zip = await file.path();
  const unzip = (password) => promisify(execFile)("unzip", ["-P", password, "-p", zip], { encoding: "buffer" });
  assert.deepEqual((await unzip("infected")).stdout, raw);
  await assert.rejects(unzip("wrong"), "the archive opens with any password");
});

check("links, files, recipients and mail like it are listed", async ({ session, page }) => {
  // One of a campaign: another message has its cluster.
  const { rows: mails } = await session.ask("/explorer/emails", { q: "EmailEvents\n| where UrlCount > 0 and EmailClusterId != 0", view: "phish", limit: "500" });
  const many = mails.find((m) => mails.some((o) => o.EmailClusterId === m.EmailClusterId && o.NetworkMessageId !== m.NetworkMessageId));
  await open(page, many, "&tab=urls");
  await eventually(async () => assert.ok((await panel(page).getByRole("listitem").count()) > 0));
  for (const address of await panel(page).getByRole("listitem").getByRole("button").allInnerTexts()) assert.doesNotMatch(address, /https?:\/\//);
  await tab(page, "Similar");
  await eventually(async () => assert.ok((await panel(page).getByRole("row").count()) > 1));
  await panel(page).getByRole("button", { name: "Open in Explorer" }).click();
  await settled(page);
  assert.ok((await total(page)) > 1);

  const withFile = await first(session, "AttachmentCount > 0");
  await open(page, withFile, "&tab=attachments");
  const file = panel(page).getByRole("listitem").first();
  await shows(file, /[0-9a-f]{64}/);
  await file.getByRole("button", { name: "Hash" }).click();
  await page.getByRole("menuitem", { name: /^MD5/ }).click();
  await eventually(async () => assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^[0-9a-f]{32}$/));
});

check("each recipient's event is its own, and the page goes from one to the other", async ({ server, session, page }) => {
  await server.import(message({ Subject: "To three", From: "Three <three@three.example>", To: "a.brennan@kestrelquay.example, a.mehta@kestrelquay.example, a.haddad@kestrelquay.example" }));
  const row = await first(session, 'SenderFromAddress == "three@three.example"');
  await open(page, row, "&tab=recipients");
  const list = panel(page).getByRole("table");
  assert.equal(await list.getByRole("row").count(), 4);
  const other = row.RecipientEmailAddress.startsWith("a.mehta") ? "a.brennan@kestrelquay.example" : "a.mehta@kestrelquay.example";
  await list.getByRole("link", { name: other }).click();
  await eventually(() => assert.equal(address(page).recipient, other));
  await shows(list.locator("[aria-current=true]"), new RegExp(`^${other}`));
  await seen(facts(page).getByRole("button", { name: other }));
});

check("a link to a message shows a colleague the same tab of the same message", async ({ session, open: another, page }) => {
  const row = await first(session, "UrlCount > 0", "phish");
  await open(page, row);
  await tab(page, "Headers");
  await page.getByRole("group", { name: "Order" }).getByRole("button", { name: "As received" }).click();
  await page.getByRole("button", { name: "Share" }).click();
  const link = await eventually(async () => {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /^http/);
    return text;
  });
  const colleague = await another({ as: ["Security Reader"] });
  await colleague.page.goto(link);
  await shows(title(colleague.page), (await title(page).innerText()).replace(/\s+/g, " "));
  await seen(tabs(colleague.page).getByRole("tab", { name: /^Headers/, selected: true }));
  await seen(colleague.page.getByRole("button", { name: "As received", pressed: true }));
  assert.deepEqual(await panel(colleague.page).getByRole("rowheader").allInnerTexts(), await panel(page).getByRole("rowheader").allInnerTexts());
});

check("a message that is not there says so and leads on", async ({ page }) => {
  await page.goto("/email/01890000-0000-7000-8000-000000000000");
  await seen(page.getByText("There is no such message"));
  await page.getByRole("button", { name: "Open Explorer" }).click();
  await settled(page);
});

check("whoever may not look inside sees why, on every way to it", { as: ["Security Reader"] }, async ({ session, page }) => {
  const { rows: [row] } = await session.ask("/explorer/emails", { q: 'EmailEvents\n| where DeliveryAction == "Delivered"', view: "all", limit: "1" });
  await explorer(page, { open: `${row.NetworkMessageId}~${row.RecipientEmailAddress}` });
  const look = flyout(page).getByRole("button", { name: "Look inside" });
  await seen(look);
  assert.equal(await look.getAttribute("aria-disabled"), "true");
  assert.match(await look.getAttribute("title"), /needs the role Preview/);
  await look.click({ force: true });
  assert.equal(new URL(page.url()).pathname, "/explorer");

  await open(page, row, "&tab=preview");
  await seen(page.getByText("You cannot look into this message"));
  await seen(page.getByText(/needs the role Preview.*administrator/));
  const download = page.getByRole("button", { name: "Download", exact: true });
  assert.equal(await download.getAttribute("aria-disabled"), "true");
  assert.match(await download.getAttribute("title"), /needs the role Preview/);

  // The buttons only say what the server does.
  for (const what of ["content", "download"]) {
    const answer = await session.context.request.post(`/api/v1/emails/${row.NetworkMessageId}/${what}`, { data: { reason: "curious" }, params: { recipient: row.RecipientEmailAddress } });
    assert.equal(answer.status(), 403, await answer.text());
  }
});

check("mail that was kept back may be looked into by an operator, mail that a person has may not", { as: ["Security Operator"] }, async ({ session, page }) => {
  const kept = await first(session, 'DeliveryAction == "Blocked"', "phish");
  const had = await first(session, 'DeliveryAction == "Delivered"');
  await open(page, kept, "&tab=preview");
  await seen(page.getByRole("button", { name: "Show the message" }));
  await open(page, had, "&tab=preview");
  await seen(page.getByText("You cannot look into this message"));
});
