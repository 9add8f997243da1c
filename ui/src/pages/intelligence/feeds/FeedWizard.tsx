import { Button, Dialog, DialogSurface, Tooltip } from "@fluentui/react-components";
import { useState } from "react";
import { Problem } from "../../../api/client";
import { Checkmark16Regular, Dismiss20Regular } from "../../../components/icons";
import { ProblemNote } from "../../../components/Problem";
import { number } from "../../../time/zone";
import wizard from "../../actions/Wizard.module.css";
import { AddressStep, complete } from "./AddressStep";
import styles from "./Feeds.module.css";
import { HitsStep } from "./HitsStep";
import { settingsOf, useAdd, useChange, useHits, useTry, type Asked, type Feed, type Settings } from "./queries";
import { SwitchStep } from "./SwitchStep";
import { TrialStep } from "./TrialStep";
import { everyWords, fresh, kindName, kinds, type Kind } from "./words";

const steps = ["Kind", "Address and key", "Test and preview", "What it would have hit", "Switch on"] as const;

/** Five steps from an address to a feed at work. Nothing is kept before the last one is left. */
export function FeedWizard({ feed, onClose }: { feed: Feed | undefined; onClose: (id?: string) => void }) {
  const [at, go] = useState(feed ? 1 : 0);
  const [s, set] = useState<Settings>(() => (feed ? settingsOf(feed) : fresh("text")));
  const [secret, setSecret] = useState<string>();
  const trial = useTry(), hits = useHits(), add = useAdd(), change = useChange();
  const asked: Asked = { settings: s, secret, id: feed?.id ?? "" };
  // A trial and what it would have hit are of other settings once these change.
  const put = (c: Partial<Settings>, far = true) => {
    set((before) => ({ ...before, ...c }));
    if (far) {
      trial.reset();
      hits.reset();
    }
  };
  const keep = () => {
    const done = { onSuccess: (f: Feed) => onClose(f.id) };
    if (feed) change.mutate({ ...asked, version: feed.version }, done);
    else add.mutate(asked, done);
  };
  const error = add.error ?? change.error;
  const kept = feed?.has_secret === true;
  const ready = [true, complete(s, secret, kept), trial.data?.good === true && (s.kind !== "taxii" || !!s.collection), true, s.name.trim() !== "" && !add.isPending && !change.isPending][at]!;
  const next = () => {
    if (!ready) return;
    if (at === 4) return keep();
    if (at === 1) trial.mutate(asked);
    if (at === 2 && !hits.data) hits.mutate(asked);
    go(at + 1);
  };
  const said = ["", s.url, trial.data ? (trial.data.good ? `${number(trial.data.items)} entries read` : "It could not be read") : "", hits.data ? `${number(hits.data.values)} values in mail` : "", everyWords(s.every_minutes)];
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={wizard.surface} aria-label={feed ? `Change ${feed.name}` : "Add a feed"}>
        <div className={wizard.rail}>
          <b>{feed ? "Change a feed" : "Add a feed"}</b>
          <p>{kindName(s.kind)}</p>
          <ol aria-label="Steps">
            {steps.map((name, i) => (
              <li key={name} aria-current={i === at ? "step" : undefined} className={i < at ? wizard.past : ""}>
                <span>{i < at ? <Checkmark16Regular aria-label="done" /> : i + 1}</span>
                <div><b>{name}</b>{i < at && said[i] && <small>{said[i]}</small>}</div>
              </li>
            ))}
          </ol>
        </div>
        <div className={wizard.main}>
          <div className={wizard.head}>
            <div><h2>{steps[at]}</h2><p>{hints[at]}</p></div>
            <Tooltip content="Close without keeping anything" relationship="label"><Button appearance="subtle" icon={<Dismiss20Regular />} onClick={() => onClose()} /></Tooltip>
          </div>
          <div className={wizard.body} tabIndex={-1}>
            {at === 0 && <KindStep value={s.kind} onChange={(kind) => { set(fresh(kind)); trial.reset(); hits.reset(); }} />}
            {at === 1 && <AddressStep settings={s} onChange={put} secret={secret} onSecret={(v) => { setSecret(v); trial.reset(); hits.reset(); }} kept={kept} />}
            {at === 2 && <TrialStep settings={s} trial={trial} asked={asked} onChange={(c) => { put(c, false); hits.reset(); trial.mutate({ ...asked, settings: { ...s, ...c } }); }} />}
            {at === 3 && <HitsStep hits={hits} onRetry={() => hits.mutate(asked)} />}
            {at === 4 && <SwitchStep settings={s} onChange={(c) => put(c, false)} />}
            {at === 4 && error ? <ProblemNote error={error} /> : null}
          </div>
          <div className={wizard.foot}>
            <div>{at === 3 && hits.isPending && "You can go on: it counts in the background."}{error instanceof Problem && at !== 4 && error.detail}</div>
            {at > 0 && <Button onClick={() => go(at - 1)}>Back</Button>}
            <Button appearance="primary" disabledFocusable={!ready} onClick={next}>{at === 4 ? (feed ? "Keep" : s.enabled ? "Add and switch on" : "Add, switched off") : at === 1 ? "Test it" : "Next"}</Button>
          </div>
        </div>
      </DialogSurface>
    </Dialog>
  );
}

const hints = [
  "What kind of feed is it?", "Where it is, and how Tocsin signs in there.", "What it says, as it would be taken in. Nothing is kept yet.",
  "The mail of the last 30 days, held against what the feed has now.", "What its entries count for, and how often it is read.",
];

function KindStep({ value, onChange }: { value: Kind; onChange: (k: Kind) => void }) {
  return (
    <div className={styles.kinds} role="radiogroup" aria-label="Kind of feed">
      {kinds.map((k) => (
        <label key={k.kind} className={styles.kind}>
          <input type="radio" name="kind" value={k.kind} checked={value === k.kind} onChange={() => onChange(k.kind)} />
          <span><b>{k.name}</b><span>{k.what}</span></span>
        </label>
      ))}
    </div>
  );
}
