import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { ArrowSync16Regular, CheckmarkCircle16Regular, Delete16Regular, Info16Regular, Warning16Filled } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { Untrusted } from "../../components/Untrusted";
import { useEvidence } from "../../text/useEvidence";
import { capital } from "../../text/words";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import styles from "./Mailbox.module.css";
import { useAgain, useRules, type Mailbox, type Rule } from "./queries";
import { RuleText } from "./RuleText";

/** What the mailbox does with mail by itself, what is suspicious first. */
export function RulesCard({ mailbox, onRemove }: { mailbox: Mailbox; onRemove: (r: Rule) => void }) {
  const rules = useRules(mailbox.mailbox);
  const again = useAgain(mailbox.mailbox);
  const zone = useZone();
  const r = rules.data;
  return (
    <section className={`card ${base.block}`} aria-labelledby="mail-rules" aria-busy={rules.isFetching}>
      <div className={base.title}>
        <h2 id="mail-rules">Mail rules</h2>
        {r?.shown && <span>{r.rules.length === 0 ? "none" : `${number(r.rules.length + r.more)}, as they are active`}</span>}
        <span className={base.push} />
        {r?.shown && <span>Looked at <time className="num" dateTime={r.at} title={both(new Date(r.at))}>{full(new Date(r.at), zone)}</time></span>}
        {mailbox.reached && <Button size="small" icon={<ArrowSync16Regular />} disabledFocusable={rules.isFetching} onClick={() => !rules.isFetching && void again()}>{rules.isFetching ? "Looking" : "Look again"}</Button>}
      </div>
      {rules.error ? <ProblemNote error={rules.error} onRetry={() => void again()} /> : !r ? (
        <Skeleton className={styles.rules} aria-label={`Asking ${mailbox.system || "the mail system"} for the rules`}>{[20, 64, 64].map((h, i) => <SkeletonItem key={i} style={{ height: h }} />)}</Skeleton>
      ) : !r.shown ? (
        <div className={base.note}><Info16Regular aria-hidden /><div><Untrusted text={r.say} /></div></div>
      ) : (
        <>
          <p className={r.suspicious > 0 ? styles.odd : styles.good} role="status">
            {r.suspicious > 0 ? <Warning16Filled aria-hidden /> : <CheckmarkCircle16Regular aria-hidden />}
            {r.suspicious > 0 ? `${number(r.suspicious)} of ${number(r.rules.length + r.more)} ${r.suspicious === 1 ? "looks" : "look"} like an intruder's` : r.rules.length === 0 ? "The mailbox has no active rules" : "None of the rules is suspicious"}
          </p>
          {r.rules.length > 0 && (
            <ul className={styles.rules}>
              {r.rules.map((one, i) => <One key={`${one.id} ${i}`} rule={one} n={i + 1} may={mailbox.may_remove} onRemove={() => onRemove(one)} />)}
            </ul>
          )}
          {r.more > 0 && <p className={styles.faded}>{number(r.more)} more are not shown. Look at them on the mail server.</p>}
        </>
      )}
    </section>
  );
}

/** A line without which the rest of the script means nothing: the mail system refuses to lose it. */
const needed = /^(\s|#[^\n]*\n|\/\*[^]*?\*\/)*require\s/i;

function One({ rule, n, may, onRemove }: { rule: Rule; n: number; may: boolean; onRemove: () => void }) {
  const evidence = useEvidence();
  const bad = rule.why !== "";
  return (
    <li data-bad={bad || undefined}>
      <div className={styles.rulehead}>
        <span>
          {bad ? <b><Untrusted text={evidence(capital(rule.why))} /></b> : <span className={styles.faded}>{needed.test(rule.text) ? "What the script needs" : "Nothing suspicious"}</span>}
          <small>in the script <bdi className="mono"><Untrusted text={rule.script} /></bdi></small>
        </span>
        {(bad || !needed.test(rule.text)) && <Button size="small" icon={<Delete16Regular />} aria-label={bad ? `Take out: ${rule.why}` : `Take out rule ${n}`} disabledFocusable={!may} title={may ? undefined : "Needs the permission email.remove, which your roles do not give"} onClick={() => may && onRemove()}>Take out</Button>}
      </div>
      <RuleText text={rule.text} label={`Rule ${n}${bad ? `: ${rule.why}` : ""}`} />
    </li>
  );
}
