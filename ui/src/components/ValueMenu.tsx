import { Menu, MenuDivider, MenuItem, MenuList, MenuPopover, MenuTrigger, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createContext, useCallback, useContext, useMemo, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import { useExplorer, useTimeRange } from "../address/useAddress";
import { api, ask, type Schemas } from "../api/client";
import { useFields, useFilter } from "../filter/useFilter";
import { offers } from "../pages/policy/entries";
import { useEntryDialog } from "../pages/policy/EntryDialogProvider";
import { ownMailbox } from "../pages/mailbox/own";
import { useMay, useOperator } from "../session/queries";
import { defangField, evidence } from "../text/defang";
import { number } from "../time/zone";
import { useCopy } from "./copy";
import { AddCircle20Regular, Book20Regular, CheckmarkCircle20Regular, Copy20Regular, Filter20Regular, GroupList20Regular, Megaphone20Regular, Person20Regular, Prohibited20Regular, Search20Regular, ShieldGlobe20Regular, SubtractCircle20Regular } from "./icons";
import { useAboutThreat } from "./threat/AboutThreat";
import { Untrusted } from "./Untrusted";
import styles from "./ValueMenu.module.css";

/** A value somebody pointed at. The menu opens beside the target and never over it. */
export interface Pointed {
  field: string;
  value: string;
  /** An element, or a rectangle on the screen for what is painted on a canvas. */
  target: HTMLElement | { getBoundingClientRect: () => DOMRect };
  /** What the menu does where the filter is not Explorer's; what a place cannot do is not offered. */
  here?: { include?: (() => void) | undefined; exclude?: (() => void) | undefined; group?: (() => void) | undefined };
}

const MenuContext = createContext<(p: Pointed) => void>(() => undefined);

/** Opens the value menu. */
export const useValueMenu = () => useContext(MenuContext);

/** The one value menu of the app. */
export function ValueMenuProvider({ children }: { children: ReactNode }) {
  const [pointed, setPointed] = useState<Pointed>();
  const open = useCallback((p: Pointed) => {
    mark(p, true);
    setPointed((before) => {
      if (before && before.target !== p.target) mark(before, false);
      return p;
    });
  }, []);
  const close = useCallback(() => {
    setPointed((p) => {
      if (p) {
        mark(p, false);
        // Back to the value, or to the cell that holds it.
        if (p.target instanceof HTMLElement && p.target.isConnected) p.target.closest<HTMLElement>("[tabindex], button, a")?.focus({ preventScroll: true });
      }
      return undefined;
    });
  }, []);
  return (
    <MenuContext.Provider value={open}>
      {children}
      {pointed && <TheMenu key={`${pointed.field} ${pointed.value}`} {...pointed} onClose={close} />}
    </MenuContext.Provider>
  );
}

/** Columns whose values an article may be about. */
const threatFields = new Set(["ThreatNames", "DetectionTechnologies", "LatestDetectionTechnologies", "Signals", "FirstSignal", "CampaignSubtype"]);

function mark(p: Pointed, on: boolean): void {
  if (!(p.target instanceof HTMLElement)) return;
  if (on) p.target.dataset["pointed"] = "";
  else delete p.target.dataset["pointed"];
}

/** Fields whose values can be indicators. */
const indicated = new Set(["Url", "UrlTarget", "UrlDomain", "SenderFromAddress", "SenderFromDomain", "SenderIPv4", "SenderIPv6", "SHA256", "SHA1", "MD5"]);

function TheMenu({ field, value, target, here, onClose }: Pointed & { onClose: () => void }) {
  const { byName, label, splits } = useFields();
  const filter = useFilter();
  const [, change] = useExplorer();
  const copy = useCopy();
  const known = byName.get(field);
  const safe = defangField(field, value);
  const addEntry = useEntryDialog();
  const listed = offers(field, value, { block: useMay("policy.block"), edit: useMay("policy.edit") });
  const mailbox = ownMailbox(field, value, useOperator());
  const campaign = field === "CampaignId" && value !== "";
  const navigate = useNavigate();
  const indicator = useMay("intelligence.edit") && value !== "" && indicated.has(field);
  const about = useAboutThreat();
  const tells = useMay("intelligence.read") && value !== "" && threatFields.has(field);
  const splittable = splits.some((s) => s.key === field);
  const { include, exclude, group } = here ?? {
    include: known && (() => void filter.include(field, value)),
    exclude: known && (() => void filter.exclude(field, value)),
    group: known?.facet || splittable ? () => change({ ...(known?.facet ? { facet: field, rare: false } : {}), ...(splittable ? { split: field, hidden: [] } : {}), folded: false }) : undefined,
  };
  return (
    <Menu open hasIcons onOpenChange={(_, d) => !d.open && onClose()} positioning={{ target: target as HTMLElement, position: "below", align: "start", offset: 4, fallbackPositions: ["above-start", "after-top", "before-top"] }}>
      <MenuPopover className={styles.menu}>
        <Head field={field} value={value} name={label(field)} shown={evidence(field, value)} counted={known !== undefined && !campaign} />
        <MenuList>
          {include && <MenuItem icon={<AddCircle20Regular />} onClick={include}>Include</MenuItem>}
          {exclude && <MenuItem icon={<SubtractCircle20Regular />} onClick={exclude}>Exclude</MenuItem>}
          {value !== "" && !campaign && <MenuItem icon={<Filter20Regular />} secondaryContent="any field" onClick={() => void filter.anywhere(value)}>Only</MenuItem>}
          {group && <MenuItem icon={<GroupList20Regular />} onClick={group}>Group by</MenuItem>}
          <MenuDivider />
          {safe === value ? (
            <MenuItem icon={<Copy20Regular />} onClick={() => copy(value)}>Copy</MenuItem>
          ) : (
            <Menu>
              <MenuTrigger disableButtonEnhancement><MenuItem icon={<Copy20Regular />}>Copy</MenuItem></MenuTrigger>
              <MenuPopover>
                <MenuList>
                  <MenuItem onClick={() => { copy(safe); onClose(); }}>Defanged</MenuItem>
                  <MenuItem onClick={() => { copy(value); onClose(); }}>Plain</MenuItem>
                </MenuList>
              </MenuPopover>
            </Menu>
          )}
          {known && <MenuItem icon={<Search20Regular />} onClick={() => void filter.alone(field, value)}>Open in Explorer</MenuItem>}
          {mailbox !== undefined && <MenuItem icon={<Person20Regular />} onClick={() => void navigate({ to: "/mailbox/$address", params: { address: mailbox } })}>Open mailbox</MenuItem>}
          {campaign && <MenuItem icon={<Megaphone20Regular />} onClick={() => void navigate({ to: "/campaigns/$id", params: { id: value } })}>Open campaign</MenuItem>}
          {tells && <MenuItem icon={<Book20Regular />} onClick={() => about(value)}>About this threat</MenuItem>}
          {(listed.length > 0 || indicator) && <MenuDivider />}
          {listed.map((o) => <MenuItem key={o.label} icon={o.action === "Block" ? <Prohibited20Regular /> : <CheckmarkCircle20Regular />} onClick={() => addEntry({ action: o.action, kind: o.kind, values: [o.value] })}>{o.label}…</MenuItem>)}
          {indicator && <MenuItem icon={<ShieldGlobe20Regular />} onClick={() => void navigate({ to: "/intelligence/indicators", search: { add: value } as never })}>Add to indicators…</MenuItem>}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function Head({ field, value, name, shown, counted }: { field: string; value: string; name: string; shown: string; counted: boolean }) {
  const [{ view, q }] = useExplorer();
  const { query } = useTimeRange();
  const count = useQuery({
    queryKey: ["value", view, q, query, field, value],
    enabled: counted,
    queryFn: ({ signal }) => ask<Schemas["ValueCount"]>(api.GET("/explorer/value", { params: { query: { view, q, ...query, field, value } }, signal })),
  });
  const c = count.data;
  return (
    <div className={styles.head}>
      <span>{name}</span>
      <b className="mono">{value === "" ? "(empty)" : <Untrusted text={shown} spelling />}</b>
      {counted && !count.error && (
        <small className="num" aria-live="polite">
          {c ? `${number(c.events)} of ${number(c.total)} · ${number(c.mailboxes)} mailbox${c.mailboxes === 1 ? "" : "es"}` : <Skeleton><SkeletonItem size={12} /></Skeleton>}
        </small>
      )}
    </div>
  );
}

/** The address that opens Explorer with this value added to the filter; for new tabs, where no menu can be asked. */
export function addLink(field: string, value: string): string {
  const p = new URLSearchParams(location.pathname === "/explorer" ? location.search : "");
  p.delete("open");
  p.set("add", `${field}~${value}`);
  return "/explorer?" + p.toString();
}

/** Mouse and keys of a value: click, Enter and context menu open its menu, the middle button a new tab. */
export function useValueHandlers() {
  const open = useValueMenu();
  return useMemo(() => ({
    handlers: (field: string, value: string, here?: Pointed["here"]) => ({
      onClick: (e: MouseEvent<HTMLElement>) => {
        e.stopPropagation();
        open({ field, value, target: e.currentTarget, ...(here && { here }) });
      },
      onContextMenu: (e: MouseEvent<HTMLElement>) => {
        e.preventDefault();
        e.stopPropagation();
        open({ field, value, target: e.currentTarget, ...(here && { here }) });
      },
      onMouseDown: (e: MouseEvent<HTMLElement>) => {
        if (e.button === 1) e.preventDefault(); // no scrolling by the middle button
      },
      onAuxClick: (e: MouseEvent<HTMLElement>) => {
        if (e.button !== 1) return;
        e.preventDefault();
        e.stopPropagation();
        window.open(addLink(field, value), "_blank", "noopener");
      },
      onKeyDown: (e: KeyboardEvent<HTMLElement>) => {
        if (e.key !== "m" && e.key !== "ContextMenu") return;
        e.preventDefault();
        open({ field, value, target: e.currentTarget, ...(here && { here }) });
      },
    }),
  }), [open]);
}

/** One value in running text, a list or a table, with its menu. */
export function Value({ field, value, children, className }: { field: string; value: string; children?: ReactNode; className?: string }) {
  const { handlers } = useValueHandlers();
  return (
    <button type="button" className={`${styles.value} ${className ?? ""}`} aria-haspopup="menu" {...handlers(field, value)}>
      {children ?? (value === "" ? "(none)" : <Untrusted text={value} />)}
    </button>
  );
}
