import { useZone } from "../../time/Clock";
import { both, full } from "../../time/zone";

export function Time({ at }: { at: string }) {
  const zone = useZone();
  return <time className="num" dateTime={at} title={both(new Date(at))}>{full(new Date(at), zone)}</time>;
}
