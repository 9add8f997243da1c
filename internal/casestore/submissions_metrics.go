package casestore

import (
	"context"
	"strings"
	"time"

	"tocsin/internal/submission"
)

// Counts returns how many submissions are in each state.
func (d *Submissions) Counts(ctx context.Context) (map[submission.State]int, error) {
	out := map[submission.State]int{}
	err := d.each(ctx, func(name string, n int) { out[submission.State(name)] = n }, `SELECT state, count(*) FROM submissions GROUP BY state`)
	return out, err
}

// each runs a query of a text and a number.
func (d *Submissions) each(ctx context.Context, f func(name string, n int), query string, args ...any) error {
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(query), args...)
	if err != nil {
		return wrap("submissions", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return wrap("submissions", err)
		}
		f(name, n)
	}
	return wrap("submissions", rows.Err())
}

const dayMicros = 24 * 3600 * 1_000_000

// Metrics counts reports of a range of time.
func (d *Submissions) Metrics(ctx context.Context, from, to time.Time, top int) (m submission.Metrics, err error) {
	span := []any{micros(from), micros(to)}
	shares := func(into *[]submission.Share) func(string, int) {
		return func(name string, n int) { *into = append(*into, submission.Share{Name: name, Count: n}) }
	}
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT at / ?, count(*) FROM submission_reports WHERE at >= ? AND at < ? GROUP BY 1 ORDER BY 1`), append([]any{int64(dayMicros)}, span...)...)
	if err != nil {
		return m, wrap("reports", err)
	}
	defer rows.Close()
	for rows.Next() {
		var day int64
		var n int
		if err := rows.Scan(&day, &n); err != nil {
			return m, wrap("reports", err)
		}
		m.Days = append(m.Days, submission.Day{Day: fromMicros(day * dayMicros).Format(time.DateOnly), Reports: n})
		m.Reports += n
	}
	if err := rows.Err(); err != nil {
		return m, wrap("reports", err)
	}
	if err := d.each(ctx, shares(&m.Results), `SELECT result, count(*) FROM submissions WHERE updated >= ? AND updated < ? GROUP BY result ORDER BY 2 DESC, 1`, span...); err != nil {
		return m, err
	}
	if err := d.each(ctx, shares(&m.Types), `SELECT type, count(*) FROM submission_reports WHERE at >= ? AND at < ? GROUP BY type ORDER BY 2 DESC, 1`, span...); err != nil {
		return m, err
	}
	if err := d.reporters(ctx, &m, span, top); err != nil {
		return m, err
	}
	var oldest int64
	if err := d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*), coalesce(min(CASE WHEN state = ? THEN created END), 0) FROM submissions WHERE state <> ?`), string(submission.New), string(submission.Closed)).Scan(&m.Open, &oldest); err != nil {
		return m, wrap("submissions", err)
	}
	m.OldestNew = fromMicros(oldest)
	var closed int
	if err := d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT count(*) FROM submissions WHERE closed >= ? AND closed < ?`), span...).Scan(&closed); err != nil {
		return m, wrap("submissions", err)
	}
	if closed > 0 {
		var took int64
		err := d.s.reader.QueryRowContext(ctx, d.s.dialect.Rebind(`SELECT closed - created FROM submissions WHERE closed >= ? AND closed < ? ORDER BY 1 LIMIT 1 OFFSET ?`), append(span, closed/2)...).Scan(&took)
		if err != nil {
			return m, wrap("submissions", err)
		}
		m.Triage = time.Duration(took) * time.Microsecond
	}
	return m, nil
}

// reporters are those with the most proven reports, and how often they were right. Who is not proven gets no good name, and no bad one.
func (d *Submissions) reporters(ctx context.Context, m *submission.Metrics, span []any, top int) error {
	bad := `x.result IN ('Phishing', 'Malware', 'Spam', 'Simulation')`
	rows, err := d.s.reader.QueryContext(ctx, d.s.dialect.Rebind(`SELECT r.reporter, count(*),
			coalesce(sum(CASE WHEN r.type <> 'Not junk' AND `+bad+` OR r.type = 'Not junk' AND x.result = 'Not junk' THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN r.type = 'Not junk' AND `+bad+` OR r.type <> 'Not junk' AND x.result = 'Not junk' THEN 1 ELSE 0 END), 0)
		FROM submission_reports r JOIN submissions x ON x.id = r.submission WHERE r.at >= ? AND r.at < ? AND r.proven GROUP BY r.reporter ORDER BY 2 DESC, 1 LIMIT ?`), append(span, top)...)
	if err != nil {
		return wrap("reporters", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a submission.Accuracy
		if err := rows.Scan(&a.Reporter, &a.Reports, &a.Right, &a.Wrong); err != nil {
			return wrap("reporters", err)
		}
		m.Reporters = append(m.Reporters, a)
	}
	return wrap("reporters", rows.Err())
}

// prefixed puts a table's name before every column of a list.
func prefixed(table, columns string) string {
	return table + strings.ReplaceAll(columns, ", ", ", "+table)
}
