package email

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func addFiles(f *testing.F, pattern string) {
	f.Helper()
	files, _ := filepath.Glob(pattern)
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
		for block := range strings.SplitSeq(string(data), "\n") {
			f.Add(block)
		}
	}
}

func checkLinks(t *testing.T, links []Link) {
	t.Helper()
	for _, l := range links {
		if l.URL == "" || l.Tag == "" || !utf8.ValidString(l.URL+l.Text+l.Target+l.Host) {
			t.Fatalf("link %+v", l)
		}
		if strings.ContainsAny(l.Host, "/\\@?# \t\n<>\"'") || l.Host != strings.ToLower(l.Host) {
			t.Fatalf("host %q of %q", l.Host, l.URL)
		}
	}
}

func FuzzReadHTML(f *testing.F) {
	addFiles(f, "testdata/html/*.html")
	f.Add(`<a href="http://a.example/"><p style="font:0/0 a;color:#fff;background:url(x" x="`)
	f.Fuzz(func(t *testing.T, doc string) {
		visible, hidden, links := readHTML(doc, "1", newBudget(Limits{Links: 50, Time: 20 * time.Second}))
		if !utf8.ValidString(visible) || !utf8.ValidString(hidden) {
			t.Fatalf("text is not UTF-8: %q %q", visible, hidden)
		}
		if len(links) > 50 {
			t.Fatalf("%d links", len(links))
		}
		checkLinks(t, links)
	})
}

func FuzzHop(f *testing.F) {
	addFiles(f, "testdata/hops/*.txt")
	f.Fuzz(func(t *testing.T, value string) {
		h := parseHop(value)
		if !h.Time.IsZero() && (h.Time.Year() < 1 || h.Time.Location() != time.UTC) {
			t.Fatalf("time %v", h.Time)
		}
		if strings.ContainsAny(h.By+h.ID+h.For, " \t;") {
			t.Fatalf("%+v", h)
		}
	})
}

func FuzzTextLinks(f *testing.F) {
	addFiles(f, "testdata/textlinks.txt")
	addFiles(f, "testdata/hosts.txt")
	f.Fuzz(func(t *testing.T, text string) {
		checkLinks(t, textLinks(text, "1", InBody, newBudget(Limits{Links: 50, Time: 20 * time.Second})))
	})
}

func FuzzUnwrap(f *testing.F) {
	for _, name := range []string{"unwrap.txt", "redirects.txt", "defang.txt"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			url, _, _ := strings.Cut(line, " | ")
			f.Add(url)
		}
	}
	f.Fuzz(func(t *testing.T, u string) {
		got := unwrap(u)
		if got != u && hostOf(got) == "" {
			t.Fatalf("unwrap(%q) = %q, which leads nowhere", u, got)
		}
		if target, ok := RedirectParameter(u); ok && (hostOf(target) == "" || hostOf(target) == hostOf(u)) {
			t.Fatalf("RedirectParameter(%q) = %q", u, target)
		}
		once := Defang(u)
		if twice := Defang(once); twice != once {
			t.Fatalf("Defang(%q) = %q, again %q", u, once, twice)
		}
		Refang(u)
	})
}

func FuzzFileType(f *testing.F) {
	f.Add(zipOf(f, "word/document.xml", "word/vbaProject.bin"), "a.docx", "")
	f.Add(oleOf("Root Entry", "Workbook"), "a.xls", "application/vnd.ms-excel")
	f.Add(peOf(0x2000), "a.dll", "")
	f.Add([]byte("<?xml?><svg>"), "a.svg", "image/svg+xml")
	f.Add([]byte("\x30\x80\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"), "p7s", "")
	f.Fuzz(func(t *testing.T, content []byte, name, declared string) {
		mediaType, kind := fileType(content, name, declared)
		if kind == "" || mediaType == "" {
			t.Fatalf("fileType = %q, %q", mediaType, kind)
		}
	})
}

func BenchmarkReadHTML(b *testing.B) {
	files, _ := filepath.Glob("testdata/html/*.html")
	var doc strings.Builder
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		doc.Write(data)
	}
	b.SetBytes(int64(doc.Len()))
	b.ReportAllocs()
	for b.Loop() {
		readHTML(doc.String(), "1", newBudget(Limits{}))
	}
}

func BenchmarkParseHop(b *testing.B) {
	const v = "from relay.example.net (relay.example.net [IPv6:2001:db8::25]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) by mx.corp.example (Postfix) with ESMTPS id 9F00D for <bo@corp.example>; Mon, 2 Mar 2026 23:59:59 -0500 (EST)"
	b.ReportAllocs()
	for b.Loop() {
		parseHop(v)
	}
}

func BenchmarkTextLinks(b *testing.B) {
	text := strings.Repeat("Dear customer, see https://one.example/a?b=c or www.two.example. Write to us at help@three.example. ", 100)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		textLinks(text, "1", InBody, newBudget(Limits{}))
	}
}

func BenchmarkLanguage(b *testing.B) {
	text := strings.Repeat("Sehr geehrter Kunde, Ihr Konto wurde gesperrt. Bitte bestätigen Sie Ihre Daten. ", 50)
	b.ReportAllocs()
	for b.Loop() {
		language(text)
	}
}
