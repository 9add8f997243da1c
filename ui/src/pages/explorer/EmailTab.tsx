import { Button } from "@fluentui/react-components";
import { useEffect, useMemo, useState } from "react";
import { everything } from "../../address/explorer";
import { useCoverage, useExplorer, useTimeRange } from "../../address/useAddress";
import type { EmailRow } from "../../api/client";
import { CoverageNote } from "../../components/CoverageNote";
import { EmptyState } from "../../components/EmptyState";
import { chosen } from "../../components/grid/columns";
import { MailGrid } from "../../components/grid/MailGrid";
import { nothing, type Selection } from "../../components/grid/selection";
import { ProblemNote } from "../../components/Problem";
import { useFilter } from "../../filter/useFilter";
import { useOperator, usePreferences } from "../../session/queries";
import { useClock, useZone } from "../../time/Clock";
import { full, number, year } from "../../time/zone";
import styles from "./Explorer.module.css";
import { useScope } from "./queries";
import { SelectionBar } from "./SelectionBar";
import type { Mail } from "./useMail";

export function EmailTab({ mail, openKey, onOpen }: { mail: Mail; openKey: string | undefined; onOpen: (r: EmailRow) => void }) {
  const [state, change] = useExplorer();
  const [preferences] = usePreferences();
  const { organisation } = useOperator();
  const { data: coverage } = useCoverage();
  const scope = useScope();
  const zone = useZone();
  const { now } = useClock();
  const [selection, setSelection] = useState<Selection>(nothing);
  // Another question, another selection; one of everything that matched is frozen and says so itself.
  useEffect(() => setSelection(nothing), [scope.view, scope.q, scope.from, scope.to]);
  const columns = useMemo(() => chosen(preferences.explorer_columns), [preferences.explorer_columns]);
  const look = useMemo(() => ({ zone, own: new Set(organisation.domains), thisYear: year(now, zone) }), [zone, organisation.domains, now]);
  if (mail.error) return <ProblemNote error={mail.error} onRetry={mail.retry} />;
  return (
    <>
      {(selection.rows.size > 0 || selection.all) && <SelectionBar selection={selection} total={mail.total} onSelect={setSelection} scope={scope} />}
      <MailGrid
        label="Email events"
        rows={mail.rows}
        total={mail.total}
        more={mail.more}
        loading={mail.loading}
        onMore={mail.onMore}
        columns={columns}
        sort={state.sort}
        desc={state.desc}
        onSort={(sort, desc) => change({ sort, desc }, { replace: true })}
        selection={selection}
        onSelect={setSelection}
        open={openKey}
        onOpen={onOpen}
        rowHeight={preferences.density === "compact" ? 28 : 34}
        look={look}
        empty={<NothingFound />}
        foot={(first, last) => (
          <>
            {mail.rows.length > 0 && mail.total >= 0 && (
              <span className="num">{number(first)}–{number(last)} of <b>{number(Math.max(mail.total, last))}</b>{mail.more && " · scroll for older"}</span>
            )}
            <CoverageNote coverage={coverage} tookMs={mail.tookMs} />
            <span className={styles.keys} aria-hidden>
              <span><kbd>j</kbd> <kbd>k</kbd> move</span>
              <span><kbd>x</kbd> select</span>
              <span><kbd>o</kbd> open</span>
              <span><kbd>m</kbd> menu</span>
            </span>
          </>
        )}
      />
    </>
  );
}

/** Mail is there, only not here: says where it is and offers the way to it. */
function NothingFound() {
  const [state, change] = useExplorer();
  const { setKql } = useFilter();
  const { range, setRange } = useTimeRange();
  const { data: coverage } = useCoverage();
  const zone = useZone();
  const filtered = state.q !== everything || state.view !== "all";
  const all = "last" in range && range.last === "all";
  return (
    <EmptyState
      small
      title={filtered ? "No email event matches" : "No mail in this time"}
      why={
        coverage?.oldest && coverage.newest ? (
          <>Tocsin keeps mail from <span className="num">{full(new Date(coverage.oldest), zone)}</span> to <span className="num">{full(new Date(coverage.newest), zone)}</span>{coverage.pending_jobs > 0 && `; ${number(coverage.pending_jobs)} messages are not judged yet`}.</>
        ) : "Nothing was found."
      }
    >
      {!all && <Button appearance={filtered ? "secondary" : "primary"} onClick={() => setRange({ last: "all" })}>Look in all mail</Button>}
      {state.q !== everything && <Button onClick={() => setKql(everything)}>Clear the filter</Button>}
      {state.view !== "all" && <Button onClick={() => change({ view: "all" })}>Look in all views</Button>}
    </EmptyState>
  );
}
