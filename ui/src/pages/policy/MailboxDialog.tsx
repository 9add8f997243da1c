import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Skeleton, SkeletonItem, Switch, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { Problem, type Schemas } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { useZone } from "../../time/Clock";
import { full } from "../../time/zone";
import { lists, settingsOf, textsOf, wrongOf } from "./mailboxes";
import styles from "./Policy.module.css";
import { useMailbox, usePutMailbox, useRemoveMailbox } from "./queries";

/** Settings of one mailbox; address "" for one that has none yet. */
export function MailboxDialog({ address, onClose }: { address: string; onClose: () => void }) {
  const mailbox = useMailbox(address);
  const none = mailbox.error instanceof Problem && mailbox.error.status === 404;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.wide}>
        {address === "" || mailbox.data || none ? <Form key={mailbox.data?.updated ?? ""} address={address} of={mailbox.data} onClose={onClose} /> : (
          <DialogBody>
            <DialogTitle>Mailbox</DialogTitle>
            <DialogContent>{mailbox.error ? <ProblemNote error={mailbox.error} onRetry={() => void mailbox.refetch()} /> : <Skeleton aria-label="Reading the mailbox" className={styles.wait}>{[32, 80, 80].map((h, i) => <SkeletonItem key={i} style={{ height: h }} />)}</Skeleton>}</DialogContent>
            <DialogActions><Button onClick={onClose}>Close</Button></DialogActions>
          </DialogBody>
        )}
      </DialogSurface>
    </Dialog>
  );
}

function Form({ address: given, of, onClose }: { address: string; of: Schemas["Mailbox"] | undefined; onClose: () => void }) {
  const may = useMay("policy.edit");
  const zone = useZone();
  const [address, setAddress] = useState(given);
  const [texts, setTexts] = useState(() => textsOf(of));
  const [junkOff, setJunkOff] = useState(of?.junk_off ?? false);
  const [sure, setSure] = useState(false);
  const put = usePutMailbox(), remove = useRemoveMailbox();
  const named = /^[^\s@]+@[^\s@]+$/.test(address.trim());
  const wrong = lists.map((l) => wrongOf(l.one, texts[l.field]));
  const said = (field: string) => (put.error instanceof Problem ? put.error.errors.find((e) => e.location.startsWith(`body.${field}`))?.message : undefined);
  const empty = !junkOff && lists.every((l) => texts[l.field].trim() === "");
  const ready = named && !empty && wrong.every((w) => w === "") && !put.isPending;
  const go = () => ready && put.mutate({ address: address.trim().toLowerCase(), body: settingsOf(texts, junkOff) }, { onSuccess: onClose });
  return (
    <DialogBody>
      <DialogTitle>{given === "" ? "Settings for a mailbox" : <Untrusted text={given} />}</DialogTitle>
      <DialogContent className={styles.form}>
        {given === "" && <Field label="Mailbox" required {...(address !== "" && !named ? { validationState: "error" as const, validationMessage: "An address like name@example.com" } : {})}><Input autoFocus value={address} maxLength={320} spellCheck={false} autoComplete="off" onChange={(_, d) => setAddress(d.value)} /></Field>}
        {of && <p className={`${styles.dim} num`}>Changed {full(new Date(of.updated), zone)} by <Untrusted text={of.by} /></p>}
        <div className={styles.pair}>
          {lists.map((l, i) => (may ? (
            <Field key={l.field} label={l.label} hint={l.hint} {...(wrong[i] || said(l.field) ? { validationState: "error" as const, validationMessage: wrong[i] || said(l.field) } : {})}>
              <Textarea value={texts[l.field]} rows={4} spellCheck={false} placeholder={l.one === "address" ? "name@example.com" : "example.com"} textarea={{ className: "mono" }} onChange={(_, d) => setTexts({ ...texts, [l.field]: d.value })} />
            </Field>
          ) : (
            <section key={l.field}><h2>{l.label}</h2>{texts[l.field] === "" ? <p className={styles.dim}>none</p> : <ul className="mono">{texts[l.field].split("\n").map((v) => <li key={v}><Untrusted text={v} /></li>)}</ul>}</section>
          )))}
        </div>
        <p className={styles.dim}>One on each line. A safe sender counts only when authentication proves it.</p>
        {may ? <Switch checked={junkOff} label="Junk folder off: what would go to junk is delivered" onChange={(_, d) => setJunkOff(d.checked)} /> : <p>Junk folder: {junkOff ? "off, what would go to junk is delivered" : "in use"}</p>}
        {put.error && !lists.some((l) => said(l.field)) ? <ProblemNote error={put.error} /> : null}
        {remove.error ? <ProblemNote error={remove.error} /> : null}
        {sure && <p role="alert">Without settings the mailbox is treated like every other. <Button size="small" onClick={() => remove.mutate(given, { onSuccess: onClose })}>Remove the settings</Button> <Button size="small" appearance="subtle" onClick={() => setSure(false)}>Keep them</Button></p>}
      </DialogContent>
      {may && of && !sure && <DialogActions position="start"><Button appearance="subtle" onClick={() => setSure(true)}>Remove…</Button></DialogActions>}
      <DialogActions position="end">
        <Button onClick={onClose}>{may ? "Cancel" : "Close"}</Button>
        {may && <Button appearance="primary" disabledFocusable={!ready} title={empty ? "Nothing is set yet" : undefined} onClick={go}>{put.isPending ? "Saving" : "Save"}</Button>}
      </DialogActions>
    </DialogBody>
  );
}
