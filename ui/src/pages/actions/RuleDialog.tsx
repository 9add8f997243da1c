import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Select, Switch } from "@fluentui/react-components";
import { useState } from "react";
import { CheckGroup } from "../../components/CheckGroup";
import base from "../policy/Policy.module.css";
import type { Rule } from "./ApprovalsPage";
import { kinds, needWords, ruleWords } from "./words";

const all = [...kinds.map((k) => k.kind as string), "Undo"];

/** One rule of the approval policy: when it fits, and how many people have to agree then. */
export function RuleDialog({ rule, onClose, onKeep }: { rule: Rule | undefined; onClose: () => void; onKeep: (r: Rule) => void }) {
  const [r, set] = useState<Rule>(rule ?? { name: "", kinds: [], mailboxes: 0, priority: false, source: "any", approvals: 1 });
  const ready = r.name.trim() !== "";
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{rule ? "Change the rule" : "Add a rule"}</DialogTitle>
          <DialogContent className={base.form}>
            <Field label="Name" required hint="People who wait for approval read it."><Input value={r.name} maxLength={200} autoFocus onChange={(_, d) => set({ ...r, name: d.value })} /></Field>
            <CheckGroup label="Actions" hint="None chosen: any." options={all} value={r.kinds} onChange={(kinds) => set({ ...r, kinds: all.filter((k) => kinds.includes(k)) })} />
            <div className={base.pair}>
              <Field label="Mailboxes, at least" hint="0: any number"><Input type="number" min={0} max={1_000_000} value={String(r.mailboxes)} onChange={(_, d) => set({ ...r, mailboxes: whole(d.value, 1_000_000) })} /></Field>
              <Field label="Asked for by"><Select value={r.source} onChange={(_, d) => set({ ...r, source: d.value as Rule["source"] })}><option value="any">Anybody</option><option value="person">A person</option><option value="policy">A policy (ZAP)</option></Select></Field>
            </div>
            <Switch checked={r.priority} onChange={(_, d) => set({ ...r, priority: d.checked })} label="Only with a priority account among them" />
            <Field label="Other people who have to agree" hint="0: it runs at once"><Input type="number" min={0} max={5} value={String(r.approvals)} onChange={(_, d) => set({ ...r, approvals: whole(d.value, 5) })} /></Field>
            <p className={base.note}><span>{ruleWords(r)}: <b>{needWords(r.approvals).toLowerCase()}</b>.</span></p>
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={() => ready && onKeep({ ...r, name: r.name.trim() })}>Keep</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function whole(v: string, most: number): number {
  const n = Math.floor(Number(v));
  return Number.isFinite(n) ? Math.max(0, Math.min(most, n)) : 0;
}
