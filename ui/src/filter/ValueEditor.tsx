import { Button, Checkbox, Textarea } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useExplorer, useTimeRange } from "../address/useAddress";
import { api, ask, type Chip, type Facet, type Field } from "../api/client";
import { Untrusted } from "../components/Untrusted";
import { number } from "../time/zone";
import { joinValues, operatorWords, splitValues, takes } from "./chips";
import styles from "./Filter.module.css";

/** Edits the values of a chip: the usual ones and those that are in the mail now as boxes to tick, and any others as text. */
export function ValueEditor({ chip, field, onApply }: { chip: Chip; field: Field | undefined; onApply: (values: string[]) => void }) {
  const many = takes(chip.op) === "many";
  const kql = chip.op === "kql";
  const [{ view }] = useExplorer();
  const { query } = useTimeRange();
  const whole = chip.op === "is" || chip.op === "is_not";
  const pick = many && (whole || (field?.list === true && (chip.op === "contains" || chip.op === "not_contains")));
  const seen = useQuery({
    queryKey: ["facet", view, "EmailEvents", query, chip.field, "top", 8],
    enabled: pick && field?.facet === true,
    queryFn: ({ signal }) => ask<Facet>(api.GET("/explorer/facet", { params: { query: { view, q: "EmailEvents", ...query, field: chip.field, order: "top", limit: 8 } }, signal })),
  });
  const counts = new Map(seen.data?.values.map((v) => [v.value, v.count]));
  const offered = pick ? [...new Set([...(field?.type === "bool" ? ["true", "false"] : []), ...(field?.values ?? []), ...counts.keys()])].filter((v) => v !== "") : [];
  const [ticked, setTicked] = useState(() => chip.values);
  const others = (vs: readonly string[]) => vs.filter((v) => !offered.includes(v));
  // Text holds what no box offers; boxes may still be on their way, so it is only filled from values once they are known.
  const [text, setText] = useState<string>();
  const shownText = text ?? (kql ? (chip.values[0] ?? "") : joinValues(pick && field?.facet && !seen.data ? [] : others(chip.values)));
  const apply = () => {
    const typed = kql ? [shownText] : many ? splitValues(shownText) : [shownText.trim()].filter((v) => v !== "");
    const next = [...new Set([...(pick ? ticked.filter((v) => offered.includes(v) || text === undefined) : []), ...typed])];
    if (next.length > 0) onApply(next);
  };
  return (
    <form
      className={styles.editor}
      onSubmit={(e) => {
        e.preventDefault();
        apply();
      }}
    >
      <h2>{field ? field.label : "Condition in KQL"} {kql ? "" : operatorWords[chip.op]}</h2>
      {offered.length > 0 && (
        <ul className={styles.boxes}>
          {offered.map((v) => (
            <li key={v}>
              <Checkbox
                size="medium"
                checked={ticked.includes(v)}
                onChange={(_, d) => setTicked(d.checked ? [...ticked, v] : ticked.filter((x) => x !== v))}
                label={<span className={styles.boxlabel}>{v === "" ? "(empty)" : <Untrusted text={v} />}{counts.has(v) && <small className="num">{number(counts.get(v) ?? 0)}</small>}</span>}
              />
            </li>
          ))}
        </ul>
      )}
      <Textarea
        autoFocus={offered.length === 0}
        value={shownText}
        rows={kql ? 3 : many ? 2 : 1}
        resize="vertical"
        textarea={{ className: kql ? "mono" : "", spellCheck: false }}
        aria-label={kql ? "Condition" : many ? "Values" : "Value"}
        placeholder={placeholder(chip, field, offered.length > 0)}
        onChange={(_, d) => setText(d.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter" && !e.shiftKey) {
            e.preventDefault();
            apply();
          }
        }}
      />
      {many && <p className={styles.hint}>Commas or lines part values; any of them matches. Quotes keep a comma.</p>}
      <div className={styles.buttons}><Button type="submit" appearance="primary">Apply</Button></div>
    </form>
  );
}

function placeholder(chip: Chip, field: Field | undefined, offered: boolean): string {
  if (chip.op === "in_network") return "192.0.2.0/24";
  if (field?.type === "datetime") return "2026-11-18T14:30:00Z";
  if (field?.type === "bool") return "true or false";
  if (field?.type === "int" || field?.type === "long") return "A whole number";
  return offered ? "Other values" : "Value";
}
