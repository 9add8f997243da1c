import type { Schemas } from "../../api/client";

export type Board = Schemas["DashboardBoard"];
export type Figure = Schemas["DashboardFigure"];
export type ExplorerState = Schemas["DashboardExplorerState"];
export type Trend = Schemas["DashboardTrend"];
export type Card = Schemas["DashboardCard"];
export type Ranked = Schemas["DashboardRanked"];
export type Need = Schemas["DashboardNeed"];
export type Finding = Schemas["DashboardFinding"];
export type Deed = Schemas["DashboardDeed"];
