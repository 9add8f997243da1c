package report

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"tocsin/internal/paper"
)

// hostile is what senders write to get out of a page, or to lie about its order.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</td></table><h1>Resolved</h1>`, `{{.Name}}`, `javascript:alert(1)`, `&lt;b&gt;`, `<!--`, `]]>`, `' onmouseover='x`,
	"invoice\u202egnp.exe", "a\u0000b\u0007c", "zero\u200bwidth", "soft\u00adhyphen", "line\u2028break\r\nBcc: x", "\xff\xfe broken", "<style>body{display:none}</style>", `</style><script>`, `<a href="https://evil.test">x</a>`,
	strings.Repeat("A", 5000), "@import url(https://evil.test/x.css)",
}

func sample(texts []string) *Data {
	at := time.Date(2026, 11, 18, 14, 21, 0, 0, time.UTC)
	d := &Data{
		Organisation: "Northwind Harbour", Made: at, By: "dana@harbour.example", Version: "0.1.0",
		Label: "INC-0147", Name: "Payroll QR phish", Severity: "High", Status: "Resolved", Owner: "dana@harbour.example", Classification: "True positive", Determination: "Phishing", Tags: []string{"payroll", "qr"},
		Description: "A QR code that imitates our payroll.\nThree people clicked.", Closing: "All copies are out. Passwords are new.", Opened: at, Acknowledged: at.Add(5 * time.Minute), Resolved: at.Add(3 * time.Hour),
		First: at.Add(-time.Hour), Last: at, OpenedBy: "kofi@harbour.example", ResolvedBy: "dana@harbour.example", AcknowledgeDue: at.Add(15 * time.Minute), ResolveDue: at.Add(2 * time.Hour), ResolveLate: true,
		Events: 52, Messages: 52, People: 47, Priority: 2, Still: 2, Outcomes: []Count{{"Blocked", 23}, {"Removed", 25}, {"Still delivered", 2}, {"Delivered, clean", 2}},
		Hit:        []Person{{"ines@harbour.example", true, 2, 0}, {"levin@harbour.example", false, 1, 1}},
		Indicators: []Group{{"Senders", []Value{{"payroll@harbour-hr.example", "Payroll", false, 52}}, 0}, {"Links", []Value{{"https://harbour-hr.example/pay?id=1", "", false, 50}}, 3}, {"Files (SHA-256)", []Value{{strings.Repeat("ab", 32), "pay.pdf", true, 2}}, 0}},
		Mail:       []Mail{{at, "ines@harbour.example", "payroll@harbour-hr.example", "Your payslip", "Removed", "Removed"}},
		Actions: []Action{{Name: "Payroll phish", Kind: "Soft delete", State: "Partly done", By: "dana@harbour.example", Reason: "QR phish", Rule: "Many mailboxes", Asked: at, Ended: at.Add(time.Minute), Targets: 19, Mailboxes: 19, Done: 18, Failed: 1,
			Needs: 1, Approvals: []Approval{{"kofi@harbour.example", "seen it", at, true}}}},
		Tasks:    []Task{{"Call Ines", "kofi@harbour.example", "kofi@harbour.example", time.Time{}, at}},
		Timeline: []Line{{At: at, By: "kofi@harbour.example", Say: "opened it with the severity High"}, {At: at, By: "dana@harbour.example", Say: "wrote a note", Note: "I have Ines on the phone.\nNew password at 15:15."}},
	}
	for i, s := range texts {
		d.Mail = append(d.Mail, Mail{at, s, s, s, "Removed", "Removed"})
		d.Hit = append(d.Hit, Person{s, false, i, 0})
		d.Indicators[1].Values = append(d.Indicators[1].Values, Value{s, s, false, 1})
		d.Timeline = append(d.Timeline, Line{At: at, By: s, Say: s, Note: s})
		d.Tags = append(d.Tags, s)
		d.Merged = append(d.Merged, s)
		d.Tasks = append(d.Tasks, Task{Title: s, Owner: s})
		d.Actions = append(d.Actions, Action{Name: s, Kind: "Hard delete", By: s, Reason: s, Approvals: []Approval{{s, s, at, false}}})
		d.Description += "\n" + s
		d.Closing += "\n" + s
	}
	if len(texts) > 0 {
		d.Name, d.Organisation, d.Owner = texts[0], texts[1], texts[2]
	}
	return d
}

