import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import { useRemove, useSwitch, type Rule } from "./queries";

export type Doing = "on" | "off" | "weight" | "remove";

/** Changes how a rule stands: on, off, other points, or as its file has it again. It asks why. */
export function SwitchDialog({ rule, doing, onClose, onDone }: { rule: Rule; doing: Doing; onClose: () => void; onDone: () => void }) {
  const [reason, setReason] = useState("");
  const [points, setPoints] = useState(String(rule.weight));
  const put = useSwitch(), remove = useRemove();
  const own = rule.origin === "own";
  const written = rule.weight_was ?? rule.weight;
  const n = Number(points);
  const bad = doing === "weight" && (!/^-?\d+$/.test(points.trim()) || n < -50 || n > 100 || n === 0);
  const busy = put.isPending || remove.isPending;
  const title = { on: `Turn on ${rule.id}`, off: `Turn off ${rule.id}`, weight: `Other points for ${rule.id}`, remove: own && rule.under === "" ? `Remove ${rule.id}` : `Back to the ${own ? rule.under : rule.origin} rule ${rule.id}` }[doing];
  const says = {
    on: "It judges all mail that comes from now on.",
    off: "Mail that comes from now on is judged without it. Verdicts of earlier mail stay.",
    weight: `It is written with ${written} points. A threat is named from 40, phish has high confidence from 70.`,
    remove: own && rule.under === "" ? "It no longer judges mail. Its history stays, and it can be restored from there." : "What was decided here no longer counts: the rule is as its file has it, and on. The history stays.",
  }[doing];
  const submit = () => {
    const done = { onSuccess: onDone };
    if (doing === "remove") remove.mutate({ id: rule.id, version: rule.version, reason: reason.trim() }, done);
    else put.mutate({ id: rule.id, enabled: doing === "weight" ? rule.enabled : doing === "on", weight: doing === "weight" ? (n === written ? 0 : n) : rule.weight_was !== null ? rule.weight : 0, version: rule.version, reason: reason.trim() }, done);
  };
  const error = put.error ?? remove.error;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (reason.trim() !== "" && !bad) submit();
          }}
        >
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent style={{ display: "flex", flexDirection: "column", gap: 12 }}>
              <p>{says}</p>
              {doing === "weight" && <Field label="Points" required validationMessage={bad ? "A whole number from -50 to 100, and not 0" : undefined}><Input autoFocus inputMode="numeric" value={points} onChange={(_, d) => setPoints(d.value)} /></Field>}
              <Field label="Why" required hint="Shown in the history and in the audit log"><Textarea autoFocus={doing !== "weight"} value={reason} maxLength={500} rows={2} onChange={(_, d) => setReason(d.value)} /></Field>
              {error ? <ProblemNote error={error} /> : null}
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Cancel</Button>
              <Button type="submit" appearance="primary" disabled={busy || bad || reason.trim() === ""}>{{ on: "Turn on", off: "Turn off", weight: "Change the points", remove: own && rule.under === "" ? "Remove" : "Go back" }[doing]}</Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
