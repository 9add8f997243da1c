package indicatorstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tocsin/internal/indicator"
	"tocsin/internal/intel"
)

// looked is how many rows one call of List looks at.
const looked = 400_000

// List returns indicators, newest first. A filter that no index helps is searched for a while, and goes on where it stopped.
func (s *Store) List(ctx context.Context, f indicator.Filter, before int64, limit int) ([]indicator.Row, int64, error) {
	where, args := []string{}, []any{}
	add := func(cond string, a ...any) { where, args = append(where, cond), append(args, a...) }
	if f.Kind != 0 {
		add(`kind = ?`, int64(f.Kind))
	}
	if f.State != "" {
		add(`state = ?`, stateNumber(f.State))
	}
	if f.Source != "" {
		id, ok := s.source(f.Source)
		if !ok {
			return nil, 0, nil
		}
		add(`source = ?`, id)
	}
	if f.Threat != "" {
		add(`threat = ? COLLATE NOCASE`, f.Threat)
	}
	if f.Tag != "" {
		add(`instr(tags, ?) > 0`, ","+f.Tag+",")
	}
	if f.Held {
		add(`held != '' AND state < 3`)
	}
	if f.Good != nil {
		want := 0
		if *f.Good {
			want = flagGood
		}
		add(`flags & 1 = ?`, want)
	}
	if f.Live {
		add(`state < 3 AND held = '' AND (valid_until = 0 OR valid_until > ?) AND valid_from <= ?`, unix(f.Now), unix(f.Now))
	}
	if f.Expired {
		add(`state < 3 AND valid_until > 0 AND valid_until <= ?`, unix(f.Now))
	}
	if f.Text != "" {
		if exact, err := s.exact(ctx, f.Text, where, args, before, limit); err != nil || len(exact) > 0 {
			return exact, 0, err
		}
		add(`instr(lower(value), ?) > 0`, strings.ToLower(intel.Refang(f.Text)))
	}
	walk, err := s.walk(ctx, &f)
	if err != nil {
		return nil, 0, err
	}
	return s.search(ctx, walk, where, args, before, limit)
}

// walk names the index to walk, "" for the table itself: what is rare among millions has one.
func (s *Store) walk(ctx context.Context, f *indicator.Filter) (string, error) {
	if f.Held {
		return "indicators_held", nil
	}
	if f.Source == "" {
		return "", nil
	}
	id, _ := s.source(f.Source)
	var n int
	if err := s.reader.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM indicators WHERE source = ? LIMIT ?)`, id, looked/2).Scan(&n); err != nil {
		return "", fmt.Errorf("indicators: %w", err)
	}
	if n < looked/2 {
		return "indicators_source", nil
	}
	return "", nil
}

// exact finds the text as a whole value of each kind it can be.
func (s *Store) exact(ctx context.Context, text string, where []string, args []any, before int64, limit int) ([]indicator.Row, error) {
	var keys []any
	seen := map[string]bool{}
	for _, k := range append([]intel.Kind{0}, intel.Kinds()...) {
		kind, value, err := intel.Normalise(k, text)
		if err != nil || seen[fmt.Sprint(kind, value)] {
			continue
		}
		seen[fmt.Sprint(kind, value)] = true
		keys = append(keys, int64(intel.FingerprintOf(kind, value).Key))
	}
	if len(keys) == 0 {
		return nil, nil
	}
	cond := append([]string{`fp IN (` + marks(len(keys)) + `)`}, where...)
	all := append(keys, args...)
	if before > 0 {
		cond, all = append(cond, `id < ?`), append(all, before)
	}
	return s.rows(ctx, `SELECT `+whole+` FROM indicators WHERE `+strings.Join(cond, ` AND `)+` ORDER BY id DESC LIMIT ?`, append(all, limit)...)
}

// search walks down from an id. It looks at a bounded number of rows, so that a rare value costs no minute; next is where it goes on.
func (s *Store) search(ctx context.Context, index string, where []string, args []any, before int64, limit int) ([]indicator.Row, int64, error) {
	if before <= 0 {
		if err := s.reader.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) + 1 FROM indicators`).Scan(&before); err != nil {
			return nil, 0, fmt.Errorf("indicators: %w", err)
		}
	}
	from := before
	floor, walk := max(0, from-looked), `NOT INDEXED`
	if index != "" {
		floor, walk = 0, `INDEXED BY `+index
	}
	cond := append(slices.Clone(where), `id < ?`, `id >= ?`)
	rows, err := s.rows(ctx, `SELECT `+whole+` FROM indicators `+walk+` WHERE `+strings.Join(cond, ` AND `)+` ORDER BY id DESC LIMIT ?`, append(slices.Clone(args), from, floor, limit)...)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case len(rows) == limit:
		return rows, rows[len(rows)-1].ID, nil
	case floor > 1:
		return rows, floor, nil
	}
	return rows, 0, nil
}
