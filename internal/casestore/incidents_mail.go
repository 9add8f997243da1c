package casestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"tocsin/internal/incident"
)

// Put takes mail into an incident.
func (x *Incidents) Put(ctx context.Context, id string, in incident.Intake, by incident.Actor) (t incident.Taken, err error) {
	err = x.s.InTx(ctx, func(tx *sql.Tx) error {
		i, err := x.changeable(ctx, tx, id)
		if err != nil {
			return err
		}
		t, err = x.put(ctx, tx, &i, in, by)
		return err
	})
	return t, err
}

func (x *Incidents) put(ctx context.Context, tx *sql.Tx, i *incident.Incident, in incident.Intake, by incident.Actor) (t incident.Taken, err error) {
	if in.Live != nil {
		if err := x.keepQuery(ctx, tx, i, in.Live, by); err != nil {
			return t, err
		}
	}
	if in.Of != "" {
		if err := x.askedAgain(ctx, tx, i, in.Of, by); err != nil {
			return t, err
		}
	}
	before := i.Messages
	const width = 4
	for list := in.Picks; len(list) > 0; {
		n := min(len(list), rowsAStatement)
		args := make([]any, 0, n*width)
		for _, p := range list[:n] {
			args = append(args, i.ID, p.NetworkMessageID, p.Recipient, micros(p.At))
		}
		values := strings.TrimSuffix(strings.Repeat("("+marks(width)+"), ", n), ", ")
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO incident_messages (incident, message_id, recipient, at) VALUES `+values+` ON CONFLICT DO NOTHING`), args...); err != nil {
			return t, wrap("messages", err)
		}
		list = list[n:]
	}
	if err := x.recount(ctx, tx, i); err != nil {
		return t, err
	}
	if i.Messages > incident.MaxMessages {
		return t, fmt.Errorf("%w: %d email events; split it, or narrow the filter", incident.ErrFull, incident.MaxMessages)
	}
	t = incident.Taken{Added: i.Messages - before, Total: i.Messages}
	t.Already = len(in.Picks) - t.Added
	if t.Added == 0 {
		return t, nil
	}
	say := fmt.Sprintf("put %s in", counted(t.Added, "email event"))
	if in.Say != "" {
		say += " " + in.Say
	}
	return t, x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: incident.MailAdded, Say: say, Subject: in.Of, Count: t.Added}, by)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// recount keeps the sums of an incident and what was merged into it.
func (x *Incidents) recount(ctx context.Context, tx *sql.Tx, i *incident.Incident) error {
	in, arg := scope("incident", i)
	var first, last int64
	err := tx.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT count(*), count(DISTINCT recipient), coalesce(min(at), 0), coalesce(max(at), 0) FROM (SELECT DISTINCT message_id, recipient, at FROM incident_messages WHERE `+in+`) AS m`), arg).
		Scan(&i.Messages, &i.People, &first, &last)
	if err != nil {
		return wrap("messages", err)
	}
	i.First, i.Last = fromMicros(first), fromMicros(last)
	_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incidents SET messages = ?, people = ?, first_at = ?, last_at = ? WHERE id = ?`), i.Messages, i.People, first, last, i.ID)
	return wrap("messages", err)
}

func (x *Incidents) keepQuery(ctx context.Context, tx *sql.Tx, i *incident.Incident, q *incident.Live, by incident.Actor) error {
	var n int
	if err := tx.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT count(*) FROM incident_queries WHERE incident = ?`), i.ID).Scan(&n); err != nil {
		return wrap("query", err)
	}
	if n >= incident.MaxQueries {
		return fmt.Errorf("%w: %d queries", incident.ErrFull, incident.MaxQueries)
	}
	_, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO incident_queries (id, incident, name, view, q, from_at, to_at, kql, author, added, asked) VALUES (`+marks(11)+`)`),
		q.ID, i.ID, q.Name, q.View, q.Q, micros(q.From), micros(q.To), q.KQL, by.Email, micros(by.At), micros(by.At))
	if err != nil {
		return wrap("query", err)
	}
	say := "keeps the query"
	if q.Name != "" {
		say += fmt.Sprintf(" %q", q.Name)
	}
	return x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: incident.QueryKept, Say: say, Subject: q.ID}, by)
}

func (x *Incidents) askedAgain(ctx context.Context, tx *sql.Tx, i *incident.Incident, query string, by incident.Actor) error {
	in, arg := scope("incident", i)
	res, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incident_queries SET asked = ? WHERE id = ? AND `+in), micros(by.At), query, arg)
	if err != nil {
		return wrap("query", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(incident.ErrNoQuery, err)
	}
	return nil
}

