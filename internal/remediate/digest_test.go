package remediate

import (
	"strings"
	"testing"
)

func TestDigestIsThatOfTheMessageAndNotOfItsWay(t *testing.T) {
	sent := "From: a@partner.example\nTo: b@own.example\nSubject: one\n two\nMessage-ID: <1@partner.example>\n\nhello\n\nyou\n"
	want := Digest([]byte(sent))
	same := map[string]string{
		"CRLF":               strings.ReplaceAll(sent, "\n", "\r\n"),
		"trace fields":       "Return-Path: <x@partner.example>\nDelivered-To: b@own.example\nReceived: from a\n\tby b\n" + sent,
		"another fold":       strings.Replace(sent, "one\n two", "one two", 1),
		"empty lines at end": sent + "\n\n",
		"mbox line":          "From x@partner.example Mon Jan  1 00:00:00 2024\n" + sent,
	}
	for name, s := range same {
		if Digest([]byte(s)) != want {
			t.Errorf("%s: another digest", name)
		}
	}
	other := map[string]string{
		"body":             strings.Replace(sent, "hello", "hullo", 1),
		"subject":          strings.Replace(sent, "two", "three", 1),
		"line in the body": strings.Replace(sent, "hello\n\n", "hello\n", 1),
		"sender":           strings.Replace(sent, "a@partner", "c@partner", 1),
		"body as header":   strings.Replace(sent, "\n\nhello", "\nX: hello", 1),
	}
	for name, s := range other {
		if Digest([]byte(s)) == want {
			t.Errorf("%s: the same digest", name)
		}
	}
	for _, s := range []string{"", "\n", "no colon", ": x", " folded first\n", "a:b"} {
		Digest([]byte(s)) // no panic
	}
}

func TestBackoffGrowsToItsMost(t *testing.T) {
	if Backoff(1).Seconds() != 5 || Backoff(2).Seconds() != 10 || Backoff(30).Minutes() != 10 {
		t.Errorf("backoff: %v, %v, %v", Backoff(1), Backoff(2), Backoff(30))
	}
}
