package ingest

import (
	"context"
	"strings"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/event"
	"tocsin/internal/intel"
	"tocsin/internal/mailauth"
)

// remembers says whether memory has anything to do with this message: somebody keeps one, it is known which domains are one's own, and
// the message can be read.
func (f *findings) remembers(m *casestore.Memory) bool {
	return m != nil && f.m != nil && len(f.m.From) > 0 && len(f.org.Domains) > 0
}

// recall asks memory before the message is judged. Without an answer there is no past, and a defect says so.
func (f *findings) recall(ctx context.Context, m *casestore.Memory) (err error) {
	if !f.remembers(m) {
		return nil
	}
	if f.past, err = m.Recall(ctx, f.question()); err != nil {
		f.defects = append(f.defects, event.DefectMemory)
	}
	return err
}

// mailboxes are the recipients inside the organisation.
func (f *findings) mailboxes() (own, outside []string) {
	for _, r := range f.recipients {
		switch {
		case r == "":
		case f.owns(domainOf(r)):
			own = append(own, r)
		default:
			outside = append(outside, r)
		}
	}
	return own, outside
}

// question is what memory is asked before the message is judged. Mail of one's own people needs no past.
func (f *findings) question() casestore.Question {
	q := casestore.Question{Message: f.job.SHA256, At: f.job.at()}
	if f.fromInside() {
		return q
	}
	from := f.m.From[0]
	q.From, q.Name, q.MessageID = strings.ToLower(from.Addr), detect.NameKey(from.Name), f.m.MessageID
	if f.owns(from.Domain) {
		q.From = "" // says it is one's own: nobody's correspondent
	}
	q.Mailboxes, _ = f.mailboxes()
	if len(f.m.ReplyTo) > 0 && !strings.EqualFold(f.m.ReplyTo[0].Addr, from.Addr) {
		q.ReplyTo = strings.ToLower(f.m.ReplyTo[0].Addr)
	}
	q.Answers = append(q.Answers, f.m.InReplyTo...)
	for i := len(f.m.References) - 1; i >= 0 && len(q.Answers) < 16; i-- { // the last is the nearest (RFC 5322 section 3.6.4)
		q.Answers = append(q.Answers, f.m.References[i])
	}
	q.Marks = !f.auth.Aligned || q.ReplyTo != ""
	q.Floods = detect.Signup(f.m, 0)
	return q
}

// trace is what the message leaves in memory; nil: nothing.
func (f *findings) trace(memory *casestore.Memory) *casestore.Trace {
	if !f.remembers(memory) || !f.judged {
		return nil
	}
	m, from := f.m, f.m.From[0]
	t := &casestore.Trace{Message: f.job.SHA256, At: f.job.at(), Threat: len(f.verdict.Threats) > 0, MessageID: m.MessageID}
	own, outside := f.mailboxes()
	if f.inside {
		if len(outside) == 0 || automatic(m) {
			return nil
		}
		t.Outbound, t.Mailboxes, t.Outside = true, []string{strings.ToLower(from.Addr)}, outside
		t.People = f.people(outside)
		return t
	}
	if f.owns(from.Domain) || from.Addr == "" || len(own) == 0 {
		return nil // says it is one's own, and is not
	}
	addr := strings.ToLower(from.Addr)
	t.Mailboxes, t.Outside, t.Name, t.Site = own, []string{addr}, detect.NameKey(from.Name), detect.SiteOf(addr)
	t.Mass = f.verdict.BulkLevel >= 4 || automatic(m)
	t.Signup, t.Fresh = detect.Signup(m, f.verdict.BulkLevel), f.past.Mailbox.Stranger()
	t.People = f.people([]string{addr})
	f.siteMarks(t)
	return t
}

// siteMarks notes how the message proved itself and where it came from.
func (f *findings) siteMarks(t *casestore.Trace) {
	a := &f.auth
	t.Aligned = a.Aligned
	t.Checked = f.authKnown && (known(a.SPF) || known(a.DMARC))
	for _, d := range a.DKIM {
		t.Checked = t.Checked || known(d)
		if d.Result == mailauth.Pass && d.Domain != "" {
			t.DKIM = append(t.DKIM, intel.OrgDomain(strings.ToLower(d.Domain)))
		}
	}
	if n := detect.Network(f.senderIP); n != "" {
		t.Networks = []string{n}
	}
	if len(f.m.ReplyTo) > 0 {
		if org := detect.SiteOf(f.m.ReplyTo[0].Addr); org != t.Site {
			t.Replies = []string{org}
		}
	}
}

// known says that a check came to a result.
func known(c mailauth.Check) bool {
	return (c.Origin == mailauth.Checked || c.Origin == mailauth.Reported) && c.Result != "" && c.Result != mailauth.TempError
}

// people are the participants outside, with the names that the message gives them. must are among them.
func (f *findings) people(must []string) []detect.Participant {
	var out []detect.Participant
	seen := map[string]bool{}
	add := func(name, addr string) {
		if addr = strings.ToLower(addr); addr != "" && !seen[addr] && !f.owns(domainOf(addr)) && len(out) < 20 {
			seen[addr] = true
			out = append(out, detect.Participant{Name: detect.NameKey(name), Address: addr})
		}
	}
	for _, list := range [][]email.Address{f.m.From[:1], f.m.To, f.m.Cc} {
		for _, a := range list {
			add(a.Name, a.Addr)
		}
	}
	for _, a := range must {
		add("", a)
	}
	return out
}

// automatic says that a program wrote the message without anybody wanting it: out-of-office notes (RFC 3834), reports (RFC 3464),
// and what goes out to lists. Nobody becomes known by such an answer.
func automatic(m *email.Message) bool {
	if v, ok := m.Lookup("Auto-Submitted"); ok && !strings.EqualFold(strings.TrimSpace(v), "no") {
		return true
	}
	switch v, _ := m.Lookup("Precedence"); strings.ToLower(strings.TrimSpace(v)) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	for _, key := range [...]string{"X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id"} {
		if _, ok := m.Lookup(key); ok {
			return key != "X-Auto-Response-Suppress" || m.ReturnPath == "" && m.Root.Type == "multipart/report"
		}
	}
	return m.Root.Type == "multipart/report"
}
