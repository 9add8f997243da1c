import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { Key16Regular, Phone16Regular, Warning16Regular } from "../../components/icons";
import { keysWork } from "../../session/keys";
import { useWays } from "../../session/ways";
import base from "../policy/Policy.module.css";
import styles from "./Account.module.css";
import { CodeDialog } from "./CodeDialog";
import { FactorSetup } from "./FactorSetup";
import { KeyDialog, KeySetup } from "./KeyDialogs";
import type { Account, KeyLine } from "./queries";
import { Time } from "./Time";

/** Security keys, the authenticator app, and the recovery codes that stand in for both. */
export function FactorCard({ account: a }: { account: Account }) {
  const [open, setOpen] = useState<"app" | "key" | "codes" | "remove">();
  const [one, setOne] = useState<{ what: "rename" | "remove"; k: KeyLine }>();
  const ways = useWays();
  const some = a.keys.length > 0 || !!a.factor_since;
  const close = () => setOpen(undefined);
  const canKey = !!ways.data?.keys && keysWork();
  return (
    <section className={`card ${base.block}`} aria-labelledby="account-factor">
      <div className={base.title}><h2 id="account-factor">Second factor</h2></div>
      {open === "app" ? <FactorSetup onDone={close} onCancel={close} /> : open === "key" ? <KeySetup onDone={close} onCancel={close} /> : (
        <>
          {!some && (a.password ? <p className={base.caution}><Warning16Regular aria-hidden /><span>Only your password stands between a stranger and everything you may do here.</span></p> : <p>You have no password here, so your second factor belongs to where you sign in.</p>)}
          {some && (
            <ul className={styles.factors} aria-label="Second factors">
              {a.keys.map((k) => (
                <li key={k.id}>
                  <Key16Regular aria-hidden />
                  <span className={base.two}><b>{k.name}</b><small>Added <Time at={k.made} />. {k.used ? <>Last used <Time at={k.used} />.</> : "Not used yet."}</small>
                    {k.suspect && <small className={styles.suspect}><Warning16Regular aria-hidden />Its counter went back: there may be a copy. It is not accepted any more. Remove it.</small>}
                  </span>
                  <Button size="small" aria-label={`Rename ${k.name}`} onClick={() => setOne({ what: "rename", k })}>Rename…</Button>
                  <Button size="small" aria-label={`Remove ${k.name}`} onClick={() => setOne({ what: "remove", k })}>Remove…</Button>
                </li>
              ))}
              {a.factor_since && (
                <li>
                  <Phone16Regular aria-hidden />
                  <span className={base.two}><b>Authenticator app</b><small>Since <Time at={a.factor_since} /></small></span>
                  {!(a.required && a.keys.length === 0) && <Button size="small" aria-label="Remove the authenticator app" onClick={() => setOpen("remove")}>Remove…</Button>}
                </li>
              )}
            </ul>
          )}
          {some && <p className={a.recovery_codes < 3 ? base.caution : base.dim}>{a.recovery_codes < 3 && <Warning16Regular aria-hidden />}<span>{a.recovery_codes} of 10 recovery codes are left{a.recovery_codes < 3 ? ". Make new ones." : "."}</span></p>}
          {a.password && (
            <div className={styles.acts}>
              {canKey && <Button appearance={some ? "secondary" : "primary"} onClick={() => setOpen("key")}>Add a security key</Button>}
              {!a.factor_since && <Button appearance={some || canKey ? "secondary" : "primary"} onClick={() => setOpen("app")}>Set an authenticator app up</Button>}
              {some && <Button onClick={() => setOpen("codes")}>New recovery codes…</Button>}
            </div>
          )}
          {a.password && ways.data && !ways.data.keys && <p className={base.dim}>Security keys are off: the settings name no public address with a host name that they could be bound to.</p>}
        </>
      )}
      {(open === "codes" || open === "remove") && <CodeDialog what={open} app={!!a.factor_since} rest={a.keys.length > 0} onClose={close} />}
      {one && <KeyDialog what={one.what} k={one.k} onClose={() => setOne(undefined)} />}
    </section>
  );
}
