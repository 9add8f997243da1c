package ingest

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/email"
	"tocsin/internal/event"
)

func TestUnwrap(t *testing.T) {
	transport := Envelope{
		Source: "smtp", ClientIP: netip.MustParseAddr("192.0.2.1"), OwnClient: true, Helo: "mail.protection.test", TLS: "TLS 1.3",
		MailFrom: "journal@contoso.test", MailFromKnown: true, Recipients: []string{"tocsin@contoso.test"}, Time: time.Unix(1, 0), Journal: true,
	}
	original := func(from string, rcpt []string, lists, forwards map[string]string) Envelope {
		if lists == nil {
			lists = map[string]string{}
		}
		if forwards == nil {
			forwards = map[string]string{}
		}
		return Envelope{Source: "smtp", MailFrom: from, Recipients: rcpt, Lists: lists, Forwards: forwards, Time: time.Unix(1, 0), Journal: true}
	}
	exchange := original("eve@sender.test",
		[]string{"kate@contoso.test", "dave@contoso.test", "kim@contoso.test", "hidden@contoso.test"},
		map[string]string{"dave@contoso.test": "sales@contoso.test"}, map[string]string{"kim@contoso.test": "boss@contoso.test"})
	inner, err := os.ReadFile("testdata/journal/plain.eml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, kind string
		ok, opened bool
		env        Envelope
	}{
		{"exchange.eml", KindReport, true, true, exchange},
		{"base64.eml", KindReport, true, true, exchange},
		{"exchange-recipient.eml", KindReport, true, true, original("eve@sender.test", []string{"kate@contoso.test"}, nil, nil)},
		{"google.eml", KindReport, true, true, original("eve@sender.test", []string{"kate@contoso.test", "bob@contoso.test"}, nil, nil)},
		{"forwarded-as-attachment.eml", KindPlain, true, false, transport},
		{"marked-no-original.eml", KindReport, false, false, transport},
		{"marked-no-sender.eml", KindReport, false, false, transport},
		{"plain.eml", KindPlain, true, false, transport},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata/journal", c.file))
		if err != nil {
			t.Fatal(err)
		}
		want := raw
		if c.opened {
			want = inner
		}
		got, env, kind, ok := Unwrap(email.Parse(raw, email.Limits{}), raw, transport)
		if kind != c.kind || ok != c.ok {
			t.Errorf("%s: %s %v, want %s %v", c.file, kind, ok, c.kind, c.ok)
		}
		if !bytes.Equal(bytes.TrimRight(got, "\r\n"), bytes.TrimRight(want, "\r\n")) {
			t.Errorf("%s: message\n%s", c.file, cmp.Diff(string(want), string(got)))
		}
		if d := cmp.Diff(c.env, env, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
			t.Errorf("%s: envelope (-want +got)\n%s", c.file, d)
		}
		if kind == KindReport && !looksWrapped(raw) {
			t.Errorf("%s: passed over by the quick look", c.file)
		}
	}
}

// A report that comes through Accept is listed under the original's envelope, Bcc included; one that can't be read is listed
// as it is, with a defect; without Journal nothing is unwrapped.
func TestAcceptJournal(t *testing.T) {
	h := build(t, t.TempDir())
	read := func(name string) []byte {
		raw, err := os.ReadFile("testdata/journal/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	now := time.Now()
	ids := map[string]string{}
	for _, c := range []struct {
		name    string
		journal bool
	}{{"exchange.eml", true}, {"marked-no-sender.eml", true}, {"base64.eml", false}} {
		r, err := h.intake.Accept(t.Context(), read(c.name), Envelope{Source: "smtp", Journal: c.journal, Time: now, Recipients: []string{"tocsin@contoso.test"}})
		if err != nil {
			t.Fatal(err)
		}
		ids[r.NetworkMessageID] = c.name
	}
	h.start(t)
	h.settle(t)
	got := map[string][]string{}
	for _, e := range h.events.rows() {
		line := e.RecipientEmailAddress + " " + e.SenderFromAddress + " " + e.DistributionList + " " + e.ForwardingInformation
		if strings.Contains(e.Defects, event.DefectJournal) {
			line += " " + event.DefectJournal
		}
		got[ids[e.NetworkMessageId]] = append(got[ids[e.NetworkMessageId]], strings.TrimSpace(line))
	}
	want := map[string][]string{
		"exchange.eml": {
			"dave@contoso.test eve@sender.test sales@contoso.test",
			"hidden@contoso.test eve@sender.test",
			"kate@contoso.test eve@sender.test",
			`kim@contoso.test eve@sender.test  [{"ForwardingType":"SMTP","ForwardingUser":"boss@contoso.test"}]`,
		},
		"marked-no-sender.eml": {"tocsin@contoso.test journal@contoso.test   journal-unreadable"},
		"base64.eml":           {"tocsin@contoso.test journal@contoso.test"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func FuzzUnwrap(f *testing.F) {
	files, err := filepath.Glob("testdata/journal/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		env := Envelope{Source: "fuzz", Recipients: []string{"x@y.test"}, MailFrom: "a@b.test"}
		m := email.Parse(raw, email.Limits{})
		inner, out, kind, ok := Unwrap(m, raw, env)
		switch {
		case kind == KindPlain && (!ok || !bytes.Equal(inner, raw)), !ok && !bytes.Equal(inner, raw):
			t.Fatalf("kind %q ok %v changed the message", kind, ok)
		case !ok && !cmp.Equal(out.Recipients, env.Recipients):
			t.Fatal("changed the envelope of what it can't read")
		case kind == KindReport && ok && len(inner) == 0:
			t.Fatal("opened a report and lost the message")
		case kind == KindReport && !looksWrapped(raw):
			t.Fatal("the quick look would have passed over a report")
		}
		for _, r := range out.Recipients {
			if !strings.Contains(r, "@") {
				t.Fatalf("recipient %q", r)
			}
		}
		out.clean()
	})
}
