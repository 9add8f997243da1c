package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/blobstore"
	"tocsin/internal/event"
)

func TestAcceptJudgesAndStores(t *testing.T) {
	h := build(t, t.TempDir())
	var mu sync.Mutex
	told := 0
	h.pipeline.cfg.Stored = func(b event.Batch) { mu.Lock(); defer mu.Unlock(); told += len(b.Emails) }
	h.start(t)
	at := time.Date(2026, 3, 4, 5, 6, 7, 89_999_999, time.UTC)
	raw := message("Received: from mx.sender.test (mx.sender.test [203.0.113.7]) by mx.example.test; Wed, 4 Mar 2026 05:06:00 +0000",
		"From: Eve <eve@sender.test>", "To: alice@example.test", "Subject: Your password", "", "hello https://evil.test/x")
	r, err := h.intake.Accept(t.Context(), raw, Envelope{
		Source: "smtp", ClientIP: netip.MustParseAddr("10.0.0.1"), OwnClient: true, MailFrom: "bounce@sender.test", MailFromKnown: true,
		Recipients: []string{"<Alice@Example.test>", "carol@example.test", "alice@example.test"}, Time: at,
	})
	if err != nil || r.Duplicate {
		t.Fatalf("%+v %v", r, err)
	}
	h.settle(t)
	rows := h.events.rows()
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2: %+v", len(rows), rows)
	}
	e := rows[0]
	for _, c := range []struct{ name, got, want string }{
		{"id", e.NetworkMessageId, r.NetworkMessageID},
		{"recipient", e.RecipientEmailAddress, "alice@example.test"},
		{"recipient domain", e.RecipientDomain, "example.test"},
		{"mail from", e.SenderMailFromAddress, "bounce@sender.test"},
		{"from", e.SenderFromAddress, "eve@sender.test"},
		{"name", e.SenderDisplayName, "Eve"},
		{"ip", e.SenderIPv4, "203.0.113.7"},
		{"direction", e.EmailDirection, "Inbound"},
		{"threats", e.ThreatTypes, "Phish"},
		{"methods", e.DetectionMethods, `{"Phish":["Advanced filter"]}`},
		{"confidence", e.ConfidenceLevel, `{"Phish":"High","Spam":"1"}`},
		{"auth", e.AuthenticationDetails, `{"SPF":"none","DKIM":"none","DMARC":"none","CompAuth":"none"}`},
		{"first signal", e.FirstSignal, "Asks for a password"},
		{"signals", e.Signals, "asks-password"},
		{"action", e.DeliveryAction, "Delivered"},
		{"latest", e.LatestDeliveryLocation, "Inbox/folder"},
		{"source", e.Connectors, "smtp"},
		{"second recipient", rows[1].RecipientEmailAddress, "carol@example.test"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	if !e.IsPriorityAccount || rows[1].IsPriorityAccount {
		t.Error("priority account not marked, or the wrong one")
	}
	id, err := uuid.Parse(e.NetworkMessageId)
	if err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		t.Errorf("id %v: %v", id, err)
	}
	if sec, nsec := id.Time().UnixTime(); !time.Unix(sec, nsec).Equal(e.Timestamp) || !e.Timestamp.Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("time in id %v, in event %v, accepted %v", time.Unix(sec, nsec).UTC(), e.Timestamp, at)
	}
	if len(h.events.urls) != 1 {
		t.Errorf("urls: %+v", h.events.urls)
	}
	mu.Lock()
	if told != 2 {
		t.Errorf("told of %d events, want 2", told)
	}
	mu.Unlock()
	m, err := h.ledger.MessageByID(t.Context(), r.NetworkMessageID)
	if err != nil || m.Done.IsZero() {
		t.Errorf("ledger: %+v %v", m, err)
	}
}

