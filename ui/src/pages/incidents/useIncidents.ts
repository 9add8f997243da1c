import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { readIncident, readIncidents, writeIncident, writeIncidents, type IncidentsState, type IncidentState } from "../../address/incidents";
import { readRange, writeRange } from "../../address/range";
import { useAddress } from "../../address/useAddress";

/** The list's state in the address, and how to change some of it. The time range of the app stays in it. */
export function useIncidentsAddress(): [IncidentsState, (c: Partial<IncidentsState>) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readIncidents(address), [address]);
  const change = useCallback(
    (c: Partial<IncidentsState>) => void navigate({ to: "/incidents", search: { ...writeRange(readRange(address)), ...writeIncidents({ ...state, ...c }) }, replace: true }),
    [state, address, navigate],
  );
  return [state, change];
}

/** The same for the page of one incident. */
export function useIncidentAddress(): [IncidentState, (c: Partial<IncidentState>, how?: { replace?: boolean }) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readIncident(address), [address]);
  const change = useCallback(
    (c: Partial<IncidentState>, how?: { replace?: boolean }) => void navigate({ to: ".", search: { ...writeRange(readRange(address)), ...writeIncident({ ...state, ...c }) }, replace: how?.replace ?? false }),
    [state, address, navigate],
  );
  return [state, change];
}
