import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { readHunting, writeHunting, type HuntingState } from "../../address/hunting";
import { useAddress } from "../../address/useAddress";
import { useOperator } from "../../session/queries";
import { HuntSession, type HuntState } from "./session";

export type ChangeHunting = (change: Partial<HuntingState>) => void;

/** Hunting's state in the address, and how to change some of it. */
export function useHuntingAddress(): [HuntingState, ChangeHunting] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readHunting(address), [address]);
  // Text, runs and clicks change it at the same time: a change that is on its way goes along with the next one.
  const pending = useRef<Partial<HuntingState>>({});
  useEffect(() => {
    pending.current = {};
  }, [address]);
  const change = useCallback<ChangeHunting>((c) => {
    const all = (pending.current = { ...pending.current, ...c });
    void navigate({ to: "/hunting", search: ((old: Record<string, unknown>) => writeHunting({ ...readHunting(old), ...all })) as never, replace: true });
  }, [navigate]);
  return [state, change];
}

const key = ["hunt", "session"] as const;

/** The drafts and runs of who is signed in. Kept with what the server answered, so that a sign-out takes them too. */
export function useHuntSession(): [HuntSession, HuntState] {
  const client = useQueryClient();
  const { operator } = useOperator();
  const session = useMemo(() => {
    const kept = client.getQueryData<HuntSession>(key);
    if (kept) return kept;
    client.setQueryDefaults(key, { gcTime: Infinity, staleTime: Infinity });
    const fresh = new HuntSession(operator.id, sessionStorage);
    client.setQueryData(key, fresh);
    const unwatch = client.getQueryCache().subscribe((e) => {
      if (e.type !== "removed" || client.getQueryData(key) === fresh) return;
      unwatch();
      fresh.end();
    });
    return fresh;
  }, [client, operator.id]);
  return [session, useSyncExternalStore(session.subscribe, session.get)];
}
