package casestore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"tocsin/internal/detect"
)

// Question is a message that memory is asked about. Addresses and domains are lower case.
type Question struct {
	Message   string // SHA-256 of the raw bytes: a message is never part of its own past
	At        time.Time
	From      string
	ReplyTo   string   // "" when it is From's
	Name      string   // as detect.NameKey
	Mailboxes []string // own recipients; the first few are asked about
	MessageID string
	Answers   []string // ids that the message says it answers, the nearest first
	Marks     bool     // the marks of the site are wanted
	Floods    bool     // arrivals are wanted: the message is a newsletter or confirmation
}

// recallStatements ask, on the readers.
type recallStatements struct {
	days, pairs, pairsMany, names, site, marks, threads, arrivals, count, people, sites *sql.Stmt
}

func (r *recallStatements) prepare(s *Store) error {
	const columns = `SELECT own, outside, month, in_days, bad_days, out_days, out_at FROM memory_pairs WHERE `
	return prepareAll(s.reader, s.dialect, map[**sql.Stmt]string{
		&r.days:      `SELECT day, sent FROM memory_days WHERE learned <= ? ORDER BY day`,
		&r.pairs:     columns + `own IN (?, ?) AND outside IN (?, ?)`,
		&r.pairsMany: columns + `own IN (?, ?, ?, ?, ?, ?, ?, ?, ?) AND outside IN (?, ?)`,
		&r.names:     `SELECT own, outside FROM memory_names WHERE own = ? AND name = ? ORDER BY month DESC LIMIT 8`,
		&r.site:      `SELECT month, in_days, aligned_days, failed_days, out_days FROM memory_sites WHERE domain = ?`,
		&r.marks:     `SELECT kind, value, month, days FROM memory_marks WHERE domain = ? ORDER BY month DESC LIMIT 1000`,
		&r.threads:   `SELECT id, at, sent, people FROM memory_threads WHERE id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		&r.arrivals:  `SELECT site, fresh FROM memory_arrivals WHERE own = ? AND at >= ? AND at <= ? AND message <> ? LIMIT 1000`,
		&r.count:     `SELECT count(*) FROM (SELECT 1 AS n FROM memory_arrivals WHERE own = ? AND at >= ? AND at < ? LIMIT 50000) AS c`,
		&r.people:    `SELECT count(*) FROM (SELECT DISTINCT outside FROM memory_pairs WHERE own = '' LIMIT 1000) AS c`,
		&r.sites:     `SELECT domain, out_days FROM memory_sites WHERE out_days <> 0`,
	})
}

func (r *recallStatements) close() error {
	return closeAll(r.days, r.pairs, r.pairsMany, r.names, r.site, r.marks, r.threads, r.arrivals, r.count, r.people, r.sites)
}

// Recall returns what was on record before the message.
func (m *Memory) Recall(ctx context.Context, q Question) (detect.Past, error) {
	past, err := m.recall(ctx, q)
	if err != nil {
		return detect.Past{}, fmt.Errorf("recall: %w", err)
	}
	return past, nil
}

func (m *Memory) recall(ctx context.Context, q Question) (detect.Past, error) {
	g, err := m.look(ctx)
	if err != nil {
		return detect.Past{}, err
	}
	p := g.past(q.At)
	mailboxes := bounded(q.Mailboxes, maxAskMailboxes)
	if !p.Known || q.From == "" || len(mailboxes) == 0 {
		return p, nil
	}
	met, err := m.pairs(ctx, q.At, mailboxes, q.From, q.ReplyTo)
	if err != nil {
		return p, err
	}
	p.Sender, p.ReplyTo = met[pairKey{"", q.From}], met[pairKey{"", q.ReplyTo}]
	p.Sender.Address, p.ReplyTo.Address = q.From, q.ReplyTo
	for _, own := range mailboxes {
		if a := met[pairKey{own, q.From}]; a.Out*100+a.In >= p.Mailbox.Out*100+p.Mailbox.In {
			p.Mailbox = a
			p.Mailbox.Address = q.From
		}
	}
	if err := m.recallSite(ctx, &p, q); err != nil {
		return p, err
	}
	if err := m.recallNames(ctx, &p, q, mailboxes); err != nil {
		return p, err
	}
	if err := m.recallThread(ctx, &p, q); err != nil {
		return p, err
	}
	if q.Floods {
		err = m.recallFloods(ctx, &p, q, mailboxes)
	}
	return p, err
}

type pairKey struct{ own, outside string }

// pairs returns how well the organisation ("") and each of the mailboxes know two outside addresses.
func (m *Memory) pairs(ctx context.Context, at time.Time, mailboxes []string, a, b string) (map[pairKey]detect.Acquaintance, error) {
	if b == "" {
		b = a
	}
	stmt, slots := m.r.pairs, 2
	if len(mailboxes) > 1 {
		stmt, slots = m.r.pairsMany, maxAskMailboxes+1
	}
	args := make([]any, slots, slots+2)
	for i := range args {
		args[i] = ""
		if i > 0 && i <= len(mailboxes) {
			args[i] = mailboxes[i-1]
		}
	}
	rows, err := stmt.QueryContext(ctx, append(args, a, b)...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	met := map[pairKey]detect.Acquaintance{}
	for rows.Next() {
		var (
			k                          pairKey
			month, in, bad, out, outAt int64
		)
		if err := rows.Scan(&k.own, &k.outside, &month, &in, &bad, &out, &outAt); err != nil {
			return nil, err
		}
		have := met[k]
		before := daysBefore(month, at)
		sent := out & before
		// Mail that went out earlier on the same day counts: nothing that came in can be it. When others went out this month before, it
		// is not known which of today's hours the mail is from, and not needed.
		if today, bit := monthOf(at); today == month && out&-out == bit && outAt < micros(at) {
			sent |= bit
		}
		in &= before
		have.Bad += bits.OnesCount64(uint64(bad & before))
		in &^= bad
		have.In += bits.OnesCount64(uint64(in))
		have.Out += bits.OnesCount64(uint64(sent))
		spanDays(&have.First, &have.Last, month, in|sent)
		met[k] = have
	}
	return met, rows.Err()
}

// daysBefore masks the days of a month that are over when the day of at begins.
func daysBefore(month int64, at time.Time) int64 {
	today, bit := monthOf(at)
	switch {
	case month < today:
		return 1<<31 - 1
	case month == today:
		return bit - 1
	}
	return 0
}

// spanDays widens first and last to the days of a month.
func spanDays(first, last *time.Time, month, days int64) {
	if days == 0 {
		return
	}
	if d := dayOf(month, bits.TrailingZeros64(uint64(days))); first.IsZero() || d.Before(*first) {
		*first = d
	}
	if d := dayOf(month, bits.Len64(uint64(days))-1); d.After(*last) {
		*last = d
	}
}

func (m *Memory) recallSite(ctx context.Context, p *detect.Past, q Question) error {
	domain := detect.SiteOf(q.From)
	p.Site.Domain = domain
	rows, err := m.r.site.QueryContext(ctx, domain)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var last time.Time
	for rows.Next() {
		var month, in, aligned, failed, out int64
		if err := rows.Scan(&month, &in, &aligned, &failed, &out); err != nil {
			return err
		}
		before := daysBefore(month, q.At)
		p.Site.Days += bits.OnesCount64(uint64(in & before))
		p.Site.Aligned += bits.OnesCount64(uint64(aligned & before))
		p.Site.Failed += bits.OnesCount64(uint64(failed & before))
		p.Site.Out += bits.OnesCount64(uint64(out & before))
		spanDays(&p.Site.First, &last, month, (in|out)&before)
	}
	if err := rows.Err(); err != nil || !q.Marks || p.Site.Days == 0 {
		return err
	}
	return m.recallMarks(ctx, p, domain, q.At)
}

func (m *Memory) recallMarks(ctx context.Context, p *detect.Past, domain string, at time.Time) error {
	rows, err := m.r.marks.QueryContext(ctx, domain)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	add := func(list *[]string, v string, most int) {
		if len(*list) < most && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	for rows.Next() {
		var (
			kind, value string
			month, days int64
		)
		if err := rows.Scan(&kind, &value, &month, &days); err != nil {
			return err
		}
		if days&daysBefore(month, at) == 0 {
			continue
		}
		switch kind {
		case "net":
			add(&p.Site.Networks, value, 64)
		case "dkim":
			add(&p.Site.DKIM, value, 16)
		case "reply":
			add(&p.Site.Replies, value, 16)
		}
	}
	return rows.Err()
}

// recallNames finds the known addresses of the display name, other than the one the message came from.
func (m *Memory) recallNames(ctx context.Context, p *detect.Past, q Question, mailboxes []string) error {
	if q.Name == "" || p.Mailbox.Known() {
		return nil
	}
	for _, own := range mailboxes {
		var others []string
		rows, err := m.r.names.QueryContext(ctx, own, q.Name)
		if err != nil {
			return err
		}
		for rows.Next() {
			var outside string
			if err = rows.Scan(&own, &outside); err != nil {
				break
			}
			if outside != q.From {
				others = append(others, outside)
			}
		}
		if err = cmp.Or(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, outside := range others {
			met, err := m.pairs(ctx, q.At, []string{own}, outside, "")
			if err != nil {
				return err
			}
			if a := met[pairKey{own, outside}]; a.Known() && !slices.ContainsFunc(p.Usual, func(u detect.Usual) bool { return u.Address == outside }) {
				a.Address = outside
				p.Usual = append(p.Usual, detect.Usual{Name: q.Name, Mailbox: own, Acquaintance: a})
			}
		}
		if len(p.Usual) >= 4 {
			break
		}
	}
	slices.SortStableFunc(p.Usual, func(a, b detect.Usual) int { return b.Out*100 + b.In - a.Out*100 - a.In })
	p.Usual = p.Usual[:min(len(p.Usual), 4)]
	return nil
}

// recallThread finds the nearest message on record of those that are answered.
func (m *Memory) recallThread(ctx context.Context, p *detect.Past, q Question) error {
	ids := make([]string, 0, maxAskIDs)
	for _, id := range q.Answers {
		if id != "" && id != q.MessageID && len(ids) < maxAskIDs && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	args := make([]any, maxAskIDs)
	hashes := make([][]byte, len(ids))
	for i, id := range ids {
		hashes[i] = hash16(id)
	}
	for i := range args {
		args[i] = hashes[min(i, len(hashes)-1)]
	}
	rows, err := m.r.threads.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	best := len(ids)
	for rows.Next() {
		var (
			id     []byte
			at     int64
			sent   bool
			people string
			pairs  [][2]string
		)
		if err := rows.Scan(&id, &at, &sent, &people); err != nil {
			return err
		}
		i := slices.IndexFunc(hashes, func(h []byte) bool { return bytes.Equal(h, id) })
		if i < 0 || i >= best || at >= micros(q.At) {
			continue
		}
		if err := json.Unmarshal([]byte(people), &pairs); err != nil {
			return err
		}
		best = i
		p.Thread = detect.Thread{Found: true, ID: ids[i], Own: sent, At: fromMicros(at)}
		for _, x := range pairs {
			p.Thread.Participants = append(p.Thread.Participants, detect.Participant{Name: x[0], Address: x[1]})
		}
	}
	return rows.Err()
}

// Floods are looked at closer from here on.
const floodFrom = 20

func (m *Memory) recallFloods(ctx context.Context, p *detect.Past, q Question, mailboxes []string) error {
	message := hash64(q.Message)
	for _, own := range mailboxes[:min(len(mailboxes), 4)] {
		key, hour := hash64(own), q.At.Add(-time.Hour)
		rows, err := m.r.arrivals.QueryContext(ctx, key, micros(hour), micros(q.At), message)
		if err != nil {
			return err
		}
		f := detect.Flood{Mailbox: own}
		sites := map[int64]struct{}{}
		for rows.Next() {
			var site int64
			var fresh bool
			if err = rows.Scan(&site, &fresh); err != nil {
				break
			}
			if fresh {
				f.Signups++
				sites[site] = struct{}{}
			}
		}
		if err = cmp.Or(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		if f.Signups < floodFrom {
			continue
		}
		f.Senders = len(sites)
		var n int
		if err := m.r.count.QueryRowContext(ctx, key, micros(q.At.Add(-m.opts.Arrivals)), micros(hour)).Scan(&n); err != nil {
			return err
		}
		f.Usual = float64(n) / (m.opts.Arrivals - time.Hour).Hours()
		p.Floods = append(p.Floods, f)
	}
	return nil
}
