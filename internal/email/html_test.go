package email

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestReadHTML compares what readHTML makes of testdata/html/*.html with the .golden beside it.
func TestReadHTML(t *testing.T) {
	files, err := filepath.Glob("testdata/html/*.html")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d documents (%v), want at least 5", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".html"), func(t *testing.T) {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			visible, hidden, links := readHTML(string(doc), "1", newBudget(Limits{}))
			var b strings.Builder
			fmt.Fprintf(&b, "== visible\n%s\n== hidden\n%s\n== links\n", visible, hidden)
			for _, l := range links {
				fmt.Fprintf(&b, "%-7s %-22s %q", l.Tag, orElse(l.Host, "-"), l.URL)
				if l.Target != l.URL {
					fmt.Fprintf(&b, " -> %q", l.Target)
				}
				if l.Text != "" {
					fmt.Fprintf(&b, " text %q", l.Text)
				}
				b.WriteByte('\n')
			}
			golden := strings.TrimSuffix(file, ".html") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("%s changed; got\n%s\nwant\n%s", golden, b.String(), want)
			}
		})
	}
}

// TestHiddenSaysSo holds the documents' own words against the result: text that begins with "shown" must be seen, with "hidden" not.
func TestHiddenSaysSo(t *testing.T) {
	for _, name := range []string{"hidden", "tree"} {
		doc, err := os.ReadFile("testdata/html/" + name + ".html")
		if err != nil {
			t.Fatal(err)
		}
		visible, hidden, _ := readHTML(string(doc), "1", newBudget(Limits{}))
		for w := range strings.SplitSeq(visible, "\n") {
			if strings.Contains(w, "hidden") {
				t.Errorf("%s: visible has %q", name, w)
			}
		}
		for w := range strings.SplitSeq(hidden, "\n") {
			if strings.Contains(w, "shown") {
				t.Errorf("%s: hidden has %q", name, w)
			}
		}
		if strings.Count(visible, "shown") != strings.Count(stripTags(string(doc)), "shown") {
			t.Errorf("%s: not all that is shown is visible:\n%s", name, visible)
		}
	}
}

func stripTags(s string) string {
	var b strings.Builder
	for s != "" {
		before, rest, _ := strings.Cut(s, "<")
		b.WriteString(before)
		_, s, _ = strings.Cut(rest, ">")
	}
	return b.String()
}

// TestHTMLIsLinear feeds shapes that make tree builders and pattern matchers quadratic; each is read in some hundredths of a
// second. Only a run that takes a hundred times as long fails, since the machine may be busy.
func TestHTMLIsLinear(t *testing.T) {
	const n = 100_000
	shapes := map[string]string{
		"deep divs":          strings.Repeat("<div>", n) + strings.Repeat("</div>", n),
		"deep styled":        strings.Repeat(`<div style="font-size:90%">x`, n/4),
		"unclosed bold":      strings.Repeat("<b>", n) + strings.Repeat("</p><p>", n),
		"formatting mess":    strings.Repeat("<b><i><u><p></b></i></u>", n/8),
		"stray ends":         strings.Repeat("<div>", 5000) + strings.Repeat("</span></td></table>", n/2),
		"ends behind a wall": "<span>" + strings.Repeat("<table>", 3000) + strings.Repeat("</span>", n),
		"anchors":            strings.Repeat("<a href=http://e.example/>", n/2),
		"anchor texts":       strings.Repeat("<a href=http://e.example/>x", n/4),
		"urls never closed":  `<p style="` + strings.Repeat("url(", n) + `">x`,
		"style rules":        "<style>" + strings.Repeat(".a .b{color:red}", n/8) + "</style>" + strings.Repeat("<p class='a b c d e f'>x", n/8),
		"sheet never closed": "<style>" + strings.Repeat("a{", n) + "</style>",
		"media nest":         "<style>" + strings.Repeat("@media screen{", n) + "</style>",
		"zero width":         "<p>" + strings.Repeat("a\u200b", n),
		"attributes":         "<p " + strings.Repeat("a=b style=x ", n/2) + ">",
		"many at words":      strings.Repeat("a@b.example ", n/4),
		"one long word":      strings.Repeat("a.b", n),
		"schemes":            strings.Repeat("http://", n),
		"brackets":           "http://e.example/" + strings.Repeat("(", n) + strings.Repeat(")", n) + strings.Repeat("].", n),
		"defanged dots":      strings.Repeat("a[.]", n),
		"entities":           strings.Repeat("&amp", n),
		"comments":           strings.Repeat("<!--[if mso]><p><![endif]-->", n/8),
		"lists":              strings.Repeat("<ul><li>", n/4),
		"rows":               strings.Repeat("<table><tr><td>", n/8),
	}
	for name, doc := range shapes {
		t.Run(name, func(t *testing.T) {
			lim := newBudget(Limits{Time: time.Minute})
			start := time.Now()
			visible, _, _ := readHTML(doc, "1", lim)
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("%d KB took %v", len(doc)>>10, took)
			}
			start = time.Now()
			textLinks(doc, "1", InBody, newBudget(Limits{Time: time.Minute}))
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("textLinks: %d KB took %v", len(doc)>>10, took)
			}
			if len(visible) > len(doc) {
				t.Errorf("%d octets of text out of %d of HTML", len(visible), len(doc))
			}
		})
	}
}

func TestLinkAllowancePrefersWhatCanBeFollowed(t *testing.T) {
	doc := strings.Repeat(`<img src="https://img.example/x`+`">`, 1)
	for i := range 50 {
		doc += fmt.Sprintf(`<img src="https://img.example/%d">`, i)
	}
	doc += `<a href="https://evil.example/">here</a>`
	lim := newBudget(Limits{Links: 5})
	_, _, links := readHTML(doc, "1", lim)
	if len(links) != 5 || links[4].URL != "https://evil.example/" || links[4].Text != "here" {
		t.Fatalf("got %d links, last %+v; want 5 with the link a reader can follow among them", len(links), links[len(links)-1])
	}
	if len(lim.defects) != 1 || lim.defects[0].ID != "limit-links" {
		t.Errorf("defects = %v, want one limit-links", lim.defects)
	}
}
