import { Menu, MenuDivider, MenuItemCheckbox, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import type { ReactNode, Ref } from "react";
import { open, severities, statuses, type IncidentsState } from "../../address/incidents";
import type { Schemas } from "../../api/client";
import { ChevronDown16Regular, Clock16Regular, Mention16Regular, Person16Regular, PersonAdd16Regular } from "../../components/icons";
import { number } from "../../time/zone";
import styles from "./Incidents.module.css";
import { nameOf } from "./words";
import { useOptions } from "./queries";

interface Props {
  state: IncidentsState;
  change: (c: Partial<IncidentsState>) => void;
  counts: Schemas["IncidentFacets"] | undefined;
  /** The list shows anything but all that is open. */
  narrowed: boolean;
  onClear: () => void;
}

/** Which incidents the list shows; every choice says how many it would show. */
export function Filters({ state, change, counts, narrowed, onClear }: Props) {
  const options = useOptions();
  const of = (values: readonly Schemas["IncidentValueCount"][] | undefined, v: string) => values?.find((c) => c.value === v)?.count ?? (values ? 0 : undefined);
  const people = new Map((options.data?.owners ?? []).map((p) => [p.email, nameOf(p.email, p.name)]));
  const owner = state.owner === "" ? "" : state.owner === "none" ? "Nobody" : (people.get(state.owner) ?? state.owner);
  const owners = (counts?.owner ?? []).filter((c) => c.value !== "").map((c) => [c.value, people.get(c.value) ?? c.value, c.count] as const);
  const unowned = of(counts?.owner, "");
  return (
    <div className={styles.filters} role="group" aria-label="Filter">
      <Quick icon={<Person16Regular />} label="Mine" count={counts?.mine} on={state.mine} onChange={(mine) => change({ mine })} />
      <Quick icon={<PersonAdd16Regular />} label="Nobody’s" count={unowned} on={state.owner === "none"} onChange={(on) => change({ owner: on ? "none" : "" })} />
      <Quick icon={<Clock16Regular />} label="Overdue" count={counts?.overdue} on={state.overdue} onChange={(overdue) => change({ overdue })} />
      <Quick icon={<Mention16Regular />} label="Mentioning me" count={counts?.mentioning_me} on={state.mentioning} onChange={(mentioning) => change({ mentioning })} />
      <i className={styles.split} aria-hidden />
      <Several label="Status" chosen={state.status} all={statuses.map((s) => [s, s, of(counts?.status, s)])} onChange={(status) => change({ status: statuses.filter((s) => status.includes(s)) })} merged={state.merged} onMerged={(merged) => change({ merged })} />
      <Several label="Severity" chosen={state.severity} all={severities.map((s) => [s, s, of(counts?.severity, s)])} onChange={(v) => change({ severity: severities.filter((s) => v.includes(s)) })} />
      <One label="Owner" chosen={state.owner} shown={owner} all={[["none", "Nobody", unowned], ...owners]} onChange={(v) => change({ owner: v })} />
      <One label="Classification" chosen={state.classification} shown={state.classification} all={(counts?.classification ?? []).map((c) => [c.value, c.value, c.count])} onChange={(classification) => change({ classification })} />
      <One label="Tag" chosen={state.tag} shown={state.tag} all={(counts?.tag ?? []).map((c) => [c.value, c.value, c.count])} onChange={(tag) => change({ tag })} />
      {narrowed && <button type="button" className="textbutton" onClick={onClear}>Clear</button>}
    </div>
  );
}

type Choice = readonly [value: string, label: string, count: number | undefined];

function Several({ label, chosen, all, onChange, merged, onMerged }: { label: string; chosen: readonly string[]; all: readonly Choice[]; onChange: (v: readonly string[]) => void; merged?: boolean; onMerged?: (on: boolean) => void }) {
  const usual = label === "Status" && chosen.join() === open.join();
  const word = usual ? "Open" : chosen.length === 0 || chosen.length === all.length ? "All" : chosen.join(", ");
  return (
    <Menu checkedValues={{ v: [...chosen], merged: merged ? ["merged"] : [] }} onCheckedValueChange={(_, d) => (d.name === "merged" ? onMerged?.(d.checkedItems.length > 0) : onChange(d.checkedItems))}>
      <MenuTrigger disableButtonEnhancement><Chooser label={label} word={word} on={(word !== "All" && !usual) || merged === true || (label === "Status" && word === "All")} /></MenuTrigger>
      <MenuPopover>
        <MenuList>
          {all.map(([v, l, n]) => <MenuItemCheckbox key={v} name="v" value={v} secondaryContent={n === undefined ? undefined : number(n)}>{l}</MenuItemCheckbox>)}
          {onMerged && <><MenuDivider /><MenuItemCheckbox name="merged" value="merged">Also those merged into others</MenuItemCheckbox></>}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function One({ label, chosen, shown, all, onChange }: { label: string; chosen: string; shown: string; all: readonly Choice[]; onChange: (v: string) => void }) {
  return (
    <Menu checkedValues={{ v: [chosen] }} onCheckedValueChange={(_, d) => onChange(d.checkedItems.at(-1) ?? "")}>
      <MenuTrigger disableButtonEnhancement><Chooser label={label} word={shown || "Any"} on={chosen !== ""} /></MenuTrigger>
      <MenuPopover className={styles.choices}>
        <MenuList>
          <MenuItemRadio name="v" value="">Any</MenuItemRadio>
          {all.map(([v, l, n]) => <MenuItemRadio key={v} name="v" value={v} secondaryContent={n === undefined ? undefined : number(n)}><bdi>{l}</bdi></MenuItemRadio>)}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** Opens a menu of values; says what is chosen. */
export function Chooser({ label, word, on, ref, ...rest }: { label: string; word: ReactNode; on?: boolean; ref?: Ref<HTMLButtonElement> }) {
  return (
    <button ref={ref} type="button" className={styles.chooser} data-on={on === true} {...rest}>
      <span>{label}</span><b className="clip">{word}</b><ChevronDown16Regular aria-hidden />
    </button>
  );
}

function Quick({ icon, label, count, on, onChange }: { icon: ReactNode; label: string; count: number | undefined; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <button type="button" className={styles.quick} aria-pressed={on} onClick={() => onChange(!on)}>
      {icon}{label}{count !== undefined && <b className="num">{number(count)}</b>}
    </button>
  );
}
