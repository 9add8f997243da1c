import { useCountedRange, useCoverage } from "../address/useAddress";
import { useZone } from "../time/Clock";
import { day, rfc3339, year } from "../time/zone";
import styles from "./RangeNote.module.css";

/** What a page that counts 90 days at most leaves out: the days before them, and mail when all that is kept is older. Nothing, when nothing is. */
export function RangeNote({ what }: { what: string }) {
  const { from, cut, setRange } = useCountedRange();
  const { data: coverage } = useCoverage();
  const zone = useZone();
  const newest = coverage?.newest ? new Date(coverage.newest) : undefined;
  const older = newest !== undefined && newest < from;
  if (!cut && !older) return null;
  const upTo = () => newest && setRange({ from: rfc3339(new Date(newest.getTime() - 90 * 86400_000)), to: rfc3339(new Date(newest.getTime() + 60_000)) });
  return (
    <p className={styles.note} role="status">
      {cut && <>{what} looks back 90 days at most; these are the last 90 of the range. Explorer shows all of it. </>}
      {older && <>No mail of this time is kept; the newest is of <span className="num">{day(newest, zone)} {year(newest, zone)}</span>. <button type="button" className="textbutton" onClick={upTo}>Show the 90 days before it</button></>}
    </p>
  );
}
