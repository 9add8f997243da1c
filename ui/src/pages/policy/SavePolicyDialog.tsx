import type { Schemas } from "../../api/client";
import { Warning16Regular } from "../../components/icons";
import { cautions, differences, type Settings } from "./decide";
import { Diff } from "./Diff";
import styles from "./Policy.module.css";
import { useRereadPolicy, useSavePolicy } from "./queries";
import { SaveVersion } from "./SaveVersion";

/** Saves a changed policy. */
export function SavePolicyDialog({ now, draft, reason, onClose, onSaved }: { now: Schemas["PolicyInForce"]; draft: Settings; reason: string; onClose: () => void; onSaved: () => void }) {
  const save = useSavePolicy();
  const reread = useRereadPolicy();
  const warnings = cautions(draft, now.policy);
  return (
    <SaveVersion
      title={draft.mode === "act" && now.policy.mode === "watch" ? "Turn it on?" : "Save the policy"}
      counts="Counts for the next message. Mail of the last days is judged again with it."
      reason={reason}
      save={save}
      onSave={(why) => save.mutate({ policy: draft, version: now.version, reason: why }, { onSuccess: onSaved })}
      late={{ yours: "Your changes stay as a proposal on top of it.", onReread: reread }}
      onClose={onClose}
    >
      <Diff changes={differences(now.policy, draft)} />
      {warnings.length > 0 && <div className={styles.caution}><Warning16Regular aria-hidden /><div><ul>{warnings.map((w) => <li key={w}>{w}</li>)}</ul></div></div>}
    </SaveVersion>
  );
}
