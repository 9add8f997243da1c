import { Button, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { CheckmarkCircle20Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { router } from "../../router";
import { changeSession } from "../../session/queries";
import { comeBack, stepUpChannel } from "../../session/ways";
import { Door } from "./Door";

/** Where the provider sends the browser back to. What came in the address is taken out of it before anything else. */
export function ProviderPage() {
  const [answer] = useState(() => {
    const q = new URLSearchParams(location.search);
    const text = (name: string) => (q.has(name) ? { [name]: q.get(name)! } : {});
    return { state: q.get("state") ?? "", ...text("code"), ...text("iss"), ...text("error"), ...text("error_description") } satisfies Schemas["ProviderAnswer"];
  });
  const client = useQueryClient();
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  const done = useQuery({
    queryKey: ["provider", answer.state],
    retry: false,
    staleTime: Infinity,
    gcTime: Infinity,
    queryFn: () => ask<Schemas["ProviderDone"]>(api.POST("/session/provider", { body: answer })),
  });
  const d = done.data;
  useEffect(() => {
    if (!d) return;
    if (d.purpose === "step-up") {
      const c = new BroadcastChannel(stepUpChannel);
      c.postMessage("shown");
      c.close();
      window.close(); // not every browser lets a page do this; then it says that it is done
      return;
    }
    changeSession(client, d.session);
    router.history.replace(comeBack(d.next));
  }, [d, client]);
  return (
    <Door>
      {done.error ? (
        <>
          <h1>You are not signed in</h1>
          <ProblemNote error={done.error} />
          <Button as="a" href="/" appearance="primary" size="large">Back to the sign-in</Button>
        </>
      ) : d?.purpose === "step-up" ? (
        <>
          <h1><CheckmarkCircle20Regular aria-hidden /> Done</h1>
          <p>Close this tab. What you were about to do goes on in the other one.</p>
        </>
      ) : <Skeleton aria-label="Signing in"><SkeletonItem size={32} /></Skeleton>}
    </Door>
  );
}
