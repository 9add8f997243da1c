// Reports: figures, chart and tables of a time; each number leads to as much mail; the files; a schedule.

import assert from "node:assert/strict";
import { check, demo, gone, seen, shows } from "./rig.mjs";

check("a report counts, leads to Explorer with the same count, and comes as a file", { server: demo }, async ({ page }) => {
  await page.goto("/reports?last=30d");
  await seen(page.getByRole("tab", { name: "Threat protection status", selected: true }));
  const link = page.getByRole("region", { name: "Figures" }).getByRole("link", { name: /Threats: show in Explorer/ });
  const count = (await link.innerText()).trim();
  assert.match(count, /^[1-9]/);
  const table = page.getByRole("region", { name: "By detection technology" });
  await seen(table.getByRole("row").nth(1));
  const waiting = page.waitForEvent("download");
  await table.getByRole("link", { name: "By detection technology as CSV" }).click();
  const file = await waiting;
  assert.match(file.suggestedFilename(), /^tocsin-threat-protection-technologies-\d{8}\.csv$/);
  await page.getByRole("combobox", { name: "Split by" }).selectOption("outcome");
  await seen(page.getByRole("list", { name: "Legend" }).getByText("Blocked"));
  await page.getByRole("button", { name: "Show query: Figures" }).click();
  await seen(page.getByLabel("KQL of Threats"));
  await page.keyboard.press("Escape");
  await link.click();
  await shows(page.getByRole("main"), new RegExp(`${count}\\s`));
});

check("a report is sent on a schedule", { server: demo }, async ({ page }) => {
  await page.goto("/reports/schedules");
  await seen(page.getByText("Tocsin sends no mail here", { exact: false }));
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Spoofing");
  await dialog.getByLabel("Report").selectOption("spoof-mail");
  await dialog.getByLabel("To").fill("eve@outside.example");
  await dialog.getByRole("button", { name: "Save" }).click();
  await seen(dialog.getByText(/figures do not leave the organisation/).first());
  await dialog.getByLabel("To").fill("chief@kestrelquay.example");
  await dialog.getByRole("button", { name: "Preview" }).click();
  const letter = dialog.getByRole("region", { name: "Preview of the letter" });
  await seen(letter.getByText(/^Spoofing: [\d,]+ /));
  await seen(letter.getByText(/^With the files .*\.pdf/));
  await dialog.getByLabel("How often").selectOption("monthly");
  await gone(letter);
  await dialog.getByLabel("Day of the month").selectOption("31");
  await dialog.getByRole("button", { name: "Save" }).click();
  const row = page.getByRole("row", { name: /Spoofing/ });
  await shows(row, /Day 31 of the month at 7:00/);
  await row.getByRole("button", { name: "Remove Spoofing" }).click();
  await seen(page.getByRole("heading", { name: "No report is sent to anybody" }));
});
