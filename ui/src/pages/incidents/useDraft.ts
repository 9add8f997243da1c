import { useCallback, useState } from "react";

/** Text that is being written: it outlives a change of tab, a reload and a lost session, until it is sent or thrown away. */
export function useDraft(key: string, first = ""): [string, (v: string) => void, () => void] {
  const name = `tocsin.draft.${key}`;
  const [text, setText] = useState(() => sessionStorage.getItem(name) ?? first);
  const set = useCallback((v: string) => {
    setText(v);
    if (v === "") sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, v);
  }, [name]);
  const clear = useCallback(() => {
    sessionStorage.removeItem(name);
    setText("");
  }, [name]);
  return [text, set, clear];
}

const last = "tocsin.incident";

/** The incident that was looked at last in this tab of the browser: mail is likely to go there. */
export const lastIncident = () => sessionStorage.getItem(last) ?? "";
export const rememberIncident = (id: string) => sessionStorage.setItem(last, id);
