import { Button, Tooltip } from "@fluentui/react-components";
import { Fragment, useMemo, useState } from "react";
import { PinOff16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { linesOf } from "../../text/find";
import { useZone } from "../../time/Clock";
import { clock, number } from "../../time/zone";
import styles from "./Hunting.module.css";
import { compare } from "./compare";
import type { Here } from "./ResultGrid";
import { Rows } from "./ResultsCard";
import type { Run } from "./session";
import type { HuntColumn } from "./shapes";

/** Rows of an earlier run beside those of the last one, with what differs. */
export function PinnedCard({ pinned, run, here, onUnpin }: { pinned: Run; run: Run | undefined; here: (column: HuntColumn, value: unknown) => Here; onUnpin: () => void }) {
  const zone = useZone();
  const [sort, setSort] = useState("");
  const settled = run !== undefined && run.id !== pinned.id && run.state !== "running";
  const difference = useMemo(() => (settled ? compare(pinned, run) : undefined), [pinned, run, settled]);
  return (
    <section className={`${styles.pinned} card`} aria-label="Pinned rows">
      <div className={styles.bar}>
        <h2>Pinned</h2>
        <span className={`${styles.facts} num`}>{number(pinned.count)} row{pinned.count === 1 ? "" : "s"} from {clock(pinned.at, zone, true)}</span>
        <span className={styles.push} />
        <Tooltip content="Unpin" relationship="label"><Button size="small" appearance="subtle" icon={<PinOff16Regular />} onClick={onUnpin} /></Tooltip>
      </div>
      {difference && <div className={styles.line} role="status">{difference}</div>}
      <pre className={styles.query} tabIndex={0} aria-label="Query of the pinned rows">{linesOf(pinned.query.trim()).map((l, i) => <Fragment key={i}>{i > 0 && "\n"}<Untrusted text={l} /></Fragment>)}</pre>
      <Rows run={pinned} label="Pinned rows" sort={sort} onSort={setSort} here={here} open={-1} onOpen={() => undefined} keys={false} pane="pinned" />
    </section>
  );
}
