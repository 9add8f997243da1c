import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { emailTabs, writeEmail, type EmailTab } from "../../address/email";
import { useAddress, useExplorer } from "../../address/useAddress";
import { Flyout } from "../../components/Flyout";
import { Open20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { TabBar, type Tab } from "../../components/TabBar";
import { revealed } from "../../text/reveal";
import { number } from "../../time/zone";
import { AnalysisPane } from "./AnalysisPane";
import styles from "./Email.module.css";
import { FilesPane } from "./FilesPane";
import { FlyoutHead } from "./FlyoutHead";
import { HeadersPane } from "./HeadersPane";
import { LaterNote } from "./LaterNote";
import { LinksPane } from "./LinksPane";
import { useEmail, useFiles, useHeaders, useLinks, useTimeline } from "./queries";
import { SummaryPane } from "./SummaryPane";
import { TimelinePane } from "./TimelinePane";

export interface EmailFlyoutProps {
  id: string;
  /** Which recipient's event; "" for the first by address. */
  recipient: string;
  /** Tab that is open, from the address; "" for the one that fits the message. */
  pane: string;
  onPane: (pane: string) => void;
  position?: { at: number; of: number } | undefined;
  onPrev?: (() => void) | undefined;
  onNext?: (() => void) | undefined;
  onClose: () => void;
}

const panes = ["summary", "analysis", "timeline", "headers", "urls", "attachments"] as const;
type Pane = (typeof panes)[number];

/** One message beside the list it came from. It opens on the analysis of a threat, and on the summary of anything else. */
export function EmailFlyout({ id, recipient, pane, onPane, position, onPrev, onNext, onClose }: EmailFlyoutProps) {
  const email = useEmail(id, recipient);
  const openPage = useOpenPage(id, recipient);
  const threat = (email.data?.verdict.threat_types.length ?? 0) > 0 || (email.data?.event.LatestThreatTypes ?? "") !== "";
  const tab: Pane = panes.find((p) => p === pane) ?? (threat ? "analysis" : "summary");
  const [show, setShow] = useState("");
  const [find, setFind] = useState("");
  const timeline = useTimeline(id, recipient);
  const headers = useHeaders(id, recipient, tab === "headers");
  const links = useLinks(id, recipient, tab === "urls");
  const files = useFiles(id, recipient, tab === "attachments");

  const choose = (p: Pane) => {
    setShow("");
    onPane(p);
  };
  const contents = (): ReactNode => {
    if (email.error) return <div className={styles.pad}><ProblemNote error={email.error} onRetry={() => void email.refetch()} /></div>;
    const data = email.data;
    if (!data) return <Skeleton className={styles.pad} aria-label="Reading the message">{[24, 16, 16, 120, 120].map((h, i) => <SkeletonItem key={i} style={{ height: h }} />)}</Skeleton>;
    const tabs: Tab<Pane>[] = [
      { key: "summary", label: "Summary" },
      { key: "analysis", label: "Analysis", count: data.verdict.signals.length },
      { key: "timeline", label: "Timeline", count: timeline.data?.events.length },
      { key: "headers", label: "Headers", count: headers.data?.headers.length },
      { key: "urls", label: "URLs", count: data.event.UrlCount },
      { key: "attachments", label: "Attachments", count: data.event.AttachmentCount },
    ];
    const shown: Record<Pane, () => ReactNode> = {
      summary: () => <SummaryPane email={data} onWhy={() => choose("analysis")} onRecipients={() => openPage("recipients")} />,
      analysis: () => <AnalysisPane email={data} badge onHeaders={() => choose("headers")} />,
      timeline: () => <TimelinePane timeline={timeline} show={show} onShow={setShow} />,
      headers: () => <HeadersPane email={data} headers={headers} show={show} onShow={setShow} find={find} onFind={setFind} />,
      urls: () => <LinksPane links={links} email={data} />,
      attachments: () => <FilesPane files={files} />,
    };
    return (
      <div className={`${styles.sheet} ${email.isPlaceholderData ? styles.stale : ""}`} aria-busy={email.isPlaceholderData}>
        <FlyoutHead email={data} onPreview={() => openPage("preview")} />
        <div className={styles.flytabs}><TabBar id="flyout" label="Parts of the message" tabs={tabs} value={tab} onChange={choose} /></div>
        <div role="tabpanel" id="flyout-panel" aria-labelledby={`flyout-${tab}`} className={`${styles.pane} ${styles.flat}`}><LaterNote email={data} onTimeline={() => choose("timeline")} />{shown[tab]()}</div>
      </div>
    );
  };
  return (
    <Flyout
      label={email.data && !email.isPlaceholderData ? `Message: ${revealed(email.data.event.Subject) || "no subject"}` : "Message"}
      {...(position ? { position: `${number(position.at)} of ${number(position.of)}` } : {})}
      onPrev={onPrev}
      onNext={onNext}
      onClose={onClose}
      action={<Button appearance="subtle" icon={<Open20Regular />} onClick={() => openPage(emailTabs.find((t) => t === tab) ?? "analysis")}>Open page</Button>}
    >
      {contents()}
    </Flyout>
  );
}

/** Opens the page of the message, with the list in its address when the flyout stands beside one. */
function useOpenPage(id: string, recipient: string): (tab: EmailTab) => void {
  const navigate = useNavigate();
  const address = useAddress();
  const [{ view, q, sort, desc, range }] = useExplorer();
  const inExplorer = useRouterState({ select: (s) => s.location.pathname === "/explorer" });
  const list = inExplorer ? { view, q, sort, desc, range } : undefined;
  return (tab) => void navigate({ to: "/email/$id", params: { id }, search: writeEmail({ recipient, tab, show: "", find: "", list }, address) });
}
