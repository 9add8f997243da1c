import { Button, Field, Skeleton, SkeletonItem, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask, Problem, type Schemas } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { defang } from "../../text/defang";
import { full } from "../../time/zone";
import { Door } from "../signin/Door";
import styles from "./Release.module.css";

type Message = Schemas["ReleaseLink"];

/**
 * Where the link of a digest leads: somebody who is no operator asks for one message that is held for them. The token stands in the
 * fragment of the link, which no browser sends; it is taken out of the address as soon as it is read. Opening the page changes nothing.
 */
export function ReleasePage() {
  const [token] = useState(() => location.hash.slice(1));
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  const page = useQuery({
    queryKey: ["release", token],
    enabled: token !== "",
    retry: false,
    queryFn: ({ signal }) => ask<Message>(api.GET("/quarantine/asks/{token}", { params: { path: { token } }, signal })),
  });
  const stale = token === "" || (page.error instanceof Problem && page.error.status === 404);
  return (
    <Door says={["Your mail is looked at", "before it reaches you."]} foot="Your request is recorded. Nobody asks for your password here.">
      {stale ? (
        <>
          <h1>This link is not good any more</h1>
          <p>Links of a digest work as long as the message is held. If you still need it, ask your security team.</p>
        </>
      ) : page.error ? <ProblemNote error={page.error} onRetry={() => void page.refetch()} /> : page.data ? <Ask token={token} first={page.data} /> : <Skeleton aria-label="Reading the link"><SkeletonItem size={32} /></Skeleton>}
    </Door>
  );
}

function Ask({ token, first }: { token: string; first: Message }) {
  const [note, setNote] = useState("");
  const send = useMutation({ mutationFn: () => ask<Message>(api.POST("/quarantine/asks/{token}", { params: { path: { token } }, body: { note: note.trim() } })) });
  const m = send.data ?? first;
  const t = new Date(m.since);
  return (
    <>
      <h1>{titles[m.state]}</h1>
      <div className={styles.message}>
        <p><b>{m.subject === "" ? <i>(no subject)</i> : <Untrusted text={defang(m.subject)} />}</b></p>
        <p>from {m.sender_name && <><Untrusted text={m.sender_name} /> </>}<span className="mono"><Untrusted text={defang(m.sender)} spelling /></span></p>
        <p className={styles.faded}>held <time dateTime={m.since}>{full(t, "local")}</time>{m.threats && <>, because it looks like {m.threats.toLowerCase().replace("phish", "phishing").replace(",", " and ")}</>}</p>
      </div>
      {m.state === "held" ? (
        <>
          <p>Ask for it only if you expected it. A person of the security team of {m.organisation} looks at it and answers you by mail.</p>
          <Field label="What should they know? (You may leave this empty)"><Textarea value={note} maxLength={500} rows={3} onChange={(_, d) => setNote(d.value)} /></Field>
          {send.error ? <ProblemNote error={send.error} /> : null}
          <Button appearance="primary" size="large" disabledFocusable={send.isPending} onClick={() => !send.isPending && send.mutate()}>{send.isPending ? "Asking" : "Ask for this message"}</Button>
        </>
      ) : <p role="status">{says[m.state]}{m.state === "refused" && m.reason && <> They say: <q><Untrusted text={m.reason} /></q></>}</p>}
    </>
  );
}

const titles: Record<Message["state"], string> = {
  held: "A message is held for you", asked: "You asked for this message", refused: "This message stays held", released: "This message was released", gone: "This message is gone", malware: "This message is not released",
};

const says: Record<Exclude<Message["state"], "held">, string> = {
  asked: "The security team looks at it and answers you by mail. There is nothing more to do; asking again changes nothing.",
  refused: "The security team decided not to release it.",
  released: "It is in your mailbox. Be careful with it all the same.",
  gone: "It was deleted, or held too long. Ask its sender to send it again if you need it.",
  malware: "It carries malware, and such mail is never released on request. Ask the security team if you need something from it.",
};
