import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger, Tooltip } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { views, type View } from "../../address/explorer";
import { asQuery, readHunting, writeHunting } from "../../address/hunting";
import { fixedLink } from "../../address/range";
import { useAddress, useCoverage, useExplorer, useTimeRange } from "../../address/useAddress";
import type { EmailRow } from "../../api/client";
import { keyOf } from "../../components/grid/selection";
import { ArrowDownload20Regular, Code20Regular, Share20Regular } from "../../components/icons";
import { useCopy } from "../../components/copy";
import { chosen } from "../../components/grid/columns";
import { ProblemNote } from "../../components/Problem";
import { arrows } from "../../components/tabs";
import { FilterBar } from "../../filter/FilterBar";
import { useFields, useFilter } from "../../filter/useFilter";
import { useMay, usePreferences } from "../../session/queries";
import { EmailFlyout } from "../email/EmailFlyout";
import { ChartCard } from "./ChartCard";
import styles from "./Explorer.module.css";
import { exportLink } from "./export";
import { FirstMail } from "./FirstMail";
import { useScope } from "./queries";
import { Results } from "./Results";
import { useMail } from "./useMail";

const viewNames: Record<View, string> = { all: "All email", malware: "Malware", phish: "Phish", submissions: "Submissions" };

/** Where every investigation starts: filter, chart, values, and the mail itself. Its whole state is in the address. */
export function ExplorerPage() {
  const [state, change] = useExplorer();
  const coverage = useCoverage();
  const mail = useMail();
  useAdded();
  const empty = coverage.data !== undefined && coverage.data.oldest === null;
  const openKey = state.open ? `${state.open.id}~${state.open.recipient}` : undefined;
  const at = openKey === undefined ? -1 : mail.rows.findIndex((r) => keyOf(r) === openKey || (state.open?.recipient === "" && r.NetworkMessageId === state.open.id));
  const show = (r: EmailRow | undefined) => r && change({ open: { id: r.NetworkMessageId, recipient: r.RecipientEmailAddress } }, { replace: state.open !== undefined });
  const prev = at > 0 ? mail.rows[at - 1] : undefined;
  const next = at >= 0 ? mail.rows[at + 1] : undefined;
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <header className={styles.head}>
          <h1>Explorer</h1>
          <div role="tablist" aria-label="View" className={styles.views}>
            {views.map((v) => (
              <button key={v} type="button" role="tab" aria-selected={v === state.view} tabIndex={v === state.view ? 0 : -1} onClick={() => change({ view: v, open: undefined })} onKeyDown={arrows}>
                {viewNames[v]}
              </button>
            ))}
          </div>
          <span className={styles.push} />
          {!empty && <HeadActions />}
        </header>
        {empty ? <FirstMail /> : (
          <>
            <FilterBar />
            {coverage.error ? <ProblemNote error={coverage.error} onRetry={() => void coverage.refetch()} /> : null}
            <ChartCard />
            <Results mail={mail} openKey={at >= 0 ? keyOf(mail.rows[at]!) : openKey} onOpen={show} />
          </>
        )}
      </div>
      {state.open && (
        <EmailFlyout
          id={state.open.id}
          recipient={state.open.recipient}
          pane={state.pane}
          onPane={(pane) => change({ pane }, { replace: true })}
          position={at >= 0 && mail.total >= 0 ? { at: at + 1, of: mail.total } : undefined}
          onPrev={prev && (() => show(prev))}
          onNext={next && (() => show(next))}
          onClose={() => change({ open: undefined, pane: "" }, { replace: true })}
        />
      )}
    </div>
  );
}

function HeadActions() {
  const copy = useCopy();
  const scope = useScope();
  const { range, from, to } = useTimeRange();
  const [preferences] = usePreferences();
  const may = useMay("explorer.export");
  const fields = chosen(preferences.explorer_columns).map((c) => c.field);
  const share = () => copy(fixedLink(location.href, range, { from, to }), "Link copied");
  return (
    <div className={styles.actions}>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button appearance="subtle" icon={<ArrowDownload20Regular />} disabledFocusable={!may} title={may ? undefined : "Needs the permission explorer.export, which your roles do not give"}>Export</Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {(["csv", "json"] as const).map((format) => (
              <MenuItem key={format} disabled={!may} onClick={() => location.assign(exportLink(scope, format, fields))}>
                {format === "csv" ? "CSV, columns of the list" : "JSON, columns of the list"}
              </MenuItem>
            ))}
          </MenuList>
        </MenuPopover>
      </Menu>
      <Hunt />
      <Button appearance="subtle" icon={<Share20Regular />} onClick={share}>Share</Button>
    </div>
  );
}

/** The same question as a query in Hunting, which can say more. */
function Hunt() {
  const [{ q, view, range }] = useExplorer();
  const navigate = useNavigate();
  const may = useMay("hunt.run");
  if (!may) return null;
  const go = () => void navigate({ to: "/hunting", search: writeHunting({ ...readHunting({}), q: asQuery(q, view), run: 1, range }) });
  return <Tooltip content="The same question in KQL, in Hunting" relationship="description"><Button appearance="subtle" icon={<Code20Regular />} onClick={go}>Hunt</Button></Tooltip>;
}

/** A link from another tab says ?add=field~value: the value joins the filter, and the address says only the result. */
function useAdded(): void {
  const address = useAddress();
  const navigate = useNavigate();
  const filter = useFilter();
  const { byName } = useFields();
  const add = address["add"];
  const ready = byName.size > 0;
  useEffect(() => {
    if (add === undefined || !ready) return;
    const cut = add.indexOf("~");
    if (cut > 0 && byName.has(add.slice(0, cut))) void filter.include(add.slice(0, cut), add.slice(cut + 1));
    else void navigate({ to: ".", search: (old) => ({ ...old, add: undefined }), replace: true });
    // Only when the link arrives: the filter it leads to has no add any more.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [add, ready]);
}
