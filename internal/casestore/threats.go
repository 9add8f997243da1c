package casestore

import (
	"context"
	"database/sql"
	"encoding/json"

	"tocsin/internal/threat"
)

var _ threat.Store = (*Store)(nil)

// ThreatsTold returns what feeds told, by source and id.
func (s *Store) ThreatsTold(ctx context.Context) ([]threat.Threat, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT source, ref, kind, name, aliases, attack, tags, about, slug, updated FROM threats ORDER BY source, ref`)
	if err != nil {
		return nil, wrap("threats", err)
	}
	defer rows.Close()
	var all []threat.Threat
	for rows.Next() {
		var t threat.Threat
		var kind, aliases, attack, tags, about string
		var updated int64
		if err := rows.Scan(&t.Source, &t.Ref, &kind, &t.Name, &aliases, &attack, &tags, &about, &t.ID, &updated); err != nil {
			return nil, wrap("threats", err)
		}
		t.Kind, t.Updated = threat.Kind(kind), fromMicros(updated)
		for _, l := range []struct {
			text string
			into *[]string
		}{{aliases, &t.Aliases}, {attack, &t.Attack}, {tags, &t.Tags}} {
			if err := json.Unmarshal([]byte(l.text), l.into); err != nil {
				return nil, wrap("threats", err)
			}
		}
		t.Tell(about)
		all = append(all, t)
	}
	return all, wrap("threats", rows.Err())
}

// KeepThreats writes those of a source and forgets those that are gone, all or nothing.
func (s *Store) KeepThreats(ctx context.Context, source string, put []threat.Threat, gone []string) error {
	return wrap("keep threats", s.InTx(ctx, func(tx *sql.Tx) error {
		for i := range put {
			t := &put[i]
			var lists [3]string
			for j, l := range [][]string{t.Aliases, t.Attack, t.Tags} {
				b, err := json.Marshal(l)
				if err != nil {
					return err
				}
				lists[j] = string(b)
			}
			if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO threats (source, ref, kind, name, aliases, attack, tags, about, slug, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (source, ref) DO UPDATE SET kind = excluded.kind, name = excluded.name, aliases = excluded.aliases, attack = excluded.attack, tags = excluded.tags, about = excluded.about, slug = excluded.slug, updated = excluded.updated`),
				source, t.Ref, string(t.Kind), t.Name, lists[0], lists[1], lists[2], t.Description(), t.ID, micros(t.Updated)); err != nil {
				return err
			}
		}
		for _, ref := range gone {
			if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM threats WHERE source = ? AND ref = ?`), source, ref); err != nil {
				return err
			}
		}
		return nil
	}))
}
