import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { writeRange } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import { ArrowClockwise16Regular, ArrowUndo16Regular, DocumentText16Regular, Stop16Filled } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { Time } from "../account/Time";
import { DecideDialog } from "./DecideDialog";
import { Progress } from "./Progress";
import { useAction, type Decision } from "./queries";
import { TargetList } from "./TargetList";
import type { Wizard } from "./useWizard";
import { Frame } from "./Wizard";
import styles from "./Wizard.module.css";
import { doneWord, people, type Action } from "./words";
import { capital } from "../../text/words";

/** Step 4: how far it is, and what became of every mailbox. */
export function ProgressStep({ wizard, id }: { wizard: Wizard; id: string }) {
  const action = useAction(id);
  const a = action.data;
  if (!a) {
    return (
      <Frame title="Reading the action" onClose={wizard.close} actions={<Button onClick={wizard.close}>Close</Button>}>
        {action.error ? <ProblemNote error={action.error} onRetry={() => void action.refetch()} /> : <Skeleton aria-label="Reading the action"><SkeletonItem style={{ height: 240 }} /></Skeleton>}
      </Frame>
    );
  }
  return <Body wizard={wizard} action={a} />;
}

function Body({ wizard, action: a }: { wizard: Wizard; action: Action }) {
  const navigate = useNavigate();
  const { range } = useTimeRange();
  const may = useMay("email.remove");
  const [asks, setAsks] = useState<Decision>();
  const waits = a.state === "Waiting for approval";
  const page = () => void navigate({ to: "/actions/$id", params: { id: a.id }, search: writeRange(range) as never });
  return (
    <Frame
      title={<span aria-live="polite">{headline(a)}</span>}
      sub={<Sub action={a} />}
      foot={
        <>
          {!a.over && may && <Button icon={<Stop16Filled />} disabledFocusable={a.cancelling} onClick={() => setAsks("cancel")}>{waits ? "Take the request back" : a.cancelling ? "Stopping" : "Stop the rest"}</Button>}
          {a.undoable && may && <Button icon={<ArrowUndo16Regular />} onClick={() => setAsks("undo")}>Undo…</Button>}
        </>
      }
      actions={<><Button icon={<DocumentText16Regular />} onClick={page}>Open the action</Button><Button appearance="primary" onClick={wizard.close}>Close</Button></>}
      onClose={wizard.close}
    >
      <Progress action={a} />
      <TargetList action={a} tools={a.retryable && may && <Button size="small" icon={<ArrowClockwise16Regular />} onClick={() => setAsks("retry")}>Try the failed ones again</Button>} />
      {asks && (
        <DecideDialog
          action={a}
          does={asks}
          onClose={() => setAsks(undefined)}
          onDone={(now) => {
            setAsks(undefined);
            if (asks === "undo") wizard.go({ step: { id: now.id } });
          }}
        />
      )}
      {a.undone && <p className={styles.told}>It was undone. <button type="button" className="textbutton" onClick={() => wizard.go({ step: { id: a.undone } })}>See the undo</button></p>}
    </Frame>
  );
}

/** The answer first. */
export function headline(a: Action): string {
  const c = a.counts;
  switch (a.state) {
    case "Waiting for approval": return `It waits: ${people(a.needs - a.approvals.filter((x) => x.yes).length).toLowerCase()} must agree`;
    case "Queued": case "Running": return `${c.targets - c.todo} of ${c.targets} email events finished`;
    case "Done": return c.done === c.targets ? `All ${c.targets} are ${doneWord(a.kind)}` : `${capital(doneWord(a.kind))}: ${c.done} of ${c.targets}`;
    case "Partly done": return `${c.done} of ${c.targets} are ${doneWord(a.kind)}`;
    case "Failed": return "None of it could be done";
    case "Rejected": return "Somebody rejected it; nothing was done";
    case "Expired": return "Nobody answered in time; nothing was done";
    default: return c.done > 0 ? `Stopped: ${c.done} of ${c.targets} were done before` : "Stopped before anything was done";
  }
}

function Sub({ action: a }: { action: Action }) {
  const yes = a.approvals.filter((x) => x.yes);
  if (a.state === "Waiting for approval") return <>The rule “<Untrusted text={a.rule} />” asks for it. {a.expires && <>It expires <Time at={a.expires} />.</>} You can close this; Actions shows it.</>;
  if (!a.over) return <>{yes.length > 0 && <>Approved by {yes.map((x) => x.by).join(", ")}. </>}You can close this; it goes on, and Actions shows it.</>;
  return <>{yes.length > 0 && <>Approved by {yes.map((x) => x.by).join(", ")}. </>}{a.ended && <>Ended <Time at={a.ended} />.</>}</>;
}
