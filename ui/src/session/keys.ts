/**
 * Security keys and passkeys in the browser (WebAuthn): options of the server become a question to a key, and its answer JSON. Browsers that
 * do both themselves are not all that there are.
 */

const bytes = (text: string): ArrayBuffer => {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0)).buffer;
};

const text = (b: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

type Named = { id: string; type: PublicKeyCredentialType; transports?: AuthenticatorTransport[] };
type Options = Record<string, unknown> & { challenge: string; user?: { id: string; name: string; displayName: string }; excludeCredentials?: Named[]; allowCredentials?: Named[] };

const named = (list: Named[] | undefined) => (list ?? []).map((c) => ({ ...c, id: bytes(c.id) }));

export const keysWork = (): boolean => typeof PublicKeyCredential === "function";

/** What the browser said, in words: it tells a person who gave up and a key that is not there apart in no other way. */
export class KeyTrouble extends Error {}

function trouble(e: unknown): KeyTrouble {
  const name = e instanceof DOMException ? e.name : "";
  switch (name) {
    case "InvalidStateError": return new KeyTrouble("This key is added already.");
    case "SecurityError": return new KeyTrouble("Keys work only under the address that this installation names as its own. Open Tocsin there.");
    case "NotSupportedError": return new KeyTrouble("This key cannot do what is needed. Try another one.");
    default: return new KeyTrouble("No key answered, or it was broken off. Try again.");
  }
}

async function asked(f: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const c = await f();
    if (c) return c as PublicKeyCredential;
  } catch (e) {
    throw trouble(e);
  }
  throw trouble(undefined);
}

/** Makes a credential in a key of this person's choice. */
export async function makeKey(options: unknown): Promise<Record<string, unknown>> {
  const o = options as Options;
  const c = await asked(() => navigator.credentials.create({
    publicKey: { ...(o as unknown as PublicKeyCredentialCreationOptions), challenge: bytes(o.challenge), user: { ...o.user!, id: bytes(o.user!.id) }, excludeCredentials: named(o.excludeCredentials) },
  }));
  const r = c.response as AuthenticatorAttestationResponse;
  return { ...head(c), response: { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports?.() ?? [] } };
}

/** Has a key show that it is there. */
export async function showKey(options: unknown): Promise<Record<string, unknown>> {
  const o = options as Options;
  const c = await asked(() => navigator.credentials.get({
    publicKey: { ...(o as unknown as PublicKeyCredentialRequestOptions), challenge: bytes(o.challenge), allowCredentials: named(o.allowCredentials) },
  }));
  const r = c.response as AuthenticatorAssertionResponse;
  return { ...head(c), response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), ...(r.userHandle && { userHandle: text(r.userHandle) }) } };
}

const head = (c: PublicKeyCredential) => ({ id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: {}, ...(c.authenticatorAttachment && { authenticatorAttachment: c.authenticatorAttachment }) });
