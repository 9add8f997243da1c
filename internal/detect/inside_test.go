package detect_test

import (
	"context"
	"strings"
	"testing"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/scan"
)

// TestFactsSpeak holds that a fact whose id stands in the catalogue becomes that signal, with bounded and escaped evidence.
func TestFactsSpeak(t *testing.T) {
	judge := detect.NewJudge(detect.Options{})
	c := &detect.Context{Message: email.Parse(nil, email.Limits{}), Direction: detect.Inbound}
	c.Files.Facts = []scan.Fact{
		{ID: "no-such-kind", File: "a.zip"},
		{ID: "program-attached", File: "a.zip > b\u202e.exe", Detail: strings.Repeat("x", 10_000)},
		{ID: "program-attached", File: "c.exe"},
		{ID: "eicar", File: "a.zip > d.txt"},
	}
	v := judge.Judge(context.Background(), c)
	if len(v.Notes) > 0 {
		t.Errorf("notes %+v", v.Notes)
	}
	got := map[string]string{}
	for _, s := range v.Signals {
		got[s.ID] = s.Evidence
	}
	if e := got["program-attached"]; !strings.Contains(e, "a.zip") || strings.Contains(e, "\u202e") || len(e) > 500 {
		t.Errorf("program-attached says %q", e)
	}
	if e := got["eicar"]; !strings.Contains(e, "d.txt") {
		t.Errorf("eicar says %q", e)
	}
}

// TestFactsAreKnown holds that every fact that speaks for a threat says in both places what it is.
func TestFactsAreKnown(t *testing.T) {
	for id, text := range scan.Kinds {
		if len(text) < 20 || !strings.HasSuffix(text, ".") || strings.ToUpper(text[:1]) != text[:1] {
			t.Errorf("fact %s: %q is no sentence", id, text)
		}
	}
}
