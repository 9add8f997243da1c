import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, ProgressBar, Select, Textarea } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { entryKinds, readPolicy, writePolicy, type EntryKind } from "../../address/policy";
import { Problem } from "../../api/client";
import { Beaker16Regular, CheckmarkCircle16Regular, DismissCircle16Regular, Info16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { Untrusted } from "../../components/Untrusted";
import { useMay, useOperator } from "../../session/queries";
import { useEvidence } from "../../text/useEvidence";
import { useClock } from "../../time/Clock";
import { number } from "../../time/zone";
import { leastReason, ReasonField, lastReason, rememberReason } from "../email/ReasonField";
import { endOf, ends, expiryWords, guessKind, kindWords, ownAmong, problemWords, valuesOf, walls, type Action, type Entry } from "./entries";
import type { EntryStart } from "./EntryDialogProvider";
import styles from "./Policy.module.css";
import { useAddEntries, useCheck, useRun, useStartWhatIf, type Draft } from "./queries";
import { Moves, StateWord } from "./RunCard";
import { over, summary } from "./runs";

/** Puts something on the allow and block list: says what it would mean while it is typed, and what it would have done. */
export function EntryDialog({ start, onClose }: { start: EntryStart; onClose: () => void }) {
  const mayAllow = useMay("policy.edit"), mayTry = useMay("whatif.run");
  const { organisation } = useOperator();
  const { now } = useClock();
  const [action, setAction] = useState<Action>(start.action);
  const [text, setText] = useState(start.values.join("\n"));
  const [chosen, setChosen] = useState<EntryKind | undefined>(start.kind);
  const [unproven, setUnproven] = useState(false);
  const [days, setDays] = useState<number>(start.action === "Allow" ? 90 : 0);
  const [reason, setReason] = useState(start.reason ?? lastReason());
  const [run, setRun] = useState("");
  const values = valuesOf(text);
  const kind = chosen ?? (values[0] ? guessKind(values[0]) : undefined) ?? "domain";
  const open = unproven && action === "Allow" && (kind === "sender" || kind === "domain");
  const asked = useLater({ kind, values, action, unproven: open });
  const check = useCheck(asked);
  const settled = JSON.stringify(asked) === JSON.stringify({ kind, values, action, unproven: open }) && !check.isPlaceholderData;
  const checks = values.length === 0 ? [] : (check.data ?? []);
  const bad = checks.filter((c) => c.problem !== "").length, twice = checks.filter((c) => c.problem === "" && c.same && !c.same.expired).length;
  const own = ownAmong(kind, checks.length > 0 ? checks.map((c) => c.value) : values, organisation.domains);
  const add = useAddEntries();
  const tried = useStartWhatIf();
  const usable = values.length > 0 && bad === 0 && settled && check.data !== undefined;
  const ready = usable && twice === 0 && reason.trim().length >= leastReason && !add.isPending;
  const draft = (): Draft => {
    const expires = endOf(days, now);
    return { kind, values, action, reason: reason.trim() || "tried before it was added", ...(open ? { unproven: true } : {}), ...(expires ? { expires } : {}) };
  };
  const go = () => {
    if (!ready) return;
    rememberReason(reason.trim());
    add.mutate(draft());
  };
  const anew = () => setRun("");
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={styles.dialog}>
        <DialogBody>
          <DialogTitle>{add.isSuccess ? (add.data.length === 1 ? "It is on the list" : `${number(add.data.length)} entries are on the list`) : action === "Block" ? "Add to the block list" : "Add to the allow list"}</DialogTitle>
          <DialogContent className={styles.form}>
            {add.isSuccess ? <Added entries={add.data} onClose={onClose} /> : (
              <>
                <div><Segments label="Action" options={[["Block", "Block"], ["Allow", "Allow"]] as const} value={action} onChange={(a) => (a === "Block" || mayAllow ? (setAction(a), anew(), setDays(a === "Allow" && days === 0 ? 90 : days)) : undefined)} /></div>
                {!mayAllow && <p className={styles.dim}>Letting mail in needs the permission policy.edit, which the role Security Administrator has. You may block.</p>}
                <div className={styles.pair} style={{ gridTemplateColumns: "minmax(0, 1fr) 180px" }}>
                  <Field label="What" required hint="One on each line. Defanged ones are understood.">
                    <Textarea value={text} rows={Math.min(6, Math.max(2, text.split("\n").length))} resize="vertical" spellCheck={false} autoFocus={start.values.length === 0} placeholder={kindWords[kind].example} onChange={(_, d) => (setText(d.value), anew())} textarea={{ className: "mono" }} />
                  </Field>
                  <Field label="Kind"><Select value={kind} onChange={(_, d) => (setChosen(d.value as EntryKind), anew())}>{entryKinds.map((k) => <option key={k} value={k}>{kindWords[k].name}</option>)}</Select></Field>
                </div>
                <Checked checks={checks} />
                <div className={styles.note}>
                  <Info16Regular aria-hidden />
                  <div><ul><li>{kindWords[kind].means}</li>{action === "Allow" && walls(kind, open).map((w) => <li key={w}>{w}</li>)}</ul></div>
                </div>
                {action === "Allow" && (kind === "sender" || kind === "domain") && <Checkbox checked={unproven} label="Also when nothing proves the sender (for partners who cannot sign their mail)" onChange={(_, d) => (setUnproven(d.checked === true), anew())} />}
                {action === "Block" && own.length > 0 && <p className={styles.caution} role="alert"><Warning16Regular aria-hidden /><span><Untrusted text={own.slice(0, 3).join(", ")} /> is your own: mail of your own people would go to quarantine.</span></p>}
                <div className={styles.pair} style={{ gridTemplateColumns: "180px minmax(0, 1fr)" }}>
                  <Field label="Ends" hint={days === 0 && action === "Allow" ? "A door without an end is forgotten." : undefined}>
                    <Select value={String(days)} onChange={(_, d) => setDays(Number(d.value))}>{ends.map((n) => <option key={n} value={n}>{n === 0 ? "Never" : n === 365 ? "In a year" : `In ${n} days`}</option>)}</Select>
                  </Field>
                  <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus={start.values.length > 0} />
                </div>
                {run !== "" && <Tried id={run} />}
                {tried.error ? <ProblemNote error={tried.error} /> : null}
                {add.error ? (add.error instanceof Problem && add.error.status === 409 ? <p className={styles.caution} role="alert"><Warning16Regular aria-hidden /><span>{add.error.detail}</span></p> : <ProblemNote error={add.error} />) : null}
              </>
            )}
          </DialogContent>
          {!add.isSuccess && mayTry && run === "" && (
            <DialogActions position="start">
              <Button appearance="subtle" icon={<Beaker16Regular />} disabledFocusable={!usable || tried.isPending} onClick={() => usable && tried.mutate({ entries: [draft()], reason: "before an entry is added" }, { onSuccess: (r) => setRun(r.id) })}>What would it have done?</Button>
            </DialogActions>
          )}
          <DialogActions position="end">
            {add.isSuccess ? <Button appearance="primary" ref={focusOnce} onClick={onClose}>Close</Button> : (
              <>
                <Button onClick={onClose}>Cancel</Button>
                <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{add.isPending ? "Adding" : values.length > 1 ? `${action} ${number(values.length)}` : action}</Button>
              </>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

const focusOnce = (button: HTMLButtonElement | null) => button?.focus();

/** A value a moment after it last changed. */
function useLater<T>(value: T): T {
  const [later, setLater] = useState(value);
  const key = JSON.stringify(value);
  useEffect(() => {
    const wait = setTimeout(() => setLater(JSON.parse(key) as T), 250);
    return () => clearTimeout(wait);
  }, [key]);
  return later;
}

/** What the server says to each value. */
function Checked({ checks }: { checks: readonly { given: string; value: string; effect: string; problem: string; same?: Entry | undefined }[] }) {
  const evidence = useEvidence();
  const { now } = useClock();
  if (checks.length === 0) return null;
  return (
    <ul className={styles.checked} aria-label="What it would mean" aria-live="polite">
      {checks.map((c) => {
        const live = c.same && !c.same.expired ? c.same : undefined;
        const Icon = c.problem ? DismissCircle16Regular : live ? Warning16Regular : CheckmarkCircle16Regular;
        return (
          <li key={c.given} className={c.problem ? styles.bad : live ? styles.twice : undefined}>
            <Icon aria-hidden />
            <div>
              {c.problem ? <><b className="mono"><Untrusted text={evidence(c.given)} /></b>: {problemWords(c.problem)}</> : <Untrusted text={evidence(c.effect)} />}
              {live && <p>There is {live.action === "Allow" ? "an allow" : "a block"} entry for it already: <Untrusted text={live.reason} /> (ends {expiryWords(live, now)}). <Link to="/policy" search={writePolicy({ ...readPolicy({}), tab: "list", entry: live.id })} target="_blank">Open it</Link></p>}
              {c.same?.expired && <p>The one that was there {expiryWords(c.same, now)}; this one takes its place.</p>}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** What the entry would have done to the mail of the last 30 days. */
function Tried({ id }: { id: string }) {
  const { data: r, error } = useRun("whatif", id);
  if (error) return <ProblemNote error={error} />;
  if (!r) return null;
  return (
    <section className={styles.form} style={{ gap: 6 }} aria-label="What would it have done?">
      <div className={styles.title}><b>On the mail of the last 30 days</b><StateWord run={r} /></div>
      {!over(r) && <ProgressBar value={r.progress} max={1} aria-label="Messages looked at" />}
      {over(r) && <p>{r.error || summary(r)}</p>}
      <Moves run={r} />
      {r.counts.contradicts > 0 && <p className={styles.caution}><Warning16Regular aria-hidden /><span>{number(r.counts.contradicts)} go against what somebody decided by hand.</span></p>}
      {r.counts.results > 0 && <p><Link to="/policy" search={writePolicy({ ...readPolicy({}), tab: "judging", runs: "whatif", run: r.id })} target="_blank">See them message by message</Link> <span className={styles.dim}>in a new tab</span></p>}
    </section>
  );
}

function Added({ entries, onClose }: { entries: readonly Entry[]; onClose: () => void }) {
  const evidence = useEvidence();
  return (
    <>
      <ul className={styles.checked}>{entries.slice(0, 20).map((e) => <li key={e.id}><CheckmarkCircle16Regular aria-hidden /><div><Untrusted text={evidence(e.effect)} /></div></li>)}</ul>
      <p className={styles.dim}>It counts for the next message. Mail that was delivered in the last days is judged again in about half a minute; what comes of it stands under <Link to="/policy" search={writePolicy({ ...readPolicy({}), tab: "judging" })} onClick={onClose}>Judging again</Link>. The entry stands on <Link to="/policy" search={writePolicy({ ...readPolicy({}), tab: "list" })} onClick={onClose}>the list</Link>.</p>
    </>
  );
}
