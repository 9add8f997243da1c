package ingest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/mailauth"
)

func find(raw []byte, j Job) *findings {
	own := func(a netip.Addr) bool {
		return a.IsPrivate() || a.IsLoopback() || netip.MustParsePrefix("198.51.100.0/24").Contains(a)
	}
	f := &findings{job: j, org: org, own: own, size: len(raw), m: email.Parse(raw, email.Limits{})}
	f.describe()
	return f
}

func TestRecipients(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat("%d@x.test, ", maxHeaderRecipients+50), ", ")
	numbers := make([]any, maxHeaderRecipients+50)
	for i := range numbers {
		numbers[i] = i
	}
	for name, c := range map[string]struct {
		raw  []byte
		env  []string
		want []string
	}{
		"envelope wins":         {message("To: a@x.test", "", ""), []string{"e@x.test"}, []string{"e@x.test"}},
		"To and Cc":             {message("To: B@X.test, Alice <a@x.test>", "Cc: c@x.test, a@x.test", "", ""), nil, []string{"a@x.test", "b@x.test", "c@x.test"}},
		"delivery fields":       {message("Delivered-To: me@x.test", "X-Original-To: <old@x.test>", "To: undisclosed-recipients:;", "", ""), nil, []string{"me@x.test", "old@x.test"}},
		"Gmail routing":         {message("X-Gm-Original-To: kate@x.test", "", ""), nil, []string{"kate@x.test"}},
		"nobody":                {message("Subject: x", "", ""), nil, []string{""}},
		"nobody with a address": {message("To: nobody", "", ""), nil, []string{""}},
	} {
		if got := find(c.raw, Job{Recipients: c.env}).recipients; !cmp.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	f := find(message("To: "+fmt.Sprintf(many, numbers...), "", ""), Job{})
	if len(f.recipients) != maxHeaderRecipients || !strings.Contains(f.listDefects(), event.DefectRecipients) {
		t.Errorf("%d recipients, defects %q", len(f.recipients), f.listDefects())
	}
}

