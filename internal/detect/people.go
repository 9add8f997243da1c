package detect

import (
	"bytes"
	"strings"

	"tocsin/internal/intel"
)

// detectOwnPeople compares the sender with the organisation's people, by name and by address. A namesake is no impostor by the name
// alone, but a stranger who shows one is worth a second look, and one who spells it with borrowed letters is none by chance.
func detectOwnPeople(f *Facts, raise Raise) {
	if f.org.owns(f.from.Domain) && !f.unproven() {
		return
	}
	named := false
	if !f.list {
		named = detectPersonName(f, raise)
		detectPersonAddress(f, raise)
	}
	if !named && len(f.org.name) >= 5 && bytes.Contains(f.name, f.org.name) && !f.org.owns(f.from.Domain) && !f.list {
		raise("own-name-outside", say("%q, sent from %s", f.from.Name, f.from.Addr))
	}
	detectShownAddress(f, raise)
}

// detectPersonName says whether the display name is one of the organisation's people's.
func detectPersonName(f *Facts, raise Raise) bool {
	name := string(f.name)
	people, how := f.org.find(name)
	if len(people) == 0 {
		return false
	}
	who := people[0]
	for _, p := range people {
		if f.org.addresses[strings.ToLower(f.from.Addr)] == p {
			return false
		}
		if who.Ordinary && !p.Ordinary {
			who = p
		}
	}
	if who.Ordinary && (how == spelledNear || f.Past.Sender.Known() || f.mass()) {
		return false // among thousands of colleagues most names have an honest bearer outside
	}
	f.impersonates = !who.Ordinary
	switch {
	case how == spelledAlike || how == spelledSame && intel.Disguised(f.from.Name):
		raise("own-person-disguised", say("%q is read as %s, who is %s; this came from %s", f.from.Name, who.Name, who.Address, f.from.Addr))
	case who.Ordinary:
		raise("own-colleague-name", say("%q is %s; this came from %s", f.from.Name, who.Address, f.from.Addr))
	case how == spelledSame:
		raise("own-person-name", say("%q is %s; this came from %s", f.from.Name, who.Address, f.from.Addr))
	default:
		raise("own-person-similar", say("%q is nearly %s, who is %s; this came from %s", f.from.Name, who.Name, who.Address, f.from.Addr))
	}
	return true
}

// detectPersonAddress looks for people's names where a hurried reader looks next: in the address itself, and in Reply-To.
func detectPersonAddress(f *Facts, raise Raise) {
	if p := f.org.byLocalPart(f.from.Addr); p != nil && !p.Ordinary && f.freeMail != "" && !f.impersonates && f.org.addresses[strings.ToLower(f.from.Addr)] != p {
		raise("own-person-address", say("%s looks like %s", f.from.Addr, p.Address))
		f.impersonates = true
	}
	for _, r := range f.Message.ReplyTo[:min(len(f.Message.ReplyTo), 3)] {
		if f.org.owns(r.Domain) || r.Domain == f.from.Domain || f.org.addresses[strings.ToLower(r.Addr)] != nil {
			continue
		}
		people, _ := f.org.find(intel.Fold(cut(r.Name, 1000)))
		if len(people) == 0 {
			if p := f.org.byLocalPart(r.Addr); p != nil && f.judge.hosts.FreeMail.Match(r.Domain) != "" {
				people = []*Person{p}
			}
		}
		if len(people) > 0 && !people[0].Ordinary && !strings.EqualFold(people[0].Address, r.Addr) {
			raise("own-person-reply", say("answers go to %q at %s, not to %s", r.Name, r.Addr, people[0].Address))
			f.impersonates = true
			return
		}
	}
}

// detectShownAddress finds another address in the display name than the one that sent.
func detectShownAddress(f *Facts, raise Raise) {
	if i := strings.IndexByte(f.from.Name, '@'); i <= 0 {
		return
	}
	shown := addressIn(f.from.Name)
	d := intel.DomainOf(shown)
	if d == "" || intel.OrgDomain(d) == f.fromOrg {
		return
	}
	switch {
	case f.org.owns(d):
		raise("own-address-in-display-name", say("name shows %s, sent from %s", shown, f.from.Addr))
	case !f.list:
		raise("address-in-display-name", say("name shows %s, sent from %s", shown, f.from.Addr))
	}
}
