import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import { writeRange } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import type { Schemas } from "../../api/client";
import { DetailFlyout } from "../../components/DetailFlyout";
import type { Steps } from "../../components/Flyout";
import { CheckmarkCircle16Regular, ErrorCircle16Regular, SubtractCircle16Regular } from "../../components/icons";
import { ThreatName } from "../../components/ThreatName";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { useMay } from "../../session/queries";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import { newRule } from "./drafts";
import { Lines } from "./Lines";
import { Outcomes } from "./Outcomes";
import { useRule, type Rule } from "./queries";
import styles from "./Rules.module.css";
import { Severity } from "./Severity";
import { SwitchDialog, type Doing } from "./SwitchDialog";
import { originMeans, originWords, standing, standingWords } from "./words";

interface Props extends Steps {
  id: string;
  hits: Schemas["RuleHits"] | undefined;
}

/** One rule beside the list: what it says, for what, and how it stands. */
export function RuleFlyout({ id, hits, ...steps }: Props) {
  const rule = useRule(id);
  const [doing, setDoing] = useState<Doing>();
  return (
    <DetailFlyout what="rule" detail={rule} label={() => `Rule ${id}`} {...steps}>
      {(r) => (
        <>
          <Body rule={r} hits={hits} onDo={setDoing} />
          {doing && <SwitchDialog rule={r} doing={doing} onClose={() => setDoing(undefined)} onDone={() => {
            setDoing(undefined);
            if (doing === "remove" && r.origin === "own" && r.under === "") steps.onClose();
          }} />}
        </>
      )}
    </DetailFlyout>
  );
}

function Body({ rule: r, hits, onDo }: { rule: Rule; hits: Schemas["RuleHits"] | undefined; onDo: (d: Doing) => void }) {
  const edit = useMay("rules.edit"), tries = useMay("whatif.run");
  const navigate = useNavigate();
  const { range } = useTimeRange();
  const zone = useZone();
  const st = standing(r);
  const go = (id: string, more = {}) => void navigate({ to: "/rules/$id", params: { id }, search: { ...writeRange(range), ...more } as never });
  return (
    <div className={styles.fly}>
      <h2 className={styles.flytitle}><Untrusted text={r.title || r.id} /></h2>
      <p className={`${styles.quiet} mono ${styles.break}`}>{r.id}</p>
      <div className={styles.flyfacts}>
        <span className={`${styles.state} ${styles[st]}`}>{st === "on" ? <CheckmarkCircle16Regular aria-hidden /> : st === "off" ? <SubtractCircle16Regular aria-hidden /> : <ErrorCircle16Regular aria-hidden />}{standingWords[st]}</span>
        {r.threat !== "" && <VerdictBadge types={r.threat} confidence="" />}
        <Severity value={r.severity} />
      </div>
      <div className={styles.acts}>
        <Button size="small" onClick={() => go(r.id)}>{edit ? "Open in the editor" : "Open the text"}</Button>
        {edit && r.error === "" && <Button size="small" onClick={() => onDo(r.enabled ? "off" : "on")}>{r.enabled ? "Turn off" : "Turn on"}</Button>}
        {edit && r.origin !== "own" && <Button size="small" onClick={() => onDo("weight")}>Change points</Button>}
        {(edit || tries) && <Button size="small" onClick={() => go(newRule, { like: r.id })}>Create rule like this</Button>}
        {edit && r.version > 0 && <Button size="small" onClick={() => onDo("remove")}>{r.origin === "own" && r.under === "" ? "Remove" : "Back to the file's"}</Button>}
      </div>
      {r.error !== "" && <p className={styles.bad}><Untrusted text={r.error} />{r.under && ` The ${r.under} rule judges in its place.`}</p>}
      {r.description && <p className={styles.pre}><Lines text={r.description.trim()} /></p>}
      <dl className={styles.facts2}>
        <dt>Points</dt><dd className="num">{r.weight > 0 ? "+" : "−"}{Math.abs(r.weight)}{r.weight_was !== null && <span className={styles.quiet}> (written: {r.weight_was})</span>}</dd>
        <dt>Technology</dt><dd>{r.technology || "none: speaks against a threat"}</dd>
        <dt>ATT&CK</dt><dd className="num">{r.attack.length === 0 ? "none" : r.attack.map((a, i) => <Fragment key={a}>{i > 0 && ", "}<ThreatName name={a} /></Fragment>)}</dd>
        <dt>Origin</dt><dd>{originWords[r.origin]}<span className={styles.quiet}> · {originMeans[r.origin]}{r.under && `, in place of the ${r.under} rule`}</span></dd>
        {r.author && <><dt>Author</dt><dd><Untrusted text={r.author} /></dd></>}
        {hits?.known && <><dt>Hits, 30 days</dt><dd className="num">{number(hits.hits[r.id] ?? 0)} message{hits.hits[r.id] === 1 ? "" : "s"}</dd></>}
        {r.changed && <><dt>Changed</dt><dd><span className="num" title={both(new Date(r.changed))}>{full(new Date(r.changed), zone)}</span> by <Untrusted text={r.changed_by} />: <Untrusted text={r.change_cause} /></dd></>}
      </dl>
      <h3>Honest mail it may hit</h3>
      {r.false_positives.length > 0 ? <ul className={styles.bullets}>{r.false_positives.map((f) => <li key={f}><Untrusted text={f} /></li>)}</ul> : <p className={styles.quiet}>Nothing is noted.</p>}
      {r.references.length > 0 && <><h3>References</h3><ul className={styles.bullets}>{r.references.map((f) => <li key={f} className={styles.break}><Untrusted text={f} /></li>)}</ul></>}
      <h3>Condition</h3>
      <pre className={styles.code} tabIndex={0}><Lines text={r.when.trim()} /></pre>
      {r.evidence && <><h3>Evidence</h3><pre className={styles.code} tabIndex={0}><Lines text={r.evidence.trim()} /></pre></>}
      <h3>Samples</h3>
      {r.results.length > 0 ? <Outcomes label="Samples" results={r.results} rule={r.id} /> : <p className={styles.quiet}>There are none.</p>}
    </div>
  );
}
