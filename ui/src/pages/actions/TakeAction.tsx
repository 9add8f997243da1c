import { Menu, MenuButton, MenuDivider, MenuGroup, MenuGroupHeader, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { useState } from "react";
import type { Scope } from "../../address/actions";
import type { EntryKind } from "../../address/policy";
import { ChevronDown16Regular, Flag16Regular, Prohibited20Regular, Send16Regular, ShieldTask20Regular } from "../../components/icons";
import { useMay } from "../../session/queries";
import { number } from "../../time/zone";
import { useEntryDialog } from "../policy/EntryDialogProvider";
import { MessageDialog } from "./MessageDialog";
import { ReportDialog, type Label } from "./ReportDialog";
import { useWizard } from "./useWizard";
import { kinds } from "./words";

/** A message as far as what can be done needs it. */
export interface Chosen { NetworkMessageId: string; SenderFromAddress: string; SenderFromDomain: string; SenderIPv4: string; SenderIPv6: string }

const labels: readonly [Label, string][] = [["phish", "Phish that was missed"], ["spam", "Spam that was missed"], ["good", "Harmless: a false positive"], ["none", "Take back what was said"]];
const most = 50; // values of one entry dialog

/** Everything that can be done with mail: in mailboxes, against its senders, and for the detectors. rows are undefined for "all that match". */
export function TakeAction({ scope, rows, size }: { scope: () => Scope; rows: readonly Chosen[] | undefined; size?: "small" | "medium" }) {
  const wizard = useWizard();
  const entry = useEntryDialog();
  const remove = useMay("email.remove"), block = useMay("policy.block"), label = useMay("email.label");
  const [write, setWrite] = useState<Scope>();
  const [report, setReport] = useState<Label>();
  const distinct = (of: (r: Chosen) => string) => [...new Set((rows ?? []).map(of))].filter((v) => v !== "");
  const blocks: [EntryKind, string, string[]][] = [
    ["sender", "sender", distinct((r) => r.SenderFromAddress)], ["domain", "domain", distinct((r) => r.SenderFromDomain)], ["ip", "IP address", distinct((r) => r.SenderIPv4 || r.SenderIPv6)],
  ];
  const messages = distinct((r) => r.NetworkMessageId);
  const blocking = rows !== undefined && block && blocks.some(([, , v]) => v.length > 0), labelling = rows !== undefined && label && messages.length > 0;
  if (!remove && !blocking && !labelling) return null;
  return (
    <>
      <Menu hasIcons>
        <MenuTrigger disableButtonEnhancement><MenuButton size={size ?? "medium"} appearance="primary" icon={<ShieldTask20Regular />} menuIcon={<ChevronDown16Regular />}>Take action</MenuButton></MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuGroup>
              {!remove && <MenuGroupHeader>To touch mailboxes you need the role Search and Purge</MenuGroupHeader>}
              {remove && kinds.map(({ kind, icon: Icon }) => <MenuItem key={kind} icon={<Icon />} onClick={() => wizard.open(scope(), kind)}>{kind}…</MenuItem>)}
            </MenuGroup>
            {remove && <MenuDivider />}
            {remove && <MenuItem icon={<Send16Regular />} onClick={() => setWrite(scope())}>Send a message to recipients…</MenuItem>}
            {blocking && (
              <Menu hasIcons>
                <MenuTrigger disableButtonEnhancement><MenuItem icon={<Prohibited20Regular />}>Block</MenuItem></MenuTrigger>
                <MenuPopover>
                  <MenuList>
                    {blocks.map(([kind, word, values]) => values.length > 0 && (
                      <MenuItem key={kind} icon={<Prohibited20Regular />} disabled={values.length > most} secondaryContent={values.length > 1 ? number(values.length) : undefined} onClick={() => entry({ action: "Block", kind, values })}>Block {word}{values.length > 1 && (kind === "ip" ? "es" : "s")}…</MenuItem>
                    ))}
                  </MenuList>
                </MenuPopover>
              </Menu>
            )}
            {labelling && (
              <Menu hasIcons>
                <MenuTrigger disableButtonEnhancement><MenuItem icon={<Flag16Regular />}>Report as</MenuItem></MenuTrigger>
                <MenuPopover><MenuList>{labels.map(([l, words]) => <MenuItem key={l} icon={<Flag16Regular />} onClick={() => setReport(l)}>{words}…</MenuItem>)}</MenuList></MenuPopover>
              </Menu>
            )}
          </MenuList>
        </MenuPopover>
      </Menu>
      {write && <MessageDialog scope={write} onClose={() => setWrite(undefined)} />}
      {report && <ReportDialog label={report} messages={messages} onClose={() => setReport(undefined)} />}
    </>
  );
}