func TestSenderAddress(t *testing.T) {
	hop := func(ip string) string {
		return "Received: from h (h [" + ip + "]) by m; Fri, 2 Jan 2026 03:04:05 +0000"
	}
	for name, c := range map[string]struct {
		client string
		own    bool
		hops   []string
		want   string
	}{
		"a stranger hands over":           {"203.0.113.1", false, []string{hop("192.0.2.9")}, "203.0.113.1"},
		"an own server, outside behind":   {"10.0.0.1", false, []string{hop("198.51.100.3"), hop("192.0.2.9"), hop("192.0.2.66")}, "192.0.2.9"},
		"a trusted client outside":        {"203.0.113.1", true, []string{hop("192.0.2.9")}, "192.0.2.9"},
		"own server and no hops":          {"10.0.0.1", true, nil, "10.0.0.1"},
		"all inside":                      {"10.0.0.1", true, []string{hop("10.0.0.2")}, "10.0.0.1"},
		"a file with inside hops":         {"", false, []string{hop("10.0.0.2"), hop("10.0.0.3")}, "10.0.0.3"},
		"a file with an outside hop":      {"", false, []string{hop("10.0.0.2"), hop("2001:db8::5")}, "2001:db8::5"},
		"a file that says nothing":        {"", false, nil, "invalid IP"},
		"an own server written as mapped": {"::ffff:10.0.0.1", false, []string{hop("192.0.2.9")}, "192.0.2.9"},
	} {
		j := Job{OwnClient: c.own}
		if c.client != "" {
			j.ClientIP = netip.MustParseAddr(c.client)
		}
		if got := find(message(append(c.hops, "Subject: x", "", "")...), j).senderIP.String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestDirection(t *testing.T) {
	inside, outside := "10.0.0.9", "203.0.113.1"
	for name, c := range map[string]struct {
		from, client string
		auth         mailauth.Results
		rcpt         []string
		want         detect.Direction
		rows         string
	}{
		"from outside":                  {"a@else.test", outside, mailauth.Results{}, []string{"b@example.test"}, detect.Inbound, "Inbound"},
		"own name from outside":         {"a@example.test", outside, mailauth.Results{}, []string{"b@example.test"}, detect.Inbound, "Inbound"},
		"own name, proved":              {"a@example.test", outside, mailauth.Results{Aligned: true}, []string{"b@example.test"}, detect.IntraOrg, "Intra-org"},
		"own name from an own server":   {"a@example.test", inside, mailauth.Results{}, []string{"b@example.test"}, detect.IntraOrg, "Intra-org"},
		"to a stranger":                 {"a@example.test", inside, mailauth.Results{}, []string{"x@else.test"}, detect.Outbound, "Outbound"},
		"to both":                       {"a@example.test", inside, mailauth.Results{}, []string{"b@sub.example.test", "x@else.test"}, detect.Outbound, "Intra-org Outbound"},
		"a stranger's name from inside": {"a@else.test", inside, mailauth.Results{}, []string{"b@example.test"}, detect.Inbound, "Inbound"},
	} {
		f := find(message("From: "+c.from, "", ""), Job{ClientIP: netip.MustParseAddr(c.client), Recipients: c.rcpt})
		f.auth, f.authKnown = c.auth, true
		f.describeContext()
		if got := f.context.Direction; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		var rows []string
		for _, e := range f.rows().Emails {
			rows = append(rows, e.EmailDirection)
		}
		if got := strings.Join(rows, " "); got != c.rows {
			t.Errorf("%s: rows %q, want %q", name, got, c.rows)
		}
	}
}

// SPF must be asked about a path that somebody used, not about one that was made up.
func TestEnvelopeForAuthentication(t *testing.T) {
	raw := message("Return-Path: <bounce@sender.test>", "From: a@b.test", "", "")
	if e := find(raw, Job{ClientIP: netip.MustParseAddr("203.0.113.1")}).envelope(); e.MailFrom != "bounce@sender.test" || !e.ClientIP.IsValid() {
		t.Errorf("with Return-Path: %+v", e)
	}
	raw = message("From: a@b.test", "", "")
	if e := find(raw, Job{MailFrom: "a@b.test", ClientIP: netip.MustParseAddr("203.0.113.1")}).envelope(); e != (mailauth.Envelope{}) {
		t.Errorf("unknown path: %+v", e)
	}
	if e := find(raw, Job{MailFromKnown: true, ClientIP: netip.MustParseAddr("203.0.113.1"), Helo: "h"}).envelope(); e.Helo != "h" || e.MailFrom != "" {
		t.Errorf("null path: %+v", e)
	}
}

// Rows must be the same whenever they are made: keys and content follow from the message.
func TestRowsAreStable(t *testing.T) {
	raw := message("From: a@b.test", "To: x@example.test, y@example.test", "Subject: s", "MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary="b"`, "",
		"--b", "Content-Type: text/plain", "", "see https://a.test/1 and https://a.test/1 and https://b.test/", "--b",
		`Content-Type: application/pdf; name="a.pdf"`, `Content-Disposition: attachment; filename="a.pdf"`, "", "%PDF-1.4", "--b",
		`Content-Type: application/pdf; name="a.pdf"`, `Content-Disposition: attachment; filename="a.pdf"`, "", "%PDF-1.4", "--b--")
	one := find(raw, Job{NetworkMessageID: "id", Time: 1}).rows()
	two := find(raw, Job{NetworkMessageID: "id", Time: 1}).rows()
	if d := cmp.Diff(one, two); d != "" {
		t.Fatal(d)
	}
	if len(one.Emails) != 2 || len(one.Urls) != 2 || len(one.Attachments) != 4 {
		t.Errorf("%d emails, %d urls, %d attachments; want 2, 2, 4", len(one.Emails), len(one.Urls), len(one.Attachments))
	}
	keys := map[string]bool{}
	for _, a := range one.Attachments {
		keys[a.ReportId] = true
	}
	if len(keys) != 4 {
		t.Errorf("attachments share keys: %v", keys)
	}
	if e := one.Emails[0]; e.UrlCount != 2 || e.AttachmentCount != 2 {
		t.Errorf("counts: %d urls, %d attachments", e.UrlCount, e.AttachmentCount)
	}
}

func TestVerdictColumns(t *testing.T) {
	f := &findings{verdict: detect.Verdict{
		Threats: []detect.Threat{detect.Phish, detect.Spam}, Confidence: detect.Normal, Scores: map[detect.Threat]int{detect.Phish: 50, detect.Spam: 75},
		Technologies: []detect.Technology{detect.SpoofDMARC, detect.Bulk},
		Signals: []detect.Signal{
			{Technology: detect.SpoofDMARC, Threat: detect.Phish, Weight: 50, Claim: "first"},
			{Technology: detect.Bulk, Threat: detect.Spam, Weight: 40},
			{Technology: detect.SpoofDMARC, Threat: detect.Phish, Weight: 5},
			{Technology: detect.FileReputation, Threat: detect.Malware, Weight: 3},
			{Threat: detect.Phish, Weight: -3},
		},
	}}
	var e event.EmailEvent
	f.describeVerdict(&e)
	for _, c := range [][2]string{
		{e.ThreatTypes, "Phish, Spam"},
		{e.DetectionTechnologies, "Spoof DMARC, Bulk"},
		{e.DetectionMethods, `{"Phish":["Spoof DMARC"],"Spam":["Bulk"]}`},
		{e.ConfidenceLevel, `{"Phish":"Normal","Spam":"9"}`},
		{e.FirstSignal, "first"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s, want %s", c[0], c[1])
		}
	}
}
