package milter

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-milter"
	"github.com/riverqueue/river"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/event"
	"tocsin/internal/ingest"
)

// road is a whole way of mail, with real blob store, ledger and queue; events are in memory. What the policy decides stands in the subject:
// "junk", "quarantine", "replace", "reject", "drop", and with "for ADDRESS" only for that recipient.
type road struct {
	blobs    *blobstore.Store
	ledger   *casestore.Store
	jobs     *river.Client[*sql.Tx]
	intake   *ingest.Intake
	pipeline *ingest.Pipeline
	server   *Server
	address  string

	mu      sync.Mutex
	events  map[string]event.EmailEvent // by message and recipient
	pending map[string]event.PostDelivery
	away    bool          // the event store
	slow    time.Duration // of the judge
	full    bool          // the disk
	reports []ingest.Reported
}

func (r *road) Append(_ context.Context, b event.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return errors.New("the event store is away")
	}
	for _, p := range b.PostDelivery {
		r.pending[p.ReportId] = p
	}
	for _, e := range b.Emails {
		if k := e.NetworkMessageId + " " + e.RecipientEmailAddress; r.events[k].NetworkMessageId == "" {
			r.events[k] = e
		}
	}
	return nil
}

func (r *road) Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error) {
	r.mu.Lock()
	full := r.full
	r.mu.Unlock()
	if full {
		return ingest.Receipt{}, ingest.ErrFull
	}
	return r.intake.Accept(ctx, raw, env)
}

func (r *road) Judge(ctx context.Context, c *detect.Context) detect.Verdict {
	r.mu.Lock()
	slow := r.slow
	r.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
	}
	if strings.Contains(c.Message.Subject, "kaboom") {
		panic("the judge fell off his chair")
	}
	v := detect.Verdict{Threats: []detect.Threat{}, Scores: map[detect.Threat]int{}}
	if strings.Contains(c.Message.Subject, "replace") {
		v.Threats, v.Score = []detect.Threat{detect.Malware}, 90
		v.Signals = []detect.Signal{{ID: "test", Threat: detect.Malware, Weight: 90, Evidence: "invoice.exe is a program"}}
	}
	return v
}

var treatments = map[string]ingest.Decision{
	junked:      {Action: "Junked", Location: "Junk folder", EmailAction: "Move message to junk mail folder"},
	quarantined: {Action: "Blocked", Location: "Quarantine", EmailAction: "Send to quarantine"},
	replaced:    {Action: "Replaced", Location: "Inbox/folder", EmailAction: "Replace attachment"},
	rejected:    {Action: "Blocked", Location: "Failed", EmailAction: "Reject message"},
	dropped:     {Action: "Blocked", Location: "Dropped", EmailAction: "Delete message"},
}

func decideBySubject(_ detect.Verdict, c *detect.Context) []ingest.Decision {
	out := make([]ingest.Decision, len(c.Recipients))
	for i, r := range c.Recipients {
		out[i] = ingest.LateDelivered
		for word, d := range treatments {
			_, who, some := strings.Cut(c.Message.Subject, word+" for ")
			if strings.Contains(c.Message.Subject, word) && (!some || strings.HasPrefix(who, r)) {
				out[i] = d
			}
		}
	}
	return out
}

func build(t testing.TB, cfg Config) *road {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	r := &road{events: map[string]event.EmailEvent{}, pending: map[string]event.PostDelivery{}}
	var err error
	if r.blobs, err = blobstore.Open(ctx, dir+"/mail"); err != nil {
		t.Fatal(err)
	}
	if r.ledger, err = casestore.Open(ctx, dir+"/cases.sqlite"); err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	r.pipeline = ingest.NewPipeline(ingest.PipelineConfig{Blobs: r.blobs, Ledger: r.ledger, Events: r, Judge: r, Decide: decideBySubject, Logger: logger, Reports: reports{r},
		Org: func() detect.Organisation { return detect.Organisation{Domains: []string{"rig.example"}} }})
	ws := river.NewWorkers()
	r.pipeline.Register(ws)
	if r.jobs, err = r.ledger.Jobs(casestore.JobConfig{Workers: ws, Queues: map[string]river.QueueConfig{ingest.Queue: ingest.QueueConfig()}}); err != nil {
		t.Fatal(err)
	}
	r.intake = ingest.NewIntake(r.blobs, r.ledger, r.jobs, ingest.IntakeOptions{})
	cfg.Logger = logger
	r.server = New(cfg, r, r.pipeline)
	t.Cleanup(func() {
		r.intake.Close()
		if err := errors.Join(r.pipeline.Close(), r.ledger.Close(), r.blobs.Close()); err != nil {
			t.Error(err)
		}
	})
	r.listen(t, "127.0.0.1:0")
	return r
}

