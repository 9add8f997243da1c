package detect

import (
	"net/url"
	"strings"

	"tocsin/internal/email"
	"tocsin/internal/intel"
	"tocsin/internal/mailauth"
)

// Bounds of what detectors look at. Beyond them a message says nothing new, and judging must stay quick.
const (
	maxBody  = 64 << 10 // octets of visible text that are matched
	maxLinks = 400      // links a reader can follow

	maxBeyond   = 50 // targets of redirects that are judged like links
	maxSigners  = 8
	signingYear = 2018 // since then the large providers and brands sign all they send
)

// Facts is a Context with what several detectors need worked out once: who sends, where links lead, what is signed, the
// text as a hurried reader sees it.
type Facts struct {
	*Context
	judge *Judge
	org   *orgIndex

	from     email.Address
	fromOrg  string // registrable domain of From
	freeMail string // entry of the free mail list that From is under, "" when none
	inbound  bool   // not from the organisation by direction

	name    []byte // folded display name
	subject []byte // folded
	body    []byte // folded visible text, at most maxBody of it
	docs    []byte // folded text of documents, at most maxDocs of it

	htmlOnly bool
	// otherText: the plain part is no version of the HTML: it says something else, or next to nothing.
	otherText bool
	links     []link // that a reader can follow, at most maxLinks
	web       []link // those of them that are http or https
	beyond    []link // where open redirects and click counters among web pass readers on to, as far as the address says
	images    int    // remote or embedded images
	ownLink   bool   // one of web leads to From's registrable domain, a known click counter's link by what it passes on to
	orgs      int    // different registrable domains among web
	foreign   bool   // there are web links and none leads to From's registrable domain

	known      bool     // some authentication method gave a result
	signed     bool     // there is a DKIM-Signature field, whatever it is worth
	signedOwn  bool     // one of them claims From's registrable domain
	list       bool     // a discussion list passed it on, by its marks: anybody can write them, so only HTML-only mail is not believed
	listProven bool     // list, and SPF or DKIM passes for somebody
	signers    []string // domains that claim to have signed with DKIM, lower case, at most maxSigners
	modern     bool     // sent since signing became the habit, or of unknown date
	newcomer   bool     // an answer by somebody who did not take part and looks like one who did (thread.go)
	turned     bool     // a payment is led elsewhere, or a conversation turns to a link or file out of nowhere: trust is what thieves use
	reply      bool     // answers another message, and looks like it
	report     bool     // a delivery report in the form that mail servers send
	lures      lureHits // what the text lures with

	impersonates bool // the sender uses the name or address of one of the organisation's people

	speaksOf    map[string]string // id of a signal about to be raised: the other message that it speaks of
	raised      []Signal          // by detectors, for rules
	listed      []Signal          // of indicators, whose weight is that of their source
	listedNames []listedName
	phraseHits  *phraseHits
	fileWords   []byte // see filesText
	linkWords   string // see linkText
	threatNames []string
}

// link is one followable link with its parts.
type link struct {
	*email.Link
	scheme string // lower case; "" when unreadable
	host   string
	org    string // registrable domain of host
	by     string // of links in beyond: the host that passes readers on
}

func (j *Judge) facts(c *Context) *Facts {
	f := &Facts{Context: c, judge: j, org: j.orgIndexOf(&c.Org)}
	m := c.Message
	if len(m.From) > 0 {
		f.from = m.From[0]
	}
	f.fromOrg = intel.OrgDomain(f.from.Domain)
	f.freeMail = j.hosts.FreeMail.Match(f.from.Domain)
	f.inbound = c.Direction != Outbound && c.Direction != IntraOrg
	f.name = intel.AppendFold(nil, cut(f.from.Name, 1000))
	f.subject = intel.AppendFold(nil, cut(m.Subject, 2000))
	f.body = intel.AppendFold(nil, cut(m.Visible, maxBody))
	f.docs = intel.AppendFold(nil, cut(c.Files.Text, maxDocs))
	f.htmlOnly = m.HTML != "" && strings.TrimSpace(m.Text) == ""
	if !f.htmlOnly && m.HTML != "" {
		f.otherText = otherText(m.Text, f.body)
	}
	f.readLinks()
	f.readAuthentication()
	f.modern = m.Date.IsZero() || m.Date.Year() >= signingYear
	f.reply = isReply(m, f.htmlOnly)
	f.report = isReport(m)
	f.list = isList(m) && !f.htmlOnly
	f.listProven = isList(m) && (f.Auth.SPF.Result == mailauth.Pass || f.Auth.BestDKIM().Result == mailauth.Pass)
	f.lures = j.lures.find(f)
	return f
}

// cut shortens s to at most n octets; a broken last rune folds to nothing.
func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

