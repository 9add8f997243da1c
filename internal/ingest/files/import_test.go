package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/casestore"
	"tocsin/internal/ingest"
)

// accepter asks a function before a message goes on to the store, and tells it afterwards.
type accepter struct {
	next   Accepter // nil: nowhere
	before func(ctx context.Context, raw []byte) error
	after  func(raw []byte)
}

func (a accepter) Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error) {
	if a.before != nil {
		if err := a.before(ctx, raw); err != nil {
			return ingest.Receipt{}, err
		}
	}
	var (
		r   ingest.Receipt
		err error
	)
	if a.next != nil {
		r, err = a.next.Accept(ctx, raw, env)
	}
	if err == nil && a.after != nil {
		a.after(raw)
	}
	return r, err
}

// figures are the parts of a summary that tests foresee.
func figures(s Summary) string {
	return fmt.Sprintf("files %d, unchanged %d, not mail %d, messages %d, duplicates %d, failed %d", s.Files, s.Unchanged, s.NotMail, s.Messages, s.Duplicates, s.Failed)
}

func TestImport(t *testing.T) {
	s := openStore(t)
	dir := tree(t, map[string]string{
		"a.eml": mail(1), "box": mailbox(mail(1), mail(2), mail(3)), "deep/er/box.gz": gzipped(t, mailbox(mail(4), mail(5))), "notes.txt": "hello\n",
		"Mail/cur/6:2,S": mail(6), "Mail/new/7": mail(7), "Mail/tmp/8": mail(8), "empty.eml": "",
	})
	all := []string{mail(1), mail(2), mail(3), mail(4), mail(5), mail(6), mail(7)}
	run := func(want string, o Options) Summary {
		t.Helper()
		o.Ledger = s.ledger
		sum, err := Import(t.Context(), s.intake, []string{dir}, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := figures(sum); got != want {
			t.Errorf("got  %s\nwant %s\nerrors %v", got, want, sum.Errors)
		}
		return sum
	}
	sum := run("files 5, unchanged 0, not mail 1, messages 8, duplicates 1, failed 1", Options{})
	s.holds(t, all...)
	if sum.Reading || sum.Waiting != -1 || sum.Elapsed <= 0 || sum.Rate() <= 0 || sum.Bytes == 0 {
		t.Errorf("summary %+v", sum)
	}
	if len(sum.Errors) != 1 || sum.Errors[0].Name != filepath.Join(dir, "empty.eml") || !errors.Is(sum.Errors[0].Err, ErrEmpty) {
		t.Errorf("errors %v", sum.Errors)
	}
	// Again: nothing is read, what could not be read is told again, and nothing is added.
	run("files 0, unchanged 5, not mail 1, messages 0, duplicates 0, failed 1", Options{})
	run("files 5, unchanged 0, not mail 1, messages 8, duplicates 8, failed 1", Options{Again: true})
	s.holds(t, all...)

	// One that grew is read again; of its messages only the new one is new, although it is the last no longer.
	write(t, filepath.Join(dir, "box"), mailbox(mail(1), mail(2), mail(3), mail(9)))
	run("files 1, unchanged 4, not mail 1, messages 4, duplicates 3, failed 1", Options{})
	// One that was changed without growing, too.
	write(t, filepath.Join(dir, "a.eml"), strings.Replace(mail(1), "Letter", "Ledger", 1))
	later := time.Now().Add(time.Second)
	if err := os.Chtimes(filepath.Join(dir, "a.eml"), later, later); err != nil {
		t.Fatal(err)
	}
	run("files 1, unchanged 4, not mail 1, messages 1, duplicates 0, failed 1", Options{})
	s.holds(t, append(all, mail(9), strings.Replace(mail(1), "Letter", "Ledger", 1))...)

	// Another path to the same folder is the same files.
	t.Chdir(dir)
	sum, err := Import(t.Context(), s.intake, []string{"."}, Options{Ledger: s.ledger})
	if err != nil || sum.Unchanged != 5 {
		t.Errorf("%s %v", figures(sum), err)
	}
	sum, err = Import(t.Context(), s.intake, []string{Stdin}, Options{Ledger: s.ledger, Stdin: strings.NewReader(mailbox(mail(1), mail(10)))})
	if err != nil || figures(sum) != "files 1, unchanged 0, not mail 0, messages 2, duplicates 1, failed 0" {
		t.Errorf("%s %v", figures(sum), err)
	}
}

// spy is a ledger that checks every note before it is made: what stands before the noted position is taken in.
type spy struct {
	Ledger
	t    *testing.T
	box  string // of one mbox file, its messages and where each ends
	ends []int64
	mu   sync.Mutex
	seen map[string]bool
	raws []string
	most int64 // furthest position noted
}

func (s *spy) took(raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[string(raw)] = true
}

func (s *spy) SaveImports(ctx context.Context, imports []casestore.Import) error {
	s.mu.Lock()
	for _, i := range imports {
		if filepath.Base(i.Path) != s.box {
			continue
		}
		s.most = max(s.most, i.Position)
		for k, end := range s.ends {
			if (end <= i.Position || i.Complete) && !s.seen[s.raws[k]] {
				s.t.Errorf("noted %d octets as taken in, and message %d at %d is not", i.Position, k, end)
			}
		}
		if i.Complete && i.Position != s.ends[len(s.ends)-1] {
			s.t.Errorf("complete at %d of %d", i.Position, s.ends[len(s.ends)-1])
		}
	}
	s.mu.Unlock()
	return s.Ledger.SaveImports(ctx, imports)
}

// An import is stopped at random points, again and again, until one comes through: in the end everything is there once, and
// it did not begin from the start each time.
func TestStoppedAndResumed(t *testing.T) {
	for _, packed := range []bool{false, true} {
		t.Run(fmt.Sprintf("packed %v", packed), func(t *testing.T) {
			n := 100
			if packed {
				n = 40
			}
			s := openStore(t)
			sp := &spy{Ledger: s.ledger, t: t, box: "box", seen: map[string]bool{}}
			for i := range n {
				sp.raws = append(sp.raws, mail(i))
				sp.ends = append(sp.ends, int64(len(mailbox(mail(i)))))
				if i > 0 {
					sp.ends[i] += sp.ends[i-1]
				}
			}
			content := mailbox(sp.raws...)
			if packed {
				content = gzipped(t, content)
			}
			dir := tree(t, map[string]string{"box": content, "last.eml": mail(n)})
			var (
				offered, fresh atomic.Int64
				stops          int
				furthest       int64
			)
			for {
				ctx, cancel := context.WithCancel(t.Context())
				left := atomic.Int64{}
				left.Store(rand.Int64N(30) + 1)
				sum, err := Import(ctx, accepter{next: s.intake, after: func(raw []byte) {
					sp.took(raw)
					offered.Add(1)
					if left.Add(-1) == 0 {
						cancel()
					}
				}}, []string{dir}, Options{Ledger: sp, Parallel: 1 + rand.IntN(20), Every: 10 * time.Millisecond})
				cancel()
				fresh.Add(sum.Messages - sum.Duplicates)
				if sp.most < furthest {
					t.Errorf("went back from %d to %d", furthest, sp.most)
				}
				furthest = sp.most
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) || sum.Failed != 0 {
					t.Fatalf("%v, %s %v", err, figures(sum), sum.Errors)
				}
				if stops++; stops > 10*n {
					t.Fatal("does not get on")
				}
			}
			s.holds(t, append(sp.raws, mail(n))...)
			if fresh.Load() > int64(n+1) {
				t.Errorf("%d messages were called new, there are %d", fresh.Load(), n+1)
			}
			// At each stop no more than what was under way is offered twice.
			if most := int64(n + 1 + 20*(stops+1)); stops == 0 || offered.Load() > most {
				t.Errorf("%d messages were offered in %d runs, want at most %d", offered.Load(), stops+1, most)
			}
		})
	}
}

