import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import type { Schemas } from "../../api/client";
import { Briefcase20Regular } from "../../components/icons";
import { useMay } from "../../session/queries";
import { number } from "../../time/zone";
import { useAddToIncident } from "./AddProvider";

/** Puts one message into an incident: this recipient's event, or everybody's. */
export function AddButton({ email, appearance = "secondary" }: { email: Schemas["Email"]; appearance?: "subtle" | "secondary" }) {
  const may = useMay("incident.work");
  const add = useAddToIncident();
  const { event: e, recipients } = email;
  if (!may) return null;
  const name = e.Subject.slice(0, 200);
  const one = () => add({ events: [{ network_message_id: e.NetworkMessageId, recipient: e.RecipientEmailAddress }], count: 1, name });
  const all = () => add({ events: recipients.map((r) => ({ network_message_id: e.NetworkMessageId, recipient: r.RecipientEmailAddress })), count: recipients.length, name });
  if (recipients.length < 2) return <Button appearance={appearance} icon={<Briefcase20Regular />} onClick={one}>Add to incident</Button>;
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement><Button appearance={appearance} icon={<Briefcase20Regular />}>Add to incident</Button></MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={all} secondaryContent={number(recipients.length)}>For all recipients…</MenuItem>
          <MenuItem onClick={one}>Only for this recipient…</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
