import { ArrowSync16Regular, CheckmarkCircle16Regular, Clock16Regular, DismissCircle16Regular, Hourglass16Regular, SubtractCircle16Regular, Warning16Regular } from "../../components/icons";
import styles from "./Actions.module.css";
import { outcomeTone, stateTone, type Action, type Target, type Tone } from "./words";

const icons: Record<Tone, typeof Clock16Regular> = { good: CheckmarkCircle16Regular, bad: DismissCircle16Regular, odd: Warning16Regular, work: ArrowSync16Regular, none: SubtractCircle16Regular };

/** How far an action is: icon and word; a badge in the head of one action. */
export function StateWord({ action: a, badge }: { action: Pick<Action, "state" | "cancelling">; badge?: boolean }) {
  const tone = stateTone(a.state);
  const Icon = a.state === "Waiting for approval" ? Hourglass16Regular : icons[tone];
  return <span className={`${styles.word} ${badge ? styles.badge : ""} ${styles[tone]}`}><Icon aria-hidden />{a.cancelling ? "Stopping" : a.state}</span>;
}

/** What became of one target. */
export function OutcomeWord({ outcome }: { outcome: Target["outcome"] }) {
  const tone = outcomeTone(outcome);
  const Icon = outcome === "To do" ? Clock16Regular : icons[tone];
  return <span className={`${styles.word} ${styles[tone]}`}><Icon aria-hidden />{outcome}</span>;
}
