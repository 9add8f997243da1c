import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { writeEmail, type EmailTab } from "../../address/email";
import { useAddress } from "../../address/useAddress";
import { useEmailAddress } from "../../address/useEmailAddress";
import { Problem, type EmailRow, type Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ProblemNote } from "../../components/Problem";
import { TabBar, type Tab } from "../../components/TabBar";
import { useKeys } from "../../shell/keys";
import { AnalysisPane } from "./AnalysisPane";
import { DownloadDialog } from "./DownloadDialog";
import styles from "./Email.module.css";
import { EmailHead } from "./EmailHead";
import { Facts } from "./Facts";
import { FilesPane } from "./FilesPane";
import { HeadersPane } from "./HeadersPane";
import { LaterNote } from "./LaterNote";
import { LinksPane } from "./LinksPane";
import { PathCard } from "./PathCard";
import { PreviewPane } from "./PreviewPane";
import { useEmail, useFiles, useHeaders, useLinks, useSimilar, useTimeline } from "./queries";
import { RecipientsPane } from "./RecipientsPane";
import { SimilarPane } from "./SimilarPane";
import { TimelinePane } from "./TimelinePane";
import { useList } from "./useList";

/** One message with an address of its own, which says everything that is on the screen. */
export function EmailPage() {
  const { id } = useParams({ from: "/inside/email/$id" });
  const [{ recipient }] = useEmailAddress();
  const email = useEmail(id, recipient);
  const navigate = useNavigate();
  if (email.error) {
    return (
      <div className={styles.page}>
        <nav className={styles.crumbs} aria-label="Way back"><Link to="/explorer">Explorer</Link></nav>
        {email.error instanceof Problem && email.error.status === 404 ? (
          <EmptyState small alone title="There is no such message" why="It is older than what this installation keeps, or the address was cut short. Explorer finds what is there.">
            <Button appearance="primary" onClick={() => void navigate({ to: "/explorer" })}>Open Explorer</Button>
          </EmptyState>
        ) : <ProblemNote error={email.error} onRetry={() => void email.refetch()} />}
      </div>
    );
  }
  if (!email.data) {
    return (
      <Skeleton className={styles.page} aria-label="Reading the message">
        {[16, 28, 20, 20, 36].map((h, i) => <SkeletonItem key={i} style={{ height: h, maxWidth: 720 }} />)}
        <div className={styles.body}><SkeletonItem style={{ height: 520 }} /><SkeletonItem style={{ height: 400 }} /></div>
      </Skeleton>
    );
  }
  return <Page id={id} email={email.data} stale={email.isPlaceholderData} />;
}

function Page({ id, email, stale }: { id: string; email: Schemas["Email"]; stale: boolean }) {
  const address = useAddress();
  const navigate = useNavigate();
  const [state, change] = useEmailAddress();
  const [downloading, setDownloading] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const { recipient, tab, show, find, list } = state;
  const place = useList(list, id, recipient);
  const { event: e, verdict, recipients } = email;

  const kept = email.raw_available && !stale;
  const timeline = useTimeline(id, recipient);
  const headers = useHeaders(id, recipient, kept || tab === "headers");
  const links = useLinks(id, recipient, tab === "urls");
  const files = useFiles(id, recipient, tab === "attachments");
  const similar = useSimilar(id, recipient);

  const go = (r: EmailRow | undefined) => r && (() => void navigate({ to: "/email/$id", params: { id: r.NetworkMessageId }, search: writeEmail({ ...state, recipient: r.RecipientEmailAddress, find: "" }, address), replace: true }));
  const prev = go(place.prev), next = go(place.next);
  useKeys({ "[": () => prev?.(), "]": () => next?.() }, list !== undefined);
  const open = (t: EmailTab) => change({ tab: t });
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [id, tab]);

  const tabs: Tab<EmailTab>[] = [
    { key: "analysis", label: "Analysis", count: verdict.signals.length },
    { key: "timeline", label: "Timeline", count: timeline.data?.events.length },
    { key: "headers", label: "Headers", count: headers.data?.headers.length },
    { key: "preview", label: "Preview" },
    { key: "urls", label: "URLs", count: e.UrlCount },
    { key: "attachments", label: "Attachments", count: e.AttachmentCount },
    { key: "recipients", label: "Recipients", count: recipients.length },
    { key: "similar", label: "Similar", count: similar.data?.count },
  ];
  const panes: Record<EmailTab, () => ReactNode> = {
    analysis: () => <AnalysisPane email={email} onHeaders={() => open("headers")} />,
    timeline: () => (
      <>
        {headers.data && headers.data.hops.length > 0 && <PathCard hops={headers.data.hops} action={<button type="button" className="textbutton" onClick={() => open("headers")}>All in Headers</button>} />}
        <TimelinePane timeline={timeline} show={show} onShow={(s) => change({ show: s }, { replace: true })} />
      </>
    ),
    headers: () => <HeadersPane email={email} headers={headers} show={show} onShow={(s) => change({ show: s }, { replace: true })} find={find} onFind={(s) => change({ find: s }, { replace: true })} />,
    preview: () => <PreviewPane key={`${id} ${recipient}`} id={id} recipient={recipient} email={email} show={show} onShow={(s) => change({ show: s }, { replace: true })} />,
    urls: () => <LinksPane links={links} email={email} />,
    attachments: () => <FilesPane files={files} />,
    recipients: () => <RecipientsPane email={email} state={state} />,
    similar: () => <SimilarPane similar={similar} />,
  };
  return (
    <div ref={scroller} className={styles.page} aria-busy={stale}>
      <div className={stale ? styles.stale : undefined}>
        <EmailHead
          email={email}
          shown={{ id, recipient: recipient || (stale ? "" : e.RecipientEmailAddress) }}
          list={list}
          place={place}
          clicks={timeline.data?.events.filter((t) => t.kind === "click").length ?? 0}
          onPrev={prev}
          onNext={next}
          onWhy={() => open("analysis")}
          onDownload={() => setDownloading(true)}
        />
        <LaterNote email={email} onTimeline={() => open("timeline")} />
      </div>
      <div className={styles.tabs}><TabBar id="email" label="Parts of the message" tabs={tabs} value={tab} onChange={open} /></div>
      <div className={`${styles.body} ${stale ? styles.stale : ""}`}>
        <aside className={`${styles.factcard} card`} aria-label="Facts"><Facts email={email} onRecipients={() => open("recipients")} /></aside>
        <div role="tabpanel" id="email-panel" aria-labelledby={`email-${tab}`} className={`${styles.pane} ${styles.cards}`}>{panes[tab]()}</div>
      </div>
      {downloading && <DownloadDialog id={id} recipient={recipient} onClose={() => setDownloading(false)} />}
    </div>
  );
}
