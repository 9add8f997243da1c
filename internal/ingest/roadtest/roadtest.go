// Package roadtest is the whole road of mail with a judge that a test can foresee, for tests of what stands at its beginning: sources that
// wait for the judgement and do what was decided.
package roadtest

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/event"
	"tocsin/internal/ingest"
)

// Road is a whole way of mail, with real blob store, ledger and queue; events are in memory. What the policy decides stands in the subject:
// "junk", "quarantine", "replace", "reject", "drop", and with "for ADDRESS" only for that recipient.
type Road struct {
	Blobs    *blobstore.Store
	Ledger   *casestore.Store
	Jobs     *river.Client[*sql.Tx]
	Intake   *ingest.Intake
	Pipeline *ingest.Pipeline
	Logger   *slog.Logger

	Mu      sync.Mutex
	Events  map[string]event.EmailEvent // by message and recipient
	Pending map[string]event.PostDelivery
	Away    bool          // the event store
	Slow    time.Duration // of the judge
	Full    bool          // the disk
	Reports []ingest.Reported
}

// ReportsTo is where users report mail.
const ReportsTo = "report@rig.example"

// For says which mail is a report.
func (r *Road) For(recipient string) bool { return recipient == ReportsTo }

// Take keeps a report, unless the store is away.
func (r *Road) Take(_ context.Context, m ingest.Reported) error {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	if r.Away {
		return errors.New("the case store is away")
	}
	r.Reports = append(r.Reports, m)
	return nil
}

// Append is the event store.
func (r *Road) Append(_ context.Context, b event.Batch) error {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	if r.Away {
		return errors.New("the event store is away")
	}
	for _, p := range b.PostDelivery {
		r.Pending[p.ReportId] = p
	}
	for _, e := range b.Emails {
		if k := e.NetworkMessageId + " " + e.RecipientEmailAddress; r.Events[k].NetworkMessageId == "" {
			r.Events[k] = e
		}
	}
	return nil
}

// Accept is the intake, unless the disk is full.
func (r *Road) Accept(ctx context.Context, raw []byte, env ingest.Envelope) (ingest.Receipt, error) {
	r.Mu.Lock()
	full := r.Full
	r.Mu.Unlock()
	if full {
		return ingest.Receipt{}, ingest.ErrFull
	}
	return r.Intake.Accept(ctx, raw, env)
}

// Judge is the judge.
func (r *Road) Judge(ctx context.Context, c *detect.Context) detect.Verdict {
	r.Mu.Lock()
	slow := r.Slow
	r.Mu.Unlock()
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

var treatments = map[detect.Treatment]ingest.Decision{
	detect.Junk:         {Action: "Junked", Location: "Junk folder", EmailAction: "Move message to junk mail folder"},
	detect.ToQuarantine: {Action: "Blocked", Location: "Quarantine", EmailAction: "Send to quarantine"},
	detect.Replace:      {Action: "Replaced", Location: "Inbox/folder", EmailAction: "Replace attachment"},
	detect.Reject:       {Action: "Blocked", Location: "Failed", EmailAction: "Reject message"},
	detect.Drop:         {Action: "Blocked", Location: "Dropped", EmailAction: "Delete message"},
}

func decideBySubject(_ detect.Verdict, c *detect.Context) []ingest.Decision {
	out := make([]ingest.Decision, len(c.Recipients))
	for i, r := range c.Recipients {
		out[i] = ingest.LateDelivered
		for word, d := range treatments {
			_, who, some := strings.Cut(c.Message.Subject, string(word)+" for ")
			if strings.Contains(c.Message.Subject, string(word)) && (!some || strings.HasPrefix(who, r)) {
				out[i] = d
			}
		}
	}
	return out
}

// New builds a road. The job queue is not started; more may be added to what the pipeline works with.
func New(t testing.TB, more func(*ingest.PipelineConfig, *casestore.Store)) *Road {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	r := &Road{Events: map[string]event.EmailEvent{}, Pending: map[string]event.PostDelivery{}}
	var err error
	if r.Blobs, err = blobstore.Open(ctx, dir+"/mail"); err != nil {
		t.Fatal(err)
	}
	if r.Ledger, err = casestore.Open(ctx, dir+"/cases.sqlite"); err != nil {
		t.Fatal(err)
	}
	r.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	cfg := ingest.PipelineConfig{Blobs: r.Blobs, Ledger: r.Ledger, Events: r, Judge: r, Decide: decideBySubject, Logger: r.Logger, Reports: r,
		Org: func() detect.Organisation { return detect.Organisation{Domains: []string{"rig.example"}} }}
	if more != nil {
		more(&cfg, r.Ledger)
	}
	r.Pipeline = ingest.NewPipeline(cfg)
	ws := river.NewWorkers()
	r.Pipeline.Register(ws)
	if r.Jobs, err = r.Ledger.Jobs(casestore.JobConfig{Workers: ws, Queues: map[string]river.QueueConfig{ingest.Queue: ingest.QueueConfig()}}); err != nil {
		t.Fatal(err)
	}
	r.Intake = ingest.NewIntake(r.Blobs, r.Ledger, r.Jobs, ingest.IntakeOptions{})
	t.Cleanup(func() {
		r.Intake.Close()
		if err := errors.Join(r.Pipeline.Close(), r.Ledger.Close(), r.Blobs.Close()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Start runs the job queue beside.
func (r *Road) Start(t testing.TB) {
	t.Helper()
	if err := r.Jobs.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Jobs.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// Set changes the road while it runs.
func (r *Road) Set(f func()) {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	f()
}

// Rows are the events by recipient, "action, location".
func (r *Road) Rows() map[string]string {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	out := map[string]string{}
	for _, e := range r.Events {
		out[e.RecipientEmailAddress] = e.DeliveryAction + ", " + e.DeliveryLocation
	}
	return out
}

// Settle waits until everything accepted is judged.
func (r *Road) Settle(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		p, err := r.Pipeline.Progress(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if p.Waiting == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d messages wait", p.Waiting)
		}
	}
}

// Simple is a short message whose subject says what is to be done with it.
func Simple(subject string) string {
	return "From: Bo <bo@partner.example>\r\nTo: ada@rig.example\r\nSubject: " + subject + "\r\nMessage-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@partner.example>\r\n\r\nHello.\r\n"
}

// WithFiles is one with attachments.
func WithFiles(subject string, names ...string) string {
	var b strings.Builder
	b.WriteString("From: bo@partner.example\r\nTo: ada@rig.example\r\nSubject: " + subject + "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"b1\"\r\n\r\nnot shown\r\n")
	b.WriteString("--b1\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n--b2\r\n\r\nHello.\r\n--b2\r\nContent-Type: text/html\r\n\r\n<p>Hello.</p>\r\n--b2--\r\n")
	for _, n := range names {
		b.WriteString("--b1\r\nContent-Type: application/octet-stream; name=\"" + n + "\"\r\nContent-Disposition: attachment; filename=\"" + n + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString([]byte("MZ the file "+n)) + "\r\n")
	}
	return b.String() + "--b1--\r\n"
}

// Mailbox reads a folder of the Maildir below home; "" is the inbox.
func Mailbox(home string, folder string) (out []string) {
	if folder != "" {
		folder = "." + folder
	}
	for _, sub := range []string{"new", "cur"} {
		files, _ := filepath.Glob(filepath.Join(home, "Maildir", folder, sub, "*"))
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil {
				out = append(out, strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n"))
			}
		}
	}
	return out
}

// Eventually waits for something, at most 30 s.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after 30 s: %s", what)
		}
	}
}
