import { useState, type ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { HopMap } from "../../components/HopMap";
import { Segments } from "../../components/Segments";
import { lapse, wayOf } from "../../components/way";
import styles from "./Email.module.css";

/** The way of a message with its trust boundary. */
export function PathCard({ hops, action, children }: { hops: readonly Schemas["Hop"][]; action?: ReactNode; children?: ReactNode }) {
  const way = wayOf(hops);
  const [clocks, setClocks] = useState(false);
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h2>Path</h2>
        <span className="num">
          {hops.length} hop{hops.length === 1 ? "" : "s"}
          {way.took && `, ${lapse(way.took.ms)} ${way.took.trusted ? "from the first clock we trust" : "by the clocks of others"}`}
        </span>
        <span className={styles.push} />
        {action ?? (hops.length > 0 && <Segments label="Show on the path" options={[["delay", "Delay"], ["clock", "Clock"]] as const} value={clocks ? "clock" : "delay"} onChange={(v) => setClocks(v === "clock")} />)}
      </div>
      {hops.length > 0 ? <HopMap way={way} clocks={clocks} explain={children !== undefined} brief={children === undefined} /> : <EmptyState small title="No server wrote itself down" why="The message has no Received field: it was made inside, or somebody took them out." />}
      {children && <div className={styles.under}>{children}</div>}
    </section>
  );
}
