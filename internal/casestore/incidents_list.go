package casestore

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"tocsin/internal/incident"
)

// incidentFilter builds the conditions of a list.
type incidentFilter struct {
	where []string
	args  []any
}

func (f *incidentFilter) and(condition string, args ...any) {
	f.where, f.args = append(f.where, condition), append(f.args, args...)
}

func (f *incidentFilter) in(column string, values []any) {
	if len(values) > 0 {
		f.and(column+` IN (`+marks(len(values))+`)`, values...)
	}
}

func (f *incidentFilter) sql() string {
	if len(f.where) == 0 {
		return "1 = 1"
	}
	return strings.Join(f.where, " AND ")
}

func anys[T, U any](list []T, f func(T) U) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

// filterOf is the filter in SQL. without leaves one part of it out, to count what its other values would show.
func filterOf(f *incident.Filter, without string) *incidentFilter {
	q := &incidentFilter{}
	if !f.Merged {
		q.and(`merged_into = ''`)
	}
	if without != "status" {
		q.in(`status`, anys(f.Status, func(s incident.Status) string { return string(s) }))
	}
	if without != "severity" {
		q.in(`severity`, anys(f.Severity, func(s incident.Severity) int { return int(s) }))
	}
	switch {
	case f.Owner == "" || without == "owner":
	case f.Owner == incident.NoOwner:
		q.and(`owner_id = ''`)
	default:
		q.and(`owner = ?`, strings.ToLower(f.Owner))
	}
	if f.OwnerID != "" && without != "mine" {
		q.and(`owner_id = ?`, f.OwnerID)
	}
	if f.Tag != "" && without != "tag" {
		q.and(`EXISTS (SELECT 1 FROM incident_tags t WHERE t.incident = incidents.id AND t.tag_key = ?)`, strings.ToLower(f.Tag))
	}
	if f.Classification != "" && without != "classification" {
		q.and(`classification = ?`, string(f.Classification))
	}
	if f.Mentions != "" && without != "mentions" {
		q.and(mentionsCondition, f.Mentions)
	}
	if f.Overdue && without != "overdue" {
		q.and(overdue(f))
	}
	if text := strings.TrimSpace(f.Text); text != "" {
		like := "%" + escapeLike(strings.ToLower(text)) + "%"
		q.and(`(number = ? OR search LIKE ? ESCAPE '\' OR EXISTS (SELECT 1 FROM incident_tags t WHERE t.incident = incidents.id AND t.tag_key LIKE ? ESCAPE '\'))`,
			incident.ParseNumber(text), like, like)
	}
	return q
}

const mentionsCondition = `EXISTS (SELECT 1 FROM incident_mentions m JOIN incidents f ON f.id = m.incident WHERE f.root = incidents.id AND m.operator_id = ?)`

// never is later than every deadline.
const never = math.MaxInt64

// dueSQL is the nearest deadline of an incident that still has to be met, in microseconds: what incident.Clocks.Of computes. A test holds
// the two together.
func dueSQL(clocks incident.Clocks) string {
	limit := func(of func(incident.Clock) time.Duration) string {
		var b strings.Builder
		b.WriteString(`CASE severity`)
		for _, s := range incident.Severities() {
			if d := of(clocks[s]); d > 0 {
				fmt.Fprintf(&b, ` WHEN %d THEN created + %d`, s, d.Microseconds())
			}
		}
		if b.Len() == len(`CASE severity`) {
			return fmt.Sprint(int64(never))
		}
		fmt.Fprintf(&b, ` ELSE %d END`, int64(never))
		return b.String()
	}
	acknowledge, resolve := limit(func(c incident.Clock) time.Duration { return c.Acknowledge }), limit(func(c incident.Clock) time.Duration { return c.Resolve })
	return fmt.Sprintf(`CASE WHEN status = 'Resolved' THEN %d WHEN acknowledged = 0 AND (%s) < (%s) THEN (%s) ELSE (%s) END`, int64(never), acknowledge, resolve, acknowledge, resolve)
}

func overdue(f *incident.Filter) string {
	return fmt.Sprintf(`(%s) < %d`, dueSQL(f.Clocks), f.Now.UnixMicro())
}

