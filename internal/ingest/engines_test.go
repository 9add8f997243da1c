package ingest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"tocsin/internal/email"
	"tocsin/internal/scan"
	"tocsin/internal/scan/scantest"
)

// reader is an engine that knows one word.
type reader struct {
	mail  bool
	fails bool
	mu    sync.Mutex
	asked []int // sizes
}

func (r *reader) Name() string    { return "Reader" }
func (r *reader) Kind() scan.Kind { return scan.KindRule }
func (r *reader) ReadsMail() bool { return r.mail }
func (r *reader) Scan(_ context.Context, b []byte) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, len(b))
	if r.fails {
		return "", errors.New("away")
	}
	if bytes.Contains(b, []byte("bad-word")) {
		return "Bad.Word", nil
	}
	return "", nil
}

// carrying is a message with one file and a password.
func carrying(name string, content []byte) []byte {
	return scantest.Mail("text/plain", "The password is Tern77!", scantest.File{Name: name, Content: content})
}

func askAbout(t *testing.T, raw []byte, engines ...scan.Engine) (*email.Message, []scan.Answer) {
	t.Helper()
	m := email.Parse(raw, email.Limits{})
	r := scan.Open(t.Context(), m, scan.Limits{Hold: holdFor(engines)})
	return m, ask(t.Context(), engines, m, raw, r.Held)
}

func threats(answers []scan.Answer) string {
	var out []string
	for _, a := range answers {
		if a.Threat != "" {
			out = append(out, a.File+": "+a.Threat)
		}
	}
	return strings.Join(out, ", ")
}

func TestEnginesSeeInnerFiles(t *testing.T) {
	inner := scantest.Zip(scantest.Entry{Name: "run.js", Data: "// bad-word" + strings.Repeat(" ", 500)})
	outer := carrying("offer.zip", scantest.Zip(scantest.Entry{Name: "deep.zip", Data: string(inner)}, scantest.Entry{Name: "note.txt", Data: "nothing"}))
	files := &reader{}
	if _, answers := askAbout(t, outer, files); threats(answers) != "offer.zip > deep.zip > run.js: Bad.Word" || answers[0].Kind != scan.KindRule || len(files.asked) != 4 {
		t.Errorf("an engine for files: %+v", answers)
	}
	mail := &reader{mail: true}
	if _, answers := askAbout(t, outer, mail); threats(answers) != "" || len(mail.asked) != 1 {
		t.Errorf("an engine for mail was asked about what it opens itself: %v", mail.asked)
	}
	away := &reader{fails: true}
	if _, answers := askAbout(t, outer, away); len(away.asked) != 1 || unanswered(answers) == "" {
		t.Errorf("an engine that is away was asked %d times", len(away.asked))
	}
}

func TestMailEngineSeesWhatOnlyTocsinOpens(t *testing.T) {
	locked := scantest.LockedZip("Tern77!", true, scantest.Entry{Name: "run.js", Data: "// bad-word"})
	page := []byte(`<html><script>var b = atob("` + base64.StdEncoding.EncodeToString(append([]byte("MZ"), []byte(strings.Repeat("x", 60)+"bad-word")...)) + `"); var f = new Blob([b]); a.href = URL.createObjectURL(f); a.download = "run.exe";</script></html>`)
	for name, content := range map[string][]byte{"locked.zip": locked, "page.html": page} {
		mail := &reader{mail: true}
		_, answers := askAbout(t, carrying(name, content), mail)
		if got := threats(answers); !strings.HasPrefix(got, name+" > ") || len(mail.asked) != 2 {
			t.Errorf("%s: %q, asked %v", name, got, mail.asked)
		}
	}
}

func TestEnginesAreAskedAboutAFew(t *testing.T) {
	var many []scantest.Entry
	for i := range 60 {
		many = append(many, scantest.Entry{Name: fmt.Sprint("note", i, ".txt"), Data: fmt.Sprint("text ", i)})
	}
	many = append(many, scantest.Entry{Name: "run.js", Data: "// bad-word"})
	e := &reader{}
	m, answers := askAbout(t, carrying("offer.zip", scantest.Zip(many...)), e)
	if threats(answers) != "offer.zip > run.js: Bad.Word" || len(e.asked) > 1+20 {
		t.Errorf("asked %d times: %s", len(e.asked), threats(answers))
	}
	if !slices.ContainsFunc(m.Defects, func(d email.Defect) bool { return d.ID == "file-not-asked" }) {
		t.Error("that files were left out is no defect")
	}
}
