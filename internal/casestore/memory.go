package casestore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/detect"
)

// Bounds of what one message can make memory write or ask.
const (
	maxTraceMailboxes = 64
	maxTraceOutside   = 64
	maxTracePeople    = 20
	maxTraceMarks     = 4
	maxAskMailboxes   = 8
	maxAskIDs         = 12
	maxRemembered     = 200 // octets of one remembered name, address or domain
)

// Trace is what one message leaves in memory. Addresses and domains are lower case.
type Trace struct {
	Message   string // SHA-256 of the raw bytes
	At        time.Time
	Outbound  bool     // one's own people wrote it to somebody outside; no automatic answer
	Threat    bool     // the verdict names one: nothing of it becomes known
	Mailboxes []string // own: the recipients of mail that came in, the sender of what went out
	Outside   []string // the sender, or the recipients
	Mass      bool     // goes to many, or written by a program: neither its names nor its thread are kept
	Name      string   // of the sender, as detect.NameKey
	Site      string   // registrable domain of the sender
	Checked   bool     // authentication gave a result
	Aligned   bool     // and proved the site
	Networks  []string // marks of the site: see migrations/0400_memory.sql
	DKIM      []string
	Replies   []string
	MessageID string
	People    []detect.Participant // outside
	Signup    bool                 // newsletter or confirmation
	Fresh     bool                 // its sender was new to the mailboxes
}

// MemoryOptions of a Memory. Zero fields mean the default.
type MemoryOptions struct {
	Keep     time.Duration // pairs, sites and names, after their last month; default 400 days
	Threads  time.Duration // message ids; default 60 days
	Arrivals time.Duration // for the usual rate of a mailbox; default 72 hours
	Settle   time.Duration // a day counts when it was on record this long; default 10 minutes
	Fresh    time.Duration // how old the answer to "how old and full is memory" may be; default 30 s
}

// Memory is who wrote to whom, kept in the case store. It is safe for concurrent use. Every write is idempotent: the same message
// again, in any order, leaves the same rows.
type Memory struct {
	s    *Store
	opts MemoryOptions
	w    traceStatements
	r    recallStatements

	traces atomic.Int64 // remembered since the start

	mu      sync.Mutex
	seed    maphash.Seed
	written map[uint64]struct{} // days that are on record already, so that they are not written again
	older   map[uint64]struct{} // the generation before
	glance  glance
	swept   time.Time // when rows by month were last looked through
}

// maxWritten bounds one generation of what is known to be written: two of them take about 4 MB.
const maxWritten = 1 << 16

// Memory opens the memory in this store. Close it before the store.
func (s *Store) Memory(o MemoryOptions) (*Memory, error) {
	if o.Keep <= 0 {
		o.Keep = 400 * 24 * time.Hour
	}
	if o.Threads <= 0 {
		o.Threads = 60 * 24 * time.Hour
	}
	if o.Arrivals <= 0 {
		o.Arrivals = 72 * time.Hour
	}
	if o.Settle <= 0 {
		o.Settle = 10 * time.Minute
	}
	if o.Fresh <= 0 {
		o.Fresh = 30 * time.Second
	}
	m := &Memory{s: s, opts: o, seed: maphash.MakeSeed(), written: map[uint64]struct{}{}}
	if err := errors.Join(m.w.prepare(s), m.r.prepare(s)); err != nil {
		return nil, errors.Join(fmt.Errorf("memory: %w", err), m.Close())
	}
	return m, nil
}

// Close releases the statements.
func (m *Memory) Close() error { return errors.Join(m.w.close(), m.r.close()) }

// Save writes traces inside a transaction. Call saved when that is committed.
func (m *Memory) Save(ctx context.Context, tx *sql.Tx, traces []Trace) (saved func(), err error) {
	fresh, err := m.remember(ctx, tx, traces, false)
	if err != nil {
		return nil, fmt.Errorf("remember: %w", err)
	}
	return func() {
		m.noteWritten(fresh)
		m.traces.Add(int64(len(traces)))
	}, nil
}

// noteWritten keeps keys of rows that are committed.
func (m *Memory) noteWritten(keys []uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		if len(m.written) >= maxWritten {
			m.older, m.written = m.written, map[uint64]struct{}{}
		}
		m.written[k] = struct{}{}
	}
}

// monthOf returns the month and the bit of a day.
func monthOf(t time.Time) (month, bit int64) {
	t = t.UTC()
	return int64(t.Year())*12 + int64(t.Month()) - 1, 1 << (t.Day() - 1)
}

// dayNumber is the day since 1970, UTC.
func dayNumber(t time.Time) int64 {
	const day = 24 * 60 * 60
	n := t.Unix() / day
	if t.Unix()%day < 0 {
		n--
	}
	return n
}

// dayOf returns the day that a bit of a month stands for.
func dayOf(month int64, bit int) time.Time {
	return time.Date(int(month/12), time.Month(month%12+1), bit+1, 0, 0, 0, 0, time.UTC)
}

// hash64 and hash16 shorten what only has to be compared. They are cryptographic: strangers choose what goes in.
func hash64(s string) int64 {
	sum := sha256.Sum256([]byte(s))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

func hash16(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:16]
}

// bounded keeps the first n different values that can be kept.
func bounded(list []string, n int) []string {
	out := make([]string, 0, min(n, len(list)))
	for _, v := range list {
		if v != "" && len(v) <= maxRemembered && !slices.Contains(out, v) {
			if out = append(out, v); len(out) == n {
				break
			}
		}
	}
	return out
}
