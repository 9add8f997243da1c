// Operators and one's own account: a link for somebody new, a second factor from the first scan to the sign-in, and being asked again.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { check, demo, fresh, gone, seen } from "./rig.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const code = (page) => page.getByRole("textbox", { name: "Code" });

/** What an authenticator app shows (RFC 6238), some steps of half a minute away. */
function totp(secret, steps = 0) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(message).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

check("a second factor is set up, asked for at sign-in, and asked for again", { server: fresh, as: ["Global Administrator"] }, async ({ session, page }) => {
  const { email, password } = session.person;
  await page.goto("/account");
  await button(page, "Set an authenticator app up").click();
  await page.getByLabel("Your password").fill(password);
  await button(page, "Go on").click();
  await seen(page.getByRole("img", { name: /^QR code/ }));
  const secret = (await page.locator("code").first().textContent()).replaceAll(" ", "");
  await code(page).fill(totp(secret));
  await button(page, "Turn it on").click();
  await seen(page.getByRole("list", { name: "Recovery codes" }));
  const codes = await page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allTextContents();
  assert.equal(codes.length, 10);
  await page.getByLabel("I keep them in a safe place").check();
  await button(page, "Done").click();
  await seen(page.getByText("10 of 10 recovery codes are left."));

  await page.getByRole("button", { name: /sign out$/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await button(page, "Sign in").click();
  await code(page).fill("000000");
  await button(page, "Sign in").click();
  await seen(page.getByRole("alert").getByText(/^this code is wrong/));
  await code(page).fill(codes[0]);
  await button(page, "Sign in").click();
  await seen(page.getByText("9 of 10 recovery codes are left."));

  // The server wants a fresh factor: the page asks, sends the same again, and the dialog from before is in reach.
  await page.goto("/settings?tab=operators");
  await button(page, "Add an operator…").click();
  await page.getByLabel("Email address").fill("newcomer@kestrelquay.example");
  let refused = 0;
  await page.route("**/api/v1/operators", (r) => (r.request().method() === "POST" && refused++ === 0 ? r.fulfill({ status: 403, contentType: "application/problem+json", json: { type: "urn:tocsin:problem:step-up-needed", status: 403 } }) : r.continue()));
  await button(page, "Add, and make a link").click();
  await seen(page.getByRole("heading", { name: "Show that it is you" }));
  await code(page).fill(totp(secret, 1));
  await button(page, "Go on").click();
  await seen(page.getByText("A link for newcomer@kestrelquay.example"));
  await button(page, "Close").click();
  await seen(page.getByText("Invited, not here yet"));
});

check("somebody new chooses a password behind the link; rights change under Change", { server: fresh, as: ["Global Administrator"] }, async ({ open, page }) => {
  await page.goto("/settings?tab=operators");
  await button(page, "Add an operator…").click();
  await page.getByLabel("Email address").fill("cleo@kestrelquay.example");
  await page.getByLabel("Preview", { exact: true }).check();
  await button(page, "Add, and make a link").click();
  const link = await page.getByRole("dialog").locator("code").textContent();
  await button(page, "Close").click();

  const { page: theirs } = await open({ as: "nobody" });
  await theirs.goto(link);
  await theirs.getByLabel("Password", { exact: true }).fill("a kite above the bay");
  assert.equal(new URL(theirs.url()).hash, "", "the secret stays in the address");
  await button(theirs, "Keep it and go to the sign-in").click();
  await theirs.getByLabel("Email address").fill("cleo@kestrelquay.example");
  await theirs.getByLabel("Password", { exact: true }).fill("a kite above the bay");
  await button(theirs, "Sign in").click();
  await seen(theirs.getByRole("heading", { name: "Dashboard", level: 1 }));

  await button(page, "Change cleo@kestrelquay.example").click();
  assert.ok(await page.getByLabel("Preview", { exact: true }).isChecked());
  await page.getByLabel("Security Operator", { exact: true }).check();
  await button(page, "Keep").click();
  await gone(page.getByRole("dialog"));
  await seen(page.getByText("Security Operator, Security Reader, Preview"));
  await theirs.reload();
  await seen(theirs.getByRole("heading", { name: "Sign in to Tocsin" }));
});

check("a token has only what was ticked, and ends when it is revoked", { server: demo, as: ["Security Operator"] }, async ({ server, page }) => {
  await page.goto("/account");
  await button(page, "New token…").click();
  await page.getByLabel("What it is for").fill("nightly export");
  await page.getByLabel("explorer.read", { exact: true }).check();
  await button(page, "Make the token").click();
  const secret = await page.getByRole("dialog").locator("code").textContent();
  await button(page, "Close").click();
  const ask = async (path) => (await fetch(`${server.url}/api/v1${path}`, { headers: { Authorization: `Bearer ${secret}` } })).status;
  assert.equal(await ask("/explorer/fields"), 200);
  assert.equal(await ask("/hunt/schema"), 403);
  await button(page, "Revoke nightly export").click();
  await button(page, "Revoke").click();
  await seen(page.getByText("None. A program that works for you"));
  assert.equal(await ask("/explorer/fields"), 401);
});
