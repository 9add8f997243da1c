package indicatorstore_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"tocsin/internal/indicator"
	"tocsin/internal/indicatorstore"
	"tocsin/internal/intel"
)

// feed is a made-up list of n.
func feed(n int) iter.Seq2[indicator.Indicator, error] {
	return func(yield func(indicator.Indicator, error) bool) {
		for i := range n {
			in := indicator.Indicator{Threat: fmt.Sprintf("family %d", i%400), Confidence: i % 100, TLP: indicator.Green, ValidFrom: start, ValidUntil: start.AddDate(1, 0, 0).Add(time.Duration(i) * time.Second)}
			switch i % 8 {
			case 0, 1, 2, 3:
				in.Kind, in.Value = intel.URL, fmt.Sprintf("https://host-%d.some-longer-name.test/wp-content/%x/index.php", i, i*7919)
			case 4, 5:
				in.Kind, in.Value = intel.Domain, fmt.Sprintf("host-%d.some-longer-name.test", i)
			case 6:
				in.Kind, in.Value = intel.Hash, fmt.Sprintf("%064x", i)
			default:
				in.Kind, in.Value = intel.Sender, fmt.Sprintf("sender-%d@host-%d.test", i, i%5000)
			}
			if !yield(in, nil) {
				return
			}
		}
	}
}

// BenchmarkTake takes a feed in, takes it in again, and reads it at a start. TOCSIN_INDICATORS says how many; default 100,000.
func BenchmarkTake(b *testing.B) {
	n := 100_000
	if s := os.Getenv("TOCSIN_INDICATORS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "indicators.sqlite")
		s, err := indicatorstore.Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		d, err := indicator.Open(b.Context(), s, indicator.Options{Now: func() time.Time { return start }})
		if err != nil {
			b.Fatal(err)
		}
		step := func(name string, f func() error) {
			began := time.Now()
			if err := f(); err != nil {
				b.Fatal(name, err)
			}
			b.ReportMetric(time.Since(began).Seconds(), "s/"+name)
		}
		step("first", func() error { _, err := d.Take(b.Context(), "bench", true, feed(n)); return err })
		step("again", func() error { _, err := d.Take(b.Context(), "bench", true, feed(n)); return err })
		step("load", func() error { return d.Load(b.Context()) })
		step("one", func() error {
			_, _, err := d.Add(b.Context(), indicator.Who{Name: "x"}, "", []indicator.Indicator{{Value: "one.test"}})
			return err
		})
		step("list", func() error {
			_, _, err := d.List(b.Context(), indicator.Filter{Text: "host-77"}, 0, 50)
			return err
		})
		step("sources", func() error { _, err := d.Sources(b.Context()); return err })
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size())/1e6, "MB-file")
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
