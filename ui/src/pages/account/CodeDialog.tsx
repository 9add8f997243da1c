import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import base from "../policy/Policy.module.css";
import { CodeField } from "./CodeField";
import { Codes } from "./Codes";
import { useNewCodes, useRemoveTOTP } from "./queries";

/** What changes the second factor asks for a code of it; without an app, for a key that was shown just now, which the server asks for. */
export function CodeDialog({ what, app, rest, onClose }: { what: "codes" | "remove"; app: boolean; rest: boolean; onClose: () => void }) {
  const [code, setCode] = useState("");
  const fresh = useNewCodes();
  const remove = useRemoveTOTP();
  const does = what === "codes" ? fresh : remove;
  const ready = (!app || code.trim().length >= 6) && !does.isPending;
  const failed = () => setCode("");
  const go = () => {
    if (!ready) return;
    if (what === "codes") fresh.mutate(app ? code.trim() : undefined, { onError: failed });
    else remove.mutate(code.trim(), { onSuccess: onClose, onError: failed });
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{what === "codes" ? "New recovery codes" : "Remove the authenticator app?"}</DialogTitle>
          <DialogContent className={base.form}>
            {fresh.data ? <Codes codes={fresh.data.codes} onDone={onClose} /> : (
              <>
                <p>{what === "codes" ? "The codes that you have stop working." : rest ? "Your security keys stay, and so do the recovery codes." : "From then on your password alone signs you in. The recovery codes go too."}</p>
                {app && <CodeField value={code} onChange={setCode} onEnter={go} />}
                {does.error ? <ProblemNote error={does.error} /> : null}
              </>
            )}
          </DialogContent>
          {!fresh.data && (
            <DialogActions>
              <Button onClick={onClose}>Cancel</Button>
              <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{what === "codes" ? "Make new codes" : "Remove"}</Button>
            </DialogActions>
          )}
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
