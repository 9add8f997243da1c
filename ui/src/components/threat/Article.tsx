import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { Fragment } from "react";
import type { Schemas } from "../../api/client";
import { useCopy } from "../copy";
import { Copy20Regular, Code16Regular } from "../icons";
import { Untrusted } from "../Untrusted";
import { useMay } from "../../session/queries";
import styles from "./Threat.module.css";

type Block = Schemas["ThreatBlock"];

/** Paragraphs, points and queries of an article. All text is text: a feed's article can do nothing here, and no link leaves Tocsin. */
export function Blocks({ blocks, onThreat }: { blocks: readonly Block[]; onThreat: (id: string) => void }) {
  const groups: Block[][] = [];
  for (const b of blocks) {
    const last = groups.at(-1);
    if (b.kind === "item" && last?.[0]?.kind === "item") last.push(b);
    else groups.push([b]);
  }
  return (
    <div className={styles.blocks}>
      {groups.map((g, i) => {
        const b = g[0]!;
        if (b.kind === "kql") return <Query key={i} kql={b.kql} />;
        if (b.kind === "item") return <ul key={i}>{g.map((item, j) => <li key={j}><Spans of={item} onThreat={onThreat} /></li>)}</ul>;
        return <p key={i}><Spans of={b} onThreat={onThreat} /></p>;
      })}
    </div>
  );
}

function Spans({ of, onThreat }: { of: Block; onThreat: (id: string) => void }) {
  return (
    <>
      {of.spans.map((s, i) => (
        <Fragment key={i}>
          {s.threat !== "" ? <button type="button" className={styles.name} onClick={() => onThreat(s.threat)}>{s.text}</button> : s.code ? <code className="mono">{s.text}</code> : <Untrusted text={s.text} />}
        </Fragment>
      ))}
    </>
  );
}

function Query({ kql }: { kql: string }) {
  const copy = useCopy();
  const navigate = useNavigate();
  const hunts = useMay("hunt.run");
  return (
    <div className={styles.query}>
      <pre className="mono" tabIndex={0} role="region" aria-label="Query">{kql}</pre>
      <div className={styles.queryfoot}>
        {hunts && <Button size="small" icon={<Code16Regular />} onClick={() => void navigate({ to: "/hunting", search: { q: kql } as never })}>Open in Hunting</Button>}
        <Button size="small" appearance="subtle" icon={<Copy20Regular />} onClick={() => copy(kql, "Query copied")}>Copy</Button>
      </div>
    </div>
  );
}
