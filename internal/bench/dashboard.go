package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"tocsin/internal/dashboard"
)

// Dashboard makes a store of invented mail, asks for the dashboard as its page does, all widgets together, and for each of them alone, and
// writes a table of how long the answers took to w. The installation has 20 rules of its own, so that insights look into signals too.
func Dashboard(ctx context.Context, w io.Writer, o Options) ([]Result, error) {
	store, o, done, err := scratch(ctx, w, o)
	if err != nil {
		return nil, err
	}
	defer done()
	posture := dashboard.Posture{Domains: []string{"corp0.example", "corp1.example", "corp2.example"}}
	for i := range 20 {
		posture.Rules = append(posture.Rules, dashboard.RuleState{ID: fmt.Sprintf("own-rule-%d", i), Weight: 20})
	}
	d := dashboard.New(dashboard.Options{
		Store: store, Now: func() time.Time { return end }, Posture: func(context.Context) (dashboard.Posture, error) { return posture, nil },
		Known: func(context.Context) (dashboard.Known, error) {
			return dashboard.Known{Oldest: end.Add(-60 * 24 * time.Hour), Newest: end, GeoIP: true, Files: true}, nil
		},
	})
	ask := func(days int, widgets ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			b, err := d.Board(ctx, dashboard.Ask{Widgets: widgets, From: end.Add(-time.Duration(days) * 24 * time.Hour), To: end, May: dashboard.Sight{Rules: true, Content: true}})
			if err == nil && len(b.Failed) > 0 {
				err = fmt.Errorf("%s: %s", b.Failed[0].Widget, b.Failed[0].Text)
			}
			return err
		}
	}
	figures := slices.DeleteFunc(dashboard.Widgets(), func(w string) bool { return w == dashboard.InsightsWidget })
	questions := []question{{"all widgets, 7 days", ask(7)}, {"all widgets, 30 days", ask(30)}, {"all but insights, 7 days", ask(7, figures...)}, {"all but insights, 30 days", ask(30, figures...)}}
	for _, key := range dashboard.Widgets() {
		questions = append(questions, question{key + ", 30 days", ask(30, key)})
	}
	results, err := times(ctx, questions, o.Runs)
	if err != nil {
		return nil, err
	}
	return results, tell(w, results, o.Runs)
}
