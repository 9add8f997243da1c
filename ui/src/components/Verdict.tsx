import type { ReactNode } from "react";
import type { Outcome } from "../api/client";
import { revealed } from "../text/reveal";
import { Bug16Regular, CheckmarkCircle16Regular, DismissCircle16Regular, MailProhibited16Regular, Shield16Regular, ShieldError16Regular, SubtractCircle16Regular, Warning16Regular } from "./icons";
import { outcomes, placeWord } from "./outcome";
import { Untrusted } from "./Untrusted";
import styles from "./Verdict.module.css";

const threatIcons: Record<string, typeof Shield16Regular> = { Phish: ShieldError16Regular, Malware: Bug16Regular, Spam: MailProhibited16Regular };

/** Parts of a column that holds several values as "a, b". */
export function listed(s: string): string[] {
  return s === "" ? [] : s.split(",").map((x) => x.trim()).filter((x) => x !== "");
}

/** What a message was judged to be: icon, word, and the confidence of a phish. Filled only in the header of one message. */
export function VerdictBadge({ types: then, confidence, filled, outcome, latest }: { types: string; confidence: string; filled?: boolean; outcome?: Outcome; latest?: string }) {
  // What it was judged later counts; what it was at delivery is said beside it.
  const later = latest !== undefined && latest !== then;
  const types = later ? latest : then;
  const all = listed(types);
  const first = all[0];
  if (first === undefined) {
    return filled ? <span className={`${styles.badge} ${styles.neutral}`}><CheckmarkCircle16Regular aria-hidden />{later ? "Harmless, as known since" : "No threat found"}</span> : <span className={styles.none} title={later ? `Judged ${then} at delivery, and harmless since` : undefined}>Clean{later && <small> was {then}</small>}</span>;
  }
  const Icon = threatIcons[first] ?? Shield16Regular;
  const sure = all.includes("Phish") && (filled || !later) ? confidence : "";
  if (filled) {
    return (
      <span className={`${styles.badge} ${outcome === "delivered_threat" ? styles.threat : styles.neutral}`}>
        <Icon aria-hidden />
        {all.join(", ")}{sure && ` · ${sure} confidence`}{later && " · since delivery"}
      </span>
    );
  }
  return (
    <span className={styles.plain} title={later ? `Judged so after delivery; it was ${then || "clean"} then` : undefined}>
      <Icon aria-hidden />
      <b>{all.join(", ")}</b>
      {later && <small>later</small>}
      {sure === "High" && <small>High</small>}
    </span>
  );
}

/** What was done with it: one of the five outcomes, by icon and word; a badge in the header of one message. */
export function ActionWord({ outcome, badge, place }: { outcome: Outcome; badge?: boolean; place?: string }) {
  const o = outcomes[outcome];
  const Icon = o.icon;
  if (badge) {
    const where = place && !(outcome === "junked" && place === "Junk folder") ? ` · ${outcome === "delivered_threat" ? "still in " : ""}${placeWord(place)}` : "";
    const word = outcome === "delivered_threat" && where ? "Delivered" : o.long;
    return <span className={`${styles.badge} ${styles[o.meaning]}`}><Icon aria-hidden />{word}{where}</span>;
  }
  return <span className={`${styles.action} ${styles[`${o.meaning}Word`]}`}><Icon aria-hidden />{o.word}</span>;
}

/** One more fact beside verdict and place in the header of one message. */
export function Badge({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return <span className={`${styles.badge} ${styles.neutral}`}>{icon}{children}</span>;
}

const authTone = (result: string) => (result === "pass" ? "pass" : result === "" || result === "none" || result === "neutral" ? "none" : result === "temperror" || result === "softfail" ? "odd" : "fail");

/** One authentication method: pass, fail or none by icon and word, with a note. */
export function AuthMark({ name, result, note }: { name: string; result: string; note?: string }) {
  const tone = authTone(result);
  const Icon = tone === "pass" ? CheckmarkCircle16Regular : tone === "fail" ? DismissCircle16Regular : tone === "odd" ? Warning16Regular : SubtractCircle16Regular;
  return (
    <div className={styles.auth}>
      <div><b>{name}</b><span className={styles[tone]}><Icon aria-hidden />{result || "none"}</span></div>
      {note && <p title={revealed(note)}><Untrusted text={note} /></p>}
    </div>
  );
}
