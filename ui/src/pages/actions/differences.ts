import type { Schemas } from "../../api/client";
import { needWords, ruleWords } from "./words";

type Policy = Schemas["ApprovalSettings"];

const then = (r: Policy["rules"][number]) => `${ruleWords(r)}: ${needWords(r.approvals).toLowerCase()}`;

/** What differs between two approval policies, in words: rules by their names, in the order of the new one. */
export function differences(before: Policy, after: Policy): { what: string; text: string }[] {
  const out: { what: string; text: string }[] = [];
  const old = new Map(before.rules.map((r) => [r.name, r])), now = new Map(after.rules.map((r) => [r.name, r]));
  for (const r of after.rules) {
    const was = old.get(r.name);
    if (!was) out.push({ what: "Added", text: `${r.name} (${then(r)})` });
    else if (then(was) !== then(r)) out.push({ what: "Changed", text: `${r.name}: ${then(was)} → ${then(r)}` });
  }
  for (const r of before.rules) if (!now.has(r.name)) out.push({ what: "Removed", text: `${r.name} (${then(r)})` });
  const both = (p: Policy, other: ReadonlyMap<string, unknown>) => p.rules.map((r) => r.name).filter((n) => other.has(n)).join("\n");
  if (both(before, now) !== both(after, old)) out.push({ what: "Order", text: after.rules.map((r) => r.name).join(", then ") });
  const was = before.expires_hours || 72, wants = after.expires_hours || 72; // 0 is the usual time
  if (was !== wants) out.push({ what: "Expiry", text: `${was} → ${wants} hours` });
  return out;
}
