import { Button, Tooltip } from "@fluentui/react-components";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { readRuleEditor, writeRuleEditor, type RuleEditorState, type RulePane } from "../../address/rules";
import { writeRange } from "../../address/range";
import { useAddress } from "../../address/useAddress";
import type { Schemas } from "../../api/client";
import { ArrowLeft20Regular, CheckmarkCircle16Regular, ErrorCircle16Regular, Info16Regular, Play16Regular, Save20Regular, SubtractCircle16Regular, Warning16Regular } from "../../components/icons";
import { TabBar } from "../../components/TabBar";
import { useMay } from "../../session/queries";
import { newRule, useDrafts } from "./drafts";
import { RuleEditor, type RuleEditorHandle } from "./editor/RuleEditor";
import { HistoryPane } from "./HistoryPane";
import { tryRule, useLanguage, type Rule, type RuleTried } from "./queries";
import styles from "./Rules.module.css";
import { SaveDialog } from "./SaveDialog";
import { idIn, offsetOf } from "./template";
import { TestPane, type Tested } from "./TestPane";
import { marksOf, useCheck } from "./useCheck";
import { WhatIfPane } from "./WhatIfPane";
import { originWords, standing, standingWords } from "./words";

interface Props {
  /** "_new" for one that is not kept yet. */
  id: string;
  rule: Rule | undefined;
  /** Text to begin with. */
  first: string;
  /** Of a new one: the rule it is made like. */
  like: string;
}

/** The editor, what is wrong, and beside it tests, what-if and history. */
export function Workbench({ id, rule, first, like }: Props) {
  const address = useAddress();
  const navigate = useNavigate();
  const s = useMemo(() => readRuleEditor(address), [address]);
  const change = (c: Partial<RuleEditorState>) => void navigate({ to: "/rules/$id", params: { id }, search: ((old: Record<string, unknown>) => writeRuleEditor({ ...readRuleEditor(old), ...c })) as never, replace: true });
  const edit = useMay("rules.edit"), tries = useMay("whatif.run");
  const drafts = useDrafts();
  // A new rule like another begins anew; everything else goes on where it was left.
  const [kept, setKept] = useState(() => (like === "" || drafts.get(id)?.of === first ? drafts.get(id) : undefined));
  const [text, setText] = useState(kept?.text ?? first);
  const [cause, setCause] = useState("");
  const [saving, setSaving] = useState(false);
  const [tested, setTested] = useState<Tested>();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const editor = useRef<RuleEditorHandle>(null);
  const { data: language } = useLanguage();
  const { checked, lost } = useCheck(text, tries);
  const marks = useMemo(() => (checked ? marksOf(text, checked.problems, checked.warnings) : []), [checked, text]);
  const changed = text !== first;
  const says = idIn(text);

  const write = (t: string) => {
    setText(t);
    drafts.put(id, t, first);
  };
  const restore = (t: string, why: string) => {
    write(t);
    setCause(why);
    editor.current?.focus();
  };
  const stopTest = useRef<AbortController>(undefined);
  useEffect(() => () => stopTest.current?.abort(), []);
  const test = (messages: Schemas["RuleMessage"][] = []) => {
    if (!tries) return;
    stopTest.current?.abort();
    const stop = (stopTest.current = new AbortController());
    if (s.pane !== "test") change({ pane: "test" });
    setBusy(true);
    setFailed(undefined);
    tryRule({ text, messages }, stop.signal).then((tried) => setTested({ text, tried }), (e: unknown) => {
      if (!stop.signal.aborted) setFailed(e);
    }).finally(() => stop === stopTest.current && setBusy(false));
  };
  const goTo = (line: number, column: number) => editor.current?.goTo(offsetOf(text, line, column).from);
  const wrong = (checked?.problems.length ?? 0) > 0;
  const otherId = rule !== undefined && says !== "" && says !== rule.id;
  const cannotSave = wrong ? "Correct the errors first" : otherId ? `The text says id ${says}. An id stays for ever: make a new rule instead` : says === "" ? "The text needs an id" : !changed && rule ? "Nothing was changed" : !changed ? "Write the rule first" : "";
  const save = () => edit && cannotSave === "" && setSaving(true);
  const saved = (r: Rule) => {
    drafts.drop(id);
    setSaving(false);
    setKept(undefined);
    setCause("");
    if (id === newRule) void navigate({ to: "/rules/$id", params: { id: r.id }, search: writeRange(s.range), replace: true });
  };
  const panes: { key: RulePane; label: string }[] = [{ key: "test", label: "Test" }, ...(tries ? [{ key: "whatif" as const, label: "What-if" }] : []), { key: "history", label: "History" }];
  return (
    <div className={styles.bench} onKeyDown={(e) => {
      if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && !e.defaultPrevented) {
        e.preventDefault();
        test();
      }
    }}>
      <header className={styles.head}>
        <Tooltip content="All rules" relationship="label"><Link to="/rules" search={writeRange(s.range)} className={styles.back}><ArrowLeft20Regular aria-hidden /></Link></Tooltip>
        <h1 className={`${styles.h1} clip`} title={rule?.id ?? says}>{rule ? rule.id : "New rule"}</h1>
        {rule && <Standing rule={rule} />}
        <span className={styles.push} />
        {tries && <Button icon={<Play16Regular />} disabled={busy} onClick={() => test()}>Test<kbd className={styles.kbd}>Ctrl Enter</kbd></Button>}
        {tries && <Button onClick={() => change({ pane: "whatif" })}>What-if</Button>}
        {edit && <Tooltip content={cannotSave || "Keep the text (Ctrl S)"} relationship="description"><Button appearance="primary" icon={<Save20Regular />} disabledFocusable={cannotSave !== ""} onClick={save}>Save</Button></Tooltip>}
      </header>
      <div className={styles.split}>
        <section className={styles.editor} aria-label="Rule">
          {kept && kept.text !== first && changed && (
            <p className={styles.note}>
              <Info16Regular aria-hidden />
              <span className={styles.grow}>This is your unsaved work.{kept.of !== first && rule ? " The rule was changed since you began." : ""}</span>
              <button type="button" className="textbutton" onClick={() => {
                setKept(undefined);
                setText(first);
                drafts.drop(id);
              }}>Discard it</button>
            </p>
          )}
          {!edit && <p className={styles.note}><Info16Regular aria-hidden /><span>{tries ? "You can try changes here. Saving needs the permission rules.edit." : "You can read the rule. Changing it needs the permission rules.edit."}</span></p>}
          <div className={styles.text}>
            <RuleEditor ref={editor} text={text} marks={marks} language={language} readOnly={!edit && !tries} onText={write} onTest={() => test()} onSave={save} />
          </div>
          <State checked={checked} lost={lost} asks={tries} problem={otherId ? `The id of this rule is ${rule.id}; the text says ${says}` : ""} onGoTo={goTo} />
        </section>
        <section className={styles.beside} aria-label="Test, what-if and history">
          <TabBar id="rulepane" label="Test, what-if and history" tabs={panes} value={s.pane === "whatif" && !tries ? "test" : s.pane} onChange={(pane) => change({ pane })} />
          <div role="tabpanel" id="rulepane-panel" aria-labelledby={`rulepane-${s.pane}`} className={styles.panel} tabIndex={-1}>
            {s.pane === "history" ? <HistoryPane id={rule?.id ?? ""} base={rule ? (rule.origin === "own" ? rule.base : rule.text) : ""} text={text} now={rule?.version ?? 0} edit={edit} onRestore={(v) => restore(v.text, `restored version ${v.version}`)} />
              : s.pane === "whatif" && tries ? <WhatIfPane text={text} cannot={wrong ? "Correct the errors first." : says === "" ? "The text needs an id." : ""} same={!changed && rule?.enabled === true && rule.weight_was === null} run={s.run} onRun={(run) => change({ run })} />
              : tries ? <TestPane id={says} text={text} tested={tested} busy={busy} error={failed} onTest={test} onGoTo={goTo} />
              : rule ? <TestPane id={rule.id} text={text} tested={{ text, tried: readTested(rule) }} busy error={undefined} onTest={test} onGoTo={goTo} /> : null}
          </div>
        </section>
      </div>
      {saving && <SaveDialog id={rule?.id ?? says} text={text} of={rule} reason={cause} onSaved={saved} onClose={() => setSaving(false)} />}
    </div>
  );
}

