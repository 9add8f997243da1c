import { EmptyState } from "../../../components/EmptyState";
import { useMay } from "../../../session/queries";
import { Frame } from "../Frame";

/** What is known of threats: families, campaigns, actors and techniques, those that were seen here first. */
export function ThreatsPage() {
  const may = useMay("intelligence.read");
  if (!may) return <EmptyState alone title="Threats need the permission intelligence.read" why="Your roles do not give it. An administrator can give you a role that has it, such as Security Reader." />;
  return <Frame part="/intelligence/threats"><EmptyState small title="Nothing is written of any threat" why="Articles come with Tocsin and from feeds." /></Frame>;
}
