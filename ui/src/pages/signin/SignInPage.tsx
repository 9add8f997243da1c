import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, ask, factorNeeded, Problem, type Session } from "../../api/client";
import { Key20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { keysWork } from "../../session/keys";
import { changeSession } from "../../session/queries";
import { signInByKey, useGoToProvider, useWays } from "../../session/ways";
import { CodeField } from "../account/CodeField";
import { Door } from "./Door";
import styles from "./Door.module.css";
import { Password } from "./Password";

/** What is asked for after a right password. */
type Asked = "key" | "code";

/** Shown in place of any page while nobody is signed in; afterwards the address opens as it was asked for. */
export function SignInPage() {
  const ways = useWays();
  const provider = useGoToProvider();
  const client = useQueryClient();
  const [form, setForm] = useState(false);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState<Asked>();
  const [hasKey, setHasKey] = useState(false);
  const [question, setQuestion] = useState(false);
  const done = (s: Session) => changeSession(client, s);
  const key = useMutation({ mutationFn: signInByKey, onSuccess: done });
  const signIn = useMutation({
    mutationFn: () => ask<Session>(api.POST("/session", { body: { email: email.trim(), password, ...(asked && { code: code.trim() }) } })),
    onSuccess: done,
    onError: (e) => {
      setCode("");
      setQuestion(!asked && e instanceof Problem && e.type === factorNeeded);
      if (e instanceof Problem && e.type === factorNeeded) {
        if (asked) return;
        const key = e.more["key"] === true && keysWork();
        setHasKey(key);
        setAsked(key ? "key" : "code");
      } else if (!(e instanceof Problem && e.status === 429)) {
        setAsked(undefined);
        setPassword("");
      }
    },
  });
  const showKey = () => key.mutate({ email: email.trim(), password });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (asked === "key") showKey();
    else signIn.mutate();
  };
  const start = () => {
    setAsked(undefined);
    setPassword("");
    signIn.reset();
    key.reset();
  };
  const w = ways.data;
  const closed = w?.password === "break-glass" && !form && !asked;
  // The first question for a second factor is no mistake of anybody.
  const said = provider.error ?? key.error ?? (question ? null : signIn.error);
  return (
    <Door>
      <h1>Sign in to Tocsin</h1>
      <p className={styles.host}>{location.host}</p>
      {said && <ProblemNote error={said} />}
      {w?.provider && !asked && (
        <>
          <Button appearance="primary" size="large" className={styles.submit} disabledFocusable={provider.isPending} onClick={() => provider.mutate({ purpose: "sign-in", next: location.pathname + location.search })}>
            {provider.isPending ? `Going to ${w.provider}` : `Sign in with ${w.provider}`}
          </Button>
          {closed ? <Button appearance="transparent" onClick={() => setForm(true)}>Emergency account</Button> : <p className={styles.or}><span>{w.password === "break-glass" ? "emergency accounts alone" : "or"}</span></p>}
        </>
      )}
      {ways.isPending || closed ? null : (
        <form onSubmit={submit} style={{ display: "contents" }}>
          {asked === "key" ? <p>The password is right. Now your security key for <b>{email.trim()}</b>: put it in, or hold it to the device, and touch it.</p> : asked === "code" ? (
            <>
              <p>The password is right. Now {hasKey ? "a code" : "the code of your authenticator app"} for <b>{email.trim()}</b>.</p>
              <CodeField value={code} onChange={setCode} />
            </>
          ) : (
            <>
              <Field label="Email address">
                <Input size="large" type="email" name="email" autoComplete="username" required autoFocus={!w?.provider} value={email} onChange={(_, d) => setEmail(d.value)} />
              </Field>
              <Password value={password} onChange={setPassword} />
            </>
          )}
          <Button appearance={w?.provider && !asked ? "secondary" : "primary"} size="large" type="submit" className={styles.submit} disabledFocusable={signIn.isPending || key.isPending}>
            {signIn.isPending ? "Signing in" : key.isPending && asked === "key" ? "Waiting for the key" : asked === "key" ? "Use the security key" : "Sign in"}
          </Button>
          {asked === "key" && <Button appearance="transparent" onClick={() => { key.reset(); setAsked("code"); }}>Use a code instead</Button>}
          {asked === "code" && hasKey && <Button appearance="transparent" onClick={() => { signIn.reset(); setAsked("key"); }}>Use the security key</Button>}
          {asked ? <Button appearance="transparent" onClick={start}>Sign in as somebody else</Button>
            : w?.keys && keysWork() && <Button appearance="transparent" icon={<Key20Regular />} disabledFocusable={key.isPending} onClick={() => key.mutate({})}>{key.isPending ? "Waiting for the passkey" : "Sign in with a passkey"}</Button>}
        </form>
      )}
    </Door>
  );
}
