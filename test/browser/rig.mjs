// What the browser tests stand on: servers of the real binary in folders of their own, a real browser, people to sign in as, and
// a watch over every page. A test says what a person does and sees; here is what must hold in all of them: no script error, no
// dialog, nothing that the content security policy had to stop, and no request to anywhere else.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

// The packages are the interface's own: its folder has the one lock file.
const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");
/** The text of the script that finds what people with assistive technology would stumble over. */
export const axe = require("axe-core").source;

const binary = process.env.BINARY ?? fileURLToPath(new URL("../../bin/tocsin", import.meta.url));
const pictures = fileURLToPath(new URL("../../ui/test-results/", import.meta.url));

/** Folder of everything the tests write; `run` removes it. */
const scratch = process.env.SCRATCH ?? mkdtempSync("/tmp/tocsin-browser-");

// Settings of whoever runs the tests are not theirs.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TOCSIN_")));

export function folder(name) {
  return mkdtempSync(join(scratch, `${name}-`));
}

/** Runs tocsin until it ends and returns what it said; input goes to its standard input. */
export async function tocsin(args, input = "") {
  const running = promisify(execFile)(binary, args, { env, maxBuffer: 1 << 26 });
  running.child.stdin.end(input);
  const { stdout } = await running;
  return stdout;
}

// ---- servers

const servers = new Set();
process.on("exit", () => servers.forEach((s) => s.process.kill("SIGKILL")));

export class Server {
  /** Starts `tocsin serve` or `tocsin demo` on a data folder and resolves when it is ready. */
  static async start(command, data, until = /^Tocsin listens on/, { http = "127.0.0.1:0", more = [] } = {}) {
    const s = new Server();
    s.data = data;
    // Port 0: the system picks one that is free, and the server says which.
    s.process = spawn(binary, [command, "--data", data, "--http", http, ...more], { env, stdio: ["ignore", "ignore", "pipe"] });
    servers.add(s);
    s.said = [];
    await new Promise((resolve, reject) => {
      s.process.once("exit", (code) => reject(new Error(`tocsin ${command} ended with ${code}:\n${s.said.join("\n")}`)));
      createInterface({ input: s.process.stderr }).on("line", (line) => {
        s.said.push(line);
        s.url ??= /^Tocsin listens on (\S+)/.exec(line)?.[1];
        s.setupLink ??= /^\s*(http\S+\/setup#\S+)/.exec(line)?.[1];
        if (until.test(line)) resolve();
      });
    });
    await eventually(async () => assert.equal((await fetch(`${s.url}/readyz`)).status, 200));
    return s;
  }

  /** Makes an operator and returns how to sign in. Tests that change preferences make one of their own. */
  async operator(...roles) {
    const person = { email: `person${++people}@kestrelquay.example`, password: "four words that nobody guesses" };
    await tocsin(["user", "add", "--data", this.data, "--email", person.email, ...roles.flatMap((r) => ["--role", r]), "--password", "stdin"], person.password + "\n");
    return person;
  }

  /** Who most tests are: somebody who may do everything and changes no preference. */
  analyst() {
    return (this.theAnalyst ??= this.operator("Global Administrator", "Preview"));
  }

  /** Takes messages in through the running server and waits until they are judged. */
  async import(...messages) {
    const dir = folder("mail");
    messages.forEach((m, i) => writeFileSync(join(dir, `${i}.eml`), m));
    await tocsin(["import", "--data", this.data, dir]);
    const token = readFileSync(join(this.data, "local-token"), "utf8").trim();
    await eventually(async () => {
      const metrics = await (await fetch(`${this.url}/metrics`, { headers: { Authorization: `Bearer ${token}` } })).text();
      assert.match(metrics, /^tocsin_messages_waiting 0$/m);
    });
  }

  async stop() {
    servers.delete(this);
    if (this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
  }
}

let people = 0;

/** Starts something once, however many tests need it. */
export function once(start) {
  let started;
  return () => (started ??= start());
}

/** The invented organisation with its month of mail, all of it judged. */
export const demo = once(() => Server.start("demo", folder("demo"), /messages taken in and judged/));

/** A hundred thousand email events, as `tocsin bench` invents them. */
export const large = once(async () => {
  const data = folder("large");
  await tocsin(["bench", "explorer", "--rows", "100000", "--runs", "1", "--dir", data]);
  return Server.start("serve", data);
});

/** A server nobody has signed in to and that has no mail; every caller gets one of their own. */
export const fresh = () => Server.start("serve", folder("fresh"));

// ---- browser

const browser = once(() =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  }),
);
let launched = false;

after(async () => {
  if (launched) await (await browser()).close();
  await Promise.all([...servers].map((s) => s.stop()));
});

/**
 * One test with one browser session. It gets an open, signed-in page unless it asks for none; whatever else it opens is watched too.
 * When it fails, what every page looked like is kept as a picture.
 *
 * options: server (a function that starts it; default the demo), as ("analyst", "nobody", or roles of an operator made for this test),
 * viewport, colorScheme.
 */
