import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { longestQuery } from "../../address/hunting";
import { fixedLink } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import { useCopy } from "../../components/copy";
import { ChevronDown16Regular, Play16Filled, Save20Regular, Share20Regular, Stop16Filled } from "../../components/icons";
import { useMay } from "../../session/queries";
import { number, took } from "../../time/zone";
import { name } from "./DraftTabs";
import styles from "./Hunting.module.css";
import type { Draft, Piece, Run } from "./session";
import type { HuntSaved } from "./shapes";

/** The one button that matters: it runs, and while something runs it stops it. */
export function RunButton({ run, piece, onRun, onStop }: { run: Run | undefined; piece: Piece | undefined; onRun: () => void; onStop: () => void }) {
  if (run?.state === "running") return <Button icon={<Stop16Filled />} className={styles.run} onClick={onStop}>Cancel <Elapsed since={run.id} rows={run.count} /></Button>;
  return <Button appearance="primary" icon={<Play16Filled />} className={styles.run} disabledFocusable={piece === undefined} onClick={onRun}>{piece?.number === 0 ? "Run selection" : "Run"} <kbd aria-hidden>Ctrl Enter</kbd></Button>;
}

/** Seconds since a run began, and its rows so far. */
function Elapsed({ since, rows }: { since: string; rows: number }) {
  const [began, setBegan] = useState(() => performance.now());
  const [ms, setMs] = useState(0);
  useEffect(() => setBegan(performance.now()), [since]);
  useEffect(() => {
    const t = setInterval(() => setMs(performance.now() - began), 250);
    return () => clearInterval(t);
  }, [began]);
  return <span className="num" style={{ fontWeight: 400, marginLeft: 8 }}>{took(Math.max(ms, 1)).replace(/(\.\d)\d/, "$1")} · {number(rows)} rows</span>;
}

/** Sends the query on, or keeps it. */
export function HeadActions({ draft, onSave }: { draft: Draft; onSave: (s: { query: string; of: HuntSaved | undefined; name: string; draft: string }) => void }) {
  const copy = useCopy();
  const may = useMay("hunt.save");
  const { range, from, to } = useTimeRange();
  const own = draft.saved?.own ? draft.saved : undefined;
  const changed = own && own.query !== draft.text;
  const long = draft.text.length > longestQuery && draft.saved?.query !== draft.text;
  const empty = draft.text.trim() === "";
  const why = may ? undefined : "Needs the permission hunt.save, which your roles do not give";
  const share = () => {
    // The address follows the text a moment later; the link must be of now.
    const u = new URL(fixedLink(location.href, range, { from, to }));
    if (draft.saved && draft.saved.query === draft.text) {
      u.searchParams.delete("q");
      u.searchParams.set("saved", draft.saved.id);
    } else {
      u.searchParams.set("q", draft.text);
      u.searchParams.delete("saved");
    }
    copy(u.toString(), draft.saved && !draft.saved.shared && draft.saved.query === draft.text ? "Link copied; the query is only yours until you share it" : "Link copied");
  };
  return (
    <div className={styles.actions}>
      <Button appearance="subtle" icon={<Share20Regular />} disabledFocusable={empty || long} title={long ? "This is too long for a link: save and share it, then the link names it" : undefined} onClick={share}><span className={styles.word}>Share</span></Button>
      {own ? (
        <Menu>
          <MenuTrigger disableButtonEnhancement><Button icon={<Save20Regular />} disabledFocusable={!may || empty} title={why}>Save<ChevronDown16Regular aria-hidden style={{ marginLeft: 4 }} /></Button></MenuTrigger>
          <MenuPopover>
            <MenuList>
              <MenuItem onClick={() => onSave({ query: draft.text, of: own, name: own.name, draft: draft.id })}>{changed ? "Save the changes" : "Name, folder and sharing"}</MenuItem>
              <MenuItem onClick={() => onSave({ query: draft.text, of: undefined, name: `${own.name} 2`, draft: draft.id })}>Save as new</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
      ) : <Button icon={<Save20Regular />} disabledFocusable={!may || empty} title={why} onClick={() => onSave({ query: draft.text, of: undefined, name: draft.name || (/^\s*\/\//.test(draft.text) ? name(draft) : ""), draft: draft.id })}>Save</Button>}
    </div>
  );
}