func (f *Facts) readLinks() {
	orgs := map[string]string{}
	for i := range f.Message.Links {
		l := &f.Message.Links[i]
		switch l.Tag {
		case "img", "image":
			f.images++
			continue
		case "a", "area", "form", "text", "button", "":
		default:
			continue
		}
		if len(f.links) == maxLinks {
			break
		}
		k := link{Link: l, host: l.Host}
		target := l.Target
		if target == "" {
			target = l.URL
		}
		k.scheme, _, _ = strings.Cut(target, ":")
		k.scheme = strings.ToLower(k.scheme)
		if len(k.scheme) > 12 {
			k.scheme = ""
		}
		if k.host != "" {
			org, ok := orgs[k.host]
			if !ok {
				org = intel.OrgDomain(k.host)
				orgs[k.host] = org
			}
			k.org = org
		}
		f.links = append(f.links, k)
		if k.host != "" && (k.scheme == "http" || k.scheme == "https") {
			f.web = append(f.web, k)
			f.ownLink = f.ownLink || k.org == f.fromOrg || f.brandLink(&k)
			f.readBeyond(&k)
		}
	}
	f.orgs = len(f.linkOrgs())
	f.foreign = len(f.web) > 0 && !f.ownLink
	for _, a := range f.Message.Attachments {
		if a.Inline && strings.HasPrefix(a.Type, "image/") {
			f.images++
		}
	}
}

// brandLink says that a link leads to another domain of the brand whose own domain From names: microsoft.com to live.com.
func (f *Facts) brandLink(l *link) bool {
	for _, b := range f.judge.brands.Of(l.host) {
		if f.officialSender(b) && f.judge.rented(l.host) == "" && f.judge.hosts.Hosting.Match(l.host) == "" {
			return true
		}
	}
	return false
}

func (f *Facts) readAuthentication() {
	a := &f.Auth
	f.known = conclusive(a.SPF) || conclusive(a.DMARC)
	for _, d := range a.DKIM {
		f.known = f.known || conclusive(d)
	}
	for i := range f.Message.Headers {
		h := &f.Message.Headers[i]
		if h.Key != "Dkim-Signature" {
			continue
		}
		f.signed = true
		d := strings.ToLower(tag(h.Value, "d"))
		if d == "" || len(f.signers) == maxSigners {
			continue
		}
		f.signers = append(f.signers, d)
		if intel.OrgDomain(d) == f.fromOrg {
			f.signedOwn = true
		}
	}
}

// conclusive says that a check was made and did not just fail to reach a name server.
func conclusive(c mailauth.Check) bool {
	return (c.Origin == mailauth.Checked || c.Origin == mailauth.Reported) && c.Result != "" && c.Result != mailauth.TempError
}

// proven says that the sender's domain is really theirs.
func (f *Facts) proven() bool { return f.known && f.Auth.Aligned }

// unproven says that it was checked and nothing proves the sender's domain.
func (f *Facts) unproven() bool { return f.known && !f.Auth.Aligned }

// tag reads one tag of a DKIM tag list (RFC 6376 section 3.2).
func tag(list, name string) string {
	for part := range strings.SplitSeq(list, ";") {
		k, v, ok := strings.Cut(part, "=")
		if ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// isList says that a discussion list distributed the message: a List-Id (RFC 2919) and a way to post or an archive (RFC 2369),
// or the marks of older list servers.
func isList(m *email.Message) bool {
	id, post, old := false, false, false
	for i := range m.Headers {
		switch m.Headers[i].Key {
		case "List-Id":
			id = true
		case "List-Post", "List-Archive", "List-Subscribe", "X-Mailman-Version":
			post = true
		case "Mailing-List", "X-Mailing-List", "X-Beenthere", "X-Google-Group-Id":
			old = true
		}
	}
	return id && post || old
}

// header returns the value of the topmost field with the canonical key.
func (f *Facts) header(key string) string {
	v, _ := f.Message.Lookup(key)
	return v
}

// bulkLevel grades mass mail from 0 to 9 by the marks senders of mass mail leave. It is no threat by itself.
func (f *Facts) bulkLevel() int {
	level := 0
	if _, ok := f.Message.Lookup("List-Unsubscribe"); ok {
		level += 4
	}
	switch strings.ToLower(strings.TrimSpace(f.header("Precedence"))) {
	case "bulk", "junk":
		level += 2
	case "list":
		level++
	}
	for i := range f.Message.Headers {
		switch f.Message.Headers[i].Key {
		case "Feedback-Id", "X-Campaign", "X-Campaignid", "X-Mc-User", "X-Sg-Eid", "X-Csa-Complaints", "X-Mailgun-Sid":
			level++
		}
	}
	for _, l := range f.web {
		if f.judge.hosts.Trackers.Match(l.host) != "" {
			level++
			break
		}
	}
	if f.lures.unsubscribe {
		level++
	}
	if f.list {
		level = min(level, 3)
	}
	return min(level, 9)
}

// rented returns the entry of the hosting list that h is a customer's name or page under, "" when h is the provider itself.
func (j *Judge) rented(h string) string {
	entry := j.hosts.Hosting.Match(h)
	if entry == h && entry != "storage.googleapis.com" && entry != "sites.google.com" && entry != "docs.google.com" && entry != "forms.gle" {
		return ""
	}
	return entry
}

// query returns the parsed target of a link, nil when it does not parse.
func (l *link) parse() *url.URL {
	t := l.Target
	if t == "" {
		t = l.URL
	}
	if len(t) > 4096 {
		t = t[:4096]
	}
	u, err := url.Parse(t)
	if err != nil {
		return nil
	}
	return u
}
