package casestore

import (
	"context"
	"database/sql"
	"errors"

	"tocsin/internal/rulebook"
)

var _ rulebook.Store = (*Store)(nil)

// RuleGeneration returns how often anything was decided about rules.
func (s *Store) RuleGeneration(ctx context.Context) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM rule_versions`).Scan(&n)
	return n, wrap("rules", err)
}

const ruleSelect = `SELECT id, number, at, operator, via, reason, text, enabled, weight, removed FROM rule_versions `

func scanRule(row scanner) (v rulebook.Version, err error) {
	var at int64
	err = row.Scan(&v.ID, &v.Number, &at, &v.By, &v.Via, &v.Reason, &v.Text, &v.Enabled, &v.Weight, &v.Removed)
	if errors.Is(err, sql.ErrNoRows) {
		return v, rulebook.ErrNotFound
	}
	v.At = fromMicros(at)
	return v, wrap("rules", err)
}

func (s *Store) rules(ctx context.Context, query string, args ...any) ([]rulebook.Version, error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(ruleSelect+query), args...)
	if err != nil {
		return nil, wrap("rules", err)
	}
	defer rows.Close()
	var all []rulebook.Version
	for rows.Next() {
		v, err := scanRule(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, wrap("rules", rows.Err())
}

// LatestRules returns the newest version of every id.
func (s *Store) LatestRules(ctx context.Context) ([]rulebook.Version, error) {
	return s.rules(ctx, `WHERE seq IN (SELECT max(seq) FROM rule_versions GROUP BY id) ORDER BY id`)
}

// RuleVersions returns the versions of an id, newest first.
func (s *Store) RuleVersions(ctx context.Context, id string, below int64, limit int) ([]rulebook.Version, error) {
	return s.rules(ctx, `WHERE id = ? AND (? = 0 OR number < ?) ORDER BY number DESC LIMIT ?`, id, below, below, limit)
}

// AddRuleVersion keeps the version after from.
func (s *Store) AddRuleVersion(ctx context.Context, v rulebook.Version, from int64) (rulebook.Version, error) {
	err := s.InTx(ctx, func(tx *sql.Tx) error {
		have, err := scanRule(tx.QueryRowContext(ctx, s.dialect.Rebind(ruleSelect+`WHERE id = ? ORDER BY number DESC LIMIT 1`), v.ID))
		if err != nil && !errors.Is(err, rulebook.ErrNotFound) {
			return err
		}
		if have.Number != from && !(have.Removed && from == 0) {
			return &rulebook.Outdated{Now: have.Number}
		}
		v.Number = have.Number + 1
		// Its keys refuse a second writer of the same numbers.
		_, err = tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO rule_versions (seq, id, number, at, operator, via, reason, text, enabled, weight, removed) SELECT coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM rule_versions`),
			v.ID, v.Number, micros(v.At), v.By, v.Via, v.Reason, v.Text, v.Enabled, v.Weight, v.Removed)
		return wrap("rules", err)
	})
	return v, err
}
