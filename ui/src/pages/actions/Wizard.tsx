import { Button, Dialog, DialogSurface, Tooltip } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";
import type { Scope, WizardState, WizardStep } from "../../address/actions";
import { Checkmark16Regular, Dismiss20Regular } from "../../components/icons";
import { useMay } from "../../session/queries";
import { lastReason } from "../email/ReasonField";
import { ApprovalStep } from "./ApprovalStep";
import { ChooseStep } from "./ChooseStep";
import { ProgressStep } from "./ProgressStep";
import { useAction } from "./queries";
import { TargetsStep } from "./TargetsStep";
import type { Wizard as WizardOf } from "./useWizard";
import styles from "./Wizard.module.css";
import { boxes, count, kinds, type Kind, type Plan } from "./words";

/** What its author writes; kept over a reload of the page. */
export interface Draft { name: string; reason: string }

const kept = "tocsin.action.draft";

function useDraft(): [Draft, (d: Draft) => void] {
  const [draft, set] = useState<Draft>(() => {
    try {
      return { name: "", reason: lastReason(), ...(JSON.parse(sessionStorage.getItem(kept) ?? "{}") as Partial<Draft>) };
    } catch {
      return { name: "", reason: lastReason() };
    }
  });
  return [draft, (d) => {
    sessionStorage.setItem(kept, JSON.stringify(d));
    set(d);
  }];
}

export interface StepProps {
  wizard: WizardOf;
  kind: Kind;
  scope: Scope;
  draft: Draft;
  onDraft: (d: Draft) => void;
  /** The plan that was looked at; what the list is compared with when it is acted on. */
  seen: Plan | undefined;
  onSeen: (p: Plan | undefined) => void;
  /** The list was another one when it should be acted on. */
  changed: boolean;
  onChanged: (was: boolean) => void;
}

/** Four steps from an idea to a receipt: choose, targets, approval, progress. Nothing happens before the third is left. */
export function Wizard({ wizard, state }: { wizard: WizardOf; state: WizardState }) {
  const [draft, onDraft] = useDraft();
  const [seen, onSeen] = useState<Plan>();
  const [changed, onChanged] = useState(false);
  const may = useMay("email.remove");
  const kind = kinds.find((k) => k.kind === state.kind)?.kind ?? "Soft delete";
  const at = typeof state.step === "string" ? state.step : undefined;
  const contents = (): ReactNode => {
    if (at === undefined) return <ProgressStep wizard={wizard} id={(state.step as { id: string }).id} />;
    if (!may) return <Stop wizard={wizard} title="You may not touch mailboxes" text="It needs the role Search and Purge on top of Operator or above. An administrator can give it to you." />;
    if (!state.scope) return <Stop wizard={wizard} title="This link does not say which mail it is about" text="Longer lists are kept in the browser that made them. Pick the messages again in Explorer." />;
    const props: StepProps = { wizard, kind, scope: state.scope, draft, onDraft, seen, onSeen, changed, onChanged };
    switch (at) {
      case "choose": return <ChooseStep {...props} />;
      case "targets": return <TargetsStep {...props} />;
      case "approval": return <ApprovalStep {...props} />;
    }
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && wizard.close()}>
      <DialogSurface className={styles.surface} aria-label="Take action">
        <Rail step={state.step} kind={kind} seen={seen} scope={state.scope} />
        <div className={styles.main}>{contents()}</div>
      </DialogSurface>
    </Dialog>
  );
}

/** Where one is, and what the steps before decided. */
function Rail({ step, kind, seen, scope }: { step: WizardState["step"]; kind: Kind; seen: Plan | undefined; scope: Scope | undefined }) {
  const id = typeof step === "string" ? "" : step.id;
  const steps: [WizardStep | "progress", string, string][] = [
    ["choose", "Choose action", step === "choose" ? "What should happen" : kind],
    ["targets", "Targets", seen && step === "approval" ? boxes(seen.mailboxes) : "What will be touched"],
    ["approval", "Approval", "Who must agree"],
    ["progress", "Progress", "Mailbox by mailbox"],
  ];
  const now = id ? 3 : steps.findIndex(([s]) => s === step);
  return (
    <div className={styles.rail}>
      <b>Take action</b>
      {id ? <Named id={id} /> : <p>{scopeWords(scope)}</p>}
      <ol aria-label="Steps">
        {steps.map(([key, name, text], i) => (
          <li key={key} aria-current={i === now ? "step" : undefined} className={i < now ? styles.past : ""}>
            <span>{i < now ? <Checkmark16Regular aria-label="done" /> : i + 1}</span>
            <div><b>{name}</b>{!(id && i < 3) && <small>{text}</small>}</div>
          </li>
        ))}
      </ol>
    </div>
  );
}

function scopeWords(s: Scope | undefined): string {
  if (s?.what === "all") return "All that matched in Explorer when it was opened";
  if (s?.what === "message") return "One message, all of its recipients";
  if (s?.what === "incident") return "All mail of the incident";
  return s ? `${s.incident ? "Picked in the incident" : "Picked"}: ${count(s.picks.length, "email event")}` : "";
}

function Named({ id }: { id: string }) {
  const { data } = useAction(id);
  return <p>{data ? data.name : ""}</p>;
}

/** A step's frame: title, contents, and what can be done at the foot. */
export function Frame({ title, sub, children, foot, actions, onClose }: { title: ReactNode; sub?: ReactNode; children: ReactNode; foot?: ReactNode; actions: ReactNode; onClose: () => void }) {
  return (
    <>
      <header className={styles.head}>
        <div><h2>{title}</h2>{sub && <p>{sub}</p>}</div>
        <Tooltip content="Close ( Esc )" relationship="label"><Button appearance="subtle" icon={<Dismiss20Regular />} onClick={onClose} /></Tooltip>
      </header>
      <div className={styles.body}>{children}</div>
      <footer className={styles.foot}><div>{foot}</div>{actions}</footer>
    </>
  );
}

function Stop({ wizard, title, text }: { wizard: WizardOf; title: string; text: string }) {
  return <Frame title={title} onClose={wizard.close} actions={<Button appearance="primary" onClick={wizard.close}>Close</Button>}><p>{text}</p></Frame>;
}
