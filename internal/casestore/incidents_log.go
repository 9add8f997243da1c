package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/incident"
)

// Timeline returns lines, newest first, notes with their text of now.
func (x *Incidents) Timeline(ctx context.Context, f incident.EntryFilter) ([]incident.Entry, error) {
	i, err := x.Incident(ctx, f.Incident)
	if err != nil {
		return nil, err
	}
	in, arg := scope("l.incident", &i)
	where, args := in, []any{arg}
	switch {
	case f.Notes && !f.System:
		where += ` AND l.kind = 'note'`
	case f.System && !f.Notes:
		where += ` AND l.kind <> 'note'`
	}
	if f.Before > 0 {
		where += ` AND l.seq < ?`
		args = append(args, f.Before)
	}
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT l.seq, l.incident, l.at, l.actor, l.actor_id, l.kind, l.say, l.subject, l.changes, l.number, coalesce(n.text, ''), coalesce(n.edited, 0), coalesce(n.removed, false)
		FROM incident_log l LEFT JOIN incident_notes n ON l.kind = 'note' AND n.id = l.subject WHERE `+where+` ORDER BY l.seq DESC LIMIT ?`), append(args, f.Limit)...)
	if err != nil {
		return nil, wrap("timeline", err)
	}
	defer rows.Close()
	var all []incident.Entry
	for rows.Next() {
		var (
			e          incident.Entry
			n          incident.Note
			at, edited int64
			changes    string
		)
		err := rows.Scan(&e.Seq, &e.Incident, &at, &e.By, &e.ByID, &e.Kind, &e.Say, &e.Subject, &changes, &e.Count, &n.Text, &edited, &n.Removed)
		if err == nil {
			err = json.Unmarshal([]byte(changes), &e.Changes)
		}
		if err != nil {
			return nil, wrap("timeline", err)
		}
		e.At = fromMicros(at)
		if e.Kind == incident.Noted {
			n.ID, n.Incident, n.Author, n.AuthorID, n.At, n.Edited = e.Subject, e.Incident, e.By, e.ByID, e.At, fromMicros(edited)
			e.Note = &n
		}
		all = append(all, e)
	}
	return all, wrap("timeline", rows.Err())
}

// Log writes a line that belongs to no other change.
func (x *Incidents) Log(ctx context.Context, id string, e incident.Entry) error {
	return x.s.InTx(ctx, func(tx *sql.Tx) error {
		i, err := x.get(ctx, tx, id, "")
		if err != nil {
			return err
		}
		e.Incident = i.ID
		return x.log(ctx, tx, &e, incident.Actor{ID: e.ByID, Email: e.By, At: e.At})
	})
}

// room refuses what would be one too many.
func (x *Incidents) room(ctx context.Context, tx *sql.Tx, table string, i *incident.Incident, most int, what string) error {
	var n int
	if err := tx.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT count(*) FROM `+table+` WHERE incident = ?`), i.ID).Scan(&n); err != nil {
		return wrap(table, err)
	}
	if n >= most {
		return fmt.Errorf("%w: %d %s", incident.ErrFull, most, what)
	}
	return nil
}

// AddNote keeps a note.
func (x *Incidents) AddNote(ctx context.Context, n incident.Note, mentions []incident.Person, by incident.Actor) (incident.Note, error) {
	err := x.s.InTx(ctx, func(tx *sql.Tx) error {
		i, err := x.changeable(ctx, tx, n.Incident)
		if err != nil {
			return err
		}
		if err := x.room(ctx, tx, "incident_notes", &i, incident.MaxNotes, "notes"); err != nil {
			return err
		}
		n.Incident, n.Author, n.AuthorID, n.At = i.ID, by.Email, by.ID, by.At
		_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO incident_notes (id, incident, author, author_id, at, edited, text, removed) VALUES (`+marks(8)+`)`),
			n.ID, n.Incident, n.Author, n.AuthorID, micros(n.At), 0, n.Text, false)
		if err != nil {
			return wrap("note", err)
		}
		if err := x.mention(ctx, tx, &n, mentions); err != nil {
			return err
		}
		return x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: incident.Noted, Say: "wrote a note", Subject: n.ID}, by)
	})
	return n, err
}

// mention keeps who a note names, and forgets who it named before.
func (x *Incidents) mention(ctx context.Context, tx *sql.Tx, n *incident.Note, people []incident.Person) error {
	if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`DELETE FROM incident_mentions WHERE note = ?`), n.ID); err != nil {
		return wrap("mentions", err)
	}
	n.Mentions = []string{}
	for _, p := range people {
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO incident_mentions (note, operator_id, operator, incident) VALUES (?, ?, ?, ?)`), n.ID, p.ID, p.Email, n.Incident); err != nil {
			return wrap("mentions", err)
		}
		n.Mentions = append(n.Mentions, p.Email)
	}
	return nil
}

