// Hunting: a query is written with help, run, stopped, read, saved, shared, and led on to Explorer and back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { address, editor, flyout, hunting, huntRows, menuItem, number, queryText, rowsThere, runButton, settled, writeQuery } from "./pages.mjs";
import { check, demo, eventually, gone, seen, shows } from "./rig.mjs";

const threats = 'EmailEvents\n| where ThreatTypes has "Phish"';
const byPlace = 'EmailEvents\n| summarize Messages = count() by LatestDeliveryLocation\n| order by Messages desc\n| render barchart with (title="Where mail is")';
const grid = (page) => page.getByRole("grid", { name: "Rows", exact: true });
const cellOf = (page, row, name) => eventually(async () => {
  const heads = await grid(page).getByRole("columnheader").allInnerTexts();
  const at = heads.findIndex((h) => h.trim().startsWith(name));
  assert.ok(at > 0, `no column ${name} in ${heads}`);
  return grid(page).locator(`[data-cell="${row}:${at}"]`);
});
const results = (page) => page.getByRole("region", { name: "Results" });

check("g h opens Hunting, and a query runs from the keyboard alone", async ({ page, session }) => {
  await page.goto("/explorer?last=all");
  await settled(page);
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  await seen(page.getByRole("heading", { name: "Hunting", level: 1 }));
  assert.equal(address(page).last, "all");
  await seen(page.getByText("Nothing has run yet"));
  await page.keyboard.press("F6");
  for (let i = 0; i < 4 && !(await editor(page).evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press("F6");
  await page.keyboard.insertText(threats);
  await page.keyboard.press("Control+Enter");
  await rowsThere(page, await session.count(threats));
  await page.keyboard.press("F6");
  await eventually(async () => assert.match(await page.evaluate(() => document.activeElement.dataset.cell ?? ""), /^0:/));
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await shows(page.getByRole("region", { name: "Selection" }).getByRole("status"), "1 selected");
  await page.keyboard.press("m");
  await seen(page.getByRole("menu"));
  await page.keyboard.press("Escape");
  await gone(page.getByRole("menu"));
  await page.keyboard.press("o");
  await seen(flyout(page));
  await page.keyboard.press("]");
  await eventually(async () => assert.match(await flyout(page).innerText(), /3 of/));
  await page.keyboard.press("Escape");
  await gone(flyout(page));
});

check("the editor proposes tables, columns with real values, and values", async ({ page }) => {
  await hunting(page);
  await editor(page).click();
  const proposals = page.getByRole("listbox").getByRole("option");
  await page.keyboard.type("EmailEv");
  await seen(proposals.filter({ hasText: /^EmailEvents/ }));
  await page.keyboard.press("Tab");
  await eventually(async () => assert.equal(await queryText(page), "EmailEvents"));
  await page.keyboard.press("Enter");
  await page.keyboard.type("| where LatestDeliveryLo");
  await seen(proposals.filter({ hasText: "LatestDeliveryLocation" }));
  await seen(page.locator(".cm-completionInfo").getByText('"Quarantine"'));
  await page.keyboard.press("Tab");
  await eventually(async () => assert.match(await queryText(page), /LatestDeliveryLocation $/));
  await page.keyboard.type("== ");
  await seen(proposals.filter({ hasText: '"Quarantine"' }));
  await page.keyboard.type('"Quar');
  await eventually(async () => assert.deepEqual(await proposals.allInnerTexts().then((ts) => ts.map((t) => t.split("\n")[0])), ['"Quarantine"']));
  await page.keyboard.press("Tab");
  await eventually(async () => assert.equal(await queryText(page), 'EmailEvents\n| where LatestDeliveryLocation == "Quarantine"'));
  // What the compiler does not have is not proposed; what it has is, with what it means.
  await page.keyboard.press("Enter");
  await page.keyboard.type("| extend x = base64_decode_tos");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Em");
  await seen(proposals.first());
  await page.keyboard.press("Escape");
  await gone(proposals.first());
});

check("a wrong query is told with its place as it is written, and leads there", async ({ page }) => {
  await hunting(page);
  await writeQuery(page, "EmailEvents\n| where Subjet has 'x'\n| take 5");
  const state = page.getByRole("region", { name: "Query" }).getByRole("status");
  await shows(state, /Line 2, column 9: .*'Subjet'.*Subject/);
  await shows(page.locator(".cm-lintRange-error"), "Subjet");
  await runButton(page).click();
  const note = page.getByRole("alert");
  await shows(note, /Line 2, column 9.*Subjet/);
  await note.getByRole("button", { name: "Go there" }).click();
  await page.keyboard.press("Control+Delete");
  await page.keyboard.insertText("Subject ");
  await eventually(async () => assert.match(await queryText(page), /where Subject\s+has/));
  await shows(state, /Nothing is wrong/);
});

check("of several queries the one at the cursor runs, and a selection before that", async ({ page }) => {
  await hunting(page);
  await writeQuery(page, 'let n = 3;\nprint a = n;\nprint b = n + 1\n\nprint c = "last"');
  await runButton(page).click();
  await rowsThere(page, 1);
  await shows(grid(page).getByRole("columnheader").nth(1), "c");
  await page.keyboard.press("Control+Home");
  await editor(page).click();
  await page.keyboard.press("Control+Home");
  for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Control+Enter");
  await shows(grid(page).getByRole("columnheader").nth(1), "b");
  await shows(await cellOf(page, 0, "b"), "4");
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Shift+Home");
  await seen(page.getByRole("button", { name: "Run selection", exact: true }));
  await page.keyboard.press("Control+Enter");
  await shows(grid(page).getByRole("columnheader").nth(1), "c");
});

check("what runs long says how long, and can be stopped", async ({ page, session }) => {
  await hunting(page, { last: "all" });
  const side = "(EmailEvents | extend k = 1 | project k, Subject)";
  await writeQuery(page, `EmailEvents\n| extend k = 1\n| join kind=inner ${side} on k\n| join kind=inner ${side} on k\n| summarize dcount(strcat(Subject, Subject1, Subject2))`);
  await runButton(page).click();
  const cancel = page.getByRole("button", { name: /^Cancel/ });
  await shows(cancel, /^Cancel \d.* · 0 rows$/);
  await eventually(async () => assert.ok((await session.ask("/hunt/running")).some((r) => r.own)));
  await cancel.click();
  await seen(results(page).getByText("Stopped", { exact: true }));
  await seen(runButton(page));
  await eventually(async () => assert.deepEqual((await session.ask("/hunt/running")).filter((r) => r.own), []));
});

check("a value is added to the query, turned away, or grouped by, and its row says what changed", async ({ page, session }) => {
  await hunting(page, { q: `${threats}\n| project Timestamp, SenderFromDomain, Subject, NetworkMessageId`, run: "1", last: "all" });
  await rowsThere(page, await session.count(threats));
  const cell = await cellOf(page, 0, "SenderFromDomain");
  const domain = await cell.innerText();
  await cell.locator("[data-value]").click();
  await menuItem(page, "Include").click();
  await eventually(async () => assert.match(await queryText(page), new RegExp(`\\n\\| where SenderFromDomain == "${domain.replaceAll(".", "\\.")}"$`)));
  await rowsThere(page, await session.count(`${threats}\n| where SenderFromDomain == "${domain}"`));

  await (await cellOf(page, 0, "SenderFromDomain")).locator("[data-value]").click();
  await menuItem(page, "Group by").click();
  await rowsThere(page, 1);
  await shows(await cellOf(page, 0, "SenderFromDomain"), domain);

  // Changed, not run again: the rows say of which query they are.
  await editor(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(" // later");
  await seen(page.getByText(/These rows are from the run at .* The query has changed since\./));
  await page.getByRole("button", { name: "Show that query" }).click();
  await eventually(async () => assert.ok(!(await queryText(page)).includes("later")));
});

check("Explorer's question opens in Hunting, and a query that is a filter in Explorer", async ({ page, session }) => {
  const filter = 'EmailEvents | where DeliveryAction == "Blocked"';
  await page.goto(`/explorer?${new URLSearchParams({ last: "all", view: "phish", q: filter })}`);
  await settled(page);
  await page.getByRole("button", { name: "Hunt", exact: true }).click();
  await rowsThere(page, await session.count(filter, "phish"));
  assert.equal(await queryText(page), 'EmailEvents\n| where DeliveryAction == "Blocked"\n| where ThreatTypes has "Phish" or LatestThreatTypes has "Phish"\n| order by Timestamp desc');

  await writeQuery(page, threats);
  await page.keyboard.press("Control+Enter");
  await rowsThere(page, await session.count(threats));
  await results(page).getByRole("button", { name: "Open in Explorer" }).click();
  await settled(page);
  await eventually(async () => assert.equal(number(await page.locator("#tab-email").innerText()), await session.count(threats)));
  await page.goBack();
  await seen(page.getByRole("heading", { name: "Hunting", level: 1 }));
  await rowsThere(page, await session.count(threats));

  // Selected messages lead there too.
  await grid(page).locator('[data-cell="0:0"] [data-tick]').click();
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Open in Explorer" }).click();
  await settled(page);
  await eventually(() => assert.match(address(page).q, /^EmailEvents \| where NetworkMessageId in \("[0-9a-f-]{36}"\)$/));
});

check("a chart is drawn as the query asks, as a person chooses, and as a table", async ({ page }) => {
  await hunting(page, { q: byPlace, run: "1", last: "all" });
  const chart = page.getByRole("region", { name: "Chart" });
  await seen(chart.getByRole("heading", { name: "Where mail is" }));
  await seen(chart.getByRole("figure").locator("canvas"));
  await chart.getByRole("button", { name: /^Drawn as bars/ }).click();
  await page.getByRole("menuitemradio", { name: "Columns" }).click();
  await seen(chart.getByRole("button", { name: /^Drawn as columns/ }));
  await eventually(() => assert.equal(address(page).chart, "column"));
  await page.keyboard.press("Escape");
  await chart.getByRole("button", { name: "Show as a table" }).click();
  const table = chart.getByRole("region", { name: "The chart as a table" });
  const drawn = (await table.locator("tbody td").allInnerTexts()).map(number);
  assert.deepEqual(drawn, (await huntRows(page, "Messages")).map(number));
  await page.reload();
  await seen(chart.getByRole("button", { name: /^Drawn as columns/ }));
  await chart.getByRole("button", { name: "No chart" }).click();
  await gone(chart);
  await results(page).getByRole("button", { name: "Chart" }).click();
  await seen(chart);
});

check("a bar is a value", async ({ page }) => {
  await hunting(page, { q: byPlace, run: "1", last: "all" });
  const canvas = page.getByRole("region", { name: "Chart" }).getByRole("figure").locator("canvas");
  await seen(canvas);
  const box = await canvas.boundingBox();
  await canvas.click({ position: { x: box.width / 2, y: 22 } });
  await menuItem(page, "Include").click();
  await eventually(async () => assert.match(await queryText(page), /\n\| where LatestDeliveryLocation == "[^"]+"\n\| render barchart/));
  await rowsThere(page, 1);
});

check("a link shows a colleague the same rows", async ({ page, open, session }) => {
  await hunting(page, { q: `${threats}\n| project Timestamp, Subject, SenderFromAddress`, run: "1", last: "all" });
  const n = await session.count(threats);
  await rowsThere(page, n);
  await grid(page).getByRole("button", { name: /^Subject/ }).click();
  await results(page).getByRole("tab", { name: "Statistics" }).click();
  await seen(results(page).getByRole("table"));
  await page.getByRole("button", { name: "Share" }).click();
  const link = await eventually(async () => {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /sort=Subject/);
    return text;
  });
  assert.ok(new URL(link).searchParams.get("from"), "a link says which times were looked at");
  const other = await open({ as: ["Security Operator"] });
  await other.page.goto(link);
  await rowsThere(other.page, n);
  await seen(results(other.page).getByRole("table"));
  await results(other.page).getByRole("tab", { name: /^Rows/ }).click();
  assert.deepEqual((await huntRows(other.page, "Subject")).slice(0, 5), [...(await huntRows(other.page, "Subject")).slice(0, 5)].sort((a, b) => a.localeCompare(b, "en", { numeric: true })));

  // A link to text that was not run does not run it.
  await other.page.goto(`/hunting?${new URLSearchParams({ q: "EmailEvents | take 3" })}`);
  await eventually(async () => assert.equal(await queryText(other.page), "EmailEvents | take 3"));
  await seen(other.page.getByText("Nothing has run yet"));
  await other.page.keyboard.press("Control+Enter"); // the focus is nowhere yet
  await rowsThere(other.page, 3);
});

check("a query is saved, survives a reload, is shared, and is changed only by its owner", async ({ server, page, open }) => {
  const name = `Payroll ${Date.now()}`;
  await hunting(page);
  await writeQuery(page, `// ${name}\n${threats}`);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("Name").inputValue(), name);
  await dialog.getByLabel("Folder").fill("Payroll");
  await dialog.getByLabel("What it finds").fill("Pay slips that ask for a password");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await gone(dialog);
  await eventually(() => assert.match(address(page).saved ?? "", /^[0-9a-f-]{36}$/));
  assert.equal(address(page).q, undefined);
  await page.reload();
  await eventually(async () => assert.equal(await queryText(page), `// ${name}\n${threats}`));

  const other = await open({ as: await server.operator("Security Operator") });
  await hunting(other.page, { side: "queries" });
  const theirs = other.page.getByRole("complementary", { name: "Schema and queries" });
  await seen(theirs.getByText("What reached people"));
  assert.equal(await theirs.getByText(name).count(), 0);

  await page.getByRole("button", { name: "Queries", exact: true }).click();
  const mine = page.getByRole("complementary", { name: "Schema and queries" });
  await mine.getByRole("button", { name: new RegExp(`^${name}`) }).hover();
  await mine.getByRole("button", { name: `Change ${name}` }).click();
  await dialog.getByText("Share with everybody who hunts").click();
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await gone(dialog);
  await other.page.goto(`/hunting?saved=${address(page).saved}&run=1&last=all`);
  await eventually(async () => assert.equal(await queryText(other.page), `// ${name}\n${threats}`));
  await seen(results(other.page));
  await other.page.getByRole("button", { name: "Queries", exact: true }).click();
  await seen(theirs.getByRole("button", { name: new RegExp(`^${name}`) }));
  assert.equal(await theirs.getByRole("button", { name: `Change ${name}` }).count(), 0);

  await mine.getByRole("button", { name: new RegExp(`^${name}`) }).hover();
  await mine.getByRole("button", { name: `Remove ${name}` }).click();
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await gone(dialog);
  await gone(mine.getByText(name));
});

check("the schema, the library and the history fill the editor", { as: ["Global Administrator"] }, async ({ page }) => {
  await hunting(page);
  const side = page.getByRole("complementary", { name: "Schema and queries" });
  await seen(side.getByRole("button", { name: /^EmailEvents/ }));
  await side.getByRole("searchbox").fill("SenderFromDom");
  await side.getByRole("button", { name: /^SenderFromDomain/ }).first().hover();
  await seen(page.getByRole("tooltip").filter({ hasText: "Values in the last 30 days" }));
  await side.getByRole("button", { name: /^SenderFromDomain/ }).first().click();
  await eventually(async () => assert.equal(await queryText(page), "SenderFromDomain"));
  await side.getByRole("searchbox").fill("");
  await seen(side.getByRole("button", { name: /IdentityInfo.*empty/ }));

  await side.getByRole("button", { name: "Queries", exact: true }).click();
  await side.getByRole("button", { name: /^Threats that people can read/ }).click();
  await eventually(async () => assert.match(await queryText(page), /EmailEvents/));
  await runButton(page).click();
  await seen(results(page));
  await side.getByRole("button", { name: "History" }).click();
  await eventually(async () => assert.equal(await side.getByRole("list", { name: "What you ran" }).getByRole("listitem").count(), 1));
  await side.getByRole("button", { name: "Clear this list" }).click();
  await side.getByRole("button", { name: "Clear it" }).click();
  await seen(side.getByText(/What you run is listed here/));
});

check("the rows are a file that no spreadsheet runs", async ({ page }) => {
  await hunting(page, { q: 'print a = "=1+1", b = 5, c = dynamic({"x": [1]}), d = "plain, \\"text\\""', run: "1" });
  await rowsThere(page, 1);
  const take = async (format) => {
    await results(page).getByRole("button", { name: "Export" }).click();
    const started = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: new RegExp(`^${format}`) }).click();
    return readFile(await (await started).path(), "utf8");
  };
  assert.equal(await take("CSV"), '\ufeffa,b,c,d\r\n\'=1+1,5,"{""x"":[1]}","plain, ""text"""\r\n');
  assert.deepEqual(JSON.parse(await take("JSON")), [{ a: "=1+1", b: 5, c: { x: [1] }, d: 'plain, "text"' }]);
});