// Progress never passes over a message that is still under way, however many behind it are finished.
func TestProgressIsUnbroken(t *testing.T) {
	s := openStore(t)
	sp := &spy{Ledger: s.ledger, t: t, box: "box", seen: map[string]bool{}, raws: []string{mail(0), mail(1), mail(2)}}
	for i := range sp.raws {
		sp.ends = append(sp.ends, int64(len(mailbox(sp.raws[:i+1]...))))
	}
	dir := tree(t, map[string]string{"box": mailbox(sp.raws...)})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var others sync.WaitGroup
	others.Add(2)
	_, err := Import(ctx, accepter{
		before: func(ctx context.Context, raw []byte) error {
			if string(raw) != mail(0) {
				return nil
			}
			others.Wait()
			cancel()
			return ctx.Err()
		},
		after: func(raw []byte) { sp.took(raw); others.Done() },
	}, []string{dir}, Options{Ledger: sp})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if sp.most != 0 {
		t.Errorf("noted %d octets, and the first message is not taken in", sp.most)
	}
}

// A message over the limit is told at every import until it is taken in; its neighbours are taken in at once.
func TestTooLargeIsToldAgain(t *testing.T) {
	s := openStore(t)
	huge := "Subject: huge\n\n" + strings.Repeat("x", 5000) + "\n"
	dir := tree(t, map[string]string{"box": mailbox(mail(1), huge, mail(2)), "huge.eml": huge, "small.eml": mail(3)})
	for i, c := range []struct {
		limit int
		want  string
	}{
		{1000, "files 3, unchanged 0, not mail 0, messages 3, duplicates 0, failed 2"},
		{1000, "files 2, unchanged 1, not mail 0, messages 1, duplicates 1, failed 2"},
		{10_000, "files 2, unchanged 1, not mail 0, messages 3, duplicates 2, failed 0"},
		{10_000, "files 0, unchanged 3, not mail 0, messages 0, duplicates 0, failed 0"},
	} {
		sum, err := Import(t.Context(), s.intake, []string{dir}, Options{Ledger: s.ledger, MaxSize: c.limit})
		if err != nil {
			t.Fatal(err)
		}
		if got := figures(sum); got != c.want {
			t.Errorf("import %d:\ngot  %s\nwant %s\n%v", i, got, c.want, sum.Errors)
		}
	}
	s.holds(t, mail(1), mail(2), mail(3), huge)
	// The intake's own limit has the same effect.
	sum, err := Import(t.Context(), accepter{before: func(context.Context, []byte) error { return ingest.ErrTooLarge }}, []string{dir}, Options{})
	if err != nil || sum.Failed != 5 || sum.Messages != 0 {
		t.Errorf("%s %v", figures(sum), err)
	}
}

