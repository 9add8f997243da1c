import {
  Alert20Regular,
  Board20Regular,
  Briefcase20Regular,
  ClipboardTask20Regular,
  ClipboardTextLtr20Regular,
  Code20Regular,
  DataBarVertical20Regular,
  Flag20Regular,
  Gavel20Regular,
  MailProhibited20Regular,
  Megaphone20Regular,
  Search20Regular,
  Settings20Regular,
  ShieldGlobe20Regular,
  ShieldTask20Regular,
} from "../components/icons";
import { useOperator } from "../session/queries";

/** The pages of the navigation, in order. A page is listed once it is built; its key goes there after "g". */
const pages = [
  { to: "/dashboard", label: "Dashboard", key: "d", icon: Board20Regular, narrow: false, need: "explorer.read" },
  { to: "/explorer", label: "Explorer", key: "e", icon: Search20Regular, narrow: true },
  { to: "/campaigns", label: "Campaigns", key: "m", icon: Megaphone20Regular, narrow: true, need: "explorer.read" },
  { to: "/hunting", label: "Hunting", key: "h", icon: Code20Regular, narrow: true },
  { to: "/alerts", label: "Alerts", key: "n", icon: Alert20Regular, narrow: true, need: "alert.read" },
  { to: "/incidents", label: "Incidents", key: "i", icon: Briefcase20Regular, narrow: false, need: "incident.read" },
  { to: "/actions", label: "Actions", key: "a", icon: ClipboardTask20Regular, narrow: false, need: "action.read" },
  { to: "/quarantine", label: "Quarantine", key: "q", icon: MailProhibited20Regular, narrow: true, need: "quarantine.read" },
  { to: "/submissions", label: "Submissions", key: "b", icon: Flag20Regular, narrow: true, need: "submission.read" },
  { to: "/intelligence", label: "Threat intelligence", key: "t", icon: ShieldGlobe20Regular, narrow: true, need: "intelligence.read" },
  { to: "/reports", label: "Reports", key: "o", icon: DataBarVertical20Regular, narrow: true },
  { to: "/rules", label: "Rules", key: "r", icon: Gavel20Regular, narrow: true },
  { to: "/policy", label: "Policy", key: "p", icon: ShieldTask20Regular, narrow: false },
  { to: "/audit", label: "Audit", key: "l", icon: ClipboardTextLtr20Regular, narrow: true, below: true, need: "audit.read" },
  { to: "/settings", label: "Settings", key: "c", icon: Settings20Regular, narrow: false, below: true },
] as const satisfies readonly { to: string; label: string; key: string; icon: unknown; narrow: boolean; /** Stands at the foot of the navigation. */ below?: boolean; /** Shown only with this permission. */ need?: string }[];

/** Those of them that the operator may open. */
export function usePages() {
  const { permissions } = useOperator();
  return pages.filter((p) => !("need" in p) || permissions.includes(p.need));
}
