package casestore

import (
	"context"
	"database/sql"
	"errors"
)

// Remember keeps traces in a transaction of their own, of messages whose verdict may have been another before. What turned out to be a
// threat loses the standing that it gave: its day counts for nothing between the pair, its domain and servers lose the day, and its thread is
// forgotten. What turned out harmless gives its day back, unless another threat came on it.
func (m *Memory) Remember(ctx context.Context, traces ...Trace) error {
	var fresh []uint64
	err := m.s.InTx(ctx, func(tx *sql.Tx) (err error) {
		m.forgetWritten() // what is taken back here may have to be written again
		fresh, err = m.remember(ctx, tx, traces, true)
		return wrap("remember", err)
	})
	m.forgetWritten()
	if err == nil {
		m.noteWritten(fresh)
		m.traces.Add(int64(len(traces)))
	}
	return err
}

// forgetWritten drops what is known to be on record already.
func (m *Memory) forgetWritten() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.written, m.older = map[uint64]struct{}{}, nil
}

// revise takes back what the message left when its verdict was the other one.
func (w *writing) revise(t *Trace, mailboxes, outside []string) error {
	switch {
	case t.Outbound:
		return nil
	case !t.Threat:
		return w.clearDay(t, mailboxes, outside)
	}
	errs := []error{w.unmark(t)}
	if t.MessageID != "" {
		errs = append(errs, w.run(w.m.w.unthread, hash16(t.MessageID), micros(t.At)))
	}
	return errors.Join(errs...)
}

// unmark takes the day from the domain of the message. That other mail of the domain came on it is lost, and comes back with its next day.
func (w *writing) unmark(t *Trace) error {
	month, bit := monthOf(t.At)
	errs := []error{w.run(w.m.w.unsite, ^bit, ^bit, ^bit, t.Site, month)}
	for kind, v := range t.usual() {
		errs = append(errs, w.run(w.m.w.unmark, ^bit, t.Site, kind, v, month))
	}
	clear(w.seen) // of this batch: what was written for others of that day may be gone
	w.fresh = nil
	return errors.Join(errs...)
}

// clearDay takes a bad day back from the pairs for which this message alone made it one.
func (w *writing) clearDay(t *Trace, mailboxes, outside []string) error {
	month, bit := monthOf(t.At)
	for _, own := range append([]string{""}, mailboxes...) {
		for _, o := range outside {
			n, err := w.changed(w.m.w.unthreat, o, own, month, bit, hash64(t.Message))
			if err == nil && n > 0 {
				err = w.run(w.m.w.unbad, ^bit, o, own, month, o, own, month, bit)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
