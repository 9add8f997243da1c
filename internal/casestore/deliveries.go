package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Delivery is what is done for one recipient with a message that Tocsin hands on itself. Once it is decided it stays: a message that is
// offered again is treated as the first time.
type Delivery struct {
	SHA256           string // of the raw message, lower-case hex
	Recipient        string // lower case
	NetworkMessageID string
	Treatment        string
	Verdict          string    // value of the header field that says the verdict; "" for none
	Cut              []string  // SHA-256 of the attachments that are exchanged for a notice
	Planned          time.Time // when it was decided
	Answered         time.Time // when the next server had taken it; zero: not yet
}

const deliveryColumns = `sha256, recipient, network_message_id, treatment, verdict, cut, planned, answered`

func scanDelivery(row scanner) (Delivery, error) {
	var d Delivery
	var cut string
	var planned, answered int64
	if err := row.Scan(&d.SHA256, &d.Recipient, &d.NetworkMessageID, &d.Treatment, &d.Verdict, &cut, &planned, &answered); err != nil {
		return d, err
	}
	d.Planned, d.Answered = fromMicros(planned), fromMicros(answered)
	return d, json.Unmarshal([]byte(cut), &d.Cut)
}

// PlanDeliveries keeps what is to be done, in one transaction. What was decided before for a message and recipient stays; what holds is
// returned, in the same order.
func (s *Store) PlanDeliveries(ctx context.Context, list []Delivery) ([]Delivery, error) {
	out := make([]Delivery, len(list))
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, s.dialect.Rebind(`INSERT INTO deliveries (`+deliveryColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`))
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }()
		for i, d := range list {
			cut, err := json.Marshal(emptyNotNull(d.Cut))
			if err != nil {
				return err
			}
			res, err := insert.ExecContext(ctx, d.SHA256, d.Recipient, d.NetworkMessageID, d.Treatment, d.Verdict, string(cut), micros(d.Planned))
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if out[i] = d; n == 1 {
				continue
			}
			if out[i], err = scanDelivery(tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+deliveryColumns+` FROM deliveries WHERE sha256 = ? AND recipient = ?`), d.SHA256, d.Recipient)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("plan deliveries: %w", err)
	}
	return out, nil
}

// DeliveriesAnswered notes that the next server has taken these.
func (s *Store) DeliveriesAnswered(ctx context.Context, list []Delivery, at time.Time) error {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, s.dialect.Rebind(`UPDATE deliveries SET answered = ? WHERE sha256 = ? AND recipient = ?`))
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		for _, d := range list {
			if _, err := stmt.ExecContext(ctx, micros(at), d.SHA256, d.Recipient); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note deliveries: %w", err)
	}
	return nil
}

// DeliveriesOf are those of a message to these recipients that are decided, by recipient.
func (s *Store) DeliveriesOf(ctx context.Context, sha256 string, recipients []string) (map[string]Delivery, error) {
	stmt, err := s.reader.PrepareContext(ctx, s.dialect.Rebind(`SELECT `+deliveryColumns+` FROM deliveries WHERE sha256 = ? AND recipient = ?`))
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	defer func() { _ = stmt.Close() }()
	out := map[string]Delivery{}
	for _, r := range recipients {
		d, err := scanDelivery(stmt.QueryRowContext(ctx, sha256, r))
		switch {
		case err == nil:
			out[r] = d
		case !errors.Is(err, sql.ErrNoRows):
			return nil, fmt.Errorf("deliveries: %w", err)
		}
	}
	return out, nil
}

// ForgetDeliveries removes those that were decided before a time.
func (s *Store) ForgetDeliveries(ctx context.Context, before time.Time) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM deliveries WHERE planned < ?`), micros(before))
	return wrap("forget deliveries", err)
}
