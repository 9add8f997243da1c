import { createContext, lazy, Suspense, useCallback, useContext, useState, type ReactNode } from "react";
import type { Schemas } from "../../api/client";

/** Mail that goes into an incident: events that were picked, or all that match a question. */
export interface MailStart {
  query?: Schemas["ActionQuery"];
  events?: Schemas["ActionEvent"][];
  /** Email events, as far as the page knows. */
  count: number;
  /** A name for a new incident to begin with. */
  name?: string;
}

const Dialog = lazy(() => import("./AddDialog").then((m) => ({ default: m.AddDialog })));
const AddContext = createContext<(mail?: MailStart) => void>(() => undefined);

/** Opens the dialog that puts mail into an incident, an existing or a new one; without mail it opens a new one. */
export const useAddToIncident = () => useContext(AddContext);

export function AddProvider({ children }: { children: ReactNode }) {
  const [start, setStart] = useState<{ mail: MailStart | undefined }>();
  const open = useCallback((mail?: MailStart) => setStart({ mail }), []);
  const close = useCallback(() => setStart(undefined), []);
  return (
    <AddContext.Provider value={open}>
      {children}
      {start && <Suspense><Dialog mail={start.mail} onClose={close} /></Suspense>}
    </AddContext.Provider>
  );
}
