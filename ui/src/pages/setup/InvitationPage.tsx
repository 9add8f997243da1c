import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState, type FormEvent } from "react";
import { api, ask, Problem, type Schemas } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import { Door } from "../signin/Door";
import styles from "../signin/Door.module.css";
import { Password } from "../signin/Password";

/** Where an invited operator chooses a password. The secret stands in the fragment, which no browser sends and no log keeps. */
export function InvitationPage() {
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)));
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  const page = useQuery({
    queryKey: ["invitation", token],
    enabled: token !== "",
    retry: false,
    queryFn: ({ signal }) => ask<Schemas["InvitationPage"]>(api.GET("/invitations/{token}", { params: { path: { token } }, signal })),
  });
  const stale = token === "" || (page.error instanceof Problem && page.error.status === 404);
  return (
    <Door>
      {stale ? (
        <>
          <h1>This link no longer works</h1>
          <p>It works once, for seven days. A Global Administrator can make another under Settings, Operators.</p>
        </>
      ) : page.error ? <ProblemNote error={page.error} onRetry={() => void page.refetch()} /> : page.data ? <Form token={token} page={page.data} /> : <Skeleton aria-label="Reading the link"><SkeletonItem size={32} /></Skeleton>}
    </Door>
  );
}

function Form({ token, page }: { token: string; page: Schemas["InvitationPage"] }) {
  const [password, setPassword] = useState("");
  const navigate = useNavigate();
  const choose = useMutation({
    mutationFn: () => ask(api.POST("/invitations/{token}", { params: { path: { token } }, body: { password } })),
    onSuccess: () => void navigate({ to: "/dashboard" }),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    choose.mutate();
  };
  return (
    <>
      <h1>Choose your password</h1>
      <p className={styles.host}>{page.email}{page.organisation.name ? `, ${page.organisation.name}` : ""}</p>
      {choose.error && <ProblemNote error={choose.error} />}
      <form onSubmit={submit} style={{ display: "contents" }}>
        <Password value={password} onChange={setPassword} fresh hint="At least 12 characters. A few words are easier to keep than signs." />
        <Button appearance="primary" size="large" type="submit" className={styles.submit} disabledFocusable={choose.isPending}>Keep it and go to the sign-in</Button>
      </form>
    </>
  );
}
