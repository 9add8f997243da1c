package email

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHops reads testdata/hops: "Received: VALUE" and below it the fields that must come out of it; fields not listed must be empty.
func TestHops(t *testing.T) {
	files, err := filepath.Glob("testdata/hops/*.txt")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %d files of hops (%v), want at least 4", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(data), "\n\n") {
			var value string
			want := map[string]string{}
			for line := range strings.Lines(block) {
				line = strings.TrimRight(line, "\n")
				if v, ok := strings.CutPrefix(line, "Received:"); ok {
					value = strings.TrimSpace(v)
				} else if k, v, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
					want[k] = v
				}
			}
			t.Run(fmt.Sprintf("%s/%d", strings.TrimSuffix(filepath.Base(file), ".txt"), i), func(t *testing.T) {
				h := parseHop(value)
				got := map[string]string{"from": h.From, "name": h.FromName, "by": h.By, "with": h.With, "tls": h.TLS, "id": h.ID, "for": h.For}
				if h.FromIP.IsValid() {
					got["ip"] = h.FromIP.String()
				}
				if !h.Time.IsZero() {
					got["time"] = h.Time.Truncate(time.Second).Format(time.RFC3339)
				}
				for _, k := range []string{"from", "name", "ip", "by", "with", "tls", "id", "for", "time"} {
					if got[k] != want[k] {
						t.Errorf("%s = %q, want %q\n%s", k, got[k], want[k], value)
					}
				}
				if h.Raw != value {
					t.Errorf("Raw = %q, want the value as it stood", h.Raw)
				}
			})
		}
	}
}

func TestLinkDelays(t *testing.T) {
	at := func(sec int) time.Time { return time.Date(2026, 1, 2, 3, 4, sec, 0, time.UTC) }
	hops := []Hop{{Time: at(30)}, {}, {Time: at(10)}, {Time: at(12)}, {Time: at(5)}}
	linkDelays(hops)
	want := []time.Duration{20 * time.Second, 0, -2 * time.Second, 7 * time.Second, 0}
	for i, w := range want {
		if hops[i].Delay != w {
			t.Errorf("hop %d: Delay = %v, want %v", i, hops[i].Delay, w)
		}
	}
}
