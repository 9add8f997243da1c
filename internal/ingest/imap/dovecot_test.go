package imap

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tocsin/internal/event"
	"tocsin/internal/ingest/roadtest"
	"tocsin/internal/remediate/imap"
	"tocsin/test/rig"
)

// bed is a watcher over real mailboxes, with the road behind it.
type bed struct {
	*roadtest.Road
	rig     *rig.Rig
	watcher *Watcher
	stop    func()
}

func boxAt(i int) string { return fmt.Sprintf("p%d@rig.example", i) }

func start(t testing.TB, n int, o rig.Options, c Config) *bed {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Dovecot")
	}
	o.Mailboxes = map[string]string{}
	for i := range n {
		o.Mailboxes[boxAt(i)] = "own"
	}
	o.Master, o.MasterPassword = "soc", "master's"
	b := &bed{rig: rig.Start(t, o), Road: roadtest.New(t, nil)}
	b.Start(t)
	b.watch(t, n, c)
	return b
}

// watch starts a watcher; stop ends it.
func (b *bed) watch(t testing.TB, n int, c Config) {
	t.Helper()
	c.System, c.Logger = "Dovecot", b.Logger
	c.Mailboxes = func() (out []string) {
		for i := range n {
			out = append(out, boxAt(i))
		}
		return out
	}
	c.setDefaults()
	p, err := imap.New(imap.Options{Name: "Dovecot", Address: b.rig.IMAP, TLS: imap.TLSNone, User: "soc", Password: "master's", SignIns: 1000, Connections: c.Idle + c.Pollers, Timeout: 20 * time.Second, Pause: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	b.watcher = New(c, p, b, b.Ledger)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.watcher.Run(ctx) }()
	b.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(b.stop)
}

// deliver hands messages to Dovecot over LMTP.
func (b *bed) deliver(t testing.TB, to string, subjects ...string) {
	t.Helper()
	conn, err := net.Dial("tcp", b.rig.LMTP)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	for _, s := range subjects {
		if err := c.SendMail("bo@partner.example", []string{to}, strings.NewReader(roadtest.Simple(s))); err != nil {
			t.Fatal(err)
		}
	}
}

// rows are the events, by recipient and subject, with how many there are.
func (b *bed) rows() map[string]int {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	out := map[string]int{}
	for _, e := range b.Events {
		out[e.RecipientEmailAddress+" "+e.Subject]++
	}
	return out
}

func (b *bed) first() event.EmailEvent {
	b.Mu.Lock()
	defer b.Mu.Unlock()
	for _, e := range b.Events {
		return e
	}
	return event.EmailEvent{}
}

// await waits for n events, and looks that none is there twice.
func (b *bed) await(t testing.TB, n int) {
	t.Helper()
	roadtest.Eventually(t, fmt.Sprintf("%d events", n), func() bool { return len(b.rows()) >= n })
	b.Settle(t)
	for k, times := range b.rows() {
		if times != 1 {
			t.Errorf("%s: %d times", k, times)
		}
	}
	if got := len(b.rows()); got != n {
		t.Errorf("%d events, want %d: %v", got, n, b.rows())
	}
}

func (b *bed) ready(t testing.TB) {
	t.Helper()
	roadtest.Eventually(t, "every mailbox read", func() bool { s := b.watcher.Status(); return s.Oldest != nil && s.Unread == 0 })
}

// New mail is seen at once, nothing that was there before; and bad mail is to be taken out.
func TestIdle(t *testing.T) {
	b := start(t, 1, rig.Options{}, Config{Idle: 1})
	b.ready(t)
	began := time.Now()
	b.deliver(t, boxAt(0), "quarantine")
	roadtest.Eventually(t, "the event", func() bool { return len(b.rows()) == 1 })
	if took := time.Since(began); took > 5*time.Second { // a busy machine; some 100 ms otherwise
		t.Errorf("seen after %s", took)
	} else {
		t.Logf("seen, judged and stored after %s", took)
	}
	e := b.first()
	if e.RecipientEmailAddress != boxAt(0) || e.Connectors != "imap" || e.SenderMailFromAddress != "bo@partner.example" || e.DeliveryLocation != "Inbox/folder" || e.DeliveryAction != "Delivered" {
		t.Errorf("%+v", e)
	}
	b.Mu.Lock()
	defer b.Mu.Unlock()
	if len(b.Pending) != 1 {
		t.Errorf("%d copies are to be taken out", len(b.Pending))
	}
}

// A restart of the watcher, of Dovecot, and of both, with mail coming all the time: no gap and no double.
func TestRestarts(t *testing.T) {
	c := Config{Idle: 2, Pollers: 2, Poll: 200 * time.Millisecond, Pause: 50 * time.Millisecond, Folders: []string{"INBOX", "Junk"}}
	b := start(t, 4, rig.Options{}, c)
	b.ready(t)
	n := 0
	round := func() {
		t.Helper()
		for i := range 4 {
			b.deliver(t, boxAt(i), fmt.Sprint("mail ", n))
			n++
		}
	}
	round()
	b.await(t, 4)
	b.stop()
	round() // while nobody watches
	b.watch(t, 4, c)
	b.await(t, 8)
	b.rig.StopDovecot()
	roadtest.Eventually(t, "the trouble to show", func() bool { return len(b.watcher.Status().Errors) == 4 })
	b.rig.StartDovecot()
	round()
	b.await(t, 12)
	roadtest.Eventually(t, "the end of the trouble", func() bool { s := b.watcher.Status(); return s.Unread == 0 && s.Behind == 0 })

	// What moves to a watched folder is known, and so is all of a folder that is numbered anew.
	b.rig.Doveadm("move", "-u", boxAt(0), "Junk", "mailbox", "INBOX", "ALL")
	b.rig.Doveadm("mailbox", "update", "--uid-validity", "4711", "-u", boxAt(1), "INBOX")
	round()
	b.await(t, 16)
	// A lost note of how far it is costs reading again, and nothing else.
	b.stop()
	if _, err := b.Ledger.Writer().Exec(`UPDATE watched_folders SET last = 0`); err != nil {
		t.Fatal(err)
	}
	b.watch(t, 4, c)
	b.ready(t)
	round()
	b.await(t, 20)
	if s := b.watcher.Status(); s.Known == 0 {
		t.Errorf("%+v: nothing was read again", s)
	}
}

// A large folder is read from the day that was asked for on, and what is not there holds nothing up.
func TestFirstLook(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Dovecot")
	}
	b := &bed{rig: rig.Start(t, rig.Options{Mailboxes: map[string]string{boxAt(0): "own"}, Master: "soc", MasterPassword: "master's"}), Road: roadtest.New(t, nil)}
	b.Start(t)
	old := time.Now().Add(-40 * 24 * time.Hour)
	for i := range 300 {
		at := old
		if i%100 == 99 {
			at = time.Now().Add(-2 * 24 * time.Hour)
		}
		b.append(t, boxAt(0), fmt.Sprint("old ", i), at)
	}
	b.watch(t, 1, Config{Since: 3 * 24 * time.Hour, Poll: 100 * time.Millisecond, Folders: []string{"INBOX", "Nowhere"}})
	b.await(t, 3)
	b.deliver(t, boxAt(0), "new")
	b.await(t, 4)
	if s := b.watcher.Status(); len(s.Errors) != 1 || !strings.Contains(s.Errors[0].Text, "Nowhere") {
		t.Errorf("%+v", s)
	}
}

