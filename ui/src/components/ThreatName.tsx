import { Untrusted } from "./Untrusted";
import { Book16Regular } from "./icons";
import { useMay } from "../session/queries";
import { useAboutThreat } from "./threat/AboutThreat";
import styles from "./threat/Threat.module.css";

/**
 * The name of a malware family, a technique, a signal: whatever the article about it is found under. A click opens "about this threat".
 * With bare, only the button beside a name that stands there already.
 */
export function ThreatName({ name, bare }: { name: string; bare?: boolean }) {
  const about = useAboutThreat();
  const may = useMay("intelligence.read");
  if (!may) return bare ? null : <Untrusted text={name} />;
  const open = (e: { stopPropagation: () => void }) => {
    e.stopPropagation();
    about(name);
  };
  if (bare) return <button type="button" className={styles.bare} aria-haspopup="dialog" aria-label={`About ${name}`} title="About this threat" onClick={open} onKeyDown={(e) => e.stopPropagation()}><Book16Regular aria-hidden /></button>;
  return <button type="button" className={styles.name} aria-haspopup="dialog" title="About this threat" onClick={open} onKeyDown={(e) => e.stopPropagation()}><Untrusted text={name} /></button>;
}
