import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input } from "@fluentui/react-components";
import { useState, type FormEvent } from "react";
import { ProblemNote } from "../../components/Problem";
import base from "../policy/Policy.module.css";
import { Password } from "../signin/Password";
import styles from "./Account.module.css";
import { Codes } from "./Codes";
import { useAddKey, useRemoveKey, useRenameKey, type KeyLine } from "./queries";

/** Adds a security key or a passkey: the password, a name, the key; with the first factor come recovery codes. */
export function KeySetup({ onDone, onCancel }: { onDone: () => void; onCancel?: () => void }) {
  const [password, setPassword] = useState("");
  const [name, setName] = useState("");
  const add = useAddKey();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    add.mutate({ password, name: name.trim() }, { onSuccess: (r) => r.codes.length === 0 && onDone() });
  };
  if (add.data && add.data.codes.length > 0) return <Codes codes={add.data.codes} onDone={onDone} />;
  return (
    <form onSubmit={submit} className={styles.form}>
      <p>A key that you plug in or hold to the device, or a passkey of this device or your phone. It answers to this site alone, so a page that only looks like it learns nothing.</p>
      <Field label="Name of the key" required hint="By which you know it again: “blue key on my ring”, “laptop”."><Input size="large" value={name} required maxLength={60} autoFocus onChange={(_, d) => setName(d.value)} /></Field>
      <Password label="Your password" value={password} onChange={setPassword} />
      {add.error ? <ProblemNote error={add.error} /> : null}
      <div className={styles.acts}>
        <Button appearance="primary" type="submit" disabledFocusable={add.isPending}>{add.isPending ? "Touch the key now" : "Add the key"}</Button>
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
      </div>
    </form>
  );
}

/** Names a key anew, or removes it. */
export function KeyDialog({ what, k, onClose }: { what: "rename" | "remove"; k: KeyLine; onClose: () => void }) {
  const [name, setName] = useState(k.name);
  const rename = useRenameKey();
  const remove = useRemoveKey();
  const does = what === "rename" ? rename : remove;
  const ready = !does.isPending && (what === "remove" || name.trim() !== "");
  const go = () => {
    if (!ready) return;
    if (what === "rename") rename.mutate({ id: k.id, name: name.trim() }, { onSuccess: onClose });
    else remove.mutate(k.id, { onSuccess: onClose });
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{what === "rename" ? "Another name for the key" : `Remove ${k.name}?`}</DialogTitle>
          <DialogContent className={base.form}>
            {what === "rename" ? <Field label="Name of the key" required><Input value={name} maxLength={60} autoFocus onChange={(_, d) => setName(d.value)} onKeyDown={(e) => e.key === "Enter" && (e.preventDefault(), go())} /></Field>
              : <p>It signs you in no more. The passkey that your device keeps for this site can be deleted there.</p>}
            {does.error ? <ProblemNote error={does.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{what === "rename" ? "Keep" : "Remove"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
