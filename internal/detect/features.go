package detect

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"tocsin/internal/detect/model"
	"tocsin/internal/email"
	"tocsin/internal/intel"
	"tocsin/internal/mailauth"
)

// Bounds of the features of wording.
const (
	maxWordText = 6 << 10 // octets of folded text whose words count
	maxWords    = 140     // different words
	backing     = 20
	weakSignal  = 8 // points: signals of fewer say how somebody writes
)

// features gathers what a local model may know of a message: facts with fixed names, each with a value or "". A name is written so that
// it can be shown to a person; changing one makes models forget that feature.
//
// Nothing here depends on the server that received the message (its header fields, its recipient), or a model would learn by which road
// labelled mail came. What a sender writes and does not prove may only speak against the message: a claim buys no trust.
type features struct {
	out   []model.Feature
	names map[model.Feature]string // nil unless somebody wants to read them
	own   [][]byte                 // words of the recipients' names and addresses: they say who was written to, nothing else
}

func (g *features) add(family model.Family, sign model.Sign, name, value string) {
	f := model.NewFeature(family, sign, name, value)
	g.out = append(g.out, f)
	if g.names != nil {
		if value != "" {
			name += ": " + value
		}
		g.names[f] = name
	}
}

func (g *features) addIf(yes bool, family model.Family, sign model.Sign, name string) {
	if yes {
		g.add(family, sign, name, "")
	}
}

// grade adds one feature for each step that n reaches, so that a weight says what one more step means.
func (g *features) grade(n int, family model.Family, sign model.Sign, name string, steps ...string) {
	for _, s := range steps {
		least := 0
		for i := 0; i < len(s); i++ {
			least = least*10 + int(s[i]-'0')
		}
		if n < least {
			return
		}
		g.add(family, sign, name, s+" or more")
	}
}

// gather fills g with the features of f. signals are what detectors and rules said, settled: each counts once for each
// threat, however often it was found.
func (g *features) gather(f *Facts, signals []Signal) {
	g.readOwn(f.Message)
	g.identity(f)
	g.authentication(f)
	g.structure(f)
	g.links(f)
	g.files(f)
	g.signals(signals)
	g.pairs(f, signals)
	g.likeness(f)
	g.wording(f)
	if !backed(f, signals) {
		g.out = append(g.out, model.Unbacked)
	}
}

// backed says that something beside wording and looks speaks against the message: its links lead away from its sender, it has none,
// or detectors saw enough.
func backed(f *Facts, signals []Signal) bool {
	return !f.ownLink || max(Sum(signals, Phish), Sum(signals, Spam)) >= backing
}

func (g *features) identity(f *Facts) {
	m := f.Message
	const id = model.Identity
	state := "unproven"
	sign := model.Raises
	if f.proven() {
		state, sign = "proven", model.Either
	}
	if f.fromOrg != "" {
		if f.freeMail == "" { // of a free mail service everybody is one sender
			g.add(id, sign, "sender ("+state+")", f.fromOrg)
		}
		g.add(model.Structure, model.Either, "sender's top-level domain", intel.TLD(f.from.Domain))
	}
	g.addIf(f.freeMail != "", id, model.Either, "sender writes from a free mail address")
	g.addIf(f.from.Name == "", model.Structure, model.Either, "sender has no display name")
	g.addIf(strings.Contains(f.from.Name, "@"), id, model.Raises, "display name holds an address")
	g.addIf(bytes.IndexByte(f.name, ' ') > 0 && f.freeMail == "", model.Structure, model.Either, "display name of several words")
	if len(m.ReplyTo) > 0 {
		switch org := intel.OrgDomain(m.ReplyTo[0].Domain); {
		case org == f.fromOrg:
			g.add(model.Structure, model.Either, "answers go to the sender's domain", "")
		case f.judge.hosts.FreeMail.Match(m.ReplyTo[0].Domain) != "" && f.freeMail == "":
			g.add(id, model.Raises, "answers go to a free mail address", "")
		default:
			g.add(model.Structure, model.Either, "answers go to another domain", "")
		}
	}
	if mid := intel.DomainOf(m.MessageID); mid == "" || !strings.Contains(mid, ".") {
		g.add(model.Structure, model.Raises, "message id without a domain", "")
	} else if intel.OrgDomain(mid) == f.fromOrg {
		g.add(model.Structure, model.Either, "message id of the sender's domain", "")
	}
	if f.Envelope.MailFrom != "" && !f.list {
		if at := strings.LastIndexByte(f.Envelope.MailFrom, '@'); intel.OrgDomain(strings.ToLower(f.Envelope.MailFrom[at+1:])) != f.fromOrg {
			g.add(model.Structure, model.Either, "envelope sender of another domain", "")
		}
	}
	local, _, _ := strings.Cut(f.from.Addr, "@")
	g.addIf(strings.ContainsAny(local, "0123456789"), model.Structure, model.Either, "digits in the sender's local part")
	g.addIf(len(local) > 20, model.Structure, model.Either, "long local part of the sender")
	if label, _, _ := strings.Cut(f.fromOrg, "."); label != "" {
		g.addIf(strings.ContainsAny(label, "0123456789"), model.Looks, model.Raises, "digits in the sender's domain")
		g.addIf(strings.Contains(label, "-"), model.Looks, model.Raises, "hyphen in the sender's domain")
		g.addIf(len(label) > 14, model.Looks, model.Raises, "long sender domain")
	}
	g.grade(strings.Count(f.from.Domain, "."), model.Looks, model.Raises, "labels of the sender's domain", "2", "3")
	g.addIf(len(m.To) == 0 && len(m.Cc) == 0, id, model.Raises, "names no recipient")
	g.grade(len(m.To)+len(m.Cc), model.Structure, model.Either, "named recipients", "2", "5")
}

