import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { writeExplorer, readExplorer } from "../../address/explorer";
import { longestQuery } from "../../address/hunting";
import { writeRange } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import { Problem } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ArrowClockwise16Regular, ArrowDownload16Regular, ArrowUndo16Regular, CheckmarkCircle16Regular, ChevronRight16Regular, DismissCircle16Regular, Hourglass16Regular, LockClosed16Regular, Stop16Filled, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { Badge } from "../../components/Verdict";
import { useMay, useOperator } from "../../session/queries";
import { useEvidence } from "../../text/useEvidence";
import { Time } from "../account/Time";
import styles from "./Actions.module.css";
import { DecideDialog } from "./DecideDialog";
import { saveTargets } from "./file";
import { Progress } from "./Progress";
import { headline } from "./ProgressStep";
import { useAction, type Decision } from "./queries";
import { StateWord } from "./States";
import { TargetList } from "./TargetList";
import { iconOf, line, needWords, whyNoAnswer, type Action } from "./words";

/** One action: who asked, why, what was agreed, what became of every mailbox, and the way back. */
export function ActionPage() {
  const { id } = useParams({ from: "/inside/actions/$id" });
  const may = useMay("action.read");
  const action = useAction(id);
  if (!may || (action.error instanceof Problem && action.error.status === 404)) {
    return (
      <EmptyState alone small title={may ? "There is no such action" : "You may not see actions"} why={may ? "The address was cut short, or it belongs to another installation." : "It needs the permission action.read, which every security role has."}>
        <Link to="/actions">Open Actions</Link>
      </EmptyState>
    );
  }
  if (!action.data) return <div className={styles.page}>{action.error ? <ProblemNote error={action.error} onRetry={() => void action.refetch()} /> : <Skeleton aria-label="Reading the action"><SkeletonItem style={{ height: 320 }} /></Skeleton>}</div>;
  return <Page key={id} action={action.data} />;
}

function Page({ action: a }: { action: Action }) {
  const navigate = useNavigate();
  const { range } = useTimeRange();
  const evidence = useEvidence();
  const { operator } = useOperator();
  const mayAct = useMay("email.remove"), mayApprove = useMay("action.approve");
  const [asks, setAsks] = useState<Decision>();
  const [saving, setSaving] = useState<"" | "at work" | Error>("");
  const Icon = iconOf(a.kind);
  const why = whyNoAnswer(a, operator.email, mayApprove);
  const waits = a.state === "Waiting for approval";
  const save = () => {
    setSaving("at work");
    saveTargets(a).then(() => setSaving(""), (e: unknown) => setSaving(e instanceof Error ? e : new Error(String(e))));
  };
  return (
    <div className={styles.page}>
      <nav className={styles.crumbs} aria-label="Way back"><Link to="/actions" search={{ ...writeRange(range), ...(waits ? {} : { tab: a.over ? "history" : "running" }) } as never}>Actions</Link><ChevronRight16Regular aria-hidden /><span aria-current="page">{a.kind}</span></nav>
      <header className={styles.head}>
        <div className={styles.headtext}>
          <h1><Untrusted text={evidence(a.name)} /></h1>
          <div className={styles.badges}>
            <StateWord action={a} badge />
            <Badge icon={<Icon aria-hidden />}>{a.kind}</Badge>
            {a.automatic && <Badge icon={null}>By itself: a policy asked</Badge>}
            {a.undoes && <Link to="/actions/$id" params={{ id: a.undoes }} search={writeRange(range) as never} className={styles.linked}><ArrowUndo16Regular aria-hidden />Undoes an action</Link>}
            {a.undone && <Link to="/actions/$id" params={{ id: a.undone }} search={writeRange(range) as never} className={styles.linked}><ArrowUndo16Regular aria-hidden />Was undone</Link>}
          </div>
        </div>
        <div className={styles.buttons}>
          {a.may_approve && <><Button appearance="primary" icon={<CheckmarkCircle16Regular />} onClick={() => setAsks("approve")}>Approve…</Button><Button icon={<DismissCircle16Regular />} onClick={() => setAsks("reject")}>Reject…</Button></>}
          {!a.over && mayAct && <Button icon={<Stop16Filled />} disabledFocusable={a.cancelling} onClick={() => setAsks("cancel")}>{waits ? "Take back…" : a.cancelling ? "Stopping" : "Stop the rest…"}</Button>}
          {a.retryable && mayAct && <Button icon={<ArrowClockwise16Regular />} onClick={() => setAsks("retry")}>Try again…</Button>}
          {a.undoable && mayAct && <Button icon={<ArrowUndo16Regular />} onClick={() => setAsks("undo")}>Undo…</Button>}
        </div>
      </header>
      <p className={styles.headline} role="status">{headline(a)}.{a.over && a.kind === "Hard delete" && " A hard delete cannot be undone."}</p>
      {why !== "" && <p className={styles.note}><LockClosed16Regular aria-hidden /><span>{why}</span></p>}
      {a.counts.drifted > 0 && <p className={styles.caution}><Warning16Regular aria-hidden /><span>{a.counts.drifted} came back to where they should not be: their owners moved them, or another system did. Nothing is done about it by itself; act on them again, or talk to their owners.</span></p>}
      <div className={styles.columns}>
        <div className={styles.column}>
          {!waits && <section className={`card ${styles.block}`} aria-label="How far it is"><Progress action={a} /></section>}
          <TargetList action={a} links tools={<Button size="small" icon={<ArrowDownload16Regular />} disabledFocusable={saving === "at work"} onClick={save}>{saving === "at work" ? "Writing" : "Receipts as CSV"}</Button>} />
          {saving instanceof Error && <ProblemNote error={saving} />}
        </div>
        <div className={styles.column}>
          <Facts action={a} />
          <Approvals action={a} />
        </div>
      </div>
      {asks && (
        <DecideDialog
          action={a}
          does={asks}
          onClose={() => setAsks(undefined)}
          onDone={(now) => {
            setAsks(undefined);
            if (asks === "undo") void navigate({ to: "/actions/$id", params: { id: now.id }, search: writeRange(range) as never });
          }}
        />
      )}
    </div>
  );
}

