import { Link } from "@tanstack/react-router";
import { Flag16Regular } from "../../components/icons";
import { Badge } from "../../components/Verdict";
import { useMay } from "../../session/queries";
import { number } from "../../time/zone";
import { useReported } from "./queries";

/** That somebody reported a message, and what came of it; nothing when nobody did. */
export function ReportedBadge({ message }: { message: string }) {
  const may = useMay("submission.read");
  const found = useReported(message, may).data?.submissions ?? [];
  const s = found[0];
  if (!s) return null;
  return (
    <Link to="/submissions" search={{ stage: "all", last: "all", open: s.id } as never}>
      <Badge icon={<Flag16Regular aria-hidden />}>Reported by {number(s.reporters)}{s.state === "Closed" ? `: ${s.result}` : ""}</Badge>
    </Link>
  );
}