func (g *features) authentication(f *Facts) {
	const a = model.Authentication
	g.addIf(!f.signed && f.htmlOnly, a, model.Raises, "HTML only and not signed")
	g.addIf(!f.signed && f.foreign, a, model.Raises, "not signed, links lead elsewhere")
	g.addIf(f.signed && !f.signedOwn && !f.list, a, model.Raises, "signed for another domain only")
	g.addIf(f.signedOwn, a, model.Lowers, "carries a signature of the sender's domain")
	if !f.known {
		return
	}
	g.addIf(f.proven(), a, model.Lowers, "sender is proven")
	g.addIf(f.unproven() && !f.list, a, model.Raises, "sender is not proven")
	if f.listProven {
		return
	}
	for name, c := range map[string]mailauth.Check{"SPF": f.Auth.SPF, "DKIM": f.Auth.BestDKIM(), "DMARC": f.Auth.DMARC} {
		if conclusive(c) && c.Result != mailauth.Pass {
			g.add(a, model.Raises, name, string(c.Result))
		}
	}
}

func (g *features) structure(f *Facts) {
	m := f.Message
	const s = model.Structure
	switch {
	case f.htmlOnly:
		g.add(s, model.Raises, "HTML only", "")
	case m.HTML != "":
		g.add(s, model.Either, "HTML beside plain text", "")
	default:
		g.add(s, model.Lowers, "plain text only", "")
	}
	g.add(s, model.Either, "outermost part", cut(m.Root.Type, 60))
	for _, p := range m.Parts {
		if p.Type == "text/html" || p.Type == "text/plain" {
			g.add(s, model.Either, p.Type+" encoded as", cut(p.Encoding, 20))
			g.add(s, model.Either, p.Type+" in the character set", cut(p.Charset, 20))
		}
	}
	g.grade(len(f.body), s, model.Either, "octets of visible text", "50", "200", "600", "2000", "8000")
	g.grade(len(m.HTML), s, model.Either, "octets of HTML", "500", "2000", "10000", "40000")
	g.addIf(len(m.HTML) > 2000 && len(f.body)*20 < len(m.HTML), s, model.Either, "HTML twenty times as long as its text")
	g.grade(f.images, s, model.Either, "pictures", "1", "3", "10")
	g.grade(len(m.Hidden), s, model.Raises, "octets of hidden text", "20", "200", "2000")
	g.addIf(f.list, s, model.Lowers, "came through a discussion list")
	answer := len(m.InReplyTo) > 0 || len(m.References) > 0
	g.addIf(answer, s, model.Lowers, "answers another message")
	g.addIf(!answer && strings.HasPrefix(strings.ToLower(m.Subject), "re:"), s, model.Raises, "subject says it answers; nothing is answered")
	_, unsubscribe := m.Lookup("List-Unsubscribe")
	g.addIf(unsubscribe, s, model.Either, "offers to unsubscribe in its header")
	g.addIf(m.Date.IsZero(), s, model.Raises, "no readable date")
	if m.Language != "" && m.HTML != "" {
		g.add(s, model.Either, "HTML in the language", m.Language)
	}
	g.subject(m.Subject)
	g.html(m.HTML, f.htmlOnly)
	for i, d := range m.Defects {
		if i == 20 {
			break
		}
		g.add(s, model.Raises, "defect", d.ID)
	}
}

