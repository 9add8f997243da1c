package app

import (
	"context"

	"tocsin/internal/campaign"
	"tocsin/internal/eventstore"
	"tocsin/internal/ingest"
)

// openCampaigns opens the desk where people decide about campaigns. What they decided stands also while new mail is compared with none (c is nil).
func (a *App) openCampaigns(ctx context.Context, c *ingest.Campaigns) (err error) {
	follow := func(*campaign.Book, map[string]int64, int64, int64) {}
	if c != nil {
		follow = c.Follow
	}
	a.campaigns, err = campaign.OpenDesk(ctx, a.cases, func(ctx context.Context, rows []campaign.Row) error {
		all := make([]eventstore.Regroup, len(rows))
		for i, r := range rows {
			all[i] = eventstore.Regroup(r)
		}
		return a.events.Regroup(ctx, all)
	}, follow)
	return err
}
