import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useState } from "react";
import { CheckmarkCircle16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useGoToProvider, useWays } from "../../session/ways";
import base from "../policy/Policy.module.css";
import { Password } from "../signin/Password";
import styles from "./Account.module.css";
import { useUnlink, type Account } from "./queries";
import { Time } from "./Time";

/** Who one is at the organisation's provider; nothing where there is none. */
export function ProviderCard({ account: a }: { account: Account }) {
  const ways = useWays();
  const [open, setOpen] = useState(false);
  const unlink = useUnlink();
  const name = ways.data?.provider;
  if (!name) return null;
  return (
    <section className={`card ${base.block}`} aria-labelledby="account-provider">
      <div className={base.title}><h2 id="account-provider">{name}</h2></div>
      {a.linked ? (
        <>
          <p className={base.word}><CheckmarkCircle16Regular aria-hidden /><span>Linked since <Time at={a.linked.since} /></span></p>
          <p className={base.dim}>There you are <Untrusted text={a.linked.subject} />.</p>
          {unlink.error ? <ProblemNote error={unlink.error} /> : null}
          {a.password && <div className={styles.acts}><Button disabledFocusable={unlink.isPending} onClick={() => unlink.mutate(undefined)}>Unlink</Button></div>}
        </>
      ) : (
        <>
          <p>Link your account, and {name} signs you in too. Your roles then follow your groups there, where the settings say so.</p>
          <div className={styles.acts}><Button onClick={() => setOpen(true)}>Link…</Button></div>
        </>
      )}
      {open && <LinkDialog name={name} onClose={() => setOpen(false)} />}
    </section>
  );
}

function LinkDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const [password, setPassword] = useState("");
  const away = useGoToProvider();
  const ready = password !== "" && !away.isPending;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Link {name}</DialogTitle>
          <DialogContent className={base.form}>
            <p>After your password {name} asks who you are there.</p>
            <Password label="Your password" value={password} onChange={setPassword} />
            {away.error ? <ProblemNote error={away.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={!ready} onClick={() => ready && away.mutate({ purpose: "link", password, next: "/account" })}>Go to {name}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
