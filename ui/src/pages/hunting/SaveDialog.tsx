import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { Problem } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { useSave } from "./queries";
import type { HuntSaved } from "./shapes";

interface Props {
  /** The text to keep. */
  query: string;
  /** The saved query that is changed; undefined for a new one. */
  of: HuntSaved | undefined;
  /** What a new one is called to begin with. */
  name: string;
  folders: readonly string[];
  onSaved: (q: HuntSaved) => void;
  onClose: () => void;
}

/** Keeps a query, or changes one that is kept. */
export function SaveDialog({ query, of, name: given, folders, onSaved, onClose }: Props) {
  const [name, setName] = useState(of?.name ?? given);
  const [folder, setFolder] = useState(of?.folder ?? "");
  const [description, setDescription] = useState(of?.description ?? "");
  const [shared, setShared] = useState(of?.shared ?? false);
  const save = useSave();
  const late = save.error instanceof Problem && save.error.status === 409;
  const submit = (asNew: boolean) => save.mutate({ of: asNew ? undefined : of, name: name.trim(), folder: folder.trim(), description: description.trim(), query, shared }, { onSuccess: onSaved });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (name.trim() !== "") submit(false);
          }}
        >
          <DialogBody>
            <DialogTitle>{of ? "Change the saved query" : "Save the query"}</DialogTitle>
            <DialogContent style={{ display: "flex", flexDirection: "column", gap: 12 }}>
              <Field label="Name" required><Input autoFocus value={name} maxLength={120} onChange={(_, d) => setName(d.value)} /></Field>
              <Field label="Folder" hint={folders.length > 0 ? `There are: ${folders.slice(0, 6).join(", ")}` : "Empty for none"}><Input value={folder} maxLength={120} onChange={(_, d) => setFolder(d.value)} /></Field>
              <Field label="What it finds, and what to do then"><Textarea value={description} maxLength={2000} rows={3} onChange={(_, d) => setDescription(d.value)} /></Field>
              <Checkbox checked={shared} onChange={(_, d) => setShared(d.checked === true)} label="Share with everybody who hunts" />
              {late ? <p role="alert">Somebody changed it meanwhile. Save yours as a new query, or open theirs from the list first.</p> : save.error ? <ProblemNote error={save.error} /> : null}
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Cancel</Button>
              {of && <Button disabled={save.isPending || name.trim() === ""} onClick={() => submit(true)}>Save as new</Button>}
              <Button type="submit" appearance="primary" disabled={save.isPending || name.trim() === ""}>Save</Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
