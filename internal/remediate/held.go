package remediate

import (
	"context"
	"time"
)

// heldOnly reports whether an action deletes what lies in quarantine. That is Tocsin's own to do: no mailbox is needed for it.
func (t *Target) heldOnly(k Kind) bool { return k == HardDelete && t.Message.Place == Quarantined }

// nowhere is the mailbox where there is none: it has no copies.
type nowhere struct{}

var _ Mailbox = nowhere{}

func (nowhere) Find(context.Context, Message) ([]Copy, error) { return nil, nil }
func (nowhere) Stat(_ context.Context, c Copy) (Copy, error)  { return c, ErrGone }
func (nowhere) Fetch(_ context.Context, c Copy) ([]byte, Copy, error) {
	return nil, c, ErrGone
}
func (nowhere) Move(_ context.Context, c Copy, _ Place, _ string) (Copy, error) { return c, ErrGone }
func (nowhere) Remove(context.Context, Copy) error                              { return ErrGone }
func (nowhere) Append(context.Context, []byte, Place, string, []string, time.Time) (Copy, error) {
	return Copy{}, ErrCannot
}
func (nowhere) Close() error { return nil }

// Alone runs f while no action works on the mailbox. busy says that one does, and f did not run.
func (w *Worker) Alone(mailbox string, f func() error) (busy bool, err error) {
	free := w.take(mailbox)
	if free == nil {
		return true, nil
	}
	defer free()
	return false, f()
}
