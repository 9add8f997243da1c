package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tocsin/internal/auth"
)

// Filter picks records. Zero fields pick all.
type Filter struct {
	From, To time.Time // to: exclusive
	Operator string    // part of the operator's address
	Actions  []auth.Action
	Subject  string // part of it
	Text     string // part of anything that was written down
	Below    int64  // only records before this one
	Limit    int
}

// Everything reports whether the filter picks all records.
func (f *Filter) Everything() bool {
	return f.From.IsZero() && f.To.IsZero() && f.Operator == "" && len(f.Actions) == 0 && f.Subject == "" && f.Text == ""
}

// Words say what a filter picks; "" when that is everything.
func (f *Filter) Words() string {
	var out []string
	say := func(what, value string) {
		if value != "" {
			out = append(out, what+" "+value)
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	actions := make([]string, len(f.Actions))
	for i, a := range f.Actions {
		actions[i] = string(a)
	}
	say("from", at(f.From))
	say("to", at(f.To))
	say("operator", f.Operator)
	say("action", strings.Join(actions, ", "))
	say("subject", f.Subject)
	say("text", f.Text)
	return strings.Join(out, "; ")
}

// ErrNoRecord says that there is no record with that number.
var ErrNoRecord = errors.New("there is no audit record with this number, or it is older than what is kept")

// Store is where the chain is kept.
type Store interface {
	// AuditHead is the last record of the chain.
	AuditHead(ctx context.Context) (Head, error)
	// AuditPage returns the records that a filter picks, newest first.
	AuditPage(ctx context.Context, f Filter) ([]Link, error)
	// AuditRecord returns one record; ErrNoRecord when there is none.
	AuditRecord(ctx context.Context, seq int64) (Link, error)
	// AuditWalk gives the records that a filter picks to each, oldest first, up to the one called last; 0: all. Each must not keep the link.
	AuditWalk(ctx context.Context, f Filter, last int64, each func(*Link) error) error
	// Checkpoints returns those with a number above this one, by number.
	Checkpoints(ctx context.Context, after int64) ([]Checkpoint, error)
	// LastCheckpoint is the one with the highest number; zero when there is none.
	LastCheckpoint(ctx context.Context) (Checkpoint, error)
	// AddCheckpoint keeps the checkpoint that sign makes of the next number and the head as it is then. It keeps none, and returns false,
	// when the last one speaks of the same record.
	AddCheckpoint(ctx context.Context, sign func(number int64, head Head) Checkpoint) (bool, error)
	// RemoveAudit removes the oldest records, those before the first one at or after the time, and keeps the anchor that sign makes of the
	// next number and the last one removed, both or neither. It removes at most limit records and returns how many.
	RemoveAudit(ctx context.Context, before time.Time, limit int, sign func(number int64, last Head) Checkpoint) (int64, error)
}

// How often checkpoints are made, and the log is checked as a whole.
const (
	CheckpointRecords = 500
	CheckpointTime    = time.Hour
	VerifyEvery       = time.Hour
	lookEvery         = 5 * time.Second
)

// Notary signs checkpoints and checks the log.
type Notary struct {
	store  Store
	key    *Key
	files  []string
	now    func() time.Time
	log    *slog.Logger
	record func(ctx context.Context, r auth.Record, detail any) error

	mu    sync.Mutex
	state State
	quiet map[string]string // what was said last about a file that cannot be written
	check sync.Mutex        // one check at a time
}

// State is what the last check found.
type State struct {
	Checked time.Time // zero: not yet
	Took    time.Duration
	Report  *Report
	Err     string // it could not be checked
}

// NotaryOptions of NewNotary.
type NotaryOptions struct {
	Files []string // that checkpoints are added to
	Now   func() time.Time
	Log   *slog.Logger
	// Record writes a record: auth.Gate.Write.
	Record func(ctx context.Context, r auth.Record, detail any) error
}

// NewNotary signs with the key. It starts nothing.
func NewNotary(s Store, key *Key, o NotaryOptions) *Notary {
	return &Notary{store: s, key: key, files: o.Files, now: o.Now, log: o.Log, record: o.Record, quiet: map[string]string{}}
}

// Public is the key that checkpoints are checked with.
func (n *Notary) Public() Public { return n.key.Public() }

// State is what the last check found.
func (n *Notary) State() State {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state
}

// Run makes checkpoints when they are due, and checks the log, until ctx ends; then it makes the last one.
func (n *Notary) Run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	if err := n.Checkpoint(ctx); err != nil && ctx.Err() == nil {
		n.log.Error("checkpoint of the audit log", "err", err)
	}
	due := n.now()
	for {
		if now := n.now(); !now.Before(due) {
			due = now.Add(VerifyEvery)
			if _, err := n.Verify(ctx); err != nil && ctx.Err() == nil {
				n.log.Error("check of the audit log", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if err := n.due(ctx); err != nil && ctx.Err() == nil {
				n.log.Error("checkpoint of the audit log", "err", err)
			}
		}
	}
}

// due makes a checkpoint when enough records or time have passed since the last.
func (n *Notary) due(ctx context.Context) error {
	last, err := n.store.LastCheckpoint(ctx)
	if err != nil {
		return err
	}
	head, err := n.store.AuditHead(ctx)
	if err != nil {
		return err
	}
	if head.Seq == last.Seq || head.Seq-last.Seq < CheckpointRecords && n.now().Sub(last.At) < CheckpointTime {
		return nil
	}
	return n.Checkpoint(ctx)
}

// Checkpoint signs what the last record is now, unless the last checkpoint says so, and brings the files up to date.
func (n *Notary) Checkpoint(ctx context.Context) error {
	_, err := n.store.AddCheckpoint(ctx, func(number int64, head Head) Checkpoint {
		return n.key.Sign(Checkpoint{Number: number, Kind: KindCheckpoint, Seq: head.Seq, Hash: head.Hash, At: n.now()})
	})
	if err != nil {
		return err
	}
	n.spill(ctx)
	return nil
}

// spill brings the files up to date. One that cannot be written is tried again at the next checkpoint; that is said once.
func (n *Notary) spill(ctx context.Context) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, path := range n.files {
		err := appendCheckpoints(path, func(after int64) ([]Checkpoint, error) {
			last, err := n.store.LastCheckpoint(ctx)
			if err == nil && after > last.Number {
				err = fmt.Errorf("it ends with checkpoint %d, and the store with %d: the store lost checkpoints or is an older copy; run tocsin audit verify", after, last.Number)
			}
			if err != nil {
				return nil, err
			}
			return n.store.Checkpoints(ctx, after)
		})
		said := ""
		if err != nil {
			said = err.Error()
		}
		if said != "" && n.quiet[path] != said && ctx.Err() == nil {
			n.log.Error("checkpoints of the audit log cannot be written", "file", path, "err", err)
		}
		n.quiet[path] = said
	}
}

// FileProblems are files of checkpoints that cannot be written, in sentences.
func (n *Notary) FileProblems() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := []string{}
	for _, path := range n.files {
		if why := n.quiet[path]; why != "" {
			out = append(out, path+": "+why)
		}
	}
	return out
}

// Verify checks the whole log, the store's checkpoints and those in the files. Only one check runs at a time; another waits.
func (n *Notary) Verify(ctx context.Context) (State, error) {
	n.check.Lock()
	defer n.check.Unlock()
	if err := ctx.Err(); err != nil {
		return State{}, err
	}
	began := time.Now()
	var sheets []Sheet
	for _, path := range n.files {
		s, err := ReadCheckpointFile(path)
		if err == nil {
			sheets = append(sheets, s)
		}
	}
	rep, err := VerifyStore(ctx, n.store, n.Public(), sheets...)
	if err != nil && ctx.Err() != nil {
		return State{}, err
	}
	st := State{Checked: n.now(), Took: time.Since(began), Report: rep}
	if err != nil {
		st.Err = err.Error()
	}
	n.mu.Lock()
	n.state = st
	n.mu.Unlock()
	if rep != nil && !rep.OK() {
		n.log.Error("the audit log is not as it was written", "problems", rep.Wrong, "first", rep.Problems[0].Text)
	}
	return st, err
}

// VerifyStore checks a store, up to the record that is the last one when it begins. Records that their retention removes meanwhile are
// no problem: then it looks again.
func VerifyStore(ctx context.Context, s Store, public Public, sheets ...Sheet) (*Report, error) {
	for try := 0; ; try++ {
		// Checkpoints first: signed later than the head was read, one would speak of more.
		points, err := s.Checkpoints(ctx, 0)
		if err != nil {
			return nil, err
		}
		head, err := s.AuditHead(ctx)
		if err != nil {
			return nil, err
		}
		v := NewVerifier(public)
		v.Checkpoints(points, sheets...)
		if err := s.AuditWalk(ctx, Filter{}, 0, func(l *Link) error {
			if l.Seq > head.Seq && appended(ctx, s, head, l) {
				return errDone
			}
			v.Record(l)
			return nil
		}); err != nil && !errors.Is(err, errDone) {
			return nil, err
		}
		rep := v.End(&head)
		if rep.OK() || try == 2 {
			return rep, nil
		}
		if last, err := s.LastCheckpoint(ctx); err != nil || len(points) == 0 || last.Number == points[len(points)-1].Number {
			return rep, err
		}
	}
}

var errDone = errors.New("done")

// appended reports whether a record above the head was appended since the head was read.
func appended(ctx context.Context, s Store, was Head, l *Link) bool {
	now, err := s.AuditHead(ctx)
	return err == nil && now.Seq >= l.Seq && now.Seq > was.Seq
}

// Retain removes records from before a time behind a signed anchor, and writes a record about it.
func (n *Notary) Retain(ctx context.Context, before time.Time) (int64, error) {
	n.check.Lock()
	defer n.check.Unlock()
	var total, last int64
	for {
		k, err := n.store.RemoveAudit(ctx, before, 10_000, func(number int64, head Head) Checkpoint {
			last = head.Seq
			return n.key.Sign(Checkpoint{Number: number, Kind: KindAnchor, Seq: head.Seq, Hash: head.Hash, At: n.now()})
		})
		total += k
		if err != nil || k == 0 {
			if total > 0 {
				n.spill(ctx)
				err = errors.Join(err, n.record(ctx, auth.Record{Operator: "tocsin serve", Via: "console", Action: auth.ActAuditRemoved}, map[string]any{"records": total, "last": last, "before": before.UTC()}))
			}
			return total, err
		}
	}
}

// Export writes the records that a filter picks, oldest first, with the checkpoints that speak of them.
func (n *Notary) Export(ctx context.Context, e *Exporter, f Filter, by string) error {
	head, err := n.store.AuditHead(ctx)
	if err != nil {
		return err
	}
	if err := e.Head(ExportHead{Made: n.now().UTC(), By: by, Filter: f.Words(), Complete: f.Everything()}); err != nil {
		return err
	}
	if head.Seq > 0 {
		if err := n.store.AuditWalk(ctx, f, head.Seq, e.Record); err != nil {
			return err
		}
	}
	points, err := n.store.Checkpoints(ctx, 0)
	if err != nil {
		return err
	}
	for i := range points {
		if points[i].Seq > head.Seq {
			break
		}
		if err := e.Checkpoint(&points[i]); err != nil {
			return err
		}
	}
	return e.End()
}

// Exporter writes to w, signed with the notary's key.
func (n *Notary) Exporter(w interface{ Write([]byte) (int, error) }) *Exporter {
	return NewExporter(w, n.key)
}

// Page, Record and Head ask the store.
func (n *Notary) Page(ctx context.Context, f Filter) ([]Link, error) {
	return n.store.AuditPage(ctx, f)
}

// Record returns one record.
func (n *Notary) Record(ctx context.Context, seq int64) (Link, error) {
	return n.store.AuditRecord(ctx, seq)
}

// Head is the last record.
func (n *Notary) Head(ctx context.Context) (Head, error) { return n.store.AuditHead(ctx) }

// LastCheckpoint is the newest one that was signed.
func (n *Notary) LastCheckpoint(ctx context.Context) (Checkpoint, error) {
	return n.store.LastCheckpoint(ctx)
}
