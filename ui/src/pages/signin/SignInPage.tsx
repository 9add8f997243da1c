import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, ask, type Session } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { changeSession } from "../../session/queries";
import { Door } from "./Door";
import styles from "./Door.module.css";
import { Password } from "./Password";

/** Shown in place of any page while nobody is signed in; afterwards the address opens as it was asked for. */
export function SignInPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: () => ask<Session>(api.POST("/session", { body: { email: email.trim(), password } })),
    onSuccess: (s) => changeSession(client, s),
    onError: () => setPassword(""),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    signIn.mutate();
  };
  return (
    <Door>
      <h1>Sign in to Tocsin</h1>
      <p className={styles.host}>{location.host}</p>
      {signIn.error && <ProblemNote error={signIn.error} />}
      <form onSubmit={submit} style={{ display: "contents" }}>
        <Field label="Email address">
          <Input size="large" type="email" name="email" autoComplete="username" required autoFocus value={email} onChange={(_, d) => setEmail(d.value)} />
        </Field>
        <Password value={password} onChange={setPassword} />
        <Button appearance="primary" size="large" type="submit" className={styles.submit} disabledFocusable={signIn.isPending}>
          {signIn.isPending ? "Signing in" : "Sign in"}
        </Button>
      </form>
    </Door>
  );
}
