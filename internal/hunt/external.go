package hunt

import (
	"context"

	"tocsin/internal/kql"
)

// Lists reads the lists from elsewhere that queries ask for by externaldata. Errors are sentences for who asks.
type Lists interface {
	// Check says why a list may not be read, without reading it.
	Check(ref kql.ExternalRef) error
	// Read returns the rows of a list, as kql.Options.External wants them.
	Read(ctx context.Context, ref kql.ExternalRef) ([][]any, error)
}

// external is what a compilation reads lists with.
func (r *Runner) external(ctx context.Context, check bool) func(kql.ExternalRef) ([][]any, error) {
	switch {
	case r.lists == nil:
		return nil
	case check:
		return func(ref kql.ExternalRef) ([][]any, error) { return nil, r.lists.Check(ref) }
	}
	return func(ref kql.ExternalRef) ([][]any, error) { return r.lists.Read(ctx, ref) }
}
