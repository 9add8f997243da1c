package smtp

import (
	"context"
	"fmt"
	netsmtp "net/smtp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tocsin/internal/ingest"
)

// nowhere takes everything and keeps nothing: what is left is the protocol.
type nowhere struct{}

func (nowhere) Accept(context.Context, []byte, ingest.Envelope) (ingest.Receipt, error) {
	return ingest.Receipt{}, nil
}

// BenchmarkAccept is twenty clients that send one message after the other, each waiting for its 250: into real stores,
// and into nothing.
func BenchmarkAccept(b *testing.B) {
	for _, size := range []int{1 << 10, 50 << 10} {
		padding := strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", size/78)
		for _, real := range []bool{true, false} {
			b.Run(fmt.Sprintf("%dKB/stores=%v", size>>10, real), func(b *testing.B) {
				var in Accepter = nowhere{}
				if real {
					in = build(b, b.TempDir()).intake
				}
				_, addr := start(b, Config{}, in)
				const clients = 20
				var (
					next atomic.Int64
					wg   sync.WaitGroup
				)
				b.ReportAllocs()
				b.ResetTimer()
				for range clients {
					wg.Go(func() {
						c, err := netsmtp.Dial(addr)
						if err != nil {
							b.Error(err)
							return
						}
						defer c.Close()
						for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
							if err := sendOver(c, "a@sender.test", []string{"alice@example.test"}, append(letter(int(i)), padding...)); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
			})
		}
	}
}
