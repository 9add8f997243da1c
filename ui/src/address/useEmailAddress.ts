import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { readEmail, writeEmail, type EmailState } from "./email";
import { useAddress } from "./useAddress";

/** The state of the message's page in the address, and how to change some of it. */
export function useEmailAddress(): [EmailState, (change: Partial<EmailState>, how?: { replace?: boolean }) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readEmail(address), [address]);
  const change = useCallback(
    (c: Partial<EmailState>, how?: { replace?: boolean }) => {
      // Another tab shows what it shows first.
      const next = { ...state, ...(c.tab !== undefined && c.tab !== state.tab ? { show: "", find: "" } : {}), ...c };
      void navigate({ to: ".", search: writeEmail(next, address), replace: how?.replace ?? false });
    },
    [state, address, navigate],
  );
  return [state, change];
}
