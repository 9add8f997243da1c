// The quarantine: what is held is listed, found, looked into and acted on; whoever it was meant for asks for it with the link of a digest, and
// an operator answers.

import assert from "node:assert/strict";
import { token } from "./releaselink.mjs";
import { check, demo, eventually, gone, seen, shows } from "./rig.mjs";

const acting = ["Security Administrator", "Search and Purge", "Preview"];

check("quarantine lists what is held, finds it, shows it and deletes it", { server: demo, as: acting }, async ({ page }) => {
  await page.goto("/explorer");
  await seen(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Quarantine" }));
  await page.keyboard.press("g");
  await page.keyboard.press("q");
  await seen(page.getByRole("heading", { name: "Quarantine", level: 1 }));
  const grid = page.getByRole("grid", { name: "Quarantine" });
  await seen(grid.getByRole("row").nth(1));
  await shows(page.getByRole("tab", { name: /^Held/ }), /^Held [\d,]+$/);

  // Filter and order stand in the address.
  await page.getByRole("combobox", { name: "Threat" }).selectOption("Malware");
  await eventually(() => assert.match(page.url(), /threat=Malware/));
  await eventually(async () => assert.equal(await grid.getByText("Phish", { exact: true }).count(), 0));
  await page.getByRole("button", { name: "Recipient" }).click();
  await eventually(() => assert.match(page.url(), /sort=recipient/));
  await seen(grid.getByRole("columnheader", { name: "Recipient" }).and(page.locator("[aria-sort=ascending]")));
  await page.getByRole("searchbox", { name: "Recipient", exact: true }).fill("nobody at all");
  await seen(page.getByRole("heading", { name: "No entry is like that" }));
  await page.getByRole("button", { name: "Clear the filters" }).click();

  // One entry: why, until when, and what is in it, after saying why.
  await grid.getByRole("gridcell").nth(1).click();
  const entry = page.getByRole("complementary", { name: "Entry of the quarantine" });
  await seen(entry.getByText("Why it is here"));
  await seen(entry.getByText(/^in \d+ [dh]$/));
  await entry.getByRole("tab", { name: "Preview" }).click();
  await entry.getByLabel("Reason").fill("ticket 12");
  await entry.getByRole("button", { name: "Show the message" }).click();
  await seen(entry.locator("iframe"));
  const address = page.url();
  await page.goto(address);
  await seen(entry.getByRole("tab", { name: "Preview", selected: true }));
  await entry.getByRole("button", { name: "Close" }).click();
  await gone(entry);

  // What a release would do; deleting waits for another person.
  await page.getByRole("gridcell", { name: "Not selected" }).nth(0).click();
  await page.getByRole("gridcell", { name: "Not selected" }).nth(0).click();
  const selection = page.getByRole("region", { name: "Selection" });
  await shows(selection.getByRole("status"), "2 selected");
  await selection.getByRole("button", { name: "Release" }).click();
  const dialog = page.getByRole("dialog");
  await seen(dialog.getByText(/^Each gets the bytes that came in/));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await selection.getByRole("button", { name: "Delete" }).click();
  await seen(dialog.getByText(/It waits until another person agrees/));
  await dialog.getByLabel("Reason").fill("ticket 12");
  await dialog.getByRole("button", { name: "Ask for approval" }).click();
  await seen(dialog.getByText("It waits for approval."));
  await dialog.getByRole("button", { name: "Close" }).click();
  await gone(selection);
  // Another selection of all, not only of what is loaded.
  await page.getByRole("gridcell", { name: "Not selected" }).nth(0).click();
  await page.getByRole("button", { name: "Select all that match" }).click();
  await selection.getByRole("button", { name: "Delete" }).click();
  await shows(dialog.locator("p").first(), /^\d\d+ email events/);
});

check("quarantine asks: a person asks with a link, an operator refuses, the person reads why", { server: demo, as: acting }, async ({ server, page, session, open }) => {
  const list = await session.ask("/quarantine", { threat: "Phish", limit: 50 });
  const e = list.entries.find((x) => x.state === "held" && !x.threats.includes("Malware"));
  const link = `/release#${token(server, e.network_message_id, e.recipient)}`;
  // A browser that is not signed in. Opening the page asks for nothing.
  const { page: guest } = await open({ as: "nobody" });
  await guest.goto(link);
  await seen(guest.getByRole("heading", { name: "A message is held for you" }));
  assert.doesNotMatch(guest.url(), /#/);
  assert.equal((await session.ask("/quarantine/summary")).asked, 0);
  await guest.getByLabel(/What should they know/).fill("I ordered this <b>yesterday</b>");
  await guest.getByRole("button", { name: "Ask for this message" }).click();
  await seen(guest.getByRole("heading", { name: "You asked for this message" }));
  const again = async (to) => {
    await guest.goto("about:blank");
    await guest.goto(to);
  };
  await again(link);
  await seen(guest.getByText(/asking again changes nothing/));
  await again("/release#wrong");
  await seen(guest.getByRole("heading", { name: "This link is not good any more" }));

  await page.goto("/quarantine?state=asked");
  const grid = page.getByRole("grid", { name: "Quarantine" });
  await seen(grid.getByText("Release asked"));
  await grid.getByRole("gridcell").nth(2).click();
  const entry = page.getByRole("complementary", { name: "Entry of the quarantine" });
  await shows(entry.getByRole("region", { name: "Request for release" }).locator("q"), "I ordered this <b>yesterday</b>");
  await entry.getByRole("button", { name: "Refuse", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Answer").fill("It imitates a bank.");
  await page.getByRole("dialog").getByRole("button", { name: "Refuse" }).click();
  await seen(page.getByRole("heading", { name: "Nobody asks for anything" }));
  await again(link);
  await shows(guest.getByRole("status"), /They say: It imitates a bank\./);
});

check("quarantine shows those who only read nothing to act with", { server: demo, as: ["Security Reader"] }, async ({ page }) => {
  await page.goto("/quarantine");
  const grid = page.getByRole("grid", { name: "Quarantine" });
  await grid.getByRole("gridcell").nth(1).click();
  const entry = page.getByRole("complementary", { name: "Entry of the quarantine" });
  await seen(entry.getByText("Why it is here"));
  assert.equal(await entry.getByRole("button", { name: /^(Release|Delete|Refuse)$/ }).count(), 0);
  assert.equal(await page.getByRole("checkbox").count(), 0);
  await entry.getByRole("tab", { name: "Preview" }).click();
  await seen(entry.getByRole("heading", { name: "You cannot look into this message" }));
});
