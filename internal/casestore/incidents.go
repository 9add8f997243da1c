package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"tocsin/internal/incident"
)

// Incidents keeps incidents.
type Incidents struct{ s *Store }

// Incidents returns the store of incidents.
func (s *Store) Incidents() *Incidents { return &Incidents{s} }

var _ incident.Store = (*Incidents)(nil)

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

const incidentColumns = `id, number, name, severity, status, owner, owner_id, classification, determination, description, closing, author, author_id, created, updated, acknowledged, resolved, resolved_by,
	merged_into, root, version, messages, people, first_at, last_at`

func scanIncident(row scanner, more ...any) (incident.Incident, error) {
	var (
		i                                                               incident.Incident
		created, updated, acknowledged, resolved, first, last, severity int64
	)
	err := row.Scan(append([]any{&i.ID, &i.Number, &i.Name, &severity, &i.Status, &i.Owner, &i.OwnerID, &i.Classification, &i.Determination, &i.Description, &i.Closing, &i.Author, &i.AuthorID,
		&created, &updated, &acknowledged, &resolved, &i.ResolvedBy, &i.Into, &i.Root, &i.Version, &i.Messages, &i.People, &first, &last}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return i, incident.ErrNotFound
	}
	i.Severity = incident.Severity(severity)
	i.Created, i.Updated, i.Acknowledged, i.Resolved, i.First, i.Last = fromMicros(created), fromMicros(updated), fromMicros(acknowledged), fromMicros(resolved), fromMicros(first), fromMicros(last)
	return i, wrap("incident", err)
}

// get returns an incident by its id or number, with its tags.
func (x *Incidents) get(ctx context.Context, q querier, ref, lock string) (incident.Incident, error) {
	where, arg := `id = ?`, any(ref)
	if n := incident.ParseNumber(ref); n > 0 {
		where, arg = `number = ?`, n
	}
	i, err := scanIncident(q.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT `+incidentColumns+` FROM incidents WHERE `+where+lock), arg))
	if err != nil {
		return i, err
	}
	list := []incident.Incident{i}
	err = x.tags(ctx, q, list)
	return list[0], err
}

// changeable returns an incident inside a transaction that will change it; *incident.Pointer when it was merged.
func (x *Incidents) changeable(ctx context.Context, tx *sql.Tx, ref string) (incident.Incident, error) {
	i, err := x.get(ctx, tx, ref, x.s.dialect.forUpdate)
	if err == nil && i.Into != "" {
		err = &incident.Pointer{Number: i.Number, Into: i.Root}
	}
	return i, err
}

// tags reads the tags of incidents into them.
func (x *Incidents) tags(ctx context.Context, q querier, list []incident.Incident) error {
	if len(list) == 0 {
		return nil
	}
	at, args := map[string]int{}, make([]any, len(list))
	for n := range list {
		at[list[n].ID], args[n] = n, list[n].ID
		list[n].Tags = []string{}
	}
	rows, err := q.QueryContext(ctx, x.s.dialect.Rebind(`SELECT incident, tag FROM incident_tags WHERE incident IN (`+marks(len(args))+`) ORDER BY incident, tag_key`), args...)
	if err != nil {
		return wrap("tags", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, tag string
		if err := rows.Scan(&id, &tag); err != nil {
			return wrap("tags", err)
		}
		i := &list[at[id]]
		i.Tags = append(i.Tags, tag)
	}
	return wrap("tags", rows.Err())
}

// scope is the condition on a column with the id of an incident that holds for this one and what was merged into it.
func scope(column string, i *incident.Incident) (string, any) {
	if i.Into != "" {
		return column + ` = ?`, i.ID
	}
	return column + ` IN (SELECT id FROM incidents WHERE root = ?)`, i.ID
}

// Incident returns one by its id or number.
func (x *Incidents) Incident(ctx context.Context, id string) (incident.Incident, error) {
	return x.get(ctx, x.s.reader, id, "")
}

// Create keeps a new incident.
func (x *Incidents) Create(ctx context.Context, i incident.Incident, in incident.Intake, by incident.Actor) (incident.Incident, error) {
	err := x.s.InTx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) + 1 FROM incidents`).Scan(&i.Number); err != nil {
			return wrap("incident", err)
		}
		i.Root, i.Into, i.Version = i.ID, "", 1
		_, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO incidents (`+incidentColumns+`, name_key, search) VALUES (`+marks(27)+`)`),
			i.ID, i.Number, i.Name, int(i.Severity), string(i.Status), i.Owner, i.OwnerID, string(i.Classification), string(i.Determination), i.Description, i.Closing, i.Author, i.AuthorID,
			micros(i.Created), micros(i.Updated), micros(i.Acknowledged), micros(i.Resolved), i.ResolvedBy, i.Into, i.Root, i.Version, 0, 0, 0, 0, strings.ToLower(i.Name), searched(&i))
		if err != nil {
			return wrap("incident", err)
		}
		if err := x.saveTags(ctx, tx, &i); err != nil {
			return err
		}
		if err := x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: incident.Opened, Say: "opened it with the severity " + i.Severity.String()}, by); err != nil {
			return err
		}
		if len(in.Picks) > 0 || in.Live != nil {
			if _, err := x.put(ctx, tx, &i, in, by); err != nil {
				return err
			}
		}
		i, err = x.get(ctx, tx, i.ID, "")
		return err
	})
	return i, err
}

// searched is what a search for text looks at. SQLite lowers the letters of ASCII alone, so it is done here.
func searched(i *incident.Incident) string {
	return strings.ToLower(i.Name + "\n" + i.Description)
}

func (x *Incidents) saveTags(ctx context.Context, tx *sql.Tx, i *incident.Incident) error {
	if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`DELETE FROM incident_tags WHERE incident = ?`), i.ID); err != nil {
		return wrap("tags", err)
	}
	for _, t := range i.Tags {
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO incident_tags (incident, tag_key, tag) VALUES (?, ?, ?)`), i.ID, strings.ToLower(t), t); err != nil {
			return wrap("tags", err)
		}
	}
	return nil
}

