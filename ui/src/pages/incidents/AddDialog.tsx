import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Select, Textarea } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { severities, type Severity } from "../../address/incidents";
import { CheckmarkCircle16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Segments } from "../../components/Segments";
import { number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import type { MailStart } from "./AddProvider";
import { IncidentPicker } from "./IncidentPicker";
import { useFound, useIncident, useOpenIncident, useOptions, usePut, type MailAsk } from "./queries";
import { TagField } from "./TagField";
import { lastIncident } from "./useDraft";
import { nameOf, type Incident } from "./words";

const events = (n: number) => `${number(n)} email event${n === 1 ? "" : "s"}`;

/** Where the focus goes when the form is gone. */
const focusOnce = (b: HTMLButtonElement | null) => b?.focus();

/** Opens an incident, with mail or without, or puts mail into one that there is. */
export function AddDialog({ mail, onClose }: { mail: MailStart | undefined; onClose: () => void }) {
  const navigate = useNavigate();
  const options = useOptions();
  const me = options.data?.owners.find((o) => o.me)?.email ?? "";
  const none = useFound("", false).data?.incidents.length === 0;
  const [chosenWay, setWay] = useState<"existing" | "new">();
  const way = chosenWay ?? (mail && !none ? "existing" : "new");
  const seen = useIncident(mail ? lastIncident() : "").data;
  const last = seen?.may_work && seen.status !== "Resolved" ? seen : undefined;
  const [chosen, setInto] = useState<Incident>();
  const into = chosen ?? last; // the incident that was looked at last is the likely one
  const [name, setName] = useState(mail?.name ?? "");
  const [severity, setSeverity] = useState<Severity>("Medium");
  const [owner, setOwner] = useState<string>();
  const [tags, setTags] = useState<readonly string[]>([]);
  const [description, setDescription] = useState("");
  const [live, setLive] = useState(mail?.query !== undefined);
  const [title, setTitle] = useState("");
  const create = useOpenIncident(), put = usePut();
  const busy = create.isPending || put.isPending;
  const ready = !busy && (way === "new" ? name.trim() !== "" : into !== undefined);
  const asked: MailAsk | undefined = mail && { ...(mail.query ? { query: mail.query } : { events: mail.events ?? [] }), ...(mail.query && live ? { live: true, ...(title.trim() && { name: title.trim() }) } : {}) };
  const open = (i: Incident) => {
    onClose();
    void navigate({ to: "/incidents/$id", params: { id: String(i.number) } });
  };
  const go = () => {
    if (!ready) return;
    if (way === "existing" && asked) put.mutate({ id: into!.id, body: asked });
    else create.mutate({ name: name.trim(), severity, description, tags: [...tags], owner: owner ?? me, ...(asked && { mail: asked }) }, { onSuccess: (i) => !mail && open(i) });
  };
  const done = put.data?.incident ?? (mail ? create.data : undefined);
  const error = way === "new" ? create.error : put.error;
  if (done) {
    return (
      <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
        <DialogSurface className={base.dialog}>
          <DialogBody>
            <DialogTitle>{put.data ? `In ${done.label}` : `${done.label} is open`}</DialogTitle>
            <DialogContent className={base.form}>
              <p className={base.note} role="status"><CheckmarkCircle16Regular aria-hidden /><span>{put.data ? <>{put.data.added === 0 ? "Nothing was new" : `${events(put.data.added)} put in`}{put.data.already > 0 && `, ${number(put.data.already)} ${put.data.already === 1 ? "was" : "were"} in it already`}; it holds {number(put.data.total)} now.</> : <>It holds {events(done.messages)}.</>} The list stays as it is now{live && mail?.query ? "; the query is kept beside it and says when there is more" : ""}.</span></p>
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Stay here</Button>
              <Button ref={focusOnce} appearance="primary" onClick={() => open(done)}>Open {done.label}</Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    );
  }
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{mail ? `Add ${events(mail.count)} to an incident` : "New incident"}</DialogTitle>
          <DialogContent className={base.form}>
            {mail && <div><Segments label="Which incident" options={[["existing", "An open incident"], ["new", "A new incident"]] as const} value={way} onChange={setWay} /></div>}
            {way === "existing" ? <IncidentPicker value={into} onChange={setInto} {...(last && { first: [last] })} /> : (
              <>
                <Field label="Name" required><Input value={name} maxLength={200} autoFocus placeholder="What a colleague should read first" onChange={(_, d) => setName(d.value)} onKeyDown={(e) => e.key === "Enter" && go()} /></Field>
                <div className={base.pair}>
                  <Field label="Severity"><Select value={severity} onChange={(_, d) => setSeverity(d.value as Severity)}>{severities.map((s) => <option key={s}>{s}</option>)}</Select></Field>
                  <Field label="Owner">
                    <Select value={owner ?? me} onChange={(_, d) => setOwner(d.value)}>
                      <option value="">Nobody yet</option>
                      {(options.data?.owners ?? []).map((o) => <option key={o.email} value={o.email}>{nameOf(o.email, o.name)}{o.me ? " (you)" : ""}</option>)}
                    </Select>
                  </Field>
                </div>
                <Field label="What is known"><Textarea value={description} rows={3} maxLength={20_000} onChange={(_, d) => setDescription(d.value)} /></Field>
                <Field label="Tags"><TagField value={tags} known={options.data?.tags.map((t) => t.value) ?? []} onChange={setTags} /></Field>
              </>
            )}
            {mail?.query && (
              <div>
                <Checkbox checked={live} onChange={(_, d) => setLive(d.checked === true)} label="Keep the query too, and say when new mail matches it" />
                {live && <Field label="Call the query"><Input value={title} maxLength={200} placeholder="Optional, such as: same sender" onChange={(_, d) => setTitle(d.value)} /></Field>}
              </div>
            )}
            {mail && <p className={base.dim}>No mailbox is touched. The list stays as it is now; mail that comes later is not in it by itself.</p>}
            {error ? <ProblemNote error={error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{busy ? "Working" : way === "existing" ? (into ? `Add to ${into.label}` : "Add") : "Open incident"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
