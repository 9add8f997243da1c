package app

import "context"

// ReportRound sends the reports that are due.
func (a *App) ReportRound(ctx context.Context) error { return a.reportPost.sendDue(ctx) }
