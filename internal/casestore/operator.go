package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/auth"
)

var (
	_ auth.Store   = (*Store)(nil)
	_ auth.Journal = (*Store)(nil)
)

const operatorColumns = `id, email, name, roles, password, disabled, created, changed, signed_in`

// readColumns are those and what other tables know of an operator.
const readColumns = operatorColumns + `, (EXISTS (SELECT 1 FROM totp WHERE totp.operator_id = operators.id AND totp.confirmed > 0)
	OR EXISTS (SELECT 1 FROM keys WHERE keys.operator_id = operators.id)), EXISTS (SELECT 1 FROM identities WHERE identities.operator_id = operators.id)`

// OperatorByEmail returns the operator with the (lower-case) address.
func (s *Store) OperatorByEmail(ctx context.Context, email string) (auth.Operator, error) {
	return scanOperator(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+readColumns+` FROM operators WHERE email = ?`), email))
}

// OperatorByID returns the operator with the id.
func (s *Store) OperatorByID(ctx context.Context, id string) (auth.Operator, error) {
	return scanOperator(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+readColumns+` FROM operators WHERE id = ?`), id))
}

// Operators returns everybody, by address.
func (s *Store) Operators(ctx context.Context) ([]auth.Operator, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT `+readColumns+` FROM operators ORDER BY email`)
	if err != nil {
		return nil, fmt.Errorf("operators: %w", err)
	}
	defer rows.Close()
	var all []auth.Operator
	for rows.Next() {
		o, err := scanOperator(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// AddOperator adds a person.
func (s *Store) AddOperator(ctx context.Context, o auth.Operator) error {
	return addOperator(ctx, s.writer, s.dialect, o)
}

// execer is a pool or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func addOperator(ctx context.Context, db execer, d Dialect, o auth.Operator) error {
	roles, err := json.Marshal(o.Roles)
	if err != nil {
		return fmt.Errorf("operator %s: %w", o.Email, err)
	}
	res, err := db.ExecContext(ctx, d.Rebind(`INSERT INTO operators (`+operatorColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email) DO NOTHING`),
		o.ID, o.Email, o.Name, string(roles), o.Password, o.Disabled, micros(o.Created), micros(o.Changed), micros(o.SignedIn))
	if err != nil {
		return fmt.Errorf("operator %s: %w", o.Email, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(auth.ErrExists, err)
	}
	return nil
}

// SetPassword keeps a new PHC string; a zero changed leaves sessions alone.
func (s *Store) SetPassword(ctx context.Context, id, phc string, changed time.Time) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE operators SET password = ?, changed = CASE WHEN ? > changed THEN ? ELSE changed END WHERE id = ?`), phc, micros(changed), micros(changed), id)
	return wrap("password", err)
}

// MarkSignIn keeps the time of the last sign-in.
func (s *Store) MarkSignIn(ctx context.Context, id string, at time.Time) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE operators SET signed_in = ? WHERE id = ?`), micros(at), id)
	return wrap("sign-in", err)
}

type scanner interface{ Scan(dest ...any) error }

func scanOperator(row scanner) (auth.Operator, error) {
	var (
		o                        auth.Operator
		roles                    string
		created, changed, signed int64
	)
	err := row.Scan(&o.ID, &o.Email, &o.Name, &roles, &o.Password, &o.Disabled, &created, &changed, &signed, &o.Factor, &o.Linked)
	if errors.Is(err, sql.ErrNoRows) {
		return auth.Operator{}, auth.ErrNotFound
	}
	if err != nil {
		return auth.Operator{}, fmt.Errorf("operator: %w", err)
	}
	if err := json.Unmarshal([]byte(roles), &o.Roles); err != nil {
		return auth.Operator{}, fmt.Errorf("operator %s: roles: %w", o.Email, err)
	}
	o.Created, o.Changed, o.SignedIn = fromMicros(created), fromMicros(changed), fromMicros(signed)
	return o, nil
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", strings.TrimSpace(what), err)
	}
	return nil
}
