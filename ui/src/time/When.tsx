import { useClock, useZone } from "./Clock";
import { both, clock, day, year } from "./zone";

/**
 * A time in a list: "27 Nov", "27 Nov, 07:28" or "27 Nov, 07:28:10", with the year when it is another one; then the day is enough where minutes
 * were shown. The whole of it, in both zones, is its title.
 */
export function When({ at, to = "minute" }: { at: string; to?: "day" | "minute" | "second" }) {
  const zone = useZone();
  const { now } = useClock();
  const t = new Date(at);
  const far = year(t, zone) !== year(now, zone);
  return <time className="num" dateTime={at} title={both(t)}>{day(t, zone)}{far && ` ${year(t, zone)}`}{(to === "second" || (to === "minute" && !far)) && `, ${clock(t, zone, to === "second")}`}</time>;
}