/** What the server said about the samples of the kept text, for who may not try another. */
function readTested(r: Rule): RuleTried {
  return { id: r.id, title: r.title, problems: r.problems, warnings: r.warnings, samples: r.results, messages: [] };
}

function Standing({ rule: r }: { rule: Rule }) {
  const st = standing(r);
  return (
    <>
      <span className={`${styles.state} ${styles[st]}`}>{st === "on" ? <CheckmarkCircle16Regular aria-hidden /> : st === "off" ? <SubtractCircle16Regular aria-hidden /> : <ErrorCircle16Regular aria-hidden />}{standingWords[st]}</span>
      <span className={styles.quiet}>{originWords[r.origin]}{r.under && ` over ${r.under}`}{r.weight_was !== null && `, ${r.weight} points instead of ${r.weight_was}`}</span>
    </>
  );
}

/** What is wrong with the text, under it. */
function State({ checked, lost, asks, problem, onGoTo }: { checked: RuleTried | undefined; lost: string; asks: boolean; problem: string; onGoTo: (line: number, column: number) => void }) {
  if (!asks) return null;
  const first = checked?.problems[0];
  const more = (checked?.problems.length ?? 0) - 1;
  return (
    <div className={styles.stateline} role="status">
      {lost ? <><Warning16Regular aria-hidden className={styles.oddicon} /><span>It could not be checked: {lost}</span></> : !checked ? <span>Checking</span> : first ? (
        <>
          <ErrorCircle16Regular aria-hidden className={styles.badicon} />
          <span className={styles.bad}>
            {first.line > 0 && <><button type="button" className="textbutton" onClick={() => onGoTo(first.line, first.column)}>Line {first.line}{first.column > 0 ? `, column ${first.column}` : ""}:</button> </>}
            {first.message}{more > 0 && ` (and ${more} more)`}
          </span>
        </>
      ) : problem ? <><Warning16Regular aria-hidden className={styles.oddicon} /><span>{problem}</span></> : (
        <>
          <CheckmarkCircle16Regular aria-hidden className={styles.goodicon} />
          <span>Nothing is wrong{checked.warnings.length > 0 ? `; ${checked.warnings.length} thing${checked.warnings.length === 1 ? "" : "s"} to think about` : ""}</span>
        </>
      )}
    </div>
  );
}
