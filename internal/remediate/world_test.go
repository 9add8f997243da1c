package remediate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/casestore"
	"tocsin/internal/event"
	"tocsin/internal/remediate"
	"tocsin/internal/remediate/providertest"
)

var began = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// openStore opens a real case store. What it commits survives a crash of a worker; that it survives one of the machine is not its test here.
func openStore(t testing.TB) *casestore.Store {
	t.Helper()
	s, err := casestore.Open(t.Context(), t.TempDir()+"/cases.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Writer().Exec(`PRAGMA synchronous = OFF`); err != nil {
		t.Fatal(err)
	}
	return s
}

// world is all that a worker sees. Stores and mail system forget nothing when a worker dies.
type world struct {
	t     testing.TB
	store *casestore.Remediation
	mail  *providertest.Memory
	raw   map[string][]byte // mail as it came in
	vault map[string][]byte
	rows  map[string]event.PostDelivery // by ReportId and time
	place map[string]remediate.Place    // by message and recipient
	now   time.Time
	wants []remediate.Pending

	tick func(at string) // dies, or does not
}

func newWorld(t testing.TB, s *casestore.Store) *world {
	w := &world{
		t: t, store: s.Remediation(), mail: providertest.NewMemory(), raw: map[string][]byte{}, vault: map[string][]byte{},
		rows: map[string]event.PostDelivery{}, place: map[string]remediate.Place{}, now: began.Add(time.Hour), tick: func(string) {},
	}
	w.mail.Before = func(_ context.Context, op providertest.Op, _ string) error {
		w.tick("before " + string(op))
		return nil
	}
	w.mail.After = func(_ context.Context, op providertest.Op, _ string) error { w.tick("after " + string(op)); return nil }
	return w
}

func (w *world) worker() *remediate.Worker {
	return &remediate.Worker{
		Store: dying{w.store, w}, Events: w, Vault: dyingVault{w}, Mail: cameIn{w}, Now: func() time.Time { return w.now },
		Provider: func(mailbox string) remediate.Provider {
			if strings.HasSuffix(mailbox, "@nowhere.example") {
				return nil
			}
			return w.mail
		},
	}
}

func (w *world) planner() *remediate.Planner {
	return &remediate.Planner{
		Store: w.store, Mailboxes: people{}, Now: func() time.Time { return w.now },
		Has: func(_ context.Context, sum string) (bool, error) { return w.raw[sum] != nil, nil },
		Approvals: func() (remediate.ApprovalPolicy, int64) {
			return remediate.ApprovalPolicy{Rules: []remediate.ApprovalRule{{Name: "all"}}}, 0
		},
	}
}

type people struct{}

func (people) Mailbox(a string) string {
	return strings.Replace(a, "alias+", "", 1)
}
func (people) Priority(a string) bool { return strings.HasPrefix(a, "boss") }
func (people) Reached(a string) bool  { return !strings.HasSuffix(a, "@nowhere.example") }

// dying is the store of a process that dies before or after any of its calls.
type dying struct {
	remediate.Store
	w *world
}

func (d dying) around(at string, f func() error) error {
	d.w.tick("before " + at)
	err := f()
	d.w.tick("after " + at)
	return err
}

func (d dying) Action(ctx context.Context, id string) (a remediate.Action, err error) {
	err = d.around("action", func() error { a, err = d.Store.Action(ctx, id); return err })
	return a, err
}

func (d dying) Begin(ctx context.Context, id string, now time.Time) error {
	return d.around("begin", func() error { return d.Store.Begin(ctx, id, now) })
}

func (d dying) Intend(ctx context.Context, t remediate.Target) error {
	return d.around("intend", func() error { return d.Store.Intend(ctx, t) })
}

func (d dying) Later(ctx context.Context, t []remediate.Target) error {
	return d.around("later", func() error { return d.Store.Later(ctx, t) })
}

func (d dying) Finish(ctx context.Context, t remediate.Target) error {
	return d.around("finish", func() error { return d.Store.Finish(ctx, t) })
}

