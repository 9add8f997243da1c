import { useEffect, useRef, useState } from "react";
import type { HuntingState } from "../../address/hunting";
import { api, ask } from "../../api/client";
import type { Draft, HuntSession } from "./session";
import type { HuntSaved } from "./shapes";
import { statements } from "./statements";
import type { ChangeHunting } from "./useHunting";

interface Asks {
  address: HuntingState;
  change: ChangeHunting;
  session: HuntSession;
  draft: Draft;
  /** Which query of the draft the rows are of, from 1; 0 when they are of another text. */
  run: number;
  start: (d: Draft, where: { from: number; to: number }) => void;
}

/**
 * Holds address and draft together. An address that somebody followed opens its query, and runs it when its rows were there as the
 * link was made; what is written here goes into the address a moment later. Says whether the saved query of a link is not there.
 */
export function useAdopt({ address, change, session, draft, run, start }: Asks): boolean {
  // What this page opened or put into the address itself: only another text is news.
  const own = useRef(new Set<string>());
  const reading = useRef(false);
  const [missing, setMissing] = useState(false);
  const saved = draft.saved && draft.saved.query === draft.text ? draft.saved.id : "";
  const q = saved || draft.text.trim() === "" ? undefined : draft.text;

  useEffect(() => {
    const key = keyOf(address.q, address.saved);
    if (own.current.has(key)) return;
    own.current.add(key);
    const follow = (d: Draft) => {
      const s = address.run > 0 ? statements(d.text)[address.run - 1] : undefined;
      const r = session.get().runs[d.id];
      if (s && !(r && r.text === d.text && r.number === address.run)) start(d, { from: s.body, to: s.body });
    };
    if (address.q !== undefined) {
      // A draft of a saved query stays that.
      const mine = session.get().drafts.find((d) => d.text === address.q);
      if (mine) session.choose(mine.id);
      follow(mine ?? session.open({ text: address.q }));
    } else if (address.saved !== "") {
      reading.current = true;
      ask<HuntSaved[]>(api.GET("/hunt/queries")).then((all) => {
        const found = all.find((s) => s.id === address.saved);
        if (found) follow(session.open({ text: found.query, saved: found }));
        setMissing(!found);
      }, () => setMissing(true)).finally(() => {
        reading.current = false;
      });
    }
    // Only when the address changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [address.q, address.saved]);

  useEffect(() => {
    if (address.q === q && address.saved === saved && address.run === run) return;
    const timer = setTimeout(() => {
      if (reading.current) return;
      own.current.add(keyOf(q, saved));
      change({ q, saved, run });
    }, run > 0 ? 0 : 400); // what was run is there at once, so that the way back from where its rows lead ends here
    return () => clearTimeout(timer);
  }, [q, saved, run, address.q, address.saved, address.run, change]);
  return missing;
}

const keyOf = (q: string | undefined, saved: string) => JSON.stringify([q ?? "", saved]);
