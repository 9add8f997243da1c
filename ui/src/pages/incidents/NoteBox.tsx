import { Button } from "@fluentui/react-components";
import { useId, useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from "react";
import { Letters } from "./Bits";
import styles from "./Incidents.module.css";
import { useOptions } from "./queries";
import { matching, mentionAt, mentionOf, nameOf } from "./words";

interface Props {
  value: string;
  onChange: (v: string) => void;
  onSend: () => void;
  busy: boolean;
  label: string;
  send: string;
  rows?: number;
  autoFocus?: boolean;
  /** Where the keys of the page find it. */
  field?: RefObject<HTMLTextAreaElement | null>;
  /** Beside the button. */
  children?: ReactNode;
}

/** Where a note is written. An @ proposes people; Ctrl Enter sends. */
export function NoteBox({ value, onChange, onSend, busy, label, send, rows = 3, autoFocus, field, children }: Props) {
  const own = useRef<HTMLTextAreaElement>(null);
  const box = field ?? own;
  const list = useId();
  const options = useOptions();
  const people = options.data?.owners ?? [];
  const [cursor, setCursor] = useState(-1);
  const [at, setAt] = useState(0);
  const mention = cursor < 0 ? undefined : mentionAt(value, cursor);
  const offered = mention ? matching(people, mention.typed) : [];
  const open = offered.length > 0;
  const chosen = Math.min(at, offered.length - 1);
  const look = () => setCursor(box.current && box.current.selectionStart === box.current.selectionEnd ? box.current.selectionStart : -1);
  const take = (n: number) => {
    const p = offered[n];
    if (!p || !mention) return;
    const word = mentionOf(p, people) + " ";
    onChange(value.slice(0, mention.at) + word + value.slice(cursor).replace(/^ /, ""));
    setCursor(-1);
    const to = mention.at + word.length;
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(to, to);
    });
  };
  const keys = (e: KeyboardEvent<HTMLTextAreaElement>) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      onSend();
    } else if (open && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
      e.preventDefault();
      setAt((chosen + (e.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length);
    } else if (open && (e.key === "Enter" || e.key === "Tab")) {
      e.preventDefault();
      take(chosen);
    } else if (open && e.key === "Escape") {
      e.preventDefault();
      e.stopPropagation();
      setCursor(-1);
    }
  };
  return (
    <div className={styles.notebox}>
      <textarea
        ref={box}
        aria-label={label}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={open ? list : undefined}
        aria-activedescendant={open ? `${list}-${chosen}` : undefined}
        value={value}
        rows={rows}
        maxLength={20_000}
        placeholder="Write a note. @ mentions a person."
        autoFocus={autoFocus ?? false}
        onChange={(e) => {
          onChange(e.target.value);
          setAt(0);
          setCursor(e.target.selectionStart);
        }}
        onKeyDown={keys}
        onKeyUp={(e) => ["ArrowLeft", "ArrowRight", "Home", "End"].includes(e.key) && look()}
        onClick={look}
        onBlur={() => setCursor(-1)}
      />
      {open && (
        <ul id={list} role="listbox" aria-label="People" className={styles.people}>
          {offered.map((p, n) => (
            <li key={p.email} id={`${list}-${n}`} role="option" aria-selected={n === chosen} onMouseDown={(e) => (e.preventDefault(), take(n))}>
              <Letters name={nameOf(p.email, p.name)} /><span><b><bdi>{nameOf(p.email, p.name)}</bdi></b> <small>{p.email}</small></span>
            </li>
          ))}
        </ul>
      )}
      <span className="unseen" role="status">{open ? `${offered.length} people to mention` : ""}</span>
      <div className={styles.noteacts}>
        {children ?? <span className={styles.faded}><kbd>Ctrl Enter</kbd> sends</span>}
        <Button size="small" disabledFocusable={value.trim() === "" || busy} onClick={() => value.trim() !== "" && !busy && onSend()}>{busy ? "Sending" : send}</Button>
      </div>
    </div>
  );
}
