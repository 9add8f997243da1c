package lmtp

import (
	"fmt"
	"net"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/ingest/roadtest"
	"tocsin/test/rig"
)

// free is a loopback address that nobody listens on.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestPostfix(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Postfix and Dovecot")
	}
	address := free(t)
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{ada: "1", bea: "2", cy: "3", dan: "4"}, Postfix: true, DeliverTo: address, Recipients: 50, JunkHeader: "X-Spam-Flag: YES"})
	b := buildAt(t, address, Config{Next: r.LMTP})
	b.Start(t)
	in := func(who, folder, subject string) string {
		for _, m := range roadtest.Mailbox(r.Home(who), folder) {
			if strings.Contains(m, "Subject: "+subject) {
				return m
			}
		}
		return ""
	}
	send := func(raw string, to ...string) {
		t.Helper()
		if err := r.Send("bo@partner.example", to, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	send(roadtest.Simple("first junk for "+bea+" quarantine for "+cy+" reject for "+dan), ada, bea, cy, dan)
	send(roadtest.WithFiles("replace for "+ada, "note.txt", "invoice.exe"), ada, bea)
	roadtest.Eventually(t, "ada's mail", func() bool { return in(ada, "", "first") != "" && in(ada, "", "replace") != "" })
	roadtest.Eventually(t, "bea's junk", func() bool { return in(bea, "Junk", "first") != "" && in(bea, "", "replace") != "" })
	if m := in(ada, "", "first"); !strings.Contains(m, "X-Tocsin-Verdict: none; score=0; id=") {
		t.Errorf("no verdict:\n%s", m)
	}
	if m := in(ada, "", "replace"); !strings.Contains(m, "File: invoice.exe") || strings.Contains(m, `filename="invoice.exe"`) {
		t.Errorf("not replaced:\n%s", m)
	}
	roadtest.Eventually(t, "an empty queue", func() bool { return strings.TrimSpace(r.Queue()) == "" })
	if len(roadtest.Mailbox(r.Home(cy), ""))+len(roadtest.Mailbox(r.Home(dan), "")) != 0 {
		t.Error("held or refused mail was delivered")
	}
	b.Settle(t)
	for _, e := range b.Events {
		if e.SenderIPv4 != "127.0.0.1" && e.SenderIPv4 != "" {
			t.Errorf("the client is %s", e.SenderIPv4)
		}
	}

	// Without the mailbox server mail waits in Postfix's queue.
	r.StopDovecot()
	send(roadtest.Simple("while away"), ada)
	roadtest.Eventually(t, "the mail in the queue", func() bool { return strings.Contains(r.Queue(), "4.4.1") })
	r.StartDovecot()
	roadtest.Eventually(t, "the mail", func() bool { return in(ada, "", "while away") != "" })
	if n := len(roadtest.Mailbox(r.Home(ada), "")); n != 3 {
		t.Errorf("ada has %d mails, want 3", n)
	}
}

// BenchmarkDovecot delivers b.N messages over 50 LMTP connections to Dovecot, directly and through the proxy, and reports how long the answer
// to a message took. 5,000 messages: -bench Dovecot -benchtime 5000x.
func BenchmarkDovecot(b *testing.B) {
	for _, c := range []struct {
		connections int
		proxy       bool
	}{{1, false}, {1, true}, {50, false}, {50, true}} {
		b.Run(fmt.Sprintf("connections=%d/proxy=%v", c.connections, c.proxy), func(b *testing.B) {
			boxes := map[string]string{}
			for i := range 50 {
				boxes[fmt.Sprintf("p%d@rig.example", i)] = "x"
			}
			r := rig.Start(b, rig.Options{Mailboxes: boxes})
			bed := &bed{address: r.LMTP}
			if c.proxy {
				bed = build(b, Config{Next: r.LMTP})
				bed.Start(b)
			}
			work := make(chan int)
			waited := make(chan time.Duration, b.N)
			var wg sync.WaitGroup
			for k := range c.connections {
				x := bed.dial(b)
				wg.Go(func() {
					for i := range work {
						start := time.Now()
						got := x.send(roadtest.Simple(fmt.Sprint("mail ", i))+strings.Repeat("A line of text in a letter.\r\n", 200), fmt.Sprintf("p%d@rig.example", k%50))
						if got[0][:3] != "250" {
							b.Error(got)
						}
						waited <- time.Since(start)
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				work <- i
			}
			close(work)
			wg.Wait()
			b.StopTimer()
			close(waited)
			var all []time.Duration
			for d := range waited {
				all = append(all, d)
			}
			sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
			b.ReportMetric(float64(all[len(all)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Milliseconds()), "p99-ms")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
		})
	}
}
