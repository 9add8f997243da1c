import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemNote } from "../../components/Problem";
import base from "../policy/Policy.module.css";
import { TagField } from "./TagField";
import { ConflictNote, type Edit } from "./useEdit";
import type { Change, Incident } from "./words";

/** Name, tags and description. Only what was changed here is sent, so what others changed meanwhile stays. */
export function DetailsDialog({ of: i, edit, known, onClose }: { of: Incident; edit: Edit; known: readonly string[]; onClose: () => void }) {
  const [first] = useState(i);
  const [name, setName] = useState(i.name);
  const [tags, setTags] = useState<readonly string[]>(i.tags);
  const [description, setDescription] = useState(i.description);
  const body: Change = {
    ...(name.trim() !== first.name && { name: name.trim() }),
    ...(tags.join("\n") !== first.tags.join("\n") && { tags: [...tags] }),
    ...(description.trim() !== first.description && { description: description.trim() }),
  };
  const ready = name.trim() !== "" && !edit.busy;
  const stop = () => {
    edit.drop();
    onClose();
  };
  const go = () => {
    if (!ready) return;
    if (Object.keys(body).length === 0) stop();
    else edit.make(body, onClose);
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && stop()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Change {i.label}</DialogTitle>
          <DialogContent className={base.form}>
            <Field label="Name" required><Input value={name} maxLength={200} autoFocus onChange={(_, d) => setName(d.value)} onKeyDown={(e) => e.key === "Enter" && go()} /></Field>
            <Field label="Tags"><TagField value={tags} known={known} onChange={setTags} /></Field>
            <Field label="What happened" hint="For colleagues and for the report."><Textarea value={description} rows={8} maxLength={20_000} onChange={(_, d) => setDescription(d.value)} /></Field>
            {edit.conflict ? <ConflictNote edit={edit} now={i}> Save again to put yours in its place.</ConflictNote> : null}
            {edit.error ? <ProblemNote error={edit.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={stop}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{edit.busy ? "Saving" : edit.conflict ? "Save anyway" : "Save"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
