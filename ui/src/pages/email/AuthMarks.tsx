import type { Schemas } from "../../api/client";
import { Info16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { AuthMark } from "../../components/Verdict";
import { useEvidence } from "../../text/useEvidence";
import styles from "./Email.module.css";
import { authSentence, reporter } from "./reasons";

type MailAuth = Schemas["MailAuth"];

/** Who really sent it: four marks, and a sentence that says what they prove and what not. */
export function AuthMarks({ auth, domain }: { auth: MailAuth; domain: string }) {
  const evidence = useEvidence();
  const signed = auth.dkim.find((d) => d.result === "pass") ?? auth.dkim[0];
  const by = reporter(auth);
  // Who reported a result stands once under all of them.
  const detail = (d: string) => (d.startsWith("reported by ") ? "" : evidence(d));
  const more = auth.dkim.length > 1 ? `, ${auth.dkim.length} signatures` : "";
  const policy = auth.policy ? `, p=${auth.policy}` : "";
  return (
    <>
      <div className={styles.auth}>
        <AuthMark name="SPF" result={auth.spf.result} note={evidence(auth.spf.domain) || detail(auth.spf.detail) || "nothing to check"} />
        <AuthMark name="DKIM" result={signed?.result ?? ""} note={signed ? (signed.domain ? `d=${evidence(signed.domain)}${more}` : detail(signed.detail) || (signed.result === "none" ? "not signed" : "signed")) : "not signed"} />
        <AuthMark name="DMARC" result={auth.dmarc.result} note={auth.aligned ? `aligned by ${auth.aligned_by}${policy}` : auth.dmarc.result === "none" ? detail(auth.dmarc.detail) || "no record" : `not aligned${policy}`} />
        <AuthMark name="ARC" result={auth.arc.result} note={auth.arc.domain ? `sealed by ${evidence(auth.arc.domain)}` : detail(auth.arc.detail) || "not forwarded"} />
      </div>
      <p className={styles.note}><Info16Regular aria-hidden /><span><Untrusted text={authSentence(auth, evidence(domain))} />{by && <> Reported by <Untrusted text={evidence(by)} />.</>}</span></p>
    </>
  );
}
