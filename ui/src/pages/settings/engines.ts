import type { Schemas } from "../../api/client";
import { number } from "../../time/zone";

export type Engine = Schemas["Engine"];

export const stateWords: Record<Engine["state"], string> = { off: "Not set up", unknown: "Not asked yet", answering: "Answers", away: "Does not answer" };

interface About {
  /** What it does, in a sentence. */
  does: string;
  /** What the setting is called in the list of facts. */
  where: string;
  /** What is counted. */
  asked: string;
  /** What becomes of mail while it is away. */
  without: string;
  /** Lines of the settings file that set it up. */
  example: string;
  /** What else it takes. */
  takes: string;
}

export const about: Record<Engine["key"], About> = {
  clamav: {
    does: "Knows malware by its signatures. It is asked about every message when it arrives.",
    where: "Address", asked: "Messages and files asked", without: "Mail is judged without it, and each row says so.",
    example: "engines:\n  clamav:\n    address: unix:/run/clamav/clamd.ctl",
    takes: "It takes the service clamav-daemon on this machine, or one that can be reached over the network.",
  },
  yara: {
    does: "Matches rules of your own against every file when it arrives.",
    where: "Folder", asked: "Files asked", without: "Mail is judged without it, and each row says so.",
    example: "engines:\n  yara:\n    folder: /etc/tocsin/yara",
    takes: "It takes a folder with rule files (*.yar, *.yara).",
  },
  cape: {
    does: "Runs the files of suspicious messages in a sandbox, after they were judged.",
    where: "Address", asked: "Tries to hand a file over", without: "Files wait and are handed over when it is back. Mail is judged without it.",
    example: "engines:\n  cape:\n    url: https://cape.your-organisation.example\n    token_file: /etc/tocsin/cape.token",
    takes: "It takes a CAPE server. Whoever can look into it sees these files.",
  },
  pages: {
    does: "Opens links of suspicious messages in a browser of its own, after they were judged, and keeps a picture.",
    where: "Setting", asked: "Links opened", without: "Links are not opened. Mail is judged without it.",
    example: "engines:\n  pages:\n    enabled: true",
    takes: "It takes Chromium on this machine. A sender can learn from a visit that the mail arrived.",
  },
};

/** "3 days": how old signatures are; undefined when the clock says that they come from the future. */
export function age(made: Date, now: Date): string | undefined {
  const hours = Math.floor((now.getTime() - made.getTime()) / 3_600_000);
  if (hours < -24) return undefined;
  if (hours < 48) return hours < 24 ? "less than a day" : "one day";
  return `${number(Math.floor(hours / 24))} days`;
}

/** Signatures this old miss what is new: ClamAV's come out every day. */
export function stale(made: Date, now: Date): boolean {
  return now.getTime() - made.getTime() > 7 * 24 * 3_600_000;
}

/** "3 answer, 1 does not": the sentence above the cards. */
export function summary(engines: readonly Engine[]): string {
  const n = (state: Engine["state"]) => engines.filter((e) => e.state === state).length;
  if (n("off") === engines.length) return "None is set up";
  const parts = [
    [n("away"), n("away") === 1 ? "does not answer" : "do not answer"], [n("answering"), n("answering") === 1 ? "answers" : "answer"], [n("unknown"), n("unknown") === 1 ? "was not asked yet" : "were not asked yet"], [n("off"), n("off") === 1 ? "is not set up" : "are not set up"],
  ] as const;
  return parts.filter(([count]) => count > 0).map(([count, does]) => `${count} ${does}`).join(", ");
}
