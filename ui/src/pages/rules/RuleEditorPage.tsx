import { Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { readRuleEditor } from "../../address/rules";
import { writeRange } from "../../address/range";
import { useAddress } from "../../address/useAddress";
import { EmptyState } from "../../components/EmptyState";
import { ProblemNote } from "../../components/Problem";
import { Problem } from "../../api/client";
import { useMay } from "../../session/queries";
import { newRule, useDrafts } from "./drafts";
import { useRule } from "./queries";
import styles from "./Rules.module.css";
import { likeIt, template } from "./template";
import { Workbench } from "./Workbench";

/** The text of one rule: written with help, tested, tried on stored mail, saved. */
export function RuleEditorPage() {
  const may = useMay("rules.read");
  if (!may) return <EmptyState alone title="Rules need the permission rules.read" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader." />;
  return <Opened />;
}

function Opened() {
  const { id } = useParams({ strict: false }) as { id: string };
  const address = useAddress();
  const s = useMemo(() => readRuleEditor(address), [address]);
  const drafts = useDrafts();
  const fresh = id === newRule;
  const rule = useRule(fresh ? s.like : id);
  const back = <Link to="/rules" search={writeRange(s.range)}>All rules</Link>;
  if (rule.error && !(fresh && drafts.get(newRule))) {
    if (rule.error instanceof Problem && rule.error.status === 404) return <EmptyState alone title="There is no such rule" why={<>No rule has the id <span className="mono">{fresh ? s.like : id}</span>. It may have been removed.</>}>{back}</EmptyState>;
    return <div className={styles.problem}><ProblemNote error={rule.error} onRetry={() => void rule.refetch()} />{back}</div>;
  }
  if (fresh ? s.like !== "" && !rule.data : !rule.data) return <Skeleton className={styles.wait} aria-label="Reading the rule">{Array.from({ length: 12 }, (_, i) => <SkeletonItem key={i} size={20} />)}</Skeleton>;
  const of = fresh ? undefined : rule.data;
  const first = of ? of.text : rule.data ? likeIt(rule.data.text, rule.data.id) : template;
  return <Workbench key={`${id} ${s.like}`} id={id} rule={of} first={first} like={fresh ? s.like : ""} />;
}
