import { Button, Spinner } from "@fluentui/react-components";
import { lazy, Suspense } from "react";
import { ProblemNote } from "../components/Problem";
import { OperatorContext, useSession } from "../session/queries";
import styles from "./Gate.module.css";

const Shell = lazy(() => import("./Shell").then((m) => ({ default: m.Shell })));
const EnrolPage = lazy(() => import("../pages/account/EnrolPage").then((m) => ({ default: m.EnrolPage })));
const SignInPage = lazy(() => import("../pages/signin/SignInPage").then((m) => ({ default: m.SignInPage })));

/** Sign-in, or the shell once somebody is signed in. The address stays as it was asked for. */
export function Gate() {
  const session = useSession();
  if (session.error) {
    return (
      <main className={styles.middle}>
        <ProblemNote error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  if (session.isPending) return <Wait />;
  return <Suspense fallback={<Wait />}>{session.data ? <OperatorContext.Provider value={session.data}>{session.data.must_enrol ? <EnrolPage /> : <Shell />}</OperatorContext.Provider> : <SignInPage />}</Suspense>;
}

function Wait() {
  return <div className={styles.middle}><Spinner size="small" label="Opening Tocsin" /></div>;
}

export function NotFound() {
  return (
    <main className={styles.middle}>
      <h1>There is no page here</h1>
      <p>The address may be cut short. Explorer is where most things can be found.</p>
      <Button as="a" href="/explorer">Open Explorer</Button>
    </main>
  );
}

export function Broken({ error }: { error: unknown }) {
  return (
    <main className={styles.middle}>
      <ProblemNote error={error} onRetry={() => location.reload()} />
    </main>
  );
}
