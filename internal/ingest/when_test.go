package ingest

import (
	"testing"
	"time"
)

func TestHeaderTime(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	file := time.Date(2025, 5, 5, 5, 5, 5, 0, time.UTC)
	at := func(y, mo, d, h, mi, s int) time.Time { return time.Date(y, time.Month(mo), d, h, mi, s, 0, time.UTC) }
	for name, c := range map[string]struct {
		raw  string
		file time.Time
		want time.Time
	}{
		"topmost Received":                         {"Received: by a; Thu, 1 Jan 2026 10:00:00 +0100\nReceived: by b; Thu, 1 Jan 2026 08:00:00 +0000\nDate: Wed, 31 Dec 2025 00:00:00 +0000\n\n", file, at(2026, 1, 1, 9, 0, 0)},
		"folded, comment":                          {"Received: from x (y (nested;) z)\r\n\tby mx; Thu,\r\n 1 Jan 2026 10:00:00 +0000 (GMT; really)\r\n\r\n", file, at(2026, 1, 1, 10, 0, 0)},
		"second Received when the first is broken": {"Received: by a; yesterday\nReceived: by b; Thu, 1 Jan 2026 08:00:00 GMT\n\n", file, at(2026, 1, 1, 8, 0, 0)},
		"Received without date":                    {"Received: 1 Jan 2026 08:00:00 +0000\nDate: Fri, 2 Jan 2026 08:00:00 +0000\n\n", file, at(2026, 1, 2, 8, 0, 0)},
		"Date when Received is in the future":      {"Received: by a; Thu, 1 Jan 2037 10:00:00 +0000\nDate: Fri, 2 Jan 2026 08:00:00 +0000\n\n", file, at(2026, 1, 2, 8, 0, 0)},
		"file when Date is ancient":                {"Date: Thu, 1 Jan 1970 00:00:00 +0000\n\n", file, file},
		"now when the file is from the future":     {"Date: never\n\n", at(2030, 1, 1, 0, 0, 0), now},
		"now without anything":                     {"", time.Time{}, now},
		"not in the body":                          {"Subject: x\n\nDate: Fri, 2 Jan 2026 08:00:00 +0000\n", file, file},
		"after an mbox line":                       {"From x@y Thu Jan  1 00:00:00 2026\nDate: Fri, 2 Jan 2026 08:00:00 +0000\n\n", file, at(2026, 1, 2, 8, 0, 0)},
		"two-digit year":                           {"Date: 3 Apr 98 10:11:12 +0200\n\n", file, at(1998, 4, 3, 8, 11, 12)},
		"wrong day name":                           {"Date: Xyz, 2 Jan 2026 08:00:00 +0000\n\n", file, at(2026, 1, 2, 8, 0, 0)},
		"asctime":                                  {"Date: Fri Jan  2 08:00:00 2026\n\n", file, at(2026, 1, 2, 8, 0, 0)},
		"ISO":                                      {"Date: 2026-01-02T08:00:00Z\n\n", file, at(2026, 1, 2, 8, 0, 0)},
	} {
		if got := headerTime([]byte(c.raw), c.file, now); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func FuzzHeaderTime(f *testing.F) {
	f.Add([]byte("Received: by a; Thu, 1 Jan 2026 10:00:00 +0100\r\n\tx\r\nDate: (((\r\n\r\n"))
	f.Add([]byte("From x\n:\n \n"))
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := headerTime(raw, time.Time{}, now)
		if got.Before(earliest) || got.After(now) {
			t.Fatalf("time %v from %q", got, raw)
		}
		if again := headerTime(raw, time.Time{}, now); !again.Equal(got) {
			t.Fatal("not a function of its input")
		}
	})
}
