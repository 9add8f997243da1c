package preview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
)

// large are inputs whose cost would grow faster than their length in a careless reader or in the browser behind it. Each is
// made of n repetitions.
var large = map[string]func(n int) string{
	"divisions":            func(n int) string { return strings.Repeat("<div>", n) + "x" },
	"divisions closed":     func(n int) string { return strings.Repeat("<div>", n) + "x" + strings.Repeat("</div>", n) },
	"tables":               func(n int) string { return strings.Repeat("<table><tr><td>", n) + "x" },
	"tables without cells": func(n int) string { return strings.Repeat("<table>", n) + "x" },
	"formats":              func(n int) string { return strings.Repeat("<b>", n) + strings.Repeat("<p>x", n) },
	"formats with colours": func(n int) string { return numbered(n, `<font color="#%06x">`) + strings.Repeat("<p>x</p>", n) },
	"formats in a table": func(n int) string {
		return "<table>" + numbered(150, `<font color="#%06x">`) + strings.Repeat("<tr></tr>x", n)
	},
	"formats in a paragraph": func(n int) string {
		return strings.Repeat("<p>"+numbered(20, `<font color="#%06x">`)+"<div>x</div>", n)
	},
	"formats that overlap": func(n int) string { return strings.Repeat("<b><i><u>x</b>y</i>z</u>", n) },
	"lists":                func(n int) string { return strings.Repeat("<ul><li>", n) },
	"items":                func(n int) string { return strings.Repeat("<b>", 180) + strings.Repeat("<li>", n) },
	"end tags":             func(n int) string { return strings.Repeat("<b>", 180) + strings.Repeat("</i></td></q>", n) },
	"links":                func(n int) string { return numbered(n, `<a href="https://evil.test/%d">`) },
	"bare links":           func(n int) string { return numbered(n, " https://evil.test/%d") },
	"svg":                  func(n int) string { return strings.Repeat("<svg>", n) },
	"svg and breakouts":    func(n int) string { return strings.Repeat("<svg><p>", n) },
	"forms":                func(n int) string { return strings.Repeat("<form>", n) },
	"frames":               func(n int) string { return strings.Repeat("<iframe>x</iframe>", n) },
	"comments":             func(n int) string { return strings.Repeat("<!--", n) },
	"less-than":            func(n int) string { return strings.Repeat("<", n) },
	"ampersands":           func(n int) string { return strings.Repeat("&", n) },
	"quotes":               func(n int) string { return strings.Repeat(`"`, n) },
	"controls":             func(n int) string { return strings.Repeat("\x01\x02", n) },
	"controls of one kind": func(n int) string { return strings.Repeat("\u202E", n) },
	"zero width":           func(n int) string { return strings.Repeat("\u200B\u200C", n) },
	"attributes":           func(n int) string { return "<b " + numbered(n, "a%d=1 ") + ">x" },
	"one attribute":        func(n int) string { return `<b style="` + strings.Repeat("color:red;", n) + `">x` },
	"classes":              func(n int) string { return `<b class="` + numbered(n, "a%d ") + `">x` },
	"styles":               func(n int) string { return strings.Repeat(`<b style="color:red;width:10px">x</b>`, n) },
	"style elements":       func(n int) string { return strings.Repeat("<style>a{b:c}p{color:red}</style>", n) },
	"rules":                func(n int) string { return "<style>" + strings.Repeat("p{color:red}", n) },
	"selectors":            func(n int) string { return "<style>" + strings.Repeat("p,", n) + "p{color:red}" },
	"braces":               func(n int) string { return "<style>" + strings.Repeat("{", n) },
	"brackets":             func(n int) string { return "<style>p{color:" + strings.Repeat("(", n) },
	"media":                func(n int) string { return "<style>" + strings.Repeat("@media screen{", n) + "p{color:red}" },
	"css comments":         func(n int) string { return "<style>" + strings.Repeat("/*", n) },
	"css comments closed":  func(n int) string { return "<style>" + strings.Repeat("/**/", n) },
	"css escapes":          func(n int) string { return "<style>" + strings.Repeat(`\61`, n) },
	"css strings":          func(n int) string { return "<style>" + strings.Repeat("'\n", n) },
	"css addresses":        func(n int) string { return "<style>" + strings.Repeat("url(", n) },
	"data pictures":        func(n int) string { return strings.Repeat(`<img src="data:image/png;base64,iVBORw0KGgo=">`, n) },
	"select":               func(n int) string { return "<select>" + strings.Repeat("<option>x", n) },
	"cells":                func(n int) string { return "<table>" + strings.Repeat("<td>", n) },
	"headings":             func(n int) string { return strings.Repeat("<h1><h2>", n) },
	"paragraphs":           func(n int) string { return strings.Repeat("<p>", n) + strings.Repeat("</p>", n) },
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// sizeOf is an input of about so many octets.
func sizeOf(make func(int) string, octets int) string {
	one := len(make(20)) - len(make(10))
	return make(max(1, octets*10/max(1, one)))
}

// TestLargeEnds renders each shape at a size at which anything worse than linear would take minutes. The bound is for hangs, not for
// speed, which BenchmarkRender measures.
func TestLargeEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("renders megabytes")
	}
	const hang = 30 * time.Second
	for name, shape := range large {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			p := Render(&email.Message{HTML: sizeOf(shape, 1<<20)}, Options{})
			if len(p.HTML) > defaultMax {
				t.Fatalf("%d octets of document", len(p.HTML))
			}
			if took := time.Since(start); took > hang {
				t.Errorf("1 MiB took %s", took)
			}
		})
	}
}

