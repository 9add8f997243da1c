import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Select, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState } from "react";
import { Problem } from "../../api/client";
import { Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { useEvidence } from "../../text/useEvidence";
import { useClock, useZone } from "../../time/Clock";
import { full } from "../../time/zone";
import { leastReason, ReasonField } from "../email/ReasonField";
import { endOf, ends, expiryWords, kindWords, walls, type Action, type Entry } from "./entries";
import { ActionMark } from "./EntriesPane";
import styles from "./Policy.module.css";
import { useChangeEntry, useEntry, useRemoveEntry } from "./queries";

/** One entry: what it does, who wants it and why; with policy.edit it is changed and removed here. */
export function EntrySheet({ id, onClose }: { id: string; onClose: () => void }) {
  const entry = useEntry(id);
  const [removing, setRemoving] = useState(false);
  const gone = entry.error instanceof Problem && entry.error.status === 404;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.dialog}>
        {entry.data ? (removing ? <Removal entry={entry.data} onBack={() => setRemoving(false)} onClose={onClose} /> : <Sheet key={entry.data.revision} entry={entry.data} onRemove={() => setRemoving(true)} onClose={onClose} onReload={() => void entry.refetch()} />) : (
          <DialogBody>
            <DialogTitle>{gone ? "This entry is gone" : "Entry"}</DialogTitle>
            <DialogContent>
              {gone ? <p>Somebody took it off the list. The audit log says who and why.</p> : entry.error ? <ProblemNote error={entry.error} onRetry={() => void entry.refetch()} /> : <Skeleton aria-label="Reading the entry" className={styles.wait}>{[20, 20, 80].map((h, i) => <SkeletonItem key={i} style={{ height: h }} />)}</Skeleton>}
            </DialogContent>
            <DialogActions><Button appearance="primary" onClick={onClose}>Close</Button></DialogActions>
          </DialogBody>
        )}
      </DialogSurface>
    </Dialog>
  );
}

function Facts({ entry: e }: { entry: Entry }) {
  const zone = useZone();
  const { now } = useClock();
  const evidence = useEvidence();
  return (
    <>
      <p className={e.expired ? styles.caution : styles.note}>{e.expired ? <><Warning16Regular aria-hidden /><span>It {expiryWords(e, now)} and does nothing any more.</span></> : <span><Untrusted text={evidence(e.effect)} /></span>}</p>
      <dl className={styles.facts}>
        <dt>{kindWords[e.kind].name}</dt><dd className="mono"><Untrusted text={evidence(e.value)} spelling /></dd>
        <dt>Action</dt><dd><ActionMark action={e.action} /></dd>
        <dt>Reason</dt><dd><Untrusted text={e.reason} /></dd>
        <dt>Ends</dt><dd className="num">{e.expires ? `${full(new Date(e.expires), zone)} (${expiryWords(e, now)})` : "never"}</dd>
        <dt>Added</dt><dd className="num">{full(new Date(e.created), zone)} by <Untrusted text={e.by} /></dd>
        {e.revision > 1 && <><dt>Changed</dt><dd className="num">{full(new Date(e.updated), zone)} by <Untrusted text={e.updated_by} /></dd></>}
      </dl>
    </>
  );
}