// Without IDLE mailboxes are looked at in turn.
func TestWithoutIdle(t *testing.T) {
	b := start(t, 3, rig.Options{Capabilities: "IMAP4rev1 LITERAL+ UIDPLUS"}, Config{Idle: 3, Pollers: 1, Poll: 100 * time.Millisecond})
	b.ready(t)
	roadtest.Eventually(t, "turns", func() bool { return b.watcher.Status().Listening == 0 })
	for i := range 3 {
		b.deliver(t, boxAt(i), "turn")
	}
	b.await(t, 3)
}

// 200 messages over 20 mailboxes, of which 5 are listened to.
func TestRate(t *testing.T) {
	b := start(t, 20, rig.Options{}, Config{Idle: 5, Pollers: 4, Poll: 500 * time.Millisecond})
	b.ready(t)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			var subjects []string
			for k := range 10 {
				subjects = append(subjects, fmt.Sprint("rate ", k))
			}
			b.deliver(t, boxAt(i), subjects...)
		})
	}
	wg.Wait()
	delivered := time.Since(began)
	b.await(t, 200)
	t.Logf("200 messages delivered in %s; all seen, judged and stored after %s: %.0f a second", delivered.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), 200/time.Since(began).Seconds())
}

// append puts a message into the inbox with a time of arrival.
func (b *bed) append(t testing.TB, to, subject string, at time.Time) {
	t.Helper()
	p, err := imap.New(imap.Options{Name: "Dovecot", Address: b.rig.IMAP, TLS: imap.TLSNone, User: "soc", Password: "master's", SignIns: 1000})
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Open(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	if _, err := m.Append(t.Context(), []byte(roadtest.Simple(subject)), "Inbox/folder", "", nil, at); err != nil {
		t.Fatal(err)
	}
}
