import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import styles from "./Mailbox.module.css";

/** A rule as it is written. Its author may be the intruder. */
export function RuleText({ text, label }: { text: string; label: string }) {
  const evidence = useEvidence();
  const lines = evidence(text.replace(/\r\n/g, "\n").replace(/\t/g, "    ").replace(/\s+$/, "")).split("\n");
  return <code className={styles.rule} role="region" aria-label={label} tabIndex={0}>{lines.map((l, i) => <div key={i}><Untrusted text={l === "" ? " " : l} /></div>)}</code>;
}
