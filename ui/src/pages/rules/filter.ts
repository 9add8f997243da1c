import type { RulesState } from "../../address/rules";
import type { RuleLine } from "./queries";
import { severityRank, standing } from "./words";

/** Rules that are asked for, in the order that is asked for; equal ones by id. */
export function shown(all: readonly RuleLine[], s: RulesState, hits: Readonly<Record<string, number>>): RuleLine[] {
  const words = s.find.toLowerCase().split(/\s+/).filter((w) => w !== "");
  const is = (want: string, have: string) => want === "" || want === have;
  const rank = (r: RuleLine): number | string =>
    s.sort === "name" ? r.id : s.sort === "threat" ? r.threat : s.sort === "weight" ? r.weight : s.sort === "severity" ? (severityRank[r.severity] ?? -1) : (hits[r.id] ?? 0);
  return all
    .filter((r) => {
      const text = `${r.id} ${r.title} ${r.attack.join(" ")} ${r.technology}`.toLowerCase();
      const state = s.state === "" || (s.state === "wrong" ? r.error !== "" || r.failed > 0 : (s.state === "on") === (standing(r) === "on"));
      return words.every((w) => text.includes(w)) && is(s.origin, r.origin) && is(s.threat, r.threat) && is(s.technology, r.technology) && is(s.severity, r.severity) && state;
    })
    .sort((a, b) => {
      const x = rank(a), y = rank(b);
      const by = x < y ? -1 : x > y ? 1 : 0;
      return (s.desc ? -by : by) || (a.id < b.id ? -1 : 1);
    });
}
