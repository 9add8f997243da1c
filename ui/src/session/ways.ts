import { useMutation, useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas, type Session } from "../api/client";
import { showKey } from "./keys";

export type Ways = Schemas["Ways"];

/** Which ways to sign in this installation has. */
export function useWays() {
  return useQuery({ queryKey: ["session", "ways"], staleTime: Infinity, queryFn: ({ signal }) => ask<Ways>(api.GET("/session/ways", { signal })) });
}

/** Where the browser has to go to sign in at the provider. */
export const beginProvider = (body: Schemas["ProviderBegin"]) => ask<Schemas["ProviderAddress"]>(api.POST("/session/provider/begin", { body }));

// What is open can be longer than the server keeps on the way: long filters stand in the address. This tab keeps that.
const longNext = "tocsin-next";
const most = 1500;

/** The page to open after the way to the provider. */
export function comeBack(next: string): string {
  const long = sessionStorage.getItem(longNext);
  sessionStorage.removeItem(longNext);
  return next === "/" && long && /^\/(?![/\\])/.test(long) ? long : next;
}

/** Leaves for the provider, which sends the browser back to /signin/provider. */
export function useGoToProvider() {
  return useMutation({
    mutationFn: async (body: Schemas["ProviderBegin"]) => {
      const long = (body.next?.length ?? 0) > most;
      if (long) sessionStorage.setItem(longNext, body.next!);
      else sessionStorage.removeItem(longNext);
      location.assign((await beginProvider({ ...body, ...(long && { next: "/" }) })).url);
      return new Promise<never>(() => {}); // the page ends here
    },
  });
}

/** Signs in with a key: after the right password, or with a passkey alone. */
export async function signInByKey(body: Schemas["KeySignIn"]): Promise<Session> {
  const q = await ask<Schemas["KeyQuestion"]>(api.POST("/session/key/begin", { body }));
  return ask<Session>(api.POST("/session/key", { body: { credential: await showKey(q.options) } }));
}

/** Shows one of one's keys again. */
export async function stepUpByKey(): Promise<Session> {
  const q = await ask<Schemas["KeyQuestion"]>(api.POST("/session/step-up/key/begin"));
  return ask<Session>(api.POST("/session/step-up/key", { body: { credential: await showKey(q.options) } }));
}

/** On which a tab that came back from the provider tells the one that waits. */
export const stepUpChannel = "tocsin-step-up";
