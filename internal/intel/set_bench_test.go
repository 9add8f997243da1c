package intel

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// millions is how many indicators the figures of docs/design/indicators.md are for.
const millions = 5_000_000

// made is an indicator of a made-up list: half URLs, a quarter domains, and addresses, files and senders.
func made(i int) Indicator {
	in := Indicator{Source: "bench", Threat: fmt.Sprintf("family %d", i%400), Confidence: uint8(i % 100), Expires: time.Unix(2_000_000_000+int64(i), 0)}
	switch i % 8 {
	case 0, 1, 2, 3:
		in.Kind, in.Value = URL, fmt.Sprintf("http://host-%d.some-longer-name.test/wp-content/%x/index.php", i, i*7919)
	case 4, 5:
		in.Kind, in.Value = Domain, fmt.Sprintf("host-%d.some-longer-name.test", i)
	case 6:
		in.Kind, in.Value = Hash, fmt.Sprintf("%064x", i)
	default:
		in.Kind, in.Value = IP, netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)}).String()
	}
	return in
}

var large = sync.OnceValues(func() (*Indicators, time.Duration) {
	started := time.Now()
	x := NewIndicators()
	x.Reserve(millions)
	for i := range millions {
		if err := x.Add(made(i)); err != nil {
			panic(err)
		}
	}
	return x, time.Since(started)
})

// BenchmarkFiveMillion asks a set of five million: what is in it, what is not, and the host of a link with its parents.
func BenchmarkFiveMillion(b *testing.B) {
	x, took := large()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	now := time.Unix(1_900_000_000, 0)
	// The processor's own time: others may be at work on the machine.
	spent := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	var began time.Duration
	report := func(b *testing.B) {
		b.ReportMetric(float64(spent()-began)/float64(b.N), "cpu-ns/op")
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB")
		b.ReportMetric(took.Seconds(), "s/fill")
	}
	hosts, urls := make([]string, 1<<14), make([]string, 1<<14)
	for i := range hosts {
		hosts[i], urls[i] = fmt.Sprintf("host-%d.some-longer-name.test", i*601), fmt.Sprintf("https://host-%d.some-longer-name.test/wp-content/%x/index.php?u=%d", i*601, i*601*7919, i)
	}
	b.Run("host", func(b *testing.B) {
		began = spent()
		for i := 0; b.Loop(); i++ {
			x.FindHost(hosts[i&(1<<14-1)], now)
		}
		report(b)
	})
	b.Run("host-unknown", func(b *testing.B) {
		began = spent()
		for b.Loop() {
			x.FindHost("www.harbour-office.example", now)
		}
		report(b)
	})
	b.Run("url", func(b *testing.B) {
		began = spent()
		for i := 0; b.Loop(); i++ {
			x.FindURL(urls[i&(1<<14-1)], now)
		}
		report(b)
	})
	b.Run("ip", func(b *testing.B) {
		a := netip.MustParseAddr("203.0.113.9")
		began = spent()
		for b.Loop() {
			x.FindIP(a, now)
		}
		report(b)
	})
	b.Run("clone", func(b *testing.B) {
		began = spent()
		for b.Loop() {
			x.Clone()
		}
	})
}
