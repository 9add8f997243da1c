import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Field, Radio, RadioGroup } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../api/client";
import { saveFile } from "../api/save";
import base from "../pages/policy/Policy.module.css";
import { ProblemNote } from "./Problem";

/** Levels of the Traffic Light Protocol 2.0, and who may be told. */
const levels = [
  ["clear", "TLP:CLEAR: everybody"],
  ["green", "TLP:GREEN: the community of those who defend, not the public"],
  ["amber", "TLP:AMBER: the organisation that gets it, and its customers who need to know"],
  ["amber+strict", "TLP:AMBER+STRICT: the organisation that gets it alone"],
  ["red", "TLP:RED: only those who are told in person"],
] as const;
type Level = (typeof levels)[number][0];

/** What is told: an incident, with its label, or a campaign. */
export type Told = { incident: string; label: string } | { campaign: string };

/** Takes an incident or a campaign out as a STIX 2.1 bundle for others; asks whom they may tell. */
export function StixDialog({ of, onClose }: { of: Told; onClose: () => void }) {
  const [tlp, setTlp] = useState<Level>("amber");
  const [what, name] = "incident" in of ? [of.label, of.label] : ["this campaign", `campaign-${of.campaign}`];
  const take = useMutation({
    mutationFn: async () => {
      const params = { query: { tlp } };
      const bundle = await ask<unknown>("incident" in of ? api.GET("/incidents/{id}/stix", { params: { ...params, path: { id: of.incident } }, parseAs: "blob" }) : api.GET("/campaigns/{id}/export/stix", { params: { ...params, path: { id: of.campaign } }, parseAs: "blob" }));
      saveFile(bundle as Blob, `${name}.stix.json`);
    },
    onSuccess: onClose,
  });
  const go = () => !take.isPending && take.mutate();
  return (
    <Dialog open onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface className={base.dialog}>
        <DialogBody>
          <DialogTitle>Export {what} as STIX 2.1</DialogTitle>
          <DialogContent className={base.form}>
            <p>Messages, senders, URLs, addresses and files, and what of them is known to be bad, for the tools of others. Recipients are only counted; notes and owners stay here.</p>
            <Field label="Who may be told">
              <RadioGroup value={tlp} onChange={(_, d) => setTlp(d.value as Level)}>{levels.map(([value, words]) => <Radio key={value} value={value} label={words} />)}</RadioGroup>
            </Field>
            <p className={base.dim}>Indicators that others gave you under a stricter level are left out, and the bundle says how many. The export is recorded.</p>
            {take.error ? <ProblemNote error={take.error} /> : null}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={take.isPending} onClick={go}>{take.isPending ? "Making it" : "Export"}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
