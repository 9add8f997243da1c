package email

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
)

// zipOf makes a ZIP archive of empty files.
func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		method := zip.Deflate
		if n == "mimetype" {
			method = zip.Store
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: n, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if n == "mimetype" {
			f.Write([]byte("application/vnd.oasis.opendocument.text"))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oleOf makes the least of an OLE2 compound file: a header, one allocation sector and one directory sector with the named entries.
func oleOf(names ...string) []byte {
	b := make([]byte, 512*3)
	copy(b, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	binary.LittleEndian.PutUint16(b[30:], 9)
	binary.LittleEndian.PutUint32(b[48:], 1) // directory
	binary.LittleEndian.PutUint32(b[76:], 0) // allocation table
	binary.LittleEndian.PutUint32(b[512+4:], 0xFFFFFFFE)
	for i, n := range names {
		at := 1024 + 128*i
		units := utf16.Encode([]rune(n))
		for j, u := range units {
			binary.LittleEndian.PutUint16(b[at+2*j:], u)
		}
		binary.LittleEndian.PutUint16(b[at+64:], uint16(2*len(units)+2))
	}
	return b
}

// peOf makes the beginning of a PE file with these characteristics.
func peOf(flags uint16) []byte {
	b := make([]byte, 256)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[60:], 128)
	copy(b[128:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[128+22:], flags)
	return b
}

func at(n int, s string, size int) []byte {
	b := make([]byte, size)
	copy(b[n:], s)
	return b
}

func utf16LE(s string) []byte {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestExtension(t *testing.T) {
	for name, want := range map[string]string{
		"a.PDF": "pdf", "a.tar.gz": "gz", "invoice.pdf .exe": "exe", "a.ex\u200be": "exe", "a\u202efdp.exe": "exe", "a.exe. .": "exe", ".profile": "profile",
		"a": "", "a.": "", "": "", "a.what is this long thing after a dot": "",
	} {
		raw := []byte("Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*=utf-8''" + url.PathEscape(name) + "\n\nx")
		if got := Parse(raw, Limits{}).Attachments[0].Extension; got != want {
			t.Errorf("%q: extension %q, want %q", name, got, want)
		}
	}
}

func TestFileType(t *testing.T) {
	mail := "Return-Path: <a@b.example>\r\nFrom: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"
	for _, c := range []struct {
		what, name, declared string
		content              []byte
		kind                 string
	}{
		{"nothing", "x.pdf", "application/pdf", nil, "empty"},
		{"PDF", "x.pdf", "application/pdf", []byte("%PDF-1.7\n%..."), "pdf"},
		{"PDF behind junk", "x.jpg", "image/jpeg", []byte("junk\x00\x01\n%PDF-1.4\n"), "pdf"},
		{"PE program", "photo.jpg", "image/jpeg", peOf(0x0102), "exe"},
		{"PE library", "a.dat", "", peOf(0x2102), "dll"},
		{"DOS stub alone", "a.txt", "", []byte("MZ and some text that begins so"), "txt"},
		{"shortcut", "invoice.pdf.lnk", "", append([]byte("\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"), make([]byte, 60)...), "lnk"},
		{"OneNote", "x.one", "", append([]byte("\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"), make([]byte, 60)...), "one"},
		{"ZIP", "a.zip", "application/zip", zipOf(t, "a.exe"), "zip"},
		{"ZIP without files", "a.zip", "", zipOf(t), "zip"},
		{"Word", "a.docx", "", zipOf(t, "[Content_Types].xml", "word/document.xml"), "docx"},
		{"Word with macros under a harmless name", "a.docx", "", zipOf(t, "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "docm"},
		{"Excel", "a.bin", "", zipOf(t, "xl/workbook.xml"), "xlsx"},
		{"Excel 4 macros", "a.xlsx", "", zipOf(t, "xl/workbook.xml", "xl/macrosheets/sheet1.xml"), "xlsm"},
		{"Excel binary", "a.xlsb", "", zipOf(t, "xl/workbook.bin", "xl/vbaProject.bin"), "xlsb"},
		{"PowerPoint", "a.pptx", "", zipOf(t, "ppt/presentation.xml"), "pptx"},
		{"ODF", "a.odt", "", zipOf(t, "mimetype", "content.xml"), "odt"},
		{"Java", "a.jar", "", zipOf(t, "META-INF/MANIFEST.MF", "A.class"), "jar"},
		{"Android", "a.zip", "", zipOf(t, "META-INF/MANIFEST.MF", "AndroidManifest.xml"), "apk"},
		{"ZIP behind junk in a picture", "a.gif", "", append([]byte("GIF89a..."), zipOf(t, "a.js")...), "gif"},
		{"old Word", "a.doc", "", oleOf("Root Entry", "WordDocument"), "doc"},
		{"old Excel", "a.doc", "", oleOf("Root Entry", "Workbook"), "xls"},
		{"encrypted Office", "a.docx", "", oleOf("Root Entry", "EncryptionInfo", "EncryptedPackage"), "encrypted-office"},
		{"Outlook message", "a.msg", "", oleOf("Root Entry", "__properties_version1.0"), "msg"},
		{"installer", "a.msi", "", oleOf("Root Entry"), "msi"},
		{"other OLE", "a.xyz", "", oleOf("Root Entry", "Else"), "ole"},
		{"RAR 5", "a.rar", "", []byte("Rar!\x1A\x07\x01\x00...."), "rar"},
		{"7z", "a.zip", "", []byte("7z\xBC\xAF\x27\x1C\x00\x04"), "7z"},
		{"CAB", "a.cab", "", []byte("MSCF\x00\x00\x00\x00...."), "cab"},
		{"ACE", "a.rar", "", []byte("1234567**ACE**..."), "ace"},
		{"gzip", "a.gz", "", []byte("\x1F\x8B\x08\x00...."), "gz"},
		{"bzip2", "a.bz2", "", []byte("BZh91AY&SY"), "bz2"},
		{"xz", "a.xz", "", []byte("\xFD7zXZ\x00\x00\x04"), "xz"},
		{"zstd", "a.zst", "", []byte("\x28\xB5\x2F\xFD\x04\x00"), "zst"},
		{"ISO", "a.pdf", "", at(32769, "CD001", 40000), "iso"},
		{"VHD", "a.vhd", "", []byte("conectix...."), "vhd"},
		{"VHDX", "a.vhdx", "", []byte("vhdxfile...."), "vhdx"},
		{"raw image by name", "a.img", "", append([]byte{0xEB, 0x3C, 0x90, 0, 1, 2, 0xFE}, make([]byte, 600)...), "img"},
		{"help", "a.chm", "", []byte("ITSF\x03\x00\x00\x00...."), "chm"},
		{"RTF", "a.doc", "application/msword", []byte(`{\rtf1\ansi hi}`), "rtf"},
		{"RTF, short header", "a.doc", "", []byte(`{\rt hi}`), "rtf"},
		{"TNEF", "winmail.dat", "", []byte("\x78\x9F\x3E\x22\x00\x00"), "tnef"},
		{"S/MIME signature", "smime.p7s", "application/pkcs7-signature", []byte("\x30\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02\xA0\x80\x30\x80\x02\x01\x01"), "p7s"},
		{"S/MIME message", "smime.p7m", "", []byte("\x30\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03\xA0\x80\x30\x80\x02\x01\x01"), "p7m"},
		{"PGP", "x.asc", "", []byte("-----BEGIN PGP MESSAGE-----\n\n"), "asc"},
		{"PGP signature", "x.asc", "", []byte("-----BEGIN PGP SIGNATURE-----\n\n"), "pgp-signature"},
		{"PNG called text", "a.txt", "text/plain", []byte("\x89PNG\r\n\x1A\n...."), "png"},
		{"HTML", "a.htm", "", []byte("<!DOCTYPE html><html><body>hi"), "html"},
		{"HTML called Word", "a.doc", "application/msword", []byte("\xEF\xBB\xBF  <html><body>"), "html"},
		{"HTML behind text", "a.txt", "", []byte("hi there <html><script>x</script>"), "html"},
		{"HTML in UTF-16", "a.html", "", utf16LE("<html><body>hi</body></html>"), "html"},
		{"script in HTML", "a.html", "", []byte(`<script>location="https://evil.example"</script>`), "html"},
		{"HTA", "a.hta", "", []byte("<html><script>new ActiveXObject('x')</script>"), "hta"},
		{"HTA by its tag", "a.html", "", []byte("<html><HTA:APPLICATION ID=x>"), "hta"},
		{"SVG", "a.svg", "image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), "svg"},
		{"SVG behind a prolog", "a.png", "", []byte("<?xml version='1.0'?><!-- c --><!DOCTYPE svg><svg></svg>"), "svg"},
		{"XHTML", "a.xhtml", "", []byte(`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`), "xhtml"},
		{"XML", "a.xml", "", []byte(`<?xml version="1.0"?><data/>`), "xml"},
		{"mail", "a.txt", "", []byte(mail), "eml"},
		{"calendar", "a", "text/calendar", []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), "ics"},
		{"card", "a.txt", "", []byte("BEGIN:VCARD\r\n"), "vcf"},
		{"internet shortcut", "a.url", "", []byte("[InternetShortcut]\r\nURL=file://evil.example/x\r\n"), "url"},
		{"JavaScript", "a.js", "", []byte("var a = 1;"), "js"},
		{"JavaScript called text", "a.txt", "", []byte(`var s = new ActiveXObject("WScript.Shell"); eval(unescape("%41")); function(`), "js"},
		{"VBScript", "a.vbs", "", []byte("Dim x\r\nSet x = CreateObject(\"WScript.Shell\")\r\n"), "vbs"},
		{"encoded VBScript", "a.txt", "", []byte("#@~^AAAAAA=="), "vbe"},
		{"PowerShell", "a.ps1", "", []byte("Write-Host hi"), "ps1"},
		{"batch", "a.dat", "", []byte("@echo off\r\nstart x.exe\r\n"), "bat"},
		{"command file", "a.cmd", "", []byte("@echo hi\r\nset a=1\r\n"), "cmd"},
		{"script file", "a.wsf", "", []byte(`<job id="x"><script language="JScript">x</script></job>`), "wsf"},
		{"registry", "a.reg", "", []byte("Windows Registry Editor Version 5.00\r\n"), "reg"},
		{"remote desktop", "a.rdp", "", []byte("full address:s:evil.example\r\n"), "rdp"},
		{"search connector", "a.searchConnector-ms", "", []byte(`<?xml version="1.0"?><searchConnectorDescription/>`), "searchconnector-ms"},
		{"profile", "a.mobileconfig", "", []byte(`<?xml version="1.0"?><!DOCTYPE plist><plist><key>PayloadContent</key></plist>`), "mobileconfig"},
		{"prose", "a.txt", "text/plain", []byte("Dear all, this is a letter about variables and functions."), "txt"},
		{"patch with code", "a.patch", "", []byte("diff --git a/x b/x\n--- a/x\n+++ b/x\n+var x = function() { eval(1) }\n"), "diff"},
		{"noise", "a.bin", "", []byte{0x9b, 0xde, 0x01, 0x00, 0xfe, 0x03, 0x99, 0x12, 0x00, 0x04}, "bin"},
		{"hidden extension", "a.pdf\u202e.js  ", "", []byte("x=1"), "js"},
	} {
		mediaType, kind := fileType(c.content, c.name, c.declared)
		if kind != c.kind {
			t.Errorf("%s (%s): kind %q (%s), want %q", c.what, c.name, kind, mediaType, c.kind)
		}
		if !strings.Contains(mediaType, "/") {
			t.Errorf("%s: media type %q", c.what, mediaType)
		}
	}
}

func TestEveryMagicHasAType(t *testing.T) {
	for _, m := range magics {
		if _, ok := kindTypes[m.kind]; !ok {
			t.Errorf("kind %q has no media type", m.kind)
		}
	}
}
