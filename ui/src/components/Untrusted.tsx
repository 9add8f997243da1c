import { Fragment, memo } from "react";
import { defang } from "../text/defang";
import { domainOf, otherSpelling } from "../text/punycode";
import { reveal } from "../text/reveal";
import styles from "./Untrusted.module.css";

/**
 * Text that a sender chose: isolated from the text around it, with characters named that would not be seen. With spelling, the
 * other spelling of an international name stands beside it.
 */
export const Untrusted = memo(function Untrusted({ text, spelling }: { text: string; spelling?: boolean }) {
  const other = spelling ? spelt(text) : undefined;
  return (
    <>
      <bdi>
        {reveal(text).map((p, i) =>
          p.hidden ? <span key={i} className={styles.hidden} title={p.hidden}>{p.text}</span> : <Fragment key={i}>{p.text}</Fragment>,
        )}
      </bdi>
      {other !== undefined && <bdi className={styles.other} title="The other spelling of this name"> {other}</bdi>}
    </>
  );
});

/** The other spelling of the name in text; defanged when the text is. */
function spelt(text: string): string | undefined {
  const plain = text.replace(/\[([.:])\]/g, "$1");
  const other = otherSpelling(domainOf(plain).replace(/>$/, ""));
  return other !== undefined && plain !== text ? defang(other) : other;
}
