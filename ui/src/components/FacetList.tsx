import { Menu, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, Skeleton, SkeletonItem } from "@fluentui/react-components";
import type { Facet } from "../api/client";
import { useFields } from "../filter/useFilter";
import { number } from "../time/zone";
import styles from "./FacetList.module.css";
import { ChevronDown16Regular } from "./icons";
import { ProblemNote } from "./Problem";
import { Untrusted } from "./Untrusted";
import { useValueHandlers, Value } from "./ValueMenu";

interface Props {
  field: string;
  rare: boolean;
  facet: Facet | undefined;
  error: unknown;
  onField: (field: string) => void;
  onOrder: (rare: boolean) => void;
  /** Asks for the next ones too. */
  onMore?: (() => void) | undefined;
}

/** The most common values of a column, or the rarest; a bar behind the text, the count at its right. Each row is a value. */
export function FacetList({ field, rare, facet, error, onField, onOrder, onMore }: Props) {
  const { fields, label } = useFields();
  const facets = fields.filter((f) => f.facet);
  const groups = [...new Set(facets.map((f) => f.group))];
  const without = facet?.values.find((v) => v.value === "")?.count ?? 0;
  const values = facet?.values.filter((v) => v.value !== "") ?? [];
  const more = facet ? facet.distinct - facet.values.length : 0;
  return (
    <section className={styles.facet} aria-label={`${rare ? "Rarest" : "Most common"} values: ${label(field)}`}>
      <div className={styles.head}>
        <Menu checkedValues={{ field: [field] }} onCheckedValueChange={(_, d) => d.checkedItems.at(-1) && onField(d.checkedItems.at(-1)!)}>
          <MenuTrigger disableButtonEnhancement>
            <button type="button" className={styles.choose} aria-label={`Values of ${label(field)}: choose another field`}>
              <span className="clip">{label(field)}</span>
              <ChevronDown16Regular aria-hidden />
            </button>
          </MenuTrigger>
          <MenuPopover className={styles.fields}>
            <MenuList>
              {groups.map((g) => (
                <div key={g} role="group" aria-label={g || "Fields"}>
                  {g && <div className={styles.group} aria-hidden>{g}</div>}
                  {facets.filter((f) => f.group === g).map((f) => <MenuItemRadio key={f.name} name="field" value={f.name}>{f.label}</MenuItemRadio>)}
                </div>
              ))}
            </MenuList>
          </MenuPopover>
        </Menu>
        <div className={styles.order} role="group" aria-label="Order">
          <button type="button" aria-pressed={!rare} onClick={() => onOrder(false)}>Top</button>
          <button type="button" aria-pressed={rare} onClick={() => onOrder(true)}>Rare</button>
        </div>
      </div>
      {error ? <ProblemNote error={error} /> : facet === undefined ? (
        <Skeleton className={styles.wait} aria-label="Counting">{[0, 1, 2, 3, 4].map((i) => <SkeletonItem key={i} size={20} />)}</Skeleton>
      ) : (
        <>
          <FacetRows field={field} values={values} />
          <p className={styles.more}>
            {facet.values.length === 0 && "No values in this time."}
            {more > 0 && (onMore ? <button type="button" className="textbutton" onClick={onMore}>and {number(more)} more</button> : <span>and {number(more)} more</span>)}
            {without > 0 && <Value field={field} value=""><span className="num">{number(without)} without</span></Value>}
          </p>
        </>
      )}
    </section>
  );
}

/** Rows of values with bars; max is the count that fills the width. */
export function FacetRows({ field, values, max }: { field: string; values: readonly { value: string; count: number }[]; max?: number }) {
  const { handlers } = useValueHandlers();
  const full = max ?? Math.max(1, ...values.map((v) => v.count));
  return (
    <ul className={styles.rows}>
      {values.map((v) => (
        <li key={v.value}>
          <button type="button" aria-haspopup="menu" {...handlers(field, v.value)}>
            <i style={{ width: `${Math.max(1.5, (v.count / full) * 100)}%` }} aria-hidden />
            <span className="clip">{v.value === "" ? "(none)" : <Untrusted text={v.value} spelling />}</span>
            <b className="num">{number(v.count)}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}
