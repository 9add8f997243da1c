import type { ReactNode } from "react";
import { Button } from "@fluentui/react-components";
import { useCopy } from "./copy";
import styles from "./EmptyState.module.css";
import { Checkmark16Regular, Copy20Regular } from "./icons";

export interface Way {
  icon: ReactNode;
  title: string;
  text: string;
  points: readonly string[];
  /** What to type on the server, with what it is called. */
  command: string;
  time: string;
  best?: boolean;
}

/**
 * A place with nothing in it: says what would fill it and how. Nothing connected (ways), nothing found and not allowed are three
 * different things and say so. Alone, it is all that the page has, and its title is the title of the page.
 */
export function EmptyState({ title, why, ways, children, small, alone }: { title: string; why: ReactNode; ways?: readonly Way[]; children?: ReactNode; small?: boolean; alone?: boolean }) {
  const Title = alone ? "h1" : "h2";
  const copy = useCopy();
  return (
    <div className={`${styles.empty} ${small ? styles.small : ""}`}>
      {!small && (
        <svg className={styles.bars} viewBox="0 0 240 56" aria-hidden="true">
          {[14, 22, 12, 30, 26, 44, 36, 52, 34, 28, 40, 24].map((h, i) => <rect key={i} x={4 + i * 20} y={54 - h} width="11" height={h} rx="2" />)}
          <line x1="0" y1="55" x2="240" y2="55" />
        </svg>
      )}
      <Title>{title}</Title>
      <div className={styles.why}>{why}</div>
      {children && <div className={styles.actions}>{children}</div>}
      {ways && (
        <ul className={styles.ways}>
          {ways.map((w) => (
            <li key={w.title} className={w.best ? styles.best : undefined}>
              <div className={styles.top}><span className={styles.icon}>{w.icon}</span><small>{w.time}</small></div>
              <h3>{w.title}</h3>
              <p>{w.text}</p>
              <ul>{w.points.map((p) => <li key={p}><Checkmark16Regular aria-hidden />{p}</li>)}</ul>
              <div className={styles.command}>
                <code className="mono" tabIndex={0}>{w.command}</code>
                <Button size="small" appearance={w.best ? "primary" : "secondary"} icon={<Copy20Regular />} onClick={() => copy(w.command, "Command copied")}>Copy</Button>
              </div>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
