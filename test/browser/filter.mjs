// Filters: by pointing at values, as chips, and as KQL.

import assert from "node:assert/strict";
import { address, cell, chips, chipsAre, everyCell, explorer, filterBar, kql, menuItem, number, openTab, pointAt, settled, total, totalIs } from "./pages.mjs";
import { check, eventually, gone, seen, shows } from "./rig.mjs";

const value = async (page, n, header) => (await cell(page, n, header)).locator("[data-value]");
const bySender = (sender) => `EmailEvents\n| where SenderFromAddress == "${sender}"`;

check("a click on a value offers what can be done with it; Include asks for it", async ({ session, page }) => {
  await explorer(page);
  const all = await session.count();
  const sender = await value(page, 3, "Sender");
  const who = await sender.innerText();
  const n = await session.count(bySender(who));
  await pointAt(page, sender);
  const offered = await page.getByRole("menuitem").allInnerTexts();
  assert.deepEqual(offered.map((t) => t.split("\n")[0]), ["Include", "Exclude", "Only", "Group by", "Copy", "Open in Explorer", ...(who.includes("@") && !who.endsWith("@kestrelquay.example") ? [] : ["Open mailbox"]), "Block sender…", "Block domain…", "Allow sender…", "Allow domain…", "Add to indicators…"]);
  await seen(page.getByText(`${n.toLocaleString("en-GB")} of ${all.toLocaleString("en-GB")} · `).and(page.locator("small")));
  const covered = await page.getByRole("menu").boundingBox(), pointed = await sender.boundingBox();
  assert.ok(covered.y >= pointed.y + pointed.height || covered.y + covered.height <= pointed.y || covered.x >= pointed.x + pointed.width, "the menu covers the value");

  await menuItem(page, "Include").click();
  await chipsAre(page, `Sender is ${who}`);
  await totalIs(page, n);
  await everyCell(page, "Sender", (s) => s === who);
  assert.equal(address(page).q, bySender(who));
});

check("Exclude turns a value away, and Include takes that back", async ({ session, page }) => {
  await explorer(page);
  const sender = await value(page, 0, "Sender");
  const who = await sender.innerText();
  const n = await session.count(bySender(who)), all = await session.count();
  await pointAt(page, sender);
  await menuItem(page, "Exclude").click();
  await chipsAre(page, `Sender is not ${who}`);
  await totalIs(page, all - n);
  await everyCell(page, "Sender", (s) => s !== who);
});

check("Only looks for a value in every field", async ({ session, page }) => {
  await explorer(page);
  const recipient = await value(page, 0, "Recipient");
  const shown = (await recipient.innerText()).trim().split("\n").pop(); // a priority account says so first
  const who = shown.includes("@") ? shown : shown + "@kestrelquay.example"; // people of the organisation are shown without its domain
  const hit = await session.ask("/search", { q: who });
  await pointAt(page, recipient);
  await page.getByRole("menuitem", { name: /^Only/ }).click();
  await eventually(() => assert.equal(address(page).q, hit.q));
  await totalIs(page, hit.matches);
});

check("Group by shows the values of the same field, and splits the chart by it", async ({ page }) => {
  await explorer(page);
  await pointAt(page, await value(page, 0, "Delivery action"));
  await menuItem(page, "Group by").click();
  await seen(page.getByRole("region", { name: "Most common values: Delivery action" }));
  await seen(page.getByRole("button", { name: "Split by delivery action" }));
  await settled(page);

  await page.getByRole("region", { name: /^Most common/ }).getByRole("button", { name: /^Blocked/ }).click();
  await menuItem(page, "Include").click();
  await chipsAre(page, "Delivery action is Blocked");
});

check("values are copied as they are or defanged", async ({ page }) => {
  await explorer(page);
  const sender = await value(page, 0, "Sender");
  const who = await sender.innerText();
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  for (const [how, wanted] of [["Defanged", who.replace("@", "\0").replaceAll(".", "[.]").replace(/^[^\0]*/, (m) => m.replaceAll("[.]", ".")).replace("\0", "@")], ["Plain", who]]) {
    await pointAt(page, sender);
    await menuItem(page, "Copy").click();
    await menuItem(page, how).click();
    await eventually(async () => assert.equal(await clipboard(), wanted));
  }
});

