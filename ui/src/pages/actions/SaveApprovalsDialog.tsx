import { useQueryClient } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import base from "../policy/Policy.module.css";
import { SaveVersion } from "../policy/SaveVersion";
import type { Policy } from "./ApprovalsPage";
import { differences } from "./differences";
import { useSaveApprovals } from "./queries";

/** Saves another approval policy. */
export function SaveApprovalsDialog({ now, draft, reason, onClose, onSaved }: { now: Schemas["ApprovalsInForce"]; draft: Policy; reason: string; onClose: () => void; onSaved: () => void }) {
  const client = useQueryClient();
  const save = useSaveApprovals();
  return (
    <SaveVersion
      title="Save the approval policy"
      counts="It counts for actions that are asked for from now on. Requests that wait keep the rule they were asked by."
      reason={reason}
      save={save}
      onSave={(why) => save.mutate({ policy: draft, version: now.version, reason: why }, { onSuccess: onSaved })}
      late={{ yours: "Your changes stay on top of it.", onReread: () => client.invalidateQueries({ queryKey: ["approvals"] }) }}
      onClose={onClose}
    >
      <Differences before={now.policy} after={draft} />
    </SaveVersion>
  );
}

/** What differs between two approval policies, one line a rule. */
export function Differences({ before, after }: { before: Policy; after: Policy }) {
  const all = differences(before, after);
  if (all.length === 0) return <p className={base.dim}>Nothing differs.</p>;
  return <ul className={base.diff}>{all.map((d) => <li key={d.what + d.text}><b>{d.what}</b> {d.text}</li>)}</ul>;
}
