package scan_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/scan"
	"tocsin/internal/scan/scantest"
)

// look opens one file sent in a message that says nothing.
func look(name string, content []byte) (*email.Message, scan.Report) {
	m := mail("text/plain", "See the file.", scantest.File{Name: name, Content: content})
	return m, scan.Open(context.Background(), m, patient)
}

// patient is for tests of what is found: a busy machine must not make a difference.
var patient = scan.Limits{Time: time.Minute}

// tooLong is far above the limit of time, and far below what work without bounds would take.
const tooLong = 20 * time.Second

// lookBriefly is look with the default limits.
func lookBriefly(name string, content []byte) *email.Message {
	m := mail("text/plain", "See the file.", scantest.File{Name: name, Content: content})
	scan.Open(context.Background(), m, scan.Limits{})
	return m
}

func factIDs(r scan.Report) string {
	var out []string
	for _, f := range r.Facts {
		out = append(out, f.ID)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

func linksOf(m *email.Message) string {
	var out []string
	for _, l := range m.Links {
		if l.Where == email.InAttachment || l.Where == email.InQRCode {
			out = append(out, l.URL)
		}
	}
	return strings.Join(out, " ")
}

func TestPDF(t *testing.T) {
	plain := func(p *scantest.PDF) { p.Page("", "Invoice 7730", "Call +1 555 0100 to cancel") }
	for _, c := range []struct {
		name  string
		build func(p *scantest.PDF)
		facts string
		links string
	}{
		{"text", plain, "", ""},
		{"link", func(p *scantest.PDF) {
			p.Page(fmt.Sprintf("/Annots [%d 0 R]", p.Link("https://a.example/x", 10, 10, 100, 30)), "Invoice 7730", "Call +1 555 0100 to cancel")
		}, "", "https://a.example/x"},
		{"link in hex and hidden names", func(p *scantest.PDF) {
			plain(p)
			p.Add("<< /Type /Annot /Subtype /Link /A << /S /UR#49 /#55RI <68747470733a2f2f622e6578616d706c652f> >> >>", nil)
		}, "", "https://b.example/"},
		{"object cut in two by a string", func(p *scantest.PDF) {
			plain(p)
			p.Add("<< /T (9 0 obj) /A << /S /URI /URI (https://c.example/) >> >>", nil)
		}, "", "https://c.example/"},
		{"link over the page", func(p *scantest.PDF) {
			p.Page(fmt.Sprintf("/Annots [%d 0 R]", p.Link("https://a.example/x", 0, 0, 612, 792)), "Invoice 7730", "Call +1 555 0100 to cancel")
		}, "pdf-page-link", "https://a.example/x"},
		{"launch", func(p *scantest.PDF) {
			plain(p)
			p.Catalog = fmt.Sprintf("/OpenAction %d 0 R", p.Add("<< /S /Launch /F (calc.exe) >>", nil))
		}, "pdf-launch pdf-opens", ""},
		{"opens a site", func(p *scantest.PDF) { plain(p); p.Catalog = "/OpenAction << /S /URI /URI (https://a.example/) >>" }, "pdf-opens", "https://a.example/"},
		{"goes to a page", func(p *scantest.PDF) { plain(p); p.Catalog = "/OpenAction [3 0 R /Fit]" }, "", ""},
		{"prints", func(p *scantest.PDF) {
			plain(p)
			p.Catalog = "/OpenAction << /S /JavaScript /JS (this.print\\(true\\);) >>"
		}, "pdf-form-script", ""},
		{"script", func(p *scantest.PDF) {
			plain(p)
			js := p.Add("/Filter /FlateDecode", scantest.Deflate([]byte("app.launchURL('https://d.example/', true)")))
			p.Catalog = fmt.Sprintf("/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS %d 0 R >>] >> >>", js)
		}, "pdf-script", "https://d.example/"},
		{"sends a form", func(p *scantest.PDF) {
			plain(p)
			p.Add("<< /Subtype /Widget /A << /S /SubmitForm /F << /FS /URL /F (https://e.example/post) >> >> >>", nil)
		}, "pdf-sends-form", "https://e.example/post"},
		{"another computer", func(p *scantest.PDF) { plain(p); p.Add(`<< /S /GoToR /F (\\\\files.example\\share\\a.pdf) >>`, nil) }, "pdf-share", ""},
		{"file inside", func(p *scantest.PDF) {
			plain(p)
			n := p.Add("/Type /EmbeddedFile /Filter /FlateDecode", scantest.Deflate([]byte("MZ\x90\x00 not a program")))
			p.Add(fmt.Sprintf("<< /Type /Filespec /F (a.exe) /EF << /F %d 0 R >> >>", n), nil)
		}, "pdf-holds-file", ""},
	} {
		for _, packed := range []bool{false, true} {
			p := &scantest.PDF{Packed: packed}
			c.build(p)
			m, r := look("a.pdf", p.Bytes())
			if got := factIDs(r); got != c.facts {
				t.Errorf("%s, packed %v: facts %q, want %q; defects %v", c.name, packed, got, c.facts, m.Defects)
			}
			if got := linksOf(m); got != c.links && !(packed && strings.Contains(c.name, "cut in two")) {
				t.Errorf("%s, packed %v: links %q, want %q", c.name, packed, got, c.links)
			}
			if r.Text != "Invoice 7730\nCall +1 555 0100 to cancel" {
				t.Errorf("%s, packed %v: text %q", c.name, packed, r.Text)
			}
			if c.name == "file inside" && (len(m.Attachments) != 2 || m.Attachments[1].Name != "a.exe" || m.Attachments[1].Within != "a.pdf") {
				t.Errorf("files %+v", m.Attachments)
			}
		}
	}
}

func TestPDFCodes(t *testing.T) {
	img := scantest.NewQR(address).Draw(scantest.Picture{})
	for _, how := range []string{"gray", "deep", "rgb", "bits", "jpeg", "hex", "palette"} {
		p := &scantest.PDF{}
		n := p.Picture(img, how)
		form := p.Add(fmt.Sprintf("/Type /XObject /Subtype /Form /Resources << /XObject << /I %d 0 R >> >>", n), []byte("/I Do"))
		p.PageOf("", fmt.Sprintf("/XObject << /Fm %d 0 R >>", form), "/Fm Do")
		m, r := look("a.pdf", p.Bytes())
		if got := codesOf(m); len(got) != 1 || got[0] != address {
			t.Errorf("%s: codes %q, facts %v, defects %v", how, got, r.Facts, m.Defects)
		}
	}
	for _, how := range []string{"JPXDecode", "JBIG2Decode"} {
		p := &scantest.PDF{}
		p.Picture(img, how)
		if m, _ := look("a.pdf", p.Bytes()); !slices.Contains(m.Defects, email.Defect{ID: "file-picture-not-read", Where: "a.pdf"}) {
			t.Errorf("%s: defects %v", how, m.Defects)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "q BI /W %d /H %d /BPC 8 /CS /G /F [/AHx] ID ", img.Bounds().Dx(), img.Bounds().Dy())
	for i := 0; i < len(img.Pix); i += 4 {
		fmt.Fprintf(&b, "%02x", img.Pix[i])
	}
	b.WriteString("> EI Q")
	p := &scantest.PDF{}
	p.PageOf("", "", b.String())
	if m, r := look("a.pdf", p.Bytes()); len(codesOf(m)) != 1 {
		t.Errorf("inline: %v %v", r.Facts, m.Defects)
	}
	// a code drawn with rectangles
	q := scantest.NewQR(address)
	b.Reset()
	b.WriteString("1 1 1 rg 0 0 612 792 re f 0 0 0 rg\n")
	for y := range q {
		for x := range q {
			if q[y][x] {
				fmt.Fprintf(&b, "%d %d 6 6 re\n", 100+6*x, 600-6*y)
			}
		}
	}
	b.WriteString("f\n")
	p = &scantest.PDF{}
	p.PageOf("", "", b.String())
	if m, r := look("a.pdf", p.Bytes()); len(codesOf(m)) != 1 {
		t.Errorf("rectangles: %v %v", r.Facts, m.Defects)
	}
}

// TestPDFWords reads text through a ToUnicode map.
func TestPDFWords(t *testing.T) {
	p := &scantest.PDF{}
	cmap := p.Add("", []byte("1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0001> <001A> <0061> endbfrange 1 beginbfchar <0030> <00E9> endbfchar"))
	font := p.Add(fmt.Sprintf("<< /Type /Font /Subtype /Type0 /ToUnicode %d 0 R >>", cmap), nil)
	p.PageOf("", fmt.Sprintf("/Font << /F %d 0 R >>", font), "BT /F 10 Tf [<0010000100190030> -300 <000E000F0017>] TJ ET")
	if _, r := look("a.pdf", p.Bytes()); r.Text != "payé now" {
		t.Errorf("text %q", r.Text)
	}
}

// TestPDFPages holds 20,000 pages to the limits.
func TestPDFPages(t *testing.T) {
	p := &scantest.PDF{Plain: true}
	for i := range 20_000 {
		p.Page("", fmt.Sprintf("Page %d", i))
	}
	b := p.Bytes()
	start := time.Now()
	m, r := look("a.pdf", b)
	d := time.Since(start)
	if d > tooLong || len(m.Defects) != 1 || m.Defects[0].ID != "file-limit-pages" || !strings.Contains(r.Text, "Page 199") {
		t.Errorf("%v for %d octets, defects %v", d, len(b), m.Defects)
	}
	t.Logf("%d octets in %v", len(b), d)
}

// TestHostilePDF holds documents that are built to cost time to the limits.
func TestHostilePDF(t *testing.T) {
	for name, body := range map[string]string{
		"open dictionaries": strings.Repeat("1 0 obj << /URI ", 150_000),
		"open arrays":       strings.Repeat("1 0 obj [ /JS ", 150_000),
		"xref streams":      strings.Repeat("1 0 obj << /Type /XRef /A [", 100_000) + " /Encrypt",
		"trailers":          strings.Repeat("trailer << /A [ ", 100_000) + " /Encrypt",
		"references":        strings.Repeat("1 0 obj 1 0 R endobj 2 0 obj << /Type /Page /Annots 1 0 R /Parent 2 0 R >> endobj ", 50_000),
		"streams":           strings.Repeat("1 0 obj << /Type /ObjStm /First 4 /N 9 >> stream\n1 0 2 0 ", 50_000),
		"forms":             "1 0 obj << /Type /Page /Contents 2 0 R /Resources << /XObject << /A 2 0 R >> >> >> endobj 2 0 obj << /Subtype /Form >> stream\n" + strings.Repeat("/A Do ", 50_000) + "\nendstream",
	} {
		start := time.Now()
		m := lookBriefly("a.pdf", []byte("%PDF-1.4\n"+body))
		if d := time.Since(start); d > tooLong {
			t.Errorf("%s: %v, defects %v", name, d, m.Defects)
		} else {
			t.Logf("%s: %v, defects %v", name, d, m.Defects)
		}
		noInternalError(t, m)
	}
}

func FuzzPDF(f *testing.F) {
	for _, packed := range []bool{false, true} {
		p := &scantest.PDF{Packed: packed, Catalog: "/OpenAction << /S /JavaScript /JS (eval\\(1\\)) >> /AcroForm << /XFA [] >>"}
		p.Page(fmt.Sprintf("/Annots [%d 0 R]", p.Link("https://a.example/x", 0, 0, 612, 792)), "Text")
		p.Picture(scantest.NewQR("a").Draw(scantest.Picture{Scale: 1}), "bits")
		f.Add(p.Bytes())
	}
	f.Add([]byte("%PDF-1.4\n1 0 obj<</Type/Page/Contents 2 0 R>>endobj 2 0 obj<</Filter[/LZW/RL/A85]/DecodeParms<</Predictor 12>>>>stream\nBI /W 30 /H 30 ID x EI (a)Tj\nendstream trailer<</Encrypt<</Filter/Standard/V 5/R 6>>>>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := mail("text/plain", "", scantest.File{Name: "a.pdf", Content: append([]byte("%PDF-1.4\n"), b...)})
		scan.Open(context.Background(), m, scan.Limits{Pixels: 1_000_000, Bytes: 8 << 20, File: 2 << 20, Time: 2 * time.Second})
		noInternalError(t, m)
	})
}
