// A Tocsin under a host name, with a provider of its own (the program of test/oidc), and Chromium's virtual security keys.

import { execFile, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { folder, once, Server } from "./rig.mjs";

/** The provider has to know where Tocsin will be before Tocsin starts. */
async function freePort() {
  const s = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => s.once("listening", resolve));
  const { port } = s.address();
  await new Promise((resolve) => s.close(resolve));
  return port;
}

const program = once(async () => {
  const bin = join(folder("oidc"), "oidc");
  await promisify(execFile)("go", ["build", "-o", bin, "."], { cwd: fileURLToPath(new URL("../oidc", import.meta.url)), env: { ...process.env, GOFLAGS: "", GOWORK: "off" } });
  return bin;
});

const ann = { sub: "a-1", email: "ann@kestrelquay.example", verified: true, name: "Ann Lee", groups: ["soc-leads"], amr: ["pwd", "mfa"], age: 7200 };
const mallory = { sub: "m-1", email: "mallory@kestrelquay.example", verified: true, name: "Mallory", groups: [] };

/** Tocsin under a host name, with a provider of its own. */
export const federated = once(async () => {
  const url = `http://localhost:${await freePort()}`;
  const provider = spawn(await program(), ["-redirect", `${url}/signin/provider`, "-after", `${url}/`], { stdio: ["pipe", "pipe", "inherit"] });
  after(() => provider.stdin.end());
  process.on("exit", () => provider.kill("SIGKILL"));
  const issuer = await new Promise((resolve) => createInterface({ input: provider.stdout }).once("line", resolve));
  await fetch(`${issuer}/control`, { method: "POST", body: JSON.stringify({ people: { Ann: ann, Mallory: mallory } }) });
  const settings = join(folder("settings"), "tocsin.yaml");
  const secret = join(folder("settings"), "secret");
  writeFileSync(secret, "the client's secret\n");
  writeFileSync(settings, `http:
  public_url: ${url}
oidc:
  issuer: ${issuer}
  client_id: tocsin
  client_secret_file: ${secret}
  name: Kestrel Quay ID
  create: true
  second_factor: [mfa]
  groups:
    - {group: soc-leads, roles: [Global Administrator]}
`);
  const s = await Server.start("serve", folder("federated"), undefined, { http: new URL(url).host.replace("localhost", "127.0.0.1"), more: ["--config", settings] });
  s.url = url;
  s.allowed = [issuer];
  s.issuer = issuer;
  return s;
});

/** A key that says yes to everything; it counts, as hardware does. */
export async function virtualKey(session, page, more = {}) {
  const cdp = await session.context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...more },
  });
  return { cdp, authenticatorId };
}