// start runs the job queue beside.
func (r *road) start(t testing.TB) {
	t.Helper()
	if err := r.jobs.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.jobs.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func (r *road) listen(t testing.TB, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r.address = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- r.server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(r.server.Shutdown(ctx), <-done); err != nil {
			t.Error(err)
		}
	})
}

func (r *road) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// rows are the events by recipient, "action, location".
func (r *road) rows() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]string{}
	for _, e := range r.events {
		out[e.RecipientEmailAddress] = e.DeliveryAction + ", " + e.DeliveryLocation
	}
	return out
}

// said is what the mail system heard.
type said struct {
	changes []milter.ModifyAction
	last    *milter.Action
}

func (s said) header(name string) (out []string) {
	for _, c := range s.changes {
		if c.Code == milter.ActAddHeader && c.HeaderName == name {
			out = append(out, strings.TrimPrefix(c.HeaderValue, " "))
		}
	}
	return out
}

func (s said) removed() (out []string) {
	for _, c := range s.changes {
		if c.Code == milter.ActDelRcpt {
			out = append(out, c.Rcpt)
		}
	}
	slices.Sort(out)
	return out
}

func (s said) body() string {
	var b strings.Builder
	for _, c := range s.changes {
		if c.Code == milter.ActReplBody {
			b.Write(c.Body)
		}
	}
	return b.String()
}

// dial opens a session as a mail system does for one of its clients.
func dial(t testing.TB, address string) *milter.ClientSession {
	t.Helper()
	c := milter.NewClientWithOptions("tcp", address, milter.ClientOptions{ReadTimeout: 30 * time.Second, WriteTimeout: 10 * time.Second,
		ActionMask: milter.OptAddHeader | milter.OptChangeHeader | milter.OptChangeBody | milter.OptRemoveRcpt})
	s, err := c.Session()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	must := func(a *milter.Action, err error) {
		t.Helper()
		if err != nil || a.Code != milter.ActContinue {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	must2 := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must2(s.Macros(milter.CodeConn, "j", "mx.rig.example"))
	must(s.Conn("out.partner.example", milter.FamilyInet, 4711, "203.0.113.9"))
	must2(s.Macros(milter.CodeHelo, "{tls_version}", "TLSv1.3"))
	must(s.Helo("out.partner.example"))
	return s
}

// letter sends one message over a session. Its header fields have the space before their values.
func letter(t testing.TB, s *milter.ClientSession, queueID, raw string, to ...string) said {
	t.Helper()
	if len(to) == 0 {
		to = []string{"ada@rig.example"}
	}
	if err := s.Macros(milter.CodeMail, "i", queueID, "{auth_authen}", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mail("<bo@partner.example>", nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range to {
		if a, err := s.Rcpt("<"+r+">", nil); err != nil || a.Code != milter.ActContinue {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	for _, f := range strings.Split(strings.ReplaceAll(strings.ReplaceAll(head, "\r\n\t", "\n\t"), "\r\n ", "\n "), "\r\n") {
		name, value, _ := strings.Cut(f, ":")
		if _, err := s.HeaderField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.HeaderEnd(); err != nil {
		t.Fatal(err)
	}
	changes, last, err := s.BodyReadFrom(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return said{changes, last}
}

func simple(subject string) string {
	return "From: Bo <bo@partner.example>\r\nTo: ada@rig.example\r\nSubject: " + subject + "\r\nMessage-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@partner.example>\r\n\r\nHello.\r\n"
}

// TestMain keeps the library's words about broken connections out of the tests' output.
func TestMain(m *testing.M) {
	log.SetOutput(nowhere{})
	os.Exit(m.Run())
}

type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
