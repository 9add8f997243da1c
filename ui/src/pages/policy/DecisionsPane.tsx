import { Button, Checkbox, Select, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState } from "react";
import { usePolicyAddress } from "../../address/usePolicyAddress";
import { Problem, type Schemas } from "../../api/client";
import { Beaker16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { useMay } from "../../session/queries";
import { useClock } from "../../time/Clock";
import { applied, cautions, choicesOf, differences, fieldName, mostPoints, setOf, threatFields, treatmentWords, valueName, valueOf, withValue, type Field, type Settings, type Treatment } from "./decide";
import { HistoryCard, InForceCard } from "./HistoryCard";
import styles from "./Policy.module.css";
import { usePolicy, useStartWhatIf } from "./queries";
import { ReadOnly } from "./ReadOnly";
import { RunCard } from "./RunCard";
import { SavePolicyDialog } from "./SavePolicyDialog";

type InForce = Schemas["PolicyInForce"];

/** What is done per threat, how to change it, and what a change would have done. */
export function DecisionsPane() {
  const policy = usePolicy();
  if (policy.error) return <ProblemNote error={policy.error} onRetry={() => void policy.refetch()} />;
  if (!policy.data) {
    return <Skeleton className={styles.wait} aria-label="Reading the policy">{[96, 360, 160].map((h) => <SkeletonItem key={h} style={{ height: h }} />)}</Skeleton>;
  }
  return <Decisions now={policy.data} />;
}

function Decisions({ now }: { now: InForce }) {
  const [state, change] = usePolicyAddress();
  const may = useMay("policy.edit");
  const [saving, setSaving] = useState<{ reason: string }>();
  const draft = applied(now.policy, state.set);
  const changes = differences(now.policy, draft);
  const put = (next: Settings | undefined) => next && change({ set: setOf(now.policy, next) }, { replace: true });
  const edit = may ? (f: Field, v: string) => put(withValue(draft, f, v)) : undefined;
  const warnings = cautions(draft, now.policy);
  return (
    <>
      {!may && <ReadOnly what="the policy" need="policy.edit" />}
      <div className={styles.columns}>
        <div className={styles.column}>
          {changes.length === 0 && <Cautions all={warnings} />}
          <ModeCard before={now.policy} draft={draft} edit={edit} />
          <TreatmentCard before={now.policy} draft={draft} edit={edit} />
          <StricterCard before={now.policy} draft={draft} edit={edit} />
        </div>
        <div className={styles.column}>
          <InForceCard now={now} />
          <HistoryCard
            now={now}
            onRestore={may ? (p, reason) => {
              put(p);
              setSaving({ reason });
            } : undefined}
          />
        </div>
      </div>
      {state.run !== "" && <RunCard kind="whatif" id={state.run} title="What would it have done?" onClose={() => change({ run: "" }, { replace: true })} tall />}
      {changes.length > 0 && (
        <div className={styles.bar} role="region" aria-label="Changes that are not saved">
          <p>
            <b className="num">{changes.length === 1 ? "1 change" : `${changes.length} changes`}</b>, not saved: {changes.map((c) => `${fieldName(c.field)}: ${valueName(c.field, c.after)}`).join("; ")}
          </p>
          <Try draft={draft} onStarted={(run) => change({ run }, { replace: true })} />
          <Button onClick={() => change({ set: {}, run: "" }, { replace: true })}>Discard</Button>
          {may && <Button appearance="primary" onClick={() => setSaving({ reason: "" })}>Save…</Button>}
          <Cautions all={warnings} />
        </div>
      )}
      {saving && changes.length > 0 && (
        <SavePolicyDialog now={now} draft={draft} reason={saving.reason} onClose={() => setSaving(undefined)} onSaved={() => {
          setSaving(undefined);
          change({ set: {}, run: "" }, { replace: true });
        }} />
      )}
    </>
  );
}

function Cautions({ all }: { all: readonly string[] }) {
  if (all.length === 0) return null;
  return <div className={`${styles.caution} ${styles.whole}`}><Warning16Regular aria-hidden /><div><ul>{all.map((w) => <li key={w}>{w}</li>)}</ul></div></div>;
}

/** Tries the changed policy on mail of the last days. */
function Try({ draft, onStarted }: { draft: Settings; onStarted: (run: string) => void }) {
  const [days, setDays] = useState<"7" | "30">("30");
  const may = useMay("whatif.run");
  const { now } = useClock();
  const start = useStartWhatIf();
  const since = new Date(now.getTime() - Number(days) * 86_400_000 + 60_000).toISOString();
  return (
    <>
      {start.error instanceof Problem && <span role="alert" className={styles.over}>{start.error.detail || start.error.title}</span>}
      <Segments label="On the mail of the last" options={[["7", "7 days"], ["30", "30 days"]]} value={days} onChange={setDays} />
      <Button
        icon={<Beaker16Regular />}
        disabledFocusable={!may || start.isPending}
        title={may ? "Judges stored mail with these changes. Nothing is changed by it." : "Needs the permission whatif.run, which your roles do not give"}
        onClick={() => may && start.mutate({ policy: draft, since, reason: "before a change of the policy" }, { onSuccess: (r) => onStarted(r.id) })}
      >
        What would it have done?
      </Button>
    </>
  );
}

interface Part { before: Settings; draft: Settings; edit: ((f: Field, v: string) => void) | undefined }

const modes = [
  { mode: "watch", name: "Watch", means: "Mail is judged, and it is written down what would be done. Everything is delivered." },
  { mode: "act", name: "Act", means: "What the table says is done, from the next message on. People may miss mail that was judged wrongly." },
] as const;

function ModeCard({ before, draft, edit }: Part) {
  return (
    <section className={`card ${styles.block}`} aria-labelledby="policy-mode">
      <div className={styles.title}><h2 id="policy-mode">Does Tocsin act?</h2>{before.mode !== draft.mode && <span className={styles.was}>was: {valueName("mode", before.mode)}</span>}</div>
      <div className={styles.modes} role={edit ? "radiogroup" : undefined} aria-labelledby={edit ? "policy-mode" : undefined}>
        {modes.filter((m) => edit || m.mode === draft.mode).map((m) => (edit ? (
          <label key={m.mode} className={styles.mode}>
            <input type="radio" name="mode" checked={draft.mode === m.mode} onChange={() => edit("mode", m.mode)} />
            <div><b>{m.name}</b><span>{m.means}</span></div>
          </label>
        ) : <div key={m.mode} className={`${styles.mode} ${styles.fixed}`}><div><b>{m.name}</b><span>{m.means}</span></div></div>))}
      </div>
    </section>
  );
}

function TreatmentCard({ before, draft, edit }: Part) {
  return (
    <section className={`card ${styles.block}`} aria-labelledby="policy-what">
      <div className={styles.title}><h2 id="policy-what">What is done with which mail</h2>{draft.mode === "watch" && <span>would be done: it only watches</span>}</div>
      <table className={styles.table}>
        <thead><tr><th scope="col" className={styles.threat}>When mail is judged</th><th scope="col" className={styles.choice}>Tocsin does</th><th scope="col">Which means</th></tr></thead>
        <tbody>
          {threatFields.map((t) => {
            const name = fieldName(t.field), v = draft[t.field] as Treatment, changed = before[t.field] !== v;
            return (
              <tr key={t.field} data-changed={changed}>
                <th scope="row" className={styles.threat}><b>{t.name}</b>{t.sure && `, ${t.sure.toLowerCase()}`}<small>{t.what}</small></th>
                <td className={styles.choice}>
                  {edit ? (
                    <Select aria-label={name} value={v} onChange={(_, d) => edit(t.field, d.value)}>
                      {choicesOf(t.field).map((c) => <option key={c} value={c}>{treatmentWords[c].name}</option>)}
                    </Select>
                  ) : <span><b>{treatmentWords[v].name}</b></span>}
                  {changed && <div className={styles.was}>was: {valueName(t.field, before[t.field])}</div>}
                </td>
                <td className={styles.means}><p>{treatmentWords[v].means}</p></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function StricterCard({ before, draft, edit }: Part) {
  const was = (f: Field) => valueOf(before, f) !== valueOf(draft, f) && <div className={styles.was}>was: {valueName(f, valueOf(before, f))}</div>;
  const p = draft.priority;
  return (
    <section className={`card ${styles.block}`} aria-labelledby="policy-fine">
      <div className={styles.title}><h2 id="policy-fine">Bulk mail and priority accounts</h2></div>
      <table className={styles.table}>
        <thead className="unseen"><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">Which means</th></tr></thead>
        <tbody>
          <tr data-changed={before.bulk_from !== draft.bulk_from}>
            <th scope="row" className={styles.threat}><b>Bulk level</b><small>How much like a mass mailer, 1 to 9.</small></th>
            <td className={styles.choice}>
              {edit ? (
                <Select aria-label="Bulk level" value={String(draft.bulk_from)} onChange={(_, d) => edit("bulk_from", d.value)}>
                  <option value="0">Never bulk</option>
                  {[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => <option key={n} value={n}>{`From level ${n}`}</option>)}
                </Select>
              ) : <span><b>{valueName("bulk_from", String(draft.bulk_from))}</b></span>}
              {was("bulk_from")}
            </td>
            <td className={styles.means}><p>{draft.bulk_from === 0 ? "No mail is treated as bulk." : draft.bulk_from <= 4 ? "Also newsletters that people asked for. Lower levels catch more." : draft.bulk_from <= 7 ? "Mass mail with some complaints. Lower levels catch more." : "Only the worst mass mailers. Lower levels catch more."}</p></td>
          </tr>
          <tr data-changed={before.priority.points !== p.points}>
            <th scope="row" className={styles.threat}><b>Priority accounts: points</b><small>Malware and phish only.</small></th>
            <td className={styles.choice}>
              {edit ? (
                <Select aria-label="Priority accounts: points" value={String(p.points)} onChange={(_, d) => edit("priority.points", d.value)}>
                  {Array.from({ length: mostPoints + 1 }, (_, n) => <option key={n} value={n}>{n === 0 ? "As for everybody" : `${n} point${n === 1 ? "" : "s"} fewer`}</option>)}
                </Select>
              ) : <span><b>{valueName("priority.points", String(p.points))}</b></span>}
              {was("priority.points")}
            </td>
            <td className={styles.means}><p>{p.points === 0 ? "A threat is named from the same score as for everybody." : `A threat is named from a score that is ${p.points} lower. More is caught, and more of it wrongly.`}</p></td>
          </tr>
          <tr data-changed={before.priority.step !== p.step}>
            <th scope="row" className={styles.threat}><b>Priority accounts: one step stricter</b><small>Malware and phish only.</small></th>
            <td className={styles.choice}>
              {edit ? <Checkbox checked={p.step} label={p.step ? "On" : "Off"} aria-label="Priority accounts: one step stricter" onChange={(_, d) => edit("priority.step", String(d.checked === true))} /> : <span><b>{p.step ? "On" : "Off"}</b></span>}
              {was("priority.step")}
            </td>
            <td className={styles.means}><p>{p.step ? "What would be delivered goes to junk, and what would go to junk goes to quarantine." : "The same is done as for everybody."}</p></td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}
