import { Field, Input } from "@fluentui/react-components";

/** Six digits of an authenticator app, or a recovery code. */
export function CodeField({ value, onChange, onEnter, appOnly, recoveryOnly }: { value: string; onChange: (v: string) => void; onEnter?: () => void; appOnly?: boolean; recoveryOnly?: boolean }) {
  return (
    <Field label="Code" required {...(appOnly ? {} : { hint: recoveryOnly ? "One of your recovery codes. Each works once." : "Six digits from the app. Without the app: one of your recovery codes." })}>
      <Input size="large" name="code" autoComplete="one-time-code" spellCheck={false} required autoFocus maxLength={40} value={value} onChange={(_, d) => onChange(d.value)} onKeyDown={(e) => e.key === "Enter" && onEnter && (e.preventDefault(), onEnter())} />
    </Field>
  );
}
