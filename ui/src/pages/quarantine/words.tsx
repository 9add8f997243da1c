import { CheckmarkCircle16Regular, Clock16Regular, Delete16Regular, LockClosed16Regular, Person16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import styles from "./Quarantine.module.css";
import type { Entry } from "./queries";

const states = {
  held: { word: "Held", icon: LockClosed16Regular },
  asked: { word: "Release asked", icon: Person16Regular },
  released: { word: "Released", icon: CheckmarkCircle16Regular },
  deleted: { word: "Deleted", icon: Delete16Regular },
  expired: { word: "Expired", icon: Clock16Regular },
} as const;

/** What became of an entry, by icon and word. */
export function StateWord({ entry: e }: { entry: Entry }) {
  const { word, icon: Icon } = states[e.state];
  return <span className={styles.state} data-state={e.state}><Icon aria-hidden />{word}{e.state === "held" && e.request?.state === "Refused" && <small>refused</small>}</span>;
}

/** What put it into quarantine, in a few words. */
export function causeOf(e: Entry): string {
  if (e.moved_by !== "") return e.moved_by === "Manual remediation" ? `Moved by ${e.moved_for}` : e.moved_for ? `${e.moved_by}: ${e.moved_for}` : e.moved_by;
  return e.override || e.policy || "At delivery";
}

export function Cause({ entry }: { entry: Entry }) {
  return <Untrusted text={causeOf(entry)} />;
}

/** How long until an entry expires: "3 d", "5 h"; soon when it is less than three days. */
export function leftOf(expires: string, now: Date): { text: string; soon: boolean } {
  const hours = (new Date(expires).getTime() - now.getTime()) / 3_600_000;
  if (hours <= 0) return { text: "now", soon: true };
  return { text: hours < 48 ? `${Math.max(1, Math.floor(hours))} h` : `${Math.floor(hours / 24)} d`, soon: hours < 72 };
}

export const plural = (n: number, one: string, many = `${one}s`) => `${n === 1 ? one : many}`;
