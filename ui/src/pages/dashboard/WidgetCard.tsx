import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { createContext, useContext, useId, type ReactNode } from "react";
import { ArrowDown16Regular, ArrowUp16Regular, EyeOff20Regular, ReOrderDotsVertical16Regular } from "../../components/icons";
import styles from "./Dashboard.module.css";
import { widgets, type WidgetKey } from "./layout";
import { QueryButton, type Asked } from "./ShowQuery";

/** How a widget stands and how its question went. */
export interface Slot {
  widget: WidgetKey;
  span: number;
  /** Why the board, or this widget alone, could not be read. */
  error?: unknown;
  failure?: string | undefined;
  retry: () => void;
  /** Set while the page is being arranged. */
  arrange?: Arrange | undefined;
}

export interface Arrange {
  place: number;
  of: number;
  by: (n: number) => void;
  hide: () => void;
  wide: boolean;
  /** Undefined for what is always as wide as the page. */
  onWide: ((wide: boolean) => void) | undefined;
  drag: { onDragStart: (e: React.DragEvent) => void; onDragEnd: () => void; onDragOver: (e: React.DragEvent) => void; onDrop: (e: React.DragEvent) => void; over: boolean; dragged: boolean };
}

export const SlotContext = createContext<Slot | undefined>(undefined);

interface Props {
  title?: string;
  caption?: ReactNode;
  /** At the right of the head: where all of it is. */
  link?: ReactNode;
  extra?: ReactNode;
  asked?: readonly Asked[];
  /** Undefined while it is read. */
  ready: boolean;
  /** Height of the skeleton, and the least of the body: nothing jumps when the answer comes. */
  height: number;
  /** Without a head and padding: a strip. */
  bare?: boolean;
  children: ReactNode;
}

/** The frame of a widget: its name, where all of it is, how it was counted; and waiting, refused or empty in its place. */
export function WidgetCard({ title, caption, link, extra, asked, ready, height, bare, children }: Props) {
  const slot = useContext(SlotContext)!;
  const id = useId();
  const { arrange } = slot;
  const name = title ?? widgets[slot.widget].title;
  return (
    <section
      className={`card ${styles.widget} ${bare ? styles.bare : ""}`}
      aria-labelledby={id}
      data-widget={slot.widget}
      data-span={slot.span}
      data-arranging={arrange !== undefined || undefined}
      data-over={arrange?.drag.over || undefined}
      data-dragged={arrange?.drag.dragged || undefined}
      style={{ gridColumn: `span ${slot.span}` }}
      onDragOver={arrange?.drag.onDragOver}
      onDrop={arrange?.drag.onDrop}
    >
      {arrange ? (
        <header className={styles.arranging} draggable onDragStart={arrange.drag.onDragStart} onDragEnd={arrange.drag.onDragEnd}>
          <ReOrderDotsVertical16Regular aria-hidden />
          <h2 id={id}>{name}</h2>
          <span className={styles.push} />
          {arrange.onWide && <Button size="small" appearance="subtle" aria-label={`${arrange.wide ? "Narrow" : "Wide"}: ${name}`} onClick={() => arrange.onWide?.(!arrange.wide)}>{arrange.wide ? "Narrow" : "Wide"}</Button>}
          <Button size="small" appearance="subtle" icon={<ArrowUp16Regular />} aria-label={`Move ${name} up`} title="Move up" disabledFocusable={arrange.place === 0} onClick={() => arrange.by(-1)} data-move="up" />
          <Button size="small" appearance="subtle" icon={<ArrowDown16Regular />} aria-label={`Move ${name} down`} title="Move down" disabledFocusable={arrange.place === arrange.of - 1} onClick={() => arrange.by(1)} data-move="down" />
          <Button size="small" appearance="subtle" icon={<EyeOff20Regular />} aria-label={`Hide ${name}`} title="Hide" onClick={arrange.hide} />
        </header>
      ) : bare ? (
        <h2 id={id} className="unseen">{name}</h2>
      ) : (
        <header className={styles.widgethead}>
          <h2 id={id}>{name}</h2>
          {caption && <span className={styles.caption}>{caption}</span>}
          <span className={styles.push} />
          {extra}
          {ready && asked && <QueryButton title={name} asked={asked} />}
          {ready && link}
        </header>
      )}
      <div className={styles.body} style={{ minHeight: height }} inert={arrange !== undefined}>
        {slot.failure !== undefined ? <Refused text={slot.failure} retry={slot.retry} />
          : ready ? children
          : slot.error ? <Refused text={slot.error instanceof Error ? slot.error.message : "The server did not answer."} retry={slot.retry} />
          : <Skeleton aria-label={`Counting: ${name}`} className={styles.waiting}><SkeletonItem style={{ height }} /></Skeleton>}
      </div>
    </section>
  );
}

function Refused({ text, retry }: { text: string; retry: () => void }) {
  return <div className={styles.none} role="status"><b>This could not be counted</b><p>{text}</p><Button size="small" onClick={retry}>Try again</Button></div>;
}

/** A widget with nothing in it says so, and whether that is good. */
export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return <div className={styles.none}><b>{title}</b>{children && <p>{children}</p>}</div>;
}
