import { Button, Menu, MenuDivider, MenuGroup, MenuGroupHeader, MenuItem, MenuItemLink, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { severities } from "../../address/incidents";
import type { Schemas } from "../../api/client";
import { ArrowUndo16Regular, CheckmarkCircle20Regular, ChevronRight16Regular, DocumentText20Regular, Edit16Regular, Mail16Regular, Merge20Regular, Tag16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { StixDialog } from "../../components/StixDialog";
import { useMay } from "../../session/queries";
import { useNow } from "../../time/Clock";
import { both, number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import { Severity } from "../rules/Severity";
import { Due, Letters, Tags } from "./Bits";
import { BundleDialog } from "./BundleDialog";
import { CloseDialog } from "./CloseDialog";
import { DetailsDialog } from "./DetailsDialog";
import { Chooser } from "./Filters";
import styles from "./Incidents.module.css";
import { MergeDialog } from "./MergeDialog";
import { useIncident, useMerge, useOptions, useSeparate } from "./queries";
import { ConflictNote, type Edit } from "./useEdit";
import { ageWords, nameOf, type Incident } from "./words";

interface Props {
  of: Incident;
  edit: Edit;
  closing: boolean;
  onClosing: (on: boolean) => void;
  summary: Schemas["IncidentSummary"] | undefined;
}

/** What every tab of an incident stands under: the way back, the name, how it stands, and what can be done with it. */
export function IncidentHead({ of: i, edit, closing, onClosing, summary }: Props) {
  const options = useOptions();
  const navigate = useNavigate();
  const now = useNow();
  const merge = useMerge(i.id);
  const [dialog, setDialog] = useState<"merge" | "details" | "bundle" | "stix">();
  const mayWork = useMay("incident.work");
  const work = i.may_work, closed = i.status === "Resolved";
  const owners = [...(options.data?.owners ?? [])].sort((a, b) => Number(b.me) - Number(a.me));
  const owner = nameOf(i.owner, i.owner_name);
  const left = [
    (summary?.threats ?? 0) > 0 ? `${number(summary!.threats)} delivered threat${summary!.threats === 1 ? " is" : "s are"} still in mailboxes` : "",
    i.counts.open_tasks > 0 ? `${number(i.counts.open_tasks)} task${i.counts.open_tasks === 1 ? " is" : "s are"} open` : "",
    i.counts.open_actions > 0 ? `${number(i.counts.open_actions)} action${i.counts.open_actions === 1 ? " waits or runs" : "s wait or run"}` : "",
  ].filter((s) => s !== "");
  return (
    <header className={styles.header}>
      <nav className={styles.crumbs} aria-label="Way back"><Link to="/incidents">Incidents</Link><ChevronRight16Regular aria-hidden /><span className="num" aria-current="page">{i.label}</span></nav>
      <div className={styles.headrow}>
        <h1><bdi>{i.name}</bdi>{work && <Button size="small" appearance="subtle" icon={<Edit16Regular />} aria-label="Change name, tags and description" onClick={() => setDialog("details")} />}</h1>
        <div className={styles.buttons}>
          <Menu>
            <MenuTrigger disableButtonEnhancement><Button appearance="subtle" icon={<DocumentText20Regular />}>Report</Button></MenuTrigger>
            <MenuPopover>
              <MenuList>
                <MenuItemLink href={`/api/v1/incidents/${i.id}/report?format=html`} target="_blank" rel="noopener">Open the report</MenuItemLink>
                <MenuItemLink href={`/api/v1/incidents/${i.id}/report?format=pdf`} download>Download it as PDF</MenuItemLink>
                {mayWork && <><MenuDivider /><MenuItem onClick={() => setDialog("bundle")}>Export everything…</MenuItem><MenuItem onClick={() => setDialog("stix")}>Export as STIX 2.1…</MenuItem></>}
              </MenuList>
            </MenuPopover>
          </Menu>
          {work && <Button icon={<Merge20Regular />} onClick={() => setDialog("merge")}>Merge</Button>}
          {work && <Button icon={<Mail16Regular />} title="Explorer opens; what you add there goes here first" onClick={() => void navigate({ to: "/explorer" })}>Add email</Button>}
          {work && !closed && <Button appearance="primary" icon={<CheckmarkCircle20Regular />} onClick={() => onClosing(true)}>Close incident</Button>}
          {work && closed && <Button icon={<ArrowUndo16Regular />} disabledFocusable={edit.busy} onClick={() => edit.make({ status: "In progress" })}>Reopen</Button>}
        </div>
      </div>
      <div className={styles.chips}>
        <Pick label="Severity" shown={<Severity value={i.severity.toLowerCase()} />} value={i.severity} all={severities.map((s) => [s, s])} may={work} onPick={(v) => edit.make({ severity: v as Incident["severity"] })} />
        <Pick label="Status" shown={i.status} value={i.status} all={[["Active", "Active"], ["In progress", "In progress"], ["Resolved", closed ? "Resolved" : "Resolved: close it…"]]} may={work} onPick={(v) => (v === "Resolved" ? !closed && onClosing(true) : edit.make({ status: v as Incident["status"] }))} />
        <Pick label="Owner" shown={i.owner ? <span className={styles.owner}><Letters name={owner} /><bdi>{owner}</bdi></span> : "Nobody"} value={i.owner} all={[...owners.map((o) => [o.email, `${nameOf(o.email, o.name)}${o.me ? " (you)" : ""}`] as const), ["", "Nobody"]]} may={work} onPick={(v) => edit.make({ owner: v })} />
        <Meaning of={i} all={options.data?.classifications ?? []} may={work} onPick={(classification, determination) => edit.make({ classification, determination })} />
        <span className={styles.duechip}><Due of={i} /></span>
        {i.tags.length > 0 && <span className={styles.tagline}><Tag16Regular aria-hidden /><span className="unseen">Tags</span><Tags tags={i.tags} /></span>}
        <span className={styles.age} title={both(new Date(i.created))}><span className="num">{ageWords(i, now)}</span> · opened by <bdi>{i.created_by}</bdi></span>
      </div>
      {i.merged_into !== "" && <Merged of={i} />}
      {i.closing !== "" && closed && <p className={base.note}><span><b>Closed as {i.classification.toLowerCase()}, {i.determination.toLowerCase()}.</b> <bdi>{i.closing}</bdi></span></p>}
      {closing && <CloseDialog many={[i]} left={left} busy={edit.busy} error={edit.error} conflict={edit.conflict && <ConflictNote edit={edit} now={i}> Look at it, then choose “Close it anyway”.</ConflictNote>} onGo={(c) => edit.make(c, () => onClosing(false))} onClose={() => (edit.drop(), onClosing(false))} />}
      {dialog === "merge" && <MergeDialog from={[i]} busy={merge.isPending} error={merge.error} onGo={(into, reason) => merge.mutate({ into: into.id, ...(reason && { reason }) }, { onSuccess: () => void navigate({ to: "/incidents/$id", params: { id: String(into.number) } }) })} onClose={() => setDialog(undefined)} />}
      {dialog === "details" && <DetailsDialog of={i} edit={edit} known={options.data?.tags.map((t) => t.value) ?? []} onClose={() => setDialog(undefined)} />}
      {dialog === "bundle" && <BundleDialog of={i} onClose={() => setDialog(undefined)} />}
      {dialog === "stix" && <StixDialog of={{ incident: i.id, label: i.label }} onClose={() => setDialog(undefined)} />}
    </header>
  );
}

/** A fact that can be changed in place; for those who may not, it only says what it is. */
function Pick({ label, shown, value, all, may, onPick }: { label: string; shown: ReactNode; value: string; all: readonly (readonly [string, string])[]; may: boolean; onPick: (v: string) => void }) {
  if (!may) return <span className={styles.fixed}><span>{label}</span><b>{shown}</b></span>;
  return (
    <Menu checkedValues={{ v: [value] }} onCheckedValueChange={(_, d) => d.checkedItems[0] !== undefined && d.checkedItems[0] !== value && onPick(d.checkedItems[0])}>
      <MenuTrigger disableButtonEnhancement><Chooser label={label} word={shown} /></MenuTrigger>
      <MenuPopover className={styles.choices}><MenuList>{all.map(([v, l]) => <MenuItemRadio key={v} name="v" value={v}><bdi>{l}</bdi></MenuItemRadio>)}</MenuList></MenuPopover>
    </Menu>
  );
}

/** What it was: classification and determination go together, so both are one choice. */
function Meaning({ of: i, all, may, onPick }: { of: Incident; all: readonly Schemas["IncidentMeaning"][]; may: boolean; onPick: (classification: string, determination: string) => void }) {
  const shown = i.classification === "Not set" ? "Not set" : i.determination === "Not set" ? i.classification : `${i.classification}: ${i.determination}`;
  if (!may) return <span className={styles.fixed}><span>Classification</span><b>{shown}</b></span>;
  return (
    <Menu checkedValues={{ v: [`${i.classification}\n${i.determination}`] }} onCheckedValueChange={(_, d) => {
      const [c, what] = (d.checkedItems[0] ?? "").split("\n");
      if (c && what) onPick(c, what);
    }}>
      <MenuTrigger disableButtonEnhancement><Chooser label="Classification" word={shown} /></MenuTrigger>
      <MenuPopover className={styles.choices}>
        <MenuList>
          {i.status !== "Resolved" && <MenuItemRadio name="v" value={"Not set\nNot set"}>Not set</MenuItemRadio>}
          {all.map((c) => (
            <MenuGroup key={c.classification}>
              <MenuGroupHeader>{c.classification}</MenuGroupHeader>
              {c.determinations.map((d) => <MenuItemRadio key={d} name="v" value={`${c.classification}\n${d}`}>{d}</MenuItemRadio>)}
            </MenuGroup>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** It was merged: says where the work goes on. */
function Merged({ of: i }: { of: Incident }) {
  const into = useIncident(i.merged_into);
  const separate = useSeparate(i.id);
  const may = into.data?.may_work === true;
  return (
    <div className={base.note} role="status">
      <span>
        This incident was merged into {into.data ? <Link to="/incidents/$id" params={{ id: String(into.data.number) }}><span className="num">{into.data.label}</span> <bdi>{into.data.name}</bdi></Link> : "another"}. Work goes on there; what was here is shown there too.
        {separate.error ? <ProblemNote error={separate.error} /> : null}
      </span>
      {may && <Button size="small" icon={<ArrowUndo16Regular />} disabledFocusable={separate.isPending} onClick={() => separate.mutate("")}>Separate again</Button>}
    </div>
  );
}
