package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/eventstore"
)

// regroupAtOnce is how many messages one statement names.
const regroupAtOnce = 1000

// Regroup implements eventstore.Store.
func (s *Store) Regroup(ctx context.Context, all []eventstore.Regroup) error {
	for _, r := range all {
		if r.Campaign == "" || r.Messages == nil && r.Original == "" {
			return errors.New("regroup: needs a campaign, and messages or the campaign they were in")
		}
	}
	if len(all) == 0 {
		return ctx.Err()
	}
	return s.write(ctx, func(c *duckdb.Conn) error {
		for _, r := range all {
			if r.Messages == nil {
				if err := regroup(ctx, c, &r, nil); err != nil {
					return err
				}
				continue
			}
			for some := range slices.Chunk(r.Messages, regroupAtOnce) {
				if err := regroup(ctx, c, &r, some); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func regroup(ctx context.Context, c *duckdb.Conn, r *eventstore.Regroup, messages []string) error {
	var args []driver.NamedValue
	arg := func(v string) string {
		args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: eventstore.CleanString(v)})
		return "?"
	}
	set := `UPDATE "CampaignInfo" SET "CampaignId" = ` + arg(r.Campaign)
	if r.Name != "" {
		set += `, "CampaignName" = ` + arg(r.Name)
	}
	if r.From != "" {
		set += `, "OriginalCampaignId" = ` + arg(r.From)
	}
	where := ` WHERE true`
	if r.Original != "" {
		where += ` AND "OriginalCampaignId" = ` + arg(r.Original)
	}
	if messages != nil {
		marks := make([]string, len(messages))
		for i, id := range messages {
			marks[i] = arg(id)
		}
		where += ` AND "NetworkMessageId" IN (` + strings.Join(marks, ", ") + `)`
	}
	if _, err := c.ExecContext(ctx, set+where, args); err != nil {
		return fmt.Errorf("regroup: %w", err)
	}
	return nil
}
