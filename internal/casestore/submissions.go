package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"tocsin/internal/submission"
)

// Submissions keeps what users report.
type Submissions struct{ s *Store }

// Submissions returns the store of submissions.
func (s *Store) Submissions() *Submissions { return &Submissions{s} }

var _ submission.Store = (*Submissions)(nil)

const submissionColumns = `id, key, type, state, result, note, owner, created, updated, closed, closed_by, revision, matched, how, message_id, recipient, internet_id, sender, sender_name, subject, date, sha256, quoted, judged, reports, reporters, unproven`

func scanSubmission(row scanner) (submission.Submission, error) {
	x, into, finish := submissionRow()
	err := row.Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return *x, submission.ErrNotFound
	}
	if err == nil {
		err = finish()
	}
	return *x, wrap("submission", err)
}

// submissionRow is where a row of submissionColumns goes, and what is left to do then.
func submissionRow() (x *submission.Submission, into []any, finish func() error) {
	x = &submission.Submission{}
	var created, updated, closed, date int64
	var judged string
	return x, []any{&x.ID, &x.Key, &x.Type, &x.State, &x.Result, &x.Note, &x.Owner, &created, &updated, &closed, &x.ClosedBy, &x.Revision, &x.Match, &x.How, &x.NetworkMessageID, &x.Recipient,
			&x.InternetMessageID, &x.Sender, &x.SenderName, &x.Subject, &date, &x.SHA256, &x.Quoted, &judged, &x.Reports, &x.Reporters, &x.Unproven}, func() error {
			x.Created, x.Updated, x.Closed, x.Date = fromMicros(created), fromMicros(updated), fromMicros(closed), fromMicros(date)
			return json.Unmarshal([]byte(judged), &x.Judged)
		}
}

const reportColumns = `key, submission, at, reporter, name, proven, proof, inside, via, type, comment, form, mailbox, sha256, mute, answered, answer`

func reportRow() (r *submission.Report, into []any, finish func()) {
	r = &submission.Report{}
	var at, answered int64
	return r, []any{&r.Key, &r.Submission, &at, &r.Reporter, &r.Name, &r.Proven, &r.Proof, &r.Inside, &r.Via, &r.Type, &r.Comment, &r.Form, &r.Mailbox, &r.SHA256, &r.Mute, &answered, &r.Answer},
		func() { r.At, r.Answered = fromMicros(at), fromMicros(answered) }
}

// Take keeps a report in its submission.
func (d *Submissions) Take(ctx context.Context, x submission.Submission, r submission.Report) (now submission.Submission, added bool, err error) {
	err = d.s.InTx(ctx, func(tx *sql.Tx) error {
		added = false
		var in string
		err := tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT submission FROM submission_reports WHERE key = ?`), r.Key).Scan(&in)
		if err == nil {
			now, err = d.one(ctx, tx, `id`, in)
			return err
		} else if !errors.Is(err, sql.ErrNoRows) {
			return wrap("report", err)
		}
		now, err = d.one(ctx, tx, `key`, x.Key)
		if errors.Is(err, submission.ErrNotFound) {
			if err := d.insert(ctx, tx, &x); err != nil {
				return err
			}
			now, err = x, nil
		}
		if err != nil {
			return err
		}
		added, r.Submission = true, now.ID
		if err := d.insertReport(ctx, tx, &r); err != nil {
			return err
		}
		return d.count(ctx, tx, &now, &x, &r)
	})
	return now, added, err
}

func (d *Submissions) one(ctx context.Context, tx *sql.Tx, column, value string) (submission.Submission, error) {
	return scanSubmission(tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT `+submissionColumns+` FROM submissions WHERE `+column+` = ?`+d.s.dialect.forUpdate), value))
}

