import { Button, Tooltip } from "@fluentui/react-components";
import { useState } from "react";
import { stages } from "../../address/campaigns";
import { DataHistogram20Regular, Table20Regular } from "../../components/icons";
import { useWidth } from "../../components/grid/useCursor";
import { Untrusted } from "../../components/Untrusted";
import { defangField } from "../../text/defang";
import { number } from "../../time/zone";
import styles from "./Campaigns.module.css";
import { ExplorerLink } from "./ExplorerLink";
import { keyOf, layout, meaningOf, nodeWord, stageNames } from "./flow";
import type { Campaign, FlowNode } from "./queries";

const boxWidth = 14;

/** A host is shown so that nobody follows it by accident. */
function Word({ node: n }: { node: FlowNode }) {
  const word = nodeWord(n), host = (n.stage === "sender" || (n.stage === "payload" && !n.name.startsWith("file ") && n.name !== "no link or file")) && n.name !== "*" && n.name !== "";
  return <Untrusted text={host ? defangField(n.stage === "sender" ? "SenderFromDomain" : "UrlDomain", word) : word} spelling={host} />;
}

/** The way of a campaign's mail: from whom, with what, where it went, who clicked, what is now. Nodes are buttons that narrow the page; the list says the same. */
export function FlowChart({ of: c, node, onNode }: { of: Campaign; node: string; onNode: (node: string) => void }) {
  const [list, setList] = useState(false);
  const [place, width] = useWidth(1000);
  const flow = c.flow;
  const narrow = width < 640;
  return (
    <section className={`card ${styles.block}`} aria-labelledby="flow-title">
      <div className={styles.title}>
        <h2 id="flow-title">From sender to mailbox</h2>
        <span className={styles.faded}>Deliveries: one message to one recipient. Choose a part to see only its mail below and above.</span>
        <i className={styles.push} />
        <Tooltip content={list ? "Show the chart" : "Show as a list"} relationship="label"><Button size="small" appearance="subtle" icon={list ? <DataHistogram20Regular /> : <Table20Regular />} onClick={() => setList(!list)} /></Tooltip>
      </div>
      <div ref={place} className={styles.flowplace}>
        {flow.total === 0 ? <p className={styles.faded}>No mail passes this part.</p> : list || narrow ? <FlowList of={c} node={node} onNode={onNode} /> : <Drawn flow={flow} width={Math.max(600, width)} node={node} onNode={onNode} />}
      </div>
    </section>
  );
}

function Drawn({ flow, width, node, onNode }: { flow: Campaign["flow"]; width: number; node: string; onNode: (node: string) => void }) {
  const room = 150; // of the words beside the last column
  const l = layout(flow, width - room, boxWidth);
  const step = (width - room - boxWidth) / (stages.length - 1);
  return (
    <div className={styles.flow} style={{ height: l.height + 28 }}>
      {stages.map((s, i) => (flow.nodes.some((n) => n.stage === s) ? <span key={s} className={styles.stagename} style={{ left: i * step }}>{stageNames[s]}</span> : null))}
      <svg width={width} height={l.height + 28} aria-hidden="true">
        <g transform="translate(0 28)">
          {l.bands.map((b, i) => {
            const x1 = b.from.x + boxWidth, x2 = b.to.x, m = (x1 + x2) / 2;
            return <path key={i} className={styles.band} data-meaning={meaningOf(b.to.node)} d={`M${x1} ${b.y1} C${m} ${b.y1} ${m} ${b.y2} ${x2} ${b.y2}`} strokeWidth={Math.max(1, b.width)} />;
          })}
          {l.boxes.map((b) => <rect key={keyOf(b.node)} className={styles.box} data-meaning={meaningOf(b.node)} data-chosen={node === keyOf(b.node) || undefined} x={b.x} y={b.y} width={boxWidth} height={b.height} rx={3} />)}
        </g>
      </svg>
      {l.boxes.map((b) => {
        const key = keyOf(b.node), chosen = node === key;
        return (
          <button key={key} type="button" className={styles.node} aria-pressed={chosen} style={{ left: b.x, top: b.y + 28, height: b.height, width: Math.min(step - 16, 220), paddingLeft: boxWidth + 6 }} onClick={() => onNode(chosen ? "" : key)} title={`${stageNames[b.node.stage as keyof typeof stageNames]}: ${nodeWord(b.node)}`}>
            <span className="clip"><Word node={b.node} /></span>
            <b className="num">{number(b.node.value)}</b>
          </button>
        );
      })}
    </div>
  );
}

function FlowList({ of: c, node, onNode }: { of: Campaign; node: string; onNode: (node: string) => void }) {
  return (
    <div className={styles.flowlist}>
      {stages.map((s) => {
        const nodes = c.flow.nodes.filter((n) => n.stage === s).sort((a, b) => b.value - a.value);
        if (nodes.length === 0) return null;
        return (
          <table key={s} className={styles.table}>
            <thead><tr><th scope="col">{stageNames[s]}</th><th scope="col" className={styles.count}>Deliveries</th></tr></thead>
            <tbody>
              {nodes.map((n) => (
                <tr key={keyOf(n)} data-meaning={meaningOf(n)}>
                  <th scope="row"><button type="button" className="textbutton" aria-pressed={node === keyOf(n)} onClick={() => onNode(node === keyOf(n) ? "" : keyOf(n))}><Word node={n} /></button></th>
                  <td className={`num ${styles.count}`}><ExplorerLink to={n.explorer} title={`${nodeWord(n)} in Explorer`}>{number(n.value)}</ExplorerLink></td>
                </tr>
              ))}
            </tbody>
          </table>
        );
      })}
    </div>
  );
}
