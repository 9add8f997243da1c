// Package eventstore keeps what happened: the hunting tables of package event, wide rows that are written once,
// read by column over long ranges of time and almost never changed.
//
// A Store takes batches in (Append), answers compiled KQL (Query), lets the "latest" columns of an email event follow
// what happens after delivery (Patch), and forgets what is too old (Retain). Everything above it asks in KQL; only the
// stores know SQL. Three rules make that safe and fast:
//
//   - Appending the same rows again changes nothing. A row is the same when its table's key and its Timestamp are the
//     same; both follow from the raw bytes and the time of the mail, so a job that runs twice ends in the same rows.
//   - What Append returned for is on disk.
//   - Ids are UUIDv7: the time inside them narrows every look-up and change to a sliver of a columnar table.
//
// Batcher stands before a Store and turns many small appends into few large ones. The folder duckdb holds the embedded
// engine; storetest is the suite that every engine must pass.
package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// Store holds the event tables. All methods may be called from many goroutines at once.
type Store interface {
	// Append adds every row of b or none. Rows that the store already has (same key, same Timestamp) are skipped, so that
	// a batch can be appended again. It returns when the rows survive a crash. Text is cleaned on its way in (see
	// CleanString), time is cut to microseconds.
	Append(ctx context.Context, b event.Batch) error

	// Patch changes the latest state of email events. See Patch for the order in which patches win.
	Patch(ctx context.Context, p []Patch) error

	// Regroup changes which campaign rows of CampaignInfo belong to, all or none, in the order given. Doing it again changes nothing.
	Regroup(ctx context.Context, r []Regroup) error

	// Query runs a statement that kql.Compile made for Dialect and calls each once a row, in order. Values are string,
	// int64, float64, bool, time.Time (UTC), time.Duration, json.RawMessage or nil, as the statement's columns say. The
	// row slice is reused between calls. An error of each ends the query and is returned as it is. When ctx ends, the
	// running query is interrupted and ctx's error returned.
	Query(ctx context.Context, s *kql.Statement, each func(row []any) error) error

	// Hunt is Query for what people write, which may need any amount of memory. Whatever it needs, Append, Patch and Query go on; when
	// there is not enough for it, it ends with ErrMemory.
	Hunt(ctx context.Context, s *kql.Statement, each func(row []any) error) error

	// Dialect is what kql.Compile needs to write statements for this store.
	Dialect() kql.Dialect

	// Retain deletes what is older than before, in every table, and returns the number of rows deleted. It works in
	// steps; when ctx ends in between, what is deleted stays deleted.
	Retain(ctx context.Context, before time.Time) (int64, error)

	// Stats describes what the store holds now.
	Stats(ctx context.Context) (Stats, error)

	// Close finishes running writes and releases the store.
	Close() error
}

// Patch says what became of one email event after delivery. Empty fields stay as they are. A patch changes the row only
// when At is not before the row's LastEventExecutionTime, so patches may arrive twice or in the wrong order. A
// patch for a message that the store does not hold does nothing.
type Patch struct {
	NetworkMessageID       string
	Recipient              string    // RecipientEmailAddress, exactly as stored
	At                     time.Time // becomes LastEventExecutionTime; must not be zero
	LatestDeliveryAction   string
	LatestDeliveryLocation string
	LatestThreatTypes      *string // nil stays as it is; "" says that the message became harmless

	LatestDetectionTechnologies string
}

// Regroup says to which campaign rows of CampaignInfo belong from now on: what a person decided about campaigns.
type Regroup struct {
	Messages []string // only rows of these messages; nil: of any
	Original string   // only rows with this OriginalCampaignId; "": with any
	From     string   // becomes OriginalCampaignId; "" stays as it is
	Campaign string   // becomes CampaignId
	Name     string   // becomes CampaignName; "" stays as it is
}

// Stats describes a store.
type Stats struct {
	Tables      []TableStats // in the order of event.Tables
	Bytes       int64        // on disk, with the write-ahead log
	MemoryBytes int64        // held by the engine now; 0 when it cannot tell
	Version     uint64       // grows with every change that this process made
	Engine      string       // name and version
}

// TableStats describes one table. Oldest and Newest are zero when it is empty.
type TableStats struct {
	Name           string
	Rows           int64
	Oldest, Newest time.Time
}

// Table returns the figures of the table with that name, or zero ones.
func (s Stats) Table(name string) TableStats {
	for _, t := range s.Tables {
		if t.Name == name {
			return t
		}
	}
	return TableStats{Name: name}
}

var (
	// ErrLocked means that another process holds the store's files.
	ErrLocked = errors.New("event store is in use")
	// ErrClosed means that the store, or the Batcher before it, was closed.
	ErrClosed = errors.New("event store is closed")
	// ErrMemory means that a query of a person was ended because it, or such queries together, needed more memory or room on disk than
	// there is for them.
	ErrMemory = errors.New("the query needs more memory than there is for it")
	// ErrNewer means that a later version of Tocsin wrote the store.
	ErrNewer = errors.New("event store was written by a newer Tocsin")
)

// RowError names the row that a store refused. It concerns the row, not the store: other rows may well be accepted.
type RowError struct {
	Table string
	Key   string // the row's key, for people
	Err   error
}

func (e *RowError) Error() string { return fmt.Sprintf("%s row %s: %v", e.Table, e.Key, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }
