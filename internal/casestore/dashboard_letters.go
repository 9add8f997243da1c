package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/dashboard"
)

var _ dashboard.Letters = (*Store)(nil)

const letterOrderColumns = `id, body, enabled, due, last, problem, author, at, version`

// letterBody is what somebody says of a letter, as it is kept.
type letterBody struct {
	Name    string           `json:"name"`
	To      []string         `json:"to"`
	Weekday time.Weekday     `json:"weekday"`
	Hour    int              `json:"hour"`
	Zone    string           `json:"zone"`
	Filter  dashboard.Filter `json:"filter"`
}

func scanLetterOrder(row scanner) (o dashboard.LetterOrder, err error) {
	var (
		body          string
		due, last, at int64
		b             letterBody
	)
	err = row.Scan(&o.ID, &body, &o.On, &due, &last, &o.Problem, &o.By, &at, &o.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return o, dashboard.ErrNoLetter
	}
	if err != nil {
		return o, wrap("dashboard letter", err)
	}
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return o, fmt.Errorf("dashboard letter %s: %w", o.ID, err)
	}
	o.Name, o.To, o.Weekday, o.Hour, o.Zone, o.Filter = b.Name, b.To, b.Weekday, b.Hour, b.Zone, b.Filter
	o.Due, o.Last, o.At = fromMicros(due), fromMicros(last), fromMicros(at)
	return o, nil
}

func letterOrderBody(o *dashboard.LetterOrder) (string, error) {
	raw, err := json.Marshal(letterBody{o.Name, o.To, o.Weekday, o.Hour, o.Zone, o.Filter})
	return string(raw), wrap("dashboard letter", err)
}

// LetterOrders lists all, oldest first.
func (s *Store) LetterOrders(ctx context.Context) ([]dashboard.LetterOrder, error) {
	return s.letterOrders(ctx, `ORDER BY id`)
}

// LettersDue lists those whose time has come.
func (s *Store) LettersDue(ctx context.Context, now time.Time) ([]dashboard.LetterOrder, error) {
	return s.letterOrders(ctx, `WHERE due > 0 AND due <= ? ORDER BY due, id`, micros(now))
}

func (s *Store) letterOrders(ctx context.Context, rest string, args ...any) (out []dashboard.LetterOrder, err error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT `+letterOrderColumns+` FROM dashboard_letters `+rest), args...)
	if err != nil {
		return nil, wrap("dashboard letters", err)
	}
	defer rows.Close()
	for rows.Next() {
		o, err := scanLetterOrder(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, wrap("dashboard letters", rows.Err())
}

// LetterOrder returns one.
func (s *Store) LetterOrder(ctx context.Context, id string) (dashboard.LetterOrder, error) {
	return scanLetterOrder(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+letterOrderColumns+` FROM dashboard_letters WHERE id = ?`), id))
}

// AddLetterOrder keeps a new one.
func (s *Store) AddLetterOrder(ctx context.Context, o dashboard.LetterOrder) error {
	body, err := letterOrderBody(&o)
	if err != nil {
		return err
	}
	return s.InTx(ctx, func(tx *sql.Tx) error {
		var have int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM dashboard_letters`).Scan(&have); err != nil {
			return wrap("dashboard letters", err)
		}
		if have >= dashboard.MaxLetters {
			return &dashboard.WrongError{Field: "name", Say: fmt.Sprintf("there are %d letters already; remove one first", have)}
		}
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO dashboard_letters (`+letterOrderColumns+`) VALUES (?, ?, ?, ?, 0, '', ?, ?, 1)`), o.ID, body, o.On, micros(o.Due), o.By, micros(o.At))
		return wrap("dashboard letter", err)
	})
}

// ChangeLetterOrder replaces what somebody says of it.
func (s *Store) ChangeLetterOrder(ctx context.Context, o dashboard.LetterOrder, from int64) (now dashboard.LetterOrder, err error) {
	body, err := letterOrderBody(&o)
	if err != nil {
		return now, err
	}
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		was, err := scanLetterOrder(tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+letterOrderColumns+` FROM dashboard_letters WHERE id = ?`), o.ID))
		if err != nil {
			return err
		}
		if from != 0 && was.Version != from {
			return &dashboard.OutdatedError{Version: was.Version}
		}
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE dashboard_letters SET body = ?, enabled = ?, due = ?, author = ?, at = ?, version = version + 1 WHERE id = ? AND version = ?`),
			body, o.On, micros(o.Due), o.By, micros(o.At), o.ID, was.Version)
		if err != nil {
			return wrap("dashboard letter", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(&dashboard.OutdatedError{Version: was.Version}, err)
		}
		now, err = scanLetterOrder(tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+letterOrderColumns+` FROM dashboard_letters WHERE id = ?`), o.ID))
		return err
	})
	return now, err
}

// RemoveLetterOrder forgets one.
func (s *Store) RemoveLetterOrder(ctx context.Context, id string) error {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM dashboard_letters WHERE id = ?`), id)
	if err != nil {
		return wrap("dashboard letter", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(dashboard.ErrNoLetter, err)
	}
	return nil
}

// LetterMade notes what became of the one that was due; a letter that somebody changed meanwhile keeps its new time.
func (s *Store) LetterMade(ctx context.Context, id string, due, next, at time.Time, problem string) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE dashboard_letters SET due = CASE WHEN due = ? THEN ? ELSE due END, last = ?, problem = ? WHERE id = ?`), micros(due), micros(next), micros(at), problem, id)
	return wrap("dashboard letter", err)
}
