import { Link, useParams } from "@tanstack/react-router";
import { useAddress } from "../../address/useAddress";
import styles from "./Email.module.css";
import { EmailSummary } from "./EmailSummary";

/** One message with an address of its own. */
export function EmailPage() {
  const { id } = useParams({ from: "/inside/email/$id" });
  const recipient = useAddress()["recipient"] ?? "";
  return (
    <div className={styles.page}>
      <nav aria-label="Way back"><Link to="/explorer">Explorer</Link></nav>
      <div className={`${styles.sheet} card`}><EmailSummary id={id} recipient={recipient} /></div>
    </div>
  );
}
