import { CheckmarkCircle16Regular, Delete16Regular, Flag16Regular, SubtractCircle16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import styles from "./Email.module.css";
import type { PolicyLine } from "./reasons";

/** What was asked in turn, with the one marked that decided. */
export function PolicyLines({ lines }: { lines: readonly PolicyLine[] }) {
  const evidence = useEvidence();
  return (
    <ul className={styles.policy}>
      {lines.map((l) => {
        const Icon = l.decided ? Flag16Regular : l.kind === "none" ? SubtractCircle16Regular : l.kind === "after" ? Delete16Regular : CheckmarkCircle16Regular;
        return (
          <li key={l.text} className={l.kind === "none" ? styles.quiet : undefined}>
            <Icon aria-hidden />
            <span>{l.text}{l.result && <>: <b>{l.result}</b></>}{l.why && <small><Untrusted text={evidence(l.why)} /></small>}</span>
            {l.decided && <span className={styles.decided}>Decided</span>}
          </li>
        );
      })}
    </ul>
  );
}
