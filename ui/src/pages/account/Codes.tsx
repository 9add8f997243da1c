import { Button, Checkbox } from "@fluentui/react-components";
import { useState } from "react";
import { useCopy } from "../../components/copy";
import { Copy16Regular, Warning16Regular } from "../../components/icons";
import base from "../policy/Policy.module.css";
import styles from "./Account.module.css";

/** Recovery codes, once. */
export function Codes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const [kept, setKept] = useState(false);
  const copy = useCopy();
  return (
    <div className={styles.form}>
      <p className={base.caution}><Warning16Regular aria-hidden /><span>Keep these recovery codes where your phone and your keys are not. Each stands in for your second factor once. They are not shown again.</span></p>
      <ul className={styles.codes} aria-label="Recovery codes">{codes.map((c) => <li key={c} className="mono">{c}</li>)}</ul>
      <Button icon={<Copy16Regular />} onClick={() => copy(codes.join("\n"), "Recovery codes copied")}>Copy all</Button>
      <Checkbox checked={kept} onChange={(_, d) => setKept(d.checked === true)} label="I keep them in a safe place" />
      <Button appearance="primary" disabledFocusable={!kept} onClick={() => kept && onDone()}>Done</Button>
    </div>
  );
}
