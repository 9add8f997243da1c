package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"tocsin/internal/casestore"
	"tocsin/internal/ingest"
)

// Accepter takes messages in: an *ingest.Intake, or a server's API.
type Accepter interface {
	Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error)
}

var _ Accepter = (*ingest.Intake)(nil)

// Ledger remembers how far files were read.
type Ledger interface {
	ImportOf(ctx context.Context, path string, size int64, modified time.Time) (casestore.Import, error)
	SaveImports(ctx context.Context, imports []casestore.Import) error
}

var _ Ledger = (*casestore.Store)(nil)

// Options of an import. Zero fields mean the default.
type Options struct {
	Source   string        // name of the source; default "import"
	Ledger   Ledger        // nil: every file is read from the start
	Again    bool          // read files again that were read before
	MaxSize  int           // octets of one message; default DefaultMaxSize
	Parallel int           // messages offered at the same time; default 256, so that they share commits
	Stdin    io.Reader     // what "-" reads; default os.Stdin
	Progress func(Summary) // called about every Every, and at the end, never at the same time
	Every    time.Duration // default 200 ms
	// Waiting returns how many accepted messages are not judged yet. When set, Import returns after it reported 0.
	Waiting func(ctx context.Context) (int64, error)
}

// FileError is what went wrong with one file or message.
type FileError struct {
	Name string // path, or path@offset
	Err  error
}

// maxErrors is how many errors a Summary keeps; Failed goes on counting.
const maxErrors = 1000

// Summary is what an import did so far.
type Summary struct {
	Files      int64 // read to the end
	Unchanged  int64 // files passed over because they were read before
	NotMail    int64 // files in folders that do not look like mail
	Messages   int64 // taken in, duplicates included
	Duplicates int64 // of these, were here before
	Bytes      int64 // of the messages taken in
	Failed     int64 // files and messages that could not be read or taken in
	Errors     []FileError
	Waiting    int64 // taken in and not judged yet; -1 when nobody said
	Reading    bool  // false once everything is taken in and only judging goes on
	Elapsed    time.Duration
}

// Rate is messages a second so far.
func (s Summary) Rate() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(s.Messages) / s.Elapsed.Seconds()
}

// Import takes all mail under paths in. What can't be read is listed and the rest goes on; a full disk, a closed intake
// and the end of ctx stop it with an error. It may be stopped or killed at any point and started again: files that were
// finished are passed over, a large mbox goes on where it was, and what was taken in twice is a duplicate. A file with a
// message that could not be taken in is not finished: the next import tries that message again, and tells again.
func Import(ctx context.Context, in Accepter, paths []string, o Options) (Summary, error) {
	if o.Source == "" {
		o.Source = "import"
	}
	if o.Parallel <= 0 {
		o.Parallel = 256
	}
	if o.Every <= 0 {
		o.Every = 200 * time.Millisecond
	}
	r := &run{in: in, o: o, started: time.Now(), tasks: make(chan task), memory: semaphore.NewWeighted(maxMemory)}
	r.sum.Waiting, r.sum.Reading = -1, true
	return r.do(ctx, paths)
}

// run is one import.
type run struct {
	in      Accepter
	o       Options
	started time.Time
	tasks   chan task
	memory  *semaphore.Weighted

	mu    sync.Mutex
	sum   Summary
	open  map[*File]*track
	dirty []casestore.Import // progress to be saved
}

type task struct {
	m   Message
	seq int64
}

// track follows one file: messages finish out of order, progress is the end of the unbroken row of finished ones.
type track struct {
	imp      casestore.Import
	finished map[int64]outcome // by sequence number
	next     int64             // first that is not finished
	total    int64             // handed out
	read     bool              // no more will come
	gap      bool              // a message was not taken in; progress stays before it
	err      error             // why the file could not be read to its end
}

type outcome struct {
	end   int64
	taken bool
}

