import { pieces } from "../text/find";
import styles from "./Untrusted.module.css";
import { Untrusted } from "./Untrusted";

/** Text that a sender chose, with the places marked that a search found. */
export function Found({ text, re }: { text: string; re: RegExp | undefined }) {
  if (!re) return <Untrusted text={text} />;
  return <>{pieces(text, re).map((p, i) => (p.hit ? <mark key={i} className={styles.mark}><Untrusted text={p.text} /></mark> : <Untrusted key={i} text={p.text} />))}</>;
}
