import { QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { api, ask, Problem, type Preferences, type Session } from "../api/client";

/** Answers that the server will not change by being asked again. */
function final(e: unknown): boolean {
  return e instanceof Problem && e.status >= 400 && e.status < 500;
}

export const queryClient: QueryClient = new QueryClient({
  // A session that ended while the page was open leads to the sign-in, with the address kept.
  queryCache: new QueryCache({
    onError: (e) => {
      if (e instanceof Problem && e.status === 401) queryClient.setQueryData(sessionKey, null);
    },
  }),
  defaultOptions: {
    queries: { staleTime: 30_000, gcTime: 5 * 60_000, refetchOnWindowFocus: false, retry: (n, e) => !final(e) && n < 2 },
  },
});

export const sessionKey = ["session"] as const;

/** Who is signed in; null when nobody is. */
export function useSession() {
  return useQuery({
    queryKey: sessionKey,
    staleTime: Infinity,
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        return await ask<Session>(api.GET("/session", { signal }));
      } catch (e) {
        if (e instanceof Problem && e.status === 401) return null;
        throw e;
      }
    },
  });
}

/**
 * Who is signed in, for everything inside the shell. A context and not the query: a session that ends takes the shell away from the
 * top, and nothing inside it is drawn once more without an operator.
 */
export const OperatorContext = createContext<Session | undefined>(undefined);

/** The session inside the shell, where somebody is signed in. */
export function useOperator(): Session {
  const operator = useContext(OperatorContext);
  if (!operator) throw new Error("useOperator is for pages inside the shell");
  return operator;
}

export function useMay(permission: string): boolean {
  return useOperator().permissions.includes(permission);
}

/** Puts another session, or none, in place; what was read in the one before is forgotten. */
export function changeSession(client: QueryClient, session: Session | null): void {
  client.removeQueries({ predicate: (q) => q.queryKey[0] !== sessionKey[0] });
  client.setQueryData(sessionKey, session);
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(api.DELETE("/session")),
    onSettled: () => {
      const out = client.getQueryData<Session | null>(sessionKey)?.sign_out_url;
      changeSession(client, null);
      if (out) location.assign(out); // the provider would let the next person at this desk in without asking
    },
  });
}

const preferencesKey = ["preferences"] as const;
const usual: Preferences = { theme: "auto", zone: "utc", nav_pinned: false, density: "normal", explorer_columns: [] };

/** The operator's preferences and how to change some of them; a change shows at once and is kept by the server. */
export function usePreferences(): [Preferences, (change: Partial<Preferences>) => void] {
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: preferencesKey,
    staleTime: Infinity,
    queryFn: ({ signal }) => ask<Preferences>(api.GET("/preferences", { signal })),
  });
  const put = useMutation({
    scope: { id: "preferences" }, // one after the other, so that the last change is the one that stays
    mutationFn: (p: Preferences) => ask(api.PUT("/preferences", { body: p })),
    onError: () => client.invalidateQueries({ queryKey: preferencesKey }),
  });
  const change = (c: Partial<Preferences>) => {
    const next = { ...(client.getQueryData<Preferences>(preferencesKey) ?? usual), ...c };
    client.setQueryData(preferencesKey, next);
    put.mutate({ theme: next.theme, zone: next.zone, nav_pinned: next.nav_pinned, density: next.density, explorer_columns: next.explorer_columns });
  };
  return [data ?? usual, change];
}
