import type { MouseEvent } from "react";
import { number } from "../../time/zone";
import { Untrusted } from "../Untrusted";
import styles from "./Chart.module.css";
import type { Series } from "./model";

interface Props {
  series: readonly Series[];
  hidden: readonly string[];
  onHide: (hidden: string[]) => void;
  onMenu?: (s: Series, target: HTMLElement) => void;
}

/** Names and totals of the series. Click shows one alone, again shows all; Shift click hides one. */
export function Legend({ series, hidden, onHide, onMenu }: Props) {
  const keys = series.map((s) => s.key);
  const click = (e: MouseEvent, key: string) => {
    if (e.shiftKey) {
      const next = hidden.includes(key) ? hidden.filter((k) => k !== key) : [...hidden, key];
      onHide(next.length >= keys.length ? [] : next);
      return;
    }
    const alone = keys.every((k) => hidden.includes(k) === (k !== key));
    onHide(alone ? [] : keys.filter((k) => k !== key));
  };
  return (
    <ul className={styles.legend} aria-label="Legend">
      {series.map((s) => (
        <li key={s.key}>
          <button
            type="button"
            aria-pressed={!hidden.includes(s.key)}
            title="Click: this alone. Shift click: hide. Right click: menu"
            onClick={(e) => click(e, s.key)}
            onContextMenu={(e) => {
              e.preventDefault();
              onMenu?.(s, e.currentTarget);
            }}
            onKeyDown={(e) => {
              if (e.key !== "m") return;
              e.preventDefault();
              e.stopPropagation();
              onMenu?.(s, e.currentTarget);
            }}
          >
            <i style={{ background: s.color }} />
            <span className="clip"><Untrusted text={s.label} /></span>
            <b className="num">{number(s.total)}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}
