import { Field, Input } from "@fluentui/react-components";
import { useDeferredValue, useState } from "react";
import { Search16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Severity } from "../rules/Severity";
import { Due, StatusWord } from "./Bits";
import styles from "./Incidents.module.css";
import { useFound } from "./queries";
import type { Incident } from "./words";

interface Props {
  value: Incident | undefined;
  onChange: (i: Incident) => void;
  /** Ids that are not offered. */
  without?: readonly string[];
  /** Offered before anything is looked for. */
  first?: readonly Incident[];
  resolved?: boolean;
}

/** Finds one incident by number, name or tag. */
export function IncidentPicker({ value, onChange, without = [], first = [], resolved = false }: Props) {
  const [text, setText] = useState("");
  const late = useDeferredValue(text);
  const found = useFound(late, resolved);
  const others = (found.data?.incidents ?? []).filter((i) => late.trim() !== "" || !first.some((f) => f.id === i.id));
  const shown = [...(late.trim() === "" ? first : []), ...others].filter((i) => !without.includes(i.id));
  return (
    <div className={styles.picker}>
      <Field label="Incident"><Input type="search" contentBefore={<Search16Regular />} value={text} maxLength={200} placeholder="Number, name or tag" autoFocus autoComplete="off" onChange={(_, d) => setText(d.value)} /></Field>
      {found.error ? <ProblemNote error={found.error} /> : (
        <div role="radiogroup" aria-label="Incidents that fit" className={styles.offers}>
          {shown.map((i) => (
            <label key={i.id}>
              <input type="radio" name="incident" checked={value?.id === i.id} onChange={() => onChange(i)} />
              <span><b><span className="num">{i.label}</span> <bdi>{i.name}</bdi></b><small><Severity value={i.severity.toLowerCase()} /><StatusWord value={i.status} /><Due of={i} /></small></span>
            </label>
          ))}
          {shown.length === 0 && found.data && <p className={styles.faded}>{late.trim() === "" ? "No other incident is open." : "No open incident fits."}</p>}
        </div>
      )}
    </div>
  );
}
