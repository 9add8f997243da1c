// Incidents: from a selection in Explorer to a closed case with its report; what is done to many at once; and who may only look.

import assert from "node:assert/strict";
import { explorer, grid, rows } from "./pages.mjs";
import { check, demo, eventually, fresh, gone, seen, shows } from "./rig.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const dialog = (page) => page.getByRole("dialog");
const tab = (page, name) => page.getByRole("tablist", { name: "Parts of the incident" }).getByRole("tab", { name });
const list = (page) => page.getByRole("grid", { name: "Incidents" });

/** Asks the API to make or change something, as the person of the session. */
async function tell(session, method, path, data) {
  const answer = await session.context.request[method](`/api/v1${path}`, { data });
  assert.ok(answer.ok(), `${path}: ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json();
}

check("incident from Explorer to note, task, owner, close and report", { server: demo, timeout: 240_000 }, async ({ session, page }) => {
  await explorer(page, { view: "phish" });
  await grid(page).getByRole("checkbox", { name: "Select all rows that are loaded" }).click();
  await page.getByRole("button", { name: /^Select all / }).click();
  const wanted = await session.count("EmailEvents", "phish");
  await button(page, "Add to incident").click();
  await seen(dialog(page).getByText(`Add ${wanted.toLocaleString("en-GB")} email events to an incident`));
  await button(dialog(page), "A new incident").click();
  await dialog(page).getByLabel("Name").fill("Phish of this month");
  await dialog(page).getByLabel("Severity").selectOption("High");
  await dialog(page).getByLabel("Tag", { exact: true }).fill("payroll");
  await page.keyboard.press("Enter");
  await dialog(page).getByLabel("Call the query").fill("all phish");
  await button(dialog(page), "Open incident").click();
  await seen(dialog(page).getByText(/^INC-\d+ is open$/));
  await dialog(page).getByRole("button", { name: /^Open INC-/ }).click();
  await seen(page.getByRole("heading", { level: 1, name: /^Phish of this month/ }));
  await shows(tab(page, /^Messages/), `Messages ${wanted.toLocaleString("en-GB")}`);

  // The bar adds up to the email events.
  const where = page.getByRole("region", { name: "Size, and where the mail is" });
  await eventually(async () => {
    const parts = await where.getByRole("listitem").allTextContents();
    assert.equal(parts.map((t) => Number(t.replace(/[^\d]/g, ""))).reduce((a, b) => a + b, 0), wanted);
  });

  // A note that names somebody, by the keyboard.
  const colleague = await session.server.operator("Security Operator");
  await page.reload();
  const note = page.getByRole("textbox", { name: "New note" });
  await note.fill("I have her on the phone, ");
  await note.pressSequentially(`@${colleague.email.slice(0, 7)}`);
  await seen(page.getByRole("option", { name: new RegExp(colleague.email) }).first());
  await page.keyboard.press("Escape");
  await note.pressSequentially(colleague.email.slice(7) + " please look");
  // What is typed outlives a reload.
  await page.reload();
  await eventually(async () => assert.match(await note.inputValue(), /please look$/));
  await note.press("Control+Enter");
  await seen(page.getByRole("complementary", { name: "Activity" }).getByText(/I have her on the phone/).first()); // while it is sent it stands in the field too
  await eventually(async () => assert.equal(await note.inputValue(), ""));

  // A task, and its end.
  await tab(page, /^Tasks/).click();
  await button(page, "Add task").click();
  await page.getByLabel("What is to be done").fill("Change her password");
  await page.getByRole("form", { name: "New task" }).getByRole("button", { name: "Add task" }).click();
  await seen(page.getByRole("checkbox", { name: "Done: Change her password" }));
  await tab(page, "Summary").click();
  const todo = page.getByRole("region", { name: /^Left to do/ });
  await todo.getByRole("listitem").filter({ hasText: "Change her password" }).getByRole("button", { name: "Done" }).click();
  await gone(todo.getByText("Change her password"));

  // Owner, then a change that somebody else was first with: it is explained, and what was chosen is not lost.
  const id = page.url().match(/incidents\/(\d+)/)[1];
  let deaf = true; // until it sends its own change, this page does not hear of the other
  await page.route("**/api/v1/incidents/*", (r) => {
    if (r.request().method() !== "GET") deaf = false;
    return deaf ? r.fulfill({ status: 429, contentType: "application/problem+json", json: { title: "Too Many Requests", status: 429, detail: "later" } }) : r.continue();
  });
  await tell(session, "put", `/incidents/${id}`, { status: "In progress" });
  await page.getByRole("button", { name: /^Severity/ }).click();
  await page.getByRole("menuitemradio", { name: "Medium" }).click();
  await seen(page.getByRole("alert").getByText(/Somebody else was first/));
  await eventually(async () => assert.match(await page.getByRole("alert").first().textContent(), /status is In progress now/));
  await button(page, "Make my change now").click();
  await gone(page.getByText(/Somebody else was first/));
  await seen(page.getByRole("button", { name: /^Severity Medium/ }));
  await page.getByRole("button", { name: /^Owner/ }).click();
  await page.getByRole("menuitemradio", { name: "Nobody" }).click();
  await seen(page.getByRole("button", { name: /^Owner Nobody/ }));
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("a");
  await gone(page.getByRole("button", { name: /^Owner Nobody/ }));

  // Mail: open one beside the list, and take one out.
  await tab(page, /^Messages/).click();
  await seen(page.getByText(/^Nothing new: all/));
  const mail = page.getByRole("grid", { name: "Mail of the incident" });
  await mail.locator('[data-cell="0:2"]').click();
  const message = page.getByRole("complementary", { name: /^Message/ });
  await seen(message.getByRole("group", { name: "Incidents with this message" }).getByText("Phish of this month"));
  await page.keyboard.press("Escape");
  await mail.locator('[data-cell="0:0"]').click();
  await button(page, "Take out of the incident").click();
  await button(page, "Take 1 out").click();
  await shows(tab(page, /^Messages/), `Messages ${(wanted - 1).toLocaleString("en-GB")}`);
  await button(page, "Take 1 in").click();
  await shows(tab(page, /^Messages/), `Messages ${wanted.toLocaleString("en-GB")}`);

  // Values with their menus.
  await tab(page, /^Entities/).click();
  await page.getByRole("group", { name: "Kind" }).getByRole("button", { name: /^Senders/ }).click();
  await page.getByRole("grid", { name: "Senders" }).locator('[data-cell="0:0"] [data-value]').click();
  await seen(page.getByRole("menuitem", { name: "Open in Explorer" }));
  await page.keyboard.press("Escape");

  // Closing asks what it was, in one place.
  await button(page, "Close incident").click();
  await button(dialog(page), "Close incident").click();
  await seen(dialog(page).getByText("Say whether it was real"));
  await dialog(page).getByRole("radio", { name: /^True positive/ }).check();
  await dialog(page).getByLabel("Determination").selectOption("Phishing");
  await dialog(page).getByLabel("Closing words").fill("Taken out everywhere.");
  await button(dialog(page), "Close incident").click();
  await gone(dialog(page));
  await seen(page.getByText("Closed as true positive, phishing."));
  await seen(button(page, "Reopen"));

  const report = await session.context.request.get(`/api/v1/incidents/${id}/report?format=html`);
  assert.equal(report.status(), 200);
  assert.match(await report.text(), /Taken out everywhere\./);
  await button(page, "Report").click();
  assert.match(await page.getByRole("menuitem", { name: "Download it as PDF" }).getAttribute("href"), /format=pdf$/);
  await page.getByRole("menuitem", { name: "Export everything…" }).click();
  await dialog(page).getByLabel("Reason").fill("Ticket 4711");
  await dialog(page).getByRole("textbox", { name: "Password" }).fill("short");
  await seen(dialog(page).getByText("At least 12 characters"));
  await button(dialog(page), "Another").click();
  await dialog(page).getByRole("checkbox").uncheck();
  const [download] = await Promise.all([page.waitForEvent("download"), button(dialog(page), "Export").click()]);
  assert.match(download.suggestedFilename(), /^INC-\d+\.zip$/);
  await seen(dialog(page).getByText(/Tocsin does not keep the password/));
  await page.keyboard.press("Escape");

  // It is found by its tag, among the resolved ones.
  await page.goto("/incidents?status=Resolved&tag=payroll");
  await seen(list(page).getByText("Phish of this month"));
});

check("incidents are changed many at a time, merged and separated", { server: fresh, as: ["Security Operator"] }, async ({ session, page }) => {
  await page.goto("/incidents");
  await seen(page.getByRole("heading", { name: "No incident is open" }));
  await button(page, "New incident").first().click();
  await dialog(page).getByLabel("Name").fill("First of them");
  await button(dialog(page), "Open incident").click();
  await seen(page.getByRole("heading", { level: 1, name: /^First of them/ }));
  for (const name of ["Second of them", "Third of them"]) await tell(session, "post", "/incidents", { name, severity: "Low" });

  await page.goto("/incidents");
  await seen(list(page).getByText("Third of them"));
  // Sorted by name, and the order stands in the address.
  await list(page).getByRole("button", { name: "Name" }).click();
  await eventually(() => assert.match(page.url(), /sort=name/));
  await shows(list(page).locator('[data-cell="0:2"]'), /First of them/);
  await list(page).getByRole("checkbox", { name: "Select all rows that are loaded" }).click();
  const bar = page.getByRole("region", { name: "Selection" });
  await shows(bar.getByRole("status").first(), "3 selected");
  await button(bar, "Severity").click();
  await page.getByRole("menuitem", { name: "High" }).click();
  await gone(bar);
  await eventually(async () => assert.equal(await list(page).getByText("High", { exact: true }).count(), 3));

  // With x, one by one; merged into one of them.
  await list(page).locator('[data-cell="0:0"]').click();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("x");
  await shows(bar.getByRole("status").first(), "2 selected");
  await button(bar, "Merge…").click();
  await dialog(page).getByRole("radio", { name: /First of them/ }).check();
  await dialog(page).getByLabel("Reason").fill("the same letter");
  await dialog(page).getByRole("button", { name: /^Merge into INC-/ }).click();
  await gone(dialog(page));
  await gone(list(page).getByText("Second of them"));
  await list(page).getByText("First of them").click();
  const members = page.getByRole("region", { name: /^Merged into this one/ });
  await members.getByRole("link", { name: /Second of them/ }).click();
  await seen(page.getByText(/^This incident was merged into/));
  assert.equal(await button(page, "Close incident").count(), 0);
  await button(page, "Separate again").click();
  await seen(button(page, "Close incident"));

  // Many are closed in one dialog.
  await page.goto("/incidents");
  await list(page).getByRole("checkbox", { name: "Select all rows that are loaded" }).click();
  await button(bar, "Close…").click();
  await dialog(page).getByRole("radio", { name: /^False positive/ }).check();
  await dialog(page).getByLabel("Determination").selectOption("Not malicious");
  await button(dialog(page), "Close 3").click();
  await seen(page.getByRole("heading", { name: "No incident is open" }));
  await page.getByRole("button", { name: /^Status/ }).click();
  await page.getByRole("menuitemcheckbox", { name: /^Resolved/ }).click();
  await page.keyboard.press("Escape");
  await seen(list(page).getByText("Third of them"));
});

check("incident is seen by a Reader, who cannot change it", { server: demo, as: ["Security Reader"] }, async ({ server, session, page }) => {
  const operator = await server.operator("Security Operator");
  const ask = async (path, data) => (await session.context.request.fetch(`/api/v1${path}`, { method: "POST", data })).status();
  const reader = session.person;
  await session.signIn(operator);
  const made = await tell(session, "post", "/incidents", { name: "Only to look at", severity: "Low" });
  await session.signIn(reader);
  await page.goto("/incidents");
  await seen(list(page).getByText("Only to look at"));
  assert.equal(await button(page, "New incident").count(), 0);
  assert.equal(await list(page).getByRole("checkbox").count(), 0);
  await list(page).getByText("Only to look at").click();
  await seen(page.getByRole("heading", { level: 1, name: "Only to look at" }));
  for (const name of ["Close incident", "Merge", "Add email", "Add note"]) assert.equal(await button(page, name).count(), 0, name);
  assert.equal(await page.getByRole("textbox", { name: "New note" }).count(), 0);
  assert.equal(await ask(`/incidents/${made.id}/notes`, { text: "no" }), 403);
  await explorer(page);
  await rows(page).first().locator('[data-cell="0:0"]').click();
  await seen(page.getByRole("region", { name: "Selection" }));
  assert.equal(await button(page, "Add to incident").count(), 0);
});
