package casestore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"tocsin/internal/detect"
)

// glance is what every message asks and what changes slowly: how old and full memory is, and whom one's people write to.
type glance struct {
	at       time.Time   // when it was taken
	days     []glanceDay // on record for long enough, oldest first
	people   int
	partners *detect.Partners
	listed   time.Time // when partners were
	written  int64     // traces at the time
	counted  int64     // traces when partners were listed
}

type glanceDay struct {
	day  int64
	sent bool
}

// How many partners are watched for look-alikes, from how many days of writing there on, and how long the list is good.
const (
	maxPartners = 1000
	partnerDays = 2
	partnerLife = 10 * time.Minute
)

// look returns a glance that is not older than MemoryOptions.Fresh.
func (m *Memory) look(ctx context.Context) (glance, error) {
	m.mu.Lock()
	g := m.glance
	m.mu.Unlock()
	now := time.Now()
	written := m.traces.Load()
	if now.Sub(g.at) < m.opts.Fresh && written-g.written < glanceTraces {
		return g, nil
	}
	// Several may look at once; the answers are the same.
	g.days = nil
	rows, err := m.r.days.QueryContext(ctx, micros(now.Add(-m.opts.Settle)))
	if err != nil {
		return g, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var d glanceDay
		if err := rows.Scan(&d.day, &d.sent); err != nil {
			return g, err
		}
		g.days = append(g.days, d)
	}
	if err := rows.Err(); err != nil {
		return g, err
	}
	if err := m.r.people.QueryRowContext(ctx).Scan(&g.people); err != nil {
		return g, err
	}
	if now.Sub(g.listed) >= min(partnerLife, 20*m.opts.Fresh) || written-g.counted >= 20*glanceTraces {
		if g.partners, err = m.partners(ctx); err != nil {
			return g, err
		}
		g.listed, g.counted = now, written
	}
	g.at, g.written = now, written
	m.mu.Lock()
	m.glance = g
	m.mu.Unlock()
	return g, nil
}

// past is the part of a Past that a glance knows. Memory is known from the first day on that is over and on record for a while: of mail
// that is taken in together, none is judged by what was learned from the others, so the order in which a crowd is judged, or judged
// again after a crash, decides nothing.
func (g *glance) past(at time.Time) detect.Past {
	var p detect.Past
	today, last := dayNumber(at), int64(-1<<62)
	for _, d := range g.days {
		if d.day >= today {
			break
		}
		if !p.Known {
			p = detect.Past{Known: true, Since: time.Unix(d.day*86400, 0).UTC(), People: g.people, Partners: g.partners}
		}
		if d.day != last {
			p.Days, last = p.Days+1, d.day
		}
		p.Outbound = p.Outbound || d.sent && today-d.day < 30
	}
	return p
}

// partners lists the domains that one's people write to most, by days.
func (m *Memory) partners(ctx context.Context) (*detect.Partners, error) {
	rows, err := m.r.sites.QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	days := map[string]int{}
	for rows.Next() {
		var domain string
		var out int64
		if err := rows.Scan(&domain, &out); err != nil {
			return nil, err
		}
		days[domain] += bits.OnesCount64(uint64(out))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	list := make([]string, 0, len(days))
	for d, n := range days {
		if n >= partnerDays {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(days[b], days[a]), cmp.Compare(a, b)) })
	return detect.NewPartners(list[:min(len(list), maxPartners)]), nil
}

// glanceTraces is how many messages may be remembered until the next glance: an import fills memory within seconds.
const glanceTraces = 500

// forgetAtOnce is how many rows one transaction forgets: the writer is needed by mail that comes in.
const forgetAtOnce = 2000

// sweepEvery is how often rows by month are looked through: their age is counted in months.
const sweepEvery = 24 * time.Hour

// Forget removes what is too old, a little at a time, and returns how many rows that were.
func (m *Memory) Forget(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	forget := func(find, remove string, limit int64, from ...any) error {
		n, err := m.forget(ctx, find, remove, limit, from)
		total += n
		return err
	}
	err := forget(`SELECT id FROM memory_threads WHERE at < ? LIMIT ?`, `DELETE FROM memory_threads WHERE id = ?`, micros(now.Add(-m.opts.Threads)))
	if err == nil {
		err = forget(`SELECT own, at, message FROM memory_arrivals WHERE at < ? LIMIT ?`, `DELETE FROM memory_arrivals WHERE own = ? AND at = ? AND message = ?`, micros(now.Add(-m.opts.Arrivals)))
	}
	m.mu.Lock()
	due := now.Sub(m.swept) >= sweepEvery
	m.mu.Unlock()
	if err == nil && due {
		month, _ := monthOf(now.Add(-m.opts.Keep))
		err = forget(`SELECT day, sent FROM memory_days WHERE day < ? LIMIT ?`, `DELETE FROM memory_days WHERE day = ? AND sent = ?`, dayNumber(now.Add(-m.opts.Keep)))
		for _, t := range [...]struct {
			name, keys, slots string
			from              []any // below every key
		}{
			{"memory_pairs", "(outside, own, month)", "(?, ?, ?)", []any{"", "", -1}},
			{"memory_threats", "(outside, own, month, day, message)", "(?, ?, ?, ?, ?)", []any{"", "", -1, 0, 0}},
			{"memory_sites", "(domain, month)", "(?, ?)", []any{"", -1}},
			{"memory_marks", "(domain, kind, value, month)", "(?, ?, ?, ?)", []any{"", "", "", -1}},
			{"memory_names", "(own, name, outside)", "(?, ?, ?)", []any{"", "", ""}},
		} {
			if err == nil { // in the order of the key, so that each step goes on where the last one ended
				list := strings.Trim(t.keys, "()")
				err = forget(`SELECT `+list+` FROM `+t.name+` WHERE month < ? AND `+t.keys+` > `+t.slots+` ORDER BY `+list+` LIMIT ?`,
					`DELETE FROM `+t.name+` WHERE `+t.keys+` = `+t.slots, month, t.from...)
			}
		}
	}
	if err != nil {
		return total, fmt.Errorf("forget who wrote to whom: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if due {
		m.swept = now
	}
	if total > 0 { // what was written may be gone
		m.written, m.older = map[uint64]struct{}{}, nil
	}
	return total, nil
}

// forget finds old rows by reading and removes them by key in short transactions, so that a scan holds nobody up. find takes the limit,
// the key it goes on from when there is one, and how many.
func (m *Memory) forget(ctx context.Context, find, remove string, limit int64, from []any) (int64, error) {
	var total int64
	for {
		args := append(append([]any{limit}, from...), forgetAtOnce)
		keys, err := m.oldKeys(ctx, find, args)
		if err != nil || len(keys) == 0 {
			return total, err
		}
		err = m.s.InTx(ctx, func(tx *sql.Tx) error {
			stmt, err := tx.PrepareContext(ctx, m.s.dialect.Rebind(remove))
			if err != nil {
				return err
			}
			defer func() { _ = stmt.Close() }()
			for _, k := range keys {
				if _, err := stmt.ExecContext(ctx, k...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		total += int64(len(keys))
		if len(keys) < forgetAtOnce {
			return total, nil
		}
		if len(from) > 0 {
			from = keys[len(keys)-1]
		}
	}
}

func (m *Memory) oldKeys(ctx context.Context, find string, args []any) ([][]any, error) {
	rows, err := m.s.reader.QueryContext(ctx, m.s.dialect.Rebind(find), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var keys [][]any
	for rows.Next() {
		key, at := make([]any, len(columns)), make([]any, len(columns))
		for i := range key {
			at[i] = &key[i]
		}
		if err := rows.Scan(at...); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
