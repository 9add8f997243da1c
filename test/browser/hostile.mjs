// A message in which every header and body field holds script, bidi and control characters shows as text everywhere: nothing runs,
// nothing is loaded, nothing hides, and the content security policy has nothing to stop (the rig fails a test that broke it, that
// opened a dialog, or that asked another server for anything).

import assert from "node:assert/strict";
import { hostileMessage, victim } from "./mail.mjs";
import { cell, chart, chips, column, explorer, filterBar, flyout, hunting, legend, menuItem, openTab, pointAt, queryText, rows, rowsThere, settled, writeQuery } from "./pages.mjs";
import { check, eventually, fresh, gone, once, seen, shows } from "./rig.mjs";

const toVictim = `EmailEvents\n| where RecipientEmailAddress == "${victim}"\n| where Subject contains "SUBJECT"`;
const script = /<script>try\{top\.pwned/;

/** A server with two messages and no other mail: one with HTML and one without. */
const besieged = once(async () => {
  const server = await fresh();
  await server.import(hostileMessage("RICH"), hostileMessage("BARE", { html: false }));
  return server;
});
const on = { server: besieged };

/** Fails when anything of a message became more than text, in any frame of the page. */
async function harmless(page) {
  for (const frame of page.frames()) {
    const wrong = await frame.evaluate(() => {
      const out = [];
      if (window.pwned) out.push(`ran: ${window.pwned}`);
      // The document of a preview keeps zero-width characters: ordinary mail is full of them, to stretch what lists show of it.
      const hidden = window !== top ? /[\0-\x08\x0b\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]/ : /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u;
      for (const e of document.querySelectorAll("*")) {
        for (const { name, value } of e.attributes) {
          if (/^on/i.test(name)) out.push(`handler ${name} on ${e.outerHTML.slice(0, 200)}`);
          if (/^(href|src|action|formaction|data|srcdoc|xlink:href|poster|background|ping)$/i.test(name) && !/^(\/|#|data:image\/)/.test(value) && !value.startsWith(location.origin)) out.push(`${name}=${value.slice(0, 100)} on ${e.tagName}`);
          if (/^(title|aria-label|alt|placeholder|aria-description)$/.test(name) && hidden.test(value)) out.push(`unseen characters in ${name} of ${e.tagName}.${e.className}: ${JSON.stringify(value.slice(0, 120))}`);
        }
      }
      const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
      for (let n = walk.nextNode(); n; n = walk.nextNode()) {
        if (n.parentElement.closest("script, style, textarea")) continue;
        if (hidden.test(n.data)) out.push(`unseen characters in ${n.parentElement.tagName}.${n.parentElement.className}: ${JSON.stringify(n.data.slice(0, 120))}`);
      }
      const own = window === top ? "script:not([type=module][src^='/assets/']), iframe:not([sandbox='']), object, embed, form[action], base" : "script, iframe, object, embed, form, input, button, base, link, svg, math, video, audio, meta[http-equiv=refresh i], a[href]";
      for (const e of document.querySelectorAll(own)) out.push(`element ${e.outerHTML.slice(0, 200)}`);
      return out;
    });
    assert.deepEqual(wrong, [], `in ${frame === page.mainFrame() ? "the page" : frame.url()}`);
  }
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page became wider than the window");
}

/** Opens the flyout on a message by the mark in its subject. */
async function open(page, tag) {
  await explorer(page, { q: toVictim });
  await eventually(async () => assert.equal(await rows(page).count(), 2));
  await rows(page).filter({ hasText: tag }).locator('[data-cell$=":2"]').click();
  await seen(flyout(page));
}

check("hostile mail is text in Explorer's list, and what would not be seen is named", on, async ({ page }) => {
  await explorer(page, { q: toVictim });
  const subjects = await column(page, "Subject");
  assert.equal(subjects.length, 2);
  for (const s of subjects) assert.match(s, script);
  const subject = (await cell(page, 0, "Subject")).locator("bdi");
  await seen(subject.getByText("RLO", { exact: true }));
  assert.equal(await subject.getByText("RLO", { exact: true }).first().getAttribute("title"), "right-to-left override (U+202E)");
  await harmless(page);
});

check("hostile values are filtered, grouped and copied like any other", on, async ({ page }) => {
  await explorer(page, { q: toVictim });
  await pointAt(page, (await cell(page, 0, "Sender")).locator("[data-value]"));
  await seen(page.getByRole("menu"));
  await harmless(page);
  await menuItem(page, "Group by").click();
  await settled(page);
  const facet = page.getByRole("region", { name: /^Most common values: Sender/ });
  await shows(facet.getByRole("listitem").first(), /<script>/);
  await harmless(page);

  await pointAt(page, (await cell(page, 0, "Sender")).locator("[data-value]"));
  await menuItem(page, "Include").click();
  await eventually(async () => assert.equal((await chips(page)).length, 3));
  await settled(page);
  assert.equal(await rows(page).count(), 2);
  await harmless(page);
  await filterBar(page).getByRole("button", { name: /^Value .*script.*: change$/ }).last().click();
  await seen(page.getByRole("textbox", { name: "Values" }));
  await harmless(page);
  await page.keyboard.press("Escape");

  // Names, too, as series of the chart with the box that follows the mouse.
  for (const field of ["SenderDisplayName", "ReplyToAddress", "FirstSignal", "Defects"]) {
    await explorer(page, { q: toVictim, split: field, facet: field });
    await seen(legend(page).first());
    const box = await page.getByRole("figure").boundingBox();
    for (const part of [0.9, 0.97, 0.99]) await page.mouse.move(box.x + box.width * part, box.y + box.height / 2);
    await harmless(page);
    await chart(page).getByRole("button", { name: "Show as a table" }).click();
    await harmless(page);
  }
});

check("the tabs under the chart show hostile links, origins and recipients as text", on, async ({ page }) => {
  await explorer(page, { q: toVictim });
  for (const tab of [/^URLs/, /^Top recipients/, /^Email origin/]) {
    await openTab(page, tab);
    await harmless(page);
  }
});

check("hostile text in the search, in a chip and in KQL is text", on, async ({ session, page }) => {
  const text = `x"'><img src=x onerror=alert(1)>\u202e`;
  await explorer(page);
  await page.getByRole("search").getByRole("textbox").fill(text);
  await seen(page.getByRole("search").locator("[aria-live] *").first());
  await harmless(page);
  await explorer(page, { q: `EmailEvents\n| where Subject contains ${JSON.stringify(text)}` });
  await eventually(async () => assert.equal((await chips(page)).length, 1));
  await harmless(page);
  await page.goto(`/explorer?q=${encodeURIComponent(`EmailEvents\n| where ${text}`)}`);
  await seen(page.locator("#kql-trouble"));
  await harmless(page);
  assert.equal(await session.count(), (await session.ask("/explorer/count", { q: "EmailEvents" })).events);
});

check("every part of the flyout shows hostile mail as text", on, async ({ page }) => {
  await open(page, "RICH");
  assert.doesNotMatch(await flyout(page).getAttribute("aria-label"), /[\u202a-\u202e\u2066-\u2069\0]/);
  for (const tab of ["Summary", "Analysis", "Timeline", "Headers", "URLs", "Attachments"]) {
    await flyout(page).getByRole("tab", { name: new RegExp(`^${tab}`) }).click();
    await seen(flyout(page).getByRole("tab", { name: new RegExp(`^${tab}`), selected: true }));
    await eventually(async () => assert.equal(await flyout(page).getByLabel(/^(Reading|Looking)/).count(), 0));
    await harmless(page);
    if (tab === "Headers") for (const mark of ["LISTUNSUB", "MESSAGEID", "MAILER", "REPLYTO"]) await seen(flyout(page).getByText(mark).first());
    if (tab === "Attachments") await seen(flyout(page).getByText("FILENAME").first());
  }
  await page.keyboard.press("Escape");
  await gone(flyout(page));
});

for (const tag of ["RICH", "BARE"]) {
  check(`every tab of the page of a message shows hostile mail as text, and its preview is inert (${tag})`, on, async ({ session, page }) => {
    await open(page, tag);
    await flyout(page).getByRole("button", { name: "Open page" }).click();
    const tabs = page.getByRole("tablist", { name: "Parts of the message" });
    await seen(page.getByRole("heading", { level: 1, name: /<script>/ }));
    for (const tab of ["Analysis", "Timeline", "Headers", "URLs", "Attachments", "Recipients", "Similar"]) {
      await tabs.getByRole("tab", { name: new RegExp(`^${tab}`) }).click();
      await seen(tabs.getByRole("tab", { name: new RegExp(`^${tab}`), selected: true }));
      await eventually(async () => assert.equal(await page.getByLabel(/^(Reading|Looking)/).count(), 0));
      await harmless(page);
    }
    await tabs.getByRole("tab", { name: /^Headers/ }).click();
    for (const order of ["As received", "Raw"]) {
      await page.getByRole("group", { name: "Order" }).getByRole("button", { name: order }).click();
      await harmless(page);
    }

    await tabs.getByRole("tab", { name: "Preview" }).click();
    await page.getByLabel("Reason").fill('Ticket 1"><img src=x onerror=alert(1)>\u202e');
    await page.getByRole("button", { name: "Show the message" }).click();
    const inert = page.getByTitle("The message, inert");
    await seen(inert);
    const frame = await (await inert.elementHandle()).contentFrame();
    await frame.waitForLoadState();
    const text = await frame.locator("body").innerText();
    const wanted = tag === "RICH" ? ["HTMLTEXT <script>alert(\"shown\")</script>", "JSLINKTEXT", "https://bank.example/login", "CELL"] : ["TEXT TEXTBODY\"'><script>", "javascript:try"];
    for (const w of wanted) assert.ok(text.includes(w), `${w} is not in the preview: ${text.slice(0, 2000)}`);
    await harmless(page);
    assert.equal(await inert.getAttribute("sandbox"), "");

    for (const mode of ["Plain text", "Source"]) {
      await page.getByRole("group", { name: "Show as" }).getByRole("button", { name: mode }).click();
      await harmless(page);
    }
    if (tag === "RICH") await seen(page.getByRole("region", { name: "Source of the message" }).getByText(/<noscript>/).first());

    // The document by itself, in a tab of its own, is as inert as in its frame.
    const alone = await session.context.newPage();
    await alone.goto(await inert.getAttribute("src"));
    await seen(alone.locator("body"));
    assert.equal(await alone.evaluate(() => window.pwned), undefined);
  });
}

check("hostile values are text in Hunting: in rows, menus, statistics, charts, proposals and the query itself", on, async ({ page }) => {
  const every = ["Subject", "SenderDisplayName", "SenderFromAddress", "SenderMailFromAddress", "FirstSignal", "Connectors", "AuthenticationDetails"].join(", ");
  await hunting(page, { last: "all", run: "1", q: `${toVictim}\n| project Timestamp, ${every}, Bag = bag_pack(Subject, Subject), NetworkMessageId` });
  await rowsThere(page, 2);
  const list = page.getByRole("grid", { name: "Rows", exact: true });
  await seen(list.getByText("RLO", { exact: true }).first());
  await harmless(page);
  const subject = list.locator('[data-cell="0:2"] [data-value]');
  await subject.click();
  await seen(page.getByRole("menu"));
  await harmless(page);
  await menuItem(page, "Include").click();
  await eventually(async () => assert.match(await queryText(page), /Subject == ".*<script>.*\\u202e/));
  await rowsThere(page, 1);
  await harmless(page);
  await list.locator('[data-cell="0:0"]').click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await seen(page.getByRole("tree"));
  await harmless(page);
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Statistics" }).click();
  await seen(page.getByRole("region", { name: "Results" }).getByRole("table"));
  await harmless(page);

  // As names of columns and series, in a title, in text beside the rows, and raw in a query that somebody pasted.
  const raw = "\u202e<img src=x onerror=alert(1)>\u200b";
  await hunting(page, { last: "all", run: "1", q: `// ${raw}\n${toVictim}\n| summarize ['${raw}'] = count() by Subject, SenderDisplayName\n| render columnchart with (title='${raw}')` });
  await seen(page.getByRole("region", { name: "Chart" }).getByRole("figure").locator("canvas"));
  await harmless(page);
  await page.getByRole("button", { name: "Pin" }).click();
  await page.getByRole("region", { name: "Chart" }).getByRole("button", { name: "Show as a table" }).click();
  await page.getByRole("button", { name: "History", exact: true }).click();
  await seen(page.getByRole("list", { name: "What you ran" }).getByRole("listitem").first());
  await harmless(page);

  await writeQuery(page, "EmailEvents\n| where Subject == ");
  await page.keyboard.press("Control+Space");
  await eventually(async () => assert.ok((await page.getByRole("option").count()) > 0));
  await harmless(page);
});
