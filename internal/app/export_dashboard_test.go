package app

import "context"

// DashboardRound sends the letters of the dashboard that are due.
func (a *App) DashboardRound(ctx context.Context) error { return a.dashboardPost.sendDue(ctx) }
