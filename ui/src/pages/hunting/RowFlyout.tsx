import { Flyout } from "../../components/Flyout";
import { Untrusted } from "../../components/Untrusted";
import { useValueHandlers } from "../../components/ValueMenu";
import { both, number } from "../../time/zone";
import { Json } from "./Json";
import styles from "./Hunting.module.css";
import type { Here } from "./ResultGrid";
import type { Run } from "./session";
import type { HuntColumn } from "./shapes";
import { numberText, plainText } from "./values";

interface Props {
  run: Run;
  place: number;
  here: (column: HuntColumn, value: unknown) => Here;
  /** Where it stands in the list; -1 when nobody knows. */
  at: number;
  onPrev: (() => void) | undefined;
  onNext: (() => void) | undefined;
  onClose: () => void;
}

/** One row, whole: every column under the other. */
export function RowFlyout({ run, place, at, here, onPrev, onNext, onClose }: Props) {
  const { handlers } = useValueHandlers();
  const row = run.rows[place];
  if (!row) return null;
  const n = (at < 0 ? place : at) + 1;
  return (
    <Flyout
      label={`Row ${n}`}
      position={`${number(n)} of ${number(run.count)}`}
      onPrev={onPrev}
      onNext={onNext}
      onClose={onClose}
    >
      <div className={styles.record}>
        <h2>Row {number(n)}</h2>
        <dl>
          {run.columns.map((c, i) => {
            const v = row[i];
            const text = plainText(v);
            return (
              <div key={i} style={{ display: "contents" }}>
                <dt><Untrusted text={c.name} /></dt>
                <dd>
                  {typeof v === "object" && v !== null ? <Json value={v} /> : v === null || v === undefined ? <i>null</i> : text === "" ? <i>empty</i> : (
                    <button type="button" className={styles.value} aria-haspopup="menu" {...handlers(c.name, text, here(c, v))}>
                      {c.type === "datetime" && !Number.isNaN(Date.parse(text)) ? <span className="num">{both(new Date(text)).split("\n").join(" · ")}</span> : typeof v === "number" ? <span className="num">{numberText(v)}</span> : <Untrusted text={text} spelling />}
                    </button>
                  )}
                </dd>
              </div>
            );
          })}
        </dl>
      </div>
    </Flyout>
  );
}
