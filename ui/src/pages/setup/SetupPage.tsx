import { Button, Field, Input, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState, type FormEvent } from "react";
import { api, ask, Problem, type Schemas, type Session } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { changeSession } from "../../session/queries";
import { full } from "../../time/zone";
import { Door } from "../signin/Door";
import styles from "../signin/Door.module.css";
import { Password } from "../signin/Password";

/**
 * Makes the first administrator. The one-time token stands in the fragment of the link on the server's console
 * (/setup#token), which no browser sends and no log keeps; it is taken out of the address as soon as it is read.
 */
export function SetupPage() {
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)));
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  const page = useQuery({
    queryKey: ["setup", token],
    enabled: token !== "",
    retry: false,
    queryFn: ({ signal }) => ask<Schemas["SetupPage"]>(api.GET("/setup/{token}", { params: { path: { token } }, signal })),
  });
  const stale = token === "" || (page.error instanceof Problem && page.error.status === 404);
  return (
    <Door>
      {stale ? (
        <>
          <h1>This link no longer works</h1>
          <p>The link of the first administrator works once. Start the server again to get another one on its console, or make an account there:</p>
          <p className="mono">tocsin user add --data DIR --email you@example.org --role &quot;Global Administrator&quot;</p>
        </>
      ) : page.error ? (
        <ProblemNote error={page.error} onRetry={() => void page.refetch()} />
      ) : page.data ? (
        <Form token={token} page={page.data} />
      ) : (
        <Skeleton aria-label="Reading the link"><SkeletonItem size={32} /></Skeleton>
      )}
    </Door>
  );
}

function Form({ token, page }: { token: string; page: Schemas["SetupPage"] }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const client = useQueryClient();
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: () => ask<Session>(api.POST("/setup/{token}", { params: { path: { token } }, body: { email: email.trim(), name: name.trim(), password } })),
    onSuccess: (s) => {
      changeSession(client, s);
      void navigate({ to: "/dashboard" });
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    make.mutate();
  };
  return (
    <>
      <h1>The first administrator{page.organisation.name ? ` of ${page.organisation.name}` : ""}</h1>
      <p className={styles.host}>This account can do everything, and make others. The link works once, until <Until at={page.expires} />.</p>
      {make.error && <ProblemNote error={make.error} />}
      <form onSubmit={submit} style={{ display: "contents" }}>
        <Field label="Your name"><Input size="large" name="name" autoComplete="name" required maxLength={200} autoFocus value={name} onChange={(_, d) => setName(d.value)} /></Field>
        <Field label="Email address"><Input size="large" type="email" name="email" autoComplete="username" required value={email} onChange={(_, d) => setEmail(d.value)} /></Field>
        <Password value={password} onChange={setPassword} fresh hint="At least 12 characters. A few words are easier to keep than signs." />
        <Button appearance="primary" size="large" type="submit" className={styles.submit} disabledFocusable={make.isPending}>
          {make.isPending ? "Making the account" : "Make the account and sign in"}
        </Button>
      </form>
    </>
  );
}

function Until({ at }: { at: string }) {
  return <time dateTime={at}>{full(new Date(at), "local")}</time>;
}
