import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { parseSearch, stringifySearch, type Search } from "./address/search";
import { Broken, Gate, NotFound } from "./shell/Gate";

const root = createRootRoute({
  component: Outlet,
  // Each page reads what it knows from the address and ignores the rest; see src/address.
  validateSearch: (s): Search => s as Search,
  notFoundComponent: NotFound,
  errorComponent: Broken,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("./pages/setup/SetupPage"), "SetupPage"),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(() => import("./pages/setup/InvitationPage"), "InvitationPage"),
});

const release = createRoute({
  getParentRoute: () => root,
  path: "/release",
  component: lazyRouteComponent(() => import("./pages/release/ReleasePage"), "ReleasePage"),
});

const provider = createRoute({
  getParentRoute: () => root,
  path: "/signin/provider",
  component: lazyRouteComponent(() => import("./pages/signin/ProviderPage"), "ProviderPage"),
});

/** Everything behind the sign-in, inside the shell. */
const inside = createRoute({ getParentRoute: () => root, id: "inside", component: Gate });

const index = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/dashboard", replace: true });
  },
});

const dashboard = createRoute({
  getParentRoute: () => inside,
  path: "/dashboard",
  component: lazyRouteComponent(() => import("./pages/dashboard/DashboardPage"), "DashboardPage"),
});

const explorer = createRoute({
  getParentRoute: () => inside,
  path: "/explorer",
  component: lazyRouteComponent(() => import("./pages/explorer/ExplorerPage"), "ExplorerPage"),
});

const hunting = createRoute({
  getParentRoute: () => inside,
  path: "/hunting",
  component: lazyRouteComponent(() => import("./pages/hunting/HuntingPage"), "HuntingPage"),
});

const campaigns = createRoute({
  getParentRoute: () => inside,
  path: "/campaigns",
  component: lazyRouteComponent(() => import("./pages/campaigns/CampaignsPage"), "CampaignsPage"),
});

const campaign = createRoute({
  getParentRoute: () => inside,
  path: "/campaigns/$id",
  component: lazyRouteComponent(() => import("./pages/campaigns/CampaignPage"), "CampaignPage"),
});

const submissions = createRoute({
  getParentRoute: () => inside,
  path: "/submissions",
  component: lazyRouteComponent(() => import("./pages/submissions/SubmissionsPage"), "SubmissionsPage"),
});

const rules = createRoute({
  getParentRoute: () => inside,
  path: "/rules",
  component: lazyRouteComponent(() => import("./pages/rules/RulesPage"), "RulesPage"),
});

const rule = createRoute({
  getParentRoute: () => inside,
  path: "/rules/$id",
  component: lazyRouteComponent(() => import("./pages/rules/RuleEditorPage"), "RuleEditorPage"),
});

const email = createRoute({
  getParentRoute: () => inside,
  path: "/email/$id",
  component: lazyRouteComponent(() => import("./pages/email/EmailPage"), "EmailPage"),
});

const mailbox = createRoute({
  getParentRoute: () => inside,
  path: "/mailbox/$address",
  component: lazyRouteComponent(() => import("./pages/mailbox/MailboxPage"), "MailboxPage"),
});

const policy = createRoute({
  getParentRoute: () => inside,
  path: "/policy",
  component: lazyRouteComponent(() => import("./pages/policy/PolicyPage"), "PolicyPage"),
});

const quarantine = createRoute({
  getParentRoute: () => inside,
  path: "/quarantine",
  component: lazyRouteComponent(() => import("./pages/quarantine/QuarantinePage"), "QuarantinePage"),
});

const audit = createRoute({
  getParentRoute: () => inside,
  path: "/audit",
  component: lazyRouteComponent(() => import("./pages/audit/AuditPage"), "AuditPage"),
});

const incidents = createRoute({
  getParentRoute: () => inside,
  path: "/incidents",
  component: lazyRouteComponent(() => import("./pages/incidents/IncidentsPage"), "IncidentsPage"),
});

const incident = createRoute({
  getParentRoute: () => inside,
  path: "/incidents/$id",
  component: lazyRouteComponent(() => import("./pages/incidents/IncidentPage"), "IncidentPage"),
});

const reports = createRoute({
  getParentRoute: () => inside,
  path: "/reports",
  beforeLoad: ({ search }) => {
    throw redirect({ to: "/reports/$report", params: { report: "threat-protection" }, search, replace: true });
  },
});

const report = createRoute({
  getParentRoute: () => inside,
  path: "/reports/$report",
  component: lazyRouteComponent(() => import("./pages/reports/ReportsPage"), "ReportsPage"),
});

const actions = createRoute({
  getParentRoute: () => inside,
  path: "/actions",
  component: lazyRouteComponent(() => import("./pages/actions/ActionsPage"), "ActionsPage"),
});

const action = createRoute({
  getParentRoute: () => inside,
  path: "/actions/$id",
  component: lazyRouteComponent(() => import("./pages/actions/ActionPage"), "ActionPage"),
});

const approvals = createRoute({
  getParentRoute: () => inside,
  path: "/approvals",
  component: lazyRouteComponent(() => import("./pages/actions/ApprovalsPage"), "ApprovalsPage"),
});

const feeds = createRoute({
  getParentRoute: () => inside,
  path: "/intelligence/feeds",
  component: lazyRouteComponent(() => import("./pages/intelligence/feeds/FeedsPage"), "FeedsPage"),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings/SettingsPage"), "SettingsPage"),
});

const alerts = createRoute({
  getParentRoute: () => inside,
  path: "/alerts",
  component: lazyRouteComponent(() => import("./pages/alerts/AlertsPage"), "AlertsPage"),
});

const trackers = createRoute({
  getParentRoute: () => inside,
  path: "/intelligence/trackers",
  component: lazyRouteComponent(() => import("./pages/intelligence/trackers/TrackersPage"), "TrackersPage"),
});

const intelligence = createRoute({
  getParentRoute: () => inside,
  path: "/intelligence",
  beforeLoad: ({ search }) => {
    throw redirect({ to: "/intelligence/threats", search: search as never, replace: true });
  },
});

const indicators = createRoute({
  getParentRoute: () => inside,
  path: "/intelligence/indicators",
  component: lazyRouteComponent(() => import("./pages/intelligence/indicators/IndicatorsPage"), "IndicatorsPage"),
});

const retroHunts = createRoute({
  getParentRoute: () => inside,
  path: "/intelligence/retro-hunts",
  component: lazyRouteComponent(() => import("./pages/intelligence/hunts/HuntsPage"), "HuntsPage"),
});

const threats = createRoute({
  getParentRoute: () => inside,
  path: "/intelligence/threats",
  component: lazyRouteComponent(() => import("./pages/intelligence/threats/ThreatsPage"), "ThreatsPage"),
});

const threat = createRoute({
  getParentRoute: () => inside,
  path: "/intelligence/threats/$id",
  component: lazyRouteComponent(() => import("./pages/intelligence/threats/ThreatPage"), "ThreatPage"),
});

const account = createRoute({
  getParentRoute: () => inside,
  path: "/account",
  component: lazyRouteComponent(() => import("./pages/account/AccountPage"), "AccountPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([setup, invitation, release, provider, inside.addChildren([index, dashboard, explorer, hunting, alerts, incidents, incident, campaigns, campaign, submissions, reports, report, rules, rule, actions, action, approvals, policy, quarantine, audit, settings, intelligence, threats, threat, indicators, retroHunts, feeds, trackers, email, mailbox, account])]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  defaultStructuralSharing: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
