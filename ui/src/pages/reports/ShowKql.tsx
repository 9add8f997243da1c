import { Button, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { longestQuery, readHunting, writeHunting } from "../../address/hunting";
import { useCopy } from "../../components/copy";
import { Code16Regular } from "../../components/icons";
import filter from "../../filter/Filter.module.css";
import { highlight } from "../../filter/highlight";
import { useMay } from "../../session/queries";
import styles from "./Reports.module.css";

/** Hunting with a query, of the same time. */
export function huntingSearch(kql: string, range: { from: string; to: string }) {
  return writeHunting({ ...readHunting({}), q: kql, run: kql.length <= longestQuery ? 1 : 0, range: { from: range.from, to: range.to } });
}

/** How numbers were counted. */
export function ShowKql({ label, asked, range }: { label: string; asked: readonly { label: string; says: string; kql: string }[]; range: { from: string; to: string } }) {
  const copy = useCopy();
  const hunt = useMay("hunt.run");
  return (
    <Popover trapFocus positioning={{ position: "below", align: "end" }}>
      <PopoverTrigger disableButtonEnhancement><Button size="small" appearance="subtle" icon={<Code16Regular />} aria-label={`Show query: ${label}`} title="Show query" /></PopoverTrigger>
      <PopoverSurface className={styles.queries} aria-label={`How it is counted: ${label}`}>
        <ul>
          {asked.map((a) => (
            <li key={a.label}>
              <div className={styles.queryhead}>
                <b>{a.label}</b>
                <span className={styles.push} />
                <button type="button" className="textbutton" onClick={() => copy(a.kql, "Query copied")}>Copy</button>
                {hunt && <Link to="/hunting" search={huntingSearch(a.kql, range)}>Open in Hunting</Link>}
              </div>
              {a.says && <p>{a.says}.</p>}
              <pre className="mono" tabIndex={0} aria-label={`KQL of ${a.label}`}>{highlight(a.kql).map((s, i) => <span key={i} className={filter[s.kind]}>{s.text}</span>)}</pre>
            </li>
          ))}
        </ul>
      </PopoverSurface>
    </Popover>
  );
}
