import { useState } from "react";
import { ChevronDown12Regular, ChevronRight12Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { number } from "../../time/zone";
import styles from "./Json.module.css";

const first = 100;

/** A dynamic value as a tree: its first level is open, and long lists show their beginning. */
export function Json({ value }: { value: unknown }) {
  return <ul className={styles.tree} role="tree" aria-label="Value"><Node value={value} depth={0} last /></ul>;
}

function Node({ name, value, depth, last }: { name?: string; value: unknown; depth: number; last: boolean }) {
  const [open, setOpen] = useState(depth < 1);
  const [shown, setShown] = useState(first);
  const label = name === undefined ? null : <span className={styles.key}><Untrusted text={name} />: </span>;
  if (typeof value !== "object" || value === null) {
    const kind = value === null ? "null" : typeof value;
    return (
      <li role="treeitem" className={styles.leaf}>
        {label}
        <span className={styles[kind]}>{typeof value === "string" ? <>&quot;<Untrusted text={value} />&quot;</> : String(value)}</span>
        {!last && <span className={styles.quiet}>,</span>}
      </li>
    );
  }
  const list = Array.isArray(value);
  const entries: [string | undefined, unknown][] = list ? value.map((v) => [undefined, v]) : Object.entries(value);
  const [left, right] = list ? ["[", "]"] : ["{", "}"];
  return (
    <li role="treeitem" aria-expanded={open}>
      <button type="button" className={styles.fold} onClick={() => setOpen(!open)}>
        {open ? <ChevronDown12Regular aria-hidden /> : <ChevronRight12Regular aria-hidden />}
        {label}
        <span className={styles.quiet}>{open ? left : `${left} ${number(entries.length)} ${list ? (entries.length === 1 ? "item" : "items") : entries.length === 1 ? "field" : "fields"} ${right}`}</span>
      </button>
      {open && (
        <>
          <ul role="group">
            {entries.slice(0, shown).map(([k, v], i) => <Node key={k ?? i} {...(k === undefined ? {} : { name: k })} value={v} depth={depth + 1} last={i === entries.length - 1} />)}
          </ul>
          {entries.length > shown && <button type="button" className="textbutton" onClick={() => setShown(shown + 10 * first)}>{number(entries.length - shown)} more</button>}
          <span className={styles.quiet}>{right}{!last && ","}</span>
        </>
      )}
    </li>
  );
}
