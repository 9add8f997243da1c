package treatment

import (
	"context"

	"tocsin/internal/ingest"
)

// Accepter takes messages in; they are durable when it returns nil.
type Accepter interface {
	Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error)
}

// Judge is the road that judges what was accepted while its source waits.
type Judge interface {
	Expect(raw []byte, recipients []string, act func(ingest.Ruling) []ingest.Decision) *ingest.Inline
}

var (
	_ Accepter = (*ingest.Intake)(nil)
	_ Judge    = (*ingest.Pipeline)(nil)
)
