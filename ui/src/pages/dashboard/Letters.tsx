import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Select, Switch, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { Add16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useZone } from "../../time/Clock";
import { full } from "../../time/zone";
import base from "../policy/Policy.module.css";
import styles from "./Dashboard.module.css";
import { whomWords, type Whom } from "./PeopleFilter";
import { plural } from "./words";

type Letter = Schemas["DashboardLetter"];
type Draft = Schemas["DashboardLetterDraft"];

const key = ["dashboard", "letters"] as const;
const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
const hourWord = (h: number) => `${String(h).padStart(2, "0")}:00`;
const about = (f: { department?: string; group?: string; domain?: string }) => whomWords({ department: f.department ?? "", group: f.group ?? "", domain: f.domain ?? "" }) || "Everybody";

/** Letters with the figures of the week, to chosen people: what is sent, when, and to whom. */
export function Letters({ whom, onClose }: { whom: Whom; onClose: () => void }) {
  const client = useQueryClient();
  const { data, error } = useQuery({ queryKey: key, queryFn: ({ signal }) => ask<Schemas["DashboardLetters"]>(api.GET("/dashboard/letters", { signal })) });
  const [edited, setEdited] = useState<Letter | "new">();
  const fresh = () => client.invalidateQueries({ queryKey: key });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        {edited ? <Form letter={edited === "new" ? undefined : edited} whom={whom} domains={data?.domains ?? []} onDone={() => { setEdited(undefined); void fresh(); }} /> : (
          <DialogBody>
            <DialogTitle>Weekly letters</DialogTitle>
            <DialogContent className={base.form}>
              {error ? <ProblemNote error={error} /> : null}
              {data && !data.sends && <p>Outgoing mail is not set up, so nothing is sent until it is. Settings, Outgoing mail, says how.</p>}
              {data?.letters.length === 0 && <p>A letter has the figures of the last seven days and what to change, for people who do not sign in. None is sent yet.</p>}
              <ul className={styles.letterlist}>{data?.letters.map((l) => <One key={l.id} letter={l} onChange={() => setEdited(l)} onGone={() => void fresh()} />)}</ul>
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Close</Button>
              <Button appearance="primary" icon={<Add16Regular />} disabledFocusable={!data} onClick={() => setEdited("new")}>New letter</Button>
            </DialogActions>
          </DialogBody>
        )}
      </DialogSurface>
    </Dialog>
  );
}

function One({ letter: l, onChange, onGone }: { letter: Letter; onChange: () => void; onGone: () => void }) {
  const zone = useZone();
  const [shown, setShown] = useState(false);
  const path = { params: { path: { id: l.id } } };
  const preview = useQuery({ queryKey: [...key, l.id, l.version, "preview"], enabled: shown, queryFn: ({ signal }) => ask<Schemas["DashboardLetterText"]>(api.GET("/dashboard/letters/{id}/preview", { ...path, signal })) });
  const send = useMutation({ mutationFn: () => ask(api.POST("/dashboard/letters/{id}/send", path)) });
  const remove = useMutation({ mutationFn: () => ask(api.DELETE("/dashboard/letters/{id}", path)), onSuccess: onGone });
  const error = preview.error ?? send.error ?? remove.error;
  return (
    <li>
      <b><bdi>{l.name}</bdi></b>
      <p>{l.weekday} {hourWord(l.hour)} {l.zone}, to {plural(l.to.length, "address", "addresses")}. About: {about(l.filter)}. {l.on ? l.next && `Next ${full(new Date(l.next), zone)}.` : "Switched off."}</p>
      {l.problem && <p role="alert" className={styles.trouble}>{l.problem}</p>}
      <div className={styles.letteracts}>
        <button type="button" className="textbutton" onClick={onChange}>Change</button>
        <button type="button" className="textbutton" aria-expanded={shown} onClick={() => setShown(!shown)}>{shown ? "Close the preview" : "Preview"}</button>
        <button type="button" className="textbutton" disabled={send.isPending || send.isSuccess} onClick={() => send.mutate()}>{send.isSuccess ? "Sent to you" : "Send it to me now"}</button>
        <button type="button" className="textbutton" onClick={() => remove.mutate()}>Remove</button>
      </div>
      {shown && preview.data && <pre className="mono" tabIndex={0} aria-label="The letter as it would be sent now">{preview.data.subject + "\n\n" + preview.data.text}</pre>}
      {error ? <ProblemNote quiet error={error} /> : null}
    </li>
  );
}

function Form({ letter, whom, domains, onDone }: { letter: Letter | undefined; whom: Whom; domains: readonly string[]; onDone: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => letter ?? {
    name: "Email threats of the week", to: [], weekday: "Monday", hour: 8, zone: Intl.DateTimeFormat().resolvedOptions().timeZone, on: true,
    filter: { ...(whom.department && { department: whom.department }), ...(whom.group && { group: whom.group }), ...(whom.domain && { domain: whom.domain }) },
  });
  const [to, setTo] = useState(draft.to.join("\n"));
  const put = (c: Partial<Draft>) => setDraft({ ...draft, ...c });
  const save = useMutation({
    mutationFn: () => {
      const { name, weekday, hour, zone, filter, on } = draft;
      const body: Draft = { name: name.trim(), weekday, hour, zone, filter, on, to: to.split(/[\s,;]+/).filter((a) => a !== ""), ...(letter && { version: letter.version }) };
      return letter ? ask(api.PUT("/dashboard/letters/{id}", { params: { path: { id: letter.id } }, body })) : ask(api.POST("/dashboard/letters", { body }));
    },
    onSuccess: onDone,
  });
  return (
    <DialogBody>
      <DialogTitle>{letter ? `Change ${letter.name}` : "New letter"}</DialogTitle>
      <DialogContent className={base.form}>
        <Field label="Name" required hint="Stands in the subject."><Input value={draft.name} maxLength={100} onChange={(_, d) => put({ name: d.value })} /></Field>
        <Field label="To" required hint={`One address a line, of ${domains.join(", ") || "the organisation"} or of somebody who signs in here.`}><Textarea value={to} rows={3} onChange={(_, d) => setTo(d.value)} /></Field>
        <div className={styles.when}>
          <Field label="Day"><Select value={draft.weekday} onChange={(_, d) => put({ weekday: d.value as Draft["weekday"] })}>{days.map((d) => <option key={d}>{d}</option>)}</Select></Field>
          <Field label={`Time, ${draft.zone}`}><Select value={String(draft.hour)} onChange={(_, d) => put({ hour: Number(d.value) })}>{Array.from({ length: 24 }, (_, h) => <option key={h} value={h}>{hourWord(h)}</option>)}</Select></Field>
        </div>
        <p>About: {about(draft.filter)}. {letter ? "" : "It is what the dashboard is narrowed to now."}</p>
        <Switch label="Send it" checked={draft.on} onChange={(_, d) => put({ on: d.checked })} />
        {save.error ? <ProblemNote error={save.error} /> : null}
      </DialogContent>
      <DialogActions>
        <Button onClick={onDone}>Cancel</Button>
        <Button appearance="primary" disabledFocusable={save.isPending || to.trim() === "" || draft.name.trim() === ""} onClick={() => save.mutate()}>Keep</Button>
      </DialogActions>
    </DialogBody>
  );
}
