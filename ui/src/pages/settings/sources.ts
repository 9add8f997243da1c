import type { Schemas } from "../../api/client";
import { number } from "../../time/zone";

const names: Record<string, string> = { smtp: "Copies over SMTP", lmtp: "LMTP", milter: "At delivery (milter)", imap: "Watched mailboxes", files: "Files", import: "Files" };

/** What a source is called on the page; one that Tocsin does not know keeps its name. */
export function named(source: string): string {
  return names[source] ?? source;
}

export interface Standing { mood: "answering" | "away" | "off"; words: string }

/** How a watched mail system stands, in a word or two. */
export function standing(w: Schemas["WatchedSystem"]): Standing {
  if (w.mailboxes === 0) return { mood: "off", words: "Nobody to watch" };
  if (w.unread === w.mailboxes) return { mood: "away", words: w.errors.length > 0 ? "Cannot be read" : "Not read yet" };
  if (w.errors.length > 0) return { mood: "away", words: `${number(w.unread)} not read` };
  return { mood: "answering", words: w.looked ? "All are read" : "Reading" };
}
