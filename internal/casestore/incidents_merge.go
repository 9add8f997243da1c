package casestore

import (
	"context"
	"database/sql"
	"fmt"

	"tocsin/internal/incident"
)

// Merge makes an incident a pointer to another. What it holds stays where it is and is shown there.
func (x *Incidents) Merge(ctx context.Context, id, into, reason string, by incident.Actor) (b incident.Incident, err error) {
	err = x.s.InTx(ctx, func(tx *sql.Tx) error {
		a, err := x.changeable(ctx, tx, id)
		if err != nil {
			return err
		}
		if b, err = x.changeable(ctx, tx, into); err != nil {
			return err
		}
		if a.ID == b.ID {
			return incident.ErrItself
		}
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incidents SET merged_into = ?, version = version + 1 WHERE id = ?`), b.ID, a.ID); err != nil {
			return wrap("merge", err)
		}
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incidents SET root = ? WHERE root = ?`), b.ID, a.ID); err != nil {
			return wrap("merge", err)
		}
		var n int
		if err := tx.QueryRowContext(ctx, x.s.dialect.Rebind(`SELECT count(*) FROM incidents WHERE root = ?`), b.ID).Scan(&n); err != nil {
			return wrap("merge", err)
		}
		if n > incident.MaxMerged+1 {
			return fmt.Errorf("%w: %d merged incidents", incident.ErrFull, incident.MaxMerged)
		}
		if err := x.recount(ctx, tx, &b); err != nil {
			return err
		}
		if b.Messages > incident.MaxMessages {
			return fmt.Errorf("%w: %d email events", incident.ErrFull, incident.MaxMessages)
		}
		return x.tellBoth(ctx, tx, incident.Merged, &a, &b, fmt.Sprintf("merged %s into this", incident.Label(a.Number)), reason, by)
	})
	if err != nil {
		return b, err
	}
	return x.Incident(ctx, b.ID)
}

// tellBoth writes one line, which both show: it belongs to the one that stays.
func (x *Incidents) tellBoth(ctx context.Context, tx *sql.Tx, kind incident.Kind, a, b *incident.Incident, say, reason string, by incident.Actor) error {
	if reason != "" {
		say += ": " + reason
	}
	if err := x.log(ctx, tx, &incident.Entry{Incident: b.ID, Kind: kind, Say: say, Subject: a.ID}, by); err != nil {
		return err
	}
	word := "merged it into "
	if kind == incident.Separated {
		word = "separated it from "
	}
	return x.log(ctx, tx, &incident.Entry{Incident: a.ID, Kind: kind, Say: word + incident.Label(b.Number), Subject: b.ID}, by)
}

// Separate makes a merged incident one of its own again, with what was merged into it before.
func (x *Incidents) Separate(ctx context.Context, id, reason string, by incident.Actor) (a incident.Incident, err error) {
	err = x.s.InTx(ctx, func(tx *sql.Tx) error {
		if a, err = x.get(ctx, tx, id, x.s.dialect.forUpdate); err != nil {
			return err
		}
		if a.Into == "" {
			return incident.ErrUnmerged
		}
		b, err := x.get(ctx, tx, a.Root, x.s.dialect.forUpdate)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, x.s.dialect.Rebind(`UPDATE incidents SET merged_into = '', version = version + 1 WHERE id = ?`), a.ID); err != nil {
			return wrap("separate", err)
		}
		// Those below it, by the links.
		below := []string{a.ID}
		for n := 0; n < len(below) && len(below) <= incident.MaxMerged+1; n++ {
			rows, err := tx.QueryContext(ctx, x.s.dialect.Rebind(`UPDATE incidents SET root = ? WHERE id = ? OR merged_into = ? RETURNING id`), a.ID, below[n], below[n])
			if err != nil {
				return wrap("separate", err)
			}
			for rows.Next() {
				var child string
				if err := rows.Scan(&child); err != nil {
					return wrap("separate", err)
				}
				if child != below[n] {
					below = append(below, child)
				}
			}
			if err := rows.Close(); err != nil {
				return wrap("separate", err)
			}
		}
		a.Into, a.Root = "", a.ID
		if err := x.recount(ctx, tx, &a); err != nil {
			return err
		}
		if err := x.recount(ctx, tx, &b); err != nil {
			return err
		}
		return x.tellBoth(ctx, tx, incident.Separated, &a, &b, fmt.Sprintf("separated %s from this", incident.Label(a.Number)), reason, by)
	})
	if err != nil {
		return a, err
	}
	return x.Incident(ctx, a.ID)
}

// Members lists an incident and what was merged into it.
func (x *Incidents) Members(ctx context.Context, id string) ([]incident.Incident, error) {
	i, err := x.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	in, arg := scope("id", &i)
	rows, err := x.s.reader.QueryContext(ctx, x.s.dialect.Rebind(`SELECT `+incidentColumns+` FROM incidents WHERE `+in+` AND id <> ? ORDER BY number`), arg, i.ID)
	if err != nil {
		return nil, wrap("incidents", err)
	}
	defer rows.Close()
	all := []incident.Incident{i}
	for rows.Next() {
		m, err := scanIncident(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, wrap("incidents", rows.Err())
}
