package casestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/reports"
)

var _ reports.Orders = (*Store)(nil)

const reportOrderColumns = `id, body, enabled, due, last, problem, author, at, version`

// reportBody is what somebody says of an order, as it is kept.
type reportBody struct {
	Name    string           `json:"name"`
	Report  string           `json:"report"`
	To      []string         `json:"to"`
	Rhythm  string           `json:"rhythm"`
	Weekday time.Weekday     `json:"weekday"`
	Day     int              `json:"day"`
	Hour    int              `json:"hour"`
	Zone    string           `json:"zone"`
	Filter  dashboard.Filter `json:"filter"`
}

func scanReportOrder(row scanner) (o reports.Order, err error) {
	var (
		body          string
		due, last, at int64
		b             reportBody
	)
	err = row.Scan(&o.ID, &body, &o.On, &due, &last, &o.Problem, &o.By, &at, &o.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return o, reports.ErrNoOrder
	}
	if err != nil {
		return o, wrap("report order", err)
	}
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return o, fmt.Errorf("report order %s: %w", o.ID, err)
	}
	o.Name, o.Report, o.To, o.Rhythm, o.Weekday, o.Day, o.Hour, o.Zone, o.Filter = b.Name, b.Report, b.To, b.Rhythm, b.Weekday, b.Day, b.Hour, b.Zone, b.Filter
	o.Due, o.Last, o.At = fromMicros(due), fromMicros(last), fromMicros(at)
	return o, nil
}

func reportOrderBody(o *reports.Order) (string, error) {
	raw, err := json.Marshal(reportBody{o.Name, o.Report, o.To, o.Rhythm, o.Weekday, o.Day, o.Hour, o.Zone, o.Filter})
	return string(raw), wrap("report order", err)
}

// ReportOrders lists all, oldest first.
func (s *Store) ReportOrders(ctx context.Context) ([]reports.Order, error) {
	return s.reportOrders(ctx, `ORDER BY id`)
}

// ReportsDue lists those whose time has come.
func (s *Store) ReportsDue(ctx context.Context, now time.Time) ([]reports.Order, error) {
	return s.reportOrders(ctx, `WHERE due > 0 AND due <= ? ORDER BY due, id`, micros(now))
}

func (s *Store) reportOrders(ctx context.Context, rest string, args ...any) (out []reports.Order, err error) {
	rows, err := s.reader.QueryContext(ctx, s.dialect.Rebind(`SELECT `+reportOrderColumns+` FROM report_orders `+rest), args...)
	if err != nil {
		return nil, wrap("report orders", err)
	}
	defer rows.Close()
	for rows.Next() {
		o, err := scanReportOrder(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, wrap("report orders", rows.Err())
}

// ReportOrder returns one.
func (s *Store) ReportOrder(ctx context.Context, id string) (reports.Order, error) {
	return scanReportOrder(s.reader.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+reportOrderColumns+` FROM report_orders WHERE id = ?`), id))
}

// AddReportOrder keeps a new one.
func (s *Store) AddReportOrder(ctx context.Context, o reports.Order) error {
	body, err := reportOrderBody(&o)
	if err != nil {
		return err
	}
	return s.InTx(ctx, func(tx *sql.Tx) error {
		var have int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM report_orders`).Scan(&have); err != nil {
			return wrap("report orders", err)
		}
		if have >= reports.MaxOrders {
			return &dashboard.WrongError{Field: "name", Say: fmt.Sprintf("there are %d schedules already; remove one first", have)}
		}
		_, err := tx.ExecContext(ctx, s.dialect.Rebind(`INSERT INTO report_orders (`+reportOrderColumns+`) VALUES (?, ?, ?, ?, 0, '', ?, ?, 1)`), o.ID, body, o.On, micros(o.Due), o.By, micros(o.At))
		return wrap("report order", err)
	})
}

// ChangeReportOrder replaces what somebody says of it.
func (s *Store) ChangeReportOrder(ctx context.Context, o reports.Order, from int64) (now reports.Order, err error) {
	body, err := reportOrderBody(&o)
	if err != nil {
		return now, err
	}
	err = s.InTx(ctx, func(tx *sql.Tx) error {
		was, err := scanReportOrder(tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+reportOrderColumns+` FROM report_orders WHERE id = ?`), o.ID))
		if err != nil {
			return err
		}
		if from != 0 && was.Version != from {
			return &reports.OutdatedError{Version: was.Version}
		}
		res, err := tx.ExecContext(ctx, s.dialect.Rebind(`UPDATE report_orders SET body = ?, enabled = ?, due = ?, author = ?, at = ?, version = version + 1 WHERE id = ? AND version = ?`),
			body, o.On, micros(o.Due), o.By, micros(o.At), o.ID, was.Version)
		if err != nil {
			return wrap("report order", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(&reports.OutdatedError{Version: was.Version}, err)
		}
		now, err = scanReportOrder(tx.QueryRowContext(ctx, s.dialect.Rebind(`SELECT `+reportOrderColumns+` FROM report_orders WHERE id = ?`), o.ID))
		return err
	})
	return now, err
}

// RemoveReportOrder forgets one.
func (s *Store) RemoveReportOrder(ctx context.Context, id string) error {
	res, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`DELETE FROM report_orders WHERE id = ?`), id)
	if err != nil {
		return wrap("report order", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(reports.ErrNoOrder, err)
	}
	return nil
}

// ReportMade notes what became of the one that was due; an order that somebody changed meanwhile keeps its new time.
func (s *Store) ReportMade(ctx context.Context, id string, due, next, at time.Time, problem string) error {
	_, err := s.writer.ExecContext(ctx, s.dialect.Rebind(`UPDATE report_orders SET due = CASE WHEN due = ? THEN ? ELSE due END, last = ?, problem = ? WHERE id = ?`), micros(due), micros(next), micros(at), problem, id)
	return wrap("report order", err)
}
