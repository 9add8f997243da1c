import { Button } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";
import { Problem } from "../../api/client";
import { Warning16Regular } from "../../components/icons";
import base from "../policy/Policy.module.css";
import { useChange } from "./queries";
import { differences, type Change, type Incident } from "./words";

export interface Edit {
  make: (body: Change, done?: () => void) => void;
  busy: boolean;
  error: unknown;
  /** Somebody else changed it first. What was wanted is kept. */
  conflict: { was: Incident; body: Change } | undefined;
  /** The same once more, on top of what is there now. */
  again: (done?: () => void) => void;
  drop: () => void;
}

/** Changes one incident as it was looked at. When somebody else was first, nothing is written and nothing is lost. */
export function useEdit(i: Incident): Edit {
  const change = useChange(i.id);
  const [conflict, setConflict] = useState<Edit["conflict"]>();
  const make = (body: Change, done?: () => void) =>
    change.mutate({ ...body, version: i.version }, {
      onSuccess: () => {
        setConflict(undefined);
        done?.();
      },
      onError: (e) => setConflict(e instanceof Problem && e.status === 409 ? { was: i, body } : undefined),
    });
  return {
    make,
    busy: change.isPending,
    error: conflict ? undefined : change.error,
    conflict,
    again: (done) => conflict && make(conflict.body, done),
    drop: () => {
      setConflict(undefined);
      change.reset();
    },
  };
}

/** Says what came first, and lets a person decide. */
export function ConflictNote({ edit, now, children }: { edit: Edit; now: Incident; children?: ReactNode }) {
  if (!edit.conflict) return null;
  const what = differences(edit.conflict.was, now);
  return (
    <div className={base.caution} role="alert">
      <Warning16Regular aria-hidden />
      <div>
        <b>Somebody else was first.</b>{" "}
        {now.merged_into !== "" ? "This incident was merged into another meanwhile; that one is to be changed." : <>{what.length > 0 ? `${what.join(", ")}. ` : ""}Your change is not made yet, and nothing you typed is lost.</>}
        {children ?? (now.merged_into === "" && <> <Button size="small" onClick={() => edit.again()}>Make my change now</Button> <Button size="small" appearance="subtle" onClick={edit.drop}>Leave it as it is</Button></>)}
      </div>
    </div>
  );
}
