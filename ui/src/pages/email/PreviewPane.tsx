import { Button } from "@fluentui/react-components";
import { useEffect, useRef, useState } from "react";
import { prefix, type Schemas } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ShieldLock20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { SafePreview, previewModes, type PreviewMode } from "../../components/SafePreview";
import { Untrusted } from "../../components/Untrusted";
import { capital } from "../../text/words";
import { useZone } from "../../time/Clock";
import { both, clock } from "../../time/zone";
import styles from "./Email.module.css";
import { Gone } from "./Part";
import { useLinks, useLook } from "./queries";
import { lastReason, leastReason, ReasonField, rememberReason } from "./ReasonField";
import { previewNotes, removedWords } from "./reasons";

interface Props {
  id: string;
  recipient: string;
  email: Schemas["Email"];
  show: string;
  onShow: (show: string) => void;
}

/** The message as its reader would see it, made harmless. Somebody who looks says why first, because every look is written down. */
export function PreviewPane({ id, recipient, email, show, onShow }: Props) {
  const zone = useZone();
  const { look, open } = useLook(id, recipient);
  const urls = useLinks(id, recipient, look !== undefined);
  // A document that is on screen stays there; one that is asked for again after the grant ended would be refused.
  const [mounted] = useState(() => Date.now());
  const over = look !== undefined && look.until < mounted;
  const mode = previewModes.find(([m]) => m === show)?.[0] ?? "rendered";
  if (!email.can.preview) {
    return email.raw_available ? (
      <section className={styles.block}><EmptyState small title="You cannot look into this message" why={`${capital(email.can.why)}. An administrator can give it to you.`} /></section>
    ) : <Gone />;
  }
  if (!look || over) return <Gate email={email} over={over} busy={open.isPending} error={open.error} onLook={(reason) => open.mutate(reason)} />;
  const { content: c } = look;
  const at = new Date(c.recorded.at);
  return (
    <SafePreview
      document={`${prefix}/emails/${encodeURIComponent(id)}/preview/${encodeURIComponent(c.grant)}`}
      plain={c.plain}
      source={c.source}
      links={c.links}
      codes={(urls.data?.urls ?? []).filter((u, i, all) => u.location === "QRCode" && all.findIndex((x) => x.url === u.url) === i)}
      removed={removedWords(c.removed)}
      notes={previewNotes(c)}
      recorded={<>Recorded: <bdi>{c.recorded.by}</bdi>, <time className="num" dateTime={c.recorded.at} title={both(at)}>{clock(at, zone)}</time>, <Untrusted text={c.recorded.reason} /></>}
      mode={mode}
      onMode={(m: PreviewMode) => onShow(m === "rendered" ? "" : m)}
    />
  );
}

function Gate({ email, over, busy, error, onLook }: { email: Schemas["Email"]; over: boolean; busy: boolean; error: unknown; onLook: (reason: string) => void }) {
  const [reason, setReason] = useState(lastReason);
  const [asked, setAsked] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const ready = reason.trim().length >= leastReason;
  const go = () => {
    setAsked(true);
    if (!ready || busy) return;
    rememberReason(reason.trim());
    onLook(reason.trim());
  };
  useEffect(() => place.current?.querySelector("input")?.focus({ preventScroll: true }), []);
  const reached = email.recipients.some((r) => r.outcome !== "blocked");
  return (
    <section className={`${styles.block} ${styles.gate}`} aria-label="Look into the message">
      <span className={styles.lock} aria-hidden><ShieldLock20Regular /></span>
      <h2>{over ? "Your look has ended" : "Look into the message"}</h2>
      <p>
        {over && "A look lasts ten minutes. "}
        Your name, the time and the reason go into the audit log{reached ? ", because this is the mail of a person" : ""}. What you see is inert: nothing is loaded from outside, nothing can be clicked.
      </p>
      <div ref={place} className={styles.ask}>
        <ReasonField value={reason} onChange={setReason} onEnter={go} />
        {asked && !ready && reason.trim() === "" && <p role="alert" className={styles.missing}>Say why first.</p>}
        <Button appearance="primary" disabledFocusable={busy} onClick={go}>{busy ? "Making it harmless" : "Show the message"}</Button>
      </div>
      {error ? <ProblemNote error={error} /> : null}
    </section>
  );
}
