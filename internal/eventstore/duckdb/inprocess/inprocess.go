// Package inprocess makes the query language's functions that are written in Go known to DuckDB.
//
// DuckDB calls them from its own threads, a chunk of up to 2,048 rows at a time and several chunks at once: each chunk gets
// a state of its own, and nothing is shared. They belong to the database, not to the connection that registers them. A call
// costs about a fifth of a microsecond; a panic inside would end the process, so package native lets none out. It stands
// apart from the store so that the tests of the language can have a database with the same functions.
package inprocess

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/kql/native"
)

var types = map[byte]duckdb.Type{
	's': duckdb.TYPE_VARCHAR, 'd': duckdb.TYPE_VARCHAR, 'l': duckdb.TYPE_BIGINT, 'n': duckdb.TYPE_DOUBLE, 't': duckdb.TYPE_TIMESTAMP,
	'b': duckdb.TYPE_BOOLEAN,
}

// Register makes the functions known to the database behind c: one connection does it for all.
func Register(c *sql.Conn, functions []native.Function) error {
	any, err := duckdb.NewTypeInfo(duckdb.TYPE_ANY)
	if err != nil {
		return err
	}
	for _, f := range functions {
		result, err := duckdb.NewTypeInfo(types[f.Result])
		if err != nil {
			return err
		}
		// The compiler writes the right types; nulls are for the functions to judge.
		config := duckdb.ScalarFuncConfig{VariadicTypeInfo: any, ResultTypeInfo: result, SpecialNullHandling: true}
		if err := duckdb.RegisterScalarUDF(c, f.Name, &scalar{f, config}); err != nil {
			return fmt.Errorf("register %s: %w", f.Name, err)
		}
	}
	return nil
}

// scalar is a function as the driver wants it. The driver asks for the executor of every chunk of rows.
type scalar struct {
	f      native.Function
	config duckdb.ScalarFuncConfig
}

func (s *scalar) Config() duckdb.ScalarFuncConfig { return s.config }

func (s *scalar) Executor() duckdb.ScalarFuncExecutor {
	run := s.f.Chunk()
	row := []any{}
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		row = row[:0]
		for _, v := range values {
			row = append(row, v)
		}
		return run(row)
	}}
}
