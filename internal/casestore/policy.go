package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/policy"
)

var _ policy.Store = (*Store)(nil)

// PolicyGeneration returns how often anything of the policy was changed.
func (s *Store) PolicyGeneration(ctx context.Context) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT n FROM policy_generation`).Scan(&n)
	return n, wrap("policy", err)
}

// changePolicy runs a change and raises the generation with it.
func (s *Store) changePolicy(ctx context.Context, f func(tx *sql.Tx) error) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE policy_generation SET n = n + 1`); err != nil {
			return wrap("policy", err)
		}
		return f(tx)
	})
}

const versionSelect = `SELECT number, at, operator, via, reason, policy FROM policy_versions `

func scanVersion(row scanner) (policy.Version, error) {
	var (
		v    policy.Version
		at   int64
		text string
	)
	err := row.Scan(&v.Number, &at, &v.By, &v.Via, &v.Reason, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return v, policy.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &v.Policy)
	}
	v.At = fromMicros(at)
	return v, wrap("policy", err)
}

// LatestPolicy returns the newest version.
func (s *Store) LatestPolicy(ctx context.Context) (policy.Version, error) {
	return scanVersion(s.reader.QueryRowContext(ctx, versionSelect+`ORDER BY number DESC LIMIT 1`))
}

// PolicyVersion returns one version.
func (s *Store) PolicyVersion(ctx context.Context, number int64) (policy.Version, error) {
	return scanVersion(s.reader.QueryRowContext(ctx, s.dialect.Rebind(versionSelect+`WHERE number = ?`), number))
}

// PolicyVersions returns versions, newest first.
func (s *Store) PolicyVersions(ctx context.Context, below int64, limit int) ([]policy.Version, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(versionSelect+`WHERE ? = 0 OR number < ? ORDER BY number DESC LIMIT ?`), below, below, limit)
	if err != nil {
		return nil, wrap("policy", err)
	}
	defer rows.Close()
	var all []policy.Version
	for rows.Next() {
		v, err := scanVersion(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, wrap("policy", rows.Err())
}

// AddPolicyVersion keeps the version after from.
func (s *Store) AddPolicyVersion(ctx context.Context, v policy.Version, from int64) (policy.Version, error) {
	err := s.changePolicy(ctx, func(tx *sql.Tx) error {
		var have int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM policy_versions`).Scan(&have); err != nil {
			return wrap("policy", err)
		}
		if have != from {
			return &policy.Outdated{Now: have}
		}
		v.Number = have + 1
		text, err := json.Marshal(v.Policy)
		if err != nil {
			return wrap("policy", err)
		}
		// Its key refuses a second writer of the same number.
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO policy_versions (number, at, operator, via, reason, policy) VALUES (?, ?, ?, ?, ?, ?)`),
			v.Number, micros(v.At), v.By, v.Via, v.Reason, string(text))
		return wrap("policy", err)
	})
	return v, err
}

const entrySelect = `SELECT id, kind, value, allow, unproven, reason, author, created, updated, updated_by, expires, revision FROM policy_entries `

func scanEntry(row scanner) (policy.Entry, error) {
	var (
		e                         policy.Entry
		created, updated, expires int64
	)
	err := row.Scan(&e.ID, &e.Kind, &e.Value, &e.Allow, &e.Unproven, &e.Reason, &e.By, &created, &updated, &e.UpdatedBy, &expires, &e.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		return e, policy.ErrNotFound
	}
	e.Created, e.Updated, e.Expires = fromMicros(created), fromMicros(updated), fromMicros(expires)
	return e, wrap("entries", err)
}

func (s *Store) entries(ctx context.Context, query string, args ...any) ([]policy.Entry, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(entrySelect+query), args...)
	if err != nil {
		return nil, wrap("entries", err)
	}
	defer rows.Close()
	var all []policy.Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, wrap("entries", rows.Err())
}

// AllEntries returns the whole list, oldest first.
func (s *Store) AllEntries(ctx context.Context) ([]policy.Entry, error) {
	return s.entries(ctx, `ORDER BY created, id`)
}

