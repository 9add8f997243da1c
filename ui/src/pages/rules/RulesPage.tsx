import { Button, Select, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { origins, readRules, severities, states, threats, writeRules, type RulesState } from "../../address/rules";
import { writeRange } from "../../address/range";
import { useAddress } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { Add16Regular, Search16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useMay } from "../../session/queries";
import { useKeys } from "../../shell/keys";
import { number } from "../../time/zone";
import { newRule, useDrafts } from "./drafts";
import { shown } from "./filter";
import { useHits, useRules } from "./queries";
import { RuleFlyout } from "./RuleFlyout";
import { RuleTable } from "./RuleTable";
import styles from "./Rules.module.css";
import { originWords, severityWord, standingWords } from "./words";

/** The rules that judge mail: what there is, what is on, what is wrong. */
export function RulesPage() {
  const may = useMay("rules.read");
  if (!may) return <EmptyState alone title="Rules need the permission rules.read" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader." />;
  return <List />;
}

function List() {
  const address = useAddress();
  const navigate = useNavigate();
  const s = useMemo(() => readRules(address), [address]);
  const change = (c: Partial<RulesState>) => void navigate({ to: "/rules", search: ((old: Record<string, unknown>) => writeRules({ ...readRules(old), ...c })) as never, replace: c.open === undefined });
  const rules = useRules();
  const hits = useHits();
  const edit = useMay("rules.edit"), tries = useMay("whatif.run");
  const drafts = useDrafts();
  const [find, setFind] = useFind(s.find, (text) => change({ find: text }));
  const list = useMemo(() => shown(rules.data?.rules ?? [], { ...s, find }, hits.data?.hits ?? {}), [rules.data, s, find, hits.data]);
  const technologies = useMemo(() => [...new Set((rules.data?.rules ?? []).map((r) => r.technology))].filter((t) => t !== "").sort(), [rules.data]);
  const at = list.findIndex((r) => r.id === s.open);
  const [point, setPoint] = useState(0);
  const move = (n: number) => {
    const to = Math.max(0, Math.min(list.length - 1, (at >= 0 ? at : point) + n));
    setPoint(to);
    if (s.open && list[to]) change({ open: list[to].id });
    document.querySelector<HTMLElement>(`[data-rule="${list[to]?.id}"]`)?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1), o: () => list[point] && change({ open: list[point].id }), e: () => list[point] && void navigate({ to: "/rules/$id", params: { id: s.open || list[point].id }, search: writeRange(s.range) }) });
  useEffect(() => {
    if (point >= list.length) setPoint(Math.max(0, list.length - 1));
  }, [list.length, point]);

  if (rules.error) return <div className={styles.problem}><ProblemNote error={rules.error} onRetry={() => void rules.refetch()} /></div>;
  const all = rules.data?.rules ?? [];
  const wrong = all.filter((r) => r.error !== "").length, failing = all.filter((r) => r.failed > 0).length;
  const filtered = find !== "" || s.origin !== "" || s.threat !== "" || s.technology !== "" || s.severity !== "" || s.state !== "";
  const clear = () => {
    setFind("");
    change({ find: "", origin: "", threat: "", technology: "", severity: "", state: "" });
  };
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <header className={styles.head}>
          <h1>Rules</h1>
          {rules.data && <p className={`${styles.facts} num`} role="status">{filtered ? `${number(list.length)} of ${number(all.length)} rules` : `${number(all.length)} rules, ${number(rules.data.at_work)} judge mail`}</p>}
          <span className={styles.push} />
          {(edit || tries) && <Button appearance="primary" icon={<Add16Regular />} onClick={() => void navigate({ to: "/rules/$id", params: { id: newRule }, search: writeRange(s.range) })}>{drafts.get(newRule) ? "Go on with the new rule" : "New rule"}</Button>}
        </header>
        <div className={styles.filters} role="group" aria-label="Filter">
          <label className={styles.find}>
            <Search16Regular aria-hidden />
            <span className="unseen">Find a rule</span>
            <input value={find} placeholder="Name, words or ATT&CK technique" spellCheck={false} onChange={(e) => setFind(e.target.value)} />
          </label>
          <Choice label="Origin" any="Any origin" value={s.origin} options={origins.map((o) => [o, originWords[o]])} onChange={(v) => change({ origin: v as RulesState["origin"] })} />
          <Choice label="Threat" any="Any threat" value={s.threat} options={threats.map((t) => [t, t])} onChange={(v) => change({ threat: v as RulesState["threat"] })} />
          <Choice label="Technology" any="Any technology" value={s.technology} options={technologies.map((t) => [t, t])} onChange={(v) => change({ technology: v })} />
          <Choice label="Severity" any="Any severity" value={s.severity} options={severities.map((x) => [x, severityWord(x)])} onChange={(v) => change({ severity: v as RulesState["severity"] })} />
          <Choice label="State" any="On and off" value={s.state} options={states.map((x) => [x, x === "wrong" ? "Wrong" : standingWords[x]])} onChange={(v) => change({ state: v as RulesState["state"] })} />
          {filtered && <button type="button" className="textbutton" onClick={clear}>Clear</button>}
        </div>
        {rules.data?.problem && <p className={styles.odd}><Warning16Regular aria-hidden /><span>The rule files on the server have an error, so those from before still judge mail: <span className="mono">{rules.data.problem}</span></span></p>}
        {wrong + failing > 0 && s.state !== "wrong" && (
          <p className={styles.odd}>
            <Warning16Regular aria-hidden />
            <span>{[wrong > 0 ? `${wrong} rule${wrong === 1 ? " does" : "s do"} not compile and ${wrong === 1 ? "is" : "are"} left out` : "", failing > 0 ? `${failing} fail${failing === 1 ? "s" : ""} on own samples` : ""].filter(Boolean).join("; ")}. </span>
            <Link to="/rules" search={writeRules({ ...s, state: "wrong" })}>Show {wrong + failing === 1 ? "it" : "them"}</Link>
          </p>
        )}
        {!rules.data ? (
          <Skeleton className={styles.wait} aria-label="Reading the rules">{Array.from({ length: 12 }, (_, i) => <SkeletonItem key={i} size={20} />)}</Skeleton>
        ) : list.length === 0 ? (
          <EmptyState small title={filtered ? "No rule fits the filter" : "There are no rules"} why={filtered ? `There are ${number(all.length)} rules without it.` : "Rules come with Tocsin, stand in a folder of the server, or are written here."}>
            {filtered && <Button onClick={clear}>Clear the filter</Button>}
          </EmptyState>
        ) : (
          <RuleTable list={list} state={s} hits={hits.data?.known ? hits.data.hits : undefined} counting={hits.isPending} point={point} narrow={s.open !== ""} unsaved={drafts.ids()} onPoint={setPoint} onOpen={(id) => change({ open: id })} onSort={(sort) => change(s.sort === sort ? { desc: !s.desc } : { sort, desc: sort !== "name" && sort !== "threat" })} />
        )}
      </div>
      {s.open !== "" && (
        <RuleFlyout
          id={s.open}
          hits={hits.data}
          position={at >= 0 ? `${number(at + 1)} of ${number(list.length)}` : ""}
          onPrev={at > 0 ? () => change({ open: list[at - 1]!.id }) : undefined}
          onNext={at >= 0 && at < list.length - 1 ? () => change({ open: list[at + 1]!.id }) : undefined}
          onClose={() => change({ open: "" })}
        />
      )}
    </div>
  );
}

/** What is looked for: at once in the list, and a moment later in the address. */
function useFind(kept: string, keep: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(kept);
  const sent = useRef(kept);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (kept === sent.current) return;
    sent.current = kept;
    setText(kept);
  }, [kept]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [text, (t) => {
    setText(t);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      sent.current = t;
      keep(t);
    }, 250);
  }];
}

function Choice({ label, any, value, options, onChange }: { label: string; any: string; value: string; options: readonly (readonly [string, string])[]; onChange: (v: string) => void }) {
  return (
    <Select size="small" aria-label={label} value={value} className={value ? styles.chosen : ""} onChange={(_, d) => onChange(d.value)}>
      <option value="">{any}</option>
      {options.map(([v, word]) => <option key={v} value={v}>{word}</option>)}
    </Select>
  );
}
