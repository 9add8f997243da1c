import { useMemo } from "react";
import { linesOf } from "../text/find";
import { Found } from "./Found";
import { size } from "./grid/columns";
import styles from "./RawText.module.css";

/** What a browser lays out without making its reader wait. */
const most = 400_000;

/** A block of hostile text, line by line, as text. On paper: white in both themes, as mail is shown. */
export function RawText({ text, re, label, paper }: { text: string; re?: RegExp | undefined; label: string; paper?: boolean }) {
  const lines = useMemo(() => linesOf(text.slice(0, most)), [text]);
  return (
    <>
      <div className={`${styles.raw} ${paper ? styles.paper : ""} mono`} role="region" aria-label={label} tabIndex={0}>
        {lines.map((l, i) => <div key={i}><Found text={l} re={re} /></div>)}
      </div>
      {text.length > most && <p>Only the first {size(most)} of {size(text.length)} are shown; the download holds all of it.</p>}
    </>
  );
}
