import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import styles from "./Campaigns.module.css";
import { useCampaigns, useMerge, useRename, useSplit, type Campaign, type Line, type Split } from "./queries";

/** What shall be split off: picked messages, or all that have a value. */
export type SplitStart = { messages: string[]; count: number } | { field: NonNullable<Split["field"]>; value: string; count: number };

function Frame({ title, busy, ready, verb, error, onGo, onClose, children }: { title: string; busy: boolean; ready: boolean; verb: string; error: unknown; onGo: () => void; onClose: () => void; children: ReactNode }) {
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className={base.form}>{children}{error ? <ProblemNote error={error} /> : null}</DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready || busy} onClick={() => ready && !busy && onGo()}>{busy ? "Working" : verb}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

export function SplitDialog({ of: c, start, onClose, onDone }: { of: Campaign; start: SplitStart; onClose: () => void; onDone: (id: string) => void }) {
  const [name, setName] = useState("");
  const [note, setNote] = useState("");
  const split = useSplit(c.id);
  const evidence = useEvidence();
  const ready = name.trim() !== "" && note.trim() !== "";
  const go = () => split.mutate({ ...("field" in start ? { field: start.field, value: start.value } : { messages: start.messages }), name: name.trim(), note: note.trim() }, { onSuccess: (d) => onDone(d.campaign) });
  return (
    <Frame title="Split into a campaign of its own" busy={split.isPending} ready={ready} verb={`Split off ${number(start.count)}`} error={split.error} onGo={go} onClose={onClose}>
      <p>
        {number(start.count)} message{start.count === 1 ? " leaves" : "s leave"} this campaign{"field" in start ? <>: all with <b><Untrusted text={evidence(start.value)} /></b></> : null}. Later mail like {start.count === 1 ? "it" : "them"} goes to the new one
        {"field" in start ? ", known by that value" : ", known by what only they have, else by likeness"}. It can be undone.
      </p>
      <Field label="Name of the new campaign" required><Input value={name} maxLength={120} onChange={(_, d) => setName(d.value)} /></Field>
      <Field label="Why" required hint="It stands with the decision and in the audit log."><Input value={note} maxLength={2000} onChange={(_, d) => setNote(d.value)} onKeyDown={(e) => e.key === "Enter" && ready && go()} /></Field>
    </Frame>
  );
}

export function RenameDialog({ of: c, onClose }: { of: Campaign; onClose: () => void }) {
  const [name, setName] = useState(c.name);
  const [note, setNote] = useState("");
  const rename = useRename(c.id);
  const ready = name.trim() !== "" && name.trim() !== c.name;
  return (
    <Frame title="Rename the campaign" busy={rename.isPending} ready={ready} verb="Rename" error={rename.error} onGo={() => rename.mutate({ name: name.trim(), note: note.trim() }, { onSuccess: onClose })} onClose={onClose}>
      <Field label="Name" required><Input value={name} maxLength={120} onChange={(_, d) => setName(d.value)} /></Field>
      <Field label="Why"><Input value={note} maxLength={2000} onChange={(_, d) => setNote(d.value)} /></Field>
    </Frame>
  );
}

/** The campaigns of the last 90 days that this one could be part of; those that share something stand first. */
export function MergeDialog({ of: c, onClose }: { of: Campaign; onClose: () => void }) {
  const [text, setText] = useState("");
  const [into, setInto] = useState("");
  const [note, setNote] = useState("");
  const [time] = useState(() => ({ from: new Date(Date.parse(c.first) - 90 * 86400_000).toISOString(), to: new Date(Math.max(Date.now(), Date.parse(c.last)) + 60_000).toISOString() }));
  const merge = useMerge(c.id);
  const evidence = useEvidence();
  const list = useCampaigns({ type: "", only: [], text, sort: "last", desc: true, range: { last: "all" } }, time);
  const shares = new Set(c.related.map((r) => r.id));
  const rows = (list.data?.pages[0]?.campaigns ?? []).filter((r) => r.id !== c.id).sort((a: Line, b: Line) => Number(shares.has(b.id)) - Number(shares.has(a.id)));
  const ready = into !== "" && note.trim() !== "";
  return (
    <Frame title="Merge into another campaign" busy={merge.isPending} ready={ready} verb="Merge" error={merge.error} onGo={() => merge.mutate({ into, note: note.trim() }, { onSuccess: onClose })} onClose={onClose}>
      <p>All its mail shows as the one you choose, which keeps its name; later mail too. It can be undone.</p>
      <Field label="Find a campaign"><Input value={text} maxLength={200} onChange={(_, d) => setText(d.value)} /></Field>
      <div className={styles.offers} role="radiogroup" aria-label="Campaign to merge into">
        {rows.map((r) => (
          <label key={r.id}>
            <input type="radio" name="into" checked={into === r.id} onChange={() => setInto(r.id)} />
            <span><b><Untrusted text={evidence(r.name)} /></b><small><Untrusted text={evidence(r.from)} />, {number(r.messages)} messages{shares.has(r.id) && ", shares senders, links or files"}</small></span>
          </label>
        ))}
        {list.data && rows.length === 0 && <p className={styles.faded}>No other campaign is called like that.</p>}
      </div>
      <Field label="Why" required hint="It stands with the decision and in the audit log."><Input value={note} maxLength={2000} onChange={(_, d) => setNote(d.value)} /></Field>
    </Frame>
  );
}
