import { Button, Menu, MenuDivider, MenuItem, MenuList, MenuPopover, MenuTrigger, Tooltip } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { readExplorer, writeExplorer } from "../../address/explorer";
import type { FromList } from "../../address/email";
import { fixedLink } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import type { Schemas } from "../../api/client";
import { useCopy } from "../../components/copy";
import { ArrowDownload20Regular, CheckmarkCircle20Regular, ChevronDown20Regular, ChevronRight16Regular, ChevronUp20Regular, CursorClick20Regular, Prohibited20Regular, Share20Regular, Star12Filled } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { ActionWord, Badge, VerdictBadge } from "../../components/Verdict";
import { negative, operatorWords, valueWords } from "../../filter/chips";
import { useFields } from "../../filter/useFilter";
import { useMay } from "../../session/queries";
import { useValueEvidence } from "../../text/useEvidence";
import { number } from "../../time/zone";
import { AddButton } from "../incidents/AddButton";
import { InCampaigns } from "../campaigns/InCampaigns";
import { InIncidents } from "../incidents/InIncidents";
import { TakeAction } from "../actions/TakeAction";
import { offers, type Offer } from "../policy/entries";
import { useEntryDialog } from "../policy/EntryDialogProvider";
import { ReportedBadge } from "../submissions/ReportedBadge";
import styles from "./Email.module.css";
import { latestOf, reasonOf } from "./reasons";
import type { Place } from "./useList";

interface Props {
  email: Schemas["Email"];
  /** The message of the address; while it is read, email is still the one before it. */
  shown: { id: string; recipient: string };
  list: FromList | undefined;
  place: Place;
  /** Clicks on its links by this recipient, when they are known. */
  clicks: number;
  onPrev: (() => void) | undefined;
  onNext: (() => void) | undefined;
  onWhy: () => void;
  onDownload: () => void;
}

/** What every tab of a message stands under: the way back, the subject, verdict and place, the reason, and what can be done. */
export function EmailHead({ email, shown, list, place, clicks, onPrev, onNext, onWhy, onDownload }: Props) {
  const { event: e, verdict: v, can } = email;
  const now = latestOf(email), reason = reasonOf(email);
  const copy = useCopy();
  const { range, from, to } = useTimeRange();
  const evidence = useValueEvidence();
  return (
    <header className={styles.head}>
      <Crumbs shown={shown} list={list} place={place} onPrev={onPrev} onNext={onNext} />
      <div className={styles.headrow}>
        <div className={styles.headtext}>
          <h1>{e.Subject === "" ? <i>(no subject)</i> : <Untrusted text={e.Subject} />}</h1>
          <div className={styles.badges}>
            <VerdictBadge types={v.threat_types.join(", ")} confidence={now.phish_confidence} latest={e.LatestThreatTypes} filled outcome={e.outcome} />
            <ActionWord outcome={e.outcome} badge place={e.LatestDeliveryLocation} />
            {clicks > 0 && <Badge icon={<CursorClick20Regular aria-hidden />}>{clicks === 1 ? "Clicked once" : `Clicked ${number(clicks)} times`}</Badge>}
            <ReportedBadge message={e.NetworkMessageId} />
            {e.IsPriorityAccount && <Badge icon={<Star12Filled aria-hidden />}>Priority account</Badge>}
            {e.IsFirstContact && e.EmailDirection === "Inbound" && <Badge icon={null}>First contact</Badge>}
          </div>
        </div>
        <div className={styles.buttons}>
          <ListMenu event={e} />
          <AddButton email={email} appearance="subtle" />
          <Button appearance="subtle" icon={<Share20Regular />} onClick={() => copy(list ? fixedLink(location.href, range, { from, to }) : location.href, "Link copied")}>Share</Button>
          <Button icon={<ArrowDownload20Regular />} disabledFocusable={!can.download} title={can.download ? undefined : can.why} onClick={() => can.download && onDownload()}>Download</Button>
          <TakeAction scope={() => ({ what: "picked", picks: [{ id: e.NetworkMessageId, recipient: e.RecipientEmailAddress }] })} rows={[e]} />
        </div>
      </div>
      {/* Where there is no room beside, the facts stand below; these two are needed at once. */}
      <p className={styles.fromto}>
        From <Value field="SenderFromAddress" value={e.SenderFromAddress} className="mono"><Untrusted text={evidence("SenderFromAddress", e.SenderFromAddress)} spelling /></Value> to <Value field="RecipientEmailAddress" value={e.RecipientEmailAddress}><b><Untrusted text={e.RecipientEmailAddress} /></b></Value>
      </p>
      <p className={styles.reason}>
        {reason ? <Untrusted text={full(reason)} /> : now.threat_types.length === 0 ? "Nothing spoke for a threat." : "The reasons were not stored with the verdict."}{" "}
        <button type="button" className={`${styles.inplace} num`} onClick={onWhy}>{now.score} of 100, see why</button>
      </p>
      <InCampaigns id={e.NetworkMessageId} />
      <InIncidents id={e.NetworkMessageId} />
    </header>
  );
}

