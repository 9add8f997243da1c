package indicatorstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/indicator"
	"tocsin/internal/intel"
)

var states = []indicator.State{"", indicator.Suspicious, indicator.Confirmed, indicator.Retired}

func stateNumber(s indicator.State) int { return slices.Index(states, s) }

const (
	flagGood = 1 << iota
	flagReleased
	flagPinned
)

// Columns, what matching needs first.
const (
	matching = `id, fp, fpc, source, kind, state, valid_from, valid_until, confidence, flags, value, threat, held`
	whole    = matching + `, digest, created, updated, tlp, tags, ref, description, operator`
)

type scanner interface{ Scan(dest ...any) error }

// record is the buffer of one row.
type record struct {
	id, fp, fpc, source, kind, state, from, until, confidence, flags, digest, created, updated int64
	value, threat, held, tlp, tags, ref, description, operator                                 string
}

func (s *Store) scan(row scanner, all bool, x *record, r *indicator.Row) error {
	dest := []any{&x.id, &x.fp, &x.fpc, &x.source, &x.kind, &x.state, &x.from, &x.until, &x.confidence, &x.flags, &x.value, &x.threat, &x.held}
	if all {
		dest = append(dest, &x.digest, &x.created, &x.updated, &x.tlp, &x.tags, &x.ref, &x.description, &x.operator)
	}
	if err := row.Scan(dest...); err != nil {
		return err
	}
	*r = indicator.Row{
		Indicator: indicator.Indicator{
			ID: x.id, Kind: intel.Kind(x.kind), Value: x.value, Threat: x.threat, Source: s.name(x.source), SourceRef: x.ref, Confidence: int(x.confidence), TLP: indicator.TLP(x.tlp),
			State: states[x.state&3], Good: x.flags&flagGood != 0, Released: x.flags&flagReleased != 0, Pinned: x.flags&flagPinned != 0, Held: x.held,
			Description: x.description, ValidFrom: seconds(x.from), ValidUntil: seconds(x.until), Created: seconds(x.created), Updated: seconds(x.updated), By: x.operator,
		},
		Fingerprint: intel.Fingerprint{Key: uint64(x.fp), Check: uint32(x.fpc)}, Digest: x.digest,
	}
	if tags := strings.Trim(x.tags, ","); tags != "" {
		r.Tags = strings.Split(tags, ",")
	}
	return nil
}

