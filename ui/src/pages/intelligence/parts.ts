import { useOperator } from "../../session/queries";

/** The parts of Threat intelligence, in order. Each page adds its own line; it is shown to whoever may open it. */
const parts = [
  { to: "/intelligence/threats", label: "Threats", need: "intelligence.read" },
  { to: "/intelligence/trackers", label: "Trackers", need: "hunt.run" },
  { to: "/intelligence/indicators", label: "Indicators", need: "intelligence.read" },
  { to: "/intelligence/retro-hunts", label: "Retro-hunts", need: "intelligence.read" },
] as const satisfies readonly { to: string; label: string; need: string }[];

export type Part = (typeof parts)[number]["to"];

export function useParts() {
  const { permissions } = useOperator();
  return parts.filter((p) => permissions.includes(p.need));
}
