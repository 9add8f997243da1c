// Other ways in than a password: the organisation's provider (the program of test/oidc), and security keys (Chromium's virtual ones).

import assert from "node:assert/strict";
import { check, gone, seen } from "./rig.mjs";
import { federated, virtualKey } from "./signinpages.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });

check("the provider signs in, is asked again for what is critical, and signs out", { server: federated, as: "nobody" }, async ({ server, session, page }) => {
  await page.goto("/settings?tab=operators");
  await button(page, "Sign in with Kestrel Quay ID").click();
  await button(page, "Nobody").click();
  await seen(page.getByRole("alert").getByText(/broken off there/));
  assert.equal(new URL(page.url()).search, "", "what the provider sent stays in the address");
  await page.getByRole("link", { name: "Back to the sign-in" }).click();
  await button(page, "Sign in with Kestrel Quay ID").click();
  await button(page, "Mallory").click();
  await seen(page.getByText(/none of your groups at Kestrel Quay ID has a role/));
  assert.equal(await page.getByText("An administrator can give you the role").count(), 0);

  const long = "x".repeat(3000); // as filters in the address can be
  await page.goto(`/settings?tab=operators&long=${long}`);
  await button(page, "Sign in with Kestrel Quay ID").click();
  await button(page, "Ann").click();
  await seen(page.getByRole("heading", { name: "Operators", level: 2 }));
  assert.equal(new URL(page.url()).pathname, "/settings", "the page that was asked for does not open");

  // She signed in there two hours ago, so the provider is asked again, in a tab of its own.
  await button(page, "Add an operator…").click();
  await page.getByLabel("Email address").fill("newcomer@kestrelquay.example");
  await button(page, "Add, and make a link").click();
  await seen(page.getByRole("heading", { name: "Show that it is you" }));
  const [tab] = await Promise.all([session.context.waitForEvent("page"), button(page, "Sign in again").click()]);
  await button(tab, "Ann").click();
  await seen(page.getByText("A link for newcomer@kestrelquay.example"));
  await button(page, "Close").click();

  await page.goto("/account");
  await seen(page.getByText("There you are a-1."));
  await page.getByRole("button", { name: /sign out$/ }).click();
  const there = page.waitForRequest((r) => r.url().startsWith(`${server.issuer}/logout?`));
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await there;
  await seen(page.getByRole("heading", { name: "Sign in to Tocsin" }));
});

async function signOut(page) {
  await page.getByRole("button", { name: /sign out$/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await seen(page.getByRole("heading", { name: "Sign in to Tocsin" }));
}

check("a security key is added, asked for after the password and for what is critical, renamed and removed", { server: federated, as: ["Global Administrator"] }, async ({ session, page }) => {
  const { email, password } = session.person;
  await virtualKey(session, page);
  await page.goto("/account");
  await button(page, "Add a security key").click();
  await page.getByLabel("Name of the key").fill("blue key");
  await page.getByLabel("Your password").fill(password);
  await button(page, "Add the key").click();
  await seen(page.getByRole("list", { name: "Recovery codes" }));
  const codes = await page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allTextContents();
  assert.equal(codes.length, 10);
  await page.getByLabel("I keep them in a safe place").check();
  await button(page, "Done").click();
  await seen(page.getByText("10 of 10 recovery codes are left."));
  await seen(page.getByText("blue key"));

  await signOut(page);
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await button(page, "Sign in").click();
  await seen(page.getByText(/^The password is right. Now your security key/));
  await button(page, "Use the security key").click();
  await seen(page.getByText("blue key"));

  await signOut(page);
  await button(page, "Sign in with a passkey").click();
  await seen(page.getByText("blue key"));

  await signOut(page);
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await button(page, "Sign in").click();
  await button(page, "Use a code instead").click();
  await page.getByRole("textbox", { name: "Code" }).fill(codes[0]);
  await button(page, "Sign in").click();
  await seen(page.getByText("9 of 10 recovery codes are left."));

  await button(page, "Rename blue key").click();
  await page.getByRole("dialog").getByLabel("Name of the key").fill("red key");
  await button(page, "Keep").click();
  await seen(page.getByText("red key", { exact: true }));

  // The server wants a fresh factor: the key comes first.
  let refused = 0;
  await page.route("**/api/v1/account/keys/*", (r) => (r.request().method() === "DELETE" && refused++ === 0 ? r.fulfill({ status: 403, contentType: "application/problem+json", json: { type: "urn:tocsin:problem:step-up-needed", status: 403 } }) : r.continue()));
  await button(page, "Remove red key").click();
  await button(page, "Remove").click();
  await seen(page.getByRole("heading", { name: "Show that it is you" }));
  await button(page, "Use the security key").click();
  await seen(page.getByText(/^Only your password stands between/));
  await gone(page.getByRole("dialog"));
});

check("a key that does not answer is told in words, and nothing is added", { server: federated, as: ["Security Reader"] }, async ({ session, page }) => {
  const { cdp, authenticatorId } = await virtualKey(session, page);
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.goto("/account");
  await button(page, "Add a security key").click();
  await page.getByLabel("Name of the key").fill("blue key");
  await page.getByLabel("Your password").fill("not the password");
  await button(page, "Add the key").click();
  await seen(page.getByRole("alert").getByText(/present password/));
  await page.getByLabel("Your password").fill(session.person.password);
  await button(page, "Add the key").click();
  await seen(page.getByRole("alert").getByText(/^No key answered/));
  await button(page, "Cancel").click();
  await seen(page.getByText(/^Only your password stands between/));
});