func seconds(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// rows runs a query for whole rows.
func (s *Store) rows(ctx context.Context, query string, args ...any) ([]indicator.Row, error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("indicators: %w", err)
	}
	defer rows.Close()
	var out []indicator.Row
	var x record
	for rows.Next() {
		var r indicator.Row
		if err := s.scan(rows, true, &x, &r); err != nil {
			return nil, fmt.Errorf("indicators: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("indicators: %w", err)
	}
	return out, nil
}

// atOnce is how many keys one statement names.
const atOnce = 500

// Held returns the rows of a source with these fingerprints.
func (s *Store) Held(ctx context.Context, source string, prints []intel.Fingerprint) ([]indicator.Row, error) {
	id, ok := s.source(source)
	if !ok {
		return nil, nil
	}
	keys := make([]int64, len(prints))
	checks := make(map[intel.Fingerprint]bool, len(prints))
	for i, fp := range prints {
		keys[i], checks[fp] = int64(fp.Key), true
	}
	slices.Sort(keys) // neighbours lie together in the index
	var out []indicator.Row
	for part := range slices.Chunk(keys, atOnce) {
		args := make([]any, 0, len(part)+1)
		for _, k := range part {
			args = append(args, k)
		}
		got, err := s.rows(ctx, `SELECT `+whole+` FROM indicators INDEXED BY indicators_fp WHERE fp IN (`+marks(len(part))+`) AND source = ?`, append(args, id)...)
		if err != nil {
			return nil, err
		}
		for _, r := range got {
			if checks[r.Fingerprint] {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// Rows returns the rows with these ids, in the order of ids.
func (s *Store) Rows(ctx context.Context, ids []int64) ([]indicator.Row, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	var out []indicator.Row
	for part := range slices.Chunk(slices.Compact(ids), atOnce) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		got, err := s.rows(ctx, `SELECT `+whole+` FROM indicators WHERE id IN (`+marks(len(part))+`) ORDER BY id`, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// Same returns what every source says of a value.
func (s *Store) Same(ctx context.Context, fp intel.Fingerprint) ([]indicator.Row, error) {
	return s.rows(ctx, `SELECT `+whole+` FROM indicators WHERE fp = ? AND fpc = ? ORDER BY id LIMIT 200`, int64(fp.Key), int64(fp.Check))
}

// History returns an indicator's history, oldest first.
func (s *Store) History(ctx context.Context, id int64, limit int) ([]indicator.Event, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT at, who, what, note FROM history WHERE indicator = ? ORDER BY seq LIMIT ?`, id, limit)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	var out []indicator.Event
	for rows.Next() {
		var e indicator.Event
		var at int64
		if err := rows.Scan(&at, &e.By, &e.What, &e.Note); err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		e.At = seconds(at)
		out = append(out, e)
	}
	return out, rows.Err()
}

// Each calls f for every row of a range, in the order of ids.
func (s *Store) Each(ctx context.Context, r indicator.Range, all bool, f func(*indicator.Row) error) error {
	columns, where, args := matching, []string{}, []any{}
	if all {
		columns = whole
	}
	if r.Source != "" {
		id, ok := s.source(r.Source)
		if !ok {
			return nil
		}
		where, args = append(where, `source = ?`), append(args, id)
	}
	if r.After != 0 {
		where, args = append(where, `batch > ?`), append(args, r.After)
	}
	if r.UpTo != 0 {
		where, args = append(where, `batch <= ?`), append(args, r.UpTo)
	}
	if r.Live {
		where = append(where, `state < 3`)
	}
	run := func(where []string, args []any) error {
		query := `SELECT ` + columns + ` FROM indicators`
		if len(where) > 0 {
			query += ` WHERE ` + strings.Join(where, ` AND `)
		}
		rows, err := s.reader.QueryContext(ctx, query+` ORDER BY id`, args...)
		if err != nil {
			return fmt.Errorf("indicators: %w", err)
		}
		defer rows.Close()
		var x record
		var row indicator.Row
		for rows.Next() {
			if err := s.scan(rows, all, &x, &row); err != nil {
				return fmt.Errorf("indicators: %w", err)
			}
			if err := f(&row); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	if r.IDs == nil {
		return run(where, args)
	}
	ids := slices.Clone(r.IDs)
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), atOnce) {
		more := slices.Clone(args)
		for _, id := range part {
			more = append(more, id)
		}
		if err := run(append(slices.Clone(where), `id IN (`+marks(len(part))+`)`), more); err != nil {
			return err
		}
	}
	return nil
}

// Count returns how many rows are not retired, and the number of the last batch.
func (s *Store) Count(ctx context.Context) (live, last int64, err error) {
	counts, err := s.Sources(ctx)
	for _, c := range counts {
		live += c.Suspicious + c.Confirmed
	}
	if err == nil {
		err = s.reader.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM batches`).Scan(&last)
	}
	return live, last, err
}

// Sources returns how much each source has, by name. The counts are of the index alone.
func (s *Store) Sources(ctx context.Context) ([]indicator.SourceCount, error) {
	by := map[int64]*indicator.SourceCount{}
	of := func(id int64) *indicator.SourceCount {
		if by[id] == nil {
			by[id] = &indicator.SourceCount{Source: s.name(id)}
		}
		return by[id]
	}
	err := s.counts(ctx, `SELECT source, state, count(*) FROM indicators GROUP BY source, state`, func(source, state, n int64) {
		c := of(source)
		switch states[state&3] {
		case indicator.Suspicious:
			c.Suspicious = n
		case indicator.Confirmed:
			c.Confirmed = n
		case indicator.Retired:
			c.Retired = n
		}
	})
	if err == nil {
		err = s.counts(ctx, `SELECT source, max(updated), count(*) FROM indicators INDEXED BY indicators_held WHERE held != '' AND state < 3 GROUP BY source`, func(source, _, n int64) { of(source).Held = n })
	}
	if err != nil {
		return nil, err
	}
	out := make([]indicator.SourceCount, 0, len(by))
	for _, c := range by {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b indicator.SourceCount) int { return strings.Compare(a.Source, b.Source) })
	return out, nil
}

func (s *Store) counts(ctx context.Context, query string, f func(source, state, n int64)) error {
	rows, err := s.reader.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("indicators: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var source, state, n int64
		if err := rows.Scan(&source, &state, &n); err != nil {
			return fmt.Errorf("indicators: %w", err)
		}
		f(source, state, n)
	}
	return rows.Err()
}
