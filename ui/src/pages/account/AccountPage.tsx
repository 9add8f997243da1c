import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState, type FormEvent } from "react";
import { CheckmarkCircle16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useOperator } from "../../session/queries";
import base from "../policy/Policy.module.css";
import { Password } from "../signin/Password";
import styles from "./Account.module.css";
import { FactorCard } from "./FactorCard";
import { ProviderCard } from "./ProviderCard";
import { useAccount, useChangePassword } from "./queries";
import { SessionsCard } from "./SessionsCard";
import { TokensCard } from "./TokensCard";

/** One's own ways to sign in: password, second factors, provider, sessions, API tokens. */
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
            <div className={base.column}>{account.data.password && <PasswordCard />}<ProviderCard account={account.data} /></div>
          </div>
        )}
      </div>
    </div>
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
