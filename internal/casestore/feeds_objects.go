package casestore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	"tocsin/internal/feed"
	"tocsin/internal/stix"
)

// PutObjects keeps STIX objects of a run. An object that is there in this version already is only noted as named.
func (x *Feeds) PutObjects(ctx context.Context, id string, run int64, objects []*stix.Object) (fresh int, err error) {
	err = x.s.InTx(ctx, func(tx *sql.Tx) error {
		for _, o := range objects {
			changed, err := x.putObject(ctx, tx, id, run, o)
			if err != nil {
				return err
			}
			if changed {
				fresh++
			}
		}
		return nil
	})
	return fresh, wrap("keep STIX objects", err)
}

func (x *Feeds) putObject(ctx context.Context, tx *sql.Tx, id string, run int64, o *stix.Object) (changed bool, err error) {
	at, digest := micros(o.Modified), sha256.Sum256(o.Raw)
	var have []byte
	err = tx.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT digest FROM feed_objects WHERE feed = ? AND id = ? AND modified = ?`), id, o.ID, at).Scan(&have)
	switch {
	case err == nil && bytes.Equal(have, digest[:16]):
		_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE feed_objects SET run = ? WHERE feed = ? AND id = ? AND modified = ?`), run, id, o.ID, at)
		return false, err
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return false, err
	}
	var latest sql.NullInt64
	if err := tx.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT max(modified) FROM feed_objects WHERE feed = ? AND id = ?`), id, o.ID).Scan(&latest); err != nil {
		return false, err
	}
	newest := !latest.Valid || at >= latest.Int64
	if newest && latest.Valid {
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE feed_objects SET newest = ? WHERE feed = ? AND id = ?`), false, id, o.ID); err != nil {
			return false, err
		}
	}
	_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO feed_objects (feed, id, modified, type, newest, run, source, how, digest, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (feed, id, modified) DO UPDATE SET newest = excluded.newest, run = excluded.run, source = excluded.source, how = excluded.how, digest = excluded.digest, raw = excluded.raw`),
		id, o.ID, at, o.Type, newest, run, o.Source, o.Relationship, digest[:16], string(o.Raw))
	return true, err
}

// objectPage is how many objects are read at a time: no statement stays open while somebody works on them.
const objectPage = 500

// Objects yields the newest versions, by id.
func (x *Feeds) Objects(ctx context.Context, id string, run int64, types []string) iter.Seq2[*stix.Object, error] {
	return func(yield func(*stix.Object, error) bool) {
		after := ""
		for {
			page, err := x.objectsAfter(ctx, id, run, types, after)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, o := range page {
				if !yield(o, nil) {
					return
				}
			}
			if len(page) < objectPage {
				return
			}
			after = page[len(page)-1].ID
		}
	}
}

func (x *Feeds) objectsAfter(ctx context.Context, id string, run int64, types []string, after string) ([]*stix.Object, error) {
	q, args := `SELECT raw FROM feed_objects WHERE feed = ? AND id > ? AND newest`, []any{id, after}
	if len(types) > 0 {
		q += ` AND type IN (?` + strings.Repeat(`, ?`, len(types)-1) + `)`
		for _, t := range types {
			args = append(args, t)
		}
	}
	if run != 0 {
		q += ` AND (run = ? OR id IN (SELECT source FROM feed_objects WHERE feed = ? AND run = ? AND type = 'relationship'))`
		args = append(args, run, id, run)
	}
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(q+` ORDER BY id LIMIT ?`), append(args, objectPage)...)
	if err != nil {
		return nil, wrap("STIX objects", err)
	}
	return scanObjects(rows)
}

func scanObjects(rows *sql.Rows) ([]*stix.Object, error) {
	defer func() { _ = rows.Close() }()
	var out []*stix.Object
	for rows.Next() {
		var raw string
		if err := rows.Scan(&raw); err != nil {
			return nil, wrap("STIX objects", err)
		}
		o, err := stix.Parse([]byte(raw))
		if err != nil { // it was parsed when it came
			return nil, fmt.Errorf("a stored STIX object does not read: %w", err)
		}
		out = append(out, o)
	}
	return out, wrap("STIX objects", rows.Err())
}

// Object returns the newest version of one.
func (x *Feeds) Object(ctx context.Context, id, object string) (*stix.Object, error) {
	var raw string
	err := x.s.reader.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT raw FROM feed_objects WHERE feed = ? AND id = ? AND newest`), id, object).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, feed.ErrNotFound
	}
	if err != nil {
		return nil, wrap("a STIX object", err)
	}
	return stix.Parse([]byte(raw))
}

// relatedMost bounds how many relationships begin at one object.
const relatedMost = 200

// Related returns relationships of a kind that begin at an object.
func (x *Feeds) Related(ctx context.Context, id, source, how string) ([]*stix.Object, error) {
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT raw FROM feed_objects WHERE feed = ? AND source = ? AND how = ? AND newest ORDER BY id LIMIT ?`), id, source, how, relatedMost)
	if err != nil {
		return nil, wrap("STIX relationships", err)
	}
	return scanObjects(rows)
}

// CountObjects counts the objects of a feed.
func (x *Feeds) CountObjects(ctx context.Context, id string) (n int64, err error) {
	err = x.s.reader.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT count(*) FROM feed_objects WHERE feed = ? AND newest`), id).Scan(&n)
	return n, wrap("STIX objects", err)
}
