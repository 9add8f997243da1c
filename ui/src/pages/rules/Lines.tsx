import { Fragment } from "react";
import { Untrusted } from "../../components/Untrusted";

/** Text of several lines that an administrator or a rule's author chose; its line ends are line ends. */
export function Lines({ text }: { text: string }) {
  return <>{text.split("\n").map((l, i) => <Fragment key={i}>{i > 0 && "\n"}{l !== "" && <Untrusted text={l} />}</Fragment>)}</>;
}
