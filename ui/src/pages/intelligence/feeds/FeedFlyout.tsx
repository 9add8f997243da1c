import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useState } from "react";
import { DetailFlyout } from "../../../components/DetailFlyout";
import type { Steps } from "../../../components/Flyout";
import { ArrowDownload16Regular, ArrowSync16Regular, Delete16Regular, Edit16Regular, Warning16Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { Untrusted } from "../../../components/Untrusted";
import { useMay } from "../../../session/queries";
import { useEvidence } from "../../../text/useEvidence";
import { number } from "../../../time/zone";
import { Time } from "../../account/Time";
import styles from "./Feeds.module.css";
import { Standing } from "./FeedsPage";
import { settingsOf, useChange, useFeed, useRemove, useRun, type Feed, type Run } from "./queries";
import { everyWords, kindName, runWords } from "./words";

interface Props extends Steps { id: string; onChange: () => void }

/** One feed: whether it delivers, what it brought, what it is set to, and its last runs. */
export function FeedFlyout({ id, onChange, ...flyout }: Props) {
  const feed = useFeed(id);
  return (
    <DetailFlyout what="feed" detail={{ ...feed, data: feed.data?.id === id ? feed.data : undefined }} label={(d) => `Feed: ${d.name}`} {...flyout}>
      {(d) => (
        <div className={styles.fly}>
          <h2><Untrusted text={d.name} /></h2>
          <p className={styles.row}><Standing feed={d} /><span className={styles.faded}>{kindName(d.kind)}</span></p>
          {d.problem !== "" && (
            <p className={styles.caution}><Warning16Regular aria-hidden /><span><b><Untrusted text={d.problem} /></b>{d.silent_since && <> Silent since <Time at={d.silent_since} />.</>}{d.next && <> It is asked again <Time at={d.next} />.</>}</span></p>
          )}
          <Doing feed={d} onChange={onChange} onGone={flyout.onClose} />
          <Facts feed={d} />
          <h3>Last runs</h3>
          {d.runs.length === 0 ? <p className={styles.faded}>It was not read yet.</p> : <ol className={styles.runs}>{d.runs.slice(0, 20).map((r) => <li key={r.at}><OneRun run={r} /></li>)}</ol>}
        </div>
      )}
    </DetailFlyout>
  );
}

function Doing({ feed, onChange, onGone }: { feed: Feed; onChange: () => void; onGone: () => void }) {
  const may = useMay("feeds.edit");
  const run = useRun(), change = useChange();
  const [removing, setRemoving] = useState(false);
  const error = run.error ?? change.error;
  const busy = feed.status === "running" || run.isPending;
  return (
    <>
      <div className={styles.row}>
        {may && <Button size="small" appearance="primary" icon={<ArrowSync16Regular />} disabledFocusable={busy} onClick={() => !busy && run.mutate(feed.id)}>{busy ? "Being read" : "Read it now"}</Button>}
        {may && <Button size="small" icon={<Edit16Regular />} onClick={onChange}>Change</Button>}
        {may && <Button size="small" disabledFocusable={change.isPending} onClick={() => change.mutate({ id: feed.id, version: feed.version, secret: undefined, settings: { ...settingsOf(feed), enabled: !feed.enabled } })}>{feed.enabled ? "Switch off" : "Switch on"}</Button>}
        {feed.objects > 0 && <Button size="small" as="a" href={`/api/v1/feeds/${feed.id}/stix`} download icon={<ArrowDownload16Regular />}>STIX</Button>}
        {may && <Button size="small" icon={<Delete16Regular />} onClick={() => setRemoving(true)}>Remove</Button>}
      </div>
      {error ? <ProblemNote error={error} quiet /> : null}
      {removing && <RemoveDialog feed={feed} onClose={(done) => { setRemoving(false); if (done) onGone(); }} />}
    </>
  );
}

function RemoveDialog({ feed, onClose }: { feed: Feed; onClose: (done: boolean) => void }) {
  const remove = useRemove();
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose(false)}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Remove {feed.name}?</DialogTitle>
          <DialogContent>
            <p>All indicators that it brought are retired: they match nothing any more. Its runs and its {number(feed.objects)} STIX objects are forgotten, and what it reports leaves Noteworthy. What was decided with them stays in the audit log.</p>
            {remove.error ? <ProblemNote error={remove.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={() => onClose(false)}>Keep it</Button>
            <Button appearance="primary" disabledFocusable={remove.isPending} onClick={() => remove.mutate(feed.id, { onSuccess: () => onClose(true) })}>Remove it</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function Facts({ feed: f }: { feed: Feed }) {
  const own = [f.state === "confirmed" ? "confirmed" : "suspicious", `confidence ${f.confidence}`, f.tlp ? `TLP:${f.tlp.toUpperCase()}` : "no TLP", f.days > 0 ? `valid ${f.days} days` : "valid until withdrawn"].join(", ");
  return (
    <dl className={styles.facts}>
      <dt>Address</dt><dd className="mono"><Untrusted text={f.url} /></dd>
      {f.collection && <><dt>Collection</dt><dd className="mono">{f.collection}</dd></>}
      <dt>Signs in</dt><dd>{f.auth === "none" || !f.auth ? "without a password" : `${{ basic: "as a user with a password", bearer: "with a token", header: "with a key" }[f.auth]}, which is sealed`}</dd>
      <dt>Schedule</dt><dd>{f.enabled ? everyWords(f.every_minutes) : "Switched off"}{f.next && <>, next <Time at={f.next} /></>}</dd>
      <dt>Last good read</dt><dd>{f.good ? <Time at={f.good} /> : "never"}</dd>
      <dt>Last new entry</dt><dd>{f.delivered ? <Time at={f.delivered} /> : "never"}</dd>
      <dt>Brought</dt><dd className="num">{number(f.items)} indicators, {number(f.objects)} STIX objects</dd>
      <dt>What says nothing of its own</dt><dd>{own}</dd>
      {f.whole && <><dt>Whole</dt><dd>What it does not list any more is retired</dd></>}
      {(f.tags ?? []).length > 0 && <><dt>Tags</dt><dd><Untrusted text={f.tags!.join(", ")} /></dd></>}
      <dt>Source name</dt><dd className="mono">{f.source}</dd>
    </dl>
  );
}

function OneRun({ run: r }: { run: Run }) {
  const evidence = useEvidence();
  return (
    <>
      <p className={styles.row}><Time at={r.at} /><span className={styles.faded}>{(r.took_ms / 1000).toFixed(1)} s{r.by && <>, by <Untrusted text={r.by} /></>}</span></p>
      <p>{r.problem !== "" ? <span className={styles.bad}><Untrusted text={r.problem} /></span> : runWords(r)}{r.problem !== "" && r.added + r.changed + r.withdrawn > 0 && <>; before that {runWords(r)}</>}</p>
      {(r.refused_count > 0 || r.notes.length > 0 || r.ignored > 0) && (
        <details>
          <summary>{[r.refused_count > 0 && `${number(r.refused_count)} refused`, r.ignored > 0 && `${number(r.ignored)} not seen in mail`, r.notes.length > 0 && `${number(r.notes.length)} notes`].filter(Boolean).join(", ")}</summary>
          <Refusals list={r.refused} count={r.refused_count} />
          {r.notes.length > 0 && <ul className={styles.notes}>{r.notes.map((n, i) => <li key={i}><Untrusted text={evidence(n)} /></li>)}</ul>}
        </details>
      )}
    </>
  );
}

/** Entries that are no indicators, each with the reason. */
export function Refusals({ list, count }: { list: readonly { at: number; value: string; why: string }[]; count: number }) {
  const evidence = useEvidence();
  if (list.length === 0) return null;
  return (
    <>
      <ul className={styles.notes}>
        {list.map((x, i) => <li key={i}>{x.at > 0 && <span className="num">{number(x.at)}: </span>}<span className="mono"><Untrusted text={evidence(x.value) || "(no value)"} /></span> <span className={styles.faded}><Untrusted text={evidence(x.why)} /></span></li>)}
      </ul>
      {count > list.length && <p className={styles.faded}>The first {number(list.length)} of {number(count)} are shown.</p>}
    </>
  );
}
