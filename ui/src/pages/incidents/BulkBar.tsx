import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Menu, MenuDivider, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { useState } from "react";
import { severities } from "../../address/incidents";
import type { Schemas } from "../../api/client";
import { ChevronDown16Regular, CheckmarkCircle20Regular, Dismiss16Regular, Merge20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import { CloseDialog } from "./CloseDialog";
import styles from "./Incidents.module.css";
import { MergeDialog } from "./MergeDialog";
import { useBulk, useOptions } from "./queries";
import { TagField } from "./TagField";
import { nameOf, type Change, type Incident } from "./words";

type Done = Schemas["IncidentBulkDone"];

/** What is done with all picked incidents at once; what could not be done is said one by one. */
export function BulkBar({ picked, onDone }: { picked: readonly Incident[]; onDone: () => void }) {
  const options = useOptions();
  const bulk = useBulk();
  const [dialog, setDialog] = useState<"close" | "merge" | "tags">();
  const [result, setResult] = useState<Done>();
  const ids = picked.map((i) => i.id);
  const said = (d: Done) => {
    if (d.failed.length > 0) setResult(d);
    else onDone();
  };
  const change = (c: Change) => bulk.mutate({ ids, change: c }, { onSuccess: said });
  const n = number(picked.length);
  const pick = (label: string, items: readonly (readonly [string, Change])[], lead?: Change) => (
    <Menu>
      <MenuTrigger disableButtonEnhancement><Button size="small" iconPosition="after" icon={<ChevronDown16Regular />} disabledFocusable={bulk.isPending}>{label}</Button></MenuTrigger>
      <MenuPopover className={styles.choices}>
        <MenuList>
          {lead && <><MenuItem onClick={() => change(lead)}>Nobody</MenuItem><MenuDivider /></>}
          {items.map(([l, c]) => <MenuItem key={l} onClick={() => change(c)}><bdi>{l}</bdi></MenuItem>)}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
  const owners = [...(options.data?.owners ?? [])].sort((a, b) => Number(b.me) - Number(a.me));
  return (
    <div className={styles.bulk} role="region" aria-label="Selection">
      <b className="num" role="status">{n} selected</b>
      {pick("Owner", owners.map((o) => [`${nameOf(o.email, o.name)}${o.me ? " (you)" : ""}`, { owner: o.email }] as const), { owner: "" })}
      {pick("Status", [["Active", { status: "Active" }], ["In progress", { status: "In progress" }]] as const)}
      {pick("Severity", severities.map((s) => [s, { severity: s }] as const))}
      <Button size="small" onClick={() => setDialog("tags")}>Tags…</Button>
      <Button size="small" icon={<Merge20Regular />} onClick={() => setDialog("merge")}>Merge…</Button>
      <Button size="small" icon={<CheckmarkCircle20Regular />} onClick={() => setDialog("close")}>Close…</Button>
      <span className={styles.push} />
      {bulk.isPending && <span className={styles.faded} role="status">Changing {n}</span>}
      <Button size="small" appearance="subtle" icon={<Dismiss16Regular />} aria-label="Select nothing" onClick={onDone} />
      {bulk.error ? <div className={styles.whole}><ProblemNote error={bulk.error} /></div> : null}
      {dialog === "close" && <CloseDialog many={picked} busy={bulk.isPending} error={bulk.error} onGo={(c) => bulk.mutate({ ids, change: c }, { onSuccess: (d) => (setDialog(undefined), said(d)) })} onClose={() => setDialog(undefined)} />}
      {dialog === "merge" && <MergeDialog from={picked} busy={bulk.isPending} error={bulk.error} onGo={(into, reason) => bulk.mutate({ ids: ids.filter((x) => x !== into.id), merge_into: into.id, ...(reason && { reason }) }, { onSuccess: (d) => (setDialog(undefined), said(d)) })} onClose={() => setDialog(undefined)} />}
      {dialog === "tags" && <TagsDialog n={n} known={options.data?.tags.map((t) => t.value) ?? []} busy={bulk.isPending} onGo={(c) => bulk.mutate({ ids, change: c }, { onSuccess: (d) => (setDialog(undefined), said(d)) })} onClose={() => setDialog(undefined)} />}
      {result && <ResultDialog result={result} of={picked} onClose={() => (setResult(undefined), onDone())} />}
    </div>
  );
}

function TagsDialog({ n, known, busy, onGo, onClose }: { n: string; known: readonly string[]; busy: boolean; onGo: (c: Change) => void; onClose: () => void }) {
  const [add, setAdd] = useState<readonly string[]>([]);
  const [remove, setRemove] = useState<readonly string[]>([]);
  const ready = (add.length > 0 || remove.length > 0) && !busy;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Tags of {n} incidents</DialogTitle>
          <DialogContent className={base.form}>
            <Field label="Add"><TagField value={add} known={known} onChange={setAdd} /></Field>
            <Field label="Take away"><TagField value={remove} known={known} onChange={setRemove} /></Field>
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={() => ready && onGo({ ...(add.length > 0 && { add_tags: [...add] }), ...(remove.length > 0 && { remove_tags: [...remove] }) })}>Change {n}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function ResultDialog({ result, of, onClose }: { result: Done; of: readonly Incident[]; onClose: () => void }) {
  const name = (id: string) => {
    const i = of.find((x) => x.id === id);
    return i ? `${i.label} ${i.name}` : id;
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{number(result.done)} changed, {number(result.failed.length)} not</DialogTitle>
          <DialogContent>
            <ul className={styles.obstacles}>{result.failed.map((f) => <li key={f.id}><b><bdi>{name(f.id)}</bdi></b><span>{f.say}</span></li>)}</ul>
          </DialogContent>
          <DialogActions><Button appearance="primary" onClick={onClose}>Close</Button></DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
