package casestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/mailout"
)

// Letters keeps Tocsin's own mail. Enqueue makes the durable job that sends a letter, inside the transaction that keeps it.
type Letters struct {
	s       *Store
	Enqueue func(ctx context.Context, tx *sql.Tx, id string) error
}

// Letters returns the store of outgoing mail.
func (s *Store) Letters() *Letters { return &Letters{s: s} }

// Add keeps letters and their jobs, all or none. A letter whose key is known is left out.
func (l *Letters) Add(ctx context.Context, at time.Time, letters []mailout.Letter) error {
	return l.s.InTx(ctx, func(tx *sql.Tx) error {
		for _, letter := range letters {
			id, err := uuid.NewV7()
			if err != nil {
				return wrap("letter", err)
			}
			res, err := tx.ExecContext(ctx, l.s.dialect.Rebind(`INSERT INTO letters (id, about, purpose, recipient, subject, body, html, state, error, tries, made, ended)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', 0, ?, 0) ON CONFLICT (about) DO NOTHING`),
				id.String(), letter.Key, letter.Purpose, letter.To, letter.Subject, letter.Text, letter.HTML, mailout.Waiting, micros(at))
			if err != nil {
				return wrap("letter", err)
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				if err != nil {
					return wrap("letter", err)
				}
				continue
			}
			for n, f := range letter.Files {
				if _, err := tx.ExecContext(ctx, l.s.dialect.Rebind(`INSERT INTO letter_files (letter, n, name, type, body) VALUES (?, ?, ?, ?, ?)`), id.String(), n, f.Name, f.Type, f.Body); err != nil {
					return wrap("file of a letter", err)
				}
			}
			if err := l.Enqueue(ctx, tx, id.String()); err != nil {
				return wrap("letter", err)
			}
		}
		return nil
	})
}

const letterColumns = `id, about, purpose, recipient, subject, body, html, state, error, tries, made, ended`

func scanLetter(row scanner) (mailout.Entry, error) {
	var (
		e           mailout.Entry
		made, ended int64
	)
	err := row.Scan(&e.ID, &e.Key, &e.Purpose, &e.To, &e.Subject, &e.Text, &e.HTML, &e.State, &e.Error, &e.Tries, &made, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return e, mailout.ErrUnknown
	}
	e.Made, e.Ended = fromMicros(made), fromMicros(ended)
	return e, wrap("letter", err)
}

// Letter returns one letter with its files, or mailout.ErrUnknown.
func (l *Letters) Letter(ctx context.Context, id string) (mailout.Entry, error) {
	e, err := scanLetter(l.s.reader.QueryRowContext(ctx, l.s.dialect.Rebind(`SELECT `+letterColumns+` FROM letters WHERE id = ?`), id))
	if err != nil {
		return e, err
	}
	rows, err := l.s.reader.QueryContext(ctx, l.s.dialect.Rebind(`SELECT name, type, body FROM letter_files WHERE letter = ? ORDER BY n`), id)
	if err != nil {
		return e, wrap("files of a letter", err)
	}
	defer rows.Close()
	for rows.Next() {
		var f mailout.File
		if err := rows.Scan(&f.Name, &f.Type, &f.Body); err != nil {
			return e, wrap("files of a letter", err)
		}
		e.Files = append(e.Files, f)
	}
	return e, wrap("files of a letter", rows.Err())
}

// Page returns letters, newest first.
func (l *Letters) Page(ctx context.Context, f mailout.Filter) ([]mailout.Entry, error) {
	rows, err := l.s.reader.QueryContext(ctx, l.s.dialect.Rebind(`SELECT `+letterColumns+` FROM letters
		WHERE (? = '' OR purpose = ?) AND (? = '' OR substr(about, 1, length(?)) = ?) AND (? = '' OR id < ?) ORDER BY id DESC LIMIT ?`),
		f.Purpose, f.Purpose, f.About, f.About, f.About, f.Below, f.Below, f.Limit)
	if err != nil {
		return nil, wrap("letters", err)
	}
	defer rows.Close()
	var out []mailout.Entry
	for rows.Next() {
		e, err := scanLetter(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, wrap("letters", rows.Err())
}

// Tried keeps what came of a try. The text and the files of a letter that is over are forgotten.
func (l *Letters) Tried(ctx context.Context, id string, state mailout.State, reason string, at time.Time) error {
	query, ended := `UPDATE letters SET state = ?, error = ?, tries = tries + 1, ended = ? WHERE id = ?`, int64(0)
	if state != mailout.Waiting {
		query, ended = `UPDATE letters SET state = ?, error = ?, tries = tries + 1, ended = ?, body = '', html = '' WHERE id = ?`, micros(at)
	}
	return l.s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, l.s.dialect.Rebind(query), state, reason, ended, id); err != nil {
			return wrap("letter", err)
		}
		if state == mailout.Waiting {
			return nil
		}
		_, err := tx.ExecContext(ctx, l.s.dialect.Rebind(`DELETE FROM letter_files WHERE letter = ?`), id)
		return wrap("files of a letter", err)
	})
}

// Forget removes letters that were over before a time. A key that was forgotten may be used again.
func (l *Letters) Forget(ctx context.Context, before time.Time) error {
	_, err := l.s.writer.ExecContext(ctx, l.s.dialect.Rebind(`DELETE FROM letters WHERE ended > 0 AND ended < ?`), micros(before))
	if err != nil {
		return fmt.Errorf("letters: %w", err)
	}
	return nil
}
