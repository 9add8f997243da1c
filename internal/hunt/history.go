package hunt

import (
	"context"
	"time"
)

// Outcomes of a run.
const (
	RunDone      = "done"
	RunCut       = "cut" // a limit cut the result
	RunCancelled = "cancelled"
	RunFailed    = "error"
)

// Past is a run that is over.
type Past struct {
	ID         string // UUID
	OperatorID string
	At         time.Time // when it began
	Query      string
	Rows       int64
	Took       time.Duration
	Outcome    string
	Error      string
}

// How much of an operator's history is kept: whatever is reached first.
const (
	HistoryLife   = 90 * 24 * time.Hour
	HistoryRuns   = 1000
	HistoryOctets = 20 << 20 // of query text
)

// History keeps what each operator ran.
type History interface {
	// AddPast keeps a run and forgets what is then too old or too much.
	AddPast(ctx context.Context, p Past) error
	// PastRuns returns runs of the operator that began before the given one, newest first; before is zero for the newest.
	PastRuns(ctx context.Context, operatorID string, before PastKey, limit int) ([]Past, error)
	ClearPast(ctx context.Context, operatorID string) error
}

// PastKey is the place of a run in the history.
type PastKey struct {
	At time.Time
	ID string
}