check("values show their type: times in the chosen zone, exact numbers, trees", async ({ page }) => {
  await hunting(page, { q: 'print t = datetime(2026-11-18T14:21:08.5Z), n = 9007199254740993, r = 0.25, none = int(null), d = dynamic({"list": [1, 2], "name": "x"})', run: "1" });
  await rowsThere(page, 1);
  const t = (await cellOf(page, 0, "t")).locator("time");
  await shows(t, /18 Nov.* 14:21:08/);
  assert.match(await t.getAttribute("title"), /14:21:08 UTC\n.*15:21:08/);
  await shows(await cellOf(page, 0, "n"), "9007199254740993");
  await shows(await cellOf(page, 0, "none"), "null");
  await (await cellOf(page, 0, "d")).click();
  const tree = page.getByRole("tree");
  await seen(tree);
  await tree.getByRole("button", { name: /list/ }).click();
  await eventually(async () => assert.match(await tree.innerText(), /list:\s*\[[\s\S]*1[\s\S]*2/));
  await page.keyboard.press("Escape");
  await gone(tree);
  // The whole row stands beside the list, one column under the other.
  await grid(page).locator('[data-cell="0:0"]').click();
  await seen(page.getByRole("complementary", { name: "Row 1" }));
  await page.keyboard.press("Escape");
  await gone(page.getByRole("complementary", { name: "Row 1" }));
});

check("rows are kept beside the next run, and what differs is said", async ({ page }) => {
  await hunting(page, { q: 'union (print a = "x"), (print a = "y")', run: "1" });
  await rowsThere(page, 2);
  await results(page).getByRole("button", { name: "Pin" }).click();
  const pinned = page.getByRole("region", { name: "Pinned rows" });
  await seen(pinned);
  await writeQuery(page, 'union (print a = "y"), (print a = "z"), (print a = "w")');
  await page.keyboard.press("Control+Enter");
  await rowsThere(page, 3);
  await shows(pinned.getByRole("status"), "The last run has 2 rows that are not here, and misses 1 row of these.");
  await pinned.getByRole("button", { name: "Unpin" }).click();
  await gone(pinned);
});

check("the range of the page holds, and a query that asks for more says so", async ({ page, session }) => {
  await hunting(page, { q: "EmailEvents\n| where Timestamp > ago(20d)\n| count", run: "1", last: "48h" });
  const editorPart = page.getByRole("region", { name: "Query" });
  await seen(editorPart.getByText(/looks back 20 days, the range above only 2 days; rows must fit both/));
  await rowsThere(page, 1);
  const few = number(await (await cellOf(page, 0, "Count")).innerText());
  await editorPart.getByRole("button", { name: "Read last 20 days" }).click();
  await seen(editorPart.getByText(/read for the last 20 days, and the query's own times hold too/));
  await runButton(page).click();
  await eventually(async () => assert.ok(number(await (await cellOf(page, 0, "Count")).innerText()) > few));
  void session;
});

check("no row, an empty table, and nobody who may hunt: each says what would change it", async ({ page, open }) => {
  await hunting(page, { q: 'EmailEvents\n| where Subject == "there is no such subject"', run: "1", last: "7d" });
  await seen(results(page).getByText("No row matches"));
  await seen(results(page).getByRole("button", { name: "Choose all mail as range" }));
  await writeQuery(page, "IdentityInfo | take 1");
  await page.keyboard.press("Control+Enter");
  await seen(results(page).getByText(/Nothing here fills IdentityInfo yet/));
  const reader = await open({ as: ["Approve"] });
  await reader.page.goto("/hunting");
  await seen(reader.page.getByText("Hunting needs the permission hunt.run"));
});

check("a narrow window has no sideways scroll, and the schema over the page", { viewport: { width: 780, height: 900 } }, async ({ page }) => {
  await hunting(page, { q: byPlace, run: "1", last: "all" });
  await seen(page.getByRole("region", { name: "Chart" }));
  const wide = () => page.evaluate(() => [document.documentElement, document.querySelector("main")].some((e) => e.scrollWidth > e.clientWidth));
  assert.equal(await wide(), false);
  await page.getByRole("button", { name: "Schema and queries" }).click();
  await seen(page.getByRole("complementary", { name: "Schema and queries" }));
  assert.equal(await wide(), false);
  await page.keyboard.press("Escape");
  await gone(page.getByRole("complementary", { name: "Schema and queries" }));
});

check("the language service is loaded by Hunting alone", { server: demo }, async ({ page }) => {
  const asked = [];
  page.on("request", (r) => asked.push(r.url()));
  await page.goto("/explorer?last=all");
  await settled(page);
  assert.deepEqual(asked.filter((u) => /kusto|codemirror|Hunting/.test(u)), []);
  const worker = page.waitForEvent("worker");
  await hunting(page);
  assert.match((await worker).url(), /kusto\.worker/);
});
