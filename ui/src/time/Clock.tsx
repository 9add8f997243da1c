import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { usePreferences } from "../session/queries";
import type { Zone } from "./zone";

interface Clock {
  /** The instant that "now" means on this screen. It stands still while a person reads, so that counts do not jump. */
  now: Date;
  /** The instant at which that was decided, at or before everything that was read since; `now` is up to a second later. */
  asOf: Date;
  /** Sets it to the server's clock, which asks every relative question again; says what "now" is then. */
  refresh: () => Date;
  /** The server's clock as it goes on. */
  read: () => Date;
}

/** Whole seconds, rounded up, so that a message of this second is inside the range. */
const whole = (t: Date) => new Date(Math.ceil(t.getTime() / 1000) * 1000);

const ClockContext = createContext<Clock | undefined>(undefined);

/** Hands down the server's time: a reader's own clock may be wrong, and "the last hour" must not depend on it. */
export function ClockProvider({ serverTime, children }: { serverTime: string; children: ReactNode }) {
  const [skew] = useState(() => {
    const t = Date.parse(serverTime);
    return Number.isNaN(t) ? 0 : t - Date.now();
  });
  const read = useCallback(() => new Date(Date.now() + skew), [skew]);
  const [asOf, setAsOf] = useState(read);
  const clock = useMemo(() => {
    const refresh = () => {
      const t = read();
      setAsOf(t);
      return whole(t);
    };
    return { now: whole(asOf), asOf, refresh, read };
  }, [asOf, read]);
  return <ClockContext.Provider value={clock}>{children}</ClockContext.Provider>;
}

export function useClock(): Clock {
  const c = useContext(ClockContext);
  if (!c) throw new Error("useClock outside ClockProvider");
  return c;
}

/** The time as it passes, every so many seconds; for clocks that run while somebody looks. */
export function useNow(every = 20): Date {
  const { read } = useClock();
  const [now, setNow] = useState(read);
  useEffect(() => {
    const tick = setInterval(() => setNow(read()), every * 1000);
    return () => clearInterval(tick);
  }, [read, every]);
  return now;
}

/** The zone every time is shown in. */
export function useZone(): Zone {
  const [p] = usePreferences();
  return p.zone;
}
