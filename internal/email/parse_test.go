package email

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// view is the part of a Message that the golden files hold.
type view struct {
	From, ReplyTo, To, Cc, Bcc []Address `json:",omitempty"`
	Sender                     *Address  `json:",omitempty"`
	ReturnPath                 string    `json:",omitempty"`
	Subject                    string    `json:",omitempty"`
	Date                       string    `json:",omitempty"`
	MessageID                  string    `json:",omitempty"`
	InReplyTo, References      []string  `json:",omitempty"`
	Parts                      []string
	Text, HTML, Visible        string   `json:",omitempty"`
	Links                      []string `json:",omitempty"`
	Attachments                []string `json:",omitempty"`
	Defects                    []string `json:",omitempty"`
}

func viewOf(m *Message) view {
	v := view{
		From: m.From, ReplyTo: m.ReplyTo, To: m.To, Cc: m.Cc, Bcc: m.Bcc, ReturnPath: m.ReturnPath, Subject: m.Subject,
		MessageID: m.MessageID, InReplyTo: m.InReplyTo, References: m.References, Text: m.Text, HTML: m.HTML, Visible: m.Visible,
	}
	if m.Sender != (Address{}) {
		v.Sender = &m.Sender
	}
	if !m.Date.IsZero() {
		v.Date = m.Date.Format(time.RFC3339)
	}
	for _, p := range m.Parts {
		s := fmt.Sprintf("%s %s", orElse(p.Path, "-"), p.Type)
		for _, f := range []struct{ name, value string }{
			{"charset", p.Charset}, {"encoding", p.Encoding}, {"disposition", p.Disposition}, {"filename", p.Filename}, {"cid", p.ContentID},
		} {
			if f.value != "" {
				s += fmt.Sprintf(" %s=%q", f.name, f.value)
			}
		}
		if p.Content != nil {
			s += fmt.Sprintf(" %d octets", len(p.Content))
		}
		if p.Embedded {
			s += " embedded"
		}
		if p.Truncated {
			s += " truncated"
		}
		v.Parts = append(v.Parts, s)
	}
	for _, l := range m.Links {
		v.Links = append(v.Links, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", l.URL, l.Where, l.Tag, l.Part)))
	}
	for _, a := range m.Attachments {
		s := fmt.Sprintf("%q %s %d octets sha256 %.8s part %s", a.Name, a.Declared, a.Size, a.SHA256, a.Part.Path)
		if a.Within != "" {
			s += fmt.Sprintf(" within %q", a.Within)
		}
		if a.Inline {
			s += " inline"
		}
		v.Attachments = append(v.Attachments, s)
	}
	for _, d := range m.Defects {
		v.Defects = append(v.Defects, strings.TrimSpace(d.ID+" "+d.Where))
	}
	return v
}

// TestMessages reads every message in testdata/messages and compares it with the JSON beside it.
func TestMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/messages/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m := Parse(raw, Limits{Time: time.Minute})
			checkMessage(t, m, len(raw))
			got, err := json.MarshalIndent(viewOf(m), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
			}
		})
	}
}

// goldenMessages returns the bytes of all messages in testdata.
func goldenMessages(tb testing.TB) [][]byte {
	files, err := filepath.Glob("testdata/messages/*.eml")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no messages: %v", err)
	}
	var all [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}
