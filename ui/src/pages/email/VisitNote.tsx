import { Button } from "@fluentui/react-components";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { ArrowRight16Regular, Globe16Regular, Image16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { Value } from "../../components/ValueMenu";
import { defang } from "../../text/defang";
import { useZone } from "../../time/Clock";
import { both, clock, full } from "../../time/zone";
import { usePagePicture } from "./queries";
import { lastReason, leastReason, ReasonField, rememberReason } from "./ReasonField";
import rows from "./Rows.module.css";
import { seenWords, visitWords, wayOn } from "./visits";

interface Props { visit: Schemas["LinkVisit"]; target: string; email: Schemas["Email"] }

/** What was there when the page of a link was opened, apart from its reader: the way, what was found, and on request a picture. */
export function VisitNote({ visit: v, target, email }: Props) {
  const zone = useZone();
  const [asking, setAsking] = useState(false);
  const { picture, open } = usePagePicture(email.event.NetworkMessageId, email.event.RecipientEmailAddress, target);
  const on = wayOn(target, v.way);
  const Icon = v.threat ? Warning16Regular : Globe16Regular;
  return (
    <div className={rows.visit} role="group" aria-label="The page it leads to">
      <p className={v.threat ? rows.odd : rows.target}><Icon aria-hidden /><Untrusted text={visitWords(v)} /></p>
      <p className={rows.dim}>Opened by Tocsin <time className="num" dateTime={v.at} title={both(new Date(v.at))}>{full(new Date(v.at), zone)}</time>{v.details && <>: <Untrusted text={seenWords(v.details)} /></>}</p>
      {on.length > 0 && (
        <ol className={rows.way} aria-label="Way of the redirects">
          {on.map((a, i) => <li key={i}><ArrowRight16Regular aria-hidden /><Value field="Url" value={a} className="mono"><Untrusted text={defang(a)} spelling /></Value></li>)}
        </ol>
      )}
      {v.picture && (picture ? (
        <figure className={rows.picture}>
          {/* Pixels and nothing else: it leads nowhere, and what it shows was drawn when the page was opened. */}
          <img src={`data:image/png;base64,${picture.png}`} alt="Picture of the page that the link led to" draggable={false} />
          <figcaption>Picture of the visit. Nothing is loaded, nothing can be clicked. Recorded: <bdi>{picture.recorded.by}</bdi>, <time className="num" dateTime={picture.recorded.at}>{clock(new Date(picture.recorded.at), zone)}</time>, <Untrusted text={picture.recorded.reason} /></figcaption>
        </figure>
      ) : !email.can.preview ? <p className={rows.dim}>There is a picture of the page. {email.can.why ? <>To see it: {email.can.why}.</> : null}</p> : asking ? (
        <Ask busy={open.isPending} error={open.error} onLook={(reason) => open.mutate(reason)} />
      ) : <Button size="small" icon={<Image16Regular />} onClick={() => setAsking(true)}>Show the page</Button>)}
    </div>
  );
}

function Ask({ busy, error, onLook }: { busy: boolean; error: unknown; onLook: (reason: string) => void }) {
  const [reason, setReason] = useState(lastReason);
  const ready = reason.trim().length >= leastReason && !busy;
  const go = () => {
    if (!ready) return;
    rememberReason(reason.trim());
    onLook(reason.trim());
  };
  return (
    <div className={rows.ask}>
      <ReasonField value={reason} onChange={setReason} onEnter={go} autoFocus />
      <p className={rows.dim}>Your name, the time and the reason go into the audit log: a page made for one reader can show who that is.</p>
      <Button size="small" disabledFocusable={!ready} onClick={go}>{busy ? "Fetching" : "Show the picture"}</Button>
      {error ? <ProblemNote error={error} /> : null}
    </div>
  );
}
