import { Button, Field, Input } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ArrowUndo16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useMay } from "../../session/queries";
import { useEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { both, full } from "../../time/zone";
import styles from "./Campaigns.module.css";
import { useUndo, type Campaign, type Decision } from "./queries";

/** What people decided about the campaign, and the way back. */
export function History({ of: c }: { of: Campaign }) {
  return (
    <section className={`card ${styles.block}`} aria-labelledby="history-title">
      <div className={styles.title}><h2 id="history-title">Decisions</h2><span className={styles.faded}>Newest first</span></div>
      {c.decisions.length === 0 ? <p className={styles.faded}>Nobody split, merged or renamed this campaign: it is as Tocsin found it.</p> : <ul className={styles.history}>{c.decisions.map((d) => <Item key={d.id} decision={d} />)}</ul>}
    </section>
  );
}

function Item({ decision: d }: { decision: Decision }) {
  const zone = useZone();
  const may = useMay("campaign.work");
  const evidence = useEvidence();
  const [asking, setAsking] = useState(false);
  const [note, setNote] = useState("");
  const undo = useUndo();
  const at = new Date(d.at);
  const go = () => note.trim() !== "" && undo.mutate({ id: d.id, note: note.trim() }, { onSuccess: () => setAsking(false) });
  return (
    <li data-undone={d.undone ? "" : undefined}>
      <p><Untrusted text={evidence(d.say)} /></p>
      {d.note && <p className={styles.note}><Untrusted text={d.note} /></p>}
      <p className={styles.faded}>
        <bdi>{d.by}</bdi>, <time dateTime={d.at} title={both(at)}>{full(at, zone)}</time>
        {d.campaign && !d.undone && d.kind === "split" && <> · <Link to="/campaigns/$id" params={{ id: d.campaign }}>The other campaign</Link></>}
      </p>
      {d.undone && <p className={styles.faded}>Undone by <bdi>{d.undone_by}</bdi>, {full(new Date(d.undone), zone)}{d.why && <>: <Untrusted text={d.why} /></>}</p>}
      {may && d.can_undo && !asking && <Button size="small" appearance="subtle" icon={<ArrowUndo16Regular />} onClick={() => setAsking(true)}>Undo…</Button>}
      {asking && (
        <div className={styles.ask}>
          <Field label="Why"><Input value={note} maxLength={2000} autoFocus onChange={(_, x) => setNote(x.value)} onKeyDown={(e) => e.key === "Enter" && go()} /></Field>
          <Button onClick={() => setAsking(false)}>Keep it</Button>
          <Button appearance="primary" disabledFocusable={note.trim() === "" || undo.isPending} onClick={go}>{undo.isPending ? "Undoing" : "Undo"}</Button>
        </div>
      )}
      {undo.error ? <ProblemNote error={undo.error} /> : null}
    </li>
  );
}
