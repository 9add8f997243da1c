package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/event"
	"tocsin/internal/eventstore"
)

// schemaVersion is the layout of the file. New columns and tables of package event need no new version: they are
// added when the file is opened. Raise it for anything else, with a step in migrate.
const schemaVersion = 1

// sqlTypes are the column types by KQL type. Time is UTC without zone. Dynamic values are JSON text: DuckDB's JSON type is
// text too, and the driver would parse it on every read. Columns of few values stay plain VARCHAR, since storage
// already compresses each row group with a dictionary and an ENUM could not grow.
var sqlTypes = map[event.Type]struct {
	name string
	id   duckdb.Type
	zero string
}{
	event.String:   {"VARCHAR", duckdb.TYPE_VARCHAR, "''"},
	event.Datetime: {"TIMESTAMP", duckdb.TYPE_TIMESTAMP, "TIMESTAMP '0001-01-01 00:00:00'"},
	event.Bool:     {"BOOLEAN", duckdb.TYPE_BOOLEAN, "false"},
	event.Int:      {"INTEGER", duckdb.TYPE_INTEGER, "0"},
	event.Long:     {"BIGINT", duckdb.TYPE_BIGINT, "0"},
	event.Real:     {"DOUBLE", duckdb.TYPE_DOUBLE, "0"},
	event.Dynamic:  {"VARCHAR", duckdb.TYPE_VARCHAR, "'[]'"},
}

// table is how one event table is stored.
type table struct {
	name    string
	columns []column
	key     []int // positions in columns
	time    int   // position of Timestamp
	byTime  bool  // the key holds a message id, so equal rows have equal Timestamps
	types   []duckdb.TypeInfo
	rows    func(b *event.Batch) reflect.Value // the slice of rows in a batch
}

type column struct {
	name  string
	kind  event.Type
	field []int
}

// tables describes every event table. It panics when package event declares what cannot be stored, which every
// test of this package would see.
func tables() []*table {
	var out []*table
	for _, et := range event.Tables() {
		t := &table{name: et.Name, time: -1, rows: rowsOf(et.Row)}
		for _, c := range et.Columns {
			if c.Field == nil {
				continue
			}
			st, ok := sqlTypes[c.Type]
			if !ok {
				panic(fmt.Sprintf("%s.%s: no SQL type for %s", et.Name, c.Name, c.Type))
			}
			ti, err := duckdb.NewTypeInfo(st.id)
			if err != nil {
				panic(err)
			}
			if c.Name == "Timestamp" {
				t.time = len(t.columns)
			}
			if slices.Contains(et.Key, c.Name) {
				t.key = append(t.key, len(t.columns))
				t.byTime = t.byTime || c.ID
			}
			t.columns = append(t.columns, column{name: c.Name, kind: c.Type, field: c.Field})
			t.types = append(t.types, ti)
		}
		if t.time < 0 || len(t.key) != len(et.Key) {
			panic(et.Name + ": needs a Timestamp and stored key columns")
		}
		out = append(out, t)
	}
	return out
}

// rowsOf finds the field of event.Batch that holds rows of type row.
func rowsOf(row reflect.Type) func(*event.Batch) reflect.Value {
	bt := reflect.TypeFor[event.Batch]()
	for i := range bt.NumField() {
		if bt.Field(i).Type == reflect.SliceOf(row) {
			return func(b *event.Batch) reflect.Value { return reflect.ValueOf(b).Elem().Field(i) }
		}
	}
	panic("event.Batch has no field for " + row.String())
}

// createSQL is the DDL of a table.
func (t *table) createSQL() string {
	defs := make([]string, len(t.columns))
	for i, c := range t.columns {
		defs[i] = c.definition()
	}
	return "CREATE TABLE IF NOT EXISTS " + quote(t.name) + " (\n\t" + strings.Join(defs, ",\n\t") + "\n)"
}

func (c column) definition() string {
	st := sqlTypes[c.kind]
	return quote(c.name) + " " + st.name + " DEFAULT " + st.zero
}

// migrate brings the file to this version: it creates what is missing, and adds columns that package event has gained. It
// changes nothing when a later version wrote the file.
func migrate(ctx context.Context, conn *sql.Conn, ts []*table) error {
	for _, t := range []string{"tocsin_schema (version INTEGER, applied TIMESTAMP)", "tocsin_filling (name VARCHAR, upto TIMESTAMP)"} {
		if _, err := conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+t); err != nil {
			return err
		}
	}
	var have sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT max(version) FROM tocsin_schema").Scan(&have); err != nil {
		return err
	}
	if have.Int64 > schemaVersion {
		return fmt.Errorf("%w: its schema has version %d, this one knows %d", eventstore.ErrNewer, have.Int64, schemaVersion)
	}
	return inTx(ctx, conn, func(tx *sql.Tx) error {
		if err := migrateTables(ctx, tx, ts); err != nil || have.Valid && have.Int64 == schemaVersion {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO tocsin_schema VALUES (?, ?)", schemaVersion, time.Now().UTC())
		return err
	})
}

func migrateTables(ctx context.Context, tx *sql.Tx, ts []*table) error {
	for _, t := range ts {
		if _, err := tx.ExecContext(ctx, t.createSQL()); err != nil {
			return err
		}
		stored, err := storedColumns(ctx, tx, t.name)
		if err != nil {
			return err
		}
		for _, c := range t.columns {
			switch got, ok := stored[c.name]; {
			case !ok:
				if _, err := tx.ExecContext(ctx, "ALTER TABLE "+quote(t.name)+" ADD COLUMN "+c.definition()); err != nil {
					return err
				}
				if err := toFill(ctx, tx, t.name+"."+c.name); err != nil {
					return err
				}
			case got != sqlTypes[c.kind].name:
				return fmt.Errorf("column %s.%s is stored as %s, this version needs %s", t.name, c.name, got, sqlTypes[c.kind].name)
			}
		}
	}
	return nil
}

func storedColumns(ctx context.Context, tx *sql.Tx, table string) (map[string]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		out[name] = kind
	}
	return out, rows.Err()
}
