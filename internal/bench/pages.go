package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
	"tocsin/internal/reports"
	"tocsin/internal/tracker"
)

// asked answers the questions that trends ask.
type asked struct{ *duckdb.Store }

// Ask runs a query.
func (a asked) Ask(ctx context.Context, query string, each func(row []any)) error {
	q, err := kql.Parse(query)
	if err != nil {
		return err
	}
	s, err := kql.Compile(q, kql.Options{Now: end}, a.Dialect())
	if err != nil {
		return err
	}
	return a.Query(ctx, s, func(row []any) error {
		each(row)
		return nil
	})
}

// Pages makes a store of invented mail, asks what the pages of campaigns, trends and reports ask, and writes a table of how long the answers took
// to w. The campaign whose page is opened is the largest.
func Pages(ctx context.Context, w io.Writer, o Options) ([]Result, error) {
	store, o, done, err := scratch(ctx, w, o)
	if err != nil {
		return nil, err
	}
	defer done()
	x := hunt.New(store, func() time.Time { return end })
	ago := func(days int) time.Time { return end.Add(-time.Duration(days) * 24 * time.Hour) }
	list := func(days int) (*hunt.CampaignList, error) {
		return x.Campaigns(ctx, hunt.CampaignsAsk{From: ago(days), To: end, Sort: "messages", Limit: 50})
	}
	largest, err := list(days)
	if err != nil {
		return nil, err
	}
	if len(largest.Rows) == 0 {
		return nil, errors.New("bench: the store holds no campaigns: name another folder")
	}
	head := largest.Rows[0]
	fmt.Fprintf(w, "%s campaigns; the largest has %s messages\n", thousands(largest.Total), thousands(head.Messages))
	questions := []question{
		{"campaigns, 7 days", func(context.Context) error { _, err := list(7); return err }},
		{"campaigns, 30 days", func(context.Context) error { _, err := list(30); return err }},
		{"a campaign: figures", func(ctx context.Context) error {
			_, err := x.CampaignFigures(ctx, head.ID, hunt.Node{})
			return err
		}},
		{"a campaign: flow", func(ctx context.Context) error { _, err := x.CampaignFlow(ctx, head.ID); return err }},
		{"a campaign: who got it", func(ctx context.Context) error {
			_, _, err := x.CampaignReaders(ctx, head.ID, hunt.Node{})
			return err
		}},
		{"a campaign: its likes", func(ctx context.Context) error {
			_, err := x.CampaignRelated(ctx, head.ID, func(string, string) bool { return false })
			return err
		}},
	}
	for _, l := range hunt.CampaignLists() {
		questions = append(questions, question{"a campaign: " + l, func(ctx context.Context) error {
			_, _, err := x.CampaignList(ctx, head.ID, hunt.Node{}, l, 10)
			return err
		}})
	}
	for _, p := range tracker.Periods() {
		questions = append(questions, question{"trends, by " + p.Name, func(ctx context.Context) error {
			_, err := tracker.Trending(ctx, asked{store}, p, end)
			return err
		}})
	}
	questions = append(questions, noteworthy(w, store)...)
	now := func() time.Time { return end }
	board := dashboard.New(dashboard.Options{
		Store: store, Now: now, Posture: func(context.Context) (dashboard.Posture, error) { return dashboard.Posture{}, nil },
		Known: func(context.Context) (dashboard.Known, error) {
			return dashboard.Known{Oldest: ago(days), Newest: end, GeoIP: true, Files: true}, nil
		},
	})
	all := reports.New(reports.Options{Board: board, Store: store, Now: now, Domains: []string{"corp0.example", "corp1.example", "corp2.example"}})
	for _, k := range reports.Kinds() {
		questions = append(questions, question{"report " + k.Name + ", 30 days", func(ctx context.Context) error {
			_, err := all.Make(ctx, reports.Ask{Name: k.Name, From: ago(30), To: end})
			return err
		}})
	}
	results, err := times(ctx, questions, o.Runs)
	if err != nil {
		return nil, err
	}
	return results, tell(w, results, o.Runs)
}
