import { Button, DrawerBody, DrawerHeader, DrawerHeaderTitle, OverlayDrawer, Skeleton, SkeletonItem } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { createContext, useCallback, useContext, useState, type ReactNode } from "react";
import { writeRange } from "../../address/range";
import { inExplorer } from "../../address/threats";
import { useTimeRange } from "../../address/useAddress";
import { Dismiss20Regular } from "../icons";
import { ProblemNote } from "../Problem";
import { Untrusted } from "../Untrusted";
import { Blocks } from "./Article";
import { useAbout, useThreat, type ThreatBrief } from "./queries";
import { Seen } from "./Seen";
import styles from "./Threat.module.css";
import { kindWords } from "./words";

const AboutContext = createContext<(name: string) => void>(() => undefined);

/** Opens "about this threat" for any name that the product shows. */
export const useAboutThreat = () => useContext(AboutContext);

/** The one flyout of the app that tells of a threat, over whatever page is open. */
export function AboutThreatProvider({ children }: { children: ReactNode }) {
  const [name, setName] = useState("");
  const close = useCallback(() => setName(""), []);
  return (
    <AboutContext.Provider value={setName}>
      {children}
      <OverlayDrawer position="end" size="medium" open={name !== ""} onOpenChange={(_, d) => !d.open && close()} className={styles.drawer} aria-label="About this threat">
        {name !== "" && <About name={name} onName={setName} onClose={close} />}
      </OverlayDrawer>
    </AboutContext.Provider>
  );
}

function About({ name, onName, onClose }: { name: string; onName: (n: string) => void; onClose: () => void }) {
  const about = useAbout(name);
  const found = about.data?.threats ?? [];
  return (
    <>
      <DrawerHeader>
        <DrawerHeaderTitle heading={{ as: "h2", className: styles.title! }} action={<Button appearance="subtle" aria-label="Close" icon={<Dismiss20Regular />} onClick={onClose} />}>
          {found[0] ? <Untrusted text={found[0].name} /> : <Untrusted text={name} />}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody>
        {about.error ? <ProblemNote error={about.error} onRetry={() => void about.refetch()} /> : !about.data ? (
          <Skeleton aria-label="Looking the name up" className={styles.wait}>{[0, 1, 2, 3].map((i) => <SkeletonItem key={i} size={20} />)}</Skeleton>
        ) : found[0] ? <Known key={found[0].id} name={name} threat={found[0]} also={found.slice(1)} onName={onName} onClose={onClose} /> : <Unknown name={name} onClose={onClose} />}
      </DrawerBody>
    </>
  );
}

function Known({ name, threat, also, onName, onClose }: { name: string; threat: ThreatBrief; also: readonly ThreatBrief[]; onName: (n: string) => void; onClose: () => void }) {
  const article = useThreat(threat.id);
  const { range } = useTimeRange();
  const check = article.data?.sections.find((s) => s.title === "What to check"), todo = article.data?.sections.find((s) => s.title === "What to do");
  return (
    <div className={styles.about}>
      <p className={styles.quiet}>{kindWords[threat.kind]}{threat.name !== name && threat.id !== name && <> · shown for <span className="mono"><Untrusted text={name} /></span></>}{threat.source !== "" && <> · from the feed <Untrusted text={threat.source} /></>}</p>
      <p><Untrusted text={threat.summary || "Nothing is written about it."} /></p>
      <Seen id={threat.id} onLeave={onClose} />
      {article.error && <ProblemNote error={article.error} onRetry={() => void article.refetch()} />}
      {check && <section><h3>{check.title}</h3><Blocks blocks={check.blocks} onThreat={onName} /></section>}
      {todo && <section><h3>{todo.title}</h3><Blocks blocks={todo.blocks} onThreat={onName} /></section>}
      <p><Link to="/intelligence/threats/$id" params={{ id: threat.id }} search={writeRange(range) as never} onClick={onClose}>Read the whole article</Link></p>
      {also.length > 0 && (
        <section>
          <h3>Also under this name</h3>
          <ul className={styles.also}>{also.map((t) => <li key={t.id}><button type="button" className={styles.name} onClick={() => onName(t.id)}><Untrusted text={t.name} /></button> <span className={styles.quiet}>{kindWords[t.kind]}</span></li>)}</ul>
        </section>
      )}
    </div>
  );
}

/** A name without an article: said so, with the way to its mail. */
function Unknown({ name, onClose }: { name: string; onClose: () => void }) {
  const { query } = useTimeRange();
  const quoted = `"${name.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/[\r\n]+/g, " ")}"`;
  const filter = `EmailEvents\n| where ThreatNames has ${quoted} or Signals has ${quoted} or LatestDetectionTechnologies has ${quoted} or FirstSignal == ${quoted}`;
  return (
    <div className={styles.about}>
      <p>Nothing is known of this name: neither an article that ships with Tocsin nor a feed has it.</p>
      <p className={styles.quiet}>An engine, a rule or an indicator gave the name. What it was found in can still be looked at.</p>
      <p><Link to="/explorer" search={inExplorer(filter, query.from, query.to) as never} onClick={onClose}>Open its mail in Explorer</Link></p>
    </div>
  );
}
