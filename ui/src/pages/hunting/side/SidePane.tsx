import { Button, Tooltip } from "@fluentui/react-components";
import { useState } from "react";
import type { Side } from "../../../address/hunting";
import { Dismiss16Regular, Search16Regular } from "../../../components/icons";
import { Segments } from "../../../components/Segments";
import type { HuntLibraryQuery, HuntSaved } from "../shapes";
import { HistoryPane } from "./HistoryPane";
import { QueriesPane } from "./QueriesPane";
import { SchemaPane } from "./SchemaPane";
import styles from "./Side.module.css";

interface Props {
  side: Side;
  onSide: (s: Side) => void;
  here: string;
  onInsert: (name: string) => void;
  onSaved: (q: HuntSaved) => void;
  onEdit: (q: HuntSaved) => void;
  onLibrary: (q: HuntLibraryQuery) => void;
  onPast: (query: string) => void;
  /** Over the page, where there is no room beside it. */
  onClose?: (() => void) | undefined;
  className?: string;
}

const sought: Record<Side, string> = { schema: "Find a table or column", queries: "Find a query", history: "Find in what you ran" };

/** What stands beside the editor: the schema, queries to start from, and what was run. */
export function SidePane({ side, onSide, here, onInsert, onSaved, onEdit, onLibrary, onPast, onClose, className }: Props) {
  const [find, setFind] = useState("");
  return (
    <aside className={`${styles.side} ${className ?? ""}`} aria-label="Schema and queries">
      <div className={styles.top}>
        <div className={styles.choose}>
          <Segments label="Beside the editor" value={side} onChange={(s) => { setFind(""); onSide(s); }} options={[["schema", "Schema"], ["queries", "Queries"], ["history", "History"]]} />
          {onClose && <Tooltip content="Close" relationship="label"><Button size="small" appearance="subtle" icon={<Dismiss16Regular />} onClick={onClose} /></Tooltip>}
        </div>
        <label className={styles.find}>
          <Search16Regular aria-hidden />
          <input data-pane="side" type="search" value={find} placeholder={sought[side]} aria-label={sought[side]} spellCheck={false} onChange={(e) => setFind(e.target.value)} />
        </label>
      </div>
      <div className={styles.list}>
        {side === "schema" ? <SchemaPane find={find} onInsert={onInsert} /> : side === "queries" ? <QueriesPane find={find} here={here} onSaved={onSaved} onEdit={onEdit} onLibrary={onLibrary} /> : <HistoryPane find={find} onOpen={onPast} />}
      </div>
    </aside>
  );
}
