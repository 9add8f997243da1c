import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import styles from "./Hunting.module.css";

const least = 120, most = 640, usual = 264;
const remembered = "tocsin.hunting.editor";

const clamp = (n: number) => Math.round(Math.max(least, Math.min(most, n)));

/** How high the editor is, and the edge to drag; the reader's own, kept in this browser. */
export function useEditorHeight(): [number, ReactNode] {
  const [height, setHeight] = useState(() => {
    const n = Number(localStorage.getItem(remembered));
    return n >= least && n <= most ? n : usual;
  });
  const from = useRef<{ y: number; height: number }>(undefined);
  const set = (n: number) => {
    setHeight(clamp(n));
    localStorage.setItem(remembered, String(clamp(n)));
  };
  const edge = (
    <div
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the editor"
      aria-valuenow={height}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      className={styles.split}
      onPointerDown={(e: PointerEvent<HTMLDivElement>) => {
        from.current = { y: e.clientY, height };
        e.currentTarget.setPointerCapture(e.pointerId);
      }}
      onPointerMove={(e) => from.current && set(from.current.height + e.clientY - from.current.y)}
      onPointerUp={() => (from.current = undefined)}
      onPointerCancel={() => (from.current = undefined)}
      onKeyDown={(e: KeyboardEvent) => {
        const step = e.key === "ArrowUp" ? -22 : e.key === "ArrowDown" ? 22 : 0;
        if (step === 0) return;
        e.preventDefault();
        set(height + step);
      }}
    />
  );
  return [height, edge];
}
