import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { CheckmarkCircle16Regular, DismissCircle16Regular, Star12Filled, Warning16Regular } from "../../components/icons";
import { placeWord } from "../../components/outcome";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { capital } from "../../text/words";
import { useZone } from "../../time/Clock";
import { clock, number, zoneName } from "../../time/zone";
import { useLook, usePlan } from "./queries";
import { Frame, type StepProps } from "./Wizard";
import styles from "./Wizard.module.css";
import { boxes, count, doneWord, iconOf, type Plan, type Target } from "./words";

/** Step 2: the frozen list, what will be touched, and what cannot be, and why. */
export function TargetsStep({ wizard, kind, scope, seen, onSeen, changed, onChanged }: StepProps) {
  const zone = useZone();
  const plan = usePlan(kind, scope);
  const p = plan.data;
  const look = useLook(kind, scope, p && p.possible > 0 ? p.digest : "");
  const looked = look.data?.digest === p?.digest ? look.data : undefined;
  const [was] = useState(changed ? seen : undefined);
  useEffect(() => {
    if (p) onSeen(p);
    // The setter is one of the wizard's state.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [p]);
  const at = new Date(plan.dataUpdatedAt);
  return (
    <Frame
      title={p ? (p.possible === 0 ? "Nothing can be touched" : `${boxes(p.mailboxes)} will be touched`) : "Freezing the list"}
      sub={p && <>{kind}. The list is frozen as of <span className="num">{clock(at, zone, true)} {zoneName(at, zone)}</span>; mail that comes later is not part of it.</>}
      foot="Nothing happens before the last step."
      actions={
        <>
          <Button onClick={() => wizard.go({ step: "choose" })}>Back</Button>
          <Button appearance="primary" disabledFocusable={!p || p.possible === 0 || plan.isFetching} onClick={() => p && (onChanged(false), wizard.go({ step: "approval" }))}>Next: approval</Button>
        </>
      }
      onClose={wizard.close}
    >
      {was && p && (
        <p className={styles.caution} role="alert">
          <Warning16Regular aria-hidden />
          <span>The mail that matches changed since you looked, so nothing was done. It was {number(was.targets)} email events, {number(was.possible)} of them possible; now it is {number(p.targets)}, {number(p.possible)} possible. Look at the new list.</span>
        </p>
      )}
      {plan.error ? <ProblemNote error={plan.error} onRetry={() => void plan.refetch()} /> : !p ? <Skeleton aria-label="Reading the list">{[64, 24, 240].map((h) => <SkeletonItem key={h} style={{ height: h, marginBottom: 12 }} />)}</Skeleton> : <Planned plan={p} looked={looked} looking={look.isFetching} failed={look.isError} />}
    </Frame>
  );
}

/** What a plan says: four numbers that add up, what to look at twice, and the list. */
function Planned({ plan: p, looked, looking, failed }: { plan: Plan; looked: Plan | undefined; looking: boolean; failed: boolean }) {
  const will = p.possible - p.already, cannot = p.targets - p.possible;
  const parts: [number, string, string, string][] = [
    [will, `will be ${doneWord(p.kind)}`, `${count(p.messages, "message")} in ${boxes(p.mailboxes)}`, styles.will!],
    [cannot, "cannot be touched", cannot > 0 ? "the reasons are below" : "nothing stands in the way", styles.cannot!],
    [p.already, p.already === 1 ? "needs nothing" : "need nothing", p.already > 0 ? "as far as is known; looked at and left" : "", styles.already!],
    [p.targets, p.targets === 1 ? "email event" : "email events", places(p), ""],
  ];
  return (
    <>
      <ul className={styles.figures} aria-label="What will be touched">
        {parts.map(([n, word, text, tone]) => <li key={word} className={n > 0 ? tone : ""}><b className="num">{number(n)}</b> <span>{word}</span><small>{text}</small></li>)}
      </ul>
      <div className={styles.bar} aria-hidden>
        {parts.slice(0, 3).map(([n, word, , tone]) => n > 0 && <i key={word} className={tone} style={{ flexGrow: n }} />)}
      </div>
      <p className={styles.twice} role="status">
        Look twice:
        {p.priority_accounts > 0 ? <i className={styles.mark}><Star12Filled aria-hidden />{count(p.priority_accounts, "priority account")}</i> : <span>no priority account</span>}
        <Looked plan={looked} looking={looking} failed={failed} />
      </p>
      {p.impossible.length > 0 && <ul className={styles.why} aria-label="What cannot be touched">{p.impossible.map((o) => <li key={o.why}><DismissCircle16Regular aria-hidden /><b className="num">{number(o.count)}</b><span>{o.why}</span></li>)}</ul>}
      <Sample plan={p} looked={looked} />
    </>
  );
}

/** "11 in Inbox, 8 in Junk folder" of all that match. */
function places(p: Plan): string {
  return p.locations.slice(0, 3).map((l) => `${number(l.count)} ${l.location ? `in ${placeWord(l.location)}` : "somewhere unknown"}`).join(", ");
}

/** What the owners of the mailboxes did with it, as far as the mailboxes said. */
function Looked({ plan, looking, failed }: { plan: Plan | undefined; looking: boolean; failed: boolean }) {
  const l = plan?.looked;
  if (!l) return looking ? <span>Asking the mailboxes whether it was read…</span> : failed ? <span>The mailboxes could not be asked whether it was read.</span> : null;
  const said = ([[l.read, "read"], [l.answered, "answered"], [l.forwarded, "forwarded"], [l.flagged, "flagged"], [l.nowhere, "in no folder any more"]] as const).filter(([n]) => n > 0);
  return (
    <>
      {said.map(([n, word]) => <i key={word} className={`${styles.mark} ${word === "forwarded" || word === "answered" ? styles.warn : ""}`}>{number(n)} {word}</i>)}
      {l.asked > 0 && said.length === 0 && <i className={styles.mark}>not read by anybody</i>}
      <span>{number(l.asked)} looked at{l.unasked > 0 && `, ${number(l.unasked)} not asked`}</span>
    </>
  );
}

function Sample({ plan: p, looked }: { plan: Plan; looked: Plan | undefined }) {
  const [show, setShow] = useState<"all" | "touched" | "not">("all");
  const marks = new Map(looked?.sample.map((t) => [t.seq, t.marks ?? []]));
  const touched = (t: Target) => t.outcome !== "Impossible";
  const rows = p.sample.filter((t) => show === "all" || touched(t) === (show === "touched"));
  return (
    <>
      <div className={styles.listhead}>
        <span>{p.targets > p.sample.length ? `${number(p.sample.length)} of ${number(p.targets)} are shown, those that will be touched first. The action has them all.` : `All ${number(p.targets)}, by mailbox.`}</span>
        <Segments label="Which targets" options={[["all", "All"], ["touched", "Touched"], ["not", "Not reached"]] as const} value={show} onChange={setShow} />
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Targets">
        <table className={styles.table}>
          <thead><tr><th scope="col">Mailbox</th><th scope="col">Message</th><th scope="col">Latest location</th><th scope="col">Will be</th></tr></thead>
          <tbody>{rows.map((t) => <Row key={t.seq} target={t} kind={p.kind} marks={marks.get(t.seq) ?? []} />)}</tbody>
        </table>
        {rows.length === 0 && <p className={styles.empty}>None of those shown is like that.</p>}
      </div>
    </>
  );
}

function Row({ target: t, kind, marks }: { target: Target; kind: string; marks: readonly string[] }) {
  const evidence = useEvidence();
  const Icon = iconOf(kind);
  const cannot = t.outcome === "Impossible";
  return (
    <tr className={cannot ? styles.off : ""}>
      <th scope="row">{t.priority && <Star12Filled aria-label="Priority account" />}<Untrusted text={t.mailbox} /></th>
      <td className={styles.subject}><div className="clip"><Untrusted text={evidence(t.subject) || "(no subject)"} /></div></td>
      <td>{t.location ? placeWord(t.location) : "unknown"}{marks.length > 0 && <small>{marks.join(", ")}</small>}</td>
      <td>{cannot ? <><span className={styles.cannotWord}><DismissCircle16Regular aria-hidden />Not reached</span><small>{t.say}</small></> : <span className={styles.willWord}>{kind === "Hard delete" || kind === "Soft delete" ? <Icon aria-hidden /> : <CheckmarkCircle16Regular aria-hidden />}{capital(doneWord(kind))}</span>}</td>
    </tr>
  );
}
