package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/event"
	"tocsin/internal/eventstore"
)

func TestEmailDetail(t *testing.T) {
	t.Parallel()
	s := open(t, acting)
	raw := lure(t)
	id := s.take(t, raw, "dan@harbour.test", "bob@harbour.test", "cat@harbour.test")
	c := s.as(t, auth.SecurityReader)
	got := ok[api.Email](c.get(t, "/emails/"+id))
	sum := sha256.Sum256(raw)
	for _, f := range []struct{ name, got, want string }{
		{"id", got.Event.NetworkMessageId, id},
		{"the first recipient by address", got.Event.RecipientEmailAddress, "bob@harbour.test"},
		{"subject", got.Event.Subject, "Your parcel ünd <b>more</b>"},
		{"sender", got.Event.SenderFromAddress, "support@paypal.test"},
		{"envelope sender", got.Event.SenderMailFromAddress, "bounce@sender.test"},
		{"bytes", got.Event.RawSHA256, hex.EncodeToString(sum[:])},
		{"action", got.Policy.Action, got.Event.DeliveryAction},
		{"source", got.Event.Connectors, "smtp"},
	} {
		if f.got != f.want {
			t.Errorf("%s: %q, want %q", f.name, f.got, f.want)
		}
	}
	var who []string
	for _, r := range got.Recipients {
		who = append(who, r.RecipientEmailAddress)
	}
	if !slices.Equal(who, []string{"bob@harbour.test", "cat@harbour.test", "dan@harbour.test"}) {
		t.Errorf("recipients %v", who)
	}
	if !slices.Contains(got.Verdict.ThreatTypes, "Malware") || len(got.Verdict.Signals) == 0 || got.Verdict.Score < got.Verdict.Thresholds.Flag || len(got.Verdict.DetectionTechnologies) == 0 {
		t.Errorf("verdict %+v", got.Verdict)
	}
	if !slices.IsSortedFunc(got.Verdict.Signals, func(a, b signal) int { return b.Weight - a.Weight }) {
		t.Errorf("signals are not by falling weight: %+v", got.Verdict.Signals)
	}
	if !got.RawAvailable || got.Auth.DKIM == nil || got.Auth.SPF.Result == "" || got.Event.To == nil || got.Defects == nil {
		t.Errorf("%+v", got)
	}
	if again := ok[api.Email](c.get(t, "/emails/"+strings.ToUpper(id), "recipient", "dan@harbour.test")); again.Event.RecipientEmailAddress != "dan@harbour.test" {
		t.Errorf("recipient %q", again.Event.RecipientEmailAddress)
	}
	for _, part := range []string{"", "/headers", "/timeline", "/urls", "/attachments", "/similar"} {
		c.get(t, "/emails/"+id+part, "recipient", "eve@harbour.test").problem(http.StatusNotFound)
		c.get(t, "/emails/01890000-0000-7000-8000-000000000000"+part).problem(http.StatusNotFound)
		c.get(t, "/emails/00000000-0000-0000-0000-000000000000"+part).problem(http.StatusNotFound)
	}
}

func TestEmailHeaders(t *testing.T) {
	t.Parallel()
	s := open(t)
	raw := letter(
		"Received: from store.harbour.test ([10.0.0.2]) by store.harbour.test with LMTP; Fri, 2 Jan 2026 03:04:09 +0000",
		"Received: from friendly.test (mail.evil.test [198.51.100.7])", "\tby mx.harbour.test with ESMTP;", "\tFri, 2 Jan 2026 03:04:07 +0000",
		"From: Ann <ann@sender.test>", "To: bob@harbour.test", "X-Empty:", "Subject: =?utf-8?Q?B=C3=BCro?=", "subject: another", "Reply-To: mallory@elsewhere.example",
		"Message-ID: <1@bulk.example>", "X-Latin: caf\xe9", "Date: Fri, 2 Jan 2026 03:04:05 +0000", "", "hello",
	)
	id := s.take(t, raw, "bob@harbour.test")
	c := s.as(t, auth.SecurityReader)
	got := ok[api.EmailHeaders](c.get(t, "/emails/"+id+"/headers"))
	var names, all strings.Builder
	odd := map[string]string{}
	for _, h := range got.Headers {
		names.WriteString(h.Name + " ")
		all.WriteString(h.Raw)
		odd[h.Name] = h.Odd
	}
	if want := "Received Received From To X-Empty Subject subject Reply-To Message-ID X-Latin Date "; names.String() != want {
		t.Errorf("order %q, want %q", names.String(), want)
	}
	block, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	if want := strings.ToValidUTF8(block, "\uFFFD") + "\r\n"; got.Raw != want || all.String() != got.Raw || got.Cut {
		t.Errorf("raw %q, want %q, parts %q", got.Raw, want, all.String())
	}
	if v := got.Headers[5].Value; v != "Büro" {
		t.Errorf("subject %q", v)
	}
	for name, word := range map[string]string{"Subject": "stands 2 times", "subject": "stands 2 times", "Reply-To": "another domain", "Message-ID": "another domain"} {
		if !strings.Contains(odd[name], word) {
			t.Errorf("%s: nothing odd about %q in %q", name, word, odd[name])
		}
	}
	for _, name := range []string{"To", "Date", "X-Empty"} {
		if odd[name] != "" {
			t.Errorf("%s is odd: %s", name, odd[name])
		}
	}
	if len(got.Hops) != 2 || got.Hops[0].FromIP != "198.51.100.7" || !got.Hops[0].Trusted || got.Hops[0].Odd == nil || got.Hops[1].DelayMS != 2000 {
		t.Errorf("hops %+v", got.Hops)
	}
	if !slices.ContainsFunc(got.Hops[0].Odd, func(s string) bool { return strings.Contains(s, "called itself friendly.test") }) {
		t.Errorf("odd %q", got.Hops[0].Odd)
	}
}

