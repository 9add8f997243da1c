import { Button } from "@fluentui/react-components";
import { useEffect, useState, type DragEvent } from "react";
import { Add16Regular, ArrowReset20Regular } from "../../components/icons";
import styles from "./Dashboard.module.css";
import { hide, move, put, same, show, shown, usualLayout, widen, widgets, type Layout, type WidgetKey } from "./layout";
import type { Arrange } from "./WidgetCard";

/** Moving widgets: by dragging their head, or by its buttons. What was done is said for who does not see it. */
export function useArrange(layout: Layout, onChange: (l: Layout) => void): { of: (key: WidgetKey) => Arrange; said: string } {
  const [dragged, setDragged] = useState<WidgetKey>();
  const [over, setOver] = useState<WidgetKey>();
  const [said, setSaid] = useState("");
  const [moved, setMoved] = useState<{ key: WidgetKey; way: string }>();
  const list = shown(layout);
  // A widget that changes its place loses the focus on the way.
  useEffect(() => {
    if (!moved) return;
    const button = document.querySelector<HTMLElement>(`[data-widget="${moved.key}"] [data-move="${moved.way}"]`);
    button?.focus();
    button?.scrollIntoView({ block: "nearest" });
  }, [moved]);
  const end = () => {
    setDragged(undefined);
    setOver(undefined);
  };
  const done = (l: Layout, key: WidgetKey) => {
    onChange(l);
    setSaid(`${widgets[key].title}: place ${shown(l).indexOf(key) + 1} of ${shown(l).length}`);
  };
  const of = (key: WidgetKey): Arrange => ({
    place: list.indexOf(key),
    of: list.length,
    by: (n) => {
      done(move(layout, key, n), key);
      setMoved({ key, way: n < 0 ? "up" : "down" });
    },
    hide: () => {
      onChange(hide(layout, key));
      setSaid(`${widgets[key].title} is hidden`);
    },
    wide: layout.wide.includes(key),
    onWide: widgets[key].span === 12 ? undefined : (wide) => onChange(widen(layout, key, wide)),
    drag: {
      dragged: dragged === key,
      over: over === key && dragged !== undefined && dragged !== key,
      onDragStart: (e: DragEvent) => {
        e.dataTransfer.setData("text/plain", widgets[key].title);
        e.dataTransfer.effectAllowed = "move";
        setDragged(key);
      },
      onDragEnd: end,
      onDragOver: (e: DragEvent) => {
        if (!dragged) return;
        e.preventDefault();
        setOver(key);
      },
      onDrop: (e: DragEvent) => {
        if (!dragged) return;
        e.preventDefault();
        done(put(layout, dragged, key, list.indexOf(dragged) < list.indexOf(key)), dragged);
        end();
      },
    },
  });
  return { of, said };
}

/** What can be done while the page is arranged. */
export function ArrangeBar({ layout, onChange, said, onDone }: { layout: Layout; onChange: (l: Layout) => void; said: string; onDone: () => void }) {
  return (
    <section className={styles.arrangebar} aria-label="Arrange the dashboard">
      <p>Drag a widget by its head, or move it with its arrows. How it stands is kept for you alone.</p>
      {layout.hidden.length > 0 && (
        <ul aria-label="Hidden widgets">
          {layout.hidden.map((k) => <li key={k}><Button size="small" icon={<Add16Regular />} onClick={() => onChange(show(layout, k))}>{widgets[k].title}</Button></li>)}
        </ul>
      )}
      <span className={styles.push} />
      <Button size="small" appearance="subtle" icon={<ArrowReset20Regular />} disabledFocusable={same(layout, usualLayout)} onClick={() => onChange(usualLayout)}>Reset to default</Button>
      <Button size="small" appearance="primary" onClick={onDone}>Done</Button>
      <span role="status" className="unseen">{said}</span>
    </section>
  );
}
