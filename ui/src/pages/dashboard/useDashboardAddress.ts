import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { readDashboard, writeDashboard, type DashboardState } from "../../address/dashboard";
import { useAddress } from "../../address/useAddress";

/** The dashboard's state in the address, and how to change some of it. */
export function useDashboardAddress(): [DashboardState, (c: Partial<DashboardState>) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readDashboard(address), [address]);
  const change = useCallback((c: Partial<DashboardState>) => void navigate({ to: "/dashboard", search: writeDashboard({ ...state, ...c }), replace: true }), [state, navigate]);
  return [state, change];
}
