import { Button, Input, Popover, PopoverSurface, PopoverTrigger, Select } from "@fluentui/react-components";
import { useState, type FormEvent } from "react";
import { presets, relativeName, seconds, type Range } from "../address/range";
import { useCoverage, useTimeRange } from "../address/useAddress";
import { CalendarLtr20Regular, Checkmark16Regular, ChevronDown16Regular } from "../components/icons";
import { useClock, useZone } from "../time/Clock";
import { fromField, full, rfc3339, span, toField, zoneName } from "../time/zone";
import styles from "./Shell.module.css";
import picker from "./TimeRangePicker.module.css";

/** One time range for the whole app: a relative one in bold with what it means beside it, or from and to. */
export function TimeRangePicker() {
  const { range, from, to, setRange } = useTimeRange();
  const zone = useZone();
  const { now } = useClock();
  const { data: coverage } = useCoverage();
  const [open, setOpen] = useState(false);
  const name = "last" in range ? relativeName(range.last) : "From – to";
  const none = coverage !== undefined && coverage.oldest === null;
  const choose = (r: Range) => {
    setRange(r);
    setOpen(false);
  };
  return (
    <Popover open={open} onOpenChange={(_, d) => setOpen(d.open)} positioning="below-end" trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <button type="button" className={styles.control} title={`${full(from, zone)} – ${full(to, zone)}`}>
          <CalendarLtr20Regular aria-hidden />
          <b>{name}</b>
          <span className="num">{none ? "no mail yet" : span(from, to, zone, now)}</span>
          <ChevronDown16Regular aria-hidden />
        </button>
      </PopoverTrigger>
      <PopoverSurface className={picker.surface} aria-label="Time range">
        <ul className={picker.presets}>
          {presets.map((p) => {
            const chosen = "last" in range && range.last === p;
            return (
              <li key={p}>
                <button type="button" aria-pressed={chosen} onClick={() => choose({ last: p })}>
                  {relativeName(p)}
                  {chosen && <Checkmark16Regular aria-hidden />}
                </button>
              </li>
            );
          })}
        </ul>
        <div className={picker.own}>
          <Relative initial={"last" in range ? range.last : "7d"} onChoose={choose} />
          <Absolute key={`${from.getTime()}`} from={from} to={to} onChoose={choose} />
        </div>
      </PopoverSurface>
    </Popover>
  );
}

function Relative({ initial, onChoose }: { initial: string; onChoose: (r: Range) => void }) {
  const m = /^(\d+)([mhdw])$/.exec(initial);
  const [n, setN] = useState(m?.[1] ?? "7");
  const [unit, setUnit] = useState(m?.[2] ?? "d");
  const [wrong, setWrong] = useState("");
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (seconds(n + unit) === undefined) setWrong("A whole number, and ten years at most, such as 3 days.");
    else onChoose({ last: n + unit });
  };
  return (
    <form onSubmit={submit} className={picker.form}>
      <h2>Relative</h2>
      <div className={picker.line}>
        <span>Last</span>
        <Input value={n} onChange={(_, d) => setN(d.value)} inputMode="numeric" aria-label="How many" className={picker.count} />
        <Select value={unit} onChange={(_, d) => setUnit(d.value)} aria-label="Unit">
          <option value="m">minutes</option>
          <option value="h">hours</option>
          <option value="d">days</option>
          <option value="w">weeks</option>
        </Select>
        <Button type="submit">Apply</Button>
      </div>
      {wrong && <p role="alert" className={picker.wrong}>{wrong}</p>}
    </form>
  );
}

function Absolute({ from, to, onChoose }: { from: Date; to: Date; onChoose: (r: Range) => void }) {
  const zone = useZone();
  const [f, setF] = useState(() => toField(from, zone));
  const [t, setT] = useState(() => toField(to, zone));
  const [wrong, setWrong] = useState("");
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const a = fromField(f, zone), b = fromField(t, zone);
    if (!a || !b) setWrong("Both need a day and a time.");
    else if (a >= b) setWrong("The start must be before the end.");
    else onChoose({ from: rfc3339(a), to: rfc3339(b) });
  };
  return (
    <form onSubmit={submit} className={picker.form}>
      <h2>From – to, in {zoneName(from, zone)}</h2>
      <label className={picker.field}>From <Input type="datetime-local" value={f} onChange={(_, d) => setF(d.value)} /></label>
      <label className={picker.field}>To <Input type="datetime-local" value={t} onChange={(_, d) => setT(d.value)} /></label>
      {wrong && <p role="alert" className={picker.wrong}>{wrong}</p>}
      <div className={picker.line}><Button type="submit" appearance="primary">Apply</Button></div>
    </form>
  );
}
