import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { api, ask, onStepUp, type Session } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import base from "../policy/Policy.module.css";
import { CodeField } from "./CodeField";

/** Asks for the second factor when the server wants a fresh one, and lets what was asked for go on. */
export function StepUpProvider({ children }: { children: ReactNode }) {
  const [waiting, setWaiting] = useState<((shown: boolean) => void)[]>([]);
  const before = useRef<HTMLElement | null>(null);
  useEffect(() => {
    onStepUp(() => {
      before.current ??= document.activeElement as HTMLElement | null;
      return new Promise((resolve) => setWaiting((w) => [...w, resolve]));
    });
    return () => onStepUp(undefined);
  }, []);
  const end = (shown: boolean) => {
    setWaiting([]);
    // Back to the dialog that asked, if one did: it is out of reach for screen readers until the focus is in it again.
    const to = before.current;
    before.current = null;
    setTimeout(() => {
      if (to?.isConnected) to.focus();
      waiting.forEach((w) => w(shown));
    }, 100);
  };
  return (
    <>
      {children}
      {waiting.length > 0 && <Ask onEnd={end} />}
    </>
  );
}

function Ask({ onEnd }: { onEnd: (shown: boolean) => void }) {
  const [code, setCode] = useState("");
  const show = useMutation({
    mutationFn: () => ask<Session>(api.POST("/session/step-up", { body: { code: code.trim() } })),
    onSuccess: () => onEnd(true),
    onError: () => setCode(""),
  });
  const ready = code.trim().length >= 6 && !show.isPending;
  const go = () => ready && show.mutate();
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onEnd(false)}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Show that it is you</DialogTitle>
          <DialogContent className={base.form}>
            <p>What you are about to do asks for a code of the last 15 minutes.</p>
            <CodeField value={code} onChange={setCode} onEnter={go} />
            {show.error ? <ProblemNote error={show.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={() => onEnd(false)}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{show.isPending ? "Checking" : "Go on"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
