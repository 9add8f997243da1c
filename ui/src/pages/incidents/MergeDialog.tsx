import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import { number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import { IncidentPicker } from "./IncidentPicker";
import type { Incident } from "./words";

/** Merges incidents into one: it is chosen here, from the picked ones or any other. */
export function MergeDialog({ from, busy, error, onGo, onClose }: { from: readonly Incident[]; busy: boolean; error: unknown; onGo: (into: Incident, reason: string) => void; onClose: () => void }) {
  const [into, setInto] = useState<Incident>();
  const [reason, setReason] = useState("");
  const one = from.length === 1 ? from[0]! : undefined;
  const moved = into ? from.filter((i) => i.id !== into.id).length : from.length;
  const ready = into !== undefined && moved > 0 && !busy;
  const go = () => ready && onGo(into, reason.trim());
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{one ? `Merge ${one.label} into another` : `Merge ${number(from.length)} incidents into one`}</DialogTitle>
          <DialogContent className={base.form}>
            <p>The one you choose then shows mail, notes, tasks and actions of {one ? "both" : "all of them"}. Nothing is copied: {one ? "it can be separated" : "each can be separated"} again.</p>
            <IncidentPicker value={into} onChange={setInto} {...(one ? { without: [one.id] } : { first: from })} />
            <Field label="Reason" hint="Why they are the same. It stands in the timeline of both."><Input value={reason} maxLength={2000} onChange={(_, d) => setReason(d.value)} onKeyDown={(e) => e.key === "Enter" && go()} /></Field>
            {error ? <ProblemNote error={error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{busy ? "Merging" : into ? `Merge into ${into.label}` : "Merge"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
