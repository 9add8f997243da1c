package detect

import (
	"strings"

	"tocsin/internal/intel"
)

// Bounds of what is read of quoted mail.
const (
	maxQuoted       = 16
	maxQuoteDomains = 8
	maxThreadIDs    = 12
)

// detectHijack finds a stranger in a conversation: an answer that quotes one participant and comes from an imitation of that
// participant's domain, or from another address under the same name. It needs no memory; with one, those who took part in the
// thread on record count as well, and a sender who is known is left alone.
func detectHijack(f *Facts, raise Raise) {
	if !f.inbound || f.from.Domain == "" || f.list || f.org.owns(f.from.Domain) {
		return
	}
	if f.Past.Known && (f.Past.Sender.Known() || f.knownThread()) {
		return
	}
	people := quotedPeople(cut(f.Message.Visible, maxBody), string(f.name))
	answer := len(f.Message.InReplyTo) > 0 || len(f.Message.References) > 0 || answers(f.Message)
	if !answer && len(people) == 0 {
		return
	}
	people = append(people, f.Past.Thread.Participants...)
	for _, p := range people {
		if strings.EqualFold(p.Address, f.from.Addr) { // took part, or quotes itself
			f.newcomer = f.threadReply(raise)
			f.threadRequest(raise)
			f.threadApproved(people, raise)
			return
		}
	}
	alike := f.threadLookalike(people, raise)
	raised := f.threadReply(raise) || alike
	key := NameKey(f.from.Name)
	shown := addressIn(f.from.Name)
	for _, p := range people {
		if !(key != "" && p.Name == key || shown != "" && p.Address == shown) || f.org.owns(intel.DomainOf(p.Address)) {
			continue
		}
		id := "thread-other-address"
		if f.freeMail == "" && !alike && intel.OrgDomain(intel.DomainOf(p.Address)) != f.fromOrg {
			id = "thread-other-house" // people write from home by free mail, not from somebody's shop
		}
		raise(id, say("%q took part as %s; this came from %s", f.from.Name, p.Address, f.from.Addr))
		raised = true
		break
	}
	f.newcomer = raised
	f.threadRequest(raise)
	f.threadApproved(people, raise)
	if answer && !raised {
		f.threadStranger(people, raise)
	}
}

func (f *Facts) threadRequest(raise Raise) {
	if !f.newcomer {
		return
	}
	if f.threadBrings(raise); f.threadAsks(raise) {
		return
	}
	for _, t := range [...]string{"payroll", "bec", "giftcard", "invoice", "account"} {
		if f.lures.has(t, 1) {
			raise("thread-request", say("%s", f.lures.quote(t)))
			return
		}
	}
}

// threadReply finds an answer that wants the next one at an imitation of its own domain.
func (f *Facts) threadReply(raise Raise) bool {
	if len(f.Message.ReplyTo) == 0 || f.fromOrg == "" || f.freeMail != "" {
		return false
	}
	r := f.Message.ReplyTo[0]
	if r.Domain == "" || intel.OrgDomain(r.Domain) == f.fromOrg || f.sameBrand(intel.OrgDomain(r.Domain)) {
		return false
	}
	im, ok := intel.NewLookalikes("", []string{f.fromOrg}).Find(r.Domain)
	if !ok || im.Trick == intel.OtherTLD {
		return false
	}
	raise("thread-reply-lookalike", say("answers would go to %s, which is like %s: %s", r.Addr, f.fromOrg, string(im.Trick)))
	return true
}

