package app

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/internal/ingest/milter"
	"tocsin/internal/ingest/treatment"
)

// Milter judges mail at delivery, at the question of Postfix or Sendmail.
type Milter struct {
	Listen     string   `koanf:"listen"` // host:port or unix:/path; empty: off
	Allow      []string `koanf:"allow"`  // networks that may connect
	AtDelivery `koanf:",squash"`
}

func defaultMilter() Milter {
	return Milter{Allow: []string{"127.0.0.0/8", "::1/128"}, AtDelivery: defaultAtDelivery()}
}

func (m Milter) validate() error {
	if m.Listen != "" {
		if err := checkListenOrSocket(m.Listen); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	if _, err := networks(m.Allow); err != nil {
		return fmt.Errorf("allow: %w", err)
	}
	return m.AtDelivery.validate()
}

// listenMilter opens the milter's port or socket; nil when it is off.
func (a *App) listenMilter(ctx context.Context) (*mailListener, error) {
	c := a.cfg.Milter
	if c.Listen == "" {
		return nil, nil
	}
	allowed, err := networks(c.Allow)
	if err != nil {
		return nil, err
	}
	l, err := listenOn(ctx, "milter.listen", c.Listen)
	if err != nil {
		return nil, err
	}
	name, value := c.junk()
	server := milter.New(milter.Config{
		Allowed: allowed, Deadline: c.Deadline, Late: treatment.Answer(c.Late), Broken: treatment.Answer(c.Broken), JunkName: name, JunkValue: value,
		MaxSize: a.cfg.Intake.MaxMessage, MaxConnections: c.Connections, Logger: a.log,
		Observe: func(outcome string, waited time.Duration) {
			a.waited.WithLabelValues(outcome).Observe(waited.Seconds())
		},
	}, a.intake, a.pipeline)
	return &mailListener{name: "milter", listener: l, server: server}, nil
}

// waitedFor is how long mail systems waited for their answer.
func waitedFor() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tocsin_milter_seconds", Help: "Time from the end of a message to the milter's answer, by what it was: deliver, junk, quarantine, replace, reject, drop, late, broken.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 8, 10, 20},
	}, []string{"outcome"})
}

// checkMilter looks whether the milter could listen, and says what its settings mean where that is easily missed.
func checkMilter(ctx context.Context, c Config, running bool) []Finding {
	if c.Milter.Listen == "" {
		return nil
	}
	return append([]Finding{checkPort(ctx, "milter.listen", c.Milter.Listen, running)}, checkAtDelivery(c, "milter", c.Milter.AtDelivery)...)
}
