package casestore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"tocsin/internal/hunt"
)

var (
	_ hunt.Shelf   = (*Store)(nil)
	_ hunt.History = (*Store)(nil)
)

const savedSelect = `SELECT q.id, q.name, q.description, q.folder, q.query, q.shared, q.owner_id, o.email, q.created, q.updated, q.revision FROM hunt_queries q JOIN operators o ON o.id = q.owner_id `

// SavedQueries returns the queries of the operator and those that are shared, by folder and name.
func (s *Store) SavedQueries(ctx context.Context, operatorID string) ([]hunt.Saved, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(savedSelect+`WHERE q.owner_id = ? OR q.shared ORDER BY lower(q.folder), q.name_key, q.id`), operatorID)
	if err != nil {
		return nil, wrap("saved queries", err)
	}
	defer rows.Close()
	var all []hunt.Saved
	for rows.Next() {
		q, err := scanSaved(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, wrap("saved queries", rows.Err())
}

// SavedQuery returns one query.
func (s *Store) SavedQuery(ctx context.Context, id string) (hunt.Saved, error) {
	return scanSaved(s.reader.QueryRowContext(ctx, s.dialect.Rebind(savedSelect+`WHERE q.id = ?`), id))
}

func scanSaved(row scanner) (hunt.Saved, error) {
	var (
		q                hunt.Saved
		created, updated int64
	)
	err := row.Scan(&q.ID, &q.Name, &q.Description, &q.Folder, &q.Query, &q.Shared, &q.OwnerID, &q.Owner, &created, &updated, &q.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		return hunt.Saved{}, hunt.ErrNoQuery
	}
	q.Created, q.Updated = fromMicros(created), fromMicros(updated)
	return q, wrap("saved query", err)
}

// AddSavedQuery keeps a new query.
func (s *Store) AddSavedQuery(ctx context.Context, q hunt.Saved) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		var have int
		if err := tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT count(*) FROM hunt_queries WHERE owner_id = ?`), q.OwnerID).Scan(&have); err != nil {
			return wrap("saved queries", err)
		}
		if have >= hunt.MaxSaved {
			return hunt.ErrFull
		}
		if err := s.nameIsFree(ctx, tx, q); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO hunt_queries (id, owner_id, name, name_key, description, folder, query, shared, created, updated, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
			q.ID, q.OwnerID, q.Name, strings.ToLower(q.Name), q.Description, q.Folder, q.Query, q.Shared, micros(q.Created), micros(q.Updated), q.Revision)
		return wrap("saved query", err)
	})
}

// nameIsFree answers hunt.ErrSameName when another query of the owner has q's name.
func (s *Store) nameIsFree(ctx context.Context, tx *sql.Tx, q hunt.Saved) error {
	var same int
	err := tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT count(*) FROM hunt_queries WHERE owner_id = ? AND name_key = ? AND id <> ?`), q.OwnerID, strings.ToLower(q.Name), q.ID).Scan(&same)
	if err == nil && same > 0 {
		return hunt.ErrSameName
	}
	return wrap("saved query", err)
}

// ChangeSavedQuery replaces a revision by the next.
func (s *Store) ChangeSavedQuery(ctx context.Context, q hunt.Saved) (out hunt.Saved, err error) {
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		out, err = scanSaved(tx.QueryRowContext(ctx, s.dialect.Rebind(savedSelect+`WHERE q.id = ?`), q.ID))
		if err != nil {
			return err
		}
		if out.Revision != q.Revision {
			return &hunt.Outdated{Revision: out.Revision}
		}
		out.Name, out.Description, out.Folder, out.Query, out.Shared, out.Updated = q.Name, q.Description, q.Folder, q.Query, q.Shared, q.Updated
		out.Revision++
		if err := s.nameIsFree(ctx, tx, out); err != nil {
			return err
		}
		// The revision stands in the condition too: where several write, it may have changed since it was read.
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE hunt_queries SET name = ?, name_key = ?, description = ?, folder = ?, query = ?, shared = ?, updated = ?, revision = ? WHERE id = ? AND revision = ?`),
			out.Name, strings.ToLower(out.Name), out.Description, out.Folder, out.Query, out.Shared, micros(out.Updated), out.Revision, out.ID, q.Revision)
		if err != nil {
			return wrap("saved query", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(&hunt.Outdated{Revision: out.Revision}, err)
		}
		return nil
	})
	return out, err
}

// RemoveSavedQuery forgets a query.
func (s *Store) RemoveSavedQuery(ctx context.Context, id string) error {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM hunt_queries WHERE id = ?`), id)
	if err != nil {
		return wrap("saved query", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(hunt.ErrNoQuery, err)
	}
	return nil
}

// AddPast keeps a run and forgets what is then too old or too much.
func (s *Store) AddPast(ctx context.Context, p hunt.Past) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO hunt_runs (id, operator_id, at, size, query, row_count, took, outcome, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (operator_id, at, id) DO NOTHING`),
			p.ID, p.OperatorID, micros(p.At), len(p.Query), p.Query, p.Rows, p.Took.Microseconds(), p.Outcome, p.Error)
		if err != nil {
			return wrap("history", err)
		}
		// From the newest to the oldest, up to the first that is too much: that one and all before it go.
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM hunt_runs WHERE operator_id = ? AND at <= (SELECT max(at) FROM (
			SELECT at, row_number() OVER (ORDER BY at DESC, id DESC) AS n, sum(size) OVER (ORDER BY at DESC, id DESC) AS octets FROM hunt_runs WHERE operator_id = ?
		) AS h WHERE n > ? OR octets > ? OR at < ?)`),
			p.OperatorID, p.OperatorID, hunt.HistoryRuns, hunt.HistoryOctets, micros(p.At.Add(-hunt.HistoryLife)))
		return wrap("history", err)
	})
}

// PastRuns returns runs of the operator, newest first.
func (s *Store) PastRuns(ctx context.Context, operatorID string, before hunt.PastKey, limit int) ([]hunt.Past, error) {
	query, args := `SELECT id, operator_id, at, query, row_count, took, outcome, error FROM hunt_runs WHERE operator_id = ?`, []any{operatorID}
	if !before.At.IsZero() {
		query += ` AND (at < ? OR at = ? AND id < ?)`
		args = append(args, micros(before.At), micros(before.At), before.ID)
	}
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(query+` ORDER BY at DESC, id DESC LIMIT ?`), append(args, limit)...)
	if err != nil {
		return nil, wrap("history", err)
	}
	defer rows.Close()
	var all []hunt.Past
	for rows.Next() {
		var (
			p        hunt.Past
			at, took int64
		)
		if err := rows.Scan(&p.ID, &p.OperatorID, &at, &p.Query, &p.Rows, &took, &p.Outcome, &p.Error); err != nil {
			return nil, wrap("history", err)
		}
		p.At, p.Took = fromMicros(at), time.Duration(took)*time.Microsecond
		all = append(all, p)
	}
	return all, wrap("history", rows.Err())
}

// ClearPast forgets what the operator ran.
func (s *Store) ClearPast(ctx context.Context, operatorID string) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM hunt_runs WHERE operator_id = ?`), operatorID)
	return wrap("history", err)
}

// ForgetPast forgets runs that began before the given time.
func (s *Store) ForgetPast(ctx context.Context, before time.Time) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM hunt_runs WHERE at < ?`), micros(before))
	return wrap("history", err)
}
