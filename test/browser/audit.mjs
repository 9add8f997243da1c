// The audit log: what was done stands in it, can be found and opened, is proven, and can be taken out.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, folder, fresh, gone, seen, shows, tocsin } from "./rig.mjs";

check("audit shows who did what, finds it, opens it and proves it", { server: fresh }, async ({ server, session, page }) => {
  const policy = await session.ask("/policy");
  const put = await session.context.request.put("/api/v1/policy", { data: { policy: { ...policy.policy, spam: "quarantine" }, version: policy.version, reason: "spam was released too often" } });
  assert.equal(put.status(), 200, await put.text());
  await page.goto("/explorer");
  await seen(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Audit" }));
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await seen(page.getByRole("heading", { name: "Audit log", level: 1 }));
  const grid = page.getByRole("grid", { name: "Audit records" });
  await seen(grid.getByText("Policy changed"));
  await seen(grid.getByText("spam was released too often"));

  // The state, in words, before and after a check.
  await page.getByRole("button", { name: "Check now" }).click();
  await shows(page.getByRole("region", { name: "State of the log" }).getByRole("status").locator("b"), /^Chain verified up to record \d+(; 1 newer not checked yet)?$/);

  // Filters stand in the address.
  await page.getByRole("combobox", { name: "Action" }).selectOption("policy changed");
  await eventually(() => assert.match(page.url(), /action=policy%20changed/));
  await gone(grid.getByText("Sign-in", { exact: true }));
  await grid.getByRole("gridcell", { name: "Policy changed" }).click();
  const record = page.getByRole("complementary", { name: /^Record \d+$/ });
  await seen(record.getByText(/fits its hash$/));
  await seen(record.getByText("What changed"));
  await shows(record.getByRole("listitem").filter({ hasText: "spam" }), /spam: junk.*quarantine/);
  const address = page.url();
  await page.keyboard.press("Escape");
  await gone(record);
  await page.goto(address);
  await seen(record);
  await page.keyboard.press("Escape");
  await page.getByLabel("Text", { exact: true }).fill("nothing like this");
  await seen(page.getByRole("heading", { name: "No record is like that in this time" }));
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await seen(grid.getByText("Sign-in", { exact: true }).first());

  // What is exported is proven elsewhere, and a changed word is named.
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export" }).click()]);
  const file = join(folder("audit"), "audit.jsonl");
  await download.saveAs(file);
  assert.match(await tocsin(["audit", "verify", "--key", join(server.data, "audit-key.pub"), file]), /as they were written|log is whole/);
  writeFileSync(file, readFileSync(file, "utf8").replace("released too often", "released too seldom"));
  await assert.rejects(tocsin(["audit", "verify", "--key", join(server.data, "audit-key.pub"), file]), (e) => /record \d+ \(.*policy changed\) was changed/.test(e.stdout));
});

check("audit is not offered to those who may not read it", { server: fresh, as: ["Security Reader"] }, async ({ page }) => {
  await page.goto("/explorer");
  await seen(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Policy" }));
  assert.equal(await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Audit" }).count(), 0);
  await page.goto("/audit");
  await seen(page.getByRole("heading", { name: "You may not read the audit log" }));
});
