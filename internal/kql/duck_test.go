package kql

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/event"
	"tocsin/internal/eventstore/duckdb/inprocess"
	"tocsin/internal/kql/native"
)

// store is a real in-memory DuckDB with the hunting tables.
type store struct {
	t  testing.TB
	db *sql.Conn
}

func openStore(t testing.TB) *store {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := inprocess.Register(conn, native.Functions(func(addr string) (native.Place, bool) {
		return native.Place{Country: "Australia", State: "New South Wales", City: "Sydney", Latitude: -33.8715, Longitude: 151.2006, Coordinates: true}, addr == "20.53.203.50"
	})); err != nil {
		t.Fatal(err)
	}
	s := &store{t, conn}
	s.exec("SET threads = 1")
	for _, table := range event.Tables() {
		var cols []string
		for _, c := range table.Columns {
			if c.Field != nil {
				def := map[event.Type]string{event.String: "''", event.Int: "0", event.Long: "0", event.Real: "0", event.Bool: "false"}[c.Type]
				if def == "" {
					def = "NULL"
				}
				cols = append(cols, fmt.Sprintf("%q %s DEFAULT %s", c.Name, duckTypes[c.Type], def))
			}
		}
		s.exec(fmt.Sprintf("CREATE TABLE %q (%s)", table.Name, strings.Join(cols, ", ")))
	}
	return s
}

func (s *store) exec(q string, args ...any) {
	s.t.Helper()
	if _, err := s.db.ExecContext(context.Background(), q, args...); err != nil {
		s.t.Fatalf("%s: %v", q, err)
	}
}

// load inserts rows given as JSON objects; columns that are left out get their default.
func (s *store) load(table string, rows ...string) {
	s.t.Helper()
	tab, ok := event.TableNamed(table)
	if !ok {
		s.t.Fatalf("no table %s", table)
	}
	for _, row := range rows {
		dec := json.NewDecoder(strings.NewReader(row))
		dec.UseNumber()
		var m map[string]any
		if err := dec.Decode(&m); err != nil {
			s.t.Fatalf("%s: %v", row, err)
		}
		var names, marks []string
		var args []any
		for name, v := range m {
			c, ok := tab.Column(name)
			if !ok {
				s.t.Fatalf("no column %s.%s", table, name)
			}
			if c.Type == event.Dynamic && v != nil {
				b, _ := json.Marshal(v)
				v = string(b)
			}
			if n, ok := v.(json.Number); ok {
				v, _ = n.Int64()
			}
			names = append(names, strconv.Quote(name))
			marks = append(marks, fmt.Sprintf("CAST(? AS %s)", duckTypes[c.Type]))
			args = append(args, v)
		}
		s.exec(fmt.Sprintf("INSERT INTO %q (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(marks, ", ")), args...)
	}
}

// run executes a statement and returns its rows as text, one string a value.
func (s *store) run(st *Statement) ([][]string, error) {
	rows, err := s.db.QueryContext(context.Background(), st.SQL, st.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		vals, ptrs := make([]any, len(st.Columns)), make([]any, len(st.Columns))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return nil, err
		}
		row := make([]string, len(vals))
		for i, v := range vals {
			row[i], err = show(st.Columns[i].Type, v)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", st.Columns[i].Name, err)
			}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// each runs a statement as a store does, for Options.Probe.
func (s *store) each(st *Statement, each func(row []any) error) error {
	rows, err := s.db.QueryContext(context.Background(), st.SQL, st.Args...)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, st.SQL)
	}
	defer rows.Close()
	for rows.Next() {
		vals, ptrs := make([]any, len(st.Columns)), make([]any, len(st.Columns))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := errors.Join(rows.Scan(ptrs...), each(vals)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// show writes a value, and fails when the store gave it another type than Statement promises.
func show(t event.Type, v any) (string, error) {
	if v == nil {
		if t == event.String {
			return "", fmt.Errorf("a string is null")
		}
		return "null", nil
	}
	switch v := v.(type) {
	case string:
		if t == event.Dynamic {
			var b bytes.Buffer
			if err := json.Compact(&b, []byte(v)); err != nil {
				return "", fmt.Errorf("dynamic value %q is not JSON", v)
			}
			if b.String() != v {
				return "", fmt.Errorf("dynamic value %q is not compact", v)
			}
			return v, nil
		}
		if t == event.String {
			return strconv.Quote(v), nil
		}
	case bool:
		if t == event.Bool {
			return strconv.FormatBool(v), nil
		}
	case int32:
		if t == event.Int {
			return strconv.Itoa(int(v)), nil
		}
	case int64:
		if t == event.Timespan {
			return formatTimespan(v), nil
		}
		if t == event.Long {
			return strconv.FormatInt(v, 10), nil
		}
	case float64:
		if t == event.Real {
			return strconv.FormatFloat(math.Round(v*1e9)/1e9, 'g', -1, 64), nil
		}
	case time.Time:
		if t == event.Datetime {
			return v.UTC().Format("2006-01-02T15:04:05.999999Z"), nil
		}
	}
	return "", fmt.Errorf("a %s came back as %T", t, v)
}

// now is what now() means in tests.
var now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

// query parses, compiles and runs, both optimised and plain, and fails when they differ.
func (s *store) query(src string, o Options) (*Statement, [][]string, error) {
	q, err := Parse(src)
	if err != nil {
		return nil, nil, err
	}
	if o.Now.IsZero() {
		o.Now = now
	}
	if o.Probe == nil {
		o.Probe = Rows(s.each)
	}
	st, err := Compile(q, o, DuckDB())
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.run(st)
	if err != nil {
		return st, nil, fmt.Errorf("%w\n%s", err, st.SQL)
	}
	plain, err := compile(q, o, DuckDB(), false)
	if err != nil {
		return st, nil, err
	}
	again, err := s.run(plain)
	if err != nil {
		return st, nil, fmt.Errorf("plain: %w\n%s", err, plain.SQL)
	}
	if !slices.EqualFunc(sortRows(rows), sortRows(again), slices.Equal) {
		return st, nil, fmt.Errorf("the optimised query gives other rows:\n%v\n%s\n%v\n%s", rows, st.SQL, again, plain.SQL)
	}
	return st, rows, nil
}

func sortRows(rows [][]string) [][]string {
	out := slices.Clone(rows)
	slices.SortFunc(out, slices.Compare)
	return out
}
