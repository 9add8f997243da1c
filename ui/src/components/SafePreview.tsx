import { useState, type ReactNode } from "react";
import type { Schemas } from "../api/client";
import { disarm } from "../text/defang";
import { useEvidence } from "../text/useEvidence";
import { useCopy } from "./copy";
import { EmptyState } from "./EmptyState";
import { QrCode20Regular, ShieldLock20Regular } from "./icons";
import { RawText } from "./RawText";
import styles from "./SafePreview.module.css";
import { Segments } from "./Segments";
import { Untrusted } from "./Untrusted";
import { Value } from "./ValueMenu";

export const previewModes = [["rendered", "Rendered"], ["plain", "Plain text"], ["source", "Source"]] as const;
export type PreviewMode = (typeof previewModes)[number][0];

interface Props {
  /** Address of the inert document; it answers with a policy of its own that lets nothing run or load. */
  document: string;
  plain: string;
  source: string;
  links: readonly Schemas["ContentLink"][];
  /** Links that stand in pictures of QR codes: a phone follows them, and no document has a number for them. */
  codes: readonly Schemas["EmailURL"][];
  /** What was taken out, in words; "" when nothing had to go. */
  removed: string;
  /** What else is to be known before believing what is shown; "" when there is nothing. */
  notes: string;
  /** Who looked, when and why. */
  recorded: ReactNode;
  mode: PreviewMode;
  onMode: (m: PreviewMode) => void;
}

/** A message made safe to look at, always on white. Its links are numbers, listed beside it as text. */
export function SafePreview({ document, plain, source, links, codes, removed, notes, recorded, mode, onMode }: Props) {
  const [phone, setPhone] = useState(false);
  const evidence = useEvidence();
  const narrow = phone ? styles.phone : "";
  return (
    <div className={styles.preview}>
      <div className={styles.banner} role="status">
        <ShieldLock20Regular aria-hidden />
        <p><b>Inert preview.</b> Nothing was loaded, nothing can be clicked. {removed ? `Taken out: ${removed}.` : "Nothing had to be taken out."} {notes}</p>
        <span>{recorded}</span>
      </div>
      <div className={styles.two}>
        <section className={`${styles.frame} card`} aria-label="The message">
          <div className={styles.bar}>
            <Segments label="Show as" options={previewModes} value={mode} onChange={onMode} />
            <Segments label="Width" options={[["desktop", "Desktop"], ["phone", "Phone"]] as const} value={phone ? "phone" : "desktop"} onChange={(v) => setPhone(v === "phone")} />
          </div>
          <div className={styles.desk}>
            {/* The document stays while another form is shown: asking for it again would need another look. */}
            <iframe sandbox="" src={document} title="The message, inert" referrerPolicy="no-referrer" className={`${styles.document} ${narrow}`} hidden={mode !== "rendered"} />
            {mode === "plain" && <div className={`${styles.text} ${narrow}`}>{plain === "" ? <p className={styles.nothing}>The message has no text.</p> : <RawText paper text={evidence(plain)} label="Text of the message" />}</div>}
            {mode === "source" && <div className={`${styles.text} ${narrow}`}>{source === "" ? <p className={styles.nothing}>The message has no HTML; its text is all there is.</p> : <RawText paper text={disarm(source)} label="Source of the message" />}</div>}
          </div>
        </section>
        <Links links={links} codes={codes} />
      </div>
    </div>
  );
}

function Links({ links, codes }: Pick<Props, "links" | "codes">) {
  const copy = useCopy();
  return (
    <section className={`${styles.links} card`}>
      <div className={styles.head}><h2>Links, turned off</h2><span className="num">{links.length + codes.length}</span></div>
      {links.length + codes.length === 0 ? <EmptyState small title="No link" why="Nothing in the text leads anywhere." /> : (
        <ol>
          {links.map((l) => (
            <li key={l.n}>
              <div className={styles.name}>
                <span className={`${styles.n} num`}>{l.n}</span>
                {l.text ? <b><Untrusted text={l.text} /></b> : <b className={styles.bare}>without words</b>}
                <button type="button" className="textbutton" aria-label={`Copy link ${l.n}, defanged`} onClick={() => copy(l.defanged, "Copied, defanged")}>Copy</button>
              </div>
              <Value field="Url" value={l.url} className="mono"><Untrusted text={l.defanged} spelling /></Value>
            </li>
          ))}
          {codes.map((l) => (
            <li key={l.url}>
              <div className={styles.name}>
                <QrCode20Regular aria-hidden />
                <b>QR code</b>
                <button type="button" className="textbutton" aria-label="Copy the link of the QR code, defanged" onClick={() => copy(l.defanged, "Copied, defanged")}>Copy</button>
              </div>
              <Value field="Url" value={l.url} className="mono"><Untrusted text={l.defanged} spelling /></Value>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
