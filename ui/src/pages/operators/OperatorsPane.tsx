import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { Add16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useMay } from "../../session/queries";
import account from "../account/Account.module.css";
import { SessionsCard } from "../account/SessionsCard";
import { Time } from "../account/Time";
import base from "../policy/Policy.module.css";
import { OperatorDialog } from "./OperatorDialog";
import { useOperators } from "./queries";

export type Line = Schemas["OperatorLine"];

const states: Record<Line["state"], string> = { active: "Active", invited: "Invited, not here yet", tokens: "API tokens only", disabled: "Disabled" };

/** Who can sign in, and with which rights. */
export function OperatorsPane() {
  const all = useOperators();
  const sessions = useMay("sessions.manage");
  const [open, setOpen] = useState<Line | "new">();
  if (all.error) return <ProblemNote error={all.error} onRetry={() => void all.refetch()} />;
  if (!all.data) return <Skeleton aria-label="Reading operators"><SkeletonItem style={{ height: 240 }} /></Skeleton>;
  return (
    <>
      <section className={`card ${base.block}`} aria-labelledby="operators-title">
        <div className={base.title}><h2 id="operators-title">Operators</h2><span>{all.data.operators.length}</span><i className={base.push} /><Button size="small" appearance="primary" icon={<Add16Regular />} onClick={() => setOpen("new")}>Add an operator…</Button></div>
        <div className={account.scroll} tabIndex={0} role="region" aria-label="List of operators">
          <table className={base.table}>
            <thead><tr><th scope="col">Operator</th><th scope="col">Roles</th><th scope="col">State</th><th scope="col">Second factor</th><th scope="col">Last sign-in</th><th scope="col">Tokens</th><th scope="col"><span className="unseen">What to do</span></th></tr></thead>
            <tbody>
              {all.data.operators.map((o) => (
                <tr key={o.id}>
                  <th scope="row"><span className={base.two}><b>{o.name}</b><small>{o.email}</small></span></th>
                  <td>{o.roles.length > 0 ? o.roles.join(", ") : <span className={base.faded}>None</span>}</td>
                  <td>{states[o.state]}</td>
                  <td>{o.factor ? "Set up" : o.linked ? "At the provider" : <span className={base.faded}>None</span>}</td>
                  <td>{o.signed_in ? <Time at={o.signed_in} /> : "never"}</td>
                  <td className="num">{o.tokens}</td>
                  <td className={account.last}><Button size="small" aria-label={`Change ${o.email}`} onClick={() => setOpen(o)}>Change…</Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {sessions && <SessionsCard whose="all" />}
      {open && <OperatorDialog operator={open === "new" ? undefined : open} roles={all.data.roles} onClose={() => setOpen(undefined)} />}
    </>
  );
}