check("Open in Explorer asks for the value alone", async ({ session, page }) => {
  await explorer(page, { view: "phish", q: 'EmailEvents\n| where DeliveryAction == "Blocked"' });
  const sender = await value(page, 0, "Sender");
  const who = await sender.innerText();
  await pointAt(page, sender);
  await menuItem(page, "Open in Explorer").click();
  await chipsAre(page, `Sender is ${who}`);
  await seen(page.getByRole("tab", { name: "All email", selected: true }));
  await totalIs(page, await session.count(bySender(who)));
});

check("the middle button opens a value in a tab of its own", async ({ session, page }) => {
  await explorer(page);
  const sender = await value(page, 0, "Sender");
  const who = await sender.innerText();
  const opened = session.context.waitForEvent("page");
  await sender.click({ button: "middle" });
  const tab = await opened;
  await chipsAre(tab, `Sender is ${who}`);
  assert.equal(new URL(tab.url()).searchParams.get("add"), null);
  assert.deepEqual(await chips(page), [], "the first tab stays as it was");
});

check("links, mailboxes and origins are values too", async ({ session, page }) => {
  await explorer(page);
  await openTab(page, /^URLs/);
  const domain = page.getByRole("tabpanel").getByRole("row").nth(1).getByRole("cell").nth(1).getByRole("button");
  await domain.click();
  await seen(page.getByRole("menu"));
  await page.keyboard.press("Escape");
  await gone(page.getByRole("menu"));

  await openTab(page, /^Email origin/);
  const origin = page.getByRole("tabpanel").getByRole("listitem").getByRole("button").first();
  const [name, n] = (await origin.innerText()).split("\n");
  await origin.click();
  await menuItem(page, "Include").click();
  await chipsAre(page, `Sender domain is ${name}`);
  await totalIs(page, number(n));
  assert.equal(await session.count(`EmailEvents\n| where SenderFromDomain == "${name}"`), number(n));
});

check("every part of a chip can be edited", async ({ session, page }) => {
  await explorer(page, { q: 'EmailEvents\n| where DeliveryAction == "Blocked"' });
  await chipsAre(page, "Delivery action is Blocked");

  await filterBar(page).getByRole("button", { name: "Operator is: change" }).click();
  await page.getByRole("menuitemradio", { name: "is not", exact: true }).click();
  await chipsAre(page, "Delivery action is not Blocked");
  await totalIs(page, await session.count('EmailEvents\n| where DeliveryAction != "Blocked"'));

  await filterBar(page).getByRole("button", { name: "Value Blocked: change" }).click();
  await page.getByRole("checkbox", { name: /^Junked/ }).click();
  await page.getByRole("button", { name: "Apply" }).click();
  await chipsAre(page, "Delivery action is not Blocked, Junked");
  await totalIs(page, await session.count('EmailEvents\n| where DeliveryAction !in ("Blocked", "Junked")'));

  await filterBar(page).getByRole("button", { name: "Field Delivery action: change" }).click();
  await page.getByRole("combobox").fill("sender domain");
  await page.getByRole("option", { name: /^Sender domain/ }).click();
  await page.getByRole("textbox", { name: "Values" }).fill("gmail.com, harbourweekly.example");
  await page.keyboard.press("Enter");
  await chipsAre(page, "Sender domain is not gmail.com, harbourweekly.example");

  await filterBar(page).getByRole("button", { name: /^Remove filter Sender domain/ }).click();
  await chipsAre(page);
  await totalIs(page, await session.count());
  assert.equal(address(page).q, undefined);
});

