import { createContext, lazy, Suspense, useCallback, useContext, useState, type ReactNode } from "react";
import type { EntryKind } from "../../address/policy";
import type { Action } from "./entries";

/** What the dialog begins with. */
export interface EntryStart { action: Action; values: readonly string[]; kind?: EntryKind; reason?: string }

const Dialog = lazy(() => import("./EntryDialog").then((m) => ({ default: m.EntryDialog })));
const EntryContext = createContext<(s: EntryStart) => void>(() => undefined);

/** Opens the dialog that puts something on the allow and block list, from wherever a value is seen. */
export const useEntryDialog = () => useContext(EntryContext);

export function EntryDialogProvider({ children }: { children: ReactNode }) {
  const [start, setStart] = useState<EntryStart>();
  const close = useCallback(() => setStart(undefined), []);
  return (
    <EntryContext.Provider value={setStart}>
      {children}
      {start && <Suspense><Dialog start={start} onClose={close} /></Suspense>}
    </EntryContext.Provider>
  );
}
