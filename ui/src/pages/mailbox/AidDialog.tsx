import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useState } from "react";
import { Problem } from "../../api/client";
import { Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { lastReason, leastReason, ReasonField, rememberReason } from "../email/ReasonField";
import base from "../policy/Policy.module.css";
import styles from "./Mailbox.module.css";
import { useAgain, useAid, type Deed, type What } from "./queries";
import { RuleText } from "./RuleText";

const words = {
  remove: { title: "Take this rule out?", does: "Take it out", doing: "Taking it out", means: "The rest of the script stays as it is. Tocsin keeps the whole script, so the rule can be put back. Mail that the rule moved or forwarded before stays where it is." },
  back: { title: "Put this rule back?", does: "Put it back", doing: "Putting it back", means: "It goes where it stood, and works on the next message that comes." },
  out: { title: "Sign its owner out everywhere?", does: "Sign out", doing: "Signing out", means: "Every program and browser that is signed in to the mailbox has to sign in again. Change the password first: whoever knows the old one is back in a minute." },
} as const;

/** Asks for the reason, does it, and says how it went. */
export function AidDialog({ address, what, onClose }: { address: string; what: What; onClose: () => void }) {
  const [reason, setReason] = useState(lastReason);
  const aid = useAid(address, what);
  const again = useAgain(address);
  const evidence = useEvidence();
  const w = words[what.kind];
  const late = aid.error instanceof Problem && aid.error.status === 409;
  const ready = reason.trim().length >= leastReason && !aid.isPending;
  const go = () => {
    if (!ready) return;
    rememberReason(reason.trim());
    aid.mutate(reason.trim(), { onSuccess: (d) => d.state === "Done" && onClose() });
  };
  const text = what.kind === "remove" ? what.rule.text : what.kind === "back" ? what.deed.rule : "";
  const why = what.kind === "remove" ? what.rule.why : what.kind === "back" ? what.deed.why : "";
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{aid.data ? titleOf(aid.data) : w.title}</DialogTitle>
          <DialogContent className={base.form}>
            {aid.data ? (
              <div className={base.caution} role="alert"><Warning16Regular aria-hidden /><div><Untrusted text={evidence(aid.data.say)} /></div></div>
            ) : (
              <>
                {text !== "" && <RuleText text={text} label="The rule" />}
                {why !== "" && what.kind === "back" && <div className={base.caution}><Warning16Regular aria-hidden /><div>It <Untrusted text={evidence(why)} />.</div></div>}
                <p>{w.means}</p>
                <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
                <p className={styles.faded}>Your name, the time and the reason stand in the history of the mailbox and in the audit log.</p>
                {late && what.kind !== "out" ? (
                  <div className={base.caution} role="alert">
                    <Warning16Regular aria-hidden />
                    <div>{aid.error?.message} <button type="button" className="textbutton" onClick={() => { onClose(); void again(); }}>Show them as they are now</button></div>
                  </div>
                ) : aid.error ? <ProblemNote error={aid.error} /> : null}
              </>
            )}
          </DialogContent>
          <DialogActions>
            {aid.data ? <Button appearance="primary" onClick={onClose}>Close</Button> : (
              <>
                <Button onClick={onClose}>Cancel</Button>
                <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{aid.isPending ? w.doing : w.does}</Button>
              </>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function titleOf(d: Deed): string {
  return d.state === "Failed" ? "It was not done" : "It is not known whether it was done";
}
