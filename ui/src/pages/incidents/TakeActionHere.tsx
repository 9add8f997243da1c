import { Menu, MenuButton, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import type { ReactNode } from "react";
import type { Pick } from "../../address/actions";
import { ChevronDown16Regular, ShieldTask20Regular } from "../../components/icons";
import { useMay } from "../../session/queries";
import { useWizard } from "../actions/useWizard";
import { kinds } from "../actions/words";
import type { Incident } from "./words";

/** What can be done in mailboxes with all mail of an incident, or with some of it; otherwise stands where one may not. */
export function TakeActionHere({ of: i, picks, otherwise }: { of: Incident; picks?: readonly Pick[]; otherwise?: ReactNode }) {
  const wizard = useWizard();
  const may = useMay("email.remove");
  if (!may || !i.may_work) return otherwise ?? null;
  return (
    <Menu hasIcons>
      <MenuTrigger disableButtonEnhancement><MenuButton size="small" icon={<ShieldTask20Regular />} menuIcon={<ChevronDown16Regular />}>{picks ? "Take action" : "Take action on all"}</MenuButton></MenuTrigger>
      <MenuPopover>
        <MenuList>
          {kinds.map(({ kind, icon: Icon }) => <MenuItem key={kind} icon={<Icon />} onClick={() => wizard.open(picks ? { what: "picked", picks, incident: i.id } : { what: "incident", id: i.id }, kind)}>{kind}…</MenuItem>)}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
