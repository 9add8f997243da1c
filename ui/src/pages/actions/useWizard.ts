import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { closed, readWizard, writeWizard, type Scope, type WizardState } from "../../address/actions";
import { useAddress } from "../../address/useAddress";

export interface Wizard {
  /** undefined while it is closed. */
  state: WizardState | undefined;
  open: (scope: Scope, kind?: string) => void;
  go: (change: Partial<WizardState>, how?: { replace?: boolean }) => void;
  close: () => void;
}

/** The wizard of actions: it stands over the page, and its state is in the address. */
export function useWizard(): Wizard {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readWizard(address), [address]);
  const put = useCallback(
    (w: Parameters<typeof writeWizard>[0] | undefined, replace = false) => void navigate({ to: ".", search: (old) => ({ ...old, ...closed, ...(w ? writeWizard(w) : {}) }), replace }),
    [navigate],
  );
  return useMemo(() => ({
    state,
    open: (scope, kind = "") => put({ step: "choose", kind, scope }),
    go: (c, how) => put({ step: "choose", kind: "", scope: undefined, ...state, ...c }, how?.replace),
    close: () => put(undefined),
  }), [state, put]);
}