/** What of this message can be put on the allow and block list; links and files have their own menus where they are listed. */
function ListMenu({ event: e }: { event: Schemas["EmailEvent"] }) {
  const add = useEntryDialog();
  const evidence = useValueEvidence();
  const may = { block: useMay("policy.block"), edit: useMay("policy.edit") };
  const ip = e.SenderIPv4 ? "SenderIPv4" : "SenderIPv6";
  const all = [...offers("SenderFromAddress", e.SenderFromAddress, may), ...offers(ip, e[ip], may)];
  if (all.length === 0) return null;
  const item = (o: Offer) => (
    <MenuItem key={`${o.action} ${o.kind}`} icon={o.action === "Block" ? <Prohibited20Regular /> : <CheckmarkCircle20Regular />} subText={<span className="mono"><Untrusted text={evidence(o.kind === "ip" ? ip : "SenderFromAddress", o.value)} /></span>} onClick={() => add({ action: o.action, kind: o.kind, values: [o.value] })}>{o.label}…</MenuItem>
  );
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement><Button appearance="subtle" icon={<Prohibited20Regular />}>Block or allow</Button></MenuTrigger>
      <MenuPopover>
        <MenuList>
          {all.filter((o) => o.action === "Block").map(item)}
          {may.edit && <MenuDivider />}
          {all.filter((o) => o.action === "Allow").map(item)}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function full(claim: string): string {
  return /[.!?]$/.test(claim) ? claim : `${claim}.`;
}

function Crumbs({ shown, list, place, onPrev, onNext }: Pick<Props, "shown" | "list" | "place" | "onPrev" | "onNext">) {
  const { label } = useFields();
  const filter = place.chips.filter((c) => c.op !== "kql").map((c) => `${label(c.field)} ${operatorWords[c.op]} ${valueWords(c)}`.trim());
  const view = list?.view === "malware" ? "Malware" : list?.view === "phish" ? "Phish" : list?.view === "submissions" ? "Submissions" : "All email";
  return (
    <nav className={styles.crumbs} aria-label="Way back">
      <Link to="/explorer" search={list ? writeExplorer({ ...readExplorer({}), ...list, open: shown }) : {}}>Explorer</Link>
      {list && <><ChevronRight16Regular aria-hidden /><span className="clip" title={place.chips.some((c) => negative(c.op)) ? filter.join(", ") : undefined}><bdi>{[list.view !== "all" || filter.length === 0 ? view : "", ...filter].filter((s) => s !== "").join(", ")}</bdi></span></>}
      <ChevronRight16Regular aria-hidden />
      <span className={`${styles.at} num`} aria-current="page" aria-live="polite">{place.at === undefined ? "Email" : `Email ${number(place.at)}${place.of === undefined ? "" : ` of ${number(Math.max(place.of, place.at))}`}`}</span>
      {list && (
        <>
          <Tooltip content="Previous ( [ )" relationship="label"><Button size="small" appearance="subtle" icon={<ChevronUp20Regular />} disabledFocusable={!onPrev} onClick={onPrev} /></Tooltip>
          <Tooltip content="Next ( ] )" relationship="label"><Button size="small" appearance="subtle" icon={<ChevronDown20Regular />} disabledFocusable={!onNext} onClick={onNext} /></Tooltip>
        </>
      )}
    </nav>
  );
}