func TestEmailTimeline(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.take(t, simple("watched"), "bob@harbour.test", "cat@harbour.test")
	analyst := s.as(t, auth.SecurityOperator, auth.Preview)
	analyst.post(t, "/emails/"+id+"/content?recipient=bob@harbour.test", api.Reason{Reason: "ticket 7"}).want(http.StatusOK)
	now := s.clock.now().UTC().Truncate(time.Microsecond)
	err := s.Events().Append(t.Context(), event.Batch{
		PostDelivery: []event.PostDelivery{{Timestamp: now.Add(time.Minute), NetworkMessageId: id, RecipientEmailAddress: "bob@harbour.test", Action: "Moved to quarantine", ActionType: "Phish ZAP", ActionTrigger: "new indicator", ActionResult: "Success", SourceLocation: "Inbox/folder", DeliveryLocation: "Quarantine", ReportId: "1"}},
		Clicks:       []event.UrlClick{{Timestamp: now.Add(2 * time.Minute), NetworkMessageId: id, AccountUpn: "Bob@harbour.test", Url: "https://evil.test/", ActionType: "ClickAllowed", ReportId: "2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	kinds := func(to string) (out []string) {
		events := ok[api.Timeline](analyst.get(t, "/emails/"+id+"/timeline", "recipient", to)).Events
		if !slices.IsSortedFunc(events, func(a, b api.TimelineEvent) int { return a.Time.Compare(b.Time) }) {
			t.Errorf("not by time: %+v", events)
		}
		for _, e := range events {
			if e.Title == "" || e.Tone == "" || e.Time.IsZero() {
				t.Errorf("%+v", e)
			}
			switch e.Kind {
			case "content":
				if e.Source != "nobody.security-operator.preview@harbour.test" || e.Detail != "ticket 7" {
					t.Errorf("%+v", e)
				}
			case "post_delivery":
				if e.Title != "Phish ZAP: Moved to quarantine" || e.Detail != "Inbox/folder → Quarantine; Success" || e.Source != "new indicator" {
					t.Errorf("%+v", e)
				}
			}
			out = append(out, e.Kind)
		}
		return out
	}
	if got := strings.Join(kinds("bob@harbour.test"), " "); got != "sent received judged delivered content post_delivery click" {
		t.Errorf("timeline %s", got)
	}
	if got := strings.Join(kinds("cat@harbour.test"), " "); got != "sent received judged delivered content" { // the look was at the message that both got
		t.Errorf("timeline of the other: %s", got)
	}
}

func TestEmailParts(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.take(t, lure(t), "bob@harbour.test")
	c := s.as(t, auth.SecurityReader)
	urls := ok[api.EmailURLs](c.get(t, "/emails/"+id+"/urls")).URLs
	i := slices.IndexFunc(urls, func(u api.EmailURL) bool { return u.URL == "https://login.evil.test/keep?u=bob" })
	if i < 0 || urls[i].Defanged != "hxxps://login[.]evil[.]test/keep?u=bob" || urls[i].Domain != "login.evil.test" || urls[i].Text != "https://www.paypal.com/signin" || urls[i].Location != "Body" || len(urls[i].Signals) == 0 {
		t.Errorf("urls %+v", urls)
	}

	tree := ok[api.EmailAttachments](c.get(t, "/emails/"+id+"/attachments")).Attachments
	byName := map[string]api.Attachment{}
	var walk func(depth int, all []api.Attachment)
	walk = func(depth int, all []api.Attachment) {
		for _, a := range all {
			if byName[a.Name] = a; a.Children == nil || (depth == 0) != (a.Within == "") {
				t.Errorf("%s at depth %d is within %q, children %v", a.Name, depth, a.Within, a.Children)
			}
			walk(depth+1, a.Children)
		}
	}
	walk(0, tree)
	sum := sha256.Sum256([]byte(eicar))
	if a := byName["invoice.com"]; a.SHA256 != hex.EncodeToString(sum[:]) || a.Size != int64(len(eicar)) || a.Declared != "application/octet-stream" {
		t.Errorf("%+v", a)
	}
	inner := byName["inner.txt"]
	if inner.Size != int64(len("inside the forwarded letter")) || len(inner.MD5) != 32 || len(inner.SHA1) != 40 || inner.Within == "" {
		t.Errorf("the file inside the attached letter: %+v; all %+v", inner, tree)
	}

	like := s.take(t, []byte(strings.Replace(string(lure(t)), "Message-ID: <lure@", "Message-ID: <lure2@", 1)), "cat@harbour.test", "dan@harbour.test")
	s.take(t, simple("quite another"), "bob@harbour.test")
	similar := ok[api.Similar](c.get(t, "/emails/"+id+"/similar"))
	if similar.By != "cluster" || similar.Count != 2 || len(similar.Rows) != 2 || similar.Rows[0].NetworkMessageId != like {
		t.Errorf("%+v", similar)
	}
	if n := ok[api.Count](c.get(t, "/explorer/count", "q", similar.KQL)); n.Events != 3 {
		t.Errorf("the query %s finds %d events, want its own too", similar.KQL, n.Events)
	}
}

// TestEmailWithoutItsBytes: what was stored about a message is shown when the message itself is gone or damaged, and nobody is
// recorded as having seen it.
func TestEmailWithoutItsBytes(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator, auth.Preview)
	for _, w := range []struct {
		name   string
		spoil  func(path string) error
		status int
	}{
		{"damaged", func(path string) error { return os.WriteFile(path, []byte("something else"), 0o600) }, http.StatusInternalServerError},
		{"gone", os.Remove, http.StatusGone},
	} {
		id := s.take(t, simple("kept "+w.name), "bob@harbour.test")
		sum := ok[api.Email](c.get(t, "/emails/"+id)).Event.RawSHA256
		spoiled := 0
		err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(strings.ReplaceAll(path, string(filepath.Separator), ""), sum) && !strings.Contains(filepath.Base(path), sum) {
				return err
			}
			spoiled++
			return w.spoil(path)
		})
		if err != nil || spoiled == 0 {
			t.Fatalf("%s: %d files spoiled, %v", w.name, spoiled, err)
		}
		got := ok[api.Email](c.get(t, "/emails/"+id))
		if got.RawAvailable || got.Can.Preview || got.Can.Download || got.Can.Why == "" || got.Event.Subject != "kept "+w.name {
			t.Errorf("%s: %+v", w.name, got)
		}
		ok[api.Timeline](c.get(t, "/emails/"+id+"/timeline"))
		ok[api.Similar](c.get(t, "/emails/"+id+"/similar"))
		for _, part := range []string{"/headers", "/urls", "/attachments"} {
			c.get(t, "/emails/"+id+part).problem(w.status)
		}
		for _, part := range []string{"/content", "/download"} {
			c.post(t, "/emails/"+id+part, api.Reason{Reason: "ticket 1"}).problem(w.status)
		}
	}
	if n := len(s.audited(t, auth.ActContent, auth.ActDownload)); n > 0 {
		t.Errorf("%d looks on record, and nothing was seen", n)
	}
}

// moved says that the mail of a recipient lies elsewhere now.
func (s *site) moved(t *testing.T, id, recipient, place string) {
	t.Helper()
	err := s.Events().Patch(t.Context(), []eventstore.Patch{{NetworkMessageID: id, Recipient: recipient, At: s.clock.now(), LatestDeliveryAction: "Moved", LatestDeliveryLocation: place}})
	if err != nil {
		t.Fatal(err)
	}
}
