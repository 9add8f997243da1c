import type { Schemas } from "../../api/client";
import { number } from "../../time/zone";

const names: Record<string, string> = { smtp: "Copies over SMTP", lmtp: "Copies over LMTP", "lmtp-proxy": "At delivery (LMTP proxy)", milter: "At delivery (milter)", imap: "Watched mailboxes", files: "Files", import: "Files" };

/** What a kind of source is called on the page; one that is not known here keeps its name. */
export function named(kind: string): string {
  return names[kind] ?? kind;
}

export interface Standing { mood: "answering" | "away" | "off"; words: string }

/** How a watched mail system stands, in a word or two. */
export function standing(w: Schemas["WatchedSystem"]): Standing {
  if (w.mailboxes === 0) return { mood: "off", words: "Nobody to watch" };
  if (w.unread === w.mailboxes) return { mood: "away", words: w.errors.length > 0 ? "Cannot be read" : "Not read yet" };
  if (w.errors.length > 0) return { mood: "away", words: `${number(w.unread)} not read` };
  return { mood: "answering", words: w.looked ? "All are read" : "Reading" };
}
