import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState } from "react";
import { EmptyState } from "../../components/EmptyState";
import { ChevronDown16Regular, ChevronRight16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { capital } from "../../text/words";
import { useZone } from "../../time/Clock";
import { both, full } from "../../time/zone";
import { diff, hunks } from "./diff";
import { useVersions, type RuleVersion } from "./queries";
import styles from "./Rules.module.css";

interface Props {
  id: string;
  /** Text of the file beneath, "" when there is none. */
  base: string;
  /** Text in the editor. */
  text: string;
  /** Version that is at work. */
  now: number;
  edit: boolean;
  /** Puts a text into the editor. */
  onRestore: (v: { text: string; version: number }) => void;
}

/** Every state of the rule, newest first: who, when, why, and what it changed. */
export function HistoryPane({ id, base, text, now, edit, onRestore }: Props) {
  const versions = useVersions(id, id !== "");
  if (versions.error) return <div className={styles.pane}><ProblemNote error={versions.error} onRetry={() => void versions.refetch()} /></div>;
  if (id === "" || (versions.data && versions.data.pages[0]!.versions.length === 0)) return <div className={styles.pane}><EmptyState small title="Nothing was changed yet" why={base !== "" ? "The rule is as its file has it. What is decided here is listed with who, when and why, and can be restored." : "Once it is saved, every change is listed with who, when and why, and can be restored."} /></div>;
  if (!versions.data) return <div className={styles.pane}><Skeleton className={styles.wait} aria-label="Reading the history">{Array.from({ length: 6 }, (_, i) => <SkeletonItem key={i} size={24} />)}</Skeleton></div>;
  const list = versions.data.pages.flatMap((p) => p.versions);
  return (
    <div className={styles.pane}>
      <ol className={styles.versions} aria-label="History" reversed>
        {list.map((v, i) => {
          const before = list[i + 1];
          return <Version key={v.version} v={v} before={before ? before.text || base : versions.hasNextPage ? undefined : base} base={base} text={text} now={v.version === now} edit={edit} onRestore={onRestore} />;
        })}
      </ol>
      {versions.hasNextPage && <Button size="small" disabled={versions.isFetchingNextPage} onClick={() => void versions.fetchNextPage()}>Show older</Button>}
    </div>
  );
}

function Version({ v, before, base, text, now, edit, onRestore }: { v: RuleVersion; before: string | undefined; base: string; text: string; now: boolean; edit: boolean; onRestore: Props["onRestore"] }) {
  const zone = useZone();
  const [open, setOpen] = useState(false);
  const [against, setAgainst] = useState<"before" | "editor">("before");
  const its = v.text || base;
  const changes = open ? (against === "before" ? diff(before ?? "", its) : diff(its, text)) : [];
  const parts = hunks(changes);
  return (
    <li className={styles.version}>
      <button type="button" className={styles.outcomehead} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <ChevronDown16Regular aria-hidden /> : <ChevronRight16Regular aria-hidden />}
        <span className={styles.grow}><b>Version {v.version}</b>{now && <em className={styles.now}>now</em>} <span className={styles.quiet}>{capital(v.what)}</span></span>
      </button>
      <p className={styles.why}><Untrusted text={v.reason} /></p>
      <p className={styles.quiet}><span className="num" title={both(new Date(v.at))}>{full(new Date(v.at), zone)}</span> · <Untrusted text={v.by} />{v.via === "token" ? " with a token" : ""}</p>
      {open && (
        <div className={styles.change}>
          <div className={styles.row}>
            <button type="button" className="textbutton" aria-pressed={against === "before"} disabled={before === undefined} onClick={() => setAgainst("before")}>What it changed</button>
            <button type="button" className="textbutton" aria-pressed={against === "editor"} onClick={() => setAgainst("editor")}>Against the editor</button>
            <span className={styles.grow} />
            {edit && its !== "" && its !== text && <Button size="small" onClick={() => onRestore({ text: its, version: v.version })}>Restore this text</Button>}
          </div>
          {parts.length === 0 ? <p className={styles.quiet}>{against === "before" ? "The text stayed as it was." : "It is the text in the editor."}</p> : (
            <div className={styles.diff} role="region" aria-label={`What version ${v.version} changed`} tabIndex={0}>
              {parts.map((h, i) => (
                <div key={i}>
                  {h.skipped > 0 && <p className={styles.skipped}>{h.skipped} line{h.skipped === 1 ? "" : "s"} the same</p>}
                  {h.lines.map((l, j) => (
                    <div key={j} className={styles.line} data-sign={l.sign}>
                      <span className={styles.no} aria-hidden>{l.line}</span>
                      <span className={styles.sign}>{l.sign === " " ? " " : l.sign === "+" ? "+" : "−"}<span className="unseen">{l.sign === "+" ? "added " : l.sign === "-" ? "removed " : ""}</span></span>
                      <span><Untrusted text={l.text || " "} /></span>
                    </div>
                  ))}
                </div>
              ))}
            </div>
          )}
        </div>
      )}
    </li>
  );
}