func (d dying) Told(ctx context.Context, id, mailbox string, seqs []int, now, check time.Time) error {
	return d.around("told", func() error { return d.Store.Told(ctx, id, mailbox, seqs, now, check) })
}

func (d dying) Drop(ctx context.Context, mailbox, message string, forget func(string) error) error {
	return d.around("drop", func() error { return d.Store.Drop(ctx, mailbox, message, forget) })
}

func (d dying) SaveCheck(ctx context.Context, t remediate.Target, drifted bool) error {
	return d.around("save check", func() error { return d.Store.SaveCheck(ctx, t, drifted) })
}

func (d dying) Checked(ctx context.Context, x remediate.Due, next time.Time) error {
	return d.around("checked", func() error { return d.Store.Checked(ctx, x, next) })
}

type dyingVault struct{ w *world }

func (v dyingVault) Put(_ context.Context, sum string, raw []byte) error {
	v.w.tick("before put")
	v.w.vault[sum] = slices.Clone(raw)
	v.w.tick("after put")
	return nil
}

func (v dyingVault) Get(_ context.Context, sum string) ([]byte, error) {
	if v.w.vault[sum] == nil {
		return nil, remediate.ErrNoBytes
	}
	return v.w.vault[sum], nil
}

func (v dyingVault) Forget(_ context.Context, sum string) error {
	v.w.tick("before forget")
	delete(v.w.vault, sum)
	v.w.tick("after forget")
	return nil
}

type cameIn struct{ w *world }

func (c cameIn) Get(_ context.Context, sum string) ([]byte, error) {
	if c.w.raw[sum] == nil {
		return nil, remediate.ErrNoBytes
	}
	return c.w.raw[sum], nil
}

func (w *world) Note(_ context.Context, list []remediate.Noted) error {
	w.tick("before rows")
	for _, n := range list {
		w.rows[n.Row.ReportId+" "+n.Row.Timestamp.Format(time.RFC3339Nano)] = n.Row
	}
	w.tick("between rows and events")
	for _, n := range list {
		if n.Location != "" {
			w.place[n.Row.NetworkMessageId+" "+n.Row.RecipientEmailAddress] = n.Location
		}
	}
	w.tick("after events")
	return nil
}

func (w *world) Pending(context.Context, time.Time, int) ([]remediate.Pending, error) {
	return w.wants, nil
}

