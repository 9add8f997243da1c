package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"strconv"
	"time"

	"tocsin/internal/detect"
)

// traceStatements write traces, on the writer.
type traceStatements struct {
	day, pair, bad, threat, site, mark, name, thread, arrival *sql.Stmt
	unsite, unmark, unthread, unthreat, unbad                 *sql.Stmt // take back
}

func (w *traceStatements) prepare(s *Store) error {
	return prepareAll(s.writer, s.dialect, map[**sql.Stmt]string{
		&w.day: `INSERT INTO memory_days (day, sent, learned) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		&w.pair: `INSERT INTO memory_pairs (own, outside, month, in_days, bad_days, out_days, out_at) VALUES (?, ?, ?, ?, 0, ?, ?)
			ON CONFLICT (outside, own, month) DO UPDATE SET in_days = memory_pairs.in_days | excluded.in_days, out_days = memory_pairs.out_days | excluded.out_days,
			out_at = CASE WHEN memory_pairs.out_at = 0 OR excluded.out_at <> 0 AND excluded.out_at < memory_pairs.out_at THEN excluded.out_at ELSE memory_pairs.out_at END`,
		// Only where the pair is known: a flood of strangers with threats leaves no row.
		&w.bad:    `UPDATE memory_pairs SET bad_days = bad_days | ? WHERE own = ? AND outside = ? AND month = ?`,
		&w.threat: `INSERT INTO memory_threats (own, outside, month, day, message) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		&w.site: `INSERT INTO memory_sites (domain, month, in_days, aligned_days, failed_days, out_days) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (domain, month) DO UPDATE SET in_days = memory_sites.in_days | excluded.in_days, aligned_days = memory_sites.aligned_days | excluded.aligned_days,
			failed_days = memory_sites.failed_days | excluded.failed_days, out_days = memory_sites.out_days | excluded.out_days`,
		&w.mark: `INSERT INTO memory_marks (domain, kind, value, month, days) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (domain, kind, value, month) DO UPDATE SET days = memory_marks.days | excluded.days`,
		&w.name: `INSERT INTO memory_names (own, name, outside, month) VALUES (?, ?, ?, ?)
			ON CONFLICT (own, name, outside) DO UPDATE SET month = excluded.month WHERE excluded.month > memory_names.month`,
		// The first who used an id keeps it, but for one's own people.
		&w.thread: `INSERT INTO memory_threads (id, at, sent, people) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET at = excluded.at, sent = excluded.sent, people = excluded.people WHERE excluded.sent AND NOT memory_threads.sent`,
		&w.arrival: `INSERT INTO memory_arrivals (own, at, message, site, fresh) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,

		&w.unsite:   `UPDATE memory_sites SET in_days = in_days & ?, aligned_days = aligned_days & ?, failed_days = failed_days & ? WHERE domain = ? AND month = ?`,
		&w.unmark:   `UPDATE memory_marks SET days = days & ? WHERE domain = ? AND kind = ? AND value = ? AND month = ?`,
		&w.unthread: `DELETE FROM memory_threads WHERE id = ? AND at = ? AND NOT sent`,
		&w.unthreat: `DELETE FROM memory_threats WHERE outside = ? AND own = ? AND month = ? AND day = ? AND message = ?`,
		&w.unbad: `UPDATE memory_pairs SET bad_days = bad_days & ? WHERE outside = ? AND own = ? AND month = ?
			AND NOT EXISTS (SELECT 1 FROM memory_threats WHERE outside = ? AND own = ? AND month = ? AND day = ?)`,
	})
}

func (w *traceStatements) close() error {
	return closeAll(w.day, w.pair, w.bad, w.threat, w.site, w.mark, w.name, w.thread, w.arrival, w.unsite, w.unmark, w.unthread, w.unthreat, w.unbad)
}

func prepareAll(db *sql.DB, d Dialect, all map[**sql.Stmt]string) error {
	for at, text := range all {
		stmt, err := db.Prepare(d.Rebind(text))
		if err != nil {
			return err
		}
		*at = stmt
	}
	return nil
}

func closeAll(all ...*sql.Stmt) error {
	var errs []error
	for _, s := range all {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

// writing is one batch of traces on its way into the tables.
type writing struct {
	m     *Memory
	ctx   context.Context
	tx    *sql.Tx
	stmts map[*sql.Stmt]*sql.Stmt // those of the transaction
	fresh []uint64
	seen  map[uint64]struct{} // of this batch
	anew  bool                // verdicts may have been others before
}

// remember writes traces in a transaction and returns the keys of what was not written before.
func (m *Memory) remember(ctx context.Context, tx *sql.Tx, traces []Trace, anew bool) ([]uint64, error) {
	w := &writing{m: m, ctx: ctx, tx: tx, anew: anew, stmts: map[*sql.Stmt]*sql.Stmt{}, seen: map[uint64]struct{}{}}
	for i := range traces {
		if err := w.trace(&traces[i]); err != nil {
			return nil, fmt.Errorf("message %s: %w", traces[i].Message, err)
		}
	}
	return w.fresh, nil
}

// run executes a statement inside the transaction.
func (w *writing) run(stmt *sql.Stmt, args ...any) error {
	_, err := w.exec(stmt, args...)
	return err
}

// changed is run, and says how many rows it changed.
func (w *writing) changed(stmt *sql.Stmt, args ...any) (int64, error) {
	res, err := w.exec(stmt, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (w *writing) exec(stmt *sql.Stmt, args ...any) (sql.Result, error) {
	s := w.stmts[stmt]
	if s == nil {
		s = w.tx.StmtContext(w.ctx, stmt)
		w.stmts[stmt] = s
	}
	return s.ExecContext(w.ctx, args...)
}

// once runs a statement unless the same key was written before.
func (w *writing) once(kind byte, month, bits int64, parts []string, stmt *sql.Stmt, args ...any) error {
	var h maphash.Hash
	h.SetSeed(w.m.seed)
	_ = h.WriteByte(kind)
	for _, p := range parts {
		_, _ = h.WriteString(p)
		_ = h.WriteByte(0)
	}
	var n [24]byte
	_, _ = h.Write(strconv.AppendInt(n[:0], month, 36))
	_ = h.WriteByte(0)
	_, _ = h.Write(strconv.AppendInt(n[:0], bits, 36))
	key := h.Sum64()
	if _, ok := w.seen[key]; ok || w.m.isWritten(key) {
		return nil
	}
	if err := w.run(stmt, args...); err != nil {
		return err
	}
	w.seen[key] = struct{}{}
	w.fresh = append(w.fresh, key)
	return nil
}

func (m *Memory) isWritten(key uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.written[key]; ok {
		return true
	}
	_, ok := m.older[key]
	return ok
}

func (w *writing) trace(t *Trace) error {
	mailboxes, outside := bounded(t.Mailboxes, maxTraceMailboxes), bounded(t.Outside, maxTraceOutside)
	if t.At.IsZero() || len(mailboxes) == 0 || len(outside) == 0 {
		return nil
	}
	var errs []error
	if w.anew {
		errs = append(errs, w.revise(t, mailboxes, outside))
	}
	switch {
	case t.Threat && !t.Outbound:
		errs = append(errs, w.threat(t, mailboxes, outside), w.arrivals(t, mailboxes))
	case t.Threat:
	case t.Outbound:
		errs = append(errs, w.sent(t, mailboxes, outside), w.thread(t))
	default:
		errs = append(errs, w.received(t, mailboxes, outside), w.marks(t), w.arrivals(t, mailboxes), w.thread(t))
	}
	return errors.Join(errs...)
}

// threat marks the day of an address that was known.
func (w *writing) threat(t *Trace, mailboxes, outside []string) error {
	month, bit := monthOf(t.At)
	for _, own := range append([]string{""}, mailboxes...) {
		for _, o := range outside {
			n, err := w.changed(w.m.w.bad, bit, own, o, month)
			if err == nil && n > 0 {
				err = w.run(w.m.w.threat, own, o, month, bit, hash64(t.Message))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sent remembers whom one's own people wrote to.
func (w *writing) sent(t *Trace, mailboxes, outside []string) error {
	month, bit := monthOf(t.At)
	at := micros(t.At)
	errs := []error{w.once('D', dayNumber(t.At), 1, nil, w.m.w.day, dayNumber(t.At), true, micros(time.Now()))}
	for _, o := range outside {
		for _, own := range append([]string{""}, mailboxes...) {
			errs = append(errs, w.once('o', month, bit, []string{own, o}, w.m.w.pair, own, o, month, 0, bit, at))
		}
		if site := detect.SiteOf(o); site != "" {
			errs = append(errs, w.once('t', month, bit, []string{site}, w.m.w.site, site, month, 0, 0, 0, bit))
		}
	}
	return errors.Join(errs...)
}

// received remembers a harmless message from outside.
func (w *writing) received(t *Trace, mailboxes, outside []string) error {
	month, bit := monthOf(t.At)
	errs := []error{w.once('D', dayNumber(t.At), 0, nil, w.m.w.day, dayNumber(t.At), false, micros(time.Now()))}
	for _, o := range outside {
		errs = append(errs, w.once('i', month, bit, []string{"", o}, w.m.w.pair, "", o, month, bit, 0, 0))
		for _, own := range mailboxes {
			errs = append(errs, w.once('i', month, bit, []string{own, o}, w.m.w.pair, own, o, month, bit, 0, 0))
			if t.Name != "" && len(t.Name) <= maxRemembered && !t.Mass {
				errs = append(errs, w.once('n', month, 0, []string{own, t.Name, o}, w.m.w.name, own, t.Name, o, month))
			}
		}
	}
	return errors.Join(errs...)
}

// marks remembers how mail of a site usually looks from outside.
func (w *writing) marks(t *Trace) error {
	if t.Site == "" || len(t.Site) > maxRemembered {
		return nil
	}
	month, bit := monthOf(t.At)
	var aligned, failed int64
	kind := byte('s')
	switch {
	case t.Checked && t.Aligned:
		aligned, kind = bit, 'a'
	case t.Checked:
		failed, kind = bit, 'f'
	}
	errs := []error{w.once(kind, month, bit, []string{t.Site}, w.m.w.site, t.Site, month, bit, aligned, failed, 0)}
	for kind, v := range t.usual() {
		errs = append(errs, w.once('m', month, bit, []string{t.Site, kind, v}, w.m.w.mark, t.Site, kind, v, month, bit))
	}
	return errors.Join(errs...)
}

// usual goes through the marks of the trace, by kind and value.
func (t *Trace) usual() iter.Seq2[string, string] {
	return func(yield func(kind, value string) bool) {
		for _, list := range [...]struct {
			kind   string
			values []string
		}{{"net", t.Networks}, {"dkim", t.DKIM}, {"reply", t.Replies}} {
			for _, v := range bounded(list.values, maxTraceMarks) {
				if !yield(list.kind, v) {
					return
				}
			}
		}
	}
}

func (w *writing) arrivals(t *Trace, mailboxes []string) error {
	if !t.Signup {
		return nil
	}
	for _, own := range mailboxes {
		if err := w.run(w.m.w.arrival, hash64(own), micros(t.At), hash64(t.Message), hash64(t.Site), t.Fresh); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) thread(t *Trace) error {
	if t.MessageID == "" || t.Mass {
		return nil
	}
	pairs := make([][2]string, 0, len(t.People))
	for _, p := range t.People[:min(len(t.People), maxTracePeople)] {
		if len(p.Address) <= maxRemembered && len(p.Name) <= maxRemembered {
			pairs = append(pairs, [2]string{p.Name, p.Address})
		}
	}
	people, err := json.Marshal(pairs)
	if err != nil {
		return err
	}
	return w.run(w.m.w.thread, hash16(t.MessageID), micros(t.At), t.Outbound, string(people))
}
