import { useEffect, useRef, useState } from "react";
import type { Schemas } from "../api/client";
import { Problem } from "../api/client";
import { useCopy } from "../components/copy";
import { Untrusted } from "../components/Untrusted";
import { revealed } from "../text/reveal";
import styles from "./Filter.module.css";
import { highlight } from "./highlight";
import { readKql } from "./useFilter";

type Defect = Schemas["FilterDefect"];

/**
 * The filter as KQL. While it is edited the server reads it at every pause; what is wrong is said in this line and nothing
 * else changes; what is right is applied after a longer pause, or at once with Enter.
 */
export function KqlLine({ kql, defect, onApply }: { kql: string; defect: Defect | undefined; onApply: (kql: string) => void }) {
  const [text, setText] = useState<string>();
  const [wrong, setWrong] = useState<string>();
  const area = useRef<HTMLTextAreaElement>(null);
  const copy = useCopy();
  const editing = text !== undefined;

  useEffect(() => {
    if (text === undefined || text.trim() === kql.trim()) {
      setWrong(undefined);
      return;
    }
    const stop = new AbortController();
    let apply: ReturnType<typeof setTimeout> | undefined;
    const read = setTimeout(async () => {
      try {
        const f = await readKql(text, stop.signal);
        if (stop.signal.aborted) return;
        setWrong(f.error ? say(f.error) : undefined);
        if (!f.error) apply = setTimeout(() => onApply(text), 900);
      } catch (e) {
        if (!stop.signal.aborted) setWrong(e instanceof Problem ? e.message : "The server did not answer.");
      }
    }, 300);
    return () => {
      stop.abort();
      clearTimeout(read);
      clearTimeout(apply);
    };
  }, [text, kql, onApply]);

  const finish = async () => {
    if (text === undefined) return;
    if (text.trim() === kql.trim()) return setText(undefined);
    try {
      const f = await readKql(text);
      if (f.error) return setWrong(say(f.error));
      setText(undefined);
      onApply(text);
    } catch (e) {
      setWrong(e instanceof Problem ? e.message : "The server did not answer.");
    }
  };
  const trouble = editing ? wrong : defect ? say(defect) : undefined;
  return (
    <div className={styles.kql}>
      <span className={styles.kqlname} aria-hidden>KQL</span>
      {editing ? (
        <textarea
          ref={area}
          className="mono"
          aria-label="Filter as KQL"
          aria-invalid={trouble !== undefined}
          aria-describedby="kql-trouble"
          autoFocus
          spellCheck={false}
          rows={Math.min(8, text.split("\n").length)}
          value={text}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => {
            if (e.key === "Escape") {
              e.stopPropagation();
              setText(undefined);
            }
            if (e.key === "Enter" && !e.shiftKey) {
              e.preventDefault();
              void finish();
            }
          }}
        />
      ) : (
        <button type="button" className={`mono clip ${styles.code}`} title={kql.split("\n").map(revealed).join("\n")} onClick={() => setText(kql)}>
          <span className="unseen">Edit the filter as KQL: </span>
          {highlight(kql).map((s, i) => <span key={i} className={styles[s.kind]}><Untrusted text={s.text.replace(/\n/g, " ")} /></span>)}
        </button>
      )}
      {editing ? (
        <>
          <button type="button" className="textbutton" onClick={() => void finish()}>Apply</button>
          <button type="button" className="textbutton" onClick={() => setText(undefined)}>Cancel</button>
        </>
      ) : (
        <>
          <button type="button" className="textbutton" onClick={() => setText(kql)}>Edit</button>
          <button type="button" className="textbutton" onClick={() => copy(kql, "Filter copied")}>Copy</button>
        </>
      )}
      <p id="kql-trouble" role="status" className={styles.trouble}>{trouble}</p>
    </div>
  );
}

function say(d: Defect): string {
  return `${d.line > 1 ? `Line ${d.line}, column` : "Column"} ${d.column}: ${d.message}`;
}