// TestHTMLIsInert: whatever texts say, the page holds the elements and attributes of the template and nothing that loads or runs.
func TestHTMLIsInert(t *testing.T) {
	calm, err := HTML(sample(make([]string, len(hostile))))
	if err != nil {
		t.Fatal(err)
	}
	wild, err := HTML(sample(hostile))
	if err != nil {
		t.Fatal(err)
	}
	known := elements(t, calm)
	for name, n := range elements(t, wild) {
		if _, ok := known[name]; !ok {
			t.Errorf("%d of %s came from a text", n, name)
		}
	}
	text := string(wild)
	for _, bad := range []string{"\u202e", "\u0000", "\u200b", "<script", "onerror=alert(1)>\"", "\u2028"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if !strings.Contains(text, "invoice‹U+202E›gnp.exe") || !strings.Contains(text, "hxxps://harbour-hr[.]example/pay") || strings.Contains(text, "https://harbour-hr.example") || len(text) > 2<<20 {
		t.Errorf("%d octets", len(text))
	}
}

// elements counts elements and attributes with names that can load something or run.
func elements(t *testing.T, page []byte) map[string]int {
	t.Helper()
	out := map[string]int{}
	for z := html.NewTokenizer(bytes.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			out[tok.Data]++
			for _, a := range tok.Attr {
				out[tok.Data+" "+a.Key]++
			}
		}
	}
}

// TestPDFKeepsScripts reads the PDF back with another program.
func TestPDFKeepsScripts(t *testing.T) {
	names := []string{"Иван Петров", "Ελένη", "שרה לוי", "Łukasz Żółć", "Գայանե", "მარიამ", "مريم العلي"}
	d := sample(append([]string{"Пример <b>", "Harbour", "x@harbour.example"}, names...))
	d.Name = "Платёжная ведомость"
	raw, err := PDF(t.Context(), paper.NewPrinter(nil), d)
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, raw)
	for _, want := range append(names[:6:6], d.Name, "INC-0147", "hxxps://harbour-hr[.]example/pay", "Asked for by dana@harbour.example", "kofi@harbour.example") {
		if !strings.Contains(strings.ReplaceAll(text, "\n", ""), want) && !strings.Contains(text, want) {
			t.Errorf("%q is not in the PDF", want)
		}
	}
	if strings.Contains(text, "that no font") {
		t.Error("a character has no font")
	}
}

func TestPDFSaysWhatItCannotShow(t *testing.T) {
	d := sample(nil)
	d.Name = "請求書 \U0001F4B0"
	raw, err := PDF(t.Context(), paper.NewPrinter(nil), d)
	if err != nil {
		t.Fatal(err)
	}
	if text := read(t, raw); !strings.Contains(text, "‹U+8ACB›‹U+6C42›‹U+66F8›") || !strings.Contains(text, "4 characters that no font of this server has are written as") {
		t.Error(text[:400])
	}
	if raw, err = PDF(t.Context(), paper.NewPrinter([]string{"/nowhere.ttf"}), d); err != nil || len(raw) == 0 {
		t.Fatal(err)
	}
	for _, path := range paper.SystemFonts {
		if _, err := os.Stat(path); err != nil || !strings.Contains(path, "CJK") {
			continue
		}
		d.Name = "請求書 かな 한국어"
		if raw, err = PDF(t.Context(), paper.NewPrinter([]string{path}), d); err != nil {
			t.Fatal(err)
		}
		if text := read(t, raw); !strings.Contains(text, d.Name) {
			t.Error(text[:400])
		}
		return
	}
}

func TestPDFOfHostileTexts(t *testing.T) {
	raw, err := PDF(t.Context(), paper.NewPrinter(nil), sample(hostile))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"/JavaScript", "/URI", "/Launch", "/OpenAction"} {
		if bytes.Contains(raw, []byte(bad)) {
			t.Errorf("the PDF holds %s", bad)
		}
	}
	if text := read(t, raw); !strings.Contains(text, "<script>alert(1)</script>") {
		t.Error("texts are not shown as they are")
	}
}

// TestLargestPDF: the most that an incident puts in.
func TestLargestPDF(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	d := sample(nil)
	for i := range 500 {
		d.Hit = append(d.Hit, Person{fmt.Sprintf("person%d@harbour.example", i), false, 1, 0})
		d.Mail = append(d.Mail, d.Mail[0])
	}
	for i := range 1000 {
		d.Timeline = append(d.Timeline, Line{At: d.Made, By: "dana@harbour.example", Say: fmt.Sprint("did this ", i)})
	}
	started := time.Now()
	raw, err := PDF(t.Context(), paper.NewPrinter(nil), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d octets in %s", len(raw), time.Since(started).Round(time.Millisecond))
	if took := time.Since(started); took > 2*time.Minute {
		t.Errorf("took %s", took)
	}
}

// read is the text of a PDF as poppler reads it.
func read(t *testing.T, raw []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.pdf")
	if keep := os.Getenv("REPORT"); keep != "" {
		path = filepath.Join(keep, strings.ReplaceAll(t.Name(), "/", "-")+".pdf")
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext (Debian: poppler-utils) is not installed")
	}
	out, err := exec.Command(tool, "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
