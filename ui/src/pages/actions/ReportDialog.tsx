import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ask } from "../../api/client";
import { ProblemNote } from "../../components/Problem";
import base from "../policy/Policy.module.css";
import { count } from "./words";

export type Label = "phish" | "spam" | "good" | "none";

const titles: Record<Label, string> = { phish: "Report as phish", spam: "Report as spam", good: "Report as harmless", none: "Take back what was said" };
/** Messages of one report: each is a request. */
const most = 200;

/** Says what messages really are: a false negative or a false positive, for the local model and for whoever tunes the rules. */
export function ReportDialog({ label, messages, onClose }: { label: Label; messages: readonly string[]; onClose: () => void }) {
  const client = useQueryClient();
  const some = messages.slice(0, most);
  const send = useMutation({
    mutationFn: async () => {
      for (const id of some) await ask(api.POST("/emails/{nmid}/label", { params: { path: { nmid: id } }, body: { label } }));
      return some.length;
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["learning"] }),
  });
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>{titles[label]}</DialogTitle>
          <DialogContent className={base.form}>
            {send.isSuccess ? <p role="status">{label === "none" ? "Taken back for" : "Said of"} {count(send.data, "message")}. It is in the audit log.</p> : (
              <>
                <p>{count(messages.length, "message")}{messages.length > most && `; the first ${most} are reported`}. The local model learns from it. The verdict and the mailboxes stay as they are: to move mail, choose an action.</p>
                {send.error ? <ProblemNote error={send.error} /> : null}
              </>
            )}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose} {...(send.isSuccess ? { appearance: "primary" as const } : {})}>{send.isSuccess ? "Close" : "Cancel"}</Button>
            {!send.isSuccess && <Button appearance="primary" disabledFocusable={send.isPending} onClick={() => !send.isPending && send.mutate()}>{send.isPending ? "Reporting" : "Report"}</Button>}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