// count brings a submission up to date with a report that came: its numbers, the newest verdict, and bytes where there were none.
func (d *Submissions) count(ctx context.Context, tx *sql.Tx, now, x *submission.Submission, r *submission.Report) error {
	err := tx.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*), count(DISTINCT reporter), coalesce(sum(CASE WHEN proven THEN 0 ELSE 1 END), 0) FROM submission_reports WHERE submission = ?`), now.ID).
		Scan(&now.Reports, &now.Reporters, &now.Unproven)
	if err != nil {
		return wrap("submission", err)
	}
	if r.At.After(now.Updated) {
		now.Updated = r.At
	}
	if !x.Judged.At.IsZero() {
		now.Judged = x.Judged
	}
	if now.SHA256 == "" {
		now.SHA256 = x.SHA256
	}
	if now.Match == submission.Likely && x.Match == submission.Exact {
		now.Match, now.How = x.Match, x.How
	}
	if now.State == submission.Closed && now.Result == submission.Unknown && r.Proven {
		now.State, now.Result, now.Closed, now.ClosedBy = submission.New, "", time.Time{}, ""
		now.Revision++
	}
	judged, err := json.Marshal(now.Judged)
	if err != nil {
		return wrap("submission", err)
	}
	_, err = tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE submissions SET state = ?, result = ?, closed = ?, closed_by = ?, revision = ?, updated = ?, judged = ?, sha256 = ?, matched = ?, how = ?, reports = ?, reporters = ?, unproven = ? WHERE id = ?`),
		string(now.State), string(now.Result), micros(now.Closed), now.ClosedBy, now.Revision, micros(now.Updated), string(judged), now.SHA256, string(now.Match), now.How, now.Reports, now.Reporters, now.Unproven, now.ID)
	return wrap("submission", err)
}

func (d *Submissions) insert(ctx context.Context, tx *sql.Tx, x *submission.Submission) error {
	judged, err := json.Marshal(x.Judged)
	if err != nil {
		return wrap("submission", err)
	}
	x.Revision = 1
	_, err = tx.ExecContext(ctx, d.s.dialect.Rebind(`INSERT INTO submissions (`+submissionColumns+`, told, closing) VALUES (`+marks(29)+`)`),
		x.ID, x.Key, string(x.Type), string(x.State), string(x.Result), x.Note, x.Owner, micros(x.Created), micros(x.Updated), micros(x.Closed), x.ClosedBy, x.Revision, string(x.Match), x.How, x.NetworkMessageID, x.Recipient,
		x.InternetMessageID, x.Sender, x.SenderName, x.Subject, micros(x.Date), x.SHA256, x.Quoted, string(judged), x.Reports, x.Reporters, x.Unproven, 0, 0)
	return wrap("submission", err)
}

func (d *Submissions) insertReport(ctx context.Context, tx *sql.Tx, r *submission.Report) error {
	_, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`INSERT INTO submission_reports (`+reportColumns+`, told) VALUES (`+marks(18)+`)`),
		r.Key, r.Submission, micros(r.At), r.Reporter, r.Name, r.Proven, r.Proof, r.Inside, string(r.Via), string(r.Type), r.Comment, string(r.Form), r.Mailbox, r.SHA256, r.Mute, micros(r.Answered), r.Answer, false)
	return wrap("report", err)
}

// Known reports whether a report is there.
func (d *Submissions) Known(ctx context.Context, key string) (bool, error) {
	var n int
	err := d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*) FROM submission_reports WHERE key = ?`), key).Scan(&n)
	return n > 0, wrap("report", err)
}

// UnprovenSince counts reports since then whose sender is not proven.
func (d *Submissions) UnprovenSince(ctx context.Context, since time.Time) (n int, err error) {
	err = d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*) FROM submission_reports WHERE at >= ? AND NOT proven`), micros(since)).Scan(&n)
	return n, wrap("reports", err)
}

