package casestore

import (
	"context"
	"encoding/json"

	"tocsin/internal/auth"
)

// Append adds a record to the audit log; it is on disk when Append returns. This is the only statement that writes the
// table, and the place where records get chained to one another.
func (s *Store) Append(ctx context.Context, r auth.Record) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO audit (at, operator_id, operator, via, address, action, subject, recipient, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		micros(r.At), r.OperatorID, r.Operator, r.Via, r.Address, string(r.Action), r.Subject, r.Recipient, r.Reason, string(r.Detail))
	return wrap("audit", err)
}

// About returns the records of one subject, oldest first, at most limit.
func (s *Store) About(ctx context.Context, subject string, limit int) ([]auth.Record, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT seq, at, operator_id, operator, via, address, action, subject, recipient, reason, detail FROM audit WHERE subject = ? ORDER BY seq LIMIT ?`), subject, limit)
	if err != nil {
		return nil, wrap("audit", err)
	}
	defer rows.Close()
	var all []auth.Record
	for rows.Next() {
		var (
			r      auth.Record
			at     int64
			detail string
		)
		if err := rows.Scan(&r.Seq, &at, &r.OperatorID, &r.Operator, &r.Via, &r.Address, &r.Action, &r.Subject, &r.Recipient, &r.Reason, &detail); err != nil {
			return nil, wrap("audit", err)
		}
		r.At, r.Detail = fromMicros(at), json.RawMessage(detail)
		all = append(all, r)
	}
	return all, wrap("audit", rows.Err())
}
