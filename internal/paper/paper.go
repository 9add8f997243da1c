// Package paper lays pages of HTML out as PDF in this process, with fonts of its own, and makes hostile texts fit to stand on paper.
//
// The pages come from templates of this program. They load nothing: the library is given the fonts and no file or network beside them.
package paper

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing/fstest"
	"unicode"

	"github.com/carlos7ags/folio/document"
	"github.com/carlos7ags/folio/font"
	"github.com/carlos7ags/folio/html"
	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
)

// SystemFonts are looked for where the settings name none: what Linux distributions install for scripts that DejaVu Sans lacks.
var SystemFonts = []string{
	"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/truetype/noto/NotoSansDevanagari-Regular.ttf", "/usr/share/fonts/truetype/noto/NotoSansThai-Regular.ttf", "/usr/share/fonts/truetype/noto/NotoSansBengali-Regular.ttf",
	"/usr/share/fonts/truetype/noto/NotoSansTamil-Regular.ttf", "/usr/share/fonts/truetype/noto/NotoSansTelugu-Regular.ttf", "/usr/share/fonts/truetype/noto/NotoSansEthiopic-Regular.ttf",
}

// maxFont bounds a font file, in octets.
const maxFont = 64 << 20

// Printer lays pages out as PDF. DejaVu Sans comes with Tocsin: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic. Other
// scripts need a font of this machine; a character that no font has is written as its number, and the page says so. One is laid
// out at a time.
type Printer struct {
	paths []string

	once  sync.Once
	faces []face
	turn  chan struct{}
}

// face is a font and its name in the style sheet.
type face struct {
	name string // "F0" is DejaVu Sans
	path string // "" for what is built in
	has  font.Face
}

// NewPrinter looks for fonts at the paths, in this order; those that are absent are left out. They are read when the first page is printed.
func NewPrinter(paths []string) *Printer {
	return &Printer{paths: paths, turn: make(chan struct{}, 1)}
}

func (p *Printer) open() {
	built, err := font.ParseFont(dejavusans.TTF)
	if err != nil {
		panic("paper: the built-in font: " + err.Error())
	}
	p.faces = []face{{"F0", "", built}}
	for _, path := range p.paths {
		raw, err := readFont(path)
		if err != nil {
			continue
		}
		if f, err := parseFont(raw); err == nil {
			p.faces = append(p.faces, face{fmt.Sprintf("F%d", len(p.faces)), path, f})
		}
	}
}

func readFont(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFont {
		return nil, fmt.Errorf("font %s: no file, or larger than %d octets", path, maxFont)
	}
	return os.ReadFile(path)
}

// parseFont takes a font that the library stumbles over as none.
func parseFont(raw []byte) (f font.Face, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("font: %v", r)
		}
	}()
	return font.ParseFont(raw)
}

// CheckFont says what is wrong with a font file.
func CheckFont(path string) error {
	raw, err := readFont(path)
	if err != nil {
		return err
	}
	if _, err := parseFont(raw); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// runs is a text as HTML, each stretch in the first font that has it.
type runs struct {
	faces   []face
	used    map[string]bool
	missing map[rune]bool
	memo    map[rune]int
}

// of is which font has the character; -1: none.
func (x *runs) of(r rune) int {
	if n, known := x.memo[r]; known {
		return n
	}
	n := -1
	for i := range x.faces {
		if x.faces[i].has.GlyphIndex(r) != 0 {
			n = i
			break
		}
	}
	x.memo[r] = n
	return n
}

func (x *runs) set(s string) template.HTML {
	var b, run strings.Builder
	now := 0
	flush := func() {
		if run.Len() == 0 {
			return
		}
		if now == 0 {
			b.WriteString(template.HTMLEscapeString(run.String()))
		} else {
			x.used[x.faces[now].name] = true
			fmt.Fprintf(&b, `<span style="font-family:%s">%s</span>`, x.faces[now].name, template.HTMLEscapeString(run.String()))
		}
		run.Reset()
	}
	for _, r := range s {
		text, n := string(r), now
		switch {
		case r == ' ' || unicode.Is(unicode.Mn, r) || r == '\u200c' || r == '\u200d': // goes with what it stands beside
		default:
			if n = x.of(r); n < 0 {
				x.missing[r] = true
				text, n = fmt.Sprintf("‹U+%04X›", r), 0
			}
		}
		if n != now {
			flush()
			now = n
		}
		run.WriteString(text)
	}
	flush()
	return template.HTML(b.String()) //nolint:gosec // every stretch is escaped
}

// pageStyle is the sheet that a PDF has beside the page's own.
const pageStyle = `@page { size: A4; margin: 18mm 16mm 18mm 16mm; @bottom-right { content: counter(page) " / " counter(pages); font-family: F0; font-size: 8pt; } }
body { font-family: F0; }
`

// Document is what is printed.
type Document struct {
	Title, Author string
	Elsewhere     string // one sentence: where characters that no font has can be seen; "": nowhere
	// Write makes the page. It has every text go through set, which marks it up in a font that has its characters, and puts style into its head.
	Write func(set func(string) template.HTML, style template.CSS) ([]byte, error)
}

// PDF writes a document. It waits for its turn.
func (p *Printer) PDF(ctx context.Context, d Document) (out []byte, err error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.once.Do(p.open)
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("paper: the PDF library stopped: %v", r)
		}
	}()
	x := &runs{faces: p.faces, used: map[string]bool{}, missing: map[rune]bool{}, memo: map[rune]int{}}
	// Twice: the first time tells which fonts are used and which characters have none.
	if _, err := d.Write(x.set, ""); err != nil {
		return nil, err
	}
	style := `@font-face { font-family: F0; src: url(F0.ttf); } @font-face { font-family: F0; font-weight: bold; src: url(F0b.ttf); } `
	fonts := fstest.MapFS{"F0.ttf": {Data: dejavusans.TTF}, "F0b.ttf": {Data: dejavusansbold.TTF}}
	for _, f := range p.faces[1:] {
		if !x.used[f.name] {
			continue
		}
		raw, err := readFont(f.path)
		if err != nil {
			return nil, fmt.Errorf("paper: %w", err)
		}
		fonts[f.name+".ttf"] = &fstest.MapFile{Data: raw}
		style += fmt.Sprintf(`@font-face { font-family: %s; src: url(%s.ttf); } `, f.name, f.name)
	}
	page, err := d.Write(x.set, template.CSS(style+pageStyle)) //nolint:gosec // names of this package
	if err != nil {
		return nil, err
	}
	text := string(page)
	if n := len(x.missing); n > 0 {
		text = strings.Replace(text, "</body>", fmt.Sprintf("<p>%s that no font of this server has %s written as its number, as in ‹U+4E2D›. %s</p></body>",
			plural(n, "character"), map[bool]string{true: "is", false: "are"}[n == 1], d.Elsewhere), 1)
	}
	return lay(d, text, fonts)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// lay has the library lay the page out. It reads nothing but the fonts that it is given, and asks no network.
func lay(d Document, page string, fonts fs.FS) ([]byte, error) {
	doc := document.NewDocument(document.PageSizeA4)
	doc.Info.Title, doc.Info.Author, doc.Info.Creator = Plain(d.Title, 300), Plain(d.Author, 200), "Tocsin"
	if err := doc.AddHTML(page, &html.Options{BaseFS: fonts, StrictAssets: true}); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	out, err := doc.ToBytes()
	if err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	if len(out) == 0 {
		return nil, errors.New("paper: the PDF library wrote nothing")
	}
	return out, nil
}