func TestAcceptAgain(t *testing.T) {
	h := build(t, t.TempDir())
	h.start(t)
	raw := letter(1)
	first, err := h.intake.Accept(t.Context(), raw, Envelope{Source: "import"})
	if err != nil || first.Duplicate {
		t.Fatalf("%+v %v", first, err)
	}
	for _, rcpt := range [][]string{nil, {"dave@example.test"}, {"dave@example.test"}, nil} {
		again, err := h.intake.Accept(t.Context(), raw, Envelope{Source: "smtp", Recipients: rcpt, Time: time.Now()})
		if err != nil || again.NetworkMessageID != first.NetworkMessageID {
			t.Fatalf("%+v %v", again, err)
		}
	}
	h.settle(t)
	var got []string
	for _, e := range h.events.rows() {
		got = append(got, e.RecipientEmailAddress)
	}
	if want := "alice@example.test bob@example.test dave@example.test"; strings.Join(got, " ") != want {
		t.Errorf("recipients %q, want %q", got, want)
	}
	if h.events.calls != 2 {
		t.Errorf("%d appends, want 2: one for the message, one for the new recipient", h.events.calls)
	}
	if c := h.intake.Counts(); c != (Counts{Accepted: 5, Duplicates: 3}) {
		t.Errorf("counts %+v", c)
	}
}

// Many callers at once, each message twice: every one gets an answer, each message one row a recipient.
func TestAcceptConcurrently(t *testing.T) {
	h := build(t, t.TempDir())
	h.start(t)
	const n = 300
	ids := make([][2]string, n)
	dups := make([][2]bool, n)
	var wg sync.WaitGroup
	for i := range n {
		for k := range 2 {
			wg.Go(func() {
				r, err := h.intake.Accept(t.Context(), letter(i), Envelope{Source: "test"})
				if err != nil {
					t.Error(err)
				}
				ids[i][k], dups[i][k] = r.NetworkMessageID, r.Duplicate
			})
		}
	}
	wg.Wait()
	h.settle(t)
	for i := range ids {
		if ids[i][0] != ids[i][1] || dups[i][0] == dups[i][1] {
			t.Fatalf("message %d: ids %q, duplicates %v", i, ids[i], dups[i])
		}
	}
	if rows := h.events.rows(); len(rows) != 2*n {
		t.Errorf("%d rows, want %d", len(rows), 2*n)
	}
}

