import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Skeleton, SkeletonItem, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Scope } from "../../address/actions";
import { api, ask, type Schemas } from "../../api/client";
import { Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { number } from "../../time/zone";
import { lastReason, leastReason, ReasonField, rememberReason } from "../email/ReasonField";
import base from "../policy/Policy.module.css";
import styles from "./Actions.module.css";
import { about } from "./queries";
import { count } from "./words";

type Plan = Schemas["MessagePlan"];

/** Writes to the people who got mail: who they are, what they will read, and why. */
export function MessageDialog({ scope, onClose }: { scope: Scope; onClose: () => void }) {
  const client = useQueryClient();
  const [subject, setSubject] = useState("");
  const [text, setText] = useState("");
  const [reason, setReason] = useState(lastReason());
  const plan = useQuery({ queryKey: ["message-plan", scope], gcTime: 0, queryFn: ({ signal }) => ask<Plan>(api.POST("/messages/plan", { body: about(scope), signal })) });
  const send = useMutation({
    mutationFn: () => ask<Plan>(api.POST("/messages", { body: { ...about(scope), subject: subject.trim(), text, reason: reason.trim() } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["messages"] }),
  });
  const p = plan.data;
  const able = p !== undefined && !p.off && !p.too_many && p.to.length > 0;
  const ready = able && subject.trim() !== "" && text.trim() !== "" && reason.trim().length >= leastReason && !send.isPending;
  const go = () => {
    if (!ready) return;
    rememberReason(reason.trim());
    send.mutate();
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{send.isSuccess ? "It is on its way" : "Send a message to recipients"}</DialogTitle>
          <DialogContent className={base.form}>
            {send.isSuccess ? (
              <p role="status">{count(send.data.to.length, "letter")} wait for the mail server, one for each person. Actions, Messages says what became of them.</p>
            ) : (
              <>
                {plan.error ? <ProblemNote error={plan.error} onRetry={() => void plan.refetch()} /> : !p ? <Skeleton aria-label="Looking who they are"><SkeletonItem size={40} /></Skeleton> : <Who plan={p} />}
                <Field label="Subject" required><Input value={subject} maxLength={200} onChange={(_, d) => setSubject(d.value)} /></Field>
                <Field label="Text" required hint="Plain text. Everybody gets a letter of their own and does not see the others."><Textarea value={text} maxLength={20000} rows={7} resize="vertical" onChange={(_, d) => setText(d.value)} /></Field>
                <ReasonField value={reason} onChange={setReason} onEnter={go} />
                <p className={base.dim}>Your name, the reason, the text and everybody who gets it stand in the audit log.</p>
                {send.error ? <ProblemNote error={send.error} /> : null}
              </>
            )}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose} {...(send.isSuccess ? { appearance: "primary" as const } : {})}>{send.isSuccess ? "Close" : "Cancel"}</Button>
            {!send.isSuccess && <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{send.isPending ? "Sending" : able ? `Send to ${number(p.to.length)}` : "Send"}</Button>}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function Who({ plan: p }: { plan: Plan }) {
  const stop = p.off ? "Tocsin sends no mail here: an administrator has to set outgoing.server in the settings." : p.too_many ? "More than 500 people got this mail. Choose fewer messages." : p.to.length === 0 ? "Nobody of the organisation got this mail." : "";
  return (
    <>
      {stop && <p className={base.caution} role="alert"><Warning16Regular aria-hidden /><span>{stop}</span></p>}
      {p.to.length > 0 && (
        <details className={styles.who}>
          <summary>{p.too_many ? "The first 500" : count(p.to.length, "person", "people")} who got {count(p.messages, "message")}</summary>
          <ul tabIndex={0} aria-label="Who gets it">{p.to.map((a) => <li key={a}><Untrusted text={a} /></li>)}</ul>
        </details>
      )}
      {p.outside > 0 && <p className={base.dim}>Nothing goes to {count(p.outside, "recipient")} outside the organisation.</p>}
    </>
  );
}
