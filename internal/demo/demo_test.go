package demo

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func generate(t *testing.T, seed uint64) []Mail {
	t.Helper()
	var all []Mail
	if err := Generate(seed, noon, func(m Mail) error { all = append(all, m); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestGenerateIsDeterministic(t *testing.T) {
	sum := func(seed uint64) [32]byte {
		h := sha256.New()
		for _, m := range generate(t, seed) {
			h.Write(m.Raw)
			io.WriteString(h, m.Time.String()+strings.Join(m.Recipients, ","))
		}
		return [32]byte(h.Sum(nil))
	}
	if sum(1) != sum(1) {
		t.Error("the same seed gave different mail")
	}
	if sum(1) == sum(2) {
		t.Error("different seeds gave the same mail")
	}
}

func TestGenerateIsMailOfTheLastMonth(t *testing.T) {
	all := generate(t, 1)
	if len(all) < 1200 {
		t.Errorf("%d messages, want at least 1200", len(all))
	}
	subjects := map[string]bool{}
	for i, m := range all {
		if m.Time.After(noon) || m.Time.Before(noon.AddDate(0, 0, -days-1)) {
			t.Errorf("message %d is of %s", i, m.Time)
		}
		if i > 0 && m.Time.Before(all[i-1].Time) {
			t.Fatalf("message %d is older than the one before it", i)
		}
		if len(m.Recipients) == 0 {
			t.Errorf("message %d has no recipient", i)
		}
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatalf("message %d: %v\n%s", i, err, m.Raw)
		}
		if _, err := parsed.Header.AddressList("From"); err != nil {
			t.Errorf("message %d: From: %v", i, err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		if err != nil || subject == "" || strings.Contains(subject, "{{") {
			t.Errorf("message %d: subject %q, %v", i, subject, err)
		}
		subjects[subject] = true
		if bytes.Contains(m.Raw, []byte("<no value>")) {
			t.Errorf("message %d has a hole: %s", i, m.Raw)
		}
	}
	t.Logf("%d messages, %d subjects", len(all), len(subjects))
}

func TestGenerateStopsAtAnError(t *testing.T) {
	full, n := errors.New("disk full"), 0
	err := Generate(1, noon, func(Mail) error { n++; return full })
	if !errors.Is(err, full) || n != 1 {
		t.Errorf("got %v after %d messages", err, n)
	}
}

func TestPeople(t *testing.T) {
	seen := map[string]bool{}
	departments := map[string]int{}
	for _, p := range People() {
		if seen[p.Address] {
			t.Errorf("%s stands twice", p.Address)
		}
		seen[p.Address] = true
		departments[p.Department]++
	}
	if len(seen) != 60 || len(departments) != 3 {
		t.Errorf("%d people in %d departments", len(seen), len(departments))
	}
}