export function check(name, options, body) {
  if (typeof options === "function") [options, body] = [{}, options];
  test(name, { timeout: options.timeout ?? 120_000 }, async (t) => {
    const sessions = [];
    let server;
    try {
      server = await (options.server ?? demo)();
      const open = async (more = {}) => {
        const session = await Session.start(server, { ...options, ...more });
        sessions.push(session);
        return session;
      };
      const first = await open();
      await body({ server, open, session: first, page: first.page, t });
      for (const s of sessions) assert.deepEqual(s.wrong, [], "no error, dialog, policy violation or request to elsewhere");
    } catch (e) {
      for (const p of await photograph(sessions, name)) t.diagnostic(`picture: ${p}`);
      throw e;
    } finally {
      for (const s of sessions) await s.context.close();
      if (options.server === fresh) await server?.stop(); // nobody else has it
    }
  });
}

async function photograph(sessions, name) {
  mkdirSync(pictures, { recursive: true });
  const out = [];
  for (const page of sessions.flatMap((s) => s.context.pages())) {
    const path = join(pictures, `${name.replace(/[^a-z0-9]+/gi, "-").slice(0, 80)}${out.length > 0 ? `-${out.length + 1}` : ""}.png`);
    await page.screenshot({ path, timeout: 5000 }).then(() => out.push(path), () => {}); // a page that hangs has no picture
  }
  return out;
}

// Answers of the server that tests ask for on purpose; the browser logs each as an error.
const refusal = /^Failed to load resource: the server responded with a status of (401|403|404|409|422|429) /;

export class Session {
  static async start(server, { as = "analyst", viewport = { width: 1440, height: 900 }, colorScheme = "light" } = {}) {
    launched = true;
    const s = new Session();
    s.allowed = [server.url, ...(server.allowed ?? [])];
    s.server = server;
    s.wrong = [];
    s.context = await (await browser()).newContext({ viewport, colorScheme, baseURL: server.url, reducedMotion: "reduce", locale: "en-GB", timezoneId: "Europe/Berlin" });
    s.context.setDefaultTimeout(30_000);
    await s.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
    await s.watch();
    if (as === "analyst") await s.join(server);
    else if (as !== "nobody") await s.signIn(Array.isArray(as) ? await server.operator(...as) : as);
    s.page = await s.context.newPage();
    return s;
  }

  async watch() {
    const { context, wrong, allowed } = this;
    context.on("request", (r) => {
      const u = new URL(r.url());
      if (!allowed.includes(u.origin) && !["data:", "blob:", "about:"].includes(u.protocol)) wrong.push(`request to ${r.url()}`);
    });
    context.on("console", (m) => {
      if (m.type() === "error" && !refusal.test(m.text())) wrong.push(`console: ${m.text()}`);
    });
    context.on("weberror", (e) => wrong.push(`script error: ${e.error().stack}`));
    context.on("dialog", (d) => {
      wrong.push(`dialog: ${d.message()}`);
      void d.dismiss();
    });
    await context.exposeBinding("reportViolation", (_, text) => wrong.push(text));
    await context.addInitScript(() =>
      addEventListener("securitypolicyviolation", (e) => window.reportViolation(`policy: ${e.violatedDirective} stopped ${e.blockedURI} ${e.sample} at ${e.sourceFile}:${e.lineNumber}`)),
    );
  }

  /** Signs in without the form, which has tests of its own. */
  async signIn(person) {
    this.person = person;
    const answer = await this.context.request.post("/api/v1/session", { data: person });
    assert.equal(answer.status(), 200, await answer.text());
  }

  /** Is the server's analyst, who signs in once: hashing a password is made to be slow. */
  async join(server) {
    const cookies = await (server.joined ??= server.analyst().then(async (person) => {
      await this.signIn(person);
      return this.context.cookies();
    }));
    this.person = await server.analyst();
    await this.context.addCookies(cookies);
  }

  /** Asks the API as this person; for what a test compares the screen with. */
  async ask(path, query = {}) {
    const answer = await this.context.request.get(`/api/v1${path}?${new URLSearchParams(query)}`);
    assert.equal(answer.status(), 200, await answer.text());
    return answer.json();
  }

  /** Email events that a filter means, in all mail. */
  async count(q = "EmailEvents", view = "all") {
    return (await this.ask("/explorer/count", { q, view })).events;
  }
}

// ---- waiting

/** Tries a check until it holds. What a page shows is waited for, never slept for. */
export async function eventually(holds, within = 30_000) {
  const end = performance.now() + within;
  for (;;) {
    try {
      return await holds();
    } catch (e) {
      if (performance.now() > end) throw e;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Waits until a locator is seen. */
export const seen = (locator) => locator.waitFor({ state: "visible" });

/** Waits until a locator is not seen any more. */
export const gone = (locator) => locator.waitFor({ state: "hidden" });

/** Waits until f(locator's only text) equals what is wanted. */
export const shows = (locator, wanted) =>
  eventually(async () => {
    const text = ((await locator.textContent()) ?? "").replace(/\s+/g, " ").trim();
    if (wanted instanceof RegExp) assert.match(text, wanted);
    else assert.equal(text, wanted);
  });
