package treatment

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/ingest"
)

// withFiles is a message with a text and files, each saying its name.
func withFiles(names ...string) string {
	var b strings.Builder
	b.WriteString("From: bo@partner.example\r\nSubject: files\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\n\r\ntext\r\n")
	for _, n := range names {
		fmt.Fprintf(&b, "--b1\r\nContent-Type: application/octet-stream; name=%s\r\nContent-Disposition: attachment; filename=%s\r\n\r\nMZ the file %s\r\n", n, n, n)
	}
	return b.String() + "--b1--\r\n"
}

// ruling is one about malware, before anybody decided.
func ruling(raw []byte, evidence string) *ingest.Ruling {
	return &ingest.Ruling{Job: &ingest.Job{NetworkMessageID: "id-1"}, Message: email.Parse(raw, email.Limits{}), Judged: true,
		Verdict: detect.Verdict{Threats: []detect.Threat{detect.Malware}, Signals: []detect.Signal{{Threat: detect.Malware, Weight: 90, Evidence: evidence}}}}
}

// Only the named file goes, and every other octet stays.
func TestExchangeTouchesNothingElse(t *testing.T) {
	raw := []byte(withFiles("a.txt", "invoice.exe", "c.txt"))
	body, changed, _, err := Exchange(raw, ruling(raw, "invoice.exe is a program"))
	if err != nil || changed != nil {
		t.Fatal(err, changed)
	}
	from, _, _ := bytes.Cut(body, []byte("An attachment was removed"))
	_, to, _ := bytes.Cut(body, []byte("the sender to send it again.\r\n"))
	old := raw[bodyStart(raw):]
	head := bytes.LastIndex(from, []byte("--b1\r\n")) + len("--b1\r\n")
	if !bytes.HasPrefix(old, from[:head]) || !bytes.HasSuffix(old, to) || !bytes.Contains(to, []byte("c.txt")) {
		t.Errorf("the new body:\n%s", body)
	}
}

func TestExchangeOfSeveral(t *testing.T) {
	raw := []byte(withFiles("a.exe", "b.exe", "c.exe"))
	body, _, _, err := Exchange(raw, ruling(raw, "a program")) // none is named: all go
	if err != nil || strings.Count(string(body), "An attachment was removed") != 3 {
		t.Errorf("%v:\n%s", err, body)
	}
}

// What two readers may read in two ways is not exchanged: the message is held.
func TestExchangeRefusesDoubt(t *testing.T) {
	for name, raw := range map[string]string{
		"no boundary":         "Content-Type: multipart/mixed\r\n\r\n--b1\r\nContent-Type: application/octet-stream; name=x.exe\r\n\r\nMZ\r\n--b1--\r\n",
		"two types":           "Content-Type: multipart/mixed; boundary=b2\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\nContent-Type: application/octet-stream; name=x.exe\r\n\r\nMZ\r\n--b1--\r\n",
		"the same file twice": withFiles("x.exe") + "begin 644 x.exe\r\n#35I0\r\n`\r\nend\r\n",
		"no end of header":    "Content-Type: multipart/mixed; boundary=b1\r\n",
		"no file":             "Subject: x\r\n\r\ntext\r\n",
	} {
		r := ruling([]byte(raw), "x.exe")
		body, _, _, err := Exchange([]byte(raw), r)
		if err != nil {
			continue
		}
		for _, a := range email.Parse(append([]byte(raw[:bodyStart([]byte(raw))]), body...), email.Limits{}).Attachments {
			if a.Name == "x.exe" {
				t.Errorf("%s: the file is still there:\n%s", name, body)
			}
		}
	}
}

// Finding parts costs one pass, whatever the message is made of.
func TestLeavesAreBounded(t *testing.T) {
	head := "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	var deep strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&deep, "--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i, i+1)
	}
	for name, raw := range map[string]string{
		"many parts":              head + strings.Repeat("--b\r\n", 500_000),
		"many parts without ends": head + strings.Repeat("--b\r\nX: y\r\n", 300_000),
		"deep":                    strings.Replace(head, "=b", "=b0", 1) + deep.String(),
		"dashes":                  head + strings.Repeat("--", 2_000_000),
		"long lines":              head + "--b\r\n" + strings.Repeat("x", 10_000_000),
	} {
		start := time.Now()
		leaves([]byte(raw), len(head))
		if d := time.Since(start); d > 20*time.Second { // a busy machine; quadratic would be minutes
			t.Errorf("%s: %v", name, d)
		}
	}
}

// Every attachment stands where the mail parser saw it.
func TestLeavesAgreeWithTheParser(t *testing.T) {
	raw := []byte(withFiles("a.txt", "invoice.exe", "c.txt"))
	paths := map[string]bool{}
	for _, s := range leaves(raw, bodyStart(raw)) {
		paths[s.path] = true
	}
	for _, a := range email.Parse(raw, email.Limits{}).Attachments {
		if !paths[a.Part.Path] {
			t.Errorf("%s at %s is not among %v", a.Name, a.Part.Path, paths)
		}
	}
}

func FuzzExchange(f *testing.F) {
	f.Add([]byte(withFiles("x.exe")))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := ruling(raw, "x.exe")
		body, _, _, err := Exchange(raw, r)
		if err == nil && !bytes.Contains(body, []byte("An attachment was removed")) {
			t.Error("no notice")
		}
	})
}
