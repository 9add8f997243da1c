import { Menu, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, Toaster, Tooltip, useId } from "@fluentui/react-components";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { usualOn, writeRange } from "../address/range";
import { useTimeRange } from "../address/useAddress";
import { Bell } from "../components/Bell";
import { ToasterContext } from "../components/copy";
import { ChevronDown16Regular, ChevronLeft20Regular, ChevronRight20Regular, QuestionCircle20Regular } from "../components/icons";
import { AboutThreatProvider } from "../components/threat/AboutThreat";
import { ValueMenuProvider } from "../components/ValueMenu";
import { useWaiting } from "../pages/actions/queries";
import { WizardHost } from "../pages/actions/WizardHost";
import { StepUpProvider } from "../pages/account/StepUpProvider";
import { AddProvider } from "../pages/incidents/AddProvider";
import { EntryDialogProvider } from "../pages/policy/EntryDialogProvider";
import { useOperator, usePreferences } from "../session/queries";
import { useChooseTheme } from "../theme/AppTheme";
import { ClockProvider, useClock } from "../time/Clock";
import { zoneName } from "../time/zone";
import { useKeptFocus } from "./focus";
import { GlobalSearch } from "./GlobalSearch";
import { Help } from "./Help";
import { useKeys } from "./keys";
import { usePages } from "./nav";
import { PersonMenu } from "./PersonMenu";
import styles from "./Shell.module.css";
import { TimeRangePicker } from "./TimeRangePicker";

/** What every page stands in: top bar, navigation, the clock, the value menu and the keys. */
export function Shell() {
  const session = useOperator();
  const [preferences] = usePreferences();
  const chooseTheme = useChooseTheme();
  useEffect(() => chooseTheme(preferences.theme), [preferences.theme, chooseTheme]);
  useKeptFocus();
  const toaster = useId("toaster");
  return (
    <ToasterContext.Provider value={toaster}>
      <ClockProvider serverTime={session.time}>
        <EntryDialogProvider>
          <AboutThreatProvider>
            <ValueMenuProvider>
              <StepUpProvider><AddProvider><Frame /></AddProvider></StepUpProvider>
            </ValueMenuProvider>
          </AboutThreatProvider>
        </EntryDialogProvider>
      </ClockProvider>
      <Toaster toasterId={toaster} position="bottom" />
    </ToasterContext.Provider>
  );
}

function Frame() {
  const [help, setHelp] = useState(false);
  const { organisation, demo, version } = useOperator();
  const pages = usePages();
  const navigate = useNavigate();
  const { range } = useTimeRange();
  const go = Object.fromEntries(pages.map((p) => [`g ${p.key}`, () => void navigate({ to: p.to, search: writeRange(range, usualOn(p.to)) })]));
  useKeys({ "?": () => setHelp(true), ...go });
  return (
    <div className={styles.shell}>
      <header className={styles.top}>
        <Link to="/dashboard" search={writeRange(range, usualOn("/dashboard"))} className={styles.mark} aria-label="Tocsin">
          <Bell size={24} />
          <b>Tocsin</b>
        </Link>
        <GlobalSearch />
        <div className={styles.push} />
        {demo && <span className={styles.demo} title="Every message of this organisation is invented">Sample organisation</span>}
        <span className={`${styles.org} clip`}>{organisation.name}</span>
        <TimeRangePicker />
        <ZoneMenu />
        <Tooltip content="Keyboard and help" relationship="label">
          <button type="button" className={`${styles.control} ${styles.square}`} onClick={() => setHelp(true)}><QuestionCircle20Regular aria-hidden /></button>
        </Tooltip>
        <PersonMenu />
      </header>
      <Nav />
      <main className={styles.main}><Outlet /></main>
      <WizardHost />
      <Help open={help} onClose={() => setHelp(false)} version={version} />
    </div>
  );
}

function ZoneMenu() {
  const [preferences, change] = usePreferences();
  const { now } = useClock();
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Menu checkedValues={{ zone: [preferences.zone] }} onCheckedValueChange={(_, d) => change({ zone: d.checkedItems.includes("local") ? "local" : "utc" })}>
      <MenuTrigger disableButtonEnhancement>
        <button type="button" className={styles.control} aria-label={`Times are shown in ${zoneName(now, preferences.zone)}`}>
          {zoneName(now, preferences.zone)}
          <ChevronDown16Regular aria-hidden />
        </button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItemRadio name="zone" value="utc">UTC</MenuItemRadio>
          <MenuItemRadio name="zone" value="local" secondaryContent={zoneName(now, "local")}>{local}</MenuItemRadio>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function Nav() {
  const [preferences, change] = usePreferences();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const pages = usePages();
  const { range } = useTimeRange();
  const waiting = useWaiting();
  // Pages with wide lists want the room; a person who pins the words keeps them everywhere.
  const wide = preferences.nav_pinned || !(pages.some((p) => p.narrow && path.startsWith(p.to)) || path.startsWith("/email/"));
  return (
    <nav className={`${styles.nav} ${wide ? "" : styles.slim}`} aria-label="Pages">
      <ul>
        {pages.map((p) => {
          const waits = p.to === "/actions" ? waiting : 0;
          const here = path.startsWith(p.to) || (p.to === "/actions" && path === "/approvals");
          const link = (
            <Link to={p.to} search={writeRange(range, usualOn(p.to))} aria-current={here ? "page" : undefined} aria-label={waits > 0 ? `${p.label}, ${waits} waiting for you` : p.label}>
              <p.icon aria-hidden />
              <span className={styles.word}>{p.label}</span>
              {waits > 0 && <span className={`${styles.waits} num`} data-n={waits > 99 ? "99+" : waits} aria-hidden />}
            </Link>
          );
          return <li key={p.to} className={"below" in p ? styles.below : undefined}>{wide ? link : <Tooltip content={p.label} relationship="description" positioning="after">{link}</Tooltip>}</li>;
        })}
      </ul>
      <button type="button" className={styles.pin} aria-expanded={wide} aria-label={wide ? "Collapse navigation" : "Expand navigation"} onClick={() => change({ nav_pinned: !preferences.nav_pinned })}>
        {wide ? <ChevronLeft20Regular aria-hidden /> : <ChevronRight20Regular aria-hidden />}
        <span className={styles.word}>Collapse</span>
      </button>
    </nav>
  );
}
