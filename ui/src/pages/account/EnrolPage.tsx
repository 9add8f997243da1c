import { Button } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { sessionKey, useOperator, useSignOut } from "../../session/queries";
import { Door } from "../signin/Door";
import styles from "../signin/Door.module.css";
import { FactorSetup } from "./FactorSetup";

/** In place of every page while a second factor is required of somebody who has none. */
export function EnrolPage() {
  const { operator } = useOperator();
  const client = useQueryClient();
  const signOut = useSignOut();
  return (
    <Door>
      <h1>Set a second factor up</h1>
      <p className={styles.host}>{operator.email}. This installation wants one of you before anything else.</p>
      <FactorSetup onDone={() => void client.invalidateQueries({ queryKey: sessionKey })} />
      <Button appearance="transparent" onClick={() => signOut.mutate()}>Sign out</Button>
    </Door>
  );
}
