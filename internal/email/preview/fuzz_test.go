package preview

import (
	"os"
	"path/filepath"
	"testing"

	"tocsin/internal/email"
)

// FuzzRender checks every invariant of documents made from any HTML, at a size of any octets, and that the same message gives the
// same document.
func FuzzRender(f *testing.F) {
	for _, file := range caseFiles(f) {
		for _, c := range readCases(f, file) {
			f.Add(c.html, uint32(0), false)
			f.Add(c.html, uint32(17<<10), false)
		}
	}
	files, _ := filepath.Glob("testdata/mail/*.html")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b), uint32(0), false)
	}
	for _, shape := range large {
		f.Add(shape(30), uint32(0), false)
	}
	f.Add("text https://evil.test/ \u202E", uint32(0), true)
	f.Fuzz(func(t *testing.T, html string, most uint32, text bool) {
		o := Options{MaxBytes: int(most % defaultMax), Text: text}
		m := &email.Message{HTML: html, Text: html, Parts: []*email.Part{{ContentID: "a", Content: []byte(html)}}}
		p := Render(m, o)
		checkPreview(t, p, o)
		if !text {
			checkSecondFilter(t, m, o)
		}
		if again := Render(m, o); again.HTML != p.HTML || again.Plain != p.Plain || again.Removed != p.Removed {
			t.Error("rendered twice, two results")
		}
	})
}

// FuzzStyle gives the CSS reader its text without HTML around it.
func FuzzStyle(f *testing.F) {
	for _, file := range caseFiles(f) {
		for _, c := range readCases(f, file) {
			f.Add(c.html)
		}
	}
	f.Fuzz(func(t *testing.T, css string) {
		r := newRenderer(&email.Message{}, Options{}, defaultMax)
		r.sheet(css, "")
		if s := r.css.String(); s != "" {
			checkSheet(t, s)
			if !harmlessSheet([]byte(s)) {
				t.Errorf("the last look at %q", s)
			}
			again := newRenderer(&email.Message{}, Options{}, defaultMax)
			again.sheet(s, "")
			if again.p.Removed != (Removed{}) {
				t.Errorf("what was written is not what is allowed: %s removed from %q", removedOf(again.p), s)
			}
		}
		style := r.style(css)
		if never.MatchString(style) || negated.MatchString(style) {
			t.Errorf("style %q", style)
		}
		if again := r.style(style); again != style && len(style) < maxStyleText {
			t.Errorf("filtered twice: %q, then %q", style, again)
		}
	})
}