func (g *features) subject(s string) {
	const st = model.Structure
	g.addIf(strings.TrimSpace(s) == "", st, model.Raises, "no subject")
	g.addIf(emojiIn(s) != "", st, model.Raises, "emoji in the subject")
	g.addIf(strings.Contains(s, "!"), st, model.Raises, "exclamation mark in the subject")
	upper, lower, digits, wide := 0, 0, 0, 0
	for i := 0; i < len(s) && i < 400; i++ {
		switch b := s[i]; {
		case b >= 'A' && b <= 'Z':
			upper++
		case b >= 'a' && b <= 'z':
			lower++
		case b >= '0' && b <= '9':
			digits++
		case b >= utf8.RuneSelf:
			wide++
		}
	}
	g.addIf(upper > 6 && upper > 2*lower, st, model.Raises, "subject in capitals")
	g.addIf(digits >= 6, st, model.Either, "six digits or more in the subject")
	g.addIf(wide > 0, st, model.Either, "characters beyond ASCII in the subject")
	g.addIf(strings.ContainsAny(s, "$€£"), st, model.Raises, "money sign in the subject")
	g.addIf(strings.HasPrefix(s, "["), st, model.Either, "subject begins with a tag in brackets")
}

// html counts a few ways of writing HTML, in the first 64 KiB, in one pass over the tags.
func (g *features) html(html string, only bool) {
	const s = model.Structure
	if html == "" {
		return
	}
	html = cut(html, maxBody)
	tables, styles, breaks, centers, spans := 0, 0, 0, 0, 0
	head, doctype, title := false, false, false
	for rest := html; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 || i+7 > len(rest) {
			break
		}
		t := rest[i+1:]
		switch t[0] | 0x20 {
		case 't':
			if hasFold(t, "table") {
				tables++
			} else if hasFold(t, "title") {
				title = true
			}
		case 's':
			if hasFold(t, "style") {
				styles++
			} else if hasFold(t, "span") {
				spans++
			}
		case 'b':
			if hasFold(t, "br") {
				breaks++
			}
		case 'c':
			if hasFold(t, "center") {
				centers++
			}
		case 'h':
			head = head || hasFold(t, "head")
		case '!':
			doctype = doctype || hasFold(t, "!docty")
		}
		rest = t
	}
	g.addIf(!head, s, model.Either, "HTML without a head")
	g.addIf(!doctype, s, model.Either, "HTML without a document type")
	g.addIf(title, s, model.Either, "HTML with a title")
	g.grade(tables, s, model.Either, "tables", "1", "5", "20")
	g.grade(styles, s, model.Either, "style sheets", "1", "2")
	g.grade(breaks, s, model.Either, "line breaks", "3", "20")
	g.grade(centers, s, model.Raises, "centred blocks", "1")
	g.grade(spans, s, model.Either, "spans", "1", "20")
	g.addIf(only && tables == 0, s, model.Raises, "HTML only, without a table")
}

// hasFold says that s begins with the small ASCII word w, in any case.
func hasFold(s, w string) bool {
	return len(s) >= len(w) && strings.EqualFold(s[:len(w)], w)
}

func (g *features) links(f *Facts) {
	const l = model.Links
	g.grade(len(f.web), model.Structure, model.Either, "links", "1", "2", "5", "20")
	g.addIf(f.ownLink, l, model.Lowers, "a link leads to the sender's domain")
	g.addIf(f.foreign, l, model.Raises, "all links lead away from the sender's domain")
	g.addIf(f.foreign && f.htmlOnly, l, model.Raises, "HTML only, and all links lead away")
	orgs, last, away := 0, "", 0
	var made [len(linkFacts)]int
	for i := range f.web {
		if i == 40 {
			break
		}
		k := &f.web[i]
		if k.org != last {
			orgs++
			last = k.org
			if k.org != f.fromOrg {
				g.add(l, model.Raises, "link to", k.org)
				g.add(l, model.Raises, "link to the top-level domain", intel.TLD(k.host))
			}
		}
		if k.org != f.fromOrg {
			away++
			g.target(f, k, &made)
		}
	}
	g.grade(orgs, model.Structure, model.Either, "changes of site among the links", "2", "4")
	for i, n := range made {
		g.addIf(n > 0 && n*2 >= away, l, model.Raises, linkFacts[i])
	}
}

// linkFacts are how an address that leads away is made. One counts when it is true of half of those addresses at least: among the many
// links of a newsletter each is true of some.
var linkFacts = [...]string{"links without TLS", "long links", "very long links", "link hosts of many labels", "digits in the domains of links",
	"hyphens in the domains of links", "links with a long fragment", "links to a random path", "links to a script (.php)",
	"links to a page (.html)", "links into a content system's folders"}

