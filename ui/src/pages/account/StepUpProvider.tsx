import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { api, ask, onStepUp, type Session } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { keysWork } from "../../session/keys";
import { beginProvider, stepUpByKey, stepUpChannel, useWays } from "../../session/ways";
import base from "../policy/Policy.module.css";
import styles from "./Account.module.css";
import { CodeField } from "./CodeField";
import { useAccount } from "./queries";

/** Asks for the second factor when the server wants a fresh one, and lets what was asked for go on. */
export function StepUpProvider({ children }: { children: ReactNode }) {
  const [waiting, setWaiting] = useState<((shown: boolean) => void)[]>([]);
  useEffect(() => {
    onStepUp(() => new Promise((resolve) => setWaiting((w) => [...w, resolve])));
    return () => onStepUp(undefined);
  }, []);
  const end = (shown: boolean) => {
    setWaiting([]);
    waiting.forEach((w) => w(shown));
  };
  return (
    <>
      {children}
      {waiting.length > 0 && <Ask onEnd={end} />}
    </>
  );
}

type Way = "provider" | "key" | "code";

function Ask({ onEnd }: { onEnd: (shown: boolean) => void }) {
  const account = useAccount();
  const ways = useWays();
  const [chosen, setChosen] = useState<Way>();
  const [code, setCode] = useState("");
  const key = useMutation({ mutationFn: stepUpByKey, onSuccess: () => onEnd(true) });
  const show = useMutation({
    mutationFn: () => ask<Session>(api.POST("/session/step-up", { body: { code: code.trim() } })),
    onSuccess: () => onEnd(true),
    onError: () => setCode(""),
  });
  const away = useMutation({
    // The tab opens before the answer is there: later, browsers take it for one that nobody asked for.
    mutationFn: async () => {
      const tab = window.open("", "_blank");
      try {
        const { url } = await beginProvider({ purpose: "step-up", next: location.pathname });
        if (tab) tab.location.href = url;
        else throw new Error("The browser did not open a tab. Allow that for this site and try again.");
      } catch (e) {
        tab?.close();
        throw e;
      }
    },
  });
  useEffect(() => {
    const c = new BroadcastChannel(stepUpChannel);
    c.onmessage = () => onEnd(true);
    return () => c.close();
  });
  const a = account.data;
  const offered: Way[] = !a ? [] : [...(a.by_provider ? ["provider" as const] : []), ...(a.keys.some((k) => !k.suspect) && keysWork() && ways.data?.keys ? ["key" as const] : []), ...(a.factor_since || a.recovery_codes > 0 ? ["code" as const] : [])];
  const way = chosen ?? offered[0];
  const name = ways.data?.provider || "the provider";
  const labels: Record<Way, string> = { provider: "Sign in again", key: "Use the security key", code: a?.factor_since ? "Type in a code" : "Type in a recovery code" };
  const ready = way === "code" ? code.trim().length >= 6 && !show.isPending : way === "key" ? !key.isPending : way === "provider" && !away.isPending;
  const go = () => {
    if (!ready) return;
    if (way === "code") show.mutate();
    else if (way === "key") key.mutate();
    else away.mutate();
  };
  const error = account.error ?? show.error ?? key.error ?? away.error;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onEnd(false)}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Show that it is you</DialogTitle>
          <DialogContent className={base.form}>
            <p>What you are about to do asks for {a?.by_provider && offered.length === 1 ? "a sign-in" : "a second factor"} of the last 15 minutes.</p>
            {way === "code" && <CodeField value={code} onChange={setCode} onEnter={go} {...(!a?.factor_since && { recoveryOnly: true })} />}
            {way === "key" && <p>{key.isPending ? "Touch your security key now. It asks for its PIN, your finger or your face." : "Have your security key at hand. It asks for its PIN, your finger or your face."}</p>}
            {way === "provider" && <p>{away.isSuccess ? `Sign in with ${name} in the tab that opened. This goes on by itself.` : `${name} asks who you are, in a tab of its own. What you were doing waits here.`}</p>}
            {error ? <ProblemNote error={error} /> : null}
            {offered.length > 1 && (
              <div className={styles.acts}>{offered.filter((o) => o !== way).map((o) => <Button key={o} size="small" onClick={() => { setChosen(o); show.reset(); key.reset(); away.reset(); }}>{labels[o]}</Button>)}</div>
            )}
          </DialogContent>
          <DialogActions>
            <Button onClick={() => onEnd(false)}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{way === "provider" ? labels.provider : way === "key" ? (key.isPending ? "Waiting for the key" : labels.key) : show.isPending ? "Checking" : "Go on"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
