import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import type { Chip, Schemas } from "../api/client";
import { everything } from "../address/explorer";
import { Add16Regular, Filter16Regular } from "../components/icons";
import { ProblemNote } from "../components/Problem";
import { ChipView } from "./ChipView";
import { complete } from "./chips";
import { FieldPicker } from "./FieldPicker";
import styles from "./Filter.module.css";
import { KqlLine } from "./KqlLine";
import { useFields, useFilter } from "./useFilter";

type Defect = Schemas["FilterDefect"];

/** One filter in two forms: chips, and the same as a line of KQL. Either can be edited; what chips cannot say is one chip "KQL". */
export function FilterBar() {
  const { q, chips, defect, problem, setChips, setKql } = useFilter();
  const { byName } = useFields();
  const [draft, setDraft] = useState<Chip>();
  const [refused, setRefused] = useState<Defect>();
  const [failed, setFailed] = useState<unknown>();
  const [picking, setPicking] = useState(false);
  useEffect(() => {
    setRefused(undefined);
    setFailed(undefined);
  }, [q]);

  const apply = async (next: readonly Chip[]) => {
    setFailed(undefined);
    try {
      setRefused(await setChips(next));
    } catch (e) {
      setFailed(e);
    }
  };
  const change = (i: number, c: Chip | undefined) => void apply(c ? chips.with(i, c) : chips.filter((_, j) => j !== i));
  return (
    <section className={styles.bar} aria-label="Filter">
      <div className={styles.chips}>
        <Filter16Regular aria-hidden className={styles.funnel} />
        {chips.map((c, i) => <ChipView key={`${i} ${c.field} ${c.op}`} chip={c} onChange={(n) => change(i, n)} />)}
        {draft && (
          <ChipView
            chip={draft}
            draft
            onChange={(c) => {
              if (c && complete(c)) {
                setDraft(undefined);
                void apply([...chips, c]);
              } else setDraft(c);
            }}
          />
        )}
        <Popover open={picking} onOpenChange={(_, d) => setPicking(d.open)} positioning={{ position: "below", align: "start" }} trapFocus>
          <PopoverTrigger disableButtonEnhancement>
            <button type="button" className={styles.add}><Add16Regular aria-hidden />Add filter</button>
          </PopoverTrigger>
          <PopoverSurface className={styles.popup} aria-label="Choose a field">
            <FieldPicker
              onPick={(name) => {
                setPicking(false);
                setDraft({ field: name, op: (byName.get(name)?.operators[0] ?? "is") as Chip["op"], values: [] });
              }}
            />
          </PopoverSurface>
        </Popover>
        <span className={styles.push} />
        {q !== everything && (
          <button type="button" className={`textbutton ${styles.clear}`} onClick={() => { setDraft(undefined); setKql(everything); }}>Clear</button>
        )}
      </div>
      <KqlLine key={q} kql={q} defect={refused ?? defect} onApply={setKql} />
      {failed !== undefined || problem ? <ProblemNote quiet error={failed ?? problem} /> : null}
    </section>
  );
}
