import type { Result } from "../../address/submissions";
import type { Detail, Report, Submission } from "./queries";

/** What a result means, for whoever closes. */
export const resultMeans: Record<Result, string> = {
  Phishing: "After passwords, money or data",
  Malware: "Carries or leads to malware",
  Spam: "Unwanted, and harmless",
  "Not junk": "Nothing wrong with it",
  Simulation: "Our own training",
  Unknown: "Nobody can tell; the next report opens it again",
};

/** How sure it is which delivered message this is. */
export function matchWords(s: Pick<Submission, "match">): string {
  return { Exact: "Proven", Likely: "Likely", None: "Not found" }[s.match];
}

/** What the judge says, in one word or a few. */
export function verdictWords(v: Submission["verdict"]): string {
  if (!v.at) return "Not judged";
  return v.threat_types.length === 0 ? "Clean" : v.threat_types.join(", ");
}

/** The way a report came, for a list. */
export function wayWords(r: Pick<Report, "via" | "form">): string {
  if (r.via === "Folder") return "moved into the watched folder";
  if (r.via === "API") return r.form === "Named" ? "reported in Tocsin" : "handed in over the API";
  return r.form === "Quoted" ? "forwarded, the message quoted" : "forwarded as attachment";
}

/** Whether the reporter heard of the result; "" while there is nothing to say. */
export function answerWords(d: Pick<Detail, "state">, r: Report): string {
  if (r.answered) return `told: ${r.answer}`;
  if (d.state !== "Closed") return "";
  return r.answer === "" ? "answer is being sent" : "not answered";
}

/** The state in the list: what it is, or who has it. */
export function stateWords(s: Pick<Submission, "state" | "result">): string {
  return s.state === "Closed" ? s.result : s.state;
}

/** A median of seconds as people say it. */
export function spanWords(seconds: number): string {
  if (seconds <= 0) return "none closed";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** Share of reports that were right, of those that can be told. */
export function rightWords(r: { right: number; wrong: number }): string {
  const known = r.right + r.wrong;
  return known === 0 ? "not known yet" : `${Math.round((100 * r.right) / known)} %`;
}
