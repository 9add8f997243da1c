package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"tocsin/internal/feed"
)

// Feeds is where feeds, their runs and their STIX objects lie.
type Feeds struct{ s *Store }

var _ feed.Store = (*Feeds)(nil)

// Feeds keeps feeds in the case store.
func (s *Store) Feeds() *Feeds { return &Feeds{s} }

// keptRuns is how many runs of a feed are kept.
const keptRuns = 200

const feedColumns = `id, settings, sealed, version, created, author, next, last, good, delivered, failures, problem, progress, items, objects`

func scanFeed(scan func(...any) error) (f feed.Feed, err error) {
	var settings string
	var created, next, last, good, delivered int64
	if err := scan(&f.ID, &settings, &f.Sealed, &f.Version, &created, &f.By, &next, &last, &good, &delivered, &f.Failures, &f.Problem, &f.Cursor, &f.Items, &f.Objects); err != nil {
		return f, err
	}
	f.Created, f.Next, f.Last, f.Good, f.Delivered = fromMicros(created), fromMicros(next), fromMicros(last), fromMicros(good), fromMicros(delivered)
	return f, json.Unmarshal([]byte(settings), &f.Settings)
}

// Feeds lists all, by name.
func (x *Feeds) Feeds(ctx context.Context) ([]feed.Feed, error) {
	rows, err := x.s.reader.QueryContext(ctx, `SELECT `+feedColumns+` FROM feeds ORDER BY lower(name), id`)
	if err != nil {
		return nil, wrap("feeds", err)
	}
	defer func() { _ = rows.Close() }()
	var all []feed.Feed
	for rows.Next() {
		f, err := scanFeed(rows.Scan)
		if err != nil {
			return nil, wrap("feeds", err)
		}
		all = append(all, f)
	}
	return all, wrap("feeds", rows.Err())
}

// Feed returns one.
func (x *Feeds) Feed(ctx context.Context, id string) (feed.Feed, error) {
	f, err := scanFeed(x.s.reader.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT `+feedColumns+` FROM feeds WHERE id = ?`), id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return f, feed.ErrNotFound
	}
	return f, wrap("feed", err)
}

// PutFeed adds a feed, or changes the settings of the version that was read.
func (x *Feeds) PutFeed(ctx context.Context, f feed.Feed) (feed.Feed, error) {
	settings, err := json.Marshal(&f.Settings)
	if err != nil {
		return f, wrap("feed", err)
	}
	if f.Version == 0 {
		f.Version = 1
		_, err = x.s.writer.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO feeds (`+feedColumns+`, name, enabled) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, '', '', 0, 0, ?, ?)`),
			f.ID, string(settings), f.Sealed, f.Version, micros(f.Created), f.By, micros(f.Next), f.Name, f.Enabled)
		return f, wrap("add a feed", err)
	}
	res, err := x.s.writer.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE feeds SET settings = ?, sealed = ?, version = version + 1, name = ?, enabled = ? WHERE id = ? AND version = ?`),
		string(settings), f.Sealed, f.Name, f.Enabled, f.ID, f.Version)
	if err != nil {
		return f, wrap("change a feed", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return f, feed.ErrOutdated
	}
	f.Version++
	return f, nil
}

// RemoveFeed forgets a feed, its runs and its objects.
func (x *Feeds) RemoveFeed(ctx context.Context, id string) error {
	return wrap("remove a feed", x.s.InTx(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{`DELETE FROM feed_objects WHERE feed = ?`, `DELETE FROM feed_reports WHERE feed = ?`, `DELETE FROM feed_runs WHERE feed = ?`, `DELETE FROM feeds WHERE id = ?`} {
			if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(q), id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// PutHealth keeps how a feed stands, and a run of it.
func (x *Feeds) PutHealth(ctx context.Context, id string, h feed.Health, r *feed.Run) error {
	return wrap("health of a feed", x.s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE feeds SET next = ?, last = ?, good = ?, delivered = ?, failures = ?, problem = ?, progress = ?, items = ?, objects = ? WHERE id = ?`),
			micros(h.Next), micros(h.Last), micros(h.Good), micros(h.Delivered), h.Failures, h.Problem, h.Cursor, h.Items, h.Objects, id)
		if err != nil || r == nil {
			return err
		}
		body, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO feed_runs (feed, id, body) VALUES (?, ?, ?) ON CONFLICT (feed, id) DO UPDATE SET body = excluded.body`), id, r.ID, string(body)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`DELETE FROM feed_runs WHERE feed = ? AND id NOT IN (SELECT id FROM feed_runs WHERE feed = ? ORDER BY id DESC LIMIT ?)`), id, id, keptRuns)
		return err
	}))
}

// Runs lists runs, newest first.
func (x *Feeds) Runs(ctx context.Context, id string, most int) ([]feed.Run, error) {
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT body FROM feed_runs WHERE feed = ? ORDER BY id DESC LIMIT ?`), id, most)
	if err != nil {
		return nil, wrap("runs of a feed", err)
	}
	defer func() { _ = rows.Close() }()
	var all []feed.Run
	for rows.Next() {
		var body string
		var r feed.Run
		if err := rows.Scan(&body); err != nil {
			return nil, wrap("runs of a feed", err)
		}
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			return nil, wrap("runs of a feed", err)
		}
		all = append(all, r)
	}
	return all, wrap("runs of a feed", rows.Err())
}

// Due lists the feeds that are switched on and due, those that wait longest first.
func (x *Feeds) Due(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT id FROM feeds WHERE enabled AND next <= ? ORDER BY next, id`), micros(now))
	if err != nil {
		return nil, wrap("feeds that are due", err)
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, wrap("feeds that are due", err)
		}
		ids = append(ids, id)
	}
	return ids, wrap("feeds that are due", rows.Err())
}
