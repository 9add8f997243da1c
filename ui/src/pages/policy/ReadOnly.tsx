import { LockClosed16Regular } from "../../components/icons";
import styles from "./Policy.module.css";

/** Why nothing can be changed here. */
export function ReadOnly({ what, need }: { what: string; need: string }) {
  return (
    <p className={styles.note}>
      <LockClosed16Regular aria-hidden />
      <span>You see {what} and cannot change {what === "the policy" ? "it" : "them"}: that needs the permission {need}, which the role Security Administrator has.</span>
    </p>
  );
}
