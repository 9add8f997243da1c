package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/kql"
)

// Query implements eventstore.Store. It sees one consistent state of all tables. DuckDB holds the result in memory (within
// its limit, then on disk) until the last row is read: ask for what is shown, and page through what is long.
func (s *Store) Query(ctx context.Context, st *kql.Statement, each func(row []any) error) error {
	given := false
	var err error
	_ = s.host(func() error {
		err = s.query(ctx, st, func(row []any) error {
			given = true
			return each(row)
		})
		if given {
			return nil // rows cannot be taken back: it is not tried again
		}
		return err
	})
	return err
}

func (s *Store) query(ctx context.Context, st *kql.Statement, each func(row []any) error) error {
	rows, err := s.db.QueryContext(ctx, st.SQL, st.Args...)
	if err != nil {
		return s.queryError(ctx, err)
	}
	defer rows.Close()
	row := make([]any, len(st.Columns))
	raw := make([]any, len(st.Columns))
	into := make([]any, len(st.Columns))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return s.queryError(ctx, err)
		}
		for i, v := range raw {
			if row[i], err = value(v, st.Columns[i].Type); err != nil {
				return fmt.Errorf("column %s: %w", st.Columns[i].Name, err)
			}
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return s.queryError(ctx, rows.Err())
}

// queryError makes of a driver's error what Query promises.
func (s *Store) queryError(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	select {
	case <-s.closed:
		return eventstore.ErrClosed
	default:
		return fmt.Errorf("query: %w", err)
	}
}

// value turns what the driver returned into one of the kinds that Query promises for a column of type t.
func value(v any, t event.Type) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch t {
	case event.Dynamic:
		return dynamicValue(v)
	case event.Timespan:
		if ticks, ok := v.(int64); ok {
			return kql.Ticks(ticks), nil
		}
		return nil, fmt.Errorf("a timespan came as %T", v)
	case event.Real:
		return realValue(v)
	}
	switch v := v.(type) {
	case string, int64, float64, bool:
		return v, nil
	case time.Time:
		return v.UTC(), nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		return int64(v), nil
	case *big.Int:
		if v.IsInt64() {
			return v.Int64(), nil
		}
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, nil
	case float32:
		return float64(v), nil
	case duckdb.Decimal:
		return v.Float64(), nil
	case []byte:
		return string(v), nil
	}
	return nil, fmt.Errorf("unexpected value of type %T", v)
}

func dynamicValue(v any) (any, error) {
	if text, ok := v.(string); ok {
		if json.Valid([]byte(text)) {
			return json.RawMessage(text), nil
		}
		v = text // plain text in a dynamic column is the JSON string
	}
	text, err := json.Marshal(v)
	return json.RawMessage(text), err
}

func realValue(v any) (any, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case float32:
		return float64(v), nil
	case duckdb.Decimal:
		return v.Float64(), nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, nil
	case int64:
		return float64(v), nil
	case int32:
		return float64(v), nil
	}
	return nil, fmt.Errorf("a real came as %T", v)
}

// Stats implements eventstore.Store.
func (s *Store) Stats(ctx context.Context) (eventstore.Stats, error) {
	out := eventstore.Stats{Version: s.Version(), Engine: s.engine}
	for _, t := range s.tables {
		var oldest, newest sql.NullTime
		ts := eventstore.TableStats{Name: t.name}
		err := s.db.QueryRowContext(ctx, `SELECT count(*), min("Timestamp"), max("Timestamp") FROM `+quote(t.name)).Scan(&ts.Rows, &oldest, &newest)
		if err != nil {
			return out, s.queryError(ctx, err)
		}
		ts.Oldest, ts.Newest = oldest.Time.UTC(), newest.Time.UTC()
		out.Tables = append(out.Tables, ts)
	}
	if err := s.db.QueryRowContext(ctx, "SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory()").Scan(&out.MemoryBytes); err != nil {
		return out, s.queryError(ctx, err)
	}
	for _, name := range []string{s.path, s.path + ".wal"} {
		if fi, err := os.Stat(name); err == nil {
			out.Bytes += fi.Size()
		}
	}
	return out, nil
}

// Retain implements eventstore.Store. It deletes a day at a time, oldest first: one delete over everything would hold its
// undo log in memory, and block the writer for as long.
func (s *Store) Retain(ctx context.Context, before time.Time) (int64, error) {
	before = before.UTC()
	var total int64
	for _, t := range s.tables {
		for {
			n, done, err := s.retainDay(ctx, t, before)
			total += n
			if err != nil {
				return total, fmt.Errorf("retain %s: %w", t.name, err)
			}
			if done {
				break
			}
		}
	}
	return total, nil
}

// retainDay deletes the oldest day of t that lies before the limit.
func (s *Store) retainDay(ctx context.Context, t *table, before time.Time) (n int64, done bool, err error) {
	var oldest sql.NullTime
	if err := s.db.QueryRowContext(ctx, `SELECT min("Timestamp") FROM `+quote(t.name)).Scan(&oldest); err != nil {
		return 0, false, s.queryError(ctx, err)
	}
	if !oldest.Valid || !oldest.Time.Before(before) {
		return 0, true, nil
	}
	end := oldest.Time.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	if end.After(before) {
		end = before
	}
	err = s.write(ctx, func(c *duckdb.Conn) error {
		r, err := c.ExecContext(ctx, fmt.Sprintf(`DELETE FROM %s WHERE "Timestamp" < make_timestamp(%d)`, quote(t.name), end.UnixMicro()), nil)
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	if err != nil {
		n = 0
	}
	return n, false, err
}
