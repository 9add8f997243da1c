import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { readRange, writeRange } from "./range";
import { readSettings, writeSettings, type SettingsState } from "./settings";
import { useAddress } from "./useAddress";

/** The state of the settings' page in the address, and how to change some of it. The time range of the app stays in it. */
export function useSettingsAddress(): [SettingsState, (change: Partial<SettingsState>, how?: { replace?: boolean }) => void] {
  const address = useAddress();
  const navigate = useNavigate();
  const state = useMemo(() => readSettings(address), [address]);
  const change = useCallback(
    (c: Partial<SettingsState>, how?: { replace?: boolean }) => void navigate({ to: "/settings", search: { ...writeRange(readRange(address)), ...writeSettings({ ...state, ...c }) }, replace: how?.replace ?? false }),
    [state, address, navigate],
  );
  return [state, change];
}
