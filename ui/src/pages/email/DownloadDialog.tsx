import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useState } from "react";
import { useCopy } from "../../components/copy";
import { Copy16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import styles from "./Email.module.css";
import { useDownload } from "./queries";
import { lastReason, leastReason, ReasonField, rememberReason } from "./ReasonField";

/** What archives of malware are locked with everywhere, so that no scanner on the way opens them. */
const password = "infected";

/** The field that had the focus is gone with the question; without a new place for it, Esc would not reach the dialog. */
const focusOnce = (button: HTMLButtonElement | null) => button?.focus();

/** Hands out the message as it came, locked in an archive; asks why first and tells the password. */
export function DownloadDialog({ id, recipient, onClose }: { id: string; recipient: string; onClose: () => void }) {
  const copy = useCopy();
  const download = useDownload(id, recipient);
  const [reason, setReason] = useState(lastReason);
  const ready = reason.trim().length >= leastReason;
  const go = () => {
    if (!ready || download.isPending) return;
    rememberReason(reason.trim());
    download.mutate(reason.trim());
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.dialog}>
        <DialogBody>
          <DialogTitle>{download.isSuccess ? "Downloaded" : "Download the message"}</DialogTitle>
          <DialogContent className={styles.dialogtext}>
            {download.isSuccess ? (
              <p>The browser has <b className="mono">{download.data}</b>. In it lies the message as it was received, with everything that is in it.</p>
            ) : (
              <>
                <p>You get the message as it was received, malware included, in a protected zip archive. Open it only on a computer made for that.</p>
                <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
                <p className={styles.dim}>Your name, the time and the reason go into the audit log.</p>
              </>
            )}
            <p className={styles.password}>
              Password of the archive: <b className="mono">{password}</b>
              <Button size="small" appearance="subtle" icon={<Copy16Regular />} onClick={() => copy(password, "Password copied")}>Copy</Button>
            </p>
            {download.error ? <ProblemNote error={download.error} /> : null}
          </DialogContent>
          <DialogActions>
            {download.isSuccess ? <Button ref={focusOnce} appearance="primary" onClick={onClose}>Close</Button> : (
              <>
                <Button onClick={onClose}>Cancel</Button>
                <Button appearance="primary" disabledFocusable={!ready || download.isPending} onClick={go}>{download.isPending ? "Packing" : "Download"}</Button>
              </>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
