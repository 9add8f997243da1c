package submission

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/mailauth"
	"tocsin/internal/remediate"
)

const inbox = "report@northwind.example"

// phish is an original, as it was delivered.
var phish = lines("Received: from x (x [192.0.2.1]) by mx.northwind.example; Tue, 3 Nov 2026 10:15:00 +0000", "From: Parcel <billing@parcel-fee.example>", "To: maren@northwind.example", "Subject: Your parcel",
	"Date: Tue, 03 Nov 2026 10:15:00 +0000", "Message-ID: <p1@parcel-fee.example>", "Content-Type: text/plain", "", "Pay: https://parcel-fee.example/pay")

func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

// report is a message to the address with parts.
func report(head string, parts ...string) string {
	var b strings.Builder
	b.WriteString("From: Maren Okafor <maren@northwind.example>\r\nTo: " + inbox + "\r\nSubject: FW: Your parcel\r\nMessage-ID: <r1@northwind.example>\r\n" + head + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n")
	for _, p := range parts {
		b.WriteString("--outer\r\n" + p + "\r\n")
	}
	b.WriteString("--outer--\r\n")
	return b.String()
}

const said = "Content-Type: text/plain\r\n\r\nPlease look."

func attach(raw string) string { return "Content-Type: message/rfc822\r\n\r\n" + raw }

func base64Part(kind, name, raw string) string {
	return fmt.Sprintf("Content-Type: %s; name=%q\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", kind, name, name, wrap64(raw))
}

func wrap64(s string) string {
	e := base64.StdEncoding.EncodeToString([]byte(s))
	var b strings.Builder
	for len(e) > 76 {
		b.WriteString(e[:76] + "\r\n")
		e = e[76:]
	}
	return b.String() + e
}

func read(raw string) Reading { return Read(email.Parse([]byte(raw), email.Limits{}), false, inbox) }

// TestReadAttached reads reports that carry the original.
func TestReadAttached(t *testing.T) {
	t.Parallel()
	digest := remediate.Digest([]byte(phish))
	second := strings.Replace(phish, "Your parcel", "Your second parcel", 1)
	apart := report("", said, "Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n"+attach(phish)+"\r\n--inner--")
	mine := "From: Jon <jon@northwind.example>\r\nTo: " + inbox + "\r\nSubject: FW\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=mid\r\n\r\n--mid\r\n" + attach(phish) + "\r\n--mid--\r\n"
	bare := "From: maren@northwind.example\r\nTo: " + inbox + "\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n" + phish
	for name, c := range map[string]struct {
		raw  string
		n    int
		kind Type
	}{
		"forward as attachment":        {report("", said, attach(phish)), 1, ""},
		"without a text":               {report("", attach(phish)), 1, ""},
		"the message is the report":    {bare, 1, ""},
		"two originals":                {report("", said, attach(phish), attach(second)), 2, ""},
		"the same twice":               {report("", said, attach(phish), attach(phish)), 1, ""},
		"an eml file":                  {report("", said, base64Part("application/octet-stream", "mail.eml", phish)), 1, ""},
		"an eml file with its type":    {report("", said, base64Part("message/rfc822", "mail.eml", phish)), 1, ""},
		"deeper in multiparts":         {apart, 1, ""},
		"a report of a report":         {report("", said, attach(mine)), 1, ""},
		"a report button's junk":       {strings.Replace(report("", said, attach(phish)), "Subject: FW: Your parcel", "Subject: 1|abc|Your parcel", 1), 1, Spam},
		"a report button's not junk":   {strings.Replace(report("", said, attach(phish)), "Subject: FW: Your parcel", "Subject: 2|abc|Your parcel", 1), 1, NotJunk},
		"a report button's phish":      {strings.Replace(report("", said, attach(phish)), "Subject: FW: Your parcel", "Subject: 3|abc|Your parcel", 1), 1, Phish},
		"a word in brackets":           {strings.Replace(report("", said, attach(phish)), "Subject: FW: Your parcel", "Subject: [Not spam] Your parcel", 1), 1, NotJunk},
		"a machine's, with a message":  {report("Auto-Submitted: auto-generated\r\n", said, attach(phish)), 1, ""},
		"a file that is no message":    {report("", said, base64Part("application/octet-stream", "mail.eml", "MZ\x90\x00 not a message")), 0, ""},
		"a saved message that is none": {report("", said, base64Part("application/vnd.ms-outlook", "mail.msg", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1broken")), 0, ""},
		"nothing at all":               {report("", said), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(c.raw)
			if r.Drop || len(r.Originals) != c.n || r.Type != c.kind {
				t.Fatalf("%d originals (want %d), type %q, dropped %v: %+v", len(r.Originals), c.n, r.Type, r.Drop, r)
			}
			if c.n > 0 && r.Originals[0].Digest != digest {
				t.Errorf("the digest is not that of the delivered message: %q", r.Originals[0].Raw)
			}
		})
	}
}

// TestReadHostile: what is meant to break reading costs a bounded part of it.
func TestReadHostile(t *testing.T) {
	t.Parallel()
	many := make([]string, 1000)
	for i := range many {
		many[i] = attach(strings.Replace(phish, "p1@", fmt.Sprintf("p%d@", i), 1))
	}
	began := time.Now()
	r := read(report("", many...))
	if len(r.Originals) != MaxOriginals || r.More < 400 {
		t.Errorf("of 1000 attached messages (the parser reads 1000 parts) %d are taken, %d counted", len(r.Originals), r.More)
	}
	deep := phish
	for i := range 20 {
		deep = fmt.Sprintf("From: l%d@x.example\r\nTo: %s\r\nSubject: level %d\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n%s", i, inbox, i, deep)
	}
	if r := read(report("", said, attach(deep))); len(r.Originals) != 1 {
		t.Errorf("20 messages in messages give %d originals", len(r.Originals))
	}
	long := lines("From: a@b.example", "Subject: "+strings.Repeat("long ", 100_000), "", "x")
	if r := read(report("", attach(long))); len(r.Originals) != 1 || len(r.Originals[0].Subject) > MaxSubject {
		t.Errorf("a long subject is not cut")
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}

// TestMachines: automatic answers and bounces make no report, and no loop.
func TestMachines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw      string
		nullPath bool
		drop     bool
		mute     bool
	}{
		"a person":                      {report("", said), false, false, false},
		"out of office":                 {report("Auto-Submitted: auto-replied\r\n", said), false, true, true},
		"out of office, older":          {report("X-Autoreply: yes\r\n", said), false, true, true},
		"out of office with the letter": {report("Precedence: auto_reply\r\n", said, attach(phish)), false, true, true},
		"our own answer that came back": {report("Auto-Submitted: auto-generated\r\n", said), false, true, true},
		"a report button":               {report("Auto-Submitted: auto-generated\r\n", said, attach(phish)), false, false, true},
		"a bounce":                      {strings.Replace(report("", said, attach(phish)), "multipart/mixed", "multipart/report; report-type=delivery-status", 1), true, true, true},
		"a null path with a message":    {report("", said, attach(phish)), true, false, true},
		"a null path without one":       {report("", said), true, true, true},
		"over a list":                   {report("Precedence: list\r\n", said, attach(phish)), false, false, true},
	} {
		r := Read(email.Parse([]byte(c.raw), email.Limits{}), c.nullPath, inbox)
		if r.Drop != c.drop || (r.Machine != "") != c.mute {
			t.Errorf("%s: dropped %v, machine %q", name, r.Drop, r.Machine)
		}
	}
}

func TestProven(t *testing.T) {
	t.Parallel()
	m := email.Parse([]byte("From: Maren <maren@northwind.example>\r\n\r\nx"), email.Limits{})
	two := email.Parse([]byte("From: maren@northwind.example, ceo@northwind.example\r\n\r\nx"), email.Limits{})
	pass, fail := &mailauth.Results{DMARC: mailauth.Check{Result: mailauth.Pass}}, &mailauth.Results{DMARC: mailauth.Check{Result: mailauth.Fail}}
	for name, c := range map[string]struct {
		m    *email.Message
		auth *mailauth.Results
		user string
		want bool
	}{
		"DMARC passed":              {m, pass, "", true},
		"aligned without a record":  {m, &mailauth.Results{Aligned: true, AlignedBy: "DKIM"}, "", true},
		"signed in":                 {m, fail, "maren@northwind.example", true},
		"signed in by local part":   {m, nil, "Maren", true},
		"signed in as somebody":     {m, fail, "jon@northwind.example", false},
		"nobody checked":            {m, nil, "", false},
		"DMARC failed":              {m, fail, "", false},
		"two senders":               {two, pass, "maren@northwind.example", false},
		"SPF passed for a stranger": {m, &mailauth.Results{SPF: mailauth.Check{Result: mailauth.Pass}}, "", false},
	} {
		if got, why := Proven(c.m, c.auth, c.user); got != c.want || why == "" {
			t.Errorf("%s: %v, %s", name, got, why)
		}
	}
}

func TestAddressed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"report@northwind.example": " true", "Report@Northwind.example": " true", "report+spam@northwind.example": "Spam true", "report+not-junk@northwind.example": "Not junk true",
		"report+x@northwind.example": " true", "reporter@northwind.example": " false", "report@other.example": " false", "report": " false", "": " false",
	} {
		kind, ok := Addressed(in, inbox)
		if got := fmt.Sprint(string(kind), " ", ok); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestAnswers: an answer goes only to who is proven and of the organisation, and carries nothing of the attack that works.
func TestAnswers(t *testing.T) {
	t.Parallel()
	s := DefaultSettings()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	x := Submission{State: Closed, Result: Phishing, Subject: "Pay https://parcel-fee.example/pay\r\nBcc: all@northwind.example", Sender: "billing@parcel-fee.example", Note: "We blocked {{sender}}."}
	r := Report{Reporter: "maren@northwind.example", Name: "Maren Okafor", Proven: true, Inside: true, At: time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)}
	a, why := s.Compose("Northwind", &x, &r)
	if why != "" || a.To != r.Reporter || strings.ContainsAny(a.Subject, "\r\n") {
		t.Fatalf("%q %+v", why, a)
	}
	for _, bad := range []string{"https://parcel-fee.example", "billing@parcel-fee.example", "{{name}}", "\r"} {
		if strings.Contains(a.Text+a.Subject, bad) {
			t.Errorf("the answer holds %q: %s", bad, a.Text)
		}
	}
	if !strings.Contains(a.Text, "We blocked {{sender}}.") || !strings.Contains(a.Text, "hxxps[:]//parcel-fee[.]example/pay") {
		t.Errorf("answer: %s", a.Text)
	}
	for name, change := range map[string]func(s *Settings, x *Submission, r *Report){
		"not proven": func(_ *Settings, _ *Submission, r *Report) { r.Proven = false },
		"outside":    func(_ *Settings, _ *Submission, r *Report) { r.Inside = false },
		"a machine":  func(_ *Settings, _ *Submission, r *Report) { r.Mute = true },
		"opted out":  func(s *Settings, _ *Submission, _ *Report) { s.OptOut = []string{"maren@northwind.example"} },
		"off":        func(s *Settings, _ *Submission, _ *Report) { s.Answer = false },
		"no text":    func(_ *Settings, x *Submission, _ *Report) { x.Result = Unknown },
	} {
		s, x, r := DefaultSettings(), x, r
		change(&s, &x, &r)
		if a, why := s.Compose("Northwind", &x, &r); why == "" {
			t.Errorf("%s: answered %+v", name, a)
		}
	}
	for _, bad := range []Settings{{Subject: ""}, {Subject: "a\nb"}, {Subject: "x", Texts: map[Result]string{"Odd": "x"}}, {Subject: "x {{link}}"}, {Subject: "x", Sign: "{{name"}, {Subject: "x", OptOut: []string{"no address"}}} {
		if bad.Validate() == nil {
			t.Errorf("accepted %+v", bad)
		}
	}
}
