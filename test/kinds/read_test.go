package kinds

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/mailauth"
)

// sample is one message of testdata: its head, its text and its files.
//
// A file of testdata is messages, each begun by a line "=== bad|good LANGUAGE TITLE". Header fields follow, an empty line, and the text, which
// is HTML when it starts with "<". "Auth" is no header field: it says what a server found out of the sender, in the words of the verdict
// tests of package detect. Lines "--- attach NAME BUILDER ..." and "--- inline CONTENT-ID BUILDER ..." add a file (build_test.go), with
// the lines below as its content where the builder is "text"; "--- blocks URL" draws a QR code into the text.
type sample struct {
	kind, title, lang string
	bad               bool
	auth              string
	head              []string // fields as written
	text              string
	files             []file
}

type file struct {
	name, cid, media string
	content          []byte
}

func (s sample) String() string {
	what := "good"
	if s.bad {
		what = "bad"
	}
	return fmt.Sprintf("%s/%s-%s-%s", s.kind, what, s.lang, strings.ReplaceAll(s.title, " ", "-"))
}

func readSamples(t *testing.T, folder string) map[string][]sample {
	t.Helper()
	paths, err := filepath.Glob(folder + "/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files of samples: %v", len(paths), err)
	}
	out := map[string][]sample{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		kind := strings.TrimSuffix(filepath.Base(path), ".txt")
		_, body, _ := strings.Cut("\n"+string(b), "\n=== ")
		for _, block := range strings.Split(body, "\n=== ") {
			s, err := readSample(block)
			if err != nil {
				t.Fatalf("%s: %q: %v", path, firstLine(block), err)
			}
			s.kind = kind
			out[kind] = append(out[kind], s)
		}
	}
	return out
}

func firstLine(s string) string { l, _, _ := strings.Cut(s, "\n"); return l }

func readSample(block string) (s sample, err error) {
	first, rest, _ := strings.Cut(block, "\n")
	words := strings.SplitN(first, " ", 3)
	if len(words) != 3 || words[0] != "bad" && words[0] != "good" {
		return s, fmt.Errorf("want \"bad|good LANGUAGE TITLE\"")
	}
	s.bad, s.lang, s.title = words[0] == "bad", words[1], words[2]
	head, body, _ := strings.Cut(rest, "\n\n")
	for _, line := range strings.Split(head, "\n") {
		if v, ok := strings.CutPrefix(line, "Auth: "); ok {
			s.auth = v
			continue
		}
		s.head = append(s.head, line)
	}
	parts := strings.Split("\n"+strings.TrimRight(body, "\n"), "\n--- ")
	s.text = strings.TrimPrefix(parts[0], "\n") + "\n"
	for _, p := range parts[1:] {
		if err := s.add(p); err != nil {
			return s, err
		}
	}
	s.text, err = fillIn(s.text)
	return s, err
}

// add adds what one "--- " part says.
func (s *sample) add(part string) error {
	line, content, _ := strings.Cut(part, "\n")
	what, rest, _ := strings.Cut(line, " ")
	switch what {
	case "blocks", "half-blocks":
		s.text += drawCode(what, rest) + "\n"
		return nil
	case "attach", "inline":
		name, rest, _ := strings.Cut(rest, " ")
		builder, args, _ := strings.Cut(rest, " ")
		f := file{name: name}
		if what == "inline" {
			f = file{name: name + ".png", cid: name}
		}
		var err error
		if f.content, f.media, err = build(builder, args, content); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		s.files = append(s.files, f)
		return nil
	}
	return fmt.Errorf("unknown part %q", line)
}

// message writes the sample out as mail.
func (s sample) message() []byte {
	var b bytes.Buffer
	has := map[string]bool{}
	from := "x@example"
	for _, h := range s.head {
		name, value, _ := strings.Cut(h, ": ")
		has[name] = true
		if name == "From" {
			from = strings.TrimSuffix(value[strings.LastIndexByte(value, '@')+1:], ">")
		}
		b.WriteString(encoded(name, value))
	}
	add := func(name, value string) {
		if !has[name] {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	add("To", "Maren Okafor <maren.okafor@northwindharbour.example>")
	add("Date", "Thu, 19 Nov 2026 09:12:00 +0000")
	add("Message-ID", fmt.Sprintf("<%x@%s>", len(s.text)*7919+len(s.title), from))
	b.WriteString("MIME-Version: 1.0\r\n")
	kind := "text/plain"
	if strings.HasPrefix(s.text, "<") {
		kind = "text/html"
	}
	if len(s.files) == 0 {
		fmt.Fprintf(&b, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", kind, wrapped([]byte(s.text)))
		return b.Bytes()
	}
	b.WriteString("Content-Type: multipart/mixed; boundary=\"=-edge\"\r\n\r\n")
	fmt.Fprintf(&b, "--=-edge\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", kind, wrapped([]byte(s.text)))
	for _, f := range s.files {
		how := "attachment"
		extra := ""
		if f.cid != "" {
			how, extra = "inline", "Content-ID: <"+f.cid+">\r\n"
		}
		fmt.Fprintf(&b, "--=-edge\r\nContent-Type: %s\r\nContent-Disposition: %s; filename=\"%s\"\r\n%sContent-Transfer-Encoding: base64\r\n\r\n%s", f.media, how, f.name, extra, wrapped(f.content))
	}
	b.WriteString("--=-edge--\r\n")
	return b.Bytes()
}

// encoded writes a field, with names and subjects outside ASCII as encoded words.
func encoded(name, value string) string {
	if name != "From" && name != "Reply-To" && name != "To" {
		return name + ": " + mime.BEncoding.Encode("utf-8", value) + "\r\n"
	}
	at := strings.LastIndexByte(value, '<')
	if at < 0 {
		return name + ": " + value + "\r\n"
	}
	display := strings.Trim(strings.TrimSpace(value[:at]), `"`)
	if enc := mime.BEncoding.Encode("utf-8", display); enc != display {
		display = enc
	} else {
		display = `"` + display + `"`
	}
	return name + ": " + display + " " + value[at:] + "\r\n"
}

func wrapped(b []byte) string {
	text := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(text) > 76 {
		out.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	return out.String() + text + "\r\n"
}

// results are those of the Auth line.
func (s sample) results() mailauth.Results {
	var r mailauth.Results
	domain := ""
	for _, h := range s.head {
		if v, ok := strings.CutPrefix(h, "From: "); ok {
			domain = strings.TrimSuffix(v[strings.LastIndexByte(v, '@')+1:], ">")
		}
	}
	for _, w := range strings.Fields(s.auth) {
		k, v, _ := strings.Cut(w, "=")
		check := mailauth.Check{Result: mailauth.Result(v), Origin: mailauth.Checked, Domain: domain}
		switch k {
		case "spf":
			r.SPF = check
		case "dkim":
			r.DKIM = []mailauth.Check{check}
		case "dmarc":
			r.DMARC = check
		case "aligned":
			r.Aligned, r.AlignedBy = true, "SPF and DKIM"
		}
	}
	return r
}
