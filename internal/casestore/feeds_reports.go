package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"tocsin/internal/feed"
	"tocsin/internal/stix"
)

// PutReports replaces what a feed tells.
func (x *Feeds) PutReports(ctx context.Context, id string, all []feed.Report) error {
	return wrap("keep reports of a feed", x.s.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`DELETE FROM feed_reports WHERE feed = ?`), id); err != nil {
			return err
		}
		for i := range all {
			body, err := json.Marshal(&all[i])
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO feed_reports (feed, ref, published, body) VALUES (?, ?, ?, ?)`), id, all[i].Ref, micros(all[i].Published), string(body)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Reports lists what a feed tells, newest first.
func (x *Feeds) Reports(ctx context.Context, id string) ([]feed.Report, error) {
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT body FROM feed_reports WHERE feed = ? ORDER BY published DESC, ref`), id)
	if err != nil {
		return nil, wrap("reports of a feed", err)
	}
	defer func() { _ = rows.Close() }()
	var all []feed.Report
	for rows.Next() {
		var body string
		var r feed.Report
		if err := rows.Scan(&body); err != nil {
			return nil, wrap("reports of a feed", err)
		}
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			return nil, wrap("reports of a feed", err)
		}
		all = append(all, r)
	}
	return all, wrap("reports of a feed", rows.Err())
}

// Newest returns objects of some types, those that were changed last first.
func (x *Feeds) Newest(ctx context.Context, id string, types []string, most int) ([]*stix.Object, error) {
	args := []any{id}
	for _, t := range types {
		args = append(args, t)
	}
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT raw FROM feed_objects WHERE feed = ? AND newest AND type IN (?`+strings.Repeat(`, ?`, len(types)-1)+`) ORDER BY modified DESC, id LIMIT ?`), append(args, most)...)
	if err != nil {
		return nil, wrap("STIX objects", err)
	}
	return scanObjects(rows)
}
