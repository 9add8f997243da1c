import { Link } from "@tanstack/react-router";
import { Megaphone16Regular } from "../../components/icons";
import { Untrusted } from "../../components/Untrusted";
import { useFilter } from "../../filter/useFilter";
import { useMay } from "../../session/queries";
import { revealed } from "../../text/reveal";
import styles from "./Campaigns.module.css";
import { useCampaignsOf } from "./queries";

/** The campaigns that a message is part of; nothing where there is none. */
export function InCampaigns({ id }: { id: string }) {
  const may = useMay("explorer.read");
  const all = useCampaignsOf(id).data?.campaigns ?? [];
  const filter = useFilter();
  if (!may || all.length === 0) return null;
  return (
    <p className={styles.partof}>
      <Megaphone16Regular aria-hidden /> Part of {all.length === 1 ? "campaign" : "campaigns"}{" "}
      {all.map((c, i) => <span key={c.id}>{i > 0 && ", "}<Link to="/campaigns/$id" params={{ id: c.id }}><Untrusted text={c.name} /></Link> <button type="button" className="textbutton" aria-label={`its mail in Explorer: ${revealed(c.name)}`} onClick={() => void filter.alone("CampaignId", c.id)}>its mail</button></span>)}
    </p>
  );
}
