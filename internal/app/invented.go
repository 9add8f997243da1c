package app

import (
	"context"
	"errors"

	"tocsin/internal/demo"
	"tocsin/internal/hunt"
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
