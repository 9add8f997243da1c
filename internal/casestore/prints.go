package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/internal/campaign"
)

// SavePrints keeps fingerprints inside a transaction; one that is kept already is exchanged.
func (s *Store) SavePrints(ctx context.Context, tx *sql.Tx, members []*campaign.Member) error {
	if len(members) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, s.dialect.Rebind(`
		INSERT INTO prints (network_message_id, at, family, name, sender, threats, sure, recipients, print) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (network_message_id) DO UPDATE SET family = excluded.family, name = excluded.name, threats = excluded.threats, sure = excluded.sure, recipients = excluded.recipients`))
	if err != nil {
		return fmt.Errorf("save prints: %w", err)
	}
	defer func() { _ = stmt.Close() }()
	for _, m := range members {
		rcpt, err := json.Marshal(emptyNotNull(m.Recipients))
		if err != nil {
			return fmt.Errorf("save prints: %w", err)
		}
		print, err := m.Print.AppendBinary(nil)
		if err != nil {
			return fmt.Errorf("save prints: %w", err)
		}
		if _, err := stmt.ExecContext(ctx, m.ID, micros(m.At), m.Family, m.Name, m.Sender, m.Threats, m.Sure, string(rcpt), print); err != nil {
			return fmt.Errorf("save prints: %w", err)
		}
	}
	return nil
}

// EachPrint calls f for the newest limit fingerprints, or a few more when many are of one time, oldest first.
func (s *Store) EachPrint(ctx context.Context, limit int, f func(*campaign.Member)) error {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`
		SELECT network_message_id, at, family, name, sender, threats, sure, recipients, print FROM prints
		WHERE at >= coalesce((SELECT at FROM prints ORDER BY at DESC LIMIT 1 OFFSET ?), 0) ORDER BY at, network_message_id`), limit-1)
	if err != nil {
		return fmt.Errorf("read prints: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var rcpt, print sql.RawBytes
	for rows.Next() {
		var m campaign.Member
		var at int64
		if err := rows.Scan(&m.ID, &at, &m.Family, &m.Name, &m.Sender, &m.Threats, &m.Sure, &rcpt, &print); err != nil {
			return fmt.Errorf("read prints: %w", err)
		}
		m.At = fromMicros(at)
		if string(rcpt) != "[]" {
			if err := json.Unmarshal(rcpt, &m.Recipients); err != nil {
				return fmt.Errorf("print of message %s: %w", m.ID, err)
			}
		}
		if m.Print.UnmarshalBinary(print) != nil {
			continue // of an earlier form: forgotten with its time
		}
		f(&m)
	}
	return rows.Err()
}

// ForgetPrints deletes fingerprints from before a time.
func (s *Store) ForgetPrints(ctx context.Context, before time.Time) error {
	if _, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM prints WHERE at < ?`), micros(before)); err != nil {
		return fmt.Errorf("forget prints: %w", err)
	}
	return nil
}