func (r *run) do(ctx context.Context, paths []string) (Summary, error) {
	r.open = map[*File]*track{}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var workers sync.WaitGroup
	for range r.o.Parallel {
		workers.Go(func() {
			for t := range r.tasks {
				if err := r.accept(ctx, t); err != nil {
					cancel(err)
				}
			}
		})
	}
	ticks := make(chan struct{})
	var ticker sync.WaitGroup
	ticker.Go(func() {
		tick := time.NewTicker(r.o.Every)
		defer tick.Stop()
		for {
			select {
			case <-ticks:
				return
			case <-tick.C:
				if err := r.save(ctx); err != nil {
					cancel(err)
				}
				r.report(ctx)
			}
		}
	})

	err := Walk(ctx, paths, Visitor{
		File:     func(f *File) (int64, bool, error) { return r.begin(ctx, f) },
		Message:  func(m Message) error { return r.offer(ctx, m) },
		FileDone: r.fileDone,
		NotMail:  r.notMail,
		MaxSize:  r.o.MaxSize,
		Stdin:    r.o.Stdin,
	})
	close(r.tasks)
	workers.Wait()
	close(ticks)
	ticker.Wait()

	// Also after an error: what is taken in need not be read again.
	if serr := r.save(context.WithoutCancel(ctx)); err == nil {
		err = serr
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	r.count(func(s *Summary) { s.Reading = false })
	if err == nil && r.o.Waiting != nil {
		err = r.wait(ctx)
	}
	r.report(ctx)
	return r.summary(), err
}

// begin decides where to read a file from.
func (r *run) begin(ctx context.Context, f *File) (position int64, skip bool, err error) {
	t := &track{finished: map[int64]outcome{}}
	if path, err := filepath.Abs(f.Path); err == nil && f.Path != Stdin {
		t.imp = casestore.Import{Path: path, Size: f.Size, Modified: f.Modified}
		if r.o.Ledger != nil && !r.o.Again {
			have, err := r.o.Ledger.ImportOf(ctx, path, f.Size, f.Modified)
			if err != nil {
				return 0, false, err
			}
			if have.Complete {
				r.count(func(s *Summary) { s.Unchanged++ })
				return 0, true, nil
			}
			t.imp.Position, t.imp.Messages = have.Position, have.Messages
		}
	}
	r.mu.Lock()
	r.open[f] = t
	r.mu.Unlock()
	return t.imp.Position, false, nil
}

// offer hands a message to a worker; it blocks while all are busy, so that memory stays bounded.
func (r *run) offer(ctx context.Context, m Message) error {
	r.mu.Lock()
	t := r.trackOf(m.File)
	seq := t.total
	t.total++
	r.mu.Unlock()
	if m.Err != nil {
		r.fail(m.Name(), m.Err)
		r.finish(m, seq, false)
		return nil
	}
	if err := r.memory.Acquire(ctx, weight(m)); err != nil {
		return context.Cause(ctx)
	}
	select {
	case r.tasks <- task{m: m, seq: seq}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// maxMemory bounds the octets of all messages that are being taken in.
const maxMemory = 256 << 20

func weight(m Message) int64 { return min(int64(len(m.Raw)), maxMemory) }

// trackOf also serves what was never asked for with File: standard input. mu is held.
func (r *run) trackOf(f *File) *track {
	t := r.open[f]
	if t == nil {
		t = &track{finished: map[int64]outcome{}}
		r.open[f] = t
	}
	return t
}

// accept takes one message in. It returns an error only when going on makes no sense.
func (r *run) accept(ctx context.Context, t task) error {
	defer r.memory.Release(weight(t.m))
	if ctx.Err() != nil {
		return nil
	}
	receipt, err := r.in.Accept(ctx, t.m.Raw, ingest.Envelope{Source: r.o.Source, FileTime: t.m.File.Modified})
	switch {
	case err == nil:
		r.count(func(s *Summary) {
			s.Messages++
			s.Bytes += int64(len(t.m.Raw))
			if receipt.Duplicate {
				s.Duplicates++
			}
		})
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, ingest.ErrTooLarge):
		r.fail(t.m.Name(), err)
	default:
		r.fail(t.m.Name(), err)
		return fmt.Errorf("import stopped at %s: %w", t.m.Name(), err)
	}
	r.finish(t.m, t.seq, err == nil)
	return nil
}

func (r *run) finish(m Message, seq int64, taken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.trackOf(m.File)
	t.finished[seq] = outcome{m.End, taken}
	for {
		o, ok := t.finished[t.next]
		if !ok {
			break
		}
		delete(t.finished, t.next)
		t.next++
		if t.gap = t.gap || !o.taken; !t.gap {
			t.imp.Position = o.end
			t.imp.Messages++
		}
	}
	r.settle(m.File, t)
}

// fileDone is told when the last message of a file was handed out.
func (r *run) fileDone(f *File, err error) error {
	if err != nil {
		r.fail(f.Path, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.trackOf(f)
	t.read, t.err = true, err
	r.settle(f, t)
	return nil
}

func (r *run) notMail(f *File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, f)
	r.sum.NotMail++
}

// settle closes a file whose messages are all finished. mu is held.
func (r *run) settle(f *File, t *track) {
	if !t.read || t.next < t.total {
		return
	}
	delete(r.open, f)
	if t.err == nil {
		r.sum.Files++
	}
	t.imp.Complete = t.err == nil && !t.gap
	if t.imp.Path != "" && (t.imp.Complete || t.imp.Position > 0) {
		r.dirty = append(r.dirty, t.imp)
	}
}

// save writes progress: of finished files, and of large ones under way.
func (r *run) save(ctx context.Context) error {
	if r.o.Ledger == nil {
		return nil
	}
	r.mu.Lock()
	batch := r.dirty
	r.dirty = nil
	for _, t := range r.open {
		if t.imp.Path != "" && t.imp.Position > 0 {
			batch = append(batch, t.imp)
		}
	}
	r.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	return r.o.Ledger.SaveImports(ctx, batch)
}

// wait returns when everything that was accepted is judged.
func (r *run) wait(ctx context.Context) error {
	tick := time.NewTicker(max(r.o.Every, 20*time.Millisecond))
	defer tick.Stop()
	for {
		n, err := r.o.Waiting(ctx)
		if err != nil {
			return err
		}
		r.count(func(s *Summary) { s.Waiting = n })
		if n == 0 {
			return nil
		}
		r.report(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *run) count(f func(*Summary)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.sum)
}

func (r *run) fail(name string, err error) {
	r.count(func(s *Summary) {
		s.Failed++
		if len(s.Errors) < maxErrors {
			s.Errors = append(s.Errors, FileError{name, err})
		}
	})
}

func (r *run) summary() Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sum
	s.Errors = append([]FileError(nil), s.Errors...)
	s.Elapsed = time.Since(r.started)
	return s
}

func (r *run) report(ctx context.Context) {
	if r.o.Progress == nil {
		return
	}
	if r.o.Waiting != nil && ctx.Err() == nil {
		if n, err := r.o.Waiting(ctx); err == nil { // only for show; wait asks for itself
			r.count(func(s *Summary) { s.Waiting = n })
		}
	}
	r.o.Progress(r.summary())
}
