import { Button } from "@fluentui/react-components";
import { useState, type FormEvent } from "react";
import type { Schemas } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { Password } from "../signin/Password";
import styles from "./Account.module.css";
import { CodeField } from "./CodeField";
import { Codes } from "./Codes";
import { useBeginTOTP, useConfirmTOTP } from "./queries";

/** Sets an authenticator app up in three steps: the password, the QR code with the first code, the recovery codes. */
export function FactorSetup({ onDone, onCancel }: { onDone: () => void; onCancel?: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useBeginTOTP();
  const confirm = useConfirmTOTP();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (begin.data) confirm.mutate(code.trim(), { onSuccess: (r) => r.codes.length === 0 && onDone(), onError: () => setCode("") });
    else begin.mutate(password, { onSettled: () => setPassword("") });
  };
  if (confirm.data && confirm.data.codes.length > 0) return <Codes codes={confirm.data.codes} onDone={onDone} />;
  return (
    <form onSubmit={submit} className={styles.form}>
      {begin.data ? (
        <>
          <p>Scan this with an authenticator app on your phone, then type in the six digits that it shows.</p>
          <QR rows={begin.data.qr} />
          <p className={styles.secret}>No camera? Type this in: <code className="mono">{spaced(begin.data)}</code></p>
          <CodeField value={code} onChange={setCode} appOnly />
          {confirm.error && <ProblemNote error={confirm.error} />}
        </>
      ) : (
        <>
          <p>After your password Tocsin then asks for six digits that an app on your phone shows. Any app for time-based codes (TOTP) will do.</p>
          <Password label="Your password" value={password} onChange={setPassword} />
          {begin.error && <ProblemNote error={begin.error} />}
        </>
      )}
      <div className={styles.acts}>
        <Button appearance="primary" type="submit" disabledFocusable={begin.isPending || confirm.isPending}>{begin.data ? "Turn it on" : "Go on"}</Button>
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
      </div>
    </form>
  );
}

const spaced = (e: Schemas["TOTPEnrolment"]) => e.secret.replace(/(.{4})/g, "$1 ").trim();

/** The code is drawn dark on white in both themes: cameras read nothing else. */
function QR({ rows }: { rows: readonly string[] }) {
  const n = rows.length + 8;
  const path = rows.map((r, y) => [...r].map((m, x) => (m === "1" ? `M${x + 4} ${y + 4}h1v1h-1z` : "")).join("")).join("");
  return (
    <svg className={styles.qr} viewBox={`0 0 ${n} ${n}`} role="img" aria-label="QR code for the authenticator app; the text below says the same" shapeRendering="crispEdges">
      <rect width={n} height={n} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
