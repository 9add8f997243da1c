package smtp

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/goleak"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/event"
	"tocsin/internal/ingest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// start runs a server on a port of its own until the test ends, and returns its address.
func start(t testing.TB, cfg Config, in Accepter) (*Server, string) {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	s, err := New(cfg, in)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if ctx.Err() != nil {
			t.Error("the server did not come to its end by itself")
		}
		if n := s.budget.held.Load(); n != 0 {
			t.Errorf("%d octets are still accounted for", n)
		}
		if c := s.Counts(); c.Connections != 0 {
			t.Errorf("%d connections are still counted", c.Connections)
		}
	})
	return s, l.Addr().String()
}

// taken is one message that a recorder was offered.
type taken struct {
	raw string
	env ingest.Envelope
}

// recorder takes messages in and remembers them. before, when set, is asked first.
type recorder struct {
	before func(ctx context.Context, raw []byte) error

	mu  sync.Mutex
	got []taken
}

func (r *recorder) Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error) {
	if r.before != nil {
		if err := r.before(ctx, raw); err != nil {
			return ingest.Receipt{}, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, taken{string(raw), env})
	return ingest.Receipt{}, nil
}

func (r *recorder) all() []taken {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *recorder) raws() []string {
	var out []string
	for _, m := range r.all() {
		out = append(out, m.raw)
	}
	return out
}

// only returns the one message that was taken in.
func (r *recorder) only(t *testing.T) taken {
	t.Helper()
	got := r.all()
	if len(got) != 1 {
		t.Fatalf("%d messages were taken in, want 1: %q", len(got), r.raws())
	}
	return got[0]
}

// peer is a client that says exactly what a test wants.
type peer struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func dial(t testing.TB, addr string) *peer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return over(t, c)
}

func over(t testing.TB, c net.Conn) *peer {
	_ = c.SetDeadline(time.Now().Add(patience))
	return &peer{t: t, Conn: c, r: bufio.NewReader(c)}
}

// greeted is a peer that has said hello.
func greeted(t testing.TB, addr string) *peer {
	t.Helper()
	p := dial(t, addr)
	p.want("220")
	p.say("EHLO client.test", "250")
	return p
}

func (p *peer) send(s string) {
	p.t.Helper()
	if _, err := p.Write([]byte(s)); err != nil {
		p.t.Fatalf("sending %.80q: %v", s, err)
	}
}

// reply reads one answer, all its lines.
func (p *peer) reply() (string, error) {
	var all strings.Builder
	for {
		l, err := p.r.ReadString('\n')
		all.WriteString(l)
		if err != nil {
			return all.String(), err
		}
		if !strings.HasSuffix(l, "\r\n") || len(l) < 6 {
			return all.String(), fmt.Errorf("no reply line: %q", l)
		}
		if l[3] == ' ' {
			return all.String(), nil
		}
	}
}

// want reads one answer for each of the given beginnings.
func (p *peer) want(begin ...string) (last string) {
	p.t.Helper()
	for _, b := range begin {
		got, err := p.reply()
		if err != nil || !strings.HasPrefix(got, b) {
			p.t.Fatalf("got %q, want %q: %v", got, b, err)
		}
		last = got
	}
	return last
}

func (p *peer) say(line string, want ...string) string {
	p.t.Helper()
	p.send(line + "\r\n")
	return p.want(want...)
}

// envelope begins a transaction.
func (p *peer) envelope(from string, to ...string) {
	p.t.Helper()
	p.say("MAIL FROM:<"+from+">", "250")
	for _, r := range to {
		p.say("RCPT TO:<"+r+">", "250")
	}
}

// ends checks that the server closes the connection without another word.
func (p *peer) ends() {
	p.t.Helper()
	if rest, err := p.r.ReadString('\n'); err == nil || rest != "" || os.IsTimeout(err) {
		p.t.Fatalf("got %q and %v, want the end", rest, err)
	}
}

// eventually waits for what another goroutine is about to do.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// road is the way of mail with real stores; only the judgement and the event rows are kept simple.
type road struct {
	blobs    *blobstore.Store
	ledger   *casestore.Store
	jobs     *river.Client[*sql.Tx]
	intake   *ingest.Intake
	pipeline *ingest.Pipeline

	mu   sync.Mutex
	rows map[[2]string]event.EmailEvent
}

func build(t testing.TB, dir string) *road {
	t.Helper()
	ctx := context.Background()
	h := &road{rows: map[[2]string]event.EmailEvent{}}
	var err error
	if h.blobs, err = blobstore.Open(ctx, dir+"/mail"); err != nil {
		t.Fatal(err)
	}
	if h.ledger, err = casestore.Open(ctx, dir+"/cases.sqlite"); err != nil {
		t.Fatal(err)
	}
	h.pipeline = ingest.NewPipeline(ingest.PipelineConfig{
		Blobs: h.blobs, Ledger: h.ledger, Events: h, Judge: mild{},
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	ws := river.NewWorkers()
	h.pipeline.Register(ws)
	if h.jobs, err = h.ledger.Jobs(casestore.JobConfig{Workers: ws, Queues: map[string]river.QueueConfig{ingest.Queue: ingest.QueueConfig()}}); err != nil {
		t.Fatal(err)
	}
	h.intake = ingest.NewIntake(h.blobs, h.ledger, h.jobs, ingest.IntakeOptions{})
	t.Cleanup(func() {
		h.intake.Close()
		if err := errors.Join(h.pipeline.Close(), h.ledger.Close(), h.blobs.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// judge runs the queue until everything that was accepted is judged, and returns the rows by message and recipient.
func (h *road) judge(t testing.TB) []event.EmailEvent {
	t.Helper()
	if err := h.jobs.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.jobs.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	eventually(t, "everything is judged", func() bool {
		n, err := h.ledger.JobsWaiting(context.Background(), ingest.Queue)
		if err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.SortedFunc(maps.Values(h.rows), func(a, b event.EmailEvent) int {
		return cmp.Or(cmp.Compare(a.NetworkMessageId, b.NetworkMessageId), cmp.Compare(a.RecipientEmailAddress, b.RecipientEmailAddress))
	})
}

// Append keeps the promise of an event store: the same row again changes nothing.
func (h *road) Append(_ context.Context, b event.Batch) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range b.Emails {
		h.rows[[2]string{e.NetworkMessageId, e.RecipientEmailAddress}] = e
	}
	return nil
}

// mild finds nothing wrong with anything.
type mild struct{}

func (mild) Judge(context.Context, *detect.Context) detect.Verdict { return detect.Verdict{} }

// letter is the n-th of many different messages.
func letter(n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Received: from mx.sender.test (mx.sender.test [203.0.113.%d]) by mx.example.test with ESMTPS; Fri, 2 Jan 2026 03:04:05 +0000\r\n", n%250+1)
	fmt.Fprintf(&b, "From: Sender %d <s%d@sender.test>\r\nTo: alice@example.test, bob@example.test\r\nSubject: Letter %d\r\nMessage-ID: <%d@sender.test>\r\n\r\n", n, n, n, n)
	fmt.Fprintf(&b, "Dear reader,\r\n..please look at https://link%d.test/page?id=%d when you can.\r\n", n%7, n)
	return b.Bytes()
}

var loopback = netip.MustParseAddr("127.0.0.1")
