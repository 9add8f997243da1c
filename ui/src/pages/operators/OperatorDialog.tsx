import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Input, Switch } from "@fluentui/react-components";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { CheckGroup } from "../../components/CheckGroup";
import { useCopy } from "../../components/copy";
import { Copy16Regular, Warning16Regular } from "../../components/icons";
import { ProblemNote } from "../../components/Problem";
import { useOperator } from "../../session/queries";
import account from "../account/Account.module.css";
import { Time } from "../account/Time";
import base from "../policy/Policy.module.css";
import type { Line } from "./OperatorsPane";
import { useAdd, useChange, useEndAll, useFree, useInvite } from "./queries";

/** Adds an operator, or changes one. A link is shown in place of the form once there is one. */
export function OperatorDialog({ operator: o, roles: all, onClose }: { operator: Line | undefined; roles: readonly Schemas["RoleLine"][]; onClose: () => void }) {
  const me = useOperator().operator.id === o?.id;
  const [email, setEmail] = useState("");
  const [name, setName] = useState(o?.name ?? "");
  const [roles, setRoles] = useState<readonly string[]>(o?.roles ?? ["Security Reader"]);
  const [disabled, setDisabled] = useState(o?.state === "disabled");
  const add = useAdd(), change = useChange(), invite = useInvite(), endAll = useEndAll(), free = useFree();
  const link = add.data ?? invite.data;
  const busy = [add, change, invite, endAll, free].some((m) => m.isPending);
  const error = add.error ?? change.error ?? invite.error ?? endAll.error ?? free.error;
  const ready = roles.length > 0 && (o ? name.trim() !== "" : email.includes("@")) && !busy;
  const go = () => {
    if (!ready) return;
    if (o) change.mutate({ id: o.id, body: { name: name.trim(), roles: [...roles], disabled } }, { onSuccess: onClose });
    else add.mutate({ email: email.trim(), name: name.trim(), roles: [...roles] });
  };
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{link ? `A link for ${link.operator.email}` : o ? `Change ${o.email}` : "Add an operator"}</DialogTitle>
          <DialogContent className={base.form}>
            {link ? <Link link={link} /> : (
              <>
                {!o && <Field label="Email address" required><Input type="email" value={email} maxLength={254} autoFocus onChange={(_, d) => setEmail(d.value)} /></Field>}
                <Field label="Name"><Input value={name} maxLength={200} autoFocus={!!o} onChange={(_, d) => setName(d.value)} /></Field>
                <CheckGroup label="Roles" hint="The last three are given on top of one of the others." options={all.map((r) => r.name)} value={roles} onChange={setRoles} />
                {o && !me && <Switch checked={!disabled} onChange={(_, d) => setDisabled(!d.checked)} label="May sign in, and tokens work" />}
                {o && (
                  <div className={account.acts}>
                    <Button size="small" disabledFocusable={busy || o.state === "disabled"} onClick={() => invite.mutate(o.id)}>New link to choose a password</Button>
                    <Button size="small" disabledFocusable={busy || o.sessions === 0} onClick={() => endAll.mutate(o.id)}>End {me ? "my other" : "all"} sessions</Button>
                    {o.factor && !me && <Button size="small" disabledFocusable={busy} onClick={() => free.mutate(o.id, { onSuccess: onClose })}>Remove the lost second factor</Button>}
                  </div>
                )}
                {o && <p className={base.dim}>Other roles, or no sign-in any more, end the sessions at once. Every change is in the audit log.</p>}
                <div role="status">{endAll.isSuccess && <p className={base.note}>The sessions have ended.</p>}</div>
                {error ? <ProblemNote error={error} /> : null}
              </>
            )}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>{link ? "Close" : "Cancel"}</Button>
            {!link && <Button appearance="primary" disabledFocusable={!ready} onClick={go}>{o ? "Keep" : "Add, and make a link"}</Button>}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function Link({ link }: { link: Schemas["Invited"] }) {
  const copy = useCopy();
  const url = location.origin + link.path;
  return (
    <div className={account.once}>
      <p className={base.caution}><Warning16Regular aria-hidden /><span>Send it on a safe way: whoever opens it first chooses the password. It is shown once, works once, until <Time at={link.expires} />.</span></p>
      <code className="mono">{url}</code>
      <Button icon={<Copy16Regular />} onClick={() => copy(url, "Link copied")}>Copy the link</Button>
    </div>
  );
}
