// The front door: the one-time link of the first administrator, signing in and out.

import assert from "node:assert/strict";
import { check, eventually, fresh, gone, seen, shows } from "./rig.mjs";

const alone = { server: fresh, as: "nobody" };

async function fillIn(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

async function signOut(page) {
  await page.getByRole("button", { name: /sign out$/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await seen(page.getByRole("heading", { name: "Sign in to Tocsin" }));
}

check("the one-time link makes the first administrator, once", alone, async ({ server, open, page }) => {
  await page.goto(server.setupLink);
  await seen(page.getByRole("heading", { name: /^The first administrator/ }));
  assert.equal(new URL(page.url()).hash, "", "the secret stays in the address");

  await fillIn(page, { "Your name": "Maren Okafor", "Email address": "maren@example.org", Password: "too short" });
  const make = page.getByRole("button", { name: "Make the account and sign in" });
  await make.click();
  assert.ok(await page.getByLabel("Password", { exact: true }).evaluate((e) => !e.validity.valid), "nine characters are a password");
  await fillIn(page, { Password: "a bell that wakes the town" });
  await make.click();

  await seen(page.getByRole("heading", { name: "Dashboard", level: 1 }));
  assert.equal(new URL(page.url()).pathname, "/dashboard");
  await seen(page.getByText("No mail has come in yet"));
  await seen(page.getByText("tocsin import --data DIR PATH"));

  const { page: second } = await open();
  await second.goto(server.setupLink);
  await seen(second.getByRole("heading", { name: "This link no longer works" }));
  await seen(second.getByText("tocsin user add"));
  await second.goto("/");
  await seen(second.getByRole("heading", { name: "Sign in to Tocsin" }));

  await signOut(page);
  await fillIn(page, { "Email address": "maren@example.org", Password: "a bell that wakes the town" });
  await page.getByRole("button", { name: "Sign in" }).click();
  await seen(page.getByRole("heading", { name: "Dashboard", level: 1 }));
});

check("a wrong password is refused in one sentence, and the right one still works", { as: "nobody" }, async ({ server, page }) => {
  const { email, password } = await server.operator("Security Reader");
  await page.goto("/");
  await fillIn(page, { "Email address": email, Password: "not the password" });
  await page.getByRole("button", { name: "Sign in" }).click();
  const said = page.getByRole("alert");
  await seen(said);
  await shows(said, /password/i);
  assert.equal(await said.count(), 1);
  assert.equal(await page.getByLabel("Email address").inputValue(), email, "the address has to be typed again");
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");

  // Whether there is such an account is not told.
  const wrong = await said.textContent();
  await fillIn(page, { "Email address": "nobody@kestrelquay.example", Password: "not the password" });
  await page.getByRole("button", { name: "Sign in" }).click();
  await eventually(async () => assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), ""));
  await shows(said, wrong.trim());

  await fillIn(page, { "Email address": email, Password: password });
  await page.getByRole("button", { name: "Sign in" }).click();
  await seen(page.getByRole("heading", { name: "Dashboard", level: 1 }));
  await gone(said);
});

check("the password can be looked at while it is typed", { as: "nobody" }, async ({ page }) => {
  await page.goto("/");
  await fillIn(page, { Password: "seen" });
  const show = page.getByRole("button", { name: "Show password" });
  await show.click();
  assert.equal(await page.getByLabel("Password", { exact: true }).getAttribute("type"), "text");
  assert.equal(await show.getAttribute("aria-pressed"), "true");
});

check("signing in opens the page that was asked for", { as: "nobody" }, async ({ server, page }) => {
  const { email, password } = await server.operator("Security Reader");
  const asked = "/explorer?view=phish&last=30d&tab=urls";
  await page.goto(asked);
  await fillIn(page, { "Email address": email, Password: password });
  await page.getByRole("button", { name: "Sign in" }).click();
  await seen(page.getByRole("tab", { name: "Phish", selected: true }));
  await seen(page.getByRole("tab", { name: /^URLs/, selected: true }));
  assert.equal(page.url(), server.url + asked);
});

check("a session that ended leads to the sign-in and back to where one was", async ({ server, session, page }) => {
  const { email, password } = await server.analyst();
  await page.goto("/explorer?view=phish&last=30d");
  await seen(page.getByRole("grid", { name: "Email events" }));
  const signIn = page.getByRole("heading", { name: "Sign in to Tocsin" });
  await session.context.clearCookies();
  // The first question that is turned away leads there: the person's, or one that the page asks by itself.
  await Promise.race([page.getByRole("tab", { name: "Malware", exact: true }).click(), seen(signIn)]);
  await seen(signIn);
  const was = page.url();
  await fillIn(page, { "Email address": email, Password: password });
  await page.getByRole("button", { name: "Sign in" }).click();
  await seen(page.getByRole("tab", { name: was.includes("view=malware") ? "Malware" : "Phish", exact: true, selected: true }));
  assert.equal(page.url(), was);
});

check("an address that leads nowhere says so and leads on", async ({ page }) => {
  await page.goto("/no/such/page");
  await seen(page.getByRole("heading", { name: "There is no page here" }));
  await page.getByRole("link", { name: "Open Explorer" }).or(page.getByRole("button", { name: "Open Explorer" })).click();
  await seen(page.getByRole("heading", { name: "Explorer", level: 1 }));
});
