import { Button, Menu, MenuButton, MenuItem, MenuList, MenuPopover, MenuTrigger, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { readNode } from "../../address/campaigns";
import { writeWizard } from "../../address/actions";
import { useAddress } from "../../address/useAddress";
import { Problem } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ArrowDownload20Regular, Briefcase20Regular, ChevronDown16Regular, ChevronRight16Regular, Edit16Regular, Merge16Regular, Search20Regular, ShieldTask20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { StixDialog } from "../../components/StixDialog";
import { Untrusted } from "../../components/Untrusted";
import { VerdictBadge } from "../../components/Verdict";
import { useMay } from "../../session/queries";
import { useEvidence } from "../../text/useEvidence";
import { useZone } from "../../time/Clock";
import { full, number, took } from "../../time/zone";
import { kinds } from "../actions/words";
import { useAddToIncident } from "../incidents/AddProvider";
import styles from "./Campaigns.module.css";
import { MergeDialog, RenameDialog, SplitDialog, type SplitStart } from "./Dialogs";
import { ExplorerLink, explorerSearch } from "./ExplorerLink";
import { nodeWord, stageNames } from "./flow";
import { FlowChart } from "./FlowChart";
import { Lists, People, Reasons, Related } from "./Parts";
import { History } from "./History";
import { useCampaign, type Campaign } from "./queries";
import { Samples } from "./Samples";
import { TimelineCard } from "./TimelineCard";

/** One campaign: how far it came, from whom, with what, who has it, and what people decided about it. */
export function CampaignPage() {
  const { id } = useParams({ from: "/inside/campaigns/$id" });
  const may = useMay("explorer.read");
  const node = readNode(useAddress());
  const found = useCampaign(id, node);
  if (!may) return <EmptyState alone title="You may not see campaigns" why="It needs the permission explorer.read. An administrator can give you a role that has it." />;
  if (found.error && !found.data) {
    return (
      <div className={styles.page}>
        <nav className={styles.crumbs} aria-label="Way back"><Link to="/campaigns">Campaigns</Link></nav>
        {found.error instanceof Problem && found.error.status === 404
          ? <EmptyState small alone title="There is no such campaign" why="Its mail is older than what is kept, or the address was cut short."><Link to="/campaigns">All campaigns</Link></EmptyState>
          : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      </div>
    );
  }
  if (!found.data) return <Skeleton className={styles.page} aria-label="Reading the campaign">{[16, 28, 64, 300].map((h, i) => <SkeletonItem key={i} style={{ height: h }} />)}</Skeleton>;
  return <Page key={found.data.id} campaign={found.data} node={node} />;
}

function Page({ campaign: c, node }: { campaign: Campaign; node: string }) {
  const navigate = useNavigate();
  const evidence = useEvidence();
  const zone = useZone();
  const work = useMay("campaign.work"), exports = useMay("explorer.export");
  const [dialog, setDialog] = useState<"merge" | "rename" | "stix" | SplitStart>();
  const onNode = (n: string) => void navigate({ to: "/campaigns/$id", params: { id: c.id }, search: (n ? { node: n } : {}) as never, replace: true });
  const chosen = c.flow.nodes.find((n) => `${n.stage}:${n.name}` === node);
  const split = (start: SplitStart) => setDialog(start);
  const close = () => setDialog(undefined);
  return (
    <div className={styles.page}>
      <nav className={styles.crumbs} aria-label="Way back"><Link to="/campaigns">Campaigns</Link><ChevronRight16Regular aria-hidden /><span aria-current="page">Campaign</span></nav>
      <div className={styles.headrow}>
        <div className={styles.headtext}>
          <h1><Untrusted text={evidence(c.name)} />{work && <Button size="small" appearance="subtle" icon={<Edit16Regular />} aria-label="Rename" title="Rename" onClick={() => setDialog("rename")} />}</h1>
          <p className={styles.sub}>
            <VerdictBadge types={c.type} confidence="" filled />
            {c.subtype && <span>imitates or carries <b><Untrusted text={c.subtype} /></b></span>}
            <span><Untrusted text={evidence(c.from)} /></span>
            <span className="num">{full(new Date(c.first), zone)} to {full(new Date(c.last), zone)}</span>
          </p>
        </div>
        <div className={styles.buttons}>
          {work && <Button appearance="subtle" icon={<Merge16Regular />} onClick={() => setDialog("merge")}>Merge…</Button>}
          {exports && <Button appearance="subtle" icon={<ArrowDownload20Regular />} onClick={() => setDialog("stix")}>Export as STIX 2.1…</Button>}
          <AddAll of={c} />
          <Button icon={<Search20Regular />} onClick={() => void navigate({ to: "/explorer", search: explorerSearch(c.explorer) })}>Open in Explorer</Button>
          <ActOnAll of={c} />
        </div>
      </div>
      {c.merged && <p className={styles.gap}>The campaign you asked for was merged into this one.</p>}
      {node !== "" && (
        <p className={styles.narrowed} role="status">
          <span>Only mail that passes <b>{chosen ? `${stageNames[chosen.stage]}: ${nodeWord(chosen)}` : node.replace(":", ": ")}</b></span>
          <Button size="small" onClick={() => onNode("")}>Show all</Button>
        </p>
      )}
      <Figures of={c} />
      {c.coverage.missing && <p className={styles.gap}>{c.coverage.missing}</p>}
      <FlowChart of={c} node={node} onNode={onNode} />
      <TimelineCard of={c} />
      <Lists of={c} {...(work && node === "" ? { onSplit: split } : {})} />
      <div className={styles.two}>
        <People of={c} />
        <div className={styles.stack}><Reasons of={c} /><Related of={c} /></div>
      </div>
      <Samples of={c} {...(work ? { onSplit: split } : {})} />
      <History of={c} />
      <p className={`${styles.faded} num`}>{took(c.took_ms)} · {c.id}</p>
      {dialog === "merge" && <MergeDialog of={c} onClose={close} />}
      {dialog === "stix" && <StixDialog of={{ campaign: c.id }} onClose={close} />}
      {dialog === "rename" && <RenameDialog of={c} onClose={close} />}
      {typeof dialog === "object" && <SplitDialog of={c} start={dialog} onClose={close} onDone={(id) => { close(); void navigate({ to: "/campaigns/$id", params: { id } }); }} />}
    </div>
  );
}

const figures = [
  ["messages", "messages", ""], ["recipients", "people", ""], ["targets", "priority accounts", ""], ["inboxed", "to the inbox", "threat"], ["junked", "to junk", "junked"], ["blocked", "blocked", "blocked"],
  ["clicked", "clicked", "threat"], ["reported", "reported", ""], ["removed", "removed", "removed"], ["in_junk", "in Junk now", "junked"], ["still", "in inboxes now", "threat"],
] as const;

/** How far it came. Each number opens the mail behind it. */
function Figures({ of: c }: { of: Campaign }) {
  const total = c.figures["deliveries"]?.value ?? 0;
  return (
    <section className={`card ${styles.figures}`} aria-label="How far it came">
      {figures.map(([key, word, meaning]) => {
        const f = c.figures[key];
        if (!f) return null;
        return (
          <div key={key} className={styles.stat} data-meaning={f.value > 0 ? meaning : ""}>
            <ExplorerLink to={f.explorer} title={`${word} in Explorer, counted in ${f.unit}`}><b className="num">{number(f.value)}</b></ExplorerLink>
            <span>{word}</span>
          </div>
        );
      })}
      <p className={`${styles.sum} num`}>{number(total)} deliver{total === 1 ? "y" : "ies"} in all, whatever the time at the top: inbox, junk and blocked add up to them, and so do blocked, removed, in Junk now and in inboxes now. Each number opens its mail.</p>
    </section>
  );
}

function AddAll({ of: c }: { of: Campaign }) {
  const may = useMay("incident.work");
  const add = useAddToIncident();
  if (!may) return null;
  const { view, q, from, to } = c.explorer;
  const ask = { view: view as "all", q, ...(from && to ? { from, to } : {}) };
  return <Button appearance="subtle" icon={<Briefcase20Regular />} onClick={() => add({ query: ask as never, count: c.figures["deliveries"]?.value ?? 0, name: c.name.slice(0, 200) })}>Add to incident</Button>;
}

/** The wizard of actions over all mail of the campaign; what it is about stands in the address. */
function ActOnAll({ of: c }: { of: Campaign }) {
  const may = useMay("email.remove");
  const navigate = useNavigate();
  const { from, to, q } = c.explorer;
  if (!may || !from || !to) return null;
  const open = (kind: string) => void navigate({ to: ".", search: (old) => ({ ...old, q, ...writeWizard({ step: "choose", kind, scope: { what: "all", view: "all", q, from, to } }) }) });
  return (
    <Menu hasIcons>
      <MenuTrigger disableButtonEnhancement><MenuButton appearance="primary" icon={<ShieldTask20Regular />} menuIcon={<ChevronDown16Regular />}>Take action on all</MenuButton></MenuTrigger>
      <MenuPopover><MenuList>{kinds.map(({ kind, icon: Icon }) => <MenuItem key={kind} icon={<Icon />} onClick={() => open(kind)}>{kind}…</MenuItem>)}</MenuList></MenuPopover>
    </Menu>
  );
}