// Remove takes email events out of an incident: they were put in by mistake.
func (x *Incidents) Remove(ctx context.Context, id string, picks []incident.Pick, by incident.Actor) (removed int, err error) {
	err = x.s.InTx(ctx, func(tx *sql.Tx) error {
		i, err := x.changeable(ctx, tx, id)
		if err != nil {
			return err
		}
		before := i.Messages
		in, arg := scope("incident", &i)
		for _, p := range picks {
			if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`DELETE FROM incident_messages WHERE message_id = ? AND recipient = ? AND `+in), p.NetworkMessageID, p.Recipient, arg); err != nil {
				return wrap("messages", err)
			}
		}
		if err := x.recount(ctx, tx, &i); err != nil {
			return err
		}
		if removed = before - i.Messages; removed == 0 {
			return nil
		}
		return x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: incident.MailRemoved, Say: fmt.Sprintf("took %s out of it", counted(removed, "email event")), Count: removed}, by)
	})
	return removed, err
}

// Messages returns email events, newest first.
func (x *Incidents) Messages(ctx context.Context, f incident.MessageFilter) ([]incident.Pick, error) {
	i, err := x.Incident(ctx, f.Incident)
	if err != nil {
		return nil, err
	}
	in, arg := scope("incident", &i)
	where, args := in, []any{arg}
	if f.Recipient != "" {
		where += ` AND recipient = ?`
		args = append(args, f.Recipient)
	}
	if b := f.Before; b.NetworkMessageID != "" {
		where += ` AND (at < ? OR at = ? AND (message_id < ? OR message_id = ? AND recipient < ?))`
		args = append(args, micros(b.At), micros(b.At), b.NetworkMessageID, b.NetworkMessageID, b.Recipient)
	}
	query := `SELECT DISTINCT message_id, recipient, at FROM incident_messages WHERE ` + where + ` ORDER BY at DESC, message_id DESC, recipient DESC`
	if f.Limit > 0 {
		query += ` LIMIT ?`
		args = append(args, f.Limit)
	}
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(query), args...)
	if err != nil {
		return nil, wrap("messages", err)
	}
	defer rows.Close()
	var all []incident.Pick
	for rows.Next() {
		var p incident.Pick
		var at int64
		if err := rows.Scan(&p.NetworkMessageID, &p.Recipient, &at); err != nil {
			return nil, wrap("messages", err)
		}
		p.At = fromMicros(at)
		all = append(all, p)
	}
	return all, wrap("messages", rows.Err())
}

// Recipients lists who got the mail.
func (x *Incidents) Recipients(ctx context.Context, id string, after incident.Counted, limit int) ([]incident.Counted, error) {
	i, err := x.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	in, arg := scope("incident", &i)
	query, args := `SELECT recipient, n FROM (SELECT recipient, count(DISTINCT message_id) AS n FROM incident_messages WHERE `+in+` GROUP BY recipient) AS r`, []any{arg}
	if after.Value != "" {
		query += ` WHERE n < ? OR n = ? AND recipient > ?`
		args = append(args, after.Count, after.Count, after.Value)
	}
	return x.counted(ctx, query+` ORDER BY n DESC, recipient LIMIT ?`, append(args, limit)...)
}

