package crash

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/internal/demo"
	"tocsin/test/rig"
)

// BenchmarkPostfix is how long a client waits for Postfix's answer to a message, with the whole product as its milter and without: b.N of the demo's
// messages, over one connection and over 50, a new one for each message. -bench Postfix -benchtime 5000x gives the figures of
// docs/design/ingest.md.
func BenchmarkPostfix(b *testing.B) {
	for _, connections := range []int{1, 50} {
		for _, with := range []bool{false, true} {
			b.Run(fmt.Sprintf("connections=%d/milter=%v", connections, with), func(b *testing.B) {
				box := "ada@" + demo.Domain
				o := rig.Options{Mailboxes: map[string]string{box: "one"}, Postfix: true}
				if with {
					b.Setenv("TOCSIN_POLICY_MODE", "act")
					s := &server{data: filepath.Join(b.TempDir(), "data"), http: freePort(b), milter: freePort(b)}
					s.start(b)
					defer s.stop(b)
					o.Milter = s.milter
				}
				r := rig.Start(b, o)
				all := mail(b, b.N)
				work := make(chan demo.Mail, len(all))
				for _, m := range all {
					work <- m
				}
				close(work)
				var mu sync.Mutex
				var waited []time.Duration
				var wg sync.WaitGroup
				b.ResetTimer()
				for range connections {
					wg.Go(func() {
						for m := range work {
							start := time.Now()
							_ = r.Send("bo@partner.example", []string{box}, m.Raw) // the policy refuses some
							mu.Lock()
							waited = append(waited, time.Since(start))
							mu.Unlock()
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				slices.Sort(waited)
				b.ReportMetric(float64(waited[len(waited)/2].Milliseconds()), "p50-ms")
				b.ReportMetric(float64(waited[len(waited)*99/100].Milliseconds()), "p99-ms")
				b.ReportMetric(float64(len(waited))/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}
