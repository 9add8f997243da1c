import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { readHunting, writeHunting, type HuntingState } from "../../address/hunting";
import { useAddress } from "../../address/useAddress";
import { useUntilSignOut } from "../../session/useUntilSignOut";
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

const make = (operator: string) => new HuntSession(operator, sessionStorage);

/** The drafts and runs of who is signed in, until a sign-out. */
export function useHuntSession(): [HuntSession, HuntState] {
  const session = useUntilSignOut(key, make);
  return [session, useSyncExternalStore(session.subscribe, session.get)];
}
