import { Checkbox, Field, Input, Select } from "@fluentui/react-components";
import styles from "./Feeds.module.css";
import type { Settings } from "./queries";
import type { Kind } from "./words";

/** Whether enough is given to try it. */
export function complete(s: Settings, secret: string | undefined, kept: boolean): boolean {
  const signed = !s.auth || s.auth === "none" || ((secret ?? "") !== "" || (kept && secret === undefined));
  return /^https?:\/\/./.test(s.url.trim()) && signed && (s.kind !== "csv" || (s.columns?.value ?? "") !== "") && (s.auth !== "basic" || !!s.user) && (s.auth !== "header" || !!s.header);
}

const places: Record<Kind, [label: string, hint: string]> = {
  taxii: ["Address of the discovery or of an API root", "It often ends in /taxii2/"], stix: ["Address of the bundle", "A JSON file; gzip and zip are looked through"], misp: ["Address of the MISP instance", "Without /attributes or /events"],
  "misp-feed": ["Address of the folder", "manifest.json lies in it"], csv: ["Address of the list", "gzip and zip are looked through"], text: ["Address of the list", "One value a line; # begins a comment"],
};

interface Props { settings: Settings; onChange: (c: Partial<Settings>) => void; secret: string | undefined; onSecret: (v: string | undefined) => void; kept: boolean }

export function AddressStep({ settings: s, onChange, secret, onSecret, kept }: Props) {
  const [label, hint] = places[s.kind];
  const auth = s.auth ?? "none";
  const columns = s.columns ?? {};
  const column = (c: Partial<typeof columns>) => onChange({ columns: { ...columns, ...c } });
  return (
    <>
      <Field label={label} hint={hint} required><Input type="url" value={s.url} maxLength={2000} autoFocus placeholder="https://" onChange={(_, d) => onChange({ url: d.value, collection: "", root: "" })} /></Field>
      <Checkbox checked={s.private ?? false} onChange={(_, d) => onChange({ private: d.checked === true })} label="It is in our own network: private addresses may be reached, also without TLS" />
      <div className={styles.pair}>
        <Field label="Signs in with"><Select value={auth} onChange={(_, d) => onChange({ auth: d.value as NonNullable<Settings["auth"]>, ...(d.value === "header" && !s.header && { header: s.kind === "misp" ? "Authorization" : "X-Api-Key" }) })}>
          <option value="none">Nothing</option><option value="basic">User and password</option><option value="bearer">Token (Bearer)</option><option value="header">Key in a header</option>
        </Select></Field>
        {auth === "basic" && <Field label="User" required><Input value={s.user ?? ""} maxLength={200} autoComplete="off" onChange={(_, d) => onChange({ user: d.value })} /></Field>}
        {auth === "header" && <Field label="Header" required><Input value={s.header ?? ""} maxLength={100} onChange={(_, d) => onChange({ header: d.value })} /></Field>}
        {auth !== "none" && (
          <Field label={auth === "basic" ? "Password" : auth === "bearer" ? "Token" : "Key"} required={!kept} hint={kept ? "Empty: the one that is kept stays, while the host stays the same" : "It is sealed; nobody can read it again"}>
            <Input type="password" value={secret ?? ""} maxLength={4096} autoComplete="new-password" onChange={(_, d) => onSecret(d.value === "" && kept ? undefined : d.value)} />
          </Field>
        )}
      </div>
      {s.kind === "misp" && (
        <div className={styles.pair}>
          <Field label="Ask for"><Select value={s.events ? "events" : "attributes"} onChange={(_, d) => onChange({ events: d.value === "events" })}><option value="attributes">Attributes that are meant for detection</option><option value="events">Whole events</option></Select></Field>
          <Field label="Only with one of these tags" hint="Separated by commas; empty: all"><Input value={s.filter ?? ""} maxLength={500} onChange={(_, d) => onChange({ filter: d.value })} /></Field>
        </div>
      )}
      {s.kind === "csv" && (
        <>
          <div className={styles.three}>
            <Field label="Cells are separated by"><Select value={columns.separator || ","} onChange={(_, d) => column({ separator: d.value })}><option value=",">Comma</option><option value=";">Semicolon</option><option value="tab">Tab</option><option value="|">Bar |</option></Select></Field>
            <Field label="Comments begin with"><Input value={columns.comment ?? ""} maxLength={10} placeholder="#" onChange={(_, d) => column({ comment: d.value })} /></Field>
            <Checkbox checked={columns.head ?? false} onChange={(_, d) => column({ head: d.checked === true })} label="The first line names columns" />
          </div>
          <p className={styles.faded}>A column is its name in the head, or its number from 1. Only the value must be given.</p>
          <div className={styles.three}>
            <Field label="Value" required><Input value={columns.value ?? ""} maxLength={100} onChange={(_, d) => column({ value: d.value })} /></Field>
            <Field label="Kind of value"><Input value={columns.type ?? ""} maxLength={100} placeholder="guessed" onChange={(_, d) => column({ type: d.value })} /></Field>
            <Field label="Threat"><Input value={columns.threat ?? ""} maxLength={100} onChange={(_, d) => column({ threat: d.value })} /></Field>
            <Field label="Confidence"><Input value={columns.confidence ?? ""} maxLength={100} onChange={(_, d) => column({ confidence: d.value })} /></Field>
            <Field label="Tags"><Input value={columns.tags ?? ""} maxLength={100} onChange={(_, d) => column({ tags: d.value })} /></Field>
            <Field label="Valid until"><Input value={columns.until ?? ""} maxLength={100} onChange={(_, d) => column({ until: d.value })} /></Field>
          </div>
        </>
      )}
      {(s.kind === "csv" || s.kind === "text") && (
        <div className={styles.pair}>
          <Field label="All values are"><Select value={columns.of ?? ""} onChange={(_, d) => column({ of: d.value as NonNullable<typeof columns.of> })}>
            <option value="">Guessed one by one</option><option value="url">URLs</option><option value="domain">Domains</option><option value="ip">IP addresses and networks</option><option value="hash">File hashes</option><option value="sender">Senders</option><option value="subject">Subjects</option>
          </Select></Field>
        </div>
      )}
    </>
  );
}
