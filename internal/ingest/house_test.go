package ingest

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/event"
)

// house is a whole road with real blob store, ledger and queue; only the event store is in memory, and judgement is
// a rule that a test can foresee.
type house struct {
	blobs    *blobstore.Store
	ledger   *casestore.Store
	jobs     *river.Client[*sql.Tx]
	intake   *Intake
	pipeline *Pipeline
	events   *memory
	closed   bool
}

type houseOption func(*PipelineConfig, *IntakeOptions)

// build makes a house in dir. The queue is not started.
func build(t testing.TB, dir string, opts ...houseOption) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{events: &memory{}}
	var err error
	if h.blobs, err = blobstore.Open(ctx, dir+"/mail"); err != nil {
		t.Fatal(err)
	}
	if h.ledger, err = casestore.Open(ctx, dir+"/cases.sqlite"); err != nil {
		t.Fatal(err)
	}
	cfg := PipelineConfig{
		Blobs: h.blobs, Ledger: h.ledger, Events: h.events, Judge: wordJudge{},
		Org:    func() detect.Organisation { return org },
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	var in IntakeOptions
	for _, o := range opts {
		o(&cfg, &in)
	}
	h.pipeline = NewPipeline(cfg)
	ws := river.NewWorkers()
	h.pipeline.Register(ws)
	if h.jobs, err = h.ledger.Jobs(casestore.JobConfig{Workers: ws, Queues: map[string]river.QueueConfig{Queue: QueueConfig()}}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.pipeline.Recover(ctx, h.jobs); err != nil {
		t.Fatal(err)
	}
	h.intake = NewIntake(cfg.Blobs, h.ledger, h.jobs, in)
	t.Cleanup(func() { h.close(t) })
	return h
}

// close ends the house; again does nothing. A queue that was started is stopped before.
func (h *house) close(t testing.TB) {
	t.Helper()
	if h.closed {
		return
	}
	h.closed = true
	h.intake.Close()
	if err := errors.Join(h.pipeline.Close(), h.ledger.Close(), h.blobs.Close()); err != nil {
		t.Error(err)
	}
}

// start runs the queue until the test ends.
func (h *house) start(t testing.TB) {
	t.Helper()
	if err := h.jobs.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.jobs.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// settle waits until everything accepted is judged.
func (h *house) settle(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		p, err := h.pipeline.Progress(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if p.Waiting == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d messages still wait", p.Waiting)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

var org = detect.Organisation{
	Name:    "Example",
	Domains: []string{"example.test"},
	People:  []detect.Person{{Name: "Alice", Address: "Alice@example.test", Priority: true}},
}

// wordJudge calls mail phish that says "password", and panics on mail that says "kaboom".
type wordJudge struct{}

func (wordJudge) Judge(_ context.Context, c *detect.Context) detect.Verdict {
	text := c.Message.Subject + " " + c.Message.Visible
	if strings.Contains(text, "kaboom") {
		panic("the judge fell off his chair")
	}
	v := detect.Verdict{Threats: []detect.Threat{}, Technologies: []detect.Technology{}, Scores: map[detect.Threat]int{}, Signals: []detect.Signal{}}
	if strings.Contains(text, "password") {
		v.Threats = []detect.Threat{detect.Phish}
		v.Confidence, v.Score = detect.High, 80
		v.Scores[detect.Phish] = 80
		v.Technologies = []detect.Technology{detect.AdvancedFilter}
		v.Signals = []detect.Signal{
			{ID: "asks-password", Technology: detect.AdvancedFilter, Threat: detect.Phish, Weight: 80, Claim: "Asks for a password", Evidence: "password"},
			{ID: "known", Threat: detect.Phish, Weight: -5, Claim: "Wrote before"},
		}
	}
	return v
}

// memory is an event store that keeps the promise of Append: keys make rows unique.
type memory struct {
	mu     sync.Mutex
	emails map[[2]string]event.EmailEvent
	urls   map[[3]string]event.EmailUrl
	files  map[[3]string]event.EmailAttachment
	camps  map[string]event.Campaign
	calls  int
	fail   func(event.Batch) error
}

func (m *memory) Append(_ context.Context, b event.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.fail != nil {
		if err := m.fail(b); err != nil {
			return err
		}
	}
	if m.emails == nil {
		m.camps = map[string]event.Campaign{}
		m.emails, m.urls, m.files = map[[2]string]event.EmailEvent{}, map[[3]string]event.EmailUrl{}, map[[3]string]event.EmailAttachment{}
	}
	for _, e := range b.Emails {
		if k := [2]string{e.NetworkMessageId, e.RecipientEmailAddress}; m.emails[k].NetworkMessageId == "" {
			m.emails[k] = e
		}
	}
	for _, u := range b.Urls {
		m.urls[[3]string{u.NetworkMessageId, u.Url, u.UrlLocation}] = u
	}
	for _, c := range b.Campaigns {
		if _, ok := m.camps[c.ReportId]; !ok {
			m.camps[c.ReportId] = c
		}
	}
	for _, a := range b.Attachments {
		m.files[[3]string{a.NetworkMessageId, a.RecipientEmailAddress, a.ReportId}] = a
	}
	return nil
}

// campaigns returns the rows of campaigns by message.
func (m *memory) campaigns() []event.Campaign {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.camps), func(a, b event.Campaign) int { return cmp.Compare(a.ReportId, b.ReportId) })
}

// rows returns the email events by time, then recipient.
func (m *memory) rows() []event.EmailEvent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.emails), func(a, b event.EmailEvent) int {
		return cmp.Or(cmp.Compare(a.NetworkMessageId, b.NetworkMessageId), cmp.Compare(a.RecipientEmailAddress, b.RecipientEmailAddress))
	})
}

// message writes a message with CRLF line ends.
func message(lines ...string) []byte {
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

// letter is the n-th of many different messages.
func letter(n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Received: from mx.sender.test (mx.sender.test [203.0.113.%d]) by mx.example.test with ESMTPS; Fri, 2 Jan 2026 03:04:05 +0000\r\n", n%250+1)
	fmt.Fprintf(&b, "From: Sender %d <s%d@sender.test>\r\nTo: alice@example.test, bob@example.test\r\nSubject: Letter %d\r\nMessage-ID: <%d@sender.test>\r\n", n, n, n, n)
	fmt.Fprintf(&b, "Date: Fri, 2 Jan 2026 03:04:0%d +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", n%10)
	fmt.Fprintf(&b, "Dear reader,\r\nplease look at https://link%d.test/page?id=%d when you can.\r\n", n%7, n)
	return b.Bytes()
}
