package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"tocsin/internal/submission"
)

// Untold returns reports and closings that the event store does not know.
func (d *Submissions) Untold(ctx context.Context, limit int) ([]submission.Telling, error) {
	all, err := d.tellings(ctx, `WHERE NOT r.told ORDER BY r.at LIMIT ?`, limit)
	if err != nil {
		return nil, err
	}
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT `+submissionColumns+` FROM submissions WHERE closing > told AND state = ? ORDER BY closing LIMIT ?`), string(submission.Closed), limit)
	if err != nil {
		return nil, wrap("submissions", err)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scanSubmission(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, submission.Telling{Submission: x, Closing: true})
	}
	return all, wrap("submissions", rows.Err())
}

// tellings reads reports with their submissions.
func (d *Submissions) tellings(ctx context.Context, where string, args ...any) (all []submission.Telling, err error) {
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT `+prefixed("x.", submissionColumns)+`, `+prefixed("r.", reportColumns)+` FROM submission_reports r JOIN submissions x ON x.id = r.submission `+where), args...)
	if err != nil {
		return nil, wrap("reports", err)
	}
	defer rows.Close()
	for rows.Next() {
		x, into, finish := submissionRow()
		r, more, done := reportRow()
		if err := rows.Scan(append(into, more...)...); err != nil {
			return nil, wrap("reports", err)
		}
		if err := finish(); err != nil {
			return nil, wrap("reports", err)
		}
		done()
		all = append(all, submission.Telling{Submission: *x, Report: *r})
	}
	return all, wrap("reports", rows.Err())
}

// Told marks what the event store knows now.
func (d *Submissions) Told(ctx context.Context, list []submission.Telling) error {
	return d.s.InTx(ctx, func(tx *sql.Tx) error {
		for i := range list {
			var err error
			if list[i].Closing {
				_, err = tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE submissions SET told = ? WHERE id = ?`), list[i].Submission.Revision, list[i].Submission.ID)
			} else {
				_, err = tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE submission_reports SET told = ? WHERE key = ?`), true, list[i].Report.Key)
			}
			if err != nil {
				return wrap("reports", err)
			}
		}
		return nil
	})
}

// Unanswered returns reports of closed submissions whose reporters have not heard of this result.
func (d *Submissions) Unanswered(ctx context.Context, limit int) ([]submission.Telling, error) {
	return d.tellings(ctx, `WHERE x.state = ? AND r.answer <> x.result ORDER BY x.closed, r.at LIMIT ?`, string(submission.Closed), limit)
}

// Answered notes that a reporter heard of a result, or that it was decided that they do not.
func (d *Submissions) Answered(ctx context.Context, reportKey string, result submission.Result, at time.Time) error {
	_, err := d.s.writer.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE submission_reports SET answered = ?, answer = ? WHERE key = ?`), micros(at), string(result), reportKey)
	return wrap("report", err)
}

// Seen is the place up to which a folder was read.
func (d *Submissions) Seen(ctx context.Context, mailbox, folder string) (place string, err error) {
	err = d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT place FROM submission_folders WHERE mailbox = ? AND folder = ?`), mailbox, folder).Scan(&place)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return place, wrap("folder", err)
}

// See keeps the place up to which a folder was read.
func (d *Submissions) See(ctx context.Context, mailbox, folder, place string, at time.Time) error {
	_, err := d.s.writer.ExecContext(ctx, d.s.dialect.Rebind(`INSERT INTO submission_folders (mailbox, folder, place, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (mailbox, folder) DO UPDATE SET place = excluded.place, at = excluded.at`), mailbox, folder, place, micros(at))
	return wrap("folder", err)
}

// Settings returns what reporters are told.
func (d *Submissions) Settings(ctx context.Context) (s submission.Settings, err error) {
	var text string
	err = d.s.reader.QueryRowContext(ctx, `SELECT settings FROM submission_settings WHERE id = 1`).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return s, submission.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &s)
	}
	return s, wrap("settings", err)
}

// SaveSettings replaces the settings of revision from.
func (d *Submissions) SaveSettings(ctx context.Context, s submission.Settings, from int64) (submission.Settings, error) {
	err := d.s.InTx(ctx, func(tx *sql.Tx) error {
		var have int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(revision), 0) FROM submission_settings`).Scan(&have); err != nil {
			return wrap("settings", err)
		}
		if have != from {
			return &submission.Outdated{Now: have}
		}
		s.Revision = have + 1
		text, err := json.Marshal(s)
		if err != nil {
			return wrap("settings", err)
		}
		_, err = tx.ExecContext(ctx, d.s.dialect.Rebind(`INSERT INTO submission_settings (id, revision, settings) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, settings = excluded.settings`), s.Revision, string(text))
		return wrap("settings", err)
	})
	return s, err
}

// ForgetSubmissions forgets up to limit submissions that nobody touched since before, and calls drop for bytes that nothing else needs. Those
// that still wait for somebody stay.
func (d *Submissions) ForgetSubmissions(ctx context.Context, before time.Time, limit int, drop func(sum string) error) (int, error) {
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT id FROM submissions WHERE state = ? AND updated < ? LIMIT ?`), string(submission.Closed), micros(before), limit)
	if err != nil {
		return 0, wrap("submissions", err)
	}
	ids, err := texts(rows)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		var sums []string
		err := d.s.InTx(ctx, func(tx *sql.Tx) error {
			rows, err := tx.QueryContext(ctx, d.s.dialect.Rebind(`SELECT sha256 FROM submissions WHERE id = ? AND sha256 <> '' UNION SELECT sha256 FROM submission_reports WHERE submission = ? AND sha256 <> ''`), id, id)
			if err != nil {
				return err
			}
			if sums, err = texts(rows); err != nil {
				return err
			}
			for _, q := range []string{`DELETE FROM submission_reports WHERE submission = ?`, `DELETE FROM submissions WHERE id = ?`} {
				if _, err := tx.ExecContext(ctx, d.s.dialect.Rebind(q), id); err != nil {
					return err
				}
			}
			// Bytes go while nobody else writes, so that a report of the same message does not lose them.
			for _, sum := range sums {
				var n int
				if err := tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT (SELECT count(*) FROM submissions WHERE sha256 = ?) + (SELECT count(*) FROM submission_reports WHERE sha256 = ?)`), sum, sum).Scan(&n); err != nil {
					return err
				}
				if n == 0 {
					if err := drop(sum); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return 0, wrap("forget a submission", err)
		}
	}
	return len(ids), nil
}

// texts reads a column of text and closes the rows.
func texts(rows *sql.Rows) (out []string, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
