import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { readPolicy, writePolicy, type PolicyState } from "./policy";
import { readRange, writeRange } from "./range";
import { useAddress } from "./useAddress";

/** The state of the policy's page in the address, and how to change some of it. The time range of the app stays in it. */
export function usePolicyAddress(): [PolicyState, (change: Partial<PolicyState>, how?: { replace?: boolean }) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readPolicy(address), [address]);
  const change = useCallback(
    (c: Partial<PolicyState>, how?: { replace?: boolean }) => {
      // Another tab looks for nothing yet, and another run shows all of its results.
      const fresh = c.tab !== undefined && c.tab !== state.tab ? { search: "", entry: "", box: "", run: "" } : {};
      const whole = c.run !== undefined && c.run !== state.run ? { change: "" as const, against: false } : {};
      void navigate({ to: "/policy", search: { ...writeRange(readRange(address)), ...writePolicy({ ...state, ...fresh, ...whole, ...c }) }, replace: how?.replace ?? false });
    },
    [state, address, navigate],
  );
  return [state, change];
}