// ownNote returns a note of the incident that the actor wrote.
func (x *Incidents) ownNote(ctx context.Context, tx *sql.Tx, id, note string, by incident.Actor) (n incident.Note, err error) {
	i, err := x.changeable(ctx, tx, id)
	if err != nil {
		return n, err
	}
	in, arg := scope("incident", &i)
	var at, edited int64
	err = tx.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT id, incident, author, author_id, at, edited, text, removed FROM incident_notes WHERE id = ? AND `+in+x.s.dialect.forUpdate), note, arg).
		Scan(&n.ID, &n.Incident, &n.Author, &n.AuthorID, &at, &edited, &n.Text, &n.Removed)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && n.Removed:
		return n, incident.ErrNoNote
	case err != nil:
		return n, wrap("note", err)
	case n.AuthorID != by.ID || by.ID == "":
		return n, incident.ErrNotYours
	}
	n.At, n.Edited = fromMicros(at), fromMicros(edited)
	return n, nil
}

// EditNote gives a note another text.
func (x *Incidents) EditNote(ctx context.Context, id, note, text string, mentions []incident.Person, by incident.Actor) (n incident.Note, err error) {
	err = x.s.InTx(ctx, func(tx *sql.Tx) error {
		if n, err = x.ownNote(ctx, tx, id, note, by); err != nil {
			return err
		}
		n.Text, n.Edited = text, by.At
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incident_notes SET text = ?, edited = ? WHERE id = ?`), n.Text, micros(n.Edited), n.ID); err != nil {
			return wrap("note", err)
		}
		if err := x.mention(ctx, tx, &n, mentions); err != nil {
			return err
		}
		return x.log(ctx, tx, &incident.Entry{Incident: n.Incident, Kind: incident.NoteEdited, Say: "changed a note", Subject: n.ID}, by)
	})
	return n, err
}