// target counts in made how an address that leads away is made.
func (g *features) target(f *Facts, k *link, made *[len(linkFacts)]int) {
	t := k.Target
	if t == "" {
		t = k.URL
	}
	t = cut(t, 1000)
	label, _, _ := strings.Cut(k.org, ".")
	_, path, _ := strings.Cut(t, "://")
	_, path, _ = strings.Cut(path, "/")
	fragment := strings.IndexByte(path, '#')
	g.addIf(path == "", model.Structure, model.Either, "link to a site's front page")
	longFragment := fragment >= 0 && len(path)-fragment > 12
	path, query, _ := strings.Cut(path, "?")
	random := query == "" && looksRandom(strings.ToLower(path[strings.LastIndexByte(path, '/')+1:]))
	for i, yes := range [len(linkFacts)]bool{k.scheme == "http", len(t) > 100, len(t) > 250, strings.Count(k.host, ".") > 2, strings.ContainsAny(label, "0123456789"),
		strings.Contains(label, "-"), longFragment, random, strings.HasSuffix(path, ".php"),
		strings.HasSuffix(path, ".html") || strings.HasSuffix(path, ".htm"), strings.Contains(path, "wp-")} {
		if yes {
			made[i]++
		}
	}
	g.addIf(strings.TrimSpace(k.Text) == "" && k.Tag == "a", model.Structure, model.Either, "link on a picture or on nothing")
	g.addIf(k.Where == email.InQRCode || k.Where == email.InAttachment, model.Links, model.Raises, "link inside a file or code")
	g.addIf(f.judge.hosts.Trackers.Match(k.host) != "", model.Structure, model.Either, "link of a mailing service")
}

func (g *features) files(f *Facts) {
	const fi = model.Files
	n := 0
	for i := range f.Message.Attachments {
		a := &f.Message.Attachments[i]
		if a.Inline {
			continue
		}
		if n++; n > 20 {
			break
		}
		g.add(fi, model.Either, "file of the kind", cut(a.Kind, 20))
		g.addIf(a.Within != "", fi, model.Raises, "file inside a file")
	}
	g.grade(n, fi, model.Either, "files", "1", "3")
	for i := range f.Files.Facts {
		if i == 20 {
			break
		}
		g.add(fi, model.Raises, "found in a file", f.Files.Facts[i].ID)
	}
}

func (g *features) signals(signals []Signal) {
	const s = model.Signals
	for i := range signals {
		sign := model.Raises
		if signals[i].Weight < 0 {
			sign = model.Lowers
		}
		family := s
		switch k, ok := kinds[signals[i].ID]; {
		case signals[i].Weight < 0: // anybody can write the marks of a list or of mass mail
			family = model.Looks
		case signals[i].Weight < weakSignal:
			family = model.Structure
		case ok && weak[k.Family]:
			family = model.Looks
		}
		g.add(family, sign, "signal", signals[i].ID)
	}
	g.grade(Sum(signals, Phish), s, model.Raises, "points for phishing", "5", "10", "16", "22", "30")
	g.grade(Sum(signals, Phish), s, model.Proves, "points for phishing", "40", "55", "70")
	g.grade(Sum(signals, Spam), s, model.Raises, "points for spam", "10", "20", "40")
}

// readOwn notes the words of the first recipients.
func (g *features) readOwn(m *email.Message) {
	for i := range m.To {
		if i == 3 {
			break
		}
		for _, s := range [2]string{m.To[i].Name, m.To[i].Addr} {
			for w := range bytes.FieldsSeq(intel.AppendFold(nil, cut(s, 100))) {
				if len(w) >= 3 {
					g.own = append(g.own, w)
				}
			}
		}
	}
}

func (g *features) isOwn(w []byte) bool {
	for _, o := range g.own {
		if bytes.Equal(o, w) {
			return true
		}
	}
	return false
}

// wording adds the words of subject, sender name and text. Numbers and very long words say something about one message only.
func (g *features) wording(f *Facts) {
	n := 0
	take := func(text []byte, name string) {
		for len(text) > 0 && n < maxWords {
			var w []byte
			w, text, _ = bytes.Cut(text, []byte{' '})
			if len(w) < 3 || len(w) > 24 || digitIn(w) || g.isOwn(w) {
				continue
			}
			x := model.NewFeature(model.Wording, model.Either, name, w)
			g.out = append(g.out, x)
			if g.names != nil {
				g.names[x] = name + ` "` + string(w) + `"`
			}
			n++
		}
	}
	take(f.subject, "subject has the word")
	take(f.name, "sender name has the word")
	take(f.body[:min(len(f.body), maxWordText)], "text has the word")
}

func digitIn(w []byte) bool {
	for _, b := range w {
		if b >= '0' && b <= '9' {
			return true
		}
	}
	return false
}

// Features of a message, for a model to learn from or to judge by.
func (f *Facts) features(signals []Signal) model.Vector {
	g := features{out: make([]model.Feature, 0, 320)}
	g.gather(f, signals)
	return model.NewVector(g.out)
}
