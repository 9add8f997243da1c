import { Button } from "@fluentui/react-components";
import { Fragment, useState } from "react";
import type { Schemas } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { both } from "../../time/zone";
import styles from "./Incidents.module.css";
import { NoteBox } from "./NoteBox";
import { useEditNote, useOptions, useRemoveNote } from "./queries";
import { useDraft } from "./useDraft";
import { mentionPieces, type Incident } from "./words";

type TheNote = Schemas["IncidentNote"];

/** What somebody said. Its author can change it or take it back; addresses in it are shown defanged. */
export function Note({ note, of: i }: { note: TheNote; of: Incident }) {
  const [editing, setEditing] = useState(false);
  const [sure, setSure] = useState(false);
  const remove = useRemoveNote(i.id);
  if (note.removed) return <p className={styles.faded}><i>The note was taken back by its author.</i></p>;
  if (editing) return <Editor note={note} of={i} onClose={() => setEditing(false)} />;
  return (
    <div className={styles.bubble}>
      <NoteText text={note.text} />
      {(note.edited || (note.mine && i.may_work)) && (
        <div className={styles.bubblefoot}>
          {note.edited && <span className="num" title={both(new Date(note.edited))}>edited</span>}
          {note.mine && i.may_work && !sure && <><button type="button" className="textbutton" onClick={() => setEditing(true)}>Edit</button><button type="button" className="textbutton" onClick={() => setSure(true)}>Take back</button></>}
          {sure && <span role="alert">The text goes for good. <Button size="small" onClick={() => remove.mutate(note.id)}>Take it back</Button> <Button size="small" appearance="subtle" onClick={() => setSure(false)}>Keep it</Button></span>}
        </div>
      )}
      {remove.error ? <ProblemNote error={remove.error} /> : null}
    </div>
  );
}

function Editor({ note, of: i, onClose }: { note: TheNote; of: Incident; onClose: () => void }) {
  const [text, setText, clear] = useDraft(`note.${note.id}`, note.text);
  const edit = useEditNote(i.id);
  const stop = () => {
    clear();
    onClose();
  };
  const send = () => text.trim() !== "" && !edit.isPending && edit.mutate({ note: note.id, text: text.trim() }, { onSuccess: stop });
  return (
    <>
      <NoteBox value={text} onChange={setText} onSend={send} busy={edit.isPending} label="Edit the note" send="Save" autoFocus><button type="button" className="textbutton" onClick={stop}>Cancel</button></NoteBox>
      {edit.error ? <ProblemNote error={edit.error} /> : null}
    </>
  );
}

/** Plain text, line by line; who is mentioned stands out. */
export function NoteText({ text }: { text: string }) {
  const evidence = useEvidence();
  const mentions = (useOptions().data?.owners ?? []).map((o) => o.email);
  return (
    <div className={styles.text}>
      {text.replace(/\r\n?/g, "\n").split("\n").map((line, n) => (
        <p key={n}>{mentionPieces(line, mentions).map((p, m) => (p.mention ? <b key={m} className={styles.mention}>{p.text}</b> : <Fragment key={m}><Untrusted text={evidence(p.text.replaceAll("\t", "    "))} /></Fragment>))}</p>
      ))}
    </div>
  );
}
