// A feed from its address to its indicators: tried, held against stored mail, switched on, failing in plain words, and removed.

import assert from "node:assert/strict";
import { listServer } from "./feedlist.mjs";
import { check, fresh, gone, seen } from "./rig.mjs";

const mail = ["From: Parcel Desk <desk@parcel-fee.example>", "To: maren@northwind.example", "Subject: Your parcel waits", "Message-ID: <2@parcel-fee.example>", `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", "Pay here: https://www.parcel-fee.example/pay?id=7", ""].join("\r\n");

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
