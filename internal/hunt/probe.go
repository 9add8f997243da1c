package hunt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/kql"
)

// Probe asks s what the columns of a query are, where data decides that (kql.Options.Probe). It ends with ctx, and however
// often it is asked, within of now at the latest.
func Probe(ctx context.Context, s Store, within time.Duration) func(*kql.Statement) ([][]any, error) {
	until := time.Now().Add(within)
	return func(st *kql.Statement) ([][]any, error) {
		tooLong := fmt.Errorf("finding the columns took longer than %s; name them in the query, or filter before evaluate", within)
		ctx, cancel := context.WithDeadlineCause(ctx, until, tooLong)
		defer cancel()
		rows, err := kql.Rows(func(st *kql.Statement, each func(row []any) error) error {
			return s.Query(ctx, st, each)
		})(st)
		if err != nil && errors.Is(context.Cause(ctx), tooLong) {
			return nil, tooLong
		}
		return rows, err
	}
}
