import { number } from "../time/zone";
import { arrows } from "./tabs";
import styles from "./TabBar.module.css";

export interface Tab<T extends string> {
  key: T;
  label: string;
  count?: number | undefined;
}

/** Tabs of one thing, with counts where they are known. The panel has the id "<id>-panel" and is labelled by "<id>-<key>". */
export function TabBar<T extends string>({ id, label, tabs, value, onChange }: { id: string; label: string; tabs: readonly Tab<T>[]; value: T; onChange: (v: T) => void }) {
  return (
    <div role="tablist" aria-label={label} className={styles.tabs}>
      {tabs.map((t) => (
        <button key={t.key} type="button" role="tab" id={`${id}-${t.key}`} aria-controls={`${id}-panel`} aria-selected={t.key === value} tabIndex={t.key === value ? 0 : -1} onClick={() => onChange(t.key)} onKeyDown={arrows}>
          {t.label}{t.count !== undefined && <span className="num"> {number(t.count)}</span>}
        </button>
      ))}
    </div>
  );
}
