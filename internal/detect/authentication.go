package detect

import (
	"tocsin/internal/mailauth"
)

// manyOrgs is how many sites a message links to when it is about things in the world rather than a way to one of them.
const manyOrgs = 4

// detectAuthentication reads what the checks of the sender say. Without DNS and without a trusted server's word nothing is
// known, and only the presence of a signature and the shape of the message speak, softly.
func detectAuthentication(f *Facts, raise Raise) {
	a := &f.Auth
	if f.from.Domain != "" && f.inbound && f.org.owns(f.from.Domain) && f.unproven() && !f.listProven {
		raise("spoof-own-domain", say("From %s; SPF %s, DKIM %s, DMARC %s", f.from.Addr, result(a.SPF), result(a.BestDKIM()), result(a.DMARC)))
	}
	if conclusive(a.DMARC) && a.DMARC.Result == mailauth.Fail && !f.listProven {
		if a.Policy == "reject" || a.Policy == "quarantine" {
			raise("dmarc-fail-enforced", say("%s publishes p=%s; SPF %s for %s, DKIM %s", f.from.Domain, a.Policy, result(a.SPF), a.SPF.Domain, result(a.BestDKIM())))
		} else {
			raise("dmarc-fail", say("%s; SPF %s for %s, DKIM %s", f.from.Domain, result(a.SPF), a.SPF.Domain, result(a.BestDKIM())))
		}
	}
	spfFailed := conclusive(a.SPF) && (a.SPF.Result == mailauth.Fail || a.SPF.Result == mailauth.SoftFail)
	if spfFailed && a.BestDKIM().Result != mailauth.Pass && !f.listProven {
		raise("spf-fail-unsigned", say("SPF %s for %s: %s", result(a.SPF), a.SPF.Domain, a.SPF.Detail))
	}
	if !f.htmlOnly || !f.foreign || f.list || f.orgs > manyOrgs {
		return
	}
	switch {
	case f.unproven():
		raise("unauthenticated-html", say("From %s; SPF %s, DKIM %s; links to %s", f.from.Domain, result(a.SPF), result(a.BestDKIM()), f.linkOrgs()))
	case !f.known && !f.signed:
		raise("unsigned-html", say("From %s; links to %s", f.from.Domain, f.linkOrgs()))
	case !f.known && !f.signedOwn:
		raise("unsigned-elsewhere", say("From %s; links to %s", f.from.Domain, f.linkOrgs()))
	case !f.known && !f.counted() && !f.reply:
		raise("html-leads-away", say("From %s; links to %s", f.from.Domain, f.linkOrgs()))
	}
}

// counted says that some link goes through the click counter of a mailing service.
func (f *Facts) counted() bool {
	for i := range f.web {
		if f.judge.hosts.Trackers.Match(f.web[i].host) != "" {
			return true
		}
	}
	return false
}

func result(c mailauth.Check) string {
	if c.Result == "" {
		return "unknown"
	}
	return string(c.Result)
}

// linkOrgs names the sites the links lead to, each once.
func (f *Facts) linkOrgs() []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range f.web {
		if !seen[l.org] {
			seen[l.org] = true
			out = append(out, l.org)
		}
	}
	return out
}