// RemoveNote takes the text of a note away.
func (x *Incidents) RemoveNote(ctx context.Context, id, note string, by incident.Actor) error {
	return x.s.InTx(ctx, func(tx *sql.Tx) error {
		n, err := x.ownNote(ctx, tx, id, note, by)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incident_notes SET text = '', removed = ? WHERE id = ?`), true, n.ID); err != nil {
			return wrap("note", err)
		}
		if err := x.mention(ctx, tx, &n, nil); err != nil {
			return err
		}
		return x.log(ctx, tx, &incident.Entry{Incident: n.Incident, Kind: incident.NoteRemoved, Say: "removed a note", Subject: n.ID}, by)
	})
}

const taskColumns = `id, incident, title, owner, owner_id, due, done, done_by, author, created, version`

func scanTask(row scanner) (t incident.Task, err error) {
	var due, done, created int64
	err = row.Scan(&t.ID, &t.Incident, &t.Title, &t.Owner, &t.OwnerID, &due, &done, &t.DoneBy, &t.Author, &created, &t.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return t, incident.ErrNoTask
	}
	t.Due, t.Done, t.Created = fromMicros(due), fromMicros(done), fromMicros(created)
	return t, wrap("task", err)
}

// Tasks lists tasks in the order in which they were added.
func (x *Incidents) Tasks(ctx context.Context, id string) ([]incident.Task, error) {
	i, err := x.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	in, arg := scope("incident", &i)
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT `+taskColumns+` FROM incident_tasks WHERE `+in+` ORDER BY id`), arg)
	if err != nil {
		return nil, wrap("tasks", err)
	}
	defer rows.Close()
	var all []incident.Task
	for rows.Next() {
		t, err := scanTask(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, wrap("tasks", rows.Err())
}

// AddTask keeps a task.
func (x *Incidents) AddTask(ctx context.Context, t incident.Task, by incident.Actor) (incident.Task, error) {
	err := x.s.InTx(ctx, func(tx *sql.Tx) error {
		i, err := x.changeable(ctx, tx, t.Incident)
		if err != nil {
			return err
		}
		if err := x.room(ctx, tx, "incident_tasks", &i, incident.MaxTasks, "tasks"); err != nil {
			return err
		}
		t.Incident, t.Author, t.Created, t.Version = i.ID, by.Email, by.At, 1
		_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO incident_tasks (`+taskColumns+`) VALUES (`+marks(11)+`)`),
			t.ID, t.Incident, t.Title, t.Owner, t.OwnerID, micros(t.Due), micros(t.Done), t.DoneBy, t.Author, micros(t.Created), t.Version)
		if err != nil {
			return wrap("task", err)
		}
		return x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: incident.TaskAdded, Say: fmt.Sprintf("added the task %q", t.Title), Subject: t.ID}, by)
	})
	return t, err
}

// task returns a task of the incident inside a transaction that will change it.
func (x *Incidents) task(ctx context.Context, tx *sql.Tx, id, task string) (incident.Task, error) {
	i, err := x.changeable(ctx, tx, id)
	if err != nil {
		return incident.Task{}, err
	}
	in, arg := scope("incident", &i)
	return scanTask(tx.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT `+taskColumns+` FROM incident_tasks WHERE id = ? AND `+in+x.s.dialect.forUpdate), task, arg))
}

// ChangeTask replaces a version of a task by the next. A Done of whatever time ends it, a zero one opens it again.
func (x *Incidents) ChangeTask(ctx context.Context, id string, t incident.Task, by incident.Actor) (is incident.Task, err error) {
	err = x.s.InTx(ctx, func(tx *sql.Tx) error {
		was, err := x.task(ctx, tx, id, t.ID)
		if err != nil {
			return err
		}
		if t.Version != 0 && t.Version != was.Version {
			return &incident.Outdated{Version: was.Version}
		}
		is = was
		is.Title, is.Owner, is.OwnerID, is.Due = t.Title, t.Owner, t.OwnerID, t.Due
		e := incident.Entry{Incident: is.Incident, Kind: incident.TaskChanged, Say: fmt.Sprintf("changed the task %q", is.Title), Subject: is.ID}
		switch {
		case t.Done.IsZero() && !was.Done.IsZero():
			is.Done, is.DoneBy = time.Time{}, ""
			e.Say = fmt.Sprintf("opened the task %q again", is.Title)
		case !t.Done.IsZero() && was.Done.IsZero():
			is.Done, is.DoneBy = by.At, by.Email
			e.Kind, e.Say = incident.TaskDone, fmt.Sprintf("finished the task %q", is.Title)
		}
		if is == was {
			return nil
		}
		is.Version++
		_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incident_tasks SET title = ?, owner = ?, owner_id = ?, due = ?, done = ?, done_by = ?, version = ? WHERE id = ?`),
			is.Title, is.Owner, is.OwnerID, micros(is.Due), micros(is.Done), is.DoneBy, is.Version, is.ID)
		if err != nil {
			return wrap("task", err)
		}
		return x.log(ctx, tx, &e, by)
	})
	return is, err
}

// RemoveTask forgets a task.
func (x *Incidents) RemoveTask(ctx context.Context, id, task string, by incident.Actor) error {
	return x.s.InTx(ctx, func(tx *sql.Tx) error {
		t, err := x.task(ctx, tx, id, task)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`DELETE FROM incident_tasks WHERE id = ?`), t.ID); err != nil {
			return wrap("task", err)
		}
		return x.log(ctx, tx, &incident.Entry{Incident: t.Incident, Kind: incident.TaskRemoved, Say: fmt.Sprintf("removed the task %q", t.Title), Subject: t.ID}, by)
	})
}
