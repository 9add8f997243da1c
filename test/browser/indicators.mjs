// What is known to be bad: added with a look at what it would hit, held back where that is too much, found in delivered mail, and retired.

import assert from "node:assert/strict";
import { check, eventually, fresh, gone, seen } from "./rig.mjs";

const parcel = ["From: Parcel Desk <desk@parcel-fee.example>", "To: maren@northwind.example", "Subject: Your parcel waits", "Message-ID: <1@parcel-fee.example>", `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", "Pay here: https://www.parcel-fee.example/pay?id=7", ""].join("\r\n");

check("indicators are added, found in delivered mail and retired", { server: fresh, as: ["Global Administrator"] }, async ({ server, page }) => {
  await server.import(parcel);
  await page.goto("/intelligence/indicators");
  await seen(page.getByRole("heading", { name: "Nothing is known to be bad yet" }));

  // The dialog says what values would hit, before anything is kept.
  await page.getByRole("button", { name: "Add the first" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Values").fill("hxxps://www.parcel-fee[.]example/pay\ngmail.com\nno indicator");
  await dialog.getByLabel("Threat").fill("Parcel Kit");
  await dialog.getByLabel("Reason").fill("ticket 7");
  await dialog.getByRole("button", { name: "What would it hit?" }).click();
  await seen(dialog.getByText(/1 message to 1 person/));
  await seen(dialog.getByText(/held back until somebody looks: it would hit a large mail provider/));
  await seen(dialog.getByText(/is no URL, domain/));
  await dialog.getByRole("button", { name: "Add 3" }).click();
  await seen(dialog.getByText(/^2 added/));
  await dialog.getByRole("button", { name: "Close" }).click();
  await gone(dialog);

  // Filters stand in the address.
  const grid = page.getByRole("grid", { name: "Indicators" });
  await page.getByLabel("What it does now").selectOption("held");
  await eventually(() => assert.match(page.url(), /now=held/));
  await seen(grid.getByText(/gmail/));
  await gone(grid.getByText(/parcel-fee/));
  await page.goto("/intelligence/indicators?kind=url");
  await grid.getByText("Confirmed").click();
  const one = page.getByRole("complementary", { name: /^Indicator/ });
  await seen(one.getByText(/1 message to 1 person/));
  await seen(one.getByText("ticket 7"));

  // Its link shows as many events as it says.
  await one.getByRole("link", { name: "Show 1 email event in Explorer" }).click();
  await seen(page.getByRole("grid").getByText("Your parcel waits"));

  // A search by hand, and its result.
  await page.goBack();
  await one.getByRole("button", { name: "Search stored mail" }).click();
  await one.getByRole("link", { name: "See what is found" }).click();
  const hunt = page.getByRole("complementary", { name: "Retro-hunt" });
  await seen(hunt.getByText(/^Done\./));
  await seen(hunt.getByRole("table", { name: "Indicators that were seen" }).getByText("Parcel Kit"));
  await seen(hunt.getByRole("link", { name: "What was found is judged again" }));

  await page.goto("/intelligence/indicators?kind=url");
  await grid.getByText("Confirmed").click();
  await one.getByRole("button", { name: "Retire…" }).click();
  await one.getByRole("button", { name: /^Yes, it matches nothing/ }).click();
  await seen(one.getByText(/^Retired by/));
});
