package app

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"tocsin/internal/demo"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/ingest"
	"tocsin/internal/remediate"
)

// FillMailboxes gives the invented mail system what it is filled from: the events and the bytes that came in.
func (a *App) FillMailboxes(m *demo.Mailboxes) {
	m.Raw = cameIn{a.blobs}.Get
	m.Event = func(ctx context.Context, message, address string) (demo.Lies, bool, error) {
		e, err := a.explorer.Event(ctx, message, address)
		if errors.Is(err, hunt.ErrNotFound) {
			return demo.Lies{}, false, nil
		} else if err != nil {
			return demo.Lies{}, false, err
		}
		return demo.Lies{Place: remediate.Place(e.LatestDeliveryLocation), SHA256: e.RawSHA256, Time: e.Timestamp}, true, nil
	}
}

// InventedPlaces says where the addresses of invented mail are: the country, and nothing more.
type InventedPlaces struct{ demo.Countries }

var _ Places = InventedPlaces{}

// Place is the country alone.
func (p InventedPlaces) Place(addr netip.Addr) (ingest.Place, bool) {
	code := p.Country(addr)
	return ingest.Place{Country: code}, code != ""
}

// What the invented people did with some of their mail: followed its links, and reported it as what they took it for.
var reactions = []struct {
	query   string
	clicks  bool
	reports int    // of the newest, so many
	as      string // as demo.Report takes it
}{
	{`EmailEvents | where SenderFromAddress == "r.tew@tidewayropes.example"`, true, 3, ""},
	{`EmailEvents | where SenderFromAddress == "payroll@kestrelquay-hr.example" and DeliveryLocation != "Quarantine"`, true, 2, ""},
	{`EmailEvents | where SenderFromDomain == "nordlicht-gmbh.example" and DeliveryLocation != "Quarantine"`, false, 2, "malware"},
	{`EmailEvents | where SenderFromDomain == "portside-offers.example"`, true, 3, "spam"},
}

// React has the invented people react to the mail that was delivered to them.
func (a *App) React(ctx context.Context, seed uint64) error {
	now := a.opt.Now().UTC().Truncate(time.Microsecond)
	var clicks []event.UrlClick
	var reports []demo.Mail
	for _, r := range reactions {
		events, _, err := a.explorer.Targets(ctx, hunt.Request{Query: r.query}, 500)
		if err != nil {
			return err
		}
		var lures []demo.Lure
		for i, e := range events {
			raw, err := bytesOf(ctx, a.blobs, e.RawSHA256)
			if err != nil {
				return err
			}
			lure := demo.Lure{EmailEvent: e}
			for _, link := range email.Parse(raw, email.Limits{}).Links {
				if link.Tag == "a" || link.Tag == "text" {
					lure.URL = link.URL
					break
				}
			}
			lures = append(lures, lure)
			if i < r.reports {
				reports = append(reports, demo.Report(seed, e, raw, r.as, now))
			}
		}
		if r.clicks {
			clicks = append(clicks, demo.Clicks(seed, lures, now)...)
		}
	}
	if err := a.batcher.Append(ctx, event.Batch{Clicks: clicks}); err != nil {
		return err
	}
	_, err := Offer(ctx, a.intake, func(offer func(raw []byte, env ingest.Envelope) error) error {
		for _, m := range reports {
			if err := offer(m.Raw, ingest.Envelope{Source: "demo", MailFrom: m.MailFrom, MailFromKnown: true, AuthUser: m.MailFrom, Recipients: m.Recipients, Time: m.Time}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = a.Judged(ctx)
	}
	return err
}