// Submission returns one.
func (d *Submissions) Submission(ctx context.Context, id string) (submission.Submission, error) {
	return scanSubmission(d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT `+submissionColumns+` FROM submissions WHERE id = ?`), id))
}

// Submissions returns a list, that with the newest report or change first.
func (d *Submissions) Submissions(ctx context.Context, f submission.Filter) ([]submission.Submission, error) {
	where, args := []string{"1 = 1"}, []any{}
	and := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	for _, in := range []struct {
		column string
		list   []any
	}{{"state", anyOf(f.States)}, {"type", anyOf(f.Types)}, {"result", anyOf(f.Results)}} {
		if len(in.list) > 0 {
			and(in.column+` IN (`+marks(len(in.list))+`)`, in.list...)
		}
	}
	if f.Match != "" {
		and(`matched = ?`, string(f.Match))
	}
	if f.Owner == "-" {
		and(`owner = ''`)
	} else if f.Owner != "" {
		and(`owner = ?`, f.Owner)
	}
	if f.Message != "" {
		and(`message_id = ?`, f.Message)
	}
	if f.Reporter != "" {
		and(`id IN (SELECT submission FROM submission_reports WHERE reporter LIKE ? ESCAPE '\')`, "%"+escapeLike(strings.ToLower(f.Reporter))+"%")
	}
	if f.Text != "" {
		like := "%" + escapeLike(strings.ToLower(f.Text)) + "%"
		and(`(lower(subject) LIKE ? ESCAPE '\' OR lower(sender) LIKE ? ESCAPE '\' OR lower(sender_name) LIKE ? ESCAPE '\')`, like, like, like)
	}
	if !f.From.IsZero() {
		and(`updated >= ?`, micros(f.From))
	}
	if !f.To.IsZero() {
		and(`updated < ?`, micros(f.To))
	}
	if f.Before.ID != "" {
		at := micros(f.Before.Updated)
		and(`(updated < ? OR updated = ? AND id < ?)`, at, at, f.Before.ID)
	}
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT `+submissionColumns+` FROM submissions WHERE `+strings.Join(where, " AND ")+` ORDER BY updated DESC, id DESC LIMIT ?`), append(args, f.Limit)...)
	if err != nil {
		return nil, wrap("submissions", err)
	}
	defer rows.Close()
	var all []submission.Submission
	for rows.Next() {
		x, err := scanSubmission(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, wrap("submissions", rows.Err())
}

func anyOf[T ~string](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// Reports returns the reports of a submission, oldest first.
func (d *Submissions) Reports(ctx context.Context, id string, limit int) ([]submission.Report, error) {
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT `+reportColumns+` FROM submission_reports WHERE submission = ? ORDER BY at, key LIMIT ?`), id, limit)
	if err != nil {
		return nil, wrap("reports", err)
	}
	defer rows.Close()
	var all []submission.Report
	for rows.Next() {
		r, into, finish := reportRow()
		if err := rows.Scan(into...); err != nil {
			return nil, wrap("reports", err)
		}
		finish()
		all = append(all, *r)
	}
	return all, wrap("reports", rows.Err())
}

// Change changes a submission.
func (d *Submissions) Change(ctx context.Context, id string, c submission.Change) (now submission.Submission, err error) {
	err = d.s.InTx(ctx, func(tx *sql.Tx) error {
		if now, err = d.one(ctx, tx, `id`, id); err != nil {
			return err
		}
		if now.Revision != c.From {
			return &submission.Outdated{Now: now.Revision}
		}
		if err := c.Check(&now); err != nil {
			return err
		}
		now.Revision++
		if c.Owner != nil {
			now.Owner = *c.Owner
		}
		if c.Note != nil {
			now.Note = *c.Note
		}
		if c.Result != nil && *c.Result != "" {
			now.Result = *c.Result
		}
		closing := ""
		args := []any{}
		if c.State != nil {
			now.State, now.Updated = *c.State, c.At
			now.Closed, now.ClosedBy = time.Time{}, ""
			if now.State == submission.Closed {
				now.Closed, now.ClosedBy = c.At, c.By
				closing = `, closing = ?`
				args = append(args, now.Revision)
			} else {
				now.Result = ""
			}
		}
		args = append([]any{string(now.State), string(now.Result), now.Note, now.Owner, micros(now.Updated), micros(now.Closed), now.ClosedBy, now.Revision}, append(args, id)...)
		_, err := tx.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE submissions SET state = ?, result = ?, note = ?, owner = ?, updated = ?, closed = ?, closed_by = ?, revision = ?`+closing+` WHERE id = ?`), args...)
		return wrap("submission", err)
	})
	return now, err
}

// Judge keeps what the judge says now.
func (d *Submissions) Judge(ctx context.Context, id string, j submission.Judged) error {
	judged, err := json.Marshal(j)
	if err != nil {
		return wrap("submission", err)
	}
	_, err = d.s.writer.ExecContext(ctx, d.s.dialect.Rebind(`UPDATE submissions SET judged = ? WHERE id = ?`), string(judged), id)
	return wrap("submission", err)
}