// Entries returns a page of the list, newest first, and how many match in all.
func (s *Store) Entries(ctx context.Context, f policy.Filter) ([]policy.Entry, int64, error) {
	where, args := []string{"1 = 1"}, []any{}
	and := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if f.Kind != "" {
		and(`kind = ?`, string(f.Kind))
	}
	if f.Allow != nil {
		and(`allow = ?`, *f.Allow)
	}
	switch f.State {
	case "active":
		and(`(expires = 0 OR expires > ?)`, micros(f.Now))
	case "expired":
		and(`expires <> 0 AND expires <= ?`, micros(f.Now))
	}
	if f.Search != "" {
		like := "%" + escapeLike(strings.ToLower(f.Search)) + "%"
		and(`(lower(value) LIKE ? ESCAPE '\' OR lower(reason) LIKE ? ESCAPE '\' OR lower(author) LIKE ? ESCAPE '\')`, like, like, like)
	}
	var total int64
	if err := s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT count(*) FROM policy_entries WHERE `+strings.Join(where, " AND ")), args...).Scan(&total); err != nil {
		return nil, 0, wrap("entries", err)
	}
	if f.After.ID != "" {
		at := micros(f.After.Created)
		and(`(created < ? OR created = ? AND id < ?)`, at, at, f.After.ID)
	}
	all, err := s.entries(ctx, `WHERE `+strings.Join(where, " AND ")+` ORDER BY created DESC, id DESC LIMIT ?`, append(args, f.Limit)...)
	return all, total, err
}

// escapeLike makes a text match itself.
func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// Entry returns one entry.
func (s *Store) Entry(ctx context.Context, id string) (policy.Entry, error) {
	return scanEntry(s.reader.QueryRowContext(ctx, s.dialect.Rebind(entrySelect+`WHERE id = ?`), id))
}

// EntryOf returns the entry for a value.
func (s *Store) EntryOf(ctx context.Context, kind detect.OverrideKind, value string) (policy.Entry, error) {
	return scanEntry(s.reader.QueryRowContext(ctx, s.dialect.Rebind(entrySelect+`WHERE kind = ? AND value = ?`), string(kind), value))
}

// AddEntries keeps new entries, all or none.
func (s *Store) AddEntries(ctx context.Context, list []policy.Entry, now time.Time) error {
	return s.changePolicy(ctx, func(tx *sql.Tx) error {
		for i := range list {
			e := &list[i]
			if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM policy_entries WHERE kind = ? AND value = ? AND expires <> 0 AND expires <= ?`), string(e.Kind), e.Value, micros(now)); err != nil {
				return wrap("entries", err)
			}
			have, err := scanEntry(tx.QueryRowContext(ctx, s.dialect.Rebind(entrySelect+`WHERE kind = ? AND value = ?`), string(e.Kind), e.Value))
			if err == nil {
				return &policy.Same{Entry: have}
			} else if !errors.Is(err, policy.ErrNotFound) {
				return err
			}
			_, err = tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO policy_entries (id, kind, value, allow, unproven, reason, author, created, updated, updated_by, expires, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
				e.ID, string(e.Kind), e.Value, e.Allow, e.Unproven, e.Reason, e.By, micros(e.Created), micros(e.Updated), e.UpdatedBy, micros(e.Expires), e.Revision)
			if err != nil {
				return wrap("entries", err)
			}
		}
		return nil
	})
}

// ChangeEntry replaces a revision by the next.
func (s *Store) ChangeEntry(ctx context.Context, e policy.Entry) (policy.Entry, error) {
	from := e.Revision
	err := s.changePolicy(ctx, func(tx *sql.Tx) error {
		have, err := scanEntry(tx.QueryRowContext(ctx, s.dialect.Rebind(entrySelect+`WHERE id = ?`+s.dialect.forUpdate), e.ID))
		if err != nil {
			return err
		}
		if have.Revision != from {
			return &policy.Outdated{Now: have.Revision}
		}
		e.Revision = from + 1
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE policy_entries SET allow = ?, unproven = ?, reason = ?, updated = ?, updated_by = ?, expires = ?, revision = ? WHERE id = ?`),
			e.Allow, e.Unproven, e.Reason, micros(e.Updated), e.UpdatedBy, micros(e.Expires), e.Revision, e.ID)
		return wrap("entries", err)
	})
	return e, err
}

// RemoveEntry takes an entry off the list.
func (s *Store) RemoveEntry(ctx context.Context, id string) error {
	return s.changePolicy(ctx, func(tx *sql.Tx) error {
		return gone(tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM policy_entries WHERE id = ?`), id))
	})
}

// gone turns a change of no row into ErrNotFound.
func gone(res sql.Result, err error) error {
	if err != nil {
		return wrap("policy", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(policy.ErrNotFound, err)
	}
	return nil
}

func (s *Store) mailboxes(ctx context.Context, query string, args ...any) ([]detect.Mailbox, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT settings FROM policy_mailboxes `+query), args...)
	if err != nil {
		return nil, wrap("mailboxes", err)
	}
	defer rows.Close()
	var all []detect.Mailbox
	for rows.Next() {
		var text string
		var m detect.Mailbox
		if err := rows.Scan(&text); err != nil {
			return nil, wrap("mailboxes", err)
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return nil, wrap("mailboxes", err)
		}
		all = append(all, m)
	}
	return all, wrap("mailboxes", rows.Err())
}

// AllMailboxes returns the settings of every mailbox that has any.
func (s *Store) AllMailboxes(ctx context.Context) ([]detect.Mailbox, error) {
	return s.mailboxes(ctx, `ORDER BY address`)
}

// Mailboxes returns settings by address.
func (s *Store) Mailboxes(ctx context.Context, search, after string, limit int) ([]detect.Mailbox, error) {
	return s.mailboxes(ctx, `WHERE address > ? AND address LIKE ? ESCAPE '\' ORDER BY address LIMIT ?`, after, "%"+escapeLike(strings.ToLower(search))+"%", limit)
}

// Mailbox returns the settings of one.
func (s *Store) Mailbox(ctx context.Context, address string) (detect.Mailbox, error) {
	all, err := s.mailboxes(ctx, `WHERE address = ?`, address)
	if err == nil && len(all) == 0 {
		err = policy.ErrNotFound
	}
	if err != nil {
		return detect.Mailbox{}, err
	}
	return all[0], nil
}

// PutMailbox keeps the settings of one.
func (s *Store) PutMailbox(ctx context.Context, m detect.Mailbox) error {
	text, err := json.Marshal(m)
	if err != nil {
		return wrap("mailboxes", err)
	}
	return s.changePolicy(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO policy_mailboxes (address, settings, updated) VALUES (?, ?, ?) ON CONFLICT (address) DO UPDATE SET settings = excluded.settings, updated = excluded.updated`), m.Address, string(text), micros(m.Updated))
		return wrap("mailboxes", err)
	})
}

// RemoveMailbox forgets the settings of one.
func (s *Store) RemoveMailbox(ctx context.Context, address string) error {
	return s.changePolicy(ctx, func(tx *sql.Tx) error {
		return gone(tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM policy_mailboxes WHERE address = ?`), address))
	})
}
