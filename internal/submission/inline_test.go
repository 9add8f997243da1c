package submission

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestReadInline reads what mail programs quote; testdata/inline.txt says how it is written.
func TestReadInline(t *testing.T) {
	raw, err := os.ReadFile("testdata/inline.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(raw), "\n=== ")[1:]
	if len(cases) < 20 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		name, rest, _ := strings.Cut(c, "\n")
		head, text, _ := strings.Cut(rest, "\n\n")
		t.Run(name, func(t *testing.T) {
			q, ok := ReadInline(text)
			for line := range strings.SplitSeq(head, "\n") {
				k, want, _ := strings.Cut(line, ": ")
				if strings.TrimSuffix(k, ":") == "none" {
					if ok {
						t.Fatalf("found %+v", q)
					}
					return
				}
				if !ok {
					t.Fatal("found nothing")
				}
				date := "-"
				if !q.Date.IsZero() {
					date = q.Date.UTC().Format(time.RFC3339)
				}
				have := map[string]string{"from": q.From, "name": q.FromName, "subject": q.Subject, "date": date, "above": q.Above}[strings.TrimSuffix(k, ":")]
				if have != strings.TrimSpace(want) {
					t.Errorf("%s is %q, want %q", k, have, want)
				}
			}
			// The line ends of mail must not matter.
			if again, ok2 := ReadInline(strings.ReplaceAll(text, "\n", "\r\n")); ok2 != ok || again.Subject != q.Subject || again.From != q.From {
				t.Errorf("with CRLF: %+v", again)
			}
		})
	}
}

// FuzzReadInline: whatever a text holds, reading ends soon, and what it returns is bounded.
func FuzzReadInline(f *testing.F) {
	raw, err := os.ReadFile("testdata/inline.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range strings.Split(string(raw), "\n=== ")[1:] {
		_, text, _ := strings.Cut(c, "\n\n")
		f.Add(text)
	}
	f.Add(strings.Repeat("From:\n", 5000))
	f.Add("From: " + strings.Repeat("<", 5000) + "\nSubject: " + strings.Repeat("Re:", 5000))
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		q, _ := ReadInline(text)
		plainSubject(q.Subject)
		quotedDate(text)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %s", took)
		}
		if len(q.Above) > MaxComment || len(q.Body) > MaxQuoted || len(q.Subject) > MaxSubject || len(q.From) > 2*maxName || len(q.To) > 50 {
			t.Errorf("not bounded: %d %d %d %d %d", len(q.Above), len(q.Body), len(q.Subject), len(q.From), len(q.To))
		}
	})
}