// What concerns every message stops the import, and says where.
func TestImportStops(t *testing.T) {
	s := openStore(t)
	dir := tree(t, map[string]string{"box": mailbox(mail(1), mail(2), mail(3)), "z.eml": mail(4)})
	full := fmt.Errorf("%w: %w", ingest.ErrFull, syscall.ENOSPC)
	sum, err := Import(t.Context(), accepter{next: s.intake, before: func(_ context.Context, raw []byte) error {
		if string(raw) == mail(2) {
			return full
		}
		return nil
	}}, []string{dir}, Options{Ledger: s.ledger, Parallel: 1})
	if !errors.Is(err, ingest.ErrFull) || !strings.Contains(err.Error(), "box@") {
		t.Errorf("got %v", err)
	}
	if figures(sum) != "files 0, unchanged 0, not mail 0, messages 1, duplicates 0, failed 1" {
		t.Error(figures(sum))
	}
	sum, err = Import(t.Context(), s.intake, []string{dir}, Options{Ledger: s.ledger})
	if err != nil || figures(sum) != "files 2, unchanged 0, not mail 0, messages 3, duplicates 0, failed 0" {
		t.Errorf("%s %v", figures(sum), err)
	}
	s.holds(t, mail(1), mail(2), mail(3), mail(4))
	s.intake.Close()
	if _, err := Import(t.Context(), s.intake, []string{dir}, Options{}); !errors.Is(err, ingest.ErrClosed) {
		t.Errorf("a closed intake: %v", err)
	}
}

