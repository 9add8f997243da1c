// A feed from its address to its indicators: tried, held against stored mail, switched on, failing in plain words, and removed.

import assert from "node:assert/strict";
import { Findings } from "./axe.mjs";
import { listServer } from "./feedlist.mjs";
import { total } from "./pages.mjs";
import { check, eventually, fresh, gone, seen } from "./rig.mjs";
import { post } from "./submissionpages.mjs";

const written = (date) => ["From: Parcel Desk <desk@parcel-fee.example>", "To: maren@northwind.example", "Subject: Your parcel waits", "Message-ID: <2@parcel-fee.example>", `Date: ${date.toUTCString().replace("GMT", "+0000")}`, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", "Pay here: https://www.parcel-fee.example/pay?id=7", ""].join("\r\n");
const mail = written(new Date());

check("feeds are tried, held against mail, switched on and removed", { server: fresh, as: ["Global Administrator"] }, async ({ server, page }) => {
  await server.import(mail);
  const { list, url, close } = await listServer("# phishing\nparcel-fee.example\nhttps://never-seen.example/x\nnot a value\n");
  try {
    await page.goto("/intelligence/feeds");
    await seen(page.getByRole("heading", { name: "Nothing comes from others yet" }));
    await page.getByRole("button", { name: "Add a feed" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Text list", { exact: true }).last().click();
    await dialog.getByRole("button", { name: "Next" }).click();
    await dialog.getByLabel("Address of the list").fill(url);
    await dialog.getByText(/^It is in our own network/).click();
    await dialog.getByRole("button", { name: "Test it" }).click();
    await seen(dialog.getByText("It can be read."));
    await seen(dialog.getByRole("region", { name: "First entries" }).getByText("never-seen[.]example/x"));
    await seen(dialog.getByText("1 refused: they are no indicators"));
    await dialog.getByRole("button", { name: "Next" }).click();
    await seen(dialog.getByText(/It would have met \d values? of your mail/));
    await seen(dialog.getByRole("region", { name: "What it would have hit" }).getByText("Domain of From"));
    await dialog.getByRole("button", { name: "Next" }).click();
    await dialog.getByRole("textbox", { name: "Name" }).fill("Parcel phish");
    await dialog.getByRole("button", { name: "Add and switch on" }).click();
    await gone(dialog);

    const one = page.getByRole("complementary", { name: "Feed: Parcel phish" });
    await seen(one.getByText("2 added"));
    await page.goto("/intelligence/indicators");
    await seen(page.getByRole("grid", { name: "Indicators" }).getByText("feed parcel-phish").first());

    // When the list is away the feed says so, and what it brought stays.
    list.status = 404;
    await page.goto("/intelligence/feeds?feed=parcel-phish");
    await one.getByRole("button", { name: "Read it now" }).click();
    await seen(one.getByText("there is nothing at this address (404)").first());
    await seen(one.getByText(/Silent since/));
    await one.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove it" }).click();
    await seen(page.getByRole("heading", { name: "Nothing comes from others yet" }));
    assert.match(page.url(), /\/intelligence\/feeds/);
  } finally {
    close();
  }
});

/** A STIX object; id numbers it. */
const object = (type, id, more) => ({ type, spec_version: "2.1", id: `${type}--a0000000-0000-4000-8000-00000000000${id}`, created: new Date().toISOString(), modified: new Date().toISOString(), ...more });

check("what a feed reports stands under Noteworthy, as text, with what of it was seen", { server: fresh, as: ["Global Administrator"] }, async ({ server, session, page }) => {
  await server.import(written(new Date(Date.now() - 3_600_000))); // counts end at the last full minute
  const known = object("indicator", 1, { pattern: "[domain-name:value = 'parcel-fee.example']", pattern_type: "stix", valid_from: "2026-01-01T00:00:00Z" });
  const family = object("malware", 1, { name: "Agent Tesla", is_family: true });
  const report = object("report", 1, { name: "Parcel <b>fees</b>", description: "They ask for [a fee](https://x.example).", published: new Date().toISOString(), report_types: ["campaign"], object_refs: [known.id, family.id] });
  const { url, close } = await listServer(JSON.stringify({ type: "bundle", id: "bundle--a0000000-0000-4000-8000-000000000001", objects: [known, family, report] }));
  try {
    const feed = await post(session, "/feeds", { name: "Partner", kind: "stix", url, auth: "none", private: true, enabled: true, every_minutes: 60, confidence: 50, days: 30, state: "suspicious", tlp: "amber" });
    await page.goto(`/intelligence/feeds?feed=${feed.id}`);
    await seen(page.getByRole("complementary", { name: "Feed: Partner" }).getByText(/1 added/));
    await page.goto("/intelligence/trackers");
    await page.getByRole("button", { name: "Parcel <b>fees</b>" }).click();
    const one = page.getByRole("complementary", { name: "Noteworthy: Parcel <b>fees</b>" });
    await seen(one.getByText("They ask for [a fee](https://x.example)."));
    await seen(one.getByText("TLP:AMBER"));
    await seen(one.getByText("Counts email events with its one indicator that is seen in mail."));
    assert.equal(await one.locator("b").count(), 0);
    assert.match(await one.getByRole("link", { name: "Agent Tesla" }).getAttribute("href"), /\/intelligence\/threats\/agent-tesla/);
    const axe = new Findings(page);
    await axe.look("a report of a feed");
    axe.none();
    await one.getByRole("link", { name: /^1 email events in 24 hours/ }).click();
    await eventually(() => assert.match(page.url(), /\/explorer\?/));
    await eventually(async () => assert.equal(await total(page), 1));
  } finally {
    close();
  }
});
