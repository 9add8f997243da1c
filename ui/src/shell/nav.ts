import { Code20Regular, Gavel20Regular, Search20Regular, Settings20Regular, ShieldTask20Regular } from "../components/icons";

/** The pages of the navigation, in order. A page is listed once it is built; its key goes there after "g". */
export const pages = [
  { to: "/explorer", label: "Explorer", key: "e", icon: Search20Regular, narrow: true },
  { to: "/hunting", label: "Hunting", key: "h", icon: Code20Regular, narrow: true },
  { to: "/rules", label: "Rules", key: "r", icon: Gavel20Regular, narrow: true },
  { to: "/policy", label: "Policy", key: "p", icon: ShieldTask20Regular, narrow: false },
  { to: "/settings", label: "Settings", key: "c", icon: Settings20Regular, narrow: false, below: true },
] as const;