// letter is a message as it lies in mailboxes.
func letter(id, subject, body string) []byte {
	return []byte("Received: by mx.own.example\r\nFrom: mallory@partner.example\r\nTo: all@own.example\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + "@partner.example>\r\n\r\n" + body + "\r\n")
}

// take makes a message that came in; copies in mailboxes have other trace fields.
func (w *world) take(id, subject, body string) remediate.Event {
	raw := letter(id, subject, body)[len("Received: by mx.own.example\r\n"):]
	w.raw[sum(raw)] = raw
	return remediate.Event{
		NetworkMessageID: uuid.Must(uuid.NewV7()).String(), InternetMessageID: "<" + id + "@partner.example>", RawSHA256: sum(raw), Date: began, Subject: subject,
		SenderFrom: "mallory@partner.example", Direction: "Inbound", Place: remediate.Inbox,
	}
}

func (w *world) of(e remediate.Event, recipient string) remediate.Event {
	e.Recipient = recipient
	if p, moved := w.place[e.NetworkMessageID+" "+recipient]; moved {
		e.Place = p
	}
	return e
}

// start makes an action about events.
func (w *world) start(kind remediate.Kind, events ...remediate.Event) remediate.Action {
	w.t.Helper()
	a, err := w.planner().Start(w.t.Context(), remediate.Ask{Kind: kind, Reason: "a test", By: "ann@own.example", ByID: "ann", Events: events})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) undo(a remediate.Action) remediate.Action {
	w.t.Helper()
	u, err := w.planner().Undo(w.t.Context(), a.ID, "a mistake", "ann@own.example", "ann")
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// errDied is what a crash looks like from outside.
var errDied = errors.New("died")

// work goes on with an action until it is over, or dies.
func (w *world) work(id string) (err error) {
	w.t.Helper()
	defer func() {
		if p := recover(); p == errDied {
			err = errDied
		} else if p != nil {
			panic(p)
		}
	}()
	worker := w.worker()
	for _, box := range w.boxes(id) {
		for n := 0; ; n++ {
			turn, err := worker.Work(w.t.Context(), id, box)
			if err != nil {
				return err
			}
			if turn.Over {
				break
			}
			if n > 100 {
				w.t.Fatalf("%s is never over", box)
			}
			w.now = w.now.Add(turn.Wait)
		}
	}
	return nil
}

func (w *world) boxes(id string) (out []string) {
	list, err := w.store.Targets(w.t.Context(), remediate.TargetFilter{Action: id, After: -1})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, t := range list {
		if !slices.Contains(out, t.Mailbox) {
			out = append(out, t.Mailbox)
		}
	}
	return out
}

func (w *world) action(id string) remediate.Action {
	w.t.Helper()
	a, err := w.store.Action(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) targets(id string) []remediate.Target {
	w.t.Helper()
	list, err := w.store.Targets(w.t.Context(), remediate.TargetFilter{Action: id, After: -1})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// box is what lies in a mailbox, in one order.
func (w *world) box(address string) (out []string) {
	for _, h := range w.mail.Look(address) {
		out = append(out, fmt.Sprintf("%s %v %s %s", h.Folder, h.Flags, h.Received.Format(time.RFC3339), sum(h.Raw)[:8]))
	}
	slices.Sort(out)
	return out
}

// state is everything that an action left, without what differs between runs: ids and times.
func (w *world) state(actions []string, boxes ...string) string {
	w.t.Helper()
	var b strings.Builder
	for _, id := range actions {
		a := w.action(id)
		fmt.Fprintf(&b, "%s: %s %+v undone %v\n", a.Kind, a.State, a.Counts, a.Undone != "")
		for _, t := range w.targets(id) {
			fmt.Fprintf(&b, "  %s %s: %s %q told %v, %d intents, drifted %v", short(t.Mailbox), t.Message.Subject, t.Outcome, t.Error, t.Told, len(t.Intents), t.Drifted())
			if r := t.Receipt; r != nil {
				fmt.Fprintf(&b, " %s, %s to %s:", r.Provider, r.From, r.To)
				for _, s := range r.Steps {
					fmt.Fprintf(&b, " [%v from %v %.8s to %v %v %.8s held %.8s did %v]", s, s.From.Flags, s.From.SHA256, s.To.Flags, s.To.Received.Unix(), s.To.SHA256, s.Held, s.Did)
				}
				for _, c := range r.Checks {
					fmt.Fprintf(&b, " check %s %v %s", c.After, c.Holds, c.Where)
				}
			}
			b.WriteByte('\n')
		}
	}
	for _, x := range boxes {
		fmt.Fprintf(&b, "%s: %q\n", short(x), w.box(x))
	}
	var lines []string
	for _, r := range w.rows {
		var x event.Acted
		if err := json.Unmarshal([]byte(r.AdditionalFields), &x); err != nil {
			w.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("row %s %s: %s / %s / %s, %s to %s, %s %d copies from %s to %s held %v", short(r.RecipientEmailAddress), r.InternetMessageId, r.ActionType, r.Action, r.ActionResult,
			r.SourceLocation, r.DeliveryLocation, x.Outcome, x.Copies, x.From, x.To, x.Held))
	}
	for k, p := range w.place {
		_, rcpt, _ := strings.Cut(k, " ")
		lines = append(lines, "event of "+short(rcpt)+" is in "+string(p))
	}
	for s := range w.vault {
		lines = append(lines, "held "+s[:8])
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, "\n"))
	return ownDomain.ReplaceAllString(b.String(), "")
}

// ownDomain is that of the mailboxes of one scene.
var ownDomain = regexp.MustCompile(`@m[0-9]+\.example`)

func short(address string) string { s, _, _ := strings.Cut(address, "@"); return s }
