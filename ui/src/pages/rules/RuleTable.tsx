import type { RulesState, RuleSort } from "../../address/rules";
import { ArrowDown12Regular, ArrowUp12Regular, CheckmarkCircle16Regular, ErrorCircle16Regular, SubtractCircle16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { number } from "../../time/zone";
import type { RuleLine } from "./queries";
import styles from "./Rules.module.css";
import { Severity } from "./Severity";
import { originMeans, originWords, standing, standingWords } from "./words";

interface Props {
  list: readonly RuleLine[];
  state: RulesState;
  /** Messages of the last 30 days by rule; undefined when they are not known. */
  hits: Readonly<Record<string, number>> | undefined;
  counting: boolean;
  point: number;
  /** A panel is open beside it: columns that matter less are left out. */
  narrow: boolean;
  unsaved: readonly string[];
  onPoint: (i: number) => void;
  onOpen: (id: string) => void;
  onSort: (s: RuleSort) => void;
}

const heads: readonly { key: string; label: string; sort?: RuleSort; wide?: boolean; right?: boolean }[] = [
  { key: "name", label: "Rule", sort: "name" }, { key: "state", label: "State" }, { key: "threat", label: "Speaks for", sort: "threat" }, { key: "weight", label: "Points", sort: "weight", right: true },
  { key: "technology", label: "Technology", wide: true }, { key: "severity", label: "Severity", sort: "severity", wide: true }, { key: "attack", label: "ATT&CK", wide: true }, { key: "origin", label: "Origin", wide: true },
  { key: "hits", label: "Hits, 30 days", sort: "hits", right: true }, { key: "samples", label: "Samples" },
];

export function RuleTable({ list, state: s, hits, counting, point, narrow, unsaved, onPoint, onOpen, onSort }: Props) {
  const columns = heads.filter((h) => !narrow || !h.wide);
  return (
    <div className={styles.scroller} tabIndex={-1}>
      <table className={styles.table} aria-label="Rules" data-narrow={narrow}>
        <thead>
          <tr>
            {columns.map((h) => (
              <th key={h.key} scope="col" data-col={h.key} className={h.right ? styles.right : ""} aria-sort={h.sort && s.sort === h.sort ? (s.desc ? "descending" : "ascending") : undefined}>
                {h.sort ? <button type="button" onClick={() => onSort(h.sort!)}>{h.label}{s.sort === h.sort && (s.desc ? <ArrowDown12Regular aria-hidden /> : <ArrowUp12Regular aria-hidden />)}</button> : h.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.map((r, i) => (
            <tr key={r.id} aria-current={r.id === s.open ? "true" : undefined} onClick={() => onOpen(r.id)}>
              {columns.map((h) => <td key={h.key} data-col={h.key} className={h.right ? styles.right : ""}>{cell(h.key, r, i)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );

  function cell(key: string, r: RuleLine, i: number) {
    switch (key) {
      case "name":
        return (
          <button
            type="button"
            data-rule={r.id}
            data-point={i === point}
            className={styles.name}
            title={r.id}
            onFocus={() => onPoint(i)}
            onClick={(e) => {
              e.stopPropagation();
              onOpen(r.id);
            }}
          >
            <span className={styles.id}>{r.id}{unsaved.includes(r.id) && <em> · unsaved</em>}</span>
            <span className={styles.title}><Untrusted text={r.title || r.error} /></span>
          </button>
        );
      case "state": {
        const st = standing(r);
        return <span className={`${styles.state} ${styles[st]}`}>{st === "on" ? <CheckmarkCircle16Regular aria-hidden /> : st === "off" ? <SubtractCircle16Regular aria-hidden /> : <ErrorCircle16Regular aria-hidden />}{standingWords[st]}</span>;
      }
      case "threat":
        return r.threat === "" ? null : <VerdictBadge types={r.threat} confidence="" />;
      case "weight":
        return r.threat === "" ? null : <span className="num" title={r.weight_was !== null ? `${r.weight_was} as written` : undefined}>{r.weight_was !== null && <s className={styles.quiet}>{r.weight_was}</s>} {r.weight > 0 ? "+" : "−"}{Math.abs(r.weight)}</span>;
      case "technology":
        return <span className="clip">{r.technology}</span>;
      case "severity":
        return <Severity value={r.severity} />;
      case "attack":
        return <span className={`${styles.quiet} num`} title={r.attack.join(", ")}>{r.attack[0]}{r.attack.length > 1 && <> +{r.attack.length - 1}<span className="unseen"> more</span></>}</span>;
      case "origin":
        return <span title={originMeans[r.origin] + (r.under ? `, in place of the ${r.under} rule` : "")}>{originWords[r.origin]}{r.under && <small className={styles.quiet}> over {r.under}</small>}</span>;
      case "hits":
        return hits ? <span className={`num ${hits[r.id] ? "" : styles.quiet}`}>{number(hits[r.id] ?? 0)}</span> : <span className={styles.quiet}>{counting ? "…" : "–"}<span className="unseen">{counting ? "counting" : "not known"}</span></span>;
      case "samples":
        return r.error !== "" ? null : r.failed > 0 ? <span className={`${styles.state} ${styles.wrong}`}><ErrorCircle16Regular aria-hidden />{r.failed} of {r.samples} fail</span> : <span className={styles.quiet}>{r.samples === 0 ? "none" : `${r.samples} pass`}</span>;
    }
    return null;
  }
}
