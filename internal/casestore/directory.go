package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"tocsin/internal/directory"
)

var _ directory.Shelf = (*Store)(nil)

// DirectoryCopies returns what is kept of every source, by name.
func (s *Store) DirectoryCopies(ctx context.Context) ([]directory.Copy, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT source, at, tried, problem FROM directory_sources WHERE source <> '' AND NOT removed ORDER BY source`)
	if err != nil {
		return nil, wrap("directory", err)
	}
	defer func() { _ = rows.Close() }()
	var all []directory.Copy
	for rows.Next() {
		var (
			c         directory.Copy
			at, tried int64
		)
		if err := rows.Scan(&c.Source, &at, &tried, &c.Problem); err != nil {
			return nil, wrap("directory", err)
		}
		c.At, c.Tried = fromMicros(at), fromMicros(tried)
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, wrap("directory", err)
	}
	for i := range all {
		if all[i].People, err = s.directoryPeople(ctx, all[i].Source); err != nil {
			return nil, wrap("directory", err)
		}
	}
	return all, nil
}

func (s *Store) directoryPeople(ctx context.Context, source string) ([]directory.Person, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT body FROM directory_people WHERE source = ? ORDER BY address`), source)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var people []directory.Person
	for rows.Next() {
		var body string
		var p directory.Person
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, rows.Err()
}

// noteSource counts a change of a source inside a transaction.
func (s *Store) noteSource(ctx context.Context, tx *sql.Tx, source string, at, tried time.Time, problem string, removed bool) error {
	_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO directory_sources (source, at, tried, problem, revision, removed) VALUES (?, ?, ?, ?, 1, ?)
		ON CONFLICT (source) DO UPDATE SET at = CASE WHEN excluded.at = 0 AND NOT excluded.removed THEN directory_sources.at ELSE excluded.at END,
		tried = excluded.tried, problem = excluded.problem, revision = directory_sources.revision + 1, removed = excluded.removed`),
		source, micros(at), micros(tried), problem, removed)
	return err
}

// PutDirectoryCopy replaces what was kept of the source.
func (s *Store) PutDirectoryCopy(ctx context.Context, c directory.Copy) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		if err := s.removePeople(ctx, tx, c.Source); err != nil {
			return err
		}
		stmt, err := tx.PrepareContext(ctx, s.dialect.Rebind(`INSERT INTO directory_people (source, address, body) VALUES (?, ?, ?)`))
		if err != nil {
			return wrap("directory", err)
		}
		defer func() { _ = stmt.Close() }()
		for i := range c.People {
			body, err := json.Marshal(&c.People[i])
			if err != nil {
				return wrap("directory", err)
			}
			if _, err := stmt.ExecContext(ctx, c.Source, c.People[i].Address, string(body)); err != nil {
				return wrap("directory", err)
			}
		}
		return wrap("directory", s.noteSource(ctx, tx, c.Source, c.At, c.Tried, c.Problem, false))
	})
}

func (s *Store) removePeople(ctx context.Context, tx *sql.Tx, source string) error {
	_, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM directory_people WHERE source = ?`), source)
	return wrap("directory", err)
}

// NoteDirectoryProblem keeps why a try failed, and the copy as it is.
func (s *Store) NoteDirectoryProblem(ctx context.Context, source, problem string, at time.Time) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		return wrap("directory", s.noteSource(ctx, tx, source, time.Time{}, at, problem, false))
	})
}

// RemoveDirectoryCopy forgets a source.
func (s *Store) RemoveDirectoryCopy(ctx context.Context, source string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		if err := s.removePeople(ctx, tx, source); err != nil {
			return err
		}
		// The row stays: the revision must not fall.
		return wrap("directory", s.noteSource(ctx, tx, source, time.Time{}, time.Time{}, "", true))
	})
}

// DirectoryMarks are what operators said of priority accounts.
func (s *Store) DirectoryMarks(ctx context.Context) (map[string]bool, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT address, priority FROM directory_marks`)
	if err != nil {
		return nil, wrap("directory", err)
	}
	defer func() { _ = rows.Close() }()
	marks := map[string]bool{}
	for rows.Next() {
		var address string
		var priority bool
		if err := rows.Scan(&address, &priority); err != nil {
			return nil, wrap("directory", err)
		}
		marks[address] = priority
	}
	return marks, wrap("directory", rows.Err())
}

// PutDirectoryMark keeps what an operator said.
func (s *Store) PutDirectoryMark(ctx context.Context, address string, priority bool, at time.Time) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO directory_marks (address, priority, at) VALUES (?, ?, ?)
			ON CONFLICT (address) DO UPDATE SET priority = excluded.priority, at = excluded.at`), address, priority, micros(at))
		if err != nil {
			return wrap("directory", err)
		}
		return wrap("directory", s.noteSource(ctx, tx, "", at, at, "", false))
	})
}

// DirectoryRevision rises with every change.
func (s *Store) DirectoryRevision(ctx context.Context) (int64, error) {
	var n int64
	err := s.reader.QueryRowContext(ctx, `SELECT coalesce(sum(revision), 0) FROM directory_sources`).Scan(&n)
	return n, wrap("directory", err)
}
