import { Button } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useCoverage } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { LayoutCellFour20Regular, Mail20Regular, Print20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { RangeNote } from "../../components/RangeNote";
import { useMay, useOperator } from "../../session/queries";
import { FirstMail } from "../explorer/FirstMail";
import { ArrangeBar, useArrange } from "./Arrange";
import { Campaigns, Recent } from "./Recent";
import { Flow, Malware, ReportedMail, WorkSummary } from "./Bars";
import styles from "./Dashboard.module.css";
import { Foot, PaperHead } from "./Foot";
import { Insights } from "./Insights";
import { shown, spans, usualLayout, type WidgetKey } from "./layout";
import { NeedsLine } from "./Needs";
import { Origin } from "./Origin";
import { Targeted } from "./People";
import { PeopleFilter, whomWords, type Whom } from "./PeopleFilter";
import { Protection } from "./Protection";
import { ShowQueryProvider } from "./ShowQuery";
import { Summary } from "./Summary";
import { Trends } from "./Trends";
import { useBoard, useFresh } from "./useBoard";
import { useDashboardAddress } from "./useDashboardAddress";
import { useLayout } from "./useLayout";
import { Weekly } from "./Weekly";
import { SlotContext } from "./WidgetCard";

/** What the decision maker looks at: what needs a person, then the period in figures, each a link to what it counts. */
export function DashboardPage() {
  const may = useMay("explorer.read");
  const coverage = useCoverage();
  if (!may) {
    return (
      <EmptyState alone title="You may not see the dashboard" why="Its figures are about everybody's mail, which needs the permission explorer.read. An administrator can give you a role that has it.">
        <Link to="/account">Open your account</Link>
      </EmptyState>
    );
  }
  if (coverage.data?.oldest === null) {
    return <div className={styles.page}><div className={styles.head}><h1>Dashboard</h1></div><FirstMail why={(org) => <>The dashboard counts the mail{org && ` of ${org}`}: what was stopped, what got through, and what needs a person. Choose how mail gets here; you can add the others later.</>} /></div>;
  }
  return <Page />;
}

function Page() {
  const [state, change] = useDashboardAddress();
  const { layout: kept, filter, keep, problem } = useLayout();
  const layout = kept ?? usualLayout;
  const [asking, setAsking] = useState(false);
  const [arranging, setArranging] = useState(false);
  const navigate = useNavigate();
  const sends = useMay("report.schedule");
  const articles = useOperator().permissions.includes("intelligence.read");
  const list = useMemo(() => (kept ? shown(kept).filter((k) => k !== "trends" || articles) : []), [kept, articles]);
  const { board, stale, error, retry } = useBoard(state, list);
  useFresh(asking || arranging);
  const arrange = useArrange(layout, (l) => keep({ layout: l }));

  // Whom it is about is kept too; an address that says somebody else goes before.
  const usual = filter && whomWords(whomOf(filter)) !== "" && whomWords(state) === "" ? filter : undefined;
  useEffect(() => {
    if (usual) change(whomOf(usual));
  }, [usual, change]);
  const choose = (whom: Whom) => {
    keep({ filter: { ...(whom.department && { department: whom.department }), ...(whom.group && { group: whom.group }), ...(whom.domain && { domain: whom.domain }) } });
    change(whom);
  };

  const widget: Record<WidgetKey, React.ReactNode> = {
    needs: <NeedsLine board={board} />, summary: <Summary board={board} />, protection: <Protection board={board} split={state.split} onSplit={(split) => change({ split })} />,
    weekly: <Weekly board={board} />, insights: <Insights board={board} />, targeted: <Targeted board={board} />, attention: <Recent board={board} />, malware: <Malware board={board} />,
    origin: <Origin board={board} />, campaigns: <Campaigns board={board} />, trends: <Trends board={board} />, flow: <Flow board={board} />, reported: <ReportedMail board={board} />, work: <WorkSummary board={board} />,
  };
  return (
    <ShowQueryProvider board={board} onOpen={setAsking}>
      <div className={styles.page}>
        <header className={styles.head}>
          <h1>Dashboard</h1>
          <PeopleFilter whom={state} onChange={choose} />
          <span className={styles.push} />
          {sends && <Button appearance="subtle" icon={<Mail20Regular />} onClick={() => void navigate({ to: "/reports/$report", params: { report: "schedules" } })}>Send by mail</Button>}
          <Button appearance="subtle" icon={<LayoutCellFour20Regular />} aria-pressed={arranging} onClick={() => setArranging(!arranging)}>{arranging ? "Done" : "Arrange"}</Button>
          <Button appearance="subtle" icon={<Print20Regular />} disabledFocusable={!board} onClick={() => window.print()}>Print or save as PDF</Button>
        </header>
        <PaperHead board={board} whom={whomWords(state)} />
        {arranging && <ArrangeBar layout={layout} onChange={(l) => keep({ layout: l })} said={arrange.said} onDone={() => setArranging(false)} />}
        {problem && <ProblemNote error={problem} />}
        {error !== undefined && board && <ProblemNote error={error} onRetry={retry} />}
        <RangeNote what="The dashboard" />
        {error !== undefined && !board ? <ProblemNote error={error} onRetry={retry} /> : (
          <div className={`${styles.grid} ${stale ? styles.stale : ""}`} aria-busy={stale}>
            {spans(list, layout.wide).map(({ key, span }) => (
              <SlotContext.Provider key={key} value={{ widget: key, span, error, failure: board?.failed.find((f) => f.widget === key)?.text, retry, arrange: arranging ? arrange.of(key) : undefined }}>
                {widget[key]}
              </SlotContext.Provider>
            ))}
            {kept && list.length === 0 && <EmptyState small title="Every widget is hidden" why="Choose Arrange to show some again."><Button onClick={() => setArranging(true)}>Arrange</Button></EmptyState>}
          </div>
        )}
        <Foot board={board} />
      </div>
    </ShowQueryProvider>
  );
}

const whomOf = (f: { department?: string; group?: string; domain?: string }): Whom => ({ department: f.department ?? "", group: f.group ?? "", domain: f.domain ?? "" });
