// What users report: it stands in the queue, is taken, closed with a result and found again, and Explorer shows the reported mail.

import assert from "node:assert/strict";
import { check, eventually, fresh, gone, seen, shows } from "./rig.mjs";
import { original, post } from "./submissionpages.mjs";

check("submissions are taken, closed and found again", { server: fresh, as: ["Global Administrator", "Preview"] }, async ({ server, session, page }) => {
  await server.import(original("Your parcel waits")); // first: what mail there is, is counted once in a while
  await page.goto("/submissions");
  await seen(page.getByRole("heading", { name: "Nobody reported mail yet" }));
  await seen(page.getByText(/No address and no folder for reports is set up/));

  const [event] = (await session.ask("/explorer/emails")).rows;
  for (const who of ["maren@northwind.example", "jon@northwind.example"]) {
    await post(session, "/submissions", { network_message_id: event.NetworkMessageId, type: "Phish", reporter: who, comment: "Is this real?" });
  }
  await post(session, "/submissions/message?type=Spam&reporter=ann@northwind.example", original("Never seen here"), { "Content-Type": "message/rfc822" });

  // The queue, by key, and what stands in it.
  await page.goto("/explorer");
  await seen(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Submissions" }));
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await seen(page.getByRole("heading", { name: "Submissions", level: 1 }));
  const grid = page.getByRole("grid", { name: "Submissions" });
  await seen(grid.getByText("Never seen here"));
  await grid.getByText("Your parcel waits").click();
  const one = page.getByRole("complementary", { name: "Submission: Your parcel waits" });
  await seen(one.getByText("2 reports by 2 people"));
  await seen(one.getByText("Proven", { exact: true }));
  await seen(one.getByText("Is this real?").first());
  await eventually(() => assert.match(page.url(), /open=/));

  // Take it, then close it with a result.
  await one.getByRole("button", { name: "Take it" }).click();
  await seen(one.getByText("You work on it."));
  await one.getByRole("button", { name: "Judge now" }).click();
  await one.getByRole("button", { name: "Close…" }).click();
  assert.equal(await one.getByRole("button", { name: "Close it" }).isDisabled(), true);
  await one.getByRole("radio", { name: /^Phishing/ }).check();
  await one.getByLabel("Note to the reporters").fill("We took it out.");
  await one.getByRole("button", { name: "Close it" }).click();
  await seen(one.getByText("Closed: Phishing"));
  await seen(one.getByText("We took it out."));
  await page.keyboard.press("Escape");
  await gone(one);
  await gone(grid.getByText("Your parcel waits"));

  // What nobody delivered can be read here, on record.
  await grid.getByText("Never seen here").click();
  const other = page.getByRole("complementary", { name: "Submission: Never seen here" });
  await seen(other.getByText(/no delivered message fits/));
  await other.getByRole("button", { name: "Read it…" }).click();
  await other.getByLabel("Reason").fill("ticket 12");
  await other.getByRole("button", { name: "Show the text" }).click();
  await seen(other.getByText(/Pay the fee/));
  await seen(other.getByText("hxxps://parcel-fee[.]example/pay"));
  await page.keyboard.press("Escape");

  // The closed ones, filtered, at an address.
  await page.getByRole("button", { name: /^Closed/ }).click();
  await page.getByLabel("Reporter", { exact: true }).fill("jon@");
  await seen(grid.getByText("Your parcel waits"));
  await eventually(() => assert.match(page.url(), /stage=Closed&reporter=jon/));
  await page.getByRole("combobox", { name: "Result" }).selectOption("Spam");
  await seen(page.getByRole("heading", { name: "No submission is like that" }));

  // The message says that it was reported, and its timeline by whom.
  await page.goto(`/email/${event.NetworkMessageId}?tab=timeline`);
  await seen(page.getByRole("link", { name: /Reported by 2: Phishing/ }));
  await seen(page.getByText("Reported as phish").first());
  await seen(page.getByText("Submission closed: Phishing"));

  // Explorer's view asks the table that hunting knows.
  await page.goto("/explorer?view=submissions");
  await seen(page.getByRole("tab", { name: "Submissions", selected: true }));
  await seen(page.getByRole("gridcell", { name: /Your parcel waits/ }).first());

  // Figures and answers.
  await page.goto("/submissions?part=figures");
  await shows(page.getByRole("region", { name: "Now" }), /Reports in this time\s*3/);
  await page.getByRole("combobox", { name: "Split by" }).selectOption("Result");
  await seen(page.getByRole("list", { name: "Legend" }).getByText("Phishing"));
  await page.getByRole("tab", { name: "Answers" }).click();
  const words = page.getByLabel("When it is: Unknown");
  await words.fill("Hello {{nobody}}");
  await page.getByRole("button", { name: "Save" }).click();
  await seen(page.getByText(/there is no placeholder \{\{nobody\}\}/).first());
  await words.fill("Hello {{name}}, we cannot tell.");
  await page.getByRole("button", { name: "Save" }).click();
  await seen(page.getByText(/^Changed .* by /));
});

check("submissions can be read by a reader and worked on by nobody less than an operator", { server: fresh, as: ["Security Reader"] }, async ({ page }) => {
  await page.goto("/submissions?part=answers");
  await seen(page.getByText(/Changing them needs the permission policy.edit/));
  assert.equal(await page.getByRole("button", { name: "Save" }).count(), 0);
});
