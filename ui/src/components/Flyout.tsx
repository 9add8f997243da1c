import { Button, Tooltip } from "@fluentui/react-components";
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useOpener } from "../shell/focus";
import { useKeys } from "../shell/keys";
import { number } from "../time/zone";
import { ChevronDown20Regular, ChevronUp20Regular, Dismiss20Regular } from "./icons";
import styles from "./Flyout.module.css";

const least = 480, most = 760;
const remembered = "tocsin.flyout";

function readWidth(): number {
  const n = Number(localStorage.getItem(remembered));
  return n >= least && n <= most ? n : 624;
}

/** From one row to the next beside the list. */
export interface Steps {
  /** "3 of 4,213" */
  position?: string;
  onPrev?: (() => void) | undefined;
  onNext?: (() => void) | undefined;
  onClose: () => void;
}

/** The steps from the row that is open, at a place in the rows that are loaded; -1 when it is not among them. */
export function steps<T>(rows: readonly T[], at: number, more: boolean, onOpen: (row: T) => void): Omit<Steps, "onClose"> {
  const to = (row: T | undefined) => (at >= 0 && row !== undefined ? () => onOpen(row) : undefined);
  return { position: at >= 0 ? `${number(at + 1)} of ${number(rows.length)}${more ? "+" : ""}` : "", onPrev: to(rows[at - 1]), onNext: to(rows[at + 1]) };
}

interface Props extends Steps {
  label: string;
  /** Beside the close button: a link to the page of the same thing. */
  action?: ReactNode;
  children: ReactNode;
}

/** A panel beside a list that stays usable: 480 to 760 px wide by dragging its edge, [ and ] for the one before and after, Esc to close. */
export function Flyout({ label, position, onPrev, onNext, onClose, action, children }: Props) {
  const [width, setWidth] = useState(readWidth);
  const held = useRef(false);
  const panel = useRef<HTMLElement>(null), body = useRef<HTMLDivElement>(null);
  useOpener(panel);
  const resize = (w: number) => {
    const n = Math.round(Math.max(least, Math.min(most, w)));
    setWidth(n);
    localStorage.setItem(remembered, String(n));
  };
  useKeys({ "[": () => onPrev?.(), "]": () => onNext?.(), Escape: onClose });
  useEffect(() => {
    body.current?.scrollTo({ top: 0 });
  }, [label]);
  return (
    <aside ref={panel} data-layer="" className={styles.flyout} style={{ width }} aria-label={label}>
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the panel"
        aria-valuenow={width}
        aria-valuemin={least}
        aria-valuemax={most}
        tabIndex={0}
        className={styles.edge}
        onPointerDown={(e: PointerEvent<HTMLDivElement>) => {
          held.current = true;
          e.currentTarget.setPointerCapture(e.pointerId);
        }}
        onPointerMove={(e) => held.current && resize(window.innerWidth - e.clientX)}
        onPointerUp={() => (held.current = false)}
        onPointerCancel={() => (held.current = false)}
        onKeyDown={(e: KeyboardEvent) => {
          const step = e.key === "ArrowLeft" ? 16 : e.key === "ArrowRight" ? -16 : 0;
          if (step === 0) return;
          e.preventDefault();
          resize(width + step);
        }}
      />
      <div className={styles.bar}>
        <Tooltip content="Previous ( [ )" relationship="label"><Button appearance="subtle" icon={<ChevronUp20Regular />} disabledFocusable={!onPrev} onClick={onPrev} /></Tooltip>
        <Tooltip content="Next ( ] )" relationship="label"><Button appearance="subtle" icon={<ChevronDown20Regular />} disabledFocusable={!onNext} onClick={onNext} /></Tooltip>
        <span className={`${styles.position} num`} aria-live="polite">{position}</span>
        {action}
        <Tooltip content="Close ( Esc )" relationship="label"><Button appearance="subtle" icon={<Dismiss20Regular />} onClick={onClose} /></Tooltip>
      </div>
      <div ref={body} className={styles.body}>{children}</div>
    </aside>
  );
}
