package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/internal/ingest"
	"tocsin/internal/ingest/lmtp"
	"tocsin/internal/ingest/smtp"
	"tocsin/internal/ingest/treatment"
)

// LMTP takes mail in over LMTP: copies of it, or, with Next, all of it on its way to the mailbox server.
type LMTP struct {
	Listener   `koanf:",squash"`
	Next       string `koanf:"next"` // host:port or unix:/path of the mailbox server; empty: copies come in, and nothing is handed on
	AtDelivery `koanf:",squash"`
}

// proxied is the source of mail that goes through the proxy.
const proxied = "lmtp"

func (l LMTP) validate() error {
	if err := l.AtDelivery.validate(); err != nil {
		return err
	}
	if l.Next == "" {
		return nil
	}
	if err := checkListenOrSocket(l.Next); err != nil {
		return fmt.Errorf("next: %w", err)
	}
	switch {
	case l.Next == l.Listen:
		return errors.New("next: that is lmtp.listen; name the mailbox server's address")
	case l.Reports || len(l.Journals) > 0:
		return errors.New("next: mail that is handed on comes from the mail system itself, so reports and journals have no meaning; leave them out, or take the copies in over smtp")
	}
	return nil
}

// treatments are asked about mail that Tocsin hands on itself.
func (a *App) treatments() map[string]ingest.Treatment {
	if a.cfg.LMTP.Next == "" {
		return nil
	}
	a.deliveries = ingest.NewDeliveries(a.cases)
	return map[string]ingest.Treatment{proxied: lmtp.Treatment(a.deliveries)}
}

// proxyServer is a listener's server with the proxy behind it.
type proxyServer struct {
	*smtp.Server
	proxy *lmtp.Proxy
}

// Shutdown ends the connections first, then the judgements.
func (s proxyServer) Shutdown(ctx context.Context) error {
	err := s.Server.Shutdown(ctx)
	s.proxy.Close(ctx)
	return err
}

// newProxy makes the way onward of mail that comes in over LMTP; nil when copies do.
func (a *App) newProxy() *lmtp.Proxy {
	c := a.cfg.LMTP
	if c.Next == "" {
		return nil
	}
	name, value := c.junk()
	return lmtp.New(lmtp.Config{
		Next: c.Next, Deadline: c.Deadline, Late: treatment.Answer(c.Late), Broken: treatment.Answer(c.Broken), JunkName: name, JunkValue: value, Logger: a.log,
		Observe: func(outcome string, waited time.Duration) {
			a.handing.WithLabelValues(outcome).Observe(waited.Seconds())
		},
	}, a.intake, a.pipeline, a.deliveries)
}

// heldUp is how long mail was held up by the proxy before it was handed on.
func heldUp() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tocsin_lmtp_seconds", Help: "Time from the end of a message to its handing on by the LMTP proxy, by what was done: deliver, junk, quarantine, replace, reject, drop, unjudged, late, broken.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 8, 10, 20},
	}, []string{"outcome"})
}

// checkLMTP looks whether the mailbox server behind the proxy is there.
func checkLMTP(ctx context.Context, c Config) []Finding {
	if c.LMTP.Listen == "" || c.LMTP.Next == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	f := Finding{"lmtp.next " + c.LMTP.Next, Good, "the mailbox server answers", ""}
	if err := lmtp.Greet(ctx, c.LMTP.Next); err != nil {
		f = Finding{f.About, Bad, err.Error(), "start the mailbox server's LMTP there; until then the mail system keeps the mail"}
	}
	return append([]Finding{f}, checkAtDelivery(c, "lmtp", c.LMTP.AtDelivery)...)
}
