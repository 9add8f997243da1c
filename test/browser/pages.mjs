// Explorer as a person finds their way around it: by role and by name.

import assert from "node:assert/strict";
import { eventually, seen } from "./rig.mjs";

/** Opens Explorer on all mail, or as query says, and waits until list, chart and values are there. */
export async function explorer(page, query = {}) {
  await page.goto(`/explorer?${new URLSearchParams({ last: "all", ...query })}`);
  await settled(page);
}

/** Waits until nothing on Explorer is on its way any more. After an action, wait for something that shows it first. */
export async function settled(page) {
  await seen(page.getByRole("heading", { name: "Explorer", level: 1 }));
  await eventually(async () => {
    assert.notEqual(await total(page), undefined, "the list has no count");
    assert.equal(await page.getByLabel(/^(Counting|Reading mail)$/).count(), 0, "something is still read");
    assert.equal(await page.locator("[class*=stale]").count(), 0, "an older answer is still shown");
  });
}

export const grid = (page) => page.getByRole("grid", { name: "Email events" });
export const rows = (page) => grid(page).getByRole("row").filter({ has: page.getByRole("gridcell") });
export const filterBar = (page) => page.getByRole("region", { name: "Filter" });
export const chart = (page) => page.getByRole("region", { name: "Mail over time" });
export const legend = (page) => page.getByRole("list", { name: "Legend" }).getByRole("button");
export const flyout = (page) => page.getByRole("complementary", { name: /^Message/ });
export const menuItem = (page, name) => page.getByRole("menuitem", { name, exact: true });
export const resultTab = (page, name) => page.getByRole("tablist", { name: "Results" }).getByRole("tab", { name });

/** Opens one of the lists under the chart. */
export async function openTab(page, name) {
  await resultTab(page, name).click();
  await seen(resultTab(page, name).and(page.locator("[aria-selected=true]")));
  await settled(page);
}

/** Waits until the list has rows and the cells of a column are all as wanted. */
export const everyCell = (page, header, wanted) =>
  eventually(async () => {
    const cells = await column(page, header);
    assert.ok(cells.length > 0, "the list is empty");
    for (const c of cells) assert.ok(wanted(c), `${c} in ${header}`);
  });

/** Number on the tab of the list; undefined while it is not known. */
export async function total(page) {
  const text = await page.locator("#tab-email").textContent();
  return number(text.replace("Email", ""));
}

/** "2,068" as a number; undefined when there is none. */
export function number(text) {
  const digits = text.replace(/[^\d]/g, "");
  return digits === "" ? undefined : Number(digits);
}

/** What the chips say, such as "Sender is a@b.example". */
export async function chips(page) {
  const labels = await filterBar(page).getByRole("group", { name: /^Filter: / }).evaluateAll((es) => es.map((e) => e.getAttribute("aria-label")));
  return labels.map((l) => l.replace(/^Filter: /, "").trim());
}

export const totalIs = (page, n) => eventually(async () => assert.equal(await total(page), n));

export const chipsAre = (page, ...wanted) => eventually(async () => assert.deepEqual(await chips(page), wanted));

/** The KQL line as it is shown. */
export async function kql(page) {
  return (await page.getByRole("button", { name: /^Edit the filter as KQL/ }).getAttribute("title")) ?? "";
}

/** Cells of the loaded rows in one column, from top to bottom. */
export async function column(page, header) {
  const heads = await grid(page).getByRole("columnheader").allInnerTexts();
  const at = heads.findIndex((h) => h.trim().startsWith(header));
  assert.ok(at > 0, `no column ${header} in ${heads}`);
  const cells = await rows(page).evaluateAll((list, i) => list.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map((r) => r.querySelectorAll("[role=gridcell]")[i].innerText.trim()), at);
  return cells;
}

/** The cell of a column in the n-th row, from 0. */
export async function cell(page, n, header) {
  const heads = await grid(page).getByRole("columnheader").allInnerTexts();
  return grid(page).locator(`[data-cell="${n}:${heads.findIndex((h) => h.trim().startsWith(header))}"]`);
}

/** Opens the value menu of a value. */
export async function pointAt(page, value) {
  await value.click();
  await seen(page.getByRole("menu"));
}

/** Parameters of the address. */
export function address(page) {
  return Object.fromEntries(new URL(page.url()).searchParams);
}

// ---- Hunting

export const editor = (page) => page.getByRole("textbox", { name: "Query in KQL" });
export const runButton = (page) => page.getByRole("button", { name: /^Run( selection)?$/ });

/** Opens Hunting and waits until queries can be written. */
export async function hunting(page, query = {}) {
  await page.goto(`/hunting?${new URLSearchParams(query)}`);
  await seen(page.getByRole("heading", { name: "Hunting", level: 1 }));
  await seen(editor(page));
}

/** What stands in the editor. */
export const queryText = (page) => editor(page).locator(".cm-line").evaluateAll((lines) => lines.map((l) => (l.querySelector(".cm-placeholder") ? "" : l.textContent)).join("\n"));

/** Writes a query in place of what is there; the cursor is at its end. */
export async function writeQuery(page, text) {
  await editor(page).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
  await page.keyboard.press("Escape");
  await eventually(async () => assert.equal(await queryText(page), text));
}

/** Waits until a run is over and has so many rows. */
export const rowsThere = (page, n) =>
  eventually(async () => {
    assert.equal(await page.getByRole("button", { name: /^Cancel/ }).count(), 0, "still running");
    assert.equal(number(await page.locator("#hunt-rows").innerText()), n);
  });

/** Cells in sight of one column of the rows, from top to bottom. */
export async function huntRows(page, name) {
  const list = page.getByRole("grid", { name: "Rows", exact: true });
  const heads = await list.getByRole("columnheader").allInnerTexts();
  const at = heads.findIndex((h) => h.trim().startsWith(name));
  assert.ok(at > 0, `no column ${name} in ${heads}`);
  return list.locator(`[data-cell$=":${at}"]`).evaluateAll((cells) => cells.sort((a, b) => Number(a.dataset.cell.split(":")[0]) - Number(b.dataset.cell.split(":")[0])).map((c) => c.innerText.trim()));
}
