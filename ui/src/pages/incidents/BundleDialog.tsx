import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { useCopy } from "../../components/copy";
import { ArrowSync16Regular, CheckmarkCircle16Regular, Copy16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { number } from "../../time/zone";
import { lastReason, leastReason, ReasonField, rememberReason } from "../email/ReasonField";
import base from "../policy/Policy.module.css";
import styles from "./Incidents.module.css";
import { useBundle } from "./queries";
import type { Incident } from "./words";

const least = 12;
const letters = "abcdefghijkmnpqrstuvwxyz23456789";

/** A password that can be read out: five groups of four, 100 bits. */
function password(): string {
  const all = [...crypto.getRandomValues(new Uint8Array(20))].map((b) => letters[b % letters.length]!).join("");
  return all.match(/.{4}/g)!.join("-");
}

const focusOnce = (b: HTMLButtonElement | null) => b?.focus();

/** Takes everything out as one encrypted archive: asks why, and for the password that opens it. */
export function BundleDialog({ of: i, onClose }: { of: Incident; onClose: () => void }) {
  const copy = useCopy();
  const bundle = useBundle(i);
  const [reason, setReason] = useState(lastReason);
  const [secret, setSecret] = useState(password);
  const [messages, setMessages] = useState(true);
  const odd = /[^\x20-\x7e]/.test(secret) ? "Only letters, digits and signs of a plain keyboard: other programs read the rest in other ways" : secret.length < least ? `At least ${least} characters` : "";
  const ready = reason.trim().length >= leastReason && odd === "" && !bundle.isPending;
  const go = () => {
    if (!ready) return;
    rememberReason(reason.trim());
    bundle.mutate({ reason: reason.trim(), password: secret, messages });
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{bundle.isSuccess ? "Exported" : `Export ${i.label}`}</DialogTitle>
          <DialogContent className={base.form}>
            {bundle.isSuccess ? <p className={base.note} role="status"><CheckmarkCircle16Regular aria-hidden /><span>The browser has <b className="mono">{bundle.data}</b>. Tocsin does not keep the password: write it down, and send it on another way than the file.</span></p> : (
              <>
                <p>One encrypted zip with the report, the timeline, all email events, indicators, actions with their results, and a manifest that proves it.</p>
                <Checkbox checked={messages} onChange={(_, d) => setMessages(d.checked === true)} label={`With the messages as they came in (${number(i.messages)} email event${i.messages === 1 ? "" : "s"}); mail that its recipient has needs the role Preview`} />
                <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
              </>
            )}
            <Field label="Password" {...(odd ? { validationState: "error" as const, validationMessage: odd } : {})}>
              <div className={styles.secret}>
                <Input className="mono" value={secret} maxLength={128} readOnly={bundle.isSuccess || bundle.isPending} spellCheck={false} autoComplete="off" aria-label="Password" onChange={(_, d) => setSecret(d.value)} />
                <Button icon={<Copy16Regular />} onClick={() => copy(secret, "Password copied")}>Copy</Button>
                {!bundle.isSuccess && <Button icon={<ArrowSync16Regular />} disabledFocusable={bundle.isPending} onClick={() => setSecret(password())}>Another</Button>}
              </div>
            </Field>
            {!bundle.isSuccess && <p className={base.dim}>Your name, the time and the reason go into the audit log, and every message that is taken out.</p>}
            {bundle.error ? <ProblemNote error={bundle.error} /> : null}
          </DialogContent>
          <DialogActions>
            {bundle.isSuccess ? <Button ref={focusOnce} appearance="primary" onClick={onClose}>Close</Button> : (
              <>
                <Button onClick={onClose}>Cancel</Button>
                <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{bundle.isPending ? "Packing" : "Export"}</Button>
              </>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
