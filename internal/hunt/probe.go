package hunt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/kql"
)

// ErrUnseen is what a query ends in that is only checked, when data decides which columns it has.
var ErrUnseen = errors.New("which columns this query gives depends on the data; what follows evaluate is checked when it runs")

// probe asks the store what the columns of a query are, where data decides that (kql.Options.Probe). All its questions
// together may take as long as the query, and each waits for a turn as a query does. Nothing is asked of data for a check.
func (r *Runner) probe(ctx context.Context, check bool, within time.Duration) func(*kql.Statement) ([][]any, error) {
	if check {
		return func(*kql.Statement) ([][]any, error) { return nil, ErrUnseen }
	}
	until := time.Now().Add(within)
	tooLong := &LimitError{LimitTime, fmt.Sprintf("finding the columns took longer than %s; name them in the query, or filter before evaluate", within)}
	return func(st *kql.Statement) ([][]any, error) {
		ctx, cancel := context.WithDeadlineCause(ctx, until, tooLong)
		defer cancel()
		leave, err := r.turn(ctx)
		if err == nil {
			defer leave()
			var rows [][]any
			rows, err = kql.Rows(func(st *kql.Statement, each func(row []any) error) error {
				return r.store.Hunt(ctx, st, each)
			})(st)
			if err == nil {
				return rows, nil
			}
		}
		if errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) == error(tooLong) {
			return nil, tooLong
		}
		return nil, err
	}
}
