import { Button, Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { Eye20Regular, EyeOff20Regular } from "../../components/icons";

export function Password({ value, onChange, fresh, hint, label = "Password" }: { value: string; onChange: (v: string) => void; fresh?: boolean; hint?: string; label?: string }) {
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint}>
      <Input
        size="large"
        type={shown ? "text" : "password"}
        name="password"
        autoComplete={fresh ? "new-password" : "current-password"}
        required
        minLength={fresh ? 12 : undefined}
        value={value}
        onChange={(_, d) => onChange(d.value)}
        contentAfter={<Button appearance="transparent" size="small" icon={shown ? <Eye20Regular /> : <EyeOff20Regular />} aria-label="Show password" aria-pressed={shown} onClick={() => setShown(!shown)} />}
      />
    </Field>
  );
}