// sortSQL is the expression that a list is ordered by.
func sortSQL(f *incident.Filter) (expr string, number bool, err error) {
	switch f.Sort {
	case incident.ByNumber, "":
		return `number`, true, nil
	case incident.ByCreated:
		return `created`, true, nil
	case incident.ByUpdated:
		return `updated`, true, nil
	case incident.BySeverity:
		return `severity`, true, nil
	case incident.ByStatus:
		return `CASE status WHEN 'Active' THEN 0 WHEN 'In progress' THEN 1 ELSE 2 END`, true, nil
	case incident.ByName:
		return `name_key`, false, nil
	case incident.ByOwner:
		return `owner`, false, nil
	case incident.ByDue:
		return dueSQL(f.Clocks), true, nil
	case incident.ByMessages:
		return `messages`, true, nil
	case incident.ByActivity:
		return `last_at`, true, nil
	}
	return "", false, &incident.Wrong{Field: "sort", Say: fmt.Sprintf("incidents cannot be sorted by %q", string(f.Sort))}
}

// place is where a page ends.
type place struct {
	Number int64  `json:"n"`
	Int    int64  `json:"i,omitempty"`
	Text   string `json:"t,omitempty"`
}

func (p place) String() string {
	raw, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parsePlace(s string) (p place, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return p, &incident.Wrong{Field: "cursor", Say: "this is no cursor of this list; ask for the first page again"}
	}
	return p, nil
}

// List returns one page.
func (x *Incidents) List(ctx context.Context, f incident.Filter) (page incident.Page, err error) {
	expr, number, err := sortSQL(&f)
	if err != nil {
		return page, err
	}
	q := filterOf(&f, "")
	if err := x.s.reader.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT count(*) FROM incidents WHERE `+q.sql()), q.args...).Scan(&page.Total); err != nil {
		return page, wrap("incidents", err)
	}
	beyond, order := `>`, `ASC`
	if f.Desc {
		beyond, order = `<`, `DESC`
	}
	if f.Cursor != "" {
		p, err := parsePlace(f.Cursor)
		if err != nil {
			return page, err
		}
		key := any(p.Text)
		if number {
			key = p.Int
		}
		q.and(fmt.Sprintf(`((%[1]s) %[2]s ? OR (%[1]s) = ? AND number %[2]s ?)`, expr, beyond), key, key, p.Number)
	}
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(fmt.Sprintf(`SELECT %s, (%s) FROM incidents WHERE %s ORDER BY (%s) %s, number %s LIMIT ?`, incidentColumns, expr, q.sql(), expr, order, order)), append(q.args, f.Limit+1)...)
	if err != nil {
		return page, wrap("incidents", err)
	}
	defer rows.Close()
	var last place
	for rows.Next() {
		var p place
		key := any(&p.Text)
		if number {
			key = &p.Int
		}
		i, err := scanIncident(rows, key)
		if err != nil {
			return page, err
		}
		if len(page.Incidents) == f.Limit {
			page.Next = last.String()
			break
		}
		p.Number = i.Number
		last = p
		page.Incidents = append(page.Incidents, i)
	}
	if err := rows.Err(); err != nil {
		return page, wrap("incidents", err)
	}
	_ = rows.Close() // before the tags are read: the pool is small
	return page, x.tags(ctx, x.s.reader, page.Incidents)
}

// Counts counts what each value of each filter would show.
func (x *Incidents) Counts(ctx context.Context, f incident.Filter, operatorID string) (c incident.Counts, err error) {
	group := func(to *[]incident.Counted, without, column string) {
		if err != nil {
			return
		}
		q := filterOf(&f, without)
		*to, err = x.counted(ctx, fmt.Sprintf(`SELECT %s, count(*) FROM incidents WHERE %s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100`, column, q.sql()), q.args...)
	}
	group(&c.Status, "status", `status`)
	group(&c.Severity, "severity", `CASE severity WHEN 4 THEN 'High' WHEN 3 THEN 'Medium' WHEN 2 THEN 'Low' ELSE 'Informational' END`)
	group(&c.Owner, "owner", `owner`)
	group(&c.Classification, "classification", `classification`)
	if q := filterOf(&f, "tag"); err == nil {
		c.Tag, err = x.counted(ctx, `SELECT min(tag), count(*) FROM incident_tags WHERE incident IN (SELECT id FROM incidents WHERE `+q.sql()+`) GROUP BY tag_key ORDER BY 2 DESC, 1 LIMIT 100`, q.args...)
	}
	one := func(to *int, without, condition string, args ...any) {
		if err != nil {
			return
		}
		q := filterOf(&f, without)
		if condition != "" {
			q.and(condition, args...)
		}
		err = wrap("incidents", x.s.reader.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT count(*) FROM incidents WHERE `+q.sql()), q.args...).Scan(to))
	}
	one(&c.All, "", "")
	one(&c.Overdue, "overdue", overdue(&f))
	if operatorID != "" {
		one(&c.Mine, "mine", `owner_id = ?`, operatorID)
		one(&c.Mentions, "mentions", mentionsCondition, operatorID)
	}
	return c, err
}

