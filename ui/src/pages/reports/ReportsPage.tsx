import { useNavigate, useParams } from "@tanstack/react-router";
import { readReport, writeReport } from "../../address/reports";
import { useAddress } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { ProblemNote } from "../../components/Problem";
import { TabBar } from "../../components/TabBar";
import { useMay } from "../../session/queries";
import { useKinds } from "./queries";
import { ReportPane } from "./ReportPane";
import styles from "./Reports.module.css";
import { SchedulesPane } from "./SchedulesPane";

/** What happened to the mail of a time, one subject a report, and to whom reports are sent. */
export function ReportsPage() {
  const { report } = useParams({ strict: false }) as { report: string };
  const address = useAddress();
  const navigate = useNavigate();
  const kinds = useKinds();
  const may = useMay("report.schedule");
  const tabs = [...(kinds.data?.reports ?? []).map((k) => ({ key: k.name, label: k.title })), ...(may ? [{ key: "schedules", label: "Schedules" }] : [])];
  const kind = kinds.data?.reports.find((k) => k.name === report);
  const go = (to: string) => void navigate({ to: "/reports/$report", params: { report: to }, search: writeReport({ ...readReport(address), split: "" }) });
  return (
    <div className={styles.page}>
      <header className={styles.head}><h1>Reports</h1></header>
      {kinds.error ? <ProblemNote error={kinds.error} onRetry={() => void kinds.refetch()} /> : kinds.data && (
        <>
          <TabBar id="reports" label="Reports" tabs={tabs} value={report} onChange={go} />
          <div role="tabpanel" id="reports-panel" aria-labelledby={`reports-${report}`} className={styles.panel}>
            {report === "schedules" && may ? <SchedulesPane kinds={kinds.data.reports} />
              : kind ? <ReportPane key={kind.name} kind={kind} />
              : <EmptyState title="There is no such report, or you may not read it" why="Choose one above. Reports about submissions need the permission submission.read, schedules need report.schedule." />}
          </div>
        </>
      )}
    </div>
  );
}
