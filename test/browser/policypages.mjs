// The pages of the policy as a person finds their way to them, and the server they are tried on.

import assert from "node:assert/strict";
import { eventually, folder, once, seen, Server } from "./rig.mjs";

/** The invented organisation, for whoever changes what is done with its mail. */
export const ruled = once(() => Server.start("demo", folder("policy"), /messages taken in and judged/));

/** Opens the page of the policy. */
export async function policy(page, query = {}) {
  await page.goto(`/policy?${new URLSearchParams(query)}`);
  await seen(page.getByRole("heading", { name: "Policy", level: 1 }));
  await eventually(async () => assert.equal(await page.getByLabel(/^Reading/).count(), 0));
}