// threadLookalike compares the sender's domain with those of the people quoted and of the messages answered.
func (f *Facts) threadLookalike(people []Participant, raise Raise) bool {
	var domains []string
	add := func(d string) bool { // false: the sender's own, so it imitates nobody
		org := intel.OrgDomain(d)
		switch {
		case org == "" || !strings.Contains(org, ".") || f.org.owns(org) || f.judge.hosts.FreeMail.Match(org) != "" || len(domains) == maxQuoteDomains:
			return true
		case org == f.fromOrg || f.sameBrand(org):
			return false
		}
		domains = append(domains, org)
		return true
	}
	for _, p := range people {
		if !add(intel.DomainOf(p.Address)) {
			return false
		}
	}
	for _, ids := range [2][]string{f.Message.InReplyTo, f.Message.References} {
		for i, id := range ids {
			if i == maxThreadIDs {
				break
			}
			if !add(intel.DomainOf(id)) {
				return false
			}
		}
	}
	if len(domains) == 0 || f.freeMail != "" {
		return false
	}
	im, ok := intel.NewLookalikes("", domains).Find(f.from.Domain)
	if !ok {
		return false
	}
	evidence := say("%s for %s, which the conversation is with: %s", host(f.from.Domain), im.Of, string(im.Trick))
	switch im.Trick {
	case intel.AddedWords:
		raise("thread-added-words", evidence)
	case intel.OtherTLD:
		raise("thread-other-ending", evidence)
	default:
		raise("thread-lookalike", evidence)
	}
	return true
}

// quoteFields are the names of the fields of people that mail programs write above what they quote, in lower case.
var quoteFields = map[string]bool{
	"from": true, "to": true, "cc": true, "von": true, "an": true, "de": true, "para": true, "à": true, "da": true, "a": true, "van": true,
	"aan": true, "od": true, "do": true, "fra": true, "till": true, "från": true, "kopie": true, "copie": true, "mittente": true,
	"destinatario": true, "remitente": true, "expéditeur": true, "absender": true, "nadawca": true, "afzender": true,
}

// quotedPeople returns who stands in quoted headers ("From: Anna Berg <anna@partner.example>") and in the lines above quotes
// ("On Monday, Anna Berg <anna@partner.example> wrote:"), at most maxQuoted. sender is the folded name that is looked for: in such a line
// it stands among other words, in any language.
func quotedPeople(text, sender string) []Participant {
	var out []Participant
	if !strings.Contains(text, "@") {
		return nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) > 1000 || !strings.Contains(line, "@") {
			continue
		}
		line = strings.TrimLeft(line, "> \t*|")
		line = strings.TrimRight(line, " \t\r")
		field, rest, ok := strings.Cut(line, ":")
		switch {
		case ok && len(field) <= 16 && quoteFields[strings.ToLower(strings.Trim(field, "* \t\u00a0"))]:
			line = rest
		case strings.HasSuffix(line, ":"):
			line = strings.TrimSuffix(line, ":")
		default:
			continue
		}
		if out = appendPeople(out, line, sender); len(out) >= maxQuoted {
			return out[:maxQuoted]
		}
	}
	return out
}

// appendPeople reads a list of people as it stands in text: names and addresses in <>, () or [mailto:].
func appendPeople(out []Participant, list, sender string) []Participant {
	for part := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ';' || r == '>' || r == ']' || r == ')' }) {
		at := strings.LastIndexByte(part, '@')
		if at <= 0 || len(out) >= maxQuoted {
			continue
		}
		start := strings.LastIndexAny(part[:at], " <[(:,\t\"") + 1
		addr := strings.ToLower(strings.Trim(part[start:], " \t\"'<>,.*"))
		if i := strings.IndexAny(addr, " \t,"); i >= 0 {
			addr = addr[:i]
		}
		if d := intel.DomainOf(addr); !strings.Contains(d, ".") || len(addr) > 254 {
			continue
		}
		name := strings.TrimSuffix(strings.TrimRight(part[:start], " <[(:,\t"), "mailto")
		if i := strings.LastIndexAny(name, ",:"); i >= 0 && strings.ContainsAny(name[:i], "0123456789") {
			name = name[i+1:] // "On Mon, 3 Aug 2026 at 09:12, Anna Berg"
		}
		key := NameKey(strings.Trim(name, " \t\"'<[(*,"))
		if own := nameKey(sender); key != own && strings.Contains(own, " ") && strings.HasSuffix(" "+intel.Fold(name), " "+sender) {
			key = own
		}
		out = append(out, Participant{Name: key, Address: addr})
	}
	return out
}
