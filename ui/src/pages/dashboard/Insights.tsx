import { useState } from "react";
import { ChevronDown16Regular, ChevronUp16Regular, Lightbulb20Regular, Warning20Regular } from "../../components/icons";
import { ThreatName } from "../../components/ThreatName";
import { Untrusted } from "../../components/Untrusted";
import styles from "./Dashboard.module.css";
import { explorerWay, FigureLink, pageWay, WayLink, wayOf, type Way } from "./FigureLink";
import type { Board, Deed, Finding } from "./shapes";
import { Nothing, WidgetCard } from "./WidgetCard";
import { plural } from "./words";

const few = 3;

const wayOfDeed = (d: Deed): Way | undefined => (d.page ? pageWay(d.page) : d.explorer ? explorerWay(d.explorer) : undefined);

/** Findings of the data, each with what to do as the button. */
export function Insights({ board }: { board: Board | undefined }) {
  const [all, setAll] = useState(false);
  const insights = board?.insights;
  const findings = insights?.findings ?? [];
  const held = insights?.looked.filter((l) => l.held !== "") ?? [];
  return (
    <WidgetCard
      ready={insights !== undefined}
      height={206}
      caption="what to change, and why"
      asked={findings.map((f) => ({ label: f.title, figure: f.figure }))}
      link={insights && (findings.length > few || held.length > 0) && <button type="button" className={`textbutton ${styles.all}`} aria-expanded={all} onClick={() => setAll(!all)}>{all ? "Fewer" : `All ${plural(findings.length, "insight")}`}</button>}
    >
      {insights && (
        <>
          {findings.length === 0 && <Nothing title="Nothing to change">Looked for {insights.looked.length} kinds of finding in this time and found none.</Nothing>}
          <ul className={styles.findings}>{findings.map((f, i) => <One key={`${f.kind} ${f.title}`} finding={f} extra={i >= few && !all} />)}</ul>
          {all && (
            <p className={styles.looked}>
              Looked for {insights.looked.length} kinds of finding.
              {held.map((l) => <span key={l.kind}> {l.held}</span>)}
            </p>
          )}
        </>
      )}
    </WidgetCard>
  );
}

/** One finding. Those beyond the first few are only for paper until somebody asks for all. */
function One({ finding: f, extra }: { finding: Finding; extra: boolean }) {
  const [open, setOpen] = useState(false);
  const first = f.do[0];
  const grave = f.severity === "High" || f.severity === "Medium";
  const Icon = grave ? Warning20Regular : Lightbulb20Regular;
  const way = first && wayOfDeed(first);
  return (
    <li data-extra={extra || undefined} data-grave={grave || undefined}>
      <Icon aria-label={`${f.severity}:`} role="img" className={styles.grave} />
      <div className={styles.finding}>
        <WayLink way={wayOf(f.figure)} className={styles.findingtitle}>{f.title}</WayLink>
        <p>{f.text}</p>
        {open && (
          <div className={styles.evidence}>
            {f.examples.length > 0 && <ul>{f.examples.map((e) => <li key={e.value}>{f.kind === "new_families" ? <ThreatName name={e.label} /> : <Untrusted text={e.label} spelling />} <FigureLink figure={e.figure} of={`${f.unit}: ${e.label}`} /></li>)}</ul>}
            {f.do.slice(1).map((d) => <p key={d.label}><WayLink way={wayOfDeed(d)}>{d.label}</WayLink>{d.why && ` ${d.why}`}</p>)}
            {first?.why && <p>{first.label}: {first.why}</p>}
          </div>
        )}
      </div>
      {(f.examples.length > 0 || f.do.length > 1) && (
        <button type="button" className={styles.iconbutton} aria-expanded={open} aria-label={`What stands behind it: ${f.title}`} title="What stands behind it" onClick={() => setOpen(!open)}>
          {open ? <ChevronUp16Regular aria-hidden /> : <ChevronDown16Regular aria-hidden />}
        </button>
      )}
      {first && way && <WayLink way={way} className={styles.deed}>{first.label}</WayLink>}
    </li>
  );
}
