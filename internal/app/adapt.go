package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"tocsin/internal/api"
	"tocsin/internal/blobstore"
	"tocsin/internal/eventstore"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/hunt"
	"tocsin/internal/ingest"
	"tocsin/internal/kql"
	"tocsin/internal/kql/native"
)

// rawMail is the blob store in the API's words.
type rawMail struct{ *blobstore.Store }

var _ api.RawMail = rawMail{}

func (r rawMail) Get(ctx context.Context, sum string) ([]byte, error) {
	raw, err := r.Store.Get(ctx, sum)
	switch {
	case errors.Is(err, blobstore.ErrNotFound):
		return nil, api.ErrRawGone
	case errors.Is(err, blobstore.ErrCorrupt):
		return nil, fmt.Errorf("%w (%w)", api.ErrRawDamaged, err)
	}
	return raw, err
}

// mailIn is the intake in the API's words.
type mailIn struct{ *ingest.Intake }

var _ api.Intake = mailIn{}

// Take waits for the commit even when its client does not: raw belongs to the request, whose memory the next one gets, so
// nothing may still read it when Take returns.
func (m mailIn) Take(ctx context.Context, raw []byte, e api.Envelope) (api.Imported, error) {
	got, err := m.Accept(context.WithoutCancel(ctx), raw, ingest.Envelope{
		Source: e.Source, MailFrom: e.MailFrom, Recipients: e.Recipients, Time: e.Time, FileTime: e.FileTime,
		MailFromKnown: e.MailFrom != "" && len(e.Recipients) > 0,
	})
	switch {
	case errors.Is(err, ingest.ErrTooLarge):
		return api.Imported{}, fmt.Errorf("%w: %d octets", api.ErrTooLarge, len(raw))
	case errors.Is(err, ingest.ErrFull):
		return api.Imported{}, fmt.Errorf("%w (%w)", api.ErrDiskFull, err)
	case errors.Is(err, ingest.ErrClosed):
		return api.Imported{}, api.ErrStopping
	}
	return api.Imported{NetworkMessageID: got.NetworkMessageID, Duplicate: got.Duplicate}, err
}

// questions is the event store for those who ask.
type questions struct{ *duckdb.Store }

var (
	_ hunt.Store     = questions{}
	_ hunt.HuntStore = questions{}
)

func (q questions) Query(ctx context.Context, s *kql.Statement, each func(row []any) error) error {
	return asked(q.Store.Query(ctx, s, each))
}

func (q questions) Hunt(ctx context.Context, s *kql.Statement, each func(row []any) error) error {
	return asked(q.Store.Hunt(ctx, s, each))
}

func asked(err error) error {
	switch {
	case errors.Is(err, eventstore.ErrClosed):
		return api.ErrStopping
	case errors.Is(err, eventstore.ErrMemory):
		return hunt.ErrMemory
	}
	return err
}

// locator is what knows places in the query language's words.
func locator(g Places) func(addr string) (native.Place, bool) {
	return func(addr string) (native.Place, bool) {
		ip, err := netip.ParseAddr(addr)
		if err != nil {
			return native.Place{}, false
		}
		p, ok := g.Place(ip)
		return native.Place(p), ok
	}
}
