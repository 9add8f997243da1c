// Campaigns: what the list counts is what Explorer shows; the flow narrows the page; a person splits, undoes and renames, and it stays.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { check, eventually, fresh, gone, seen } from "./rig.mjs";
import { chipsAre, number } from "./pages.mjs";

const grid = (page) => page.getByRole("grid", { name: "Campaigns" });
const figure = (page, word) => page.getByRole("region", { name: "How far it came" }).getByRole("link", { name: new RegExp(`^[\\d,]+$`) }).and(page.locator(`[title^="${word} in Explorer"]`));

/** The list with the largest campaign of this sender first. */
const largest = "/campaigns?last=30d&text=payables-desk&sort=-messages";

/** Name of the campaign in the first row. */
const named = async (page) => (await grid(page).locator('[role=row][aria-rowindex="2"] b').first().textContent()).trim();

check("campaigns: list, flow, Explorer, split and undo", { as: ["Global Administrator", "Search and Purge"] }, async ({ page }) => {
  await page.goto("/explorer?last=30d");
  await seen(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Campaigns" }));
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await seen(page.getByRole("heading", { name: "Campaigns", level: 1 }));
  await page.getByRole("searchbox", { name: /^Name, brand/ }).fill("payables-desk");
  await eventually(() => assert.match(page.url(), /text=payables-desk/));
  // What it is called is the subject of its first message, and chance decides which that was: the largest has several senders.
  await page.goto(largest);
  const name = await named(page);
  await grid(page).getByText(name).first().click();
  await seen(page.getByRole("heading", { name, level: 1 }));

  // A node of the flow narrows everything, and the list says what the chart says.
  const flow = page.getByRole("region", { name: "From sender to mailbox" });
  const node = flow.getByRole("button", { name: /^payables-desk/ });
  const passes = number(await node.locator("b").textContent());
  await node.click();
  await seen(page.getByText(/Only mail that passes/));
  await seen(figure(page, "messages").getByText(String(passes), { exact: true }));
  await flow.getByRole("button", { name: "Show as a list" }).click();
  await seen(flow.getByRole("columnheader", { name: "Sender domain" }));
  await page.getByRole("button", { name: "Show all" }).click();
  await gone(page.getByText(/Only mail that passes/));

  // A number opens its mail.
  const blocked = number(await figure(page, "blocked").textContent());
  await figure(page, "blocked").click();
  await seen(page.getByRole("grid", { name: "Email events" }));
  await eventually(async () => assert.equal(number((await page.getByRole("region", { name: "Mail over time" }).getByRole("list", { name: "Legend" }).getByRole("button", { name: /^Blocked/ }).locator("b").textContent()) ?? ""), blocked));
  await page.goBack();

  // Others get it as a bundle that says whom they may tell.
  await page.getByRole("button", { name: /^Export as STIX/ }).click();
  await page.getByRole("dialog").getByRole("radio", { name: /^TLP:GREEN/ }).check();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("dialog").getByRole("button", { name: "Export" }).click()]);
  const bundle = JSON.parse(await readFile(await file.path(), "utf8"));
  assert.equal(bundle.type, "bundle");
  assert.ok(bundle.objects.some((o) => o.type === "report" && o.name.startsWith(name)), "the report names the campaign");

  // Split one sender off: it has a page of its own, and the way back.
  const whole = number(await figure(page, "messages").textContent());
  await page.getByRole("button", { name: "Split off what has payables-desk.example" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name of the new campaign").fill("Payables desk");
  await dialog.getByLabel("Why").fill("another kit");
  await dialog.getByRole("button", { name: /^Split off/ }).click();
  await seen(page.getByRole("heading", { name: "Payables desk", level: 1 }));
  await seen(figure(page, "messages").getByText(String(passes), { exact: true }));
  const history = page.getByRole("region", { name: "Decisions" });
  await seen(history.getByText(/later mail goes there by the sender domain/));
  await seen(history.getByText("another kit"));

  await page.getByRole("button", { name: "Rename" }).click();
  await dialog.getByLabel("Name").fill("Payables kit");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await seen(page.getByRole("heading", { name: "Payables kit", level: 1 }));

  // A message says what it is part of.
  await page.getByRole("region", { name: "Messages of the campaign" }).getByRole("link").first().click();
  // Its campaign is a filter with a name, and the chip leads to its page.
  await page.getByRole("button", { name: "its mail in Explorer: Payables kit" }).click();
  await chipsAre(page, "Campaign is Payables kit");
  await page.getByRole("link", { name: "Open the campaign" }).click();
  await seen(page.getByRole("heading", { name: "Payables kit", level: 1 }));

  await history.getByRole("listitem").filter({ hasText: "another kit" }).getByRole("button", { name: "Undo…" }).click();
  await history.getByLabel("Why").fill("one kit after all");
  await history.getByRole("button", { name: "Undo", exact: true }).click();
  await page.goto(largest);
  await grid(page).getByText(name).first().click();
  await seen(figure(page, "messages").getByText(String(whole), { exact: true }));
  await seen(history.getByText("one kit after all"));

  // The wizard of actions and incidents take all of it.
  await page.getByRole("button", { name: "Take action on all" }).click();
  await page.getByRole("menuitem", { name: /^Soft delete/ }).click();
  await seen(page.getByRole("dialog").or(page.getByRole("heading", { name: /Soft delete|Take action/ })).first());
});

check("campaigns: nothing yet", { server: fresh, as: ["Security Reader"] }, async ({ page }) => {
  await page.goto("/campaigns?last=all");
  await seen(page.getByRole("heading", { name: "No campaign was seen yet" }));
  await page.goto("/campaigns/c1");
  await seen(page.getByRole("heading", { name: "There is no such campaign" }));
});
