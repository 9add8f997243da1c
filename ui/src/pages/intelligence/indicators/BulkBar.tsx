import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../../components/Problem";
import { useMay } from "../../../session/queries";
import { number } from "../../../time/zone";
import styles from "./Indicators.module.css";
import { useChange, useStartHunt } from "./queries";

/** What can be done with the indicators that are picked. */
export function BulkBar({ ids, onDone }: { ids: number[]; onDone: () => void }) {
  const change = useChange();
  const hunt = useStartHunt();
  const judge = useMay("rejudge.run");
  const [asked, setAsked] = useState(false);
  const busy = change.isPending || hunt.isPending;
  const set = (state: "confirmed" | "suspicious" | "retired") => change.mutate({ ids, state }, { onSuccess: onDone });
  return (
    <div className={styles.tools} role="group" aria-label="Picked indicators">
      <b className="num">{number(ids.length)} picked</b>
      <Button size="small" disabled={busy} onClick={() => set("confirmed")}>Confirm</Button>
      <Button size="small" disabled={busy} onClick={() => set("suspicious")}>Mark as suspicious</Button>
      {asked ? <Button size="small" appearance="primary" disabled={busy} onClick={() => set("retired")}>Retire {number(ids.length)}: they match nothing any more</Button> : <Button size="small" disabled={busy} onClick={() => setAsked(true)}>Retire…</Button>}
      <Button size="small" disabled={busy || ids.length > 1000} onClick={() => hunt.mutate({ ids, rejudge: judge }, { onSuccess: onDone })}>Search stored mail</Button>
      <button type="button" className="textbutton" onClick={onDone}>Clear</button>
      {(change.error ?? hunt.error) && <ProblemNote error={change.error ?? hunt.error} />}
    </div>
  );
}