function Facts({ action: a }: { action: Action }) {
  const evidence = useEvidence();
  return (
    <section className={`card ${styles.block}`} aria-labelledby="action-facts">
      <h2 id="action-facts">What was asked for</h2>
      <dl className={styles.facts}>
        <dt>What</dt><dd>{line(a)}</dd>
        <dt>Reason</dt><dd><Untrusted text={evidence(a.reason)} /></dd>
        <dt>Asked for by</dt><dd><Untrusted text={a.by} />{a.mine && " (you)"}</dd>
        <dt>At</dt><dd><Time at={a.created} /></dd>
        {a.started && <><dt>Began</dt><dd><Time at={a.started} /></dd></>}
        {a.ended && <><dt>Ended</dt><dd><Time at={a.ended} /></dd></>}
        <dt>Which mail</dt>
        <dd>{a.query ? <><code className={`mono ${styles.query}`} tabIndex={0} role="region" aria-label="The question">{a.query.split("\n").map((l, i) => <div key={i}><Untrusted text={evidence(l)} /></div>)}</code><Asked query={a.query} /></> : a.undoes ? "What the receipts of the other action say was done." : a.automatic ? "What was judged again and turned out bad." : "Picked one by one."}</dd>
      </dl>
      <p className={styles.faded}>The list was frozen when it was asked for: mail that matches later is not part of it.</p>
    </section>
  );
}

/** Ways to the same question now. */
function Asked({ query }: { query: string }) {
  const { range } = useTimeRange();
  const may = useMay("hunt.run");
  return (
    <span className={styles.ways}>
      <Link to="/explorer" search={writeExplorer({ ...readExplorer({}), q: query, range: { last: "all" } }) as never}>Open in Explorer</Link>
      {may && query.length <= longestQuery && <Link to="/hunting" search={{ ...writeRange(range), q: query } as never}>Open in Hunting</Link>}
    </span>
  );
}

function Approvals({ action: a }: { action: Action }) {
  const evidence = useEvidence();
  const { range } = useTimeRange();
  return (
    <section className={`card ${styles.block}`} aria-labelledby="action-approvals">
      <h2 id="action-approvals">Approval</h2>
      <p><b>{needWords(a.needs)}</b>: the rule “<Untrusted text={a.rule} />” of the <Link to="/approvals" search={writeRange(range) as never}>approval policy</Link> says so.</p>
      {a.approvals.length > 0 && (
        <ul className={styles.answers} aria-label="Answers">
          {a.approvals.map((x) => (
            <li key={x.by + x.at}>
              {x.yes ? <CheckmarkCircle16Regular aria-hidden className={styles.good} /> : <DismissCircle16Regular aria-hidden className={styles.bad} />}
              <div><b>{x.yes ? "Approved" : "Rejected"}</b> by <Untrusted text={x.by} /><small><Time at={x.at} /></small>{x.comment && <p>“<Untrusted text={evidence(x.comment)} />”</p>}</div>
            </li>
          ))}
        </ul>
      )}
      {a.state === "Waiting for approval" && a.expires && <p className={styles.faded}><Hourglass16Regular aria-hidden /> If nobody decides, it expires <Time at={a.expires} /> and nothing happens.</p>}
    </section>
  );
}
