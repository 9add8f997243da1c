import { Field, Input } from "@fluentui/react-components";

const remembered = "tocsin.reason";
export const leastReason = 3, mostReason = 500;

/** The reason given last in this tab of the browser: whoever works on one ticket need not type it for every message. */
export function lastReason(): string {
  return sessionStorage.getItem(remembered) ?? "";
}

export function rememberReason(reason: string): void {
  sessionStorage.setItem(remembered, reason);
}

/** Why somebody looks into mail: a ticket number or a sentence. */
export function ReasonField({ value, onChange, onEnter, autoFocus }: { value: string; onChange: (v: string) => void; onEnter: () => void; autoFocus?: boolean }) {
  const short = value.trim() !== "" && value.trim().length < leastReason;
  return (
    <Field label="Reason" required {...(short ? { validationMessage: "At least three characters", validationState: "error" as const } : {})}>
      <Input
        value={value}
        maxLength={mostReason}
        placeholder="A ticket number, or a sentence"
        autoComplete="off"
        autoFocus={autoFocus ?? false}
        onChange={(_, d) => onChange(d.value)}
        onKeyDown={(e) => e.key === "Enter" && (e.preventDefault(), onEnter())}
      />
    </Field>
  );
}
