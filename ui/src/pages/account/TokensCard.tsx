import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Select, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState } from "react";
import { CheckGroup } from "../../components/CheckGroup";
import { useCopy } from "../../components/copy";
import { Add16Regular, Copy16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useOperator } from "../../session/queries";
import base from "../policy/Policy.module.css";
import styles from "./Account.module.css";
import { useMakeToken, useRevoke, useTokens, type TokenLine } from "./queries";
import { Time } from "./Time";

/** One's own API tokens. */
export function TokensCard() {
  const tokens = useTokens();
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<TokenLine>();
  return (
    <section className={`card ${base.block}`} aria-labelledby="tokens-title">
      <div className={base.title}><h2 id="tokens-title">API tokens</h2><span className={base.push} /><Button size="small" icon={<Add16Regular />} onClick={() => setMaking(true)}>New token…</Button></div>
      {tokens.error ? <ProblemNote error={tokens.error} onRetry={() => void tokens.refetch()} /> : !tokens.data ? <Skeleton aria-label="Reading tokens"><SkeletonItem size={20} /></Skeleton> : tokens.data.length === 0 ? <p className={base.dim}>None. A program that works for you shows a token instead of a password.</p> : (
        <div className={styles.scroll} tabIndex={0} role="region" aria-label="List of API tokens">
          <table className={base.table}>
            <thead><tr><th scope="col">Name</th><th scope="col">May</th><th scope="col">Last used</th><th scope="col">Works until</th><th scope="col"><span className="unseen">What to do</span></th></tr></thead>
            <tbody>
              {tokens.data.map((t) => (
                <tr key={t.id}>
                  <th scope="row"><b>{t.name}</b></th>
                  <td>{t.everything ? "all that you may" : t.scopes.join(", ")}</td>
                  <td>{t.used ? <Time at={t.used} /> : "never"}</td>
                  <td>{t.expired ? <span className={base.over}>ended</span> : t.expires ? <Time at={t.expires} /> : "it is revoked"}</td>
                  <td className={styles.last}><Button size="small" aria-label={`Revoke ${t.name}`} onClick={() => setRevoking(t)}>Revoke…</Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {making && <MakeDialog onClose={() => setMaking(false)} />}
      {revoking && <RevokeDialog token={revoking} onClose={() => setRevoking(undefined)} />}
    </section>
  );
}

function MakeDialog({ onClose }: { onClose: () => void }) {
  const { permissions } = useOperator();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [scopes, setScopes] = useState<readonly string[]>([]);
  const make = useMakeToken();
  const copy = useCopy();
  const ready = name.trim() !== "" && scopes.length > 0 && !make.isPending;
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{make.data ? "The token" : "New API token"}</DialogTitle>
          <DialogContent className={base.form}>
            {make.data ? (
              <div className={styles.once}>
                <p className={base.caution}><Warning16Regular aria-hidden /><span>It is shown once. Whoever has it may do what you ticked.</span></p>
                <code className="mono">{make.data.secret}</code>
                <Button icon={<Copy16Regular />} onClick={() => copy(make.data.secret, "Token copied")}>Copy</Button>
              </div>
            ) : (
              <>
                <div className={base.pair}>
                  <Field label="What it is for" required><Input value={name} maxLength={100} autoFocus onChange={(_, d) => setName(d.value)} /></Field>
                  <Field label="Works for"><Select value={days} onChange={(_, d) => setDays(d.value)}><option value="7">7 days</option><option value="30">30 days</option><option value="90">90 days</option><option value="365">a year</option></Select></Field>
                </div>
                <CheckGroup label="What it may do" hint="Never more than you may yourself at that time." options={permissions.filter((p) => !p.startsWith("session."))} value={scopes} onChange={setScopes} />
                {make.error ? <ProblemNote error={make.error} /> : null}
              </>
            )}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>{make.data ? "Close" : "Cancel"}</Button>
            {!make.data && <Button appearance="primary" disabledFocusable={!ready} onClick={() => ready && make.mutate({ name: name.trim(), scopes: [...scopes], days: Number(days) })}>Make the token</Button>}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function RevokeDialog({ token, onClose }: { token: TokenLine; onClose: () => void }) {
  const revoke = useRevoke();
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Revoke {token.name}?</DialogTitle>
          <DialogContent className={base.form}><p>Programs that use it stop working at once. This cannot be undone.</p>{revoke.error ? <ProblemNote error={revoke.error} /> : null}</DialogContent>
          <DialogActions><Button onClick={onClose}>Cancel</Button><Button appearance="primary" disabledFocusable={revoke.isPending} onClick={() => revoke.mutate(token.id, { onSuccess: onClose })}>Revoke</Button></DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
