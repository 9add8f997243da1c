package casestore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"tocsin/internal/audit"
)

// auditWhere is a filter as a condition. Text is looked for without regard to the case of ASCII letters.
func auditWhere(f audit.Filter) (string, []any) {
	where, args := []string{`1 = 1`}, []any{}
	and := func(condition string, with ...any) {
		where, args = append(where, condition), append(args, with...)
	}
	if !f.From.IsZero() {
		and(`at >= ?`, micros(f.From))
	}
	if !f.To.IsZero() {
		and(`at < ?`, micros(f.To))
	}
	if len(f.Actions) > 0 {
		marks := make([]string, len(f.Actions))
		for i, a := range f.Actions {
			marks[i] = `?`
			args = append(args, string(a))
		}
		where = append(where, `action IN (`+strings.Join(marks, `, `)+`)`)
	}
	holds := func(column string) string { return `lower(` + column + `) LIKE ? ESCAPE '\'` }
	if f.Operator != "" {
		and(holds(`operator`), containing(f.Operator))
	}
	if f.Subject != "" {
		and(holds(`subject`), containing(f.Subject))
	}
	if f.Text != "" {
		columns := []string{`operator`, `address`, `action`, `subject`, `recipient`, `reason`, `detail`}
		with := make([]any, len(columns))
		for i, c := range columns {
			columns[i], with[i] = holds(c), containing(f.Text)
		}
		and(`(`+strings.Join(columns, ` OR `)+`)`, with...)
	}
	return strings.Join(where, ` AND `), args
}

// containing is a LIKE pattern for text that holds these words.
func containing(s string) string {
	return `%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(s)) + `%`
}

const checkpointColumns = `number, kind, seq, hash, at, key, signature`

func scanCheckpoint(scan func(...any) error) (audit.Checkpoint, error) {
	var (
		c   audit.Checkpoint
		at  int64
		raw []byte
	)
	err := scan(&c.Number, &c.Kind, &c.Seq, &raw, &at, &c.Key, &c.Signature)
	copy(c.Hash[:], raw)
	c.At = fromMicros(at)
	return c, err
}

// Checkpoints returns those with a number above this one, by number.
func (s *Store) Checkpoints(ctx context.Context, after int64) ([]audit.Checkpoint, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT `+checkpointColumns+` FROM audit_checkpoints WHERE number > ? ORDER BY number`), after)
	if err != nil {
		return nil, wrap("checkpoints", err)
	}
	defer rows.Close()
	var all []audit.Checkpoint
	for rows.Next() {
		c, err := scanCheckpoint(rows.Scan)
		if err != nil {
			return nil, wrap("checkpoints", err)
		}
		all = append(all, c)
	}
	return all, wrap("checkpoints", rows.Err())
}

const lastCheckpoint = `SELECT ` + checkpointColumns + ` FROM audit_checkpoints ORDER BY number DESC LIMIT 1`

// LastCheckpoint is the one with the highest number; zero when there is none.
func (s *Store) LastCheckpoint(ctx context.Context) (audit.Checkpoint, error) {
	c, err := scanCheckpoint(s.reader.QueryRowContext(ctx, lastCheckpoint).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Checkpoint{}, nil
	}
	return c, wrap("checkpoints", err)
}

// AddCheckpoint keeps a checkpoint of the head as it is now, unless the last one speaks of it.
func (s *Store) AddCheckpoint(ctx context.Context, sign func(number int64, head audit.Head) audit.Checkpoint) (added bool, err error) {
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		head, _, err := s.lockHead(ctx, tx)
		if err != nil {
			return err
		}
		last, err := scanCheckpoint(tx.QueryRowContext(ctx, lastCheckpoint).Scan)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if head.Seq == 0 || last.Number > 0 && last.Seq == head.Seq && last.Hash == head.Hash {
			return nil
		}
		added = true
		return s.keepCheckpoint(ctx, tx, sign(last.Number+1, head))
	})
	return added, wrap("checkpoints", err)
}

func (s *Store) keepCheckpoint(ctx context.Context, tx *sql.Tx, c audit.Checkpoint) error {
	_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO audit_checkpoints (`+checkpointColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)`),
		c.Number, c.Kind, c.Seq, c.Hash[:], micros(c.At), c.Key, c.Signature)
	return err
}

// RemoveAudit removes the oldest records behind an anchor.
func (s *Store) RemoveAudit(ctx context.Context, before time.Time, limit int, sign func(number int64, last audit.Head) audit.Checkpoint) (removed int64, err error) {
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		head, _, err := s.lockHead(ctx, tx)
		if err != nil {
			return err
		}
		// The oldest, until the first that is young enough: clocks may jump, and only the beginning of the chain may go.
		rows, err := tx.QueryContext(ctx, s.dialect.Rebind(`SELECT seq, at, hash FROM audit ORDER BY seq LIMIT ?`), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		var last audit.Head
		for rows.Next() {
			var (
				seq, at int64
				raw     []byte
			)
			if err := rows.Scan(&seq, &at, &raw); err != nil {
				return err
			}
			// The last record stays: a log that is empty and one that was emptied must not look alike.
			if at >= micros(before) || seq >= head.Seq || len(raw) != len(last.Hash) {
				break
			}
			last.Seq, last.Hash = seq, audit.Sum(raw)
			removed++
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || removed == 0 {
			return err
		}
		point, err := scanCheckpoint(tx.QueryRowContext(ctx, lastCheckpoint).Scan)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := s.keepCheckpoint(ctx, tx, sign(point.Number+1, last)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM audit WHERE seq <= ?`), last.Seq)
		return err
	})
	if err != nil {
		removed = 0
	}
	return removed, wrap("audit", err)
}
