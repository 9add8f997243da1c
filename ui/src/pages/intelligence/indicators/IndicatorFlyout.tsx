import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { DetailFlyout } from "../../../components/DetailFlyout";
import type { Steps } from "../../../components/Flyout";
import { Warning16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { Value } from "../../../components/ValueMenu";
import { useMay } from "../../../session/queries";
import { revealed } from "../../../text/reveal";
import { capital } from "../../../text/words";
import { useZone } from "../../../time/Clock";
import { both, full, number } from "../../../time/zone";
import { InExplorer, Shown, StateWord } from "./Bits";
import styles from "./Indicators.module.css";
import { useChange, useIndicator, useSeen, useStartHunt, type Indicator } from "./queries";
import { fieldOf, kindMeans, kindWords, seenWords } from "./words";
import type { Schemas } from "../../../api/client";

type Detail = Schemas["IndicatorDetail"];

/** One indicator: what it is, whether it was seen here, what can be done, and its history. */
export function IndicatorFlyout({ id, ...steps }: Steps & { id: number }) {
  const one = useIndicator(id);
  return <DetailFlyout what="indicator" detail={one} label={(d) => `Indicator: ${revealed(d.value)}`} {...steps}>{(d) => <Body key={d.id} d={d} />}</DetailFlyout>;
}

function Body({ d }: { d: Detail }) {
  const field = fieldOf(d.kind, d.value);
  return (
    <div className={styles.fly}>
      <h2 className={`${styles.title} mono`}>{field ? <Value field={field} value={d.value}><Shown kind={d.kind} value={d.value} /></Value> : <Shown kind={d.kind} value={d.value} />}</h2>
      <div className={styles.badges}><StateWord of={d} /></div>
      {d.held !== "" && d.state !== "retired" && <p className={styles.caution}><Warning16Regular aria-hidden /><span>It matches nothing until somebody has looked, because it <Untrusted text={d.held} />.</span></p>}
      <Doing d={d} />
      <SeenHere id={d.id} />
      <Facts d={d} />
      {d.others.length > 0 && (
        <>
          <h3>What others say of it</h3>
          <ul className={styles.history}>{d.others.map((o) => <li key={o.id}><StateWord of={o} /><span><Untrusted text={o.source} />{o.threat && <>: <Untrusted text={o.threat} /></>}</span></li>)}</ul>
        </>
      )}
      <History d={d} />
    </div>
  );
}

function Doing({ d }: { d: Detail }) {
  const edit = useMay("intelligence.edit"), judge = useMay("rejudge.run");
  const change = useChange();
  const hunt = useStartHunt();
  const [retiring, setRetiring] = useState(false);
  if (!edit) return null;
  const set = (state: Indicator["state"]) => change.mutate({ ids: [d.id], state });
  const busy = change.isPending || hunt.isPending;
  return (
    <>
      <div className={styles.buttons}>
        {d.held !== "" && d.state !== "retired" && <Button appearance="primary" disabled={busy} onClick={() => change.mutate({ ids: [d.id], release: true })}>Let it match</Button>}
        {d.state !== "confirmed" && <Button appearance={d.held === "" ? "primary" : "secondary"} disabled={busy} onClick={() => set("confirmed")}>Confirm</Button>}
        {d.state === "confirmed" && <Button disabled={busy} onClick={() => set("suspicious")}>Only suspicious</Button>}
        {d.state !== "retired" && (retiring ? <Button disabled={busy} onClick={() => set("retired")}>Yes, it matches nothing any more</Button> : <Button disabled={busy} onClick={() => setRetiring(true)}>Retire…</Button>)}
        <Button disabled={busy} onClick={() => hunt.mutate({ ids: [d.id], rejudge: judge })}>Search stored mail</Button>
      </div>
      {hunt.data && <p>It is being looked for. <Link to="/intelligence/retro-hunts" search={{ hunt: hunt.data.id } as never}>See what is found</Link></p>}
      {(change.error ?? hunt.error) && <ProblemNote error={change.error ?? hunt.error} />}
    </>
  );
}

/** Whether it was in the mail of the last 30 days. */
function SeenHere({ id }: { id: number }) {
  const seen = useSeen(id);
  const zone = useZone();
  const s = seen.data;
  return (
    <section aria-label="Seen here">
      <h3>Seen here</h3>
      {seen.error ? <ProblemNote error={seen.error} onRetry={() => void seen.refetch()} /> : !s ? <Skeleton aria-label="Looking through the mail"><SkeletonItem size={20} /></Skeleton> : s.messages === 0 ? <p className={styles.faded}>{seenWords(s)}.</p> : (
        <>
          <p><b>{seenWords(s)}.</b></p>
          {s.first && s.last && <p className={styles.faded}>First <time dateTime={s.first} title={both(new Date(s.first))}>{full(new Date(s.first), zone)}</time>, last <time dateTime={s.last} title={both(new Date(s.last))}>{full(new Date(s.last), zone)}</time>.</p>}
          <p><InExplorer seen={s}>{`Show ${number(s.events)} email ${s.events === 1 ? "event" : "events"} in Explorer`}</InExplorer></p>
        </>
      )}
    </section>
  );
}

function Facts({ d }: { d: Detail }) {
  const zone = useZone();
  const when = (s: string | null | undefined, none: string) => (s ? <time dateTime={s} title={both(new Date(s))}>{full(new Date(s), zone)}</time> : none);
  return (
    <>
      <h3>What is known</h3>
      <dl className={styles.facts}>
        <dt>Kind</dt><dd>{kindWords[d.kind]}. {kindMeans[d.kind]}</dd>
        {d.threat && <><dt>Threat</dt><dd><Untrusted text={d.threat} /></dd></>}
        <dt>Source</dt><dd><Untrusted text={d.source} />{d.source_ref && <> (<Untrusted text={d.source_ref} />)</>}</dd>
        <dt>Confidence</dt><dd>{d.confidence === 0 ? "Not said" : `${number(d.confidence)} of 100`}</dd>
        {d.tlp && <><dt>TLP</dt><dd>{d.tlp}</dd></>}
        {d.tags.length > 0 && <><dt>Tags</dt><dd><Untrusted text={d.tags.join(", ")} /></dd></>}
        <dt>Valid from</dt><dd>{when(d.valid_from, "always")}</dd>
        <dt>Valid until</dt><dd>{when(d.valid_until, "no end")}</dd>
        {d.description && <><dt>Description</dt><dd><Untrusted text={d.description} /></dd></>}
      </dl>
      {d.pinned && <p className={styles.faded}>A person chose its state. Its source does not change it any more.</p>}
    </>
  );
}

function History({ d }: { d: Detail }) {
  const zone = useZone();
  return (
    <>
      <h3>History</h3>
      <ul className={styles.history}>
        {d.history.map((e, i) => (
          <li key={i}>
            <time className="num" dateTime={e.at} title={both(new Date(e.at))}>{full(new Date(e.at), zone)}</time>
            <span>{capital(e.what)} by <Untrusted text={e.by} />{e.note && <small><Untrusted text={e.note} /></small>}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
