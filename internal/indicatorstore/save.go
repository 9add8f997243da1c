package indicatorstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"tocsin/internal/indicator"
)

// Save keeps a batch in one transaction.
func (s *Store) Save(ctx context.Context, b *indicator.Batch) (number int64, err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("indicators: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := tx.QueryRowContext(ctx, `INSERT INTO batches (at) VALUES (?) RETURNING id`, unix(b.At)).Scan(&number); err != nil {
		return 0, fmt.Errorf("indicators: %w", err)
	}
	fresh := map[string]int64{}
	if err := s.insert(ctx, tx, b.New, number, fresh); err != nil {
		return 0, err
	}
	if err := s.update(ctx, tx, b.Changed, number); err != nil {
		return 0, err
	}
	if err := keepHistory(ctx, tx, b); err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("indicators: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, id := range fresh {
		s.sources[name], s.names[id] = id, name
	}
	return number, nil
}

func values(r *indicator.Row, source, number int64) []any {
	flags := 0
	for _, f := range []struct {
		on  bool
		bit int
	}{{r.Good, flagGood}, {r.Released, flagReleased}, {r.Pinned, flagPinned}} {
		if f.on {
			flags |= f.bit
		}
	}
	tags := ""
	if len(r.Tags) > 0 {
		tags = "," + strings.Join(r.Tags, ",") + ","
	}
	return []any{int64(r.Fingerprint.Key), int64(r.Fingerprint.Check), source, int64(r.Kind), stateNumber(r.State), number, unix(r.ValidFrom), unix(r.ValidUntil), r.Confidence, flags,
		r.Value, r.Threat, r.Held, r.Digest, unix(r.Created), unix(r.Updated), string(r.TLP), tags, r.SourceRef, r.Description, r.By}
}

const columns = `fp, fpc, source, kind, state, batch, valid_from, valid_until, confidence, flags, value, threat, held, digest, created, updated, tlp, tags, ref, description, operator`

// many is how many rows one statement inserts.
const many = 40

func (s *Store) insert(ctx context.Context, tx *sql.Tx, rows []indicator.Row, number int64, fresh map[string]int64) error {
	if len(rows) == 0 {
		return nil
	}
	one := `(` + marks(21) + `)`
	statement := func(n int) string {
		return `INSERT INTO indicators (` + columns + `) VALUES ` + strings.TrimSuffix(strings.Repeat(one+",", n), ",")
	}
	full, err := tx.PrepareContext(ctx, statement(many))
	if err != nil {
		return fmt.Errorf("indicators: %w", err)
	}
	defer full.Close()
	for at := 0; at < len(rows); {
		n := min(many, len(rows)-at)
		args := make([]any, 0, n*21)
		for i := at; i < at+n; i++ {
			id, err := s.sourceIn(ctx, tx, rows[i].Source, fresh)
			if err != nil {
				return err
			}
			args = append(args, values(&rows[i], id, number)...)
		}
		var res sql.Result
		if n == many {
			res, err = full.ExecContext(ctx, args...)
		} else {
			res, err = tx.ExecContext(ctx, statement(n), args...)
		}
		if err != nil {
			return fmt.Errorf("indicators: %w", err)
		}
		last, err := res.LastInsertId()
		if err != nil {
			return fmt.Errorf("indicators: %w", err)
		}
		for i := range n { // one statement counts up without a gap: there is one writer
			rows[at+i].ID = last - int64(n-1-i)
		}
		at += n
	}
	return nil
}

func (s *Store) sourceIn(ctx context.Context, tx *sql.Tx, name string, fresh map[string]int64) (int64, error) {
	if id, ok := s.source(name); ok {
		return id, nil
	}
	if id, ok := fresh[name]; ok {
		return id, nil
	}
	var id int64
	if err := tx.QueryRowContext(ctx, `INSERT INTO sources (name) VALUES (?) RETURNING id`, name).Scan(&id); err != nil {
		return 0, fmt.Errorf("indicators: source: %w", err)
	}
	fresh[name] = id
	return id, nil
}

func (s *Store) update(ctx context.Context, tx *sql.Tx, rows []indicator.Row, number int64) error {
	if len(rows) == 0 {
		return nil
	}
	set := strings.ReplaceAll(columns, ",", " = ?,") + " = ?"
	st, err := tx.PrepareContext(ctx, `UPDATE indicators SET `+set+` WHERE id = ?`)
	if err != nil {
		return fmt.Errorf("indicators: %w", err)
	}
	defer st.Close()
	for i := range rows {
		id, ok := s.source(rows[i].Source)
		if !ok {
			return fmt.Errorf("indicators: %d has no source", rows[i].ID)
		}
		if _, err := st.ExecContext(ctx, append(values(&rows[i], id, number), rows[i].ID)...); err != nil {
			return fmt.Errorf("indicators: %w", err)
		}
	}
	return nil
}

func keepHistory(ctx context.Context, tx *sql.Tx, b *indicator.Batch) error {
	if len(b.Events) == 0 {
		return nil
	}
	st, err := tx.PrepareContext(ctx, `INSERT INTO history (indicator, seq, at, who, what, note) SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ? FROM history WHERE indicator = ?`)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	defer st.Close()
	for i := range b.Events {
		e := &b.Events[i]
		id := e.ID
		if id == 0 {
			id = b.New[e.Index].ID
		}
		if _, err := st.ExecContext(ctx, id, unix(e.At), e.By, e.What, e.Note, id); err != nil {
			return fmt.Errorf("history: %w", err)
		}
	}
	return nil
}
