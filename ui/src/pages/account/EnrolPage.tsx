import { Button } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keysWork } from "../../session/keys";
import { sessionKey, useOperator, useSignOut } from "../../session/queries";
import { useWays } from "../../session/ways";
import { Door } from "../signin/Door";
import styles from "../signin/Door.module.css";
import { FactorSetup } from "./FactorSetup";
import { KeySetup } from "./KeyDialogs";

/** In place of every page while a second factor is required of somebody who has none. */
export function EnrolPage() {
  const { operator } = useOperator();
  const client = useQueryClient();
  const signOut = useSignOut();
  const ways = useWays();
  const [kind, setKind] = useState<"app" | "key">("app");
  const done = () => void client.invalidateQueries({ queryKey: sessionKey });
  return (
    <Door>
      <h1>Set a second factor up</h1>
      <p className={styles.host}>{operator.email}. This installation wants one of you before anything else.</p>
      {kind === "key" ? <KeySetup onDone={done} /> : <FactorSetup onDone={done} />}
      {ways.data?.keys && keysWork() && <Button appearance="transparent" onClick={() => setKind(kind === "key" ? "app" : "key")}>{kind === "key" ? "Use an authenticator app instead" : "Use a security key instead"}</Button>}
      <Button appearance="transparent" onClick={() => signOut.mutate()}>Sign out</Button>
    </Door>
  );
}
