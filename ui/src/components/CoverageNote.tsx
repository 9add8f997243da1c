import type { Coverage } from "../api/client";
import { useZone } from "../time/Clock";
import { full, lag, number, took } from "../time/zone";

/** What the figures are about and where they have gaps: how fast the answer came, how many mailboxes, what is behind. */
export function CoverageNote({ coverage, tookMs }: { coverage: Coverage | undefined; tookMs: number | undefined }) {
  const zone = useZone();
  if (!coverage) return null;
  const bad = coverage.sources.filter((s) => s.state === "failed");
  return (
    <span className="num" title={`As of ${full(new Date(coverage.as_of), zone)}\n${coverage.sources.map((s) => `${s.name}: ${s.state}${s.last_event ? `, last mail ${lag(s.lag_seconds)} ago` : ""}`).join("\n")}`}>
      {tookMs !== undefined && `${took(tookMs)} · `}
      {number(coverage.mailboxes)} mailbox{coverage.mailboxes === 1 ? "" : "es"}
      {coverage.pending_jobs > 0 && ` · ${number(coverage.pending_jobs)} message${coverage.pending_jobs === 1 ? "" : "s"} not judged yet`}
      {bad.map((s) => ` · ${s.name} failed${s.last_event ? ` ${lag(s.lag_seconds)} ago` : ""}`)}
    </span>
  );
}
