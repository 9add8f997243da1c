import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, ask, factorNeeded, Problem, type Session } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { changeSession } from "../../session/queries";
import { Door } from "./Door";
import styles from "./Door.module.css";
import { CodeField } from "../account/CodeField";
import { Password } from "./Password";

/** The first question for a code is no mistake of anybody. */
const first = (e: unknown) => e instanceof Problem && e.type === factorNeeded && e.detail.startsWith("type in");

/** Shown in place of any page while nobody is signed in; afterwards the address opens as it was asked for. */
export function SignInPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState(false);
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: () => ask<Session>(api.POST("/session", { body: { email: email.trim(), password, ...(asked && { code: code.trim() }) } })),
    onSuccess: (s) => changeSession(client, s),
    onError: (e) => {
      setCode("");
      if (e instanceof Problem && e.type === factorNeeded) setAsked(true);
      else if (!(e instanceof Problem && e.status === 429)) {
        setAsked(false);
        setPassword("");
      }
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    signIn.mutate();
  };
  return (
    <Door>
      <h1>Sign in to Tocsin</h1>
      <p className={styles.host}>{location.host}</p>
      {signIn.error && !(asked && code === "" && first(signIn.error)) && <ProblemNote error={signIn.error} />}
      <form onSubmit={submit} style={{ display: "contents" }}>
        {asked ? (
          <>
            <p>The password is right. Now the code of your authenticator app for <b>{email.trim()}</b>.</p>
            <CodeField value={code} onChange={setCode} />
          </>
        ) : <><Field label="Email address">
          <Input size="large" type="email" name="email" autoComplete="username" required autoFocus value={email} onChange={(_, d) => setEmail(d.value)} />
        </Field>
        <Password value={password} onChange={setPassword} /></>}
        <Button appearance="primary" size="large" type="submit" className={styles.submit} disabledFocusable={signIn.isPending}>
          {signIn.isPending ? "Signing in" : "Sign in"}
        </Button>
        {asked && <Button appearance="transparent" onClick={() => { setAsked(false); setPassword(""); signIn.reset(); }}>Sign in as somebody else</Button>}
      </form>
    </Door>
  );
}
