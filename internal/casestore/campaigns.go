package casestore

import (
	"context"
	"database/sql"

	"tocsin/internal/campaign"
)

var _ campaign.Ledger = (*Store)(nil)

const decisionColumns = `id, kind, family, into_family, name, was, mark_field, mark_value, messages, note, actor, actor_id, at, undone, undone_by, why, applied`

// CampaignDecisions implements campaign.Ledger.
func (s *Store) CampaignDecisions(ctx context.Context) ([]campaign.Decision, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT `+decisionColumns+` FROM campaign_decisions ORDER BY at, id`)
	if err != nil {
		return nil, wrap("campaign decisions", err)
	}
	defer func() { _ = rows.Close() }()
	var all []campaign.Decision
	for rows.Next() {
		var (
			d          campaign.Decision
			at, undone int64
		)
		if err := rows.Scan(&d.ID, &d.Kind, &d.Family, &d.Into, &d.Name, &d.Was, &d.Mark.Field, &d.Mark.Value, &d.Count, &d.Note, &d.By, &d.ByID, &at, &undone, &d.UndoneBy, &d.Why, &d.Applied); err != nil {
			return nil, wrap("campaign decisions", err)
		}
		d.At = fromMicros(at)
		if undone != 0 {
			d.Undone = fromMicros(undone)
		}
		all = append(all, d)
	}
	return all, wrap("campaign decisions", rows.Err())
}

// CampaignMoved implements campaign.Ledger. Of a split that was undone and not yet applied it returns the messages too.
func (s *Store) CampaignMoved(ctx context.Context) (map[string][]campaign.Moved, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT m.decision, m.network_message_id, m.family FROM campaign_moved m JOIN campaign_decisions d ON d.id = m.decision
		WHERE d.undone = 0 OR NOT d.applied ORDER BY m.decision, m.network_message_id`)
	if err != nil {
		return nil, wrap("campaign messages", err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string][]campaign.Moved{}
	for rows.Next() {
		var decision string
		var m campaign.Moved
		if err := rows.Scan(&decision, &m.ID, &m.From); err != nil {
			return nil, wrap("campaign messages", err)
		}
		all[decision] = append(all[decision], m)
	}
	return all, wrap("campaign messages", rows.Err())
}

// Decide implements campaign.Ledger.
func (s *Store) Decide(ctx context.Context, d campaign.Decision, moved []campaign.Moved) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO campaign_decisions (`+decisionColumns+`) VALUES (`+marks(17)+`)`),
			d.ID, string(d.Kind), d.Family, d.Into, d.Name, d.Was, string(d.Mark.Field), d.Mark.Value, d.Count, d.Note, d.By, d.ByID, micros(d.At), 0, "", "", false)
		if err != nil {
			return wrap("campaign decision", err)
		}
		for _, m := range moved {
			if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO campaign_moved (decision, network_message_id, family) VALUES (?, ?, ?)`), d.ID, m.ID, m.From); err != nil {
				return wrap("campaign decision", err)
			}
		}
		return wrap("campaign decision", s.movePrints(ctx, tx, moved, func(campaign.Moved) int64 { return d.Into }))
	})
}

// Undecide implements campaign.Ledger.
func (s *Store) Undecide(ctx context.Context, d campaign.Decision, moved []campaign.Moved) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE campaign_decisions SET undone = ?, undone_by = ?, why = ?, applied = ? WHERE id = ?`), micros(d.Undone), d.UndoneBy, d.Why, false, d.ID)
		if err != nil || d.Kind != campaign.Split {
			return wrap("campaign decision", err)
		}
		if err := s.movePrints(ctx, tx, moved, func(m campaign.Moved) int64 { return m.From }); err != nil {
			return wrap("campaign decision", err)
		}
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE prints SET family = ? WHERE family = ?`), d.Family, d.Into)
		return wrap("campaign decision", err)
	})
}

func (s *Store) movePrints(ctx context.Context, tx *sql.Tx, moved []campaign.Moved, to func(campaign.Moved) int64) error {
	for _, m := range moved {
		if _, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE prints SET family = ? WHERE network_message_id = ?`), to(m), m.ID); err != nil {
			return err
		}
	}
	return nil
}

// CampaignApplied implements campaign.Ledger.
func (s *Store) CampaignApplied(ctx context.Context, id string) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE campaign_decisions SET applied = ? WHERE id = ?`), true, id)
	return wrap("campaign decision", err)
}
