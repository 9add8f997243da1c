import { useRef, useState, type ReactNode, type RefObject } from "react";
import type { HuntingState } from "../../address/hunting";
import { EmailFlyout } from "../email/EmailFlyout";
import type { Here } from "./ResultGrid";
import { RowFlyout } from "./RowFlyout";
import type { Run } from "./session";
import type { HuntColumn } from "./shapes";
import type { ChangeHunting } from "./useHunting";
import { plainText } from "./values";

interface OpenRow {
  /** Place of the open row; -1 when none is. */
  place: number;
  open: (place: number) => void;
  close: () => void;
  /** The rows as they stand in the list, for the one before and after. */
  order: RefObject<Uint32Array | undefined>;
  flyout: ReactNode;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What is open beside the list: the message of a row that names one, else the row itself. */
export function useOpenRow(run: Run | undefined, address: HuntingState, change: ChangeHunting, here: (column: HuntColumn, value: unknown) => Here): OpenRow {
  const [row, setRow] = useState<{ run: string; place: number }>();
  const order = useRef<Uint32Array>(undefined);
  const place = row && row.run === run?.id ? row.place : -1;
  const open = (to: number) => {
    if (!run) return;
    const at = (name: string) => plainText(run.rows[to]?.[run.columns.findIndex((c) => c.name === name)]);
    const id = at("NetworkMessageId");
    setRow({ run: run.id, place: to });
    change({ open: uuid.test(id) ? { id, recipient: at("RecipientEmailAddress") } : undefined });
  };
  const close = () => {
    setRow(undefined);
    change({ open: undefined, pane: "" });
  };
  const list = order.current;
  const at = place < 0 || !list ? -1 : list.indexOf(place);
  const step = (by: number) => {
    const to = at < 0 ? undefined : list?.[at + by];
    return to === undefined ? undefined : () => open(to);
  };
  const flyout = address.open ? (
    <EmailFlyout
      id={address.open.id}
      recipient={address.open.recipient}
      pane={address.pane}
      onPane={(pane) => change({ pane })}
      position={run && at >= 0 ? { at: at + 1, of: run.count } : undefined}
      onPrev={step(-1)}
      onNext={step(1)}
      onClose={close}
    />
  ) : run && place >= 0 && <RowFlyout run={run} place={place} at={at} here={here} onPrev={step(-1)} onNext={step(1)} onClose={close} />;
  return { place, open, close, order, flyout };
}
