import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState, type FormEvent } from "react";
import { CheckmarkCircle16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useOperator } from "../../session/queries";
import base from "../policy/Policy.module.css";
import { Password } from "../signin/Password";
import styles from "./Account.module.css";
import { CodeDialog } from "./CodeDialog";
import { FactorSetup } from "./FactorSetup";
import { useAccount, useChangePassword, type Account } from "./queries";
import { SessionsCard } from "./SessionsCard";
import { TokensCard } from "./TokensCard";
import { Time } from "./Time";

/** One's own ways to sign in: password, second factor, sessions, API tokens. */
export function AccountPage() {
  const { operator } = useOperator();
  const account = useAccount();
  return (
    <div className={base.page}>
      <header className={base.head}><h1>My account</h1></header>
      <div className={base.pane}>
        <p className={base.lead}><b>{operator.name}</b>, {operator.email}. {operator.roles.join(", ")}.</p>
        {account.error ? <ProblemNote error={account.error} onRetry={() => void account.refetch()} /> : !account.data ? <Skeleton aria-label="Reading your account"><SkeletonItem style={{ height: 160 }} /></Skeleton> : (
          <div className={base.columns}>
            <div className={base.column}><FactorCard account={account.data} /><SessionsCard whose="own" /><TokensCard /></div>
            {account.data.password && <PasswordCard />}
          </div>
        )}
      </div>
    </div>
  );
}

function FactorCard({ account: a }: { account: Account }) {
  const [open, setOpen] = useState<"setup" | "codes" | "remove">();
  return (
    <section className={`card ${base.block}`} aria-labelledby="account-factor">
      <div className={base.title}><h2 id="account-factor">Second factor</h2></div>
      {open === "setup" ? <FactorSetup onDone={() => setOpen(undefined)} /> : a.factor_since ? (
        <>
          <p className={base.word}><CheckmarkCircle16Regular aria-hidden />Authenticator app since <Time at={a.factor_since} /></p>
          <p className={a.recovery_codes < 3 ? base.caution : base.dim}>{a.recovery_codes < 3 && <Warning16Regular aria-hidden />}<span>{a.recovery_codes} of 10 recovery codes are left{a.recovery_codes < 3 ? ". Make new ones." : "."}</span></p>
          <div className={styles.acts}>
            <Button onClick={() => setOpen("codes")}>New recovery codes…</Button>
            {!a.required && <Button onClick={() => setOpen("remove")}>Remove…</Button>}
          </div>
        </>
      ) : !a.password ? <p>You sign in without a password here, so your second factor belongs to where you sign in.</p> : (
        <>
          <p className={base.caution}><Warning16Regular aria-hidden /><span>Only your password stands between a stranger and everything you may do here.</span></p>
          <div className={styles.acts}><Button appearance="primary" onClick={() => setOpen("setup")}>Set an authenticator app up</Button></div>
        </>
      )}
      {(open === "codes" || open === "remove") && <CodeDialog what={open} onClose={() => setOpen(undefined)} />}
    </section>
  );
}

function PasswordCard() {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useChangePassword();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    change.mutate({ old, new: fresh }, { onSuccess: () => { setOld(""); setFresh(""); } });
  };
  return (
    <section className={`card ${base.block}`} aria-labelledby="account-password">
      <div className={base.title}><h2 id="account-password">Password</h2></div>
      <form onSubmit={submit} className={styles.form}>
        <Password label="Present password" value={old} onChange={setOld} />
        <Password label="New password" value={fresh} onChange={setFresh} fresh hint="At least 12 characters. A few words are easier to keep than signs." />
        {change.error && <ProblemNote error={change.error} />}
        <div role="status">{change.isSuccess && <p className={base.note}><CheckmarkCircle16Regular aria-hidden /><span>Changed. Your other sessions have ended.</span></p>}</div>
        <Button type="submit" disabledFocusable={change.isPending}>Change the password</Button>
      </form>
    </section>
  );
}
