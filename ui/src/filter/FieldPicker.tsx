import { Input } from "@fluentui/react-components";
import { useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import styles from "./Filter.module.css";
import { useFields } from "./useFilter";

/** All columns, by group, found by typing part of their name. */
export function FieldPicker({ chosen, onPick }: { chosen?: string; onPick: (name: string) => void }) {
  const { fields } = useFields();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const shown = useMemo(() => {
    const t = text.trim().toLowerCase();
    return t === "" ? fields : fields.filter((f) => f.label.toLowerCase().includes(t) || f.name.toLowerCase().includes(t));
  }, [fields, text]);
  const go = (i: number) => {
    const n = Math.max(0, Math.min(shown.length - 1, i));
    setAt(n);
    list.current?.querySelector(`[data-i="${n}"]`)?.scrollIntoView({ block: "nearest" });
  };
  const keys = (e: KeyboardEvent) => {
    if (e.key === "ArrowDown") go(at + 1);
    else if (e.key === "ArrowUp") go(at - 1);
    else if (e.key === "Enter" && shown[at]) onPick(shown[at].name);
    else return;
    e.preventDefault();
  };
  return (
    <div className={styles.picker}>
      <Input
        autoFocus
        value={text}
        placeholder="Find a field"
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={shown[at] ? `${id}-${at}` : undefined}
        onChange={(_, d) => {
          setText(d.value);
          setAt(0);
        }}
        onKeyDown={keys}
      />
      <ul ref={list} id={id} role="listbox" aria-label="Fields" className={styles.list}>
        {shown.map((f, i) => (
          <li
            key={f.name}
            id={`${id}-${i}`}
            data-i={i}
            role="option"
            aria-selected={i === at}
            className={i === at ? styles.at : undefined}
            title={f.doc}
            onMouseMove={() => i !== at && setAt(i)}
            onClick={() => onPick(f.name)}
          >
            {f.group !== shown[i - 1]?.group && f.group && <div className={styles.group} aria-hidden onClick={(e) => e.stopPropagation()}>{f.group}</div>}
            <div className={styles.option}>
              <span className={f.name === chosen ? styles.chosen : undefined}>{f.label}</span>
              <small className="mono">{f.name}</small>
            </div>
          </li>
        ))}
        {shown.length === 0 && <li className={styles.none}>No field is called that.</li>}
      </ul>
    </div>
  );
}
