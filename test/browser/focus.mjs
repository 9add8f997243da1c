// What opens over a page gives the focus back when it closes, by keyboard alone.

import assert from "node:assert/strict";
import { check, eventually, gone, seen } from "./rig.mjs";

/** Tab until the focus is on a control of the place whose name matches; any control where none is named. */
async function tabTo(page, place, name = /./) {
  for (let i = 0; i < 60; i++) {
    const here = await place.evaluate((el) => {
      const a = document.activeElement;
      return el !== a && el.contains(a) ? a.getAttribute("aria-label") || a.labels?.[0]?.textContent || a.textContent || a.tagName : "";
    });
    if (name.test(here)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`no ${name} is reached by Tab`);
}

/** Who has the focus, for comparing and for reading. */
const mark = (page) => page.evaluate(() => void (window.opener_ = document.activeElement));
const back = (page) => eventually(async () => {
  const [same, is] = await page.evaluate(() => [document.activeElement === window.opener_, document.activeElement.outerHTML.slice(0, 120)]);
  assert.ok(same, `the focus is on ${is}`);
}, 3000);

const button = (name) => (page) => page.getByRole("button", { name });
const dialog = (name) => (page) => page.getByRole("dialog", { name });
const beside = (name) => (page) => page.getByRole("complementary", { name });
/** The first cell of a list that opens its row. */
const row = (label, at = "0:0") => (page) => page.getByRole("grid", { name: label }).locator(`[data-cell="${at}"]`);

// path: none for the page that is open; first: what leads from it to the page that is meant. opener: what has the focus first; keys: what is
// pressed on it; item: the key that leads to the item of a menu that opens. surface: what opens.
// After Escape the focus is on the opener again, and after yes too, the button that says so, where nothing leads elsewhere.
const table = [
  { what: "message beside the list", path: "/explorer?view=phish&last=all", opener: row("Email events", "0:2"), keys: ["o"], surface: beside(/^Message/), yes: /^Close/ },
  { what: "help", opener: button("Keyboard and help"), surface: dialog("Keyboard"), yes: /^Close/ },
  { what: "time range", opener: (page) => page.getByRole("banner").locator("button[title*=' – ']"), surface: dialog("Time range"), yes: /^Apply$/ },
  { what: "new filter", opener: button("Add filter"), surface: (page) => page.locator("[data-portal-node] [role=dialog], [data-portal-node] [role=group]").first() },
  { what: "menu of an export", opener: button("Export"), surface: (page) => page.getByRole("menu") },
  { what: "alert beside the list", path: "/alerts", opener: row("Alerts"), keys: ["Enter"], surface: beside(/^Alert/), yes: /^Close/ },
  { what: "entry of the quarantine", path: "/quarantine", opener: row("Quarantine", "0:1"), keys: ["o"], surface: beside("Entry of the quarantine"), yes: /^Close/ },
  { what: "rule beside the list", path: "/rules", opener: (page) => page.locator("[data-rule]").first(), keys: ["Enter"], surface: beside(/^Rule/), yes: /^Close/ },
  { what: "new entry of the list", path: "/policy?tab=list", opener: button("Add entry"), surface: (page) => page.getByRole("dialog") },
  { what: "saved query", path: "/hunting?q=EmailEvents", opener: button("Save"), surface: dialog("Save the query") },
  { what: "dialog from a menu", path: "/incidents", first: row("Incidents", "0:1"), opener: button("Report"), item: "End", surface: dialog(/as STIX 2.1/) },
];

check("focus comes back to what opened a dialog, a flyout, a popover or a menu", { as: ["Global Administrator"] }, async ({ page }) => {
  page.setDefaultTimeout(6000);
  const wrong = [];
  for (const { what, path, first, opener, keys = ["Enter"], item, surface, yes } of table) {
    if (path) await page.goto(path);
    if (first) await first(page).press("Enter");
    for (const last of ["Escape", ...(yes ? [yes] : [])]) try {
      await opener(page).focus();
      await mark(page);
      for (const k of keys) await page.keyboard.press(k);
      if (item) {
        await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "menuitem"), 3000);
        for (const k of [item, "Enter"]) await page.keyboard.press(k);
      }
      await seen(surface(page));
      // Tab comes to a panel beside a list too, but only after all that stands in the rows below.
      const edge = surface(page).getByRole("separator", { name: "Width of the panel" });
      if (await edge.count()) await edge.focus();
      await tabTo(page, surface(page), last === "Escape" ? undefined : last);
      await page.keyboard.press(last === "Escape" ? "Escape" : "Enter");
      await gone(surface(page));
      await back(page);
    } catch (e) {
      wrong.push(`${what}, ${last}: ${e.message}`);
    }
  }
  assert.deepEqual(wrong, []);
});

check("focus stays in a dialog whose contents change, and goes to the title where what opened it is gone", { as: ["Global Administrator"] }, async ({ page }) => {
  const place = page.getByRole("dialog");
  await page.goto("/account");
  await button("New token…")(page).focus();
  await mark(page);
  await page.keyboard.press("Enter");
  await seen(place);
  await page.keyboard.type("Nightly export");
  await tabTo(page, place, /^explorer/);
  await page.keyboard.press("Space");
  await tabTo(page, place, /^Make/);
  await page.keyboard.press("Enter");
  await seen(place.getByText("It is shown once."));
  await eventually(async () => assert.ok(await place.evaluate((el) => el.contains(document.activeElement))));
  await tabTo(page, place, /^Close/);
  await page.keyboard.press("Enter");
  await gone(place);
  await back(page);

  await button("Revoke Nightly export")(page).focus();
  await page.keyboard.press("Enter");
  await seen(place);
  await tabTo(page, place, /^Revoke/);
  await page.keyboard.press("Enter");
  await gone(place);
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.textContent), "My account"));
});
