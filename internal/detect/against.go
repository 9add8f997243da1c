package detect

import (
	"bytes"
	"strings"

	"tocsin/internal/intel"
	"tocsin/internal/mailauth"
)

// detectAgainst looks for facts that speak for the message. Nothing here is enough to clear one: a proven sender can still
// be a criminal or a victim.
func detectAgainst(f *Facts, raise Raise) {
	own := f.org.owns(f.from.Domain)
	switch {
	case own && f.proven():
		raise("internal-authenticated", say("%s, proven by %s", f.from.Addr, f.Auth.AlignedBy))
	case f.proven() && conclusive(f.Auth.DMARC) && f.Auth.DMARC.Result == mailauth.Pass && f.brandSpeaksForItself() != "":
		raise("authenticated-brand", say("DMARC passes for %s, a domain of %s", f.from.Domain, f.brandSpeaksForItself()))
	case f.proven():
		raise("aligned-sender", say("%s, proven by %s", f.from.Domain, f.Auth.AlignedBy))
	}
	for _, ids := range [2][]string{f.Message.InReplyTo, f.Message.References} {
		for _, id := range ids {
			if d := intel.DomainOf(id); d != "" && f.org.owns(d) && f.inbound && f.mayBeOwn() && !f.turned {
				raise("own-thread", say("answers %s", id))
			}
		}
	}
	if v, ok := f.Message.Lookup("List-Unsubscribe"); ok && f.freeMail == "" && !isList(f.Message) && (f.proven() || !f.known && f.signedOwn) {
		raise("open-bulk", say("List-Unsubscribe %s", v))
	}
	if f.report {
		raise("delivery-report", say("%s", f.Message.Root.Type))
	}
	if isList(f.Message) {
		raise("mailing-list", say("%s", f.header("List-Id")))
	}
	if !f.newcomer && !f.turned && len(f.Message.InReplyTo) > 0 && f.Message.HTML == "" && quotes(f.Message.Text) {
		raise("plain-conversation", say("answers %s and quotes it", f.Message.InReplyTo[0]))
	}
	detectAcquaintance(f, raise)
	if f.ownLink && (f.proven() || !f.known && f.signedOwn) && f.freeMail == "" && f.judge.hosts.Hosting.Match(f.from.Domain) == "" {
		raise("links-to-sender", say("%d links, some to %s", len(f.web), f.fromOrg))
	}
}

// mayBeOwn says whether a field that names a message of yours is worth anything: anybody can write it. Memory knows better.
func (f *Facts) mayBeOwn() bool {
	if f.newcomer || f.knownThread() {
		return false // the one is no merit, the other said and worth more
	}
	return f.Past.Thread.Found || !f.mature() || !f.Past.Outbound
}

// brandSpeaksForItself returns a brand whose domain the sender is under and that name or subject mention, "" when there is none.
func (f *Facts) brandSpeaksForItself() string {
	for _, b := range f.judge.brands.Of(f.from.Domain) {
		if !f.officialSender(b) {
			continue
		}
		for _, form := range b.Forms {
			w := []byte(intel.Fold(strings.TrimPrefix(form, "=")))
			if bytes.Contains(f.name, w) || bytes.Contains(f.subject, w) {
				return b.Name
			}
		}
	}
	return ""
}

// quotes says that the text holds at least two quoted lines.
func quotes(text string) bool {
	n := 0
	for line := range strings.SplitSeq(cut(text, maxBody), "\n") {
		if strings.HasPrefix(line, ">") {
			if n++; n == 2 {
				return true
			}
		}
	}
	return false
}
