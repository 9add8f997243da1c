import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Signal } from "../api/client";
import { revealed } from "../text/reveal";
import { useEvidence } from "../text/useEvidence";
import { number } from "../time/zone";
import { ThreatName } from "./ThreatName";
import styles from "./SignalList.module.css";
import { Untrusted } from "./Untrusted";

interface Props {
  signals: readonly Signal[];
  score: number;
  thresholds: { flag: number; high: number };
  /** What the verdict says, before the scale. */
  badge?: ReactNode;
}

/** Why a message was judged as it was: what spoke for a threat and against, by weight, and the sum on a scale with the thresholds. */
export function SignalList({ signals, score, thresholds, badge }: Props) {
  const heavy = (a: Signal, b: Signal) => Math.abs(b.weight) - Math.abs(a.weight);
  const pro = signals.filter((s) => s.weight > 0).sort(heavy);
  const contra = signals.filter((s) => s.weight < 0).sort(heavy);
  const noted = signals.filter((s) => s.weight === 0);
  const total = (list: readonly Signal[]) => list.reduce((n, s) => n + s.weight, 0);
  const most = Math.max(1, ...signals.map((s) => Math.abs(s.weight)));
  const raw = total(signals);
  return (
    <div className={styles.list}>
      <div className={styles.sum}>
        {badge}
        <div className={styles.scale} role="img" aria-label={`Score ${score} of 100; a threat is named from ${thresholds.flag}, high confidence from ${thresholds.high}`}>
          <div className={styles.track}>
            <i className={styles.low} style={{ width: `${thresholds.flag}%` }} />
            <i className={styles.mid} style={{ width: `${thresholds.high - thresholds.flag}%` }} />
            <i className={styles.top} style={{ width: `${100 - thresholds.high}%` }} />
            <i className={styles.pin} style={{ left: `calc(${Math.max(0, Math.min(100, score))}% - 2px)` }} />
          </div>
          <div className={styles.words}>
            <span>Clean</span>
            <span style={{ left: `${thresholds.flag}%` }}>Threat from {thresholds.flag}</span>
            <span style={{ left: `${thresholds.high}%` }}>High from {thresholds.high}</span>
          </div>
        </div>
        <b className={`${styles.score} num`}>{score}</b>
      </div>
      <Group title="What spoke for it" sum={pro.length ? `${number(total(pro))} for` : ""} signals={pro} most={most} none="Nothing did." />
      {contra.length > 0 && <Group title="What spoke against it" sum={`${number(-total(contra))} against`} signals={contra} most={most} none="" />}
      {noted.length > 0 && <Group title="Seen, without weight" sum="" signals={noted} most={most} none="" />}
      {raw !== score && signals.length > 0 && (
        <p className={styles.note}>
          The weights add up to {number(raw)}; the score is {number(score)}, the heaviest kind of threat, kept between 0 and 100.
        </p>
      )}
    </div>
  );
}

function Group({ title, sum, signals, most, none }: { title: string; sum: string; signals: readonly Signal[]; most: number; none: string }) {
  const evidence = useEvidence();
  return (
    <section>
      <div className={styles.title}><h2>{title}</h2><span className="num">{sum}</span></div>
      {signals.length === 0 && <p className={styles.note}>{none}</p>}
      <ul>
        {signals.map((s, i) => (
          <li key={`${s.id} ${i}`} className={styles.signal}>
            <div className={`${styles.weight} ${s.weight > 0 ? styles.plus : s.weight < 0 ? styles.minus : ""}`}>
              <b className="num">{s.weight > 0 ? `+${s.weight}` : s.weight < 0 ? `−${-s.weight}` : "0"}</b>
              <i><i style={{ width: `${(Math.abs(s.weight) / most) * 100}%` }} /></i>
            </div>
            <b className={styles.claim}><Untrusted text={s.claim} />{s.weight > 0 && <ThreatName name={s.id} bare />}</b>
            <span className={styles.by}>{s.technology}</span>
            {s.evidence && <p className={`${styles.evidence} mono`} title={revealed(evidence(s.evidence))}><Untrusted text={evidence(s.evidence)} /></p>}
            {s.message && <Link className={styles.other} to="/email/$id" params={{ id: s.message }} preload={false}>Look at that message</Link>}
          </li>
        ))}
      </ul>
    </section>
  );
}