// Queries lists the kept questions, oldest first.
func (x *Incidents) Queries(ctx context.Context, id string) ([]incident.Live, error) {
	i, err := x.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	in, arg := scope("incident", &i)
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT id, incident, name, view, q, from_at, to_at, kql, author, added, asked FROM incident_queries WHERE `+in+` ORDER BY added, id`), arg)
	if err != nil {
		return nil, wrap("queries", err)
	}
	defer rows.Close()
	var all []incident.Live
	for rows.Next() {
		var q incident.Live
		var from, to, added, asked int64
		if err := rows.Scan(&q.ID, &q.Incident, &q.Name, &q.View, &q.Q, &from, &to, &q.KQL, &q.Author, &added, &asked); err != nil {
			return nil, wrap("queries", err)
		}
		q.From, q.To, q.Added, q.Asked = fromMicros(from), fromMicros(to), fromMicros(added), fromMicros(asked)
		all = append(all, q)
	}
	return all, wrap("queries", rows.Err())
}

// DropQuery forgets a kept question; the mail that it brought stays.
func (x *Incidents) DropQuery(ctx context.Context, id, query string, by incident.Actor) error {
	return x.s.InTx(ctx, func(tx *sql.Tx) error {
		i, err := x.changeable(ctx, tx, id)
		if err != nil {
			return err
		}
		in, arg := scope("incident", &i)
		var name string
		err = tx.QueryRowContext(ctx, x.s.dialect.Rebind(`DELETE FROM incident_queries WHERE id = ? AND `+in+` RETURNING name`), query, arg).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			return incident.ErrNoQuery
		}
		if err != nil {
			return wrap("query", err)
		}
		say := "keeps the query no longer"
		if name != "" {
			say = fmt.Sprintf("keeps the query %q no longer", name)
		}
		return x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: incident.QueryDropped, Say: say, Subject: query}, by)
	})
}

// holdersAtOnce is how many messages one statement asks about.
const holdersAtOnce = 500

// Holders says which other incidents hold messages.
func (x *Incidents) Holders(ctx context.Context, not string, messages []string, limit int) (all []incident.Holder, err error) {
	for len(messages) > 0 && len(all) < limit {
		n := min(len(messages), holdersAtOnce)
		args := anys(messages[:n], func(s string) string { return s })
		rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT DISTINCT i.root, m.message_id FROM incident_messages m JOIN incidents i ON i.id = m.incident WHERE m.message_id IN (`+marks(n)+`) AND i.root <> ? ORDER BY 1, 2 LIMIT ?`),
			append(args, not, limit-len(all))...)
		if err != nil {
			return nil, wrap("messages", err)
		}
		for rows.Next() {
			var h incident.Holder
			if err := rows.Scan(&h.Incident, &h.Message); err != nil {
				return nil, wrap("messages", errors.Join(err, rows.Close()))
			}
			all = append(all, h)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, wrap("messages", err)
		}
		messages = messages[n:]
	}
	return all, nil
}

// Shared lists incidents with the same recipients.
func (x *Incidents) Shared(ctx context.Context, id string, limit int) ([]incident.Shared, error) {
	i, err := x.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	in, arg := scope("incident", &i)
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT o.root, count(DISTINCT m.recipient) AS people FROM incident_messages m JOIN incidents o ON o.id = m.incident
		WHERE m.recipient IN (SELECT recipient FROM incident_messages WHERE `+in+`) AND o.root <> ? GROUP BY 1 ORDER BY 2 DESC, 1 DESC LIMIT ?`), arg, i.Root, limit)
	if err != nil {
		return nil, wrap("incidents", err)
	}
	defer rows.Close()
	var all []incident.Shared
	for rows.Next() {
		var s incident.Shared
		if err := rows.Scan(&s.Incident, &s.People); err != nil {
			return nil, wrap("incidents", err)
		}
		all = append(all, s)
	}
	return all, wrap("incidents", rows.Err())
}
