import type { RefObject } from "react";
import { ProblemNote } from "../../components/Problem";
import { NoteBox } from "./NoteBox";
import { useAddNote } from "./queries";
import { useDraft } from "./useDraft";
import type { Incident } from "./words";

/** Where the next note of an incident is written. */
export function NewNote({ of: i, rows, field }: { of: Incident; rows?: number; field?: RefObject<HTMLTextAreaElement | null> }) {
  const [text, setText, clear] = useDraft(`note.${i.id}`);
  const add = useAddNote(i.id);
  const send = () => text.trim() !== "" && !add.isPending && add.mutate(text.trim(), { onSuccess: clear });
  return (
    <>
      <NoteBox value={text} onChange={setText} onSend={send} busy={add.isPending} label="New note" send="Add note" {...(rows && { rows })} {...(field && { field })} />
      {add.error ? <ProblemNote error={add.error} /> : null}
    </>
  );
}