// Change applies a change to what the incident is now.
func (x *Incidents) Change(ctx context.Context, id string, c incident.Change, by incident.Actor) (i incident.Incident, err error) {
	err = x.s.InTx(ctx, func(tx *sql.Tx) error {
		if i, err = x.changeable(ctx, tx, id); err != nil {
			return err
		}
		if c.Version != 0 && c.Version != i.Version {
			return &incident.Outdated{Version: i.Version}
		}
		changes, err := c.Apply(&i, by)
		if err != nil || len(changes) == 0 {
			return err
		}
		i.Version++
		i.Updated = by.At
		_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incidents SET name = ?, name_key = ?, search = ?, severity = ?, status = ?, owner = ?, owner_id = ?, classification = ?, determination = ?, description = ?, closing = ?,
			updated = ?, acknowledged = ?, resolved = ?, resolved_by = ?, version = ? WHERE id = ?`),
			i.Name, strings.ToLower(i.Name), searched(&i), int(i.Severity), string(i.Status), i.Owner, i.OwnerID, string(i.Classification), string(i.Determination), i.Description, i.Closing,
			micros(i.Updated), micros(i.Acknowledged), micros(i.Resolved), i.ResolvedBy, i.Version, i.ID)
		if err != nil {
			return wrap("incident", err)
		}
		if err := x.saveTags(ctx, tx, &i); err != nil {
			return err
		}
		return x.log(ctx, tx, &incident.Entry{Incident: i.ID, Kind: incident.Edited, Say: incident.Sentence(changes), Changes: changes}, by)
	})
	return i, err
}

// touched notes that something in the incident changed.
func (x *Incidents) touched(ctx context.Context, tx *sql.Tx, id string, by incident.Actor) error {
	_, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incidents SET updated = ? WHERE id = ? AND updated < ?`), micros(by.At), id, micros(by.At))
	return wrap("incident", err)
}

// log writes a line of the timeline.
func (x *Incidents) log(ctx context.Context, tx *sql.Tx, e *incident.Entry, by incident.Actor) error {
	changes, err := json.Marshal(listOf(e.Changes))
	if err != nil {
		return wrap("timeline", err)
	}
	_, err = tx.ExecContext(ctx, x.s.dialect.Rebind(`INSERT INTO incident_log (incident, at, actor, actor_id, kind, say, subject, changes, number) VALUES (`+marks(9)+`)`),
		e.Incident, micros(by.At), by.Email, by.ID, string(e.Kind), e.Say, e.Subject, string(changes), e.Count)
	if err != nil {
		return wrap("timeline", err)
	}
	return x.touched(ctx, tx, e.Incident, by)
}