check("a filter is added by field, operator and value, without the mouse", async ({ session, page }) => {
  await explorer(page);
  await filterBar(page).getByRole("button", { name: "Add filter" }).press("Enter");
  await page.getByRole("combobox").pressSequentially("sender ipv4");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Values" }).fill("203.0.113.0/24");
  await page.keyboard.press("Escape");
  await chipsAre(page);

  await filterBar(page).getByRole("button", { name: "Add filter" }).press("Enter");
  await page.getByRole("combobox").pressSequentially("subject");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Values" }).fill("Crane project: steering group");
  await page.keyboard.press("Enter");
  await chipsAre(page, "Subject is Crane project: steering group");
  await totalIs(page, await session.count('EmailEvents\n| where Subject == "Crane project: steering group"'));
});

check("networks, numbers and existence are operators of their own", async ({ session, page }) => {
  await explorer(page, { q: 'EmailEvents\n| where ipv4_is_in_range(SenderIPv4, "203.0.113.0/24")\n| where AttachmentCount > 0\n| where isnotempty(DetectionTechnologies)' });
  await chipsAre(page, "Sender IPv4 is in network 203.0.113.0/24", "Attachments > 0", "Detection technologies exists");
  const n = await session.count(address(page).q);
  assert.ok(n > 0);
  await totalIs(page, n);
});

check("the filter can be written as KQL", async ({ session, page }) => {
  await explorer(page);
  await filterBar(page).getByRole("button", { name: "Edit", exact: true }).click();
  const line = page.getByRole("textbox", { name: "Filter as KQL" });
  await line.fill('EmailEvents | where SenderFromDomain == "harbourweekly.example"');
  await line.press("Enter");
  await chipsAre(page, "Sender domain is harbourweekly.example");
  await totalIs(page, await session.count('EmailEvents | where SenderFromDomain == "harbourweekly.example"'));

  // What chips cannot say is one chip that can be edited as KQL; what is right is applied without a key, after a pause.
  await page.getByRole("button", { name: /^Edit the filter as KQL/ }).click();
  await line.fill("EmailEvents | where strlen(Subject) > 40 or UrlCount == 2");
  await chipsAre(page, "KQL (strlen(Subject) > 40 or UrlCount == 2)");
  await totalIs(page, await session.count("EmailEvents | where strlen(Subject) > 40 or UrlCount == 2"));
  await filterBar(page).getByRole("button", { name: /^Value \(strlen/ }).click();
  await page.getByRole("textbox", { name: "Condition" }).fill("strlen(Subject) > 60");
  await page.keyboard.press("Enter");
  await chipsAre(page, "KQL strlen(Subject) > 60");
  assert.match(await kql(page), /where strlen\(Subject\) > 60/);

  await filterBar(page).getByRole("button", { name: "Copy" }).click();
  await eventually(async () => assert.match(await page.evaluate(() => navigator.clipboard.readText()), /strlen\(Subject\) > 60/));
});

check("wrong KQL says what is wrong in its line, and nothing else changes", async ({ session, page }) => {
  const q = 'EmailEvents\n| where DeliveryAction == "Junked"';
  await explorer(page, { q });
  const n = await session.count(q);
  await filterBar(page).getByRole("button", { name: "Edit", exact: true }).click();
  const line = page.getByRole("textbox", { name: "Filter as KQL" });
  const trouble = page.locator("#kql-trouble");
  await line.fill('EmailEvents | where Sendr == "x"');
  await shows(trouble, /^Column 21: .*Sendr/);
  assert.equal(await line.getAttribute("aria-invalid"), "true");
  await line.press("Enter");
  await line.fill("EmailEvents | where DeliveryAction ==");
  await shows(trouble, /^Column \d+: /);
  await line.fill("EmailEvents | summarize count() by Subject");
  await shows(trouble, /where operators only$/);
  await chipsAre(page, "Delivery action is Junked");
  assert.equal(await total(page), n);
  assert.equal(address(page).q, q);

  await line.press("Escape");
  await gone(line);
  await shows(trouble, "");
  assert.equal(await kql(page), q);

  // A link with a wrong filter says the same in the same place.
  await page.goto(`/explorer?last=all&q=${encodeURIComponent("EmailEvents | where Sendr == 1")}`);
  await shows(trouble, /^Column 21: .*Sendr/);
  await seen(page.getByRole("alert").first());
});
