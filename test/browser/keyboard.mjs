// Everything without the mouse.

import assert from "node:assert/strict";
import { address, cell, chipsAre, explorer, flyout, grid, rows } from "./pages.mjs";
import { check, eventually, gone, seen, shows } from "./rig.mjs";

/** Row and column of the cell that has the focus, such as "0:2"; undefined when no cell has it. */
const focus = (page) => page.evaluate(() => document.activeElement?.closest("[data-cell]")?.getAttribute("data-cell") ?? undefined);
const focusIs = (page, at) => eventually(async () => assert.equal(await focus(page), at));

async function press(page, ...keys) {
  for (const k of keys) await page.keyboard.press(k);
}

check("j, k and the arrow keys move through the list, and Enter opens what the cell holds", async ({ page }) => {
  await explorer(page);
  await press(page, "j");
  await focusIs(page, "0:2");
  await press(page, "j", "j");
  await focusIs(page, "2:2");
  await press(page, "k");
  await focusIs(page, "1:2");
  await press(page, "ArrowDown", "ArrowRight", "ArrowRight");
  await focusIs(page, "2:4");

  // The menu of the value, from the keyboard, and back to the cell it was opened on.
  const who = await (await cell(page, 2, "Sender")).innerText();
  await press(page, "Enter");
  await seen(page.getByRole("menu"));
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "menuitem"));
  await press(page, "Escape");
  await gone(page.getByRole("menu"));
  await focusIs(page, "2:4");
  await press(page, "m");
  await seen(page.getByRole("menu"));
  await eventually(async () => assert.match(await page.evaluate(() => document.activeElement.textContent), /^Include/));
  await press(page, "Enter");
  await chipsAre(page, `Sender is ${who}`);
});

check("o opens a message, ] and [ go to the next and the one before, Esc closes it", async ({ page }) => {
  await explorer(page);
  const subjects = await Promise.all([0, 1].map(async (n) => (await cell(page, n, "Subject")).locator(".clip").first().innerText()));
  await press(page, "j", "o");
  await seen(flyout(page));
  await eventually(async () => assert.equal(await flyout(page).getAttribute("aria-label"), `Message: ${subjects[0]}`));
  await focusIs(page, "0:2"); // the list stays usable
  await press(page, "]");
  await eventually(async () => assert.equal(await flyout(page).getAttribute("aria-label"), `Message: ${subjects[1]}`));
  await press(page, "[");
  await eventually(async () => assert.equal(await flyout(page).getAttribute("aria-label"), `Message: ${subjects[0]}`));
  await press(page, "Escape");
  await gone(flyout(page));
  assert.equal(address(page).open, undefined);
});

check("x selects, Shift x up to here, Space too, and the bar says what is selected", async ({ page }) => {
  await explorer(page);
  await press(page, "j", "x");
  const bar = page.getByRole("region", { name: "Selection" });
  await shows(bar.getByRole("status"), "1 selected");
  await press(page, "j", "j", "j", "Shift+X");
  await shows(bar.getByRole("status"), "4 selected");
  await press(page, "j", " ");
  await shows(bar.getByRole("status"), "5 selected");
  assert.equal(await rows(page).and(page.locator("[aria-selected=true]")).count(), 5);
  await bar.getByRole("button", { name: /^Select all [\d,]+ that match$/ }).click();
  await shows(bar, /frozen as it is now/);
  await bar.getByRole("button", { name: "Select nothing" }).click();
  await gone(bar);
});

check("/ searches, ? helps, g e goes to Explorer, c copies", async ({ page }) => {
  await explorer(page);
  await press(page, "/");
  assert.ok(await page.getByRole("search").getByRole("textbox").evaluate((e) => e === document.activeElement));
  await page.keyboard.type("jjx?");
  assert.equal(await page.getByRole("search").getByRole("textbox").inputValue(), "jjx?", "keys are shortcuts while somebody types");
  await press(page, "Escape");

  await press(page, "?");
  const help = page.getByRole("dialog", { name: "Keyboard" });
  await seen(help);
  for (const what of ["Next row", "Open the message", "Select up to here"]) await seen(help.getByText(what));
  await press(page, "Escape");
  await gone(help);

  await press(page, "j", "ArrowRight", "ArrowRight", "c");
  const who = await (await cell(page, 0, "Sender")).innerText();
  await eventually(async () => assert.equal(await page.evaluate(() => navigator.clipboard.readText()), who));

  await page.goto("/no/such/page");
  await page.goto("/explorer?view=phish&last=30d");
  await seen(page.getByRole("tab", { name: "Phish", selected: true }));
  await press(page, "g", "e");
  await seen(page.getByRole("tab", { name: "All email", selected: true }));
  assert.equal(address(page).last, "30d", "the time range of the app stays");
});

check("Home, End, Page keys and the list's own scrolling agree", async ({ page }) => {
  await explorer(page);
  await press(page, "j", "End");
  const last = await grid(page).getByRole("columnheader").count();
  await focusIs(page, `0:${last - 1}`);
  await press(page, "Home");
  await focusIs(page, "0:0");
  await press(page, "PageDown", "PageDown");
  await eventually(async () => assert.ok(Number((await focus(page)).split(":")[0]) > 15));
  const inSight = await page.evaluate(() => {
    const c = document.activeElement.getBoundingClientRect(), g = document.querySelector("[role=grid]").parentElement.getBoundingClientRect();
    return c.top >= g.top && c.bottom <= g.bottom + 1;
  });
  assert.ok(inSight, "the focus is out of sight");
  await press(page, "Control+Home");
  await focusIs(page, "0:0");
});

check("tabs are one stop each and move by arrows; every stop shows where it is", async ({ page }) => {
  await explorer(page);
  await page.getByRole("tab", { name: "All email" }).focus();
  await press(page, "ArrowRight", "ArrowRight");
  await seen(page.getByRole("tab", { name: "Phish", selected: true }));
  await press(page, "ArrowRight");
  await seen(page.getByRole("tab", { name: "Submissions", selected: true }));
  await press(page, "ArrowRight");
  await seen(page.getByRole("tab", { name: "All email", selected: true }));

  // From the top of the page once around: nothing that is reached hides that it was.
  await page.locator("body").evaluate((b) => (b.ownerDocument.activeElement?.blur(), b.focus()));
  const stops = [];
  for (let i = 0; i < 60; i++) {
    await press(page, "Tab");
    const stop = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return undefined;
      // Some controls draw the ring on themselves, some on what stands around or before them.
      const around = [e, e.parentElement, e.previousElementSibling, e.nextElementSibling, e.closest("label")].filter((x) => x);
      const drawn = (x, pseudo) => {
        const s = getComputedStyle(x, pseudo);
        return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none" || (pseudo === "::after" && parseFloat(s.borderTopWidth) > 1);
      };
      return { name: e.getAttribute("aria-label") || e.textContent.trim().slice(0, 40) || e.tagName, ring: around.some((x) => drawn(x) || drawn(x, "::after")) };
    });
    if (!stop || stops.some((s) => s.name === stop.name && s.ring === stop.ring)) break;
    stops.push(stop);
  }
  assert.ok(stops.length > 15, `only ${stops.length} stops: ${stops.map((s) => s.name)}`);
  assert.deepEqual(stops.filter((s) => !s.ring).map((s) => s.name), [], "stops without a visible focus");
});