// A ledger that fails stops the import: without it, every file would be read again and again.
func TestLedgerFails(t *testing.T) {
	dir := tree(t, map[string]string{"a.eml": mail(1)})
	broken := errors.New("broken")
	for name, l := range map[string]Ledger{"reading": badLedger{of: broken}, "writing": badLedger{save: broken}} {
		if _, err := Import(t.Context(), accepter{}, []string{dir}, Options{Ledger: l}); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type badLedger struct{ of, save error }

func (b badLedger) ImportOf(context.Context, string, int64, time.Time) (casestore.Import, error) {
	return casestore.Import{}, b.of
}
func (b badLedger) SaveImports(context.Context, []casestore.Import) error { return b.save }

// A damaged file gives what can be read of it, is told, and is read again when it was repaired.
func TestDamagedFile(t *testing.T) {
	s := openStore(t)
	var letters []string
	for i := range 200 {
		letters = append(letters, mail(i))
	}
	whole := gzipped(t, mailbox(letters...))
	dir := tree(t, map[string]string{"box.gz": whole[:len(whole)/2]})
	for range 2 {
		sum, err := Import(t.Context(), s.intake, []string{dir}, Options{Ledger: s.ledger})
		if err != nil || sum.Failed != 1 || sum.Files != 0 || !errors.Is(sum.Errors[0].Err, io.ErrUnexpectedEOF) {
			t.Errorf("%s %v %v", figures(sum), sum.Errors, err)
		}
	}
	write(t, filepath.Join(dir, "box.gz"), whole)
	sum, err := Import(t.Context(), s.intake, []string{dir}, Options{Ledger: s.ledger})
	if err != nil || sum.Messages != 200 || sum.Duplicates == 0 || sum.Duplicates == 200 {
		t.Errorf("%s %v", figures(sum), err)
	}
	s.holds(t, letters...)
}

// Progress is called by one goroutine at a time, its figures only grow, and the last call is the result.
func TestProgress(t *testing.T) {
	var letters []string
	for i := range 300 {
		letters = append(letters, mail(i))
	}
	dir := tree(t, map[string]string{"box": mailbox(letters...)})
	var (
		calls  []Summary // unguarded: the race detector watches
		inside atomic.Int32
		queue  atomic.Int64
	)
	queue.Store(5)
	ticked := make(chan struct{}, 1000)
	sum, err := Import(t.Context(), accepter{before: func(_ context.Context, raw []byte) error {
		if string(raw) == mail(299) {
			<-ticked // so that there is one while it reads
		}
		return nil
	}}, []string{dir}, Options{
		Every: time.Millisecond,
		Progress: func(s Summary) {
			if inside.Add(1) != 1 {
				t.Error("called while it was running")
			}
			calls = append(calls, s)
			inside.Add(-1)
			select {
			case ticked <- struct{}{}:
			default:
			}
		},
		Waiting: func(context.Context) (int64, error) { return max(queue.Add(-1), 0), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	last := calls[len(calls)-1]
	last.Elapsed, sum.Elapsed = 0, 0
	if d := cmp.Diff(sum, last); d != "" {
		t.Errorf("the last call is not the result (-want +got)\n%s", d)
	}
	if sum.Messages != 300 || sum.Waiting != 0 || sum.Reading || !calls[0].Reading {
		t.Errorf("first %+v, last %+v", calls[0], sum)
	}
	if !slices.IsSortedFunc(calls, func(a, b Summary) int { return int(a.Messages - b.Messages) }) {
		t.Error("figures went down")
	}
}

func TestWaitingFails(t *testing.T) {
	dir := tree(t, map[string]string{"a.eml": mail(1)})
	broken := errors.New("broken")
	_, err := Import(t.Context(), accepter{}, []string{dir}, Options{Waiting: func(context.Context) (int64, error) { return 0, broken }})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Import(ctx, accepter{}, []string{dir}, Options{Waiting: func(context.Context) (int64, error) { cancel(); return 1, nil }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// However much fails, the list of errors stays short, and the count is right.
func TestManyErrors(t *testing.T) {
	paths := slices.Repeat([]string{filepath.Join(t.TempDir(), "none")}, maxErrors+500)
	sum, err := Import(t.Context(), accepter{}, paths, Options{})
	if err != nil || len(sum.Errors) != maxErrors || sum.Failed != maxErrors+500 {
		t.Errorf("%d errors of %d: %v", len(sum.Errors), sum.Failed, err)
	}
}

// The time of a file is offered for messages that have none of their own.
func TestFileTime(t *testing.T) {
	dir := tree(t, map[string]string{"a.eml": "Subject: x\n\n"})
	at := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "a.eml"), at, at); err != nil {
		t.Fatal(err)
	}
	var got ingest.Envelope
	in := envelopes(func(e ingest.Envelope) { got = e })
	if _, err := Import(t.Context(), in, []string{dir}, Options{Source: "archive"}); err != nil {
		t.Fatal(err)
	}
	if !got.FileTime.Equal(at) || got.Source != "archive" || got.Journal || got.MailFromKnown || !got.Time.IsZero() {
		t.Errorf("envelope %+v", got)
	}
}

type envelopes func(ingest.Envelope)

func (f envelopes) Accept(_ context.Context, _ []byte, e ingest.Envelope) (ingest.Receipt, error) {
	f(e)
	return ingest.Receipt{}, nil
}