func (x *Incidents) counted(ctx context.Context, query string, args ...any) ([]incident.Counted, error) {
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(query), args...)
	if err != nil {
		return nil, wrap("incidents", err)
	}
	defer rows.Close()
	var all []incident.Counted
	for rows.Next() {
		var c incident.Counted
		if err := rows.Scan(&c.Value, &c.Count); err != nil {
			return nil, wrap("incidents", err)
		}
		all = append(all, c)
	}
	return all, wrap("incidents", rows.Err())
}

// Tags lists tags in use.
func (x *Incidents) Tags(ctx context.Context, limit int) ([]incident.Counted, error) {
	return x.counted(ctx, `SELECT min(tag), count(*) FROM incident_tags GROUP BY tag_key ORDER BY 2 DESC, 1 LIMIT ?`, limit)
}

// Sums counts what incidents have beside their mail.
func (x *Incidents) Sums(ctx context.Context, ids []string) (map[string]incident.Sums, error) {
	out := make(map[string]incident.Sums, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := anys(ids, func(s string) string { return s })
	each := func(query string, add func(s *incident.Sums, value string, n int)) error {
		rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(query), args...)
		if err != nil {
			return wrap("incidents", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id, value string
			var n int
			if err := rows.Scan(&id, &value, &n); err != nil {
				return wrap("incidents", err)
			}
			s := out[id]
			add(&s, value, n)
			out[id] = s
		}
		return wrap("incidents", rows.Err())
	}
	in := `i.root IN (` + marks(len(args)) + `)`
	for _, q := range []struct {
		sql string
		add func(s *incident.Sums, value string, n int)
	}{
		{`SELECT i.root, '', count(*) FROM incidents i JOIN incident_notes n ON n.incident = i.id WHERE ` + in + ` AND NOT n.removed GROUP BY 1`, func(s *incident.Sums, _ string, n int) { s.Notes = n }},
		{`SELECT i.root, CASE WHEN t.done = 0 THEN 'open' ELSE 'done' END, count(*) FROM incidents i JOIN incident_tasks t ON t.incident = i.id WHERE ` + in + ` GROUP BY 1, 2`, func(s *incident.Sums, v string, n int) {
			if v == "open" {
				s.OpenTasks = n
			} else {
				s.DoneTasks = n
			}
		}},
		{`SELECT i.root, '', count(*) FROM incidents i JOIN incident_queries q ON q.incident = i.id WHERE ` + in + ` GROUP BY 1`, func(s *incident.Sums, _ string, n int) { s.Queries = n }},
		{`SELECT i.root, '', count(*) FROM incidents i WHERE ` + in + ` AND i.merged_into <> '' GROUP BY 1`, func(s *incident.Sums, _ string, n int) { s.Merged = n }},
		{`SELECT i.root, CASE WHEN a.state IN ('Waiting for approval', 'Queued', 'Running') THEN 'open' ELSE '' END, count(*) FROM incidents i JOIN actions a ON a.incident = i.id WHERE ` + in + ` GROUP BY 1, 2`, func(s *incident.Sums, v string, n int) {
			s.Actions += n
			if v == "open" {
				s.OpenActions = n
			}
		}},
	} {
		if err := each(q.sql, q.add); err != nil {
			return nil, err
		}
	}
	return out, nil
}