// TestLargeHolds checks the documents themselves, at a size where parsing them again is cheap.
func TestLargeHolds(t *testing.T) {
	for name, shape := range large {
		t.Run(name, func(t *testing.T) {
			o := Options{}
			checkPreview(t, Render(&email.Message{HTML: sizeOf(shape, 20<<10) + "<p>end</p>"}, o), o)
			o.MaxBytes = leastMax
			checkPreview(t, Render(&email.Message{HTML: sizeOf(shape, 60<<10) + "<p>end</p>"}, o), o)
		})
	}
}

func TestLongText(t *testing.T) {
	for name, text := range map[string]string{
		"letters": strings.Repeat("long line ", 1<<19), "quotes": strings.Repeat(`"<'&`, 1<<20), "controls": strings.Repeat("\x01\x02\n", 1<<20),
		"links": numbered(1<<17, "https://evil.test/%d\n"),
	} {
		t.Run(name, func(t *testing.T) {
			p := Render(&email.Message{Text: text}, Options{})
			checkPreview(t, p, Options{})
			if !p.FromText || !p.Truncated || !strings.Contains(p.HTML, "The message goes on") {
				t.Errorf("from text %v, truncated %v", p.FromText, p.Truncated)
			}
		})
	}
}

// TestBehindACut looks for what a message hides behind more than a preview holds.
func TestBehindACut(t *testing.T) {
	p := Render(&email.Message{HTML: strings.Repeat("<b>x</b>", maxElements+1) + `<script>no</script><p>pay <a href="https://evil.test/">here</a></p>`}, Options{})
	checkPreview(t, p, Options{})
	if !p.Truncated || !strings.HasSuffix(p.Plain, "\npay here") || len(p.Links) != 1 || strings.Contains(p.HTML, "pay") {
		t.Errorf("truncated %v, links %v, plain ends %q", p.Truncated, p.Links, p.Plain[len(p.Plain)-20:])
	}
}

func TestText(t *testing.T) {
	m := &email.Message{Text: "Hi <b>,\n\n  https://evil.test/x\n\tend\u202E", HTML: "<p>html</p>"}
	o := Options{Text: true}
	p := Render(m, o)
	checkPreview(t, p, o)
	checkSecondFilter(t, m, o)
	want := `<div class="tocsin-body"><div class="tocsin-text">Hi &lt;b&gt;,` + "\n\n" +
		`  <span class="tocsin-link">https://evil.test/x<sup class="tocsin-n">[1]</sup></span>` + "\n\tend" +
		`<span class="tocsin-control">U+202E</span></div></div>`
	if bodyOf(p) != want || p.Plain != "Hi <b>,\n\n  https://evil.test/x\n\tend[U+202E]" || !p.FromText || len(p.Links) != 1 {
		t.Errorf("got %s\nplain %q, links %v", bodyOf(p), p.Plain, p.Links)
	}
	if p = Render(m, Options{}); p.FromText {
		t.Error("the HTML is there and was not shown")
	}
	if p = Render(&email.Message{Visible: "seen"}, Options{}); !p.FromText || !strings.Contains(p.HTML, "seen") {
		t.Error("what is visible was not shown")
	}
	p = Render(&email.Message{}, Options{})
	checkPreview(t, p, Options{})
	if !strings.Contains(p.HTML, "This message has no text.") {
		t.Error("an empty message does not say that it is")
	}
}

// TestTwice renders from many goroutines at once: the second filter is shared.
func TestTwice(t *testing.T) {
	m := &email.Message{HTML: `<style>p{color:red}</style><p style="color:blue">x <a href=https://evil.test/>y</a>`}
	want := Render(m, Options{}).HTML
	done := make(chan string)
	for range 8 {
		go func() { done <- Render(m, Options{}).HTML }()
	}
	for range 8 {
		if got := <-done; got != want {
			t.Errorf("two renderings differ:\n%s\n%s", got, want)
		}
	}
}
