import { Link } from "@tanstack/react-router";
import { Briefcase16Regular } from "../../components/icons";
import { useMay } from "../../session/queries";
import { StatusWord } from "./Bits";
import styles from "./Incidents.module.css";
import { useIncidentsOf } from "./queries";

/** The incidents that hold a message; nothing where there is none. */
export function InIncidents({ id }: { id: string }) {
  const may = useMay("incident.read");
  const all = useIncidentsOf(id, may).data?.incidents ?? [];
  if (all.length === 0) return null;
  return (
    <div className={styles.holders} role="group" aria-label="Incidents with this message">
      <Briefcase16Regular aria-hidden />
      <ul>{all.map((i) => <li key={i.id}><Link to="/incidents/$id" params={{ id: String(i.number) }}><span className="num">{i.label}</span> <bdi>{i.name}</bdi></Link> <StatusWord value={i.status} /></li>)}</ul>
    </div>
  );
}
