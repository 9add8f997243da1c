package casestore

import (
	"context"
	"database/sql"
	"errors"

	"tocsin/internal/remediate"
)

var _ remediate.AidStore = (*Store)(nil)

const (
	deedColumns = `id, mailbox, kind, state, author, author_id, reason, system, rule, why, script, place, of_deed, put_back, say, began, ended`
	deedWhole   = deedColumns + `, before, after`
)

func scanDeed(row scanner, whole bool) (d remediate.Deed, err error) {
	var began, ended int64
	var before, after []byte
	to := []any{&d.ID, &d.Mailbox, &d.Kind, &d.State, &d.By, &d.ByID, &d.Reason, &d.System, &d.Rule, &d.Why, &d.Change.Script, &d.Change.At, &d.Of, &d.PutBack, &d.Say, &began, &ended}
	if whole {
		to = append(to, &before, &after)
	}
	err = row.Scan(to...)
	d.At, d.Ended, d.Change.Before, d.Change.After = fromMicros(began), fromMicros(ended), string(before), string(after)
	return d, err
}

// BeginDeed writes down what is going to be done.
func (s *Store) BeginDeed(ctx context.Context, d remediate.Deed) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO mailbox_deeds (`+deedWhole+`) VALUES (`+marks(19)+`)`),
		d.ID, d.Mailbox, string(d.Kind), string(d.State), d.By, d.ByID, d.Reason, d.System, d.Rule, d.Why, d.Change.Script, d.Change.At, d.Of, d.PutBack, d.Say, micros(d.At), micros(d.Ended),
		[]byte(d.Change.Before), []byte(d.Change.After))
	return wrap("first aid", err)
}

// EndDeed writes down how it went.
func (s *Store) EndDeed(ctx context.Context, d remediate.Deed) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE mailbox_deeds SET state = ?, say = ?, ended = ? WHERE id = ? AND ended = 0`), string(d.State), d.Say, micros(d.Ended), d.ID)
		if err != nil {
			return wrap("first aid", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return wrap("first aid", errors.Join(remediate.ErrNoDeed, err))
		}
		if d.Kind != remediate.RulePutBack || d.State != remediate.DeedDone {
			return nil
		}
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE mailbox_deeds SET put_back = ? WHERE id = ?`), d.ID, d.Of)
		return wrap("first aid", err)
	})
}

// Deed returns one.
func (s *Store) Deed(ctx context.Context, id string) (remediate.Deed, error) {
	d, err := scanDeed(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+deedWhole+` FROM mailbox_deeds WHERE id = ?`), id), true)
	if errors.Is(err, sql.ErrNoRows) {
		return d, remediate.ErrNoDeed
	}
	return d, wrap("first aid", err)
}

// Deeds returns the newest of a mailbox.
func (s *Store) Deeds(ctx context.Context, mailbox string, limit int) ([]remediate.Deed, error) {
	return s.deeds(ctx, false, `SELECT `+deedColumns+` FROM mailbox_deeds WHERE mailbox = ? ORDER BY id DESC LIMIT ?`, mailbox, limit)
}

// OpenDeeds returns what nobody knows the end of, newest first.
func (s *Store) OpenDeeds(ctx context.Context, mailbox string, limit int) ([]remediate.Deed, error) {
	if mailbox == "" {
		return s.deeds(ctx, true, `SELECT `+deedWhole+` FROM mailbox_deeds WHERE ended = 0 ORDER BY id DESC LIMIT ?`, limit)
	}
	return s.deeds(ctx, true, `SELECT `+deedWhole+` FROM mailbox_deeds WHERE ended = 0 AND mailbox = ? ORDER BY id DESC LIMIT ?`, mailbox, limit)
}

func (s *Store) deeds(ctx context.Context, whole bool, query string, args ...any) ([]remediate.Deed, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(query), args...)
	if err != nil {
		return nil, wrap("first aid", err)
	}
	defer rows.Close()
	var all []remediate.Deed
	for rows.Next() {
		d, err := scanDeed(rows, whole)
		if err != nil {
			return nil, wrap("first aid", err)
		}
		all = append(all, d)
	}
	return all, wrap("first aid", rows.Err())
}
