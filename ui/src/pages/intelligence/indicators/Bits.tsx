import { Link } from "@tanstack/react-router";
import { CheckmarkCircle16Regular, DismissCircle16Regular, Prohibited16Regular, ShieldError16Regular, Warning16Regular } from "../../../components/icons";
import { Untrusted } from "../../../components/Untrusted";
import { useValueEvidence } from "../../../text/useEvidence";
import styles from "./Indicators.module.css";
import type { Indicator, Seen } from "./queries";
import { lookOf, nowWords, stateWords } from "./words";

/** The state of an indicator, and what keeps it from matching. */
export function StateWord({ of: i }: { of: Pick<Indicator, "state" | "now" | "good"> }) {
  const held = i.now === "held back";
  const Icon = i.state === "retired" ? DismissCircle16Regular : held ? Warning16Regular : i.good ? CheckmarkCircle16Regular : i.state === "confirmed" ? ShieldError16Regular : Prohibited16Regular;
  const now = nowWords(i);
  return <span className={`${styles.word} ${held ? styles.held : i.good ? "" : styles[i.state]}`}><Icon aria-hidden />{i.good ? "Known good" : stateWords[i.state]}{now !== "" && `, ${now}`}</span>;
}

/** A value so that nobody clicks on it. */
export function Shown({ kind, value }: { kind: Indicator["kind"]; value: string }) {
  const evidence = useValueEvidence();
  return <Untrusted text={kind === "subject" ? value : evidence(lookOf(kind), value)} spelling />;
}

/** Opens Explorer with exactly the mail that has it. */
export function InExplorer({ seen, children }: { seen: Seen; children: string }) {
  if (seen.explorer.q === "") return null;
  if (seen.explorer.q.length > 6000) return <span className={styles.faded}>Too many values for one address; open them one by one.</span>;
  return <Link to="/explorer" search={{ q: seen.explorer.q, from: seen.explorer.from, to: seen.explorer.to } as never}>{children}</Link>;
}
