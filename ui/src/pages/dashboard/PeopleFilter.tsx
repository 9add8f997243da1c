import { Button, Input, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { DashboardState } from "../../address/dashboard";
import { api, ask, type Schemas } from "../../api/client";
import { Checkmark16Regular, ChevronDown16Regular, Dismiss12Regular, People16Regular } from "../../components/icons";
import { number } from "../../time/zone";
import styles from "./Dashboard.module.css";

type Choice = Schemas["DashboardChoice"];
type Kind = "domain" | "department" | "group";
export type Whom = Pick<DashboardState, Kind>;

const kinds: readonly (readonly [Kind, string])[] = [["domain", "Domain"], ["department", "Department"], ["group", "Group"]];
const most = 40;

/** "Domain kestrelquay.example, group Finance"; "" of everybody. */
export const whomWords = (w: Whom) => kinds.filter(([k]) => w[k] !== "").map(([k, label]) => `${label} ${w[k]}`).join(", ");

/** Whom the figures are about. */
export function PeopleFilter({ whom, onChange }: { whom: Whom; onChange: (w: Whom) => void }) {
  const [open, setOpen] = useState(false);
  const chosen = kinds.filter(([k]) => whom[k] !== "");
  return (
    <div className={styles.whom}>
      <Popover open={open} onOpenChange={(_, d) => setOpen(d.open)} positioning="below-start" trapFocus>
        <PopoverTrigger disableButtonEnhancement>
          <button type="button" className={styles.control}><People16Regular aria-hidden />{chosen.length === 0 ? "Everybody" : "Some people"}<ChevronDown16Regular aria-hidden /></button>
        </PopoverTrigger>
        <PopoverSurface className={styles.choices} aria-label="Whom the figures are about"><Choices whom={whom} onChange={onChange} /></PopoverSurface>
      </Popover>
      {chosen.map(([k, label]) => (
        <span key={k} className={styles.chip}>
          {label} <b><bdi>{whom[k]}</bdi></b>
          <button type="button" aria-label={`Everybody again, not only ${label.toLowerCase()} ${whom[k]}`} onClick={() => onChange({ ...whom, [k]: "" })}><Dismiss12Regular aria-hidden /></button>
        </span>
      ))}
    </div>
  );
}

function Choices({ whom, onChange }: { whom: Whom; onChange: (w: Whom) => void }) {
  const [text, setText] = useState("");
  const { data, error } = useQuery({ queryKey: ["dashboard", "options"], queryFn: ({ signal }) => ask<Schemas["DashboardOptions"]>(api.GET("/dashboard/options", { signal })) });
  const lists: Record<Kind, readonly Choice[]> = { domain: data?.domains ?? [], department: data?.departments ?? [], group: data?.groups ?? [] };
  const fits = (c: Choice) => c.name.toLowerCase().includes(text.trim().toLowerCase());
  const none = data !== undefined && kinds.every(([k]) => !lists[k].some(fits));
  return (
    <>
      <Input value={text} onChange={(_, d) => setText(d.value)} placeholder="Domain, department or group" aria-label="Look for a domain, department or group" />
      {error ? <p role="alert">{error.message}</p> : null}
      <div className={styles.choicelist}>
        {kinds.map(([k, label]) => {
          const list = lists[k].filter(fits);
          if (list.length === 0) return null;
          return (
            <section key={k} aria-label={label}>
              <h3>{label}</h3>
              <ul>
                {list.slice(0, most).map((c) => (
                  <li key={c.name}>
                    <button type="button" aria-pressed={whom[k] === c.name} disabled={c.large} title={c.large ? "More people than a filter holds" : undefined} onClick={() => onChange({ ...whom, [k]: whom[k] === c.name ? "" : c.name })}>
                      <span className="clip"><bdi>{c.name}</bdi></span>
                      <small className="num">{c.large ? "too many people" : c.people > 0 ? number(c.people) : ""}</small>
                      {whom[k] === c.name && <Checkmark16Regular aria-hidden />}
                    </button>
                  </li>
                ))}
                {list.length > most && <li><small>{number(list.length - most)} more; type some of the name.</small></li>}
              </ul>
            </section>
          );
        })}
        {none && <p>{text ? "Nothing is called that." : "The organisation has no domains yet, and no directory is read: see Settings, People."}</p>}
      </div>
      {whomWords(whom) !== "" && <Button size="small" onClick={() => onChange({ domain: "", department: "", group: "" })}>Everybody</Button>}
    </>
  );
}
