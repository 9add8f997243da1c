package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"tocsin/internal/remediate"
)

const approvalSelect = `SELECT number, at, operator, via, reason, policy FROM approval_versions `

func scanApprovals(row scanner) (remediate.ApprovalVersion, error) {
	var (
		v    remediate.ApprovalVersion
		at   int64
		text string
	)
	err := row.Scan(&v.Number, &at, &v.By, &v.Via, &v.Reason, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return v, remediate.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &v.Policy)
	}
	v.At = fromMicros(at)
	return v, wrap("approval policy", err)
}

// LatestApprovals returns the newest version of the approval policy; ErrNotFound when it was never edited.
func (r *Remediation) LatestApprovals(ctx context.Context) (remediate.ApprovalVersion, error) {
	return scanApprovals(r.s.reader.QueryRowContext(ctx, r.s.dialect.Rebind(approvalSelect+`ORDER BY number DESC LIMIT 1`)))
}

// ApprovalVersions returns versions below a number (0: all), newest first.
func (r *Remediation) ApprovalVersions(ctx context.Context, below int64, limit int) ([]remediate.ApprovalVersion, error) {
	rows, err := r.s.reader.QueryContext(ctx, r.s.dialect.Rebind(approvalSelect+`WHERE ? = 0 OR number < ? ORDER BY number DESC LIMIT ?`), below, below, limit)
	if err != nil {
		return nil, wrap("approval policy", err)
	}
	defer rows.Close()
	var all []remediate.ApprovalVersion
	for rows.Next() {
		v, err := scanApprovals(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, wrap("approval policy", rows.Err())
}

// AddApprovals keeps the version after from.
func (r *Remediation) AddApprovals(ctx context.Context, v remediate.ApprovalVersion, from int64) (remediate.ApprovalVersion, error) {
	err := r.s.InTx(ctx, func(tx *sql.Tx) error {
		var have int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM approval_versions`).Scan(&have); err != nil {
			return wrap("approval policy", err)
		}
		if have != from {
			return &remediate.Outdated{Now: have}
		}
		v.Number = have + 1
		text, err := json.Marshal(v.Policy)
		if err != nil {
			return wrap("approval policy", err)
		}
		_, err = tx.ExecContext(ctx, r.s.dialect.Rebind(`INSERT INTO approval_versions (number, at, operator, via, reason, policy) VALUES (?, ?, ?, ?, ?, ?)`),
			v.Number, micros(v.At), v.By, v.Via, v.Reason, string(text))
		return wrap("approval policy", err)
	})
	return v, err
}
