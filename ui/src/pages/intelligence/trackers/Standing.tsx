import { Alert16Regular, Checkmark16Regular, ErrorCircle16Regular, Hourglass16Regular, Pause16Regular, Stop16Filled } from "../../../components/icons";
import type { Tracked } from "./queries";
import styles from "./Trackers.module.css";
import { standing } from "./words";

const words = { stopped: "Stopped", off: "Off", failed: "Failed", over: "Over its threshold", waits: "Waits for its turn", runs: "Runs" } as const;
const icons = { stopped: Stop16Filled, off: Pause16Regular, failed: ErrorCircle16Regular, over: Alert16Regular, waits: Hourglass16Regular, runs: Checkmark16Regular } as const;

/** What a tracker does now, by icon and word; why it does not, under it. */
export function Standing({ t }: { t: Tracked }) {
  const s = standing(t);
  const Icon = icons[s];
  const why = s === "stopped" ? t.stopped : s === "failed" ? t.last?.error : s === "waits" ? t.waiting : "";
  return <span className={styles.standing} data-is={s}><Icon aria-hidden />{words[s]}{why && <small className={styles.why} title={why}>{why}</small>}</span>;
}
