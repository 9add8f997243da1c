import { Tooltip } from "@fluentui/react-components";
import type { KeyboardEvent } from "react";
import { Add16Regular, Dismiss12Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import styles from "./Hunting.module.css";
import { revealed } from "../../text/reveal";
import { gist } from "./side/HistoryPane";
import type { Draft, HuntSession, HuntState } from "./session";

/** What a draft is called: its name, else what its first comment says, else how it begins. */
export function name(d: Pick<Draft, "name" | "text">): string {
  if (d.name) return d.name;
  const comment = /^\s*\/\/+\s*(.+)/.exec(d.text)?.[1];
  const said = (comment ?? gist(d.text)).trim();
  return said === "" ? "Untitled" : said.length > 32 ? said.slice(0, 31).trimEnd() + "…" : said;
}

/** The drafts that are open. */
export function DraftTabs({ session, state }: { session: HuntSession; state: HuntState }) {
  const move = (e: KeyboardEvent<HTMLElement>, i: number) => {
    if (e.key === "Delete") {
      session.close(state.drafts[i]!.id);
      return;
    }
    const step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
    const to = state.drafts[(i + step + state.drafts.length) % state.drafts.length];
    if (step === 0 || !to) return;
    session.choose(to.id);
    const list = e.currentTarget.closest("[role=group]");
    setTimeout(() => list?.querySelector<HTMLElement>('[data-chosen="true"] button')?.focus(), 0);
  };
  return (
    <div className={styles.drafts} role="group" aria-label="Open queries">
      {state.drafts.map((d, i) => {
        const chosen = d.id === state.active;
        const changed = d.saved !== undefined && d.saved.query !== d.text;
        return (
          <span key={d.id} className={styles.draft} data-chosen={chosen}>
            <button type="button" aria-pressed={chosen} className="clip" onClick={() => session.choose(d.id)} onKeyDown={(e) => move(e, i)}>
              <Untrusted text={name(d)} />{changed && <span className={styles.changed} title="Changed since it was saved"> •<span className="unseen"> changed since it was saved</span></span>}
            </button>
            {chosen && (state.drafts.length > 1 || d.text !== "") && <button type="button" className={styles.close} aria-label={`Close ${revealed(name(d))}`} onClick={() => session.close(d.id)}><Dismiss12Regular aria-hidden /></button>}
          </span>
        );
      })}
      <Tooltip content="New query" relationship="label"><button type="button" className={styles.close} onClick={() => session.blank()}><Add16Regular aria-hidden /></button></Tooltip>
    </div>
  );
}