// A judge that panics, bytes that vanish, bytes that rot, a store that refuses: the message is listed all the same.
func TestNothingIsLost(t *testing.T) {
	dir := t.TempDir()
	h := build(t, dir, func(c *PipelineConfig, _ *IntakeOptions) {
		c.Refused = func(err error) bool { return strings.Contains(err.Error(), "refused") }
	})
	h.events.fail = func(b event.Batch) error {
		if strings.Contains(b.Emails[0].Subject, "odd") && b.Emails[0].Defects != event.DefectRefused {
			return errors.New("row refused")
		}
		return nil
	}
	accept := func(raw []byte, rcpt ...string) string {
		t.Helper()
		r, err := h.intake.Accept(t.Context(), raw, Envelope{Source: "smtp", Recipients: rcpt, MailFrom: "x@y.test", MailFromKnown: true, Time: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		return r.NetworkMessageID
	}
	want := map[string]string{}
	want[accept(message("From: a@b.test", "Subject: kaboom", "", "x"), "a@example.test")] = event.DefectJudge
	want[accept(message("From: a@b.test", "Subject: odd", "", "x"), "a@example.test")] = event.DefectRefused
	gone := accept(message("From: a@b.test", "Subject: gone", "", "x"), "a@example.test", "b@example.test")
	want[gone] = event.DefectRawMissing
	nobody := accept(message("From: a@b.test", "Subject: to nobody", "", "x"))
	want[nobody] = ""
	empty := accept(nil)
	want[empty] = ""

	m, err := h.ledger.MessageByID(t.Context(), gone)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.blobs.Delete(t.Context(), m.SHA256); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	h.settle(t)
	got := map[string][]event.EmailEvent{}
	for _, e := range h.events.rows() {
		got[e.NetworkMessageId] = append(got[e.NetworkMessageId], e)
	}
	for id, defect := range want {
		if len(got[id]) == 0 {
			t.Errorf("message with %q is not listed", defect)
			continue
		}
		if defect != "" && !strings.Contains(got[id][0].Defects, defect) {
			t.Errorf("defects %q, want %q", got[id][0].Defects, defect)
		}
	}
	if len(got[gone]) != 2 || got[gone][0].SenderMailFromAddress != "x@y.test" {
		t.Errorf("rows of the vanished: %+v", got[gone])
	}
	if len(got[nobody]) != 1 || got[nobody][0].RecipientEmailAddress != "" || got[nobody][0].Subject != "to nobody" {
		t.Errorf("rows of the one to nobody: %+v", got[nobody])
	}
}

// A store that is away delays; when it is back, everything is there once.
func TestEventStoreComesBack(t *testing.T) {
	h := build(t, t.TempDir())
	var mu sync.Mutex
	failures := 0
	h.events.fail = func(event.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if failures < 3 {
			failures++
			return errors.New("store is away")
		}
		return nil
	}
	r, err := h.intake.Accept(t.Context(), letter(1), Envelope{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.ledger.MessageByID(t.Context(), r.NetworkMessageID)
	if err != nil {
		t.Fatal(err)
	}
	job := Job{SHA256: m.SHA256, NetworkMessageID: r.NetworkMessageID, Time: m.Time.UnixMicro()}
	for range 3 {
		if err := h.pipeline.Process(t.Context(), job); err == nil {
			t.Fatal("an append that failed was taken for done")
		}
		if m, err := h.ledger.MessageByID(t.Context(), r.NetworkMessageID); err != nil || !m.Done.IsZero() {
			t.Fatalf("done before the events are stored: %+v %v", m, err)
		}
	}
	h.start(t)
	h.settle(t)
	if rows := h.events.rows(); len(rows) != 2 {
		t.Errorf("%d rows, want 2", len(rows))
	}
}

// A message that takes the process down again and again is listed unread; one that only was near it is judged, and is
// never suspected again.
func TestPoison(t *testing.T) {
	dir := t.TempDir()
	judging := func(c *PipelineConfig, _ *IntakeOptions) { c.Judging = dir + "/judging" }
	h := build(t, dir, judging)
	job := func(n int) Job {
		r, err := h.intake.Accept(t.Context(), letter(n), Envelope{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := h.ledger.MessageByID(t.Context(), r.NetworkMessageID)
		if err != nil {
			t.Fatal(err)
		}
		return Job{SHA256: m.SHA256, NetworkMessageID: m.NetworkMessageID, Time: m.Time.UnixMicro()}
	}
	culprit, bystander := job(1), job(2)
	// die leaves the file as a process does that ends while it judges these.
	die := func(jobs ...Job) {
		t.Helper()
		for _, j := range jobs {
			if _, err := h.pipeline.judging.hold(j.SHA256); err != nil {
				t.Fatal(err)
			}
		}
		h.close(t)
		h = build(t, dir, judging)
	}
	examine := func(j Job) event.EmailEvent {
		t.Helper()
		o, err := h.pipeline.examine(t.Context(), j, nil)
		if err != nil {
			t.Fatal(err)
		}
		return o.batch.Emails[0]
	}
	for n := range maxSuspicions {
		if got := h.pipeline.suspects[culprit.SHA256]; got != n {
			t.Errorf("suspected %d times after %d deaths", got, n)
		}
		if n == 2 {
			if got := examine(bystander); got.Subject != "Letter 2" || got.Defects != "" {
				t.Errorf("the bystander: %+v", got)
			}
		}
		die(culprit, bystander)
	}
	if got := examine(culprit); got.Defects != event.DefectSuspect || got.Subject != "" {
		t.Errorf("judged once more: %+v", got)
	}
	if got := examine(bystander); got.Subject != "Letter 2" || got.Defects != "" {
		t.Errorf("the bystander, after more deaths: %+v", got)
	}
}

// Who ends in order leaves nobody under suspicion.
func TestNoSuspicionWithoutDeath(t *testing.T) {
	dir := t.TempDir()
	judging := func(c *PipelineConfig, _ *IntakeOptions) { c.Judging = dir + "/judging" }
	h := build(t, dir, judging)
	h.start(t)
	for i := range 50 {
		if _, err := h.intake.Accept(t.Context(), letter(i), Envelope{}); err != nil {
			t.Fatal(err)
		}
	}
	h.settle(t)
	if sums, err := readBlackbox(dir + "/judging"); err != nil || len(sums) != 0 {
		t.Errorf("still held: %q %v", sums, err)
	}
}

func TestAcceptRefusesTooLarge(t *testing.T) {
	h := build(t, t.TempDir(), func(_ *PipelineConfig, o *IntakeOptions) { o.MaxSize = 1000 })
	if _, err := h.intake.Accept(t.Context(), make([]byte, 1001), Envelope{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := h.intake.Accept(t.Context(), make([]byte, 1000), Envelope{}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

// brokenBlobs fails the messages whose bytes hold a word.
type brokenBlobs struct {
	Blobs
	word string
	err  error
}

func (b brokenBlobs) PutMany(ctx context.Context, blobs []blobstore.Blob) []error {
	errs := b.Blobs.PutMany(ctx, blobs)
	for i := range blobs {
		if strings.Contains(string(blobs[i].Raw), b.word) {
			errs[i] = b.err
		}
	}
	return errs
}

func TestOneFailureIsOneCallers(t *testing.T) {
	full := fmt.Errorf("write: %w", syscall.ENOSPC)
	var h *house
	h = build(t, t.TempDir())
	h.intake.blobs = brokenBlobs{h.blobs, "Letter 7\r\n", full}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := h.intake.Accept(t.Context(), letter(i), Envelope{})
			if (i == 7) != errors.Is(err, ErrFull) || (i != 7) != (err == nil) {
				t.Errorf("message %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	var rows int
	if err := h.ledger.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM messages`).Scan(&rows); err != nil || rows != 19 {
		t.Errorf("%d rows in the ledger, want 19: %v", rows, err)
	}
	if n, err := h.ledger.JobsWaiting(t.Context(), Queue); err != nil || n != 19 {
		t.Errorf("%d jobs, want 19: %v", n, err)
	}
}

func TestAcceptAfterClose(t *testing.T) {
	h := build(t, t.TempDir())
	h.intake.Close()
	if _, err := h.intake.Accept(t.Context(), letter(1), Envelope{}); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestRecoverRenewsLostJobs(t *testing.T) {
	dir := t.TempDir()
	h := build(t, dir)
	if _, err := h.intake.Accept(t.Context(), letter(1), Envelope{Recipients: []string{"x@example.test"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ledger.Writer().ExecContext(t.Context(), `DELETE FROM river_job`); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{1, 0} {
		if _, renewed, err := h.pipeline.Recover(t.Context(), h.jobs); err != nil || renewed != want {
			t.Errorf("renewed %d, want %d: %v", renewed, want, err)
		}
	}
	h.start(t)
	h.settle(t)
	if rows := h.events.rows(); len(rows) != 1 || rows[0].RecipientEmailAddress != "x@example.test" {
		t.Errorf("rows %+v", rows)
	}
}

// BenchmarkRoad is the whole way of many messages, with a judge and an event store that cost nothing.
func BenchmarkRoad(b *testing.B) {
	h := build(b, b.TempDir())
	h.start(b)
	b.ResetTimer()
	start := time.Now()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 256)
	for i := range b.N {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if _, err := h.intake.Accept(context.Background(), letter(i), Envelope{}); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	accepted := time.Since(start)
	for {
		p, err := h.pipeline.Progress(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if p.Waiting == 0 {
			b.ReportMetric(float64(p.JudgeTime.Microseconds()), "µs-judging/msg")
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/accepted.Seconds(), "accepted/s")
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "stored/s")
}

// BenchmarkAcceptAlone is the latency of one client that waits for each answer.
func BenchmarkAcceptAlone(b *testing.B) {
	h := build(b, b.TempDir())
	for i := 0; b.Loop(); i++ {
		if _, err := h.intake.Accept(context.Background(), letter(i), Envelope{}); err != nil {
			b.Fatal(err)
		}
	}
}
