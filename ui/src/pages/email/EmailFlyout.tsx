import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { Flyout } from "../../components/Flyout";
import { Open20Regular } from "../../components/icons";
import { number } from "../../time/zone";
import { EmailSummary } from "./EmailSummary";

export interface EmailFlyoutProps {
  id: string;
  /** Which recipient's event; "" for the first by address. */
  recipient: string;
  /** Tab that is open, from the address; "" for the one that fits the message. */
  pane: string;
  onPane: (pane: string) => void;
  position?: { at: number; of: number } | undefined;
  onPrev?: (() => void) | undefined;
  onNext?: (() => void) | undefined;
  onClose: () => void;
}

/** One message beside the list it came from. */
export function EmailFlyout({ id, recipient, position, onPrev, onNext, onClose }: EmailFlyoutProps) {
  const navigate = useNavigate();
  return (
    <Flyout
      label="Message"
      position={position && `${number(position.at)} of ${number(position.of)}`}
      onPrev={onPrev}
      onNext={onNext}
      onClose={onClose}
      action={<Button appearance="subtle" icon={<Open20Regular />} onClick={() => void navigate({ to: "/email/$id", params: { id }, search: recipient ? { recipient } : {} })}>Open page</Button>}
    >
      <EmailSummary id={id} recipient={recipient} />
    </Flyout>
  );
}
