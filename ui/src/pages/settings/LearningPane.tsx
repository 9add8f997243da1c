import { Button, ProgressBar, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { useState } from "react";
import { ArrowSync16Regular, CheckmarkCircle16Regular, Clock16Regular, Eye16Regular, Info16Regular, SubtractCircle16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useMay } from "../../session/queries";
import { capital } from "../../text/words";
import { useZone } from "../../time/Clock";
import { both, full, number } from "../../time/zone";
import base from "../policy/Policy.module.css";
import { useLearning } from "../policy/queries";
import { ReadOnly } from "../policy/ReadOnly";
import { ActivateDialog, ResetDialog } from "./LearningDialogs";
import { learnThreats, modelOf, modelStateWords, stateOf, steps, why, type Learning, type LearnThreat, type Model } from "./learning";
import { useTrain } from "./queries";
import styles from "./Settings.module.css";

const icons = { active: CheckmarkCircle16Regular, shadow: Eye16Regular, none: Clock16Regular, off: SubtractCircle16Regular };

/** The local model: what it has to learn from, how far it is, and whether it speaks. */
export function LearningPane() {
  const learning = useLearning();
  const may = useMay("learning.manage");
  const train = useTrain();
  const [activating, setActivating] = useState<LearnThreat>();
  const [resetting, setResetting] = useState(false);
  if (learning.error) return <ProblemNote error={learning.error} onRetry={() => void learning.refetch()} />;
  const l = learning.data;
  if (!l) return <Skeleton className={styles.cards} aria-label="Reading the model">{Array.from({ length: 2 }, (_, i) => <SkeletonItem key={i} style={{ height: 240 }} />)}</Skeleton>;
  const nothing = l.models.length === 0 && l.examples === 0;
  return (
    <>
      {!may && <ReadOnly what="the models" need="learning.manage" />}
      <p className={base.lead}>A model of your own learns from what your people say of messages, and from mail that nobody reported. It ships empty and never leaves this server. What it is not sure of it leaves alone.</p>
      <div className={styles.cards}>{learnThreats.map((t) => <ModelCard key={t} learning={l} threat={t} may={may} onActivate={() => setActivating(t)} />)}</div>
      <section className={`card ${styles.card}`} aria-labelledby="learning-do">
        <div><h2 id="learning-do">Train and reset</h2></div>
        <p>
          {l.collecting ? <>Training starts by itself, looked at every hour: the first time when there are enough examples, then after {number(l.need_new)} new labels. A new model {l.activates ? "speaks as soon as it passes its check (learning.activate)." : "stays in shadow until somebody activates it."}</> : <>Nothing is collected: <span className="mono">learning.collect</span> is false in the settings file.</>}
          {" "}<span className="num">{number(l.examples)}</span> messages are kept to learn from, as features without any text; {number(l.good)} were called good.
        </p>
        <div className={styles.acts}>
          <Button icon={<ArrowSync16Regular />} disabledFocusable={!may || train.isPending} onClick={() => may && train.mutate()}>{train.isPending ? "Training" : "Train now"}</Button>
          <Button disabledFocusable={!may || nothing} onClick={() => may && !nothing && setResetting(true)}>Reset…</Button>
        </div>
        <div role="status">{train.data && <ul className={styles.said}>{train.data.said.map((s) => <li key={s}>{s}</li>)}</ul>}</div>
        {train.error ? <ProblemNote error={train.error} /> : null}
      </section>
      {activating && <ActivateDialog learning={l} threat={activating} onClose={() => setActivating(undefined)} />}
      {resetting && <ResetDialog learning={l} onClose={() => setResetting(false)} />}
    </>
  );
}

function ModelCard({ learning: l, threat, may, onActivate }: { learning: Learning; threat: LearnThreat; may: boolean; onActivate: () => void }) {
  const state = stateOf(l, threat);
  const Icon = icons[state];
  const active = modelOf(l, threat, "active"), shadow = modelOf(l, threat, "shadow");
  return (
    <section className={`card ${styles.card}`} aria-labelledby={`model-${threat}`}>
      <div>
        <h2 id={`model-${threat}`}>{threat}</h2>
        <span className={styles.push} />
        <span className={styles[state]}><Icon aria-hidden />{modelStateWords[state]}</span>
      </div>
      <p>{why(l, threat)}</p>
      {!active && !shadow && l.collecting && (
        <div className={styles.rows}>
          {steps(l, threat).map((s) => (
            <div key={s.label} className={styles.progress}>
              <span>{s.label}{s.note && <span className={styles.quiet}> · {s.note}</span>}</span>
              <b className="num">{number(s.have)} of {number(s.need)}</b>
              <ProgressBar value={Math.min(1, s.have / Math.max(1, s.need))} max={1} thickness="large" aria-label={s.label} />
            </div>
          ))}
        </div>
      )}
      {active && <Facts model={active} title={shadow ? "The one that speaks" : ""} />}
      {shadow && <Facts model={shadow} title={active ? "The one in shadow" : ""} />}
      {shadow && <div className={styles.acts}><Button appearance={shadow.passed ? "primary" : "secondary"} disabledFocusable={!may} onClick={() => may && onActivate()}>Activate…</Button></div>}
    </section>
  );
}

function Facts({ model: m, title }: { model: Model; title: string }) {
  const zone = useZone();
  return (
    <>
      {title && <h3>{title}</h3>}
      <dl className={base.facts}>
        <dt>Trained</dt><dd><time className="num" dateTime={m.trained} title={both(new Date(m.trained))}>{full(new Date(m.trained), zone)}</time></dd>
        <dt>Learned from</dt><dd className="num">{number(m.bad)} called {m.threat.toLowerCase()}, {number(m.good)} good</dd>
        <dt>Features</dt><dd className="num">{number(m.features)}</dd>
      </dl>
      <p className={m.passed ? base.note : base.caution}>{m.passed ? <Info16Regular aria-hidden /> : <Warning16Regular aria-hidden />}<span>{capital(m.check)}.</span></p>
    </>
  );
}