function Sheet({ entry: e, onRemove, onClose, onReload }: { entry: Entry; onRemove: () => void; onClose: () => void; onReload: () => void }) {
  const may = useMay("policy.edit");
  const { now } = useClock();
  const [action, setAction] = useState<Action>(e.action);
  const [unproven, setUnproven] = useState(e.unproven);
  const [days, setDays] = useState(-1);
  const [reason, setReason] = useState(e.reason);
  const save = useChangeEntry(e.id);
  const named = e.kind === "sender" || e.kind === "domain";
  const open = unproven && action === "Allow" && named;
  const changed = action !== e.action || open !== e.unproven || days >= 0 || reason.trim() !== e.reason;
  // An end that has passed cannot be kept.
  const ready = changed && reason.trim().length >= leastReason && !(e.expired && days < 0) && !save.isPending;
  const expires = days < 0 ? e.expires : (endOf(days, now) ?? null);
  const go = () => ready && save.mutate({ action, reason: reason.trim(), revision: e.revision, ...(open ? { unproven: true } : {}), ...(expires ? { expires } : {}) }, { onSuccess: onClose });
  return (
    <DialogBody>
      <DialogTitle>{kindWords[e.kind].name} on the {e.action === "Block" ? "block" : "allow"} list</DialogTitle>
      <DialogContent className={styles.form}>
        <Facts entry={e} />
        {may ? (
          <>
            <h2>Change it</h2>
            <div className={styles.pair} style={{ gridTemplateColumns: "auto 220px minmax(0, 1fr)" }}>
              <Field label="Action"><div><Segments label="Action" options={[["Block", "Block"], ["Allow", "Allow"]] as const} value={action} onChange={setAction} /></div></Field>
              <Field label="Ends" {...(e.expired && days < 0 && changed ? { validationState: "error" as const, validationMessage: "Choose a new end" } : {})}>
                <Select value={String(days)} onChange={(_, d) => setDays(Number(d.value))}>
                  <option value="-1">As it is ({expiryWords(e, now)})</option>
                  {ends.map((n) => <option key={n} value={n}>{n === 0 ? "Never" : n === 365 ? "A year from now" : `${n} days from now`}</option>)}
                </Select>
              </Field>
              <ReasonField value={reason} onChange={setReason} onEnter={go} />
            </div>
            {action === "Allow" && named && <Checkbox checked={unproven} label="Also when nothing proves the sender" onChange={(_, d) => setUnproven(d.checked === true)} />}
            {action === "Allow" && <div className={styles.note}><ul>{walls(e.kind, open).map((w) => <li key={w}>{w}</li>)}</ul></div>}
            {save.error ? (save.error instanceof Problem && save.error.status === 409 ? <p className={styles.caution} role="alert"><Warning16Regular aria-hidden /><span>Somebody changed it meanwhile. <button type="button" className="textbutton" onClick={onReload}>Look at theirs</button></span></p> : <ProblemNote error={save.error} />) : null}
          </>
        ) : <p className={styles.dim}>Changing or removing it needs the permission policy.edit, which the role Security Administrator has.</p>}
      </DialogContent>
      {may && <DialogActions position="start"><Button appearance="subtle" onClick={onRemove}>Remove…</Button></DialogActions>}
      <DialogActions position="end">
        <Button onClick={onClose} {...(may ? {} : { appearance: "primary" as const })}>Close</Button>
        {may && <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{save.isPending ? "Saving" : "Save"}</Button>}
      </DialogActions>
    </DialogBody>
  );
}

function Removal({ entry: e, onBack, onClose }: { entry: Entry; onBack: () => void; onClose: () => void }) {
  const evidence = useEvidence();
  const [reason, setReason] = useState("");
  const remove = useRemoveEntry(e.id);
  const ready = reason.trim().length >= leastReason && !remove.isPending;
  const go = () => ready && remove.mutate(reason.trim(), { onSuccess: onClose });
  return (
    <DialogBody>
      <DialogTitle>Remove the entry?</DialogTitle>
      <DialogContent className={styles.form}>
        <p><b className="mono"><Untrusted text={evidence(e.value)} /></b> is {e.action === "Block" ? "not blocked" : "not allowed"} any more, from the next message on. The audit log keeps what it was.</p>
        <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
        {remove.error ? <ProblemNote error={remove.error} /> : null}
      </DialogContent>
      <DialogActions>
        <Button onClick={onBack}>Back</Button>
        <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{remove.isPending ? "Removing" : "Remove"}</Button>
      </DialogActions>
    </DialogBody>
  );
}
