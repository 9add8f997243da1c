import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type EmailRow = Schemas["EmailRow"];
export type Outcome = EmailRow["outcome"];
export type Field = Schemas["Field"];
export type Split = Schemas["Split"];
export type Chart = Schemas["Chart"];
export type Chip = Schemas["Chip"];
export type Operator = Chip["op"];
export type Filter = Schemas["Filter"];
export type Facet = Schemas["Facet"];
export type Coverage = Schemas["Coverage"];
export type Session = Schemas["Session"];
export type Preferences = Schemas["Preferences"];
export type Signal = Schemas["Signal"];

export const prefix = "/api/v1";

/** Typed by ui/openapi.json; `npm run api` writes the types anew. */
export const api = createClient<paths>({ baseUrl: prefix });

/** Types of problems that a page answers by asking the person for something. */
export const factorNeeded = "urn:tocsin:problem:second-factor-needed";
/** What somebody showed does not do, and no role would help. */
export const notLetIn = "urn:tocsin:problem:not-let-in";
export const stepUpNeeded = "urn:tocsin:problem:step-up-needed";

/** Asks for the second factor; resolves to whether it was shown. Set by the shell. */
let askForFactor: (() => Promise<boolean>) | undefined;
export function onStepUp(ask: (() => Promise<boolean>) | undefined): void {
  askForFactor = ask;
}

// What asks for a fresh second factor is sent once more after it was shown: no page has to know which routes do.
const copies = new Map<string, Request>();
api.use({
  onRequest({ id, request }) {
    if (request.method !== "GET") copies.set(id, request.clone());
    return undefined;
  },
  async onResponse({ id, response }) {
    const copy = copies.get(id);
    copies.delete(id);
    if (response.status !== 403 || !copy || !askForFactor) return undefined;
    const body = (await response.clone().json().catch(() => ({}))) as { type?: string };
    return body.type === stepUpNeeded && (await askForFactor()) ? fetch(copy) : undefined;
  },
  onError({ id }) {
    copies.delete(id);
    return undefined;
  },
});

/** What the server said was wrong, as problem+json (RFC 9457), or what kept us from hearing it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly { message: string; location: string; value?: unknown }[] = [],
    /** Seconds to wait, from Retry-After. */
    readonly retryAfter?: number,
    /** A URN where the page can react, else "". */
    readonly type: string = "",
    /** Members of its own. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || title);
    this.name = "Problem";
  }
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer; a refusal or a dead line becomes a Problem. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  let a: Answer<T>;
  try {
    a = await call;
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") throw e;
    throw new Problem(0, "The server does not answer", "Check that tocsin serve is running and that this computer can reach it.");
  }
  if (!a.response.ok) throw problem(a.response, a.error);
  return a.data as T;
}

/** What an answer with an error says; for answers that are not read by `api`. */
export function problem(r: Response, body: unknown): Problem {
  const b = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (k: string) => (typeof b[k] === "string" ? b[k] : "");
  const errors = Array.isArray(b["errors"])
    ? b["errors"].map((e: Record<string, unknown>) => ({ message: String(e["message"] ?? ""), location: String(e["location"] ?? ""), value: e["value"] }))
    : [];
  const wait = Number(r.headers.get("Retry-After"));
  return new Problem(r.status, text("title") || r.statusText || `Status ${r.status}`, text("detail"), errors, wait > 0 ? wait : undefined, text("type"), b);
}
