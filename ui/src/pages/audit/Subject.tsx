import { Link } from "@tanstack/react-router";
import { writeRange } from "../../address/range";
import { useTimeRange } from "../../address/useAddress";
import { Untrusted } from "../../components/Untrusted";
import { revealed } from "../../text/reveal";
import { useEvidence } from "../../text/useEvidence";
import type { AuditLine } from "./queries";
import { placeOf, subjectWords } from "./words";

/** What a record is about: a link where there is something to open. */
export function Subject({ record, clip }: { record: AuditLine; clip?: boolean }) {
  const evidence = useEvidence();
  const { range } = useTimeRange();
  const text = evidence(subjectWords(record));
  const place = placeOf(record);
  const words = <Untrusted text={text} />;
  const cls = clip ? "clip" : "";
  if (!place || text === "") return <span className={cls} title={revealed(text)}>{words}</span>;
  const search = { ...writeRange(range), ...place.search } as never;
  const stop = (e: { stopPropagation: () => void }) => e.stopPropagation();
  return "params" in place
    ? <Link to={place.to} params={place.params} search={search} className={cls} title={revealed(text)} onClick={stop}>{words}</Link>
    : <Link to={place.to} search={search} className={cls} title={revealed(text)} onClick={stop}>{words}</Link>;
}
