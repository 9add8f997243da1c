import { relativeName, seconds, type Range } from "../../address/range";
import { CheckmarkCircle16Regular, Clock16Regular, ErrorCircle16Regular } from "../../components/icons";
import { useClock, useZone } from "../../time/Clock";
import { number, span } from "../../time/zone";
import { Untrusted } from "../../components/Untrusted";
import { capital } from "../../text/words";
import styles from "./Hunting.module.css";
import { looksBack } from "./statements";
import type { Defect } from "./useCheck";

interface Props {
  query: string;
  defect: Defect | undefined;
  checked: boolean;
  range: Range;
  from: Date;
  to: Date;
  onGoTo: (pos: number) => void;
  onWiden: (last: string) => void;
}

const lapse = (s: number) => {
  const [n, unit] = s % 86400 === 0 ? [s / 86400, "day"] : s % 3600 === 0 ? [s / 3600, "hour"] : [Math.round(s / 60), "minute"];
  return `${number(n)} ${unit}${n === 1 ? "" : "s"}`;
};

/** The line under the editor: what is wrong and where, and which times are read. */
export function EditorState({ query, defect, checked, range, from, to, onGoTo, onWiden }: Props) {
  const zone = useZone();
  const { now } = useClock();
  const wide = "last" in range && range.last === "all";
  const back = looksBack(query);
  const reach = (now.getTime() - from.getTime()) / 1000;
  const short = !wide && back !== undefined && back > reach + 60;
  const own = back !== undefined || /\bTimestamp\b\s*(?:[<>=]|between)/.test(query);
  const days = back === undefined ? 0 : Math.ceil(back / 86400);
  return (
    <div className={styles.state}>
      <span role="status" style={{ display: "contents" }}>
        {defect ? (
          <>
            <ErrorCircle16Regular aria-hidden className={styles.wrong} />
            <span className={styles.wrong}><span className={`${styles.place} num`}>Line {defect.line}, column {defect.column}:</span> <Untrusted text={capital(defect.message)} /></span>
          </>
        ) : checked ? <><CheckmarkCircle16Regular aria-hidden /><span>Nothing is wrong with it</span></> : null}
      </span>
      {defect && <button type="button" className="textbutton" onClick={() => onGoTo(defect.from)}>Go there</button>}
      <span className={styles.push} />
      <Clock16Regular aria-hidden />
      {short ? (
        <>
          <span className={styles.odd}>The query looks back {lapse(back)}, the range above only {"last" in range ? lapse(seconds(range.last) ?? reach) : "from " + span(from, to, zone, now)}; rows must fit both.</span>
          <button type="button" className="textbutton" onClick={() => onWiden(`${days}d`)}>Read {relativeName(`${days}d`).toLowerCase()}</button>
        </>
      ) : (
        <span className="num">
          {wide ? "Every table is read whole" : `Every table is read ${"last" in range ? `for the ${relativeName(range.last).toLowerCase()}` : `from ${span(from, to, zone, now)}`}`}
          {own && !wide ? ", and the query's own times hold too" : own ? "; the query's own times hold" : ""}
        </span>
      )}
    </div>
  );
}
