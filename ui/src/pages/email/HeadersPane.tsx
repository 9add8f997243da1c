import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { useCopy } from "../../components/copy";
import { Copy20Regular, Dismiss16Regular, Search16Regular } from "../../components/icons";
import { RawText } from "../../components/RawText";
import { Segments } from "../../components/Segments";
import { defangText } from "../../text/defang";
import { finder, forClipboard } from "../../text/find";
import { useEvidence } from "../../text/useEvidence";
import { number } from "../../time/zone";
import { AuthMarks } from "./AuthMarks";
import styles from "./Email.module.css";
import { headerRows, oddFirst, searched } from "./headerrows";
import { HeaderTable } from "./HeaderTable";
import { Part } from "./Part";
import { PathCard } from "./PathCard";

const views = [["odd", "Odd first"], ["received", "As received"], ["raw", "Raw"]] as const;
type View = (typeof views)[number][0];

interface Props {
  email: Schemas["Email"];
  headers: UseQueryResult<Schemas["EmailHeaders"]>;
  show: string;
  onShow: (show: string) => void;
  find: string;
  onFind: (find: string) => void;
}

/** The way of the message, who really sent it, and its header fields, starting with what is odd. */
export function HeadersPane({ email, headers, show, onShow, find, onFind }: Props) {
  const view: View = views.find(([v]) => v === show)?.[0] ?? "odd";
  return (
    <Part answer={headers} label="Reading the headers">
      {(h) => (
        <>
          <PathCard hops={h.hops}><AuthMarks auth={email.auth} domain={email.event.SenderFromDomain} /></PathCard>
          <Fields headers={h} view={view} onView={(v) => onShow(v === "odd" ? "" : v)} find={find} onFind={onFind} />
        </>
      )}
    </Part>
  );
}

function Fields({ headers: h, view, onView, find, onFind }: { headers: Schemas["EmailHeaders"]; view: View; onView: (v: View) => void; find: string; onFind: (s: string) => void }) {
  const copy = useCopy();
  const evidence = useEvidence();
  const re = finder(find);
  const all = headerRows(h.headers, h.hops);
  const rows = searched(view === "odd" ? oddFirst(all) : all, re);
  const odd = all.filter((r) => r.odd.length > 0).length;
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h2>Headers</h2>
        <span className="num" role="status">
          {re && view !== "raw" ? `${number(rows.length)} of ${number(all.length)} fields` : `${number(all.length)} field${all.length === 1 ? "" : "s"}, ${odd === 0 ? "none is odd" : odd === 1 ? "1 is odd" : `${number(odd)} are odd`}`}
        </span>
        <span className={styles.push} />
        <label className={styles.search}>
          <Search16Regular aria-hidden />
          <span className="unseen">Search in the headers</span>
          <input value={find} placeholder="Search headers" spellCheck={false} autoComplete="off" onChange={(e) => onFind(e.target.value)} onKeyDown={(e) => e.key === "Escape" && (e.preventDefault(), onFind(""))} />
          {find !== "" && <button type="button" aria-label="Clear the search" onClick={() => onFind("")}><Dismiss16Regular aria-hidden /></button>}
        </label>
        <Segments label="Order" options={views} value={view} onChange={onView} />
        <Menu>
          <MenuTrigger disableButtonEnhancement><Button size="small" icon={<Copy20Regular />}>Copy</Button></MenuTrigger>
          <MenuPopover>
            <MenuList>
              <MenuItem onClick={() => copy(forClipboard(defangText(h.raw)), "Headers copied, defanged")}>All headers, defanged</MenuItem>
              <MenuItem onClick={() => copy(h.raw, "Headers copied as they are")}>All headers, as they are</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
      </div>
      {view === "raw" ? <RawText text={evidence(h.raw)} re={re} label="Raw headers" /> : <HeaderTable rows={rows} re={re} />}
      {h.cut && <p className={styles.dim}>The block goes on: more than 512 KB of headers are not shown.</p>}
    </section>
  );
}
