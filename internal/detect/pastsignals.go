package detect

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/email"
	"tocsin/internal/intel"
	"tocsin/internal/mailauth"
)

// From when on a memory says who is a stranger. Before, everybody is.
const (
	matureAge    = 14 * 24 * time.Hour
	matureDays   = 10 // different days with mail
	maturePeople = 30 // outside addresses
)

// Bounds of a flood. Newsletters come in the morning; thirty new ones from twenty places within an hour were ordered by somebody else.
const (
	floodSignups = 30
	floodSenders = 20
	floodTimes   = 5 // as much as usual
)

// detectPast compares the message with what was remembered of its sender.
func detectPast(f *Facts, raise Raise) {
	p := &f.Past
	if !p.Known || !f.inbound || f.from.Addr == "" || f.org.owns(f.from.Domain) {
		return
	}
	detectStranger(f, raise)
	detectOtherAddress(f, raise)
	detectUnusualServer(f, raise)
	detectOtherReply(f, raise)
	detectPartnerLookalike(f, raise)
	detectFlood(f, raise)
}

// mature says that memory is old and full enough for absence to mean something.
func (f *Facts) mature() bool {
	p := &f.Past
	return p.Known && p.Days >= matureDays && p.People >= maturePeople && f.Now.Sub(p.Since) >= matureAge
}

// mass says that the message is of the kind that goes to many, by the marks of its sender.
func (f *Facts) mass() bool { return f.list || f.bulkLevel() >= 4 }

func detectStranger(f *Facts, raise Raise) {
	p := &f.Past
	if !f.mature() || !p.Sender.Stranger() {
		return
	}
	raise("first-contact", say("nobody here had mail from %s or wrote there since %s", f.from.Addr, day(p.Since)))
	if f.mass() {
		return
	}
	for _, t := range [...]string{"payroll", "giftcard", "bec", "invoice", "account", "urgency", "crypto", "prize"} {
		if f.lures.has(t, 2) {
			raise("first-contact-request", say("%s wrote for the first time: %s", f.from.Addr, f.lures.quote(t)))
			break
		}
	}
	if p.Outbound && !p.Thread.Found && p.Site.Out == 0 && answers(f.Message) {
		raise("reply-to-nothing", say("%q from %s; nothing that your people sent or got there is on record since %s", f.Message.Subject, f.from.Addr, day(p.Since)))
	}
}

// answers says that a message calls itself an answer: by its subject, and by a field or by having no such field at all.
func answers(m *email.Message) bool {
	prefix, _, ok := strings.Cut(m.Subject, ":")
	if !ok || len(prefix) > 6 {
		return false
	}
	switch strings.ToLower(strings.TrimSpace(prefix)) {
	case "re", "aw", "antw", "sv", "vs", "r", "rif", "res", "odp", "ynt", "回复", "答复":
		return true
	}
	return false
}

// detectOtherAddress is mailbox intelligence: the name is one that a recipient knows, at another address.
func detectOtherAddress(f *Facts, raise Raise) {
	p := &f.Past
	if len(p.Usual) == 0 || len(p.Usual) > 3 || p.Sender.Known() || p.Mailbox.Known() || f.mass() { // a name of many addresses is nobody's in particular
		return
	}
	if _, own := f.org.addresses[strings.ToLower(f.from.Addr)]; own {
		return
	}
	for _, u := range p.Usual {
		if intel.OrgDomain(intel.DomainOf(u.Address)) == f.fromOrg && f.freeMail == "" && !f.unproven() {
			return // another desk of the same house
		}
	}
	u := p.Usual[0]
	raise("unusual-address", say("%q normally writes to %s from %s; this came from %s", f.from.Name, u.Mailbox, u.Address, f.from.Addr))
}

func detectUnusualServer(f *Facts, raise Raise) {
	p, ip := &f.Past, f.Envelope.ClientIP
	if !f.unproven() || f.list || f.listProven || !p.Sender.Known() && p.Site.Out == 0 {
		return
	}
	network := Network(ip)
	usual := network != "" && slices.Contains(p.Site.Networks, network)
	switch {
	case p.Site.authenticates() && !usual:
		raise("unusual-server", say("mail from %s was proven on %d days; nothing proves this one, and it came from %s", p.Site.Domain, p.Site.Aligned, serverOf(ip)))
	case p.Site.authenticates():
		raise("usual-proof-missing", say("mail from %s was proven on %d days; nothing proves this one", p.Site.Domain, p.Site.Aligned))
	case !usual && network != "" && p.Site.Days >= 5 && len(p.Site.Networks) > 0 && len(p.Site.Networks) <= 4:
		raise("strange-network", say("mail from %s came from %s; this came from %s", p.Site.Domain, p.Site.Networks, ip.String()))
	}
}

func serverOf(ip netip.Addr) string {
	if !ip.IsValid() {
		return "an unknown server"
	}
	return ip.String()
}

// Network is the network of a mail server as memory keeps it: the /24 of an IPv4 and the /48 of an IPv6 address; "" without one.
func Network(ip netip.Addr) string {
	ip = ip.Unmap()
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	if !ip.IsValid() {
		return ""
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

func detectOtherReply(f *Facts, raise Raise) {
	p := &f.Past
	if len(f.Message.ReplyTo) == 0 || !p.Sender.Known() || f.mass() {
		return
	}
	r := f.Message.ReplyTo[0]
	org := intel.OrgDomain(r.Domain)
	if org == "" || org == f.fromOrg || f.org.owns(r.Domain) || !p.ReplyTo.Stranger() || slices.Contains(p.Site.Replies, org) {
		return
	}
	raise("reply-to-changed", say("%s is known here; answers would now go to %s, which is not", f.from.Addr, r.Addr))
}

func detectPartnerLookalike(f *Facts, raise Raise) {
	p := &f.Past
	if !f.mature() || p.Site.Days > 0 || p.Site.Out > 0 || f.freeMail != "" {
		return
	}
	im, ok := p.Partners.Find(f.from.Domain)
	if !ok || f.sameBrand(im.Of) {
		return
	}
	id := "partner-lookalike-sender"
	if im.Trick == intel.OtherTLD || im.Trick == intel.AddedWords || im.Trick == intel.Typo && len(im.Of) < 12 {
		id = "partner-cousin-sender"
	}
	raise(id, say("%s for %s, which your people write to: %s", host(f.from.Domain), im.Of, string(im.Trick)))
}

// sameBrand says that the sender's domain and another belong to one brand.
func (f *Facts) sameBrand(domain string) bool {
	for _, b := range f.judge.brands.Of(f.from.Domain) {
		if f.judge.brands.Official(b, domain) {
			return true
		}
	}
	return false
}

// detectFlood finds mail that somebody else ordered in the reader's name, to bury a warning in it.
func detectFlood(f *Facts, raise Raise) {
	if !f.mature() || !f.Past.Mailbox.Stranger() || !Signup(f.Message, f.bulkLevel()) {
		return
	}
	for _, x := range f.Past.Floods {
		if x.Signups >= floodSignups && x.Senders >= floodSenders && float64(x.Signups) >= floodTimes*x.Usual {
			raise("mail-bombing", say("%s got %d newsletters and confirmations from %d new senders within an hour; usual are %.1f", x.Mailbox, x.Signups, x.Senders, x.Usual))
			return
		}
	}
}

// Signup says that a message is a newsletter or the confirmation of an account or an order of news. bulk is its bulk level.
func Signup(m *email.Message, bulk int) bool {
	if _, ok := m.Lookup("List-Unsubscribe"); ok || bulk >= 4 {
		return true
	}
	if v, ok := m.Lookup("Auto-Submitted"); ok && !strings.EqualFold(strings.TrimSpace(v), "no") {
		return true
	}
	subject := intel.Fold(cut(m.Subject, 300))
	for _, w := range signupWords {
		if strings.Contains(subject, w) {
			return true
		}
	}
	return false
}

// signupWords stand in subjects of confirmations, folded.
var signupWords = []string{
	"confirm your", "subscription", "subscribe", "welcome to", "verify your email", "activate your", "your account", "newsletter", "registration",
	"bestatigen sie", "anmeldung", "willkommen", "registrierung", "confirmez", "inscription", "bienvenue", "confirma tu", "confirme su", "suscripcion",
	"bienvenido", "registro", "confirme seu", "inscricao", "bem-vindo", "conferma", "iscrizione", "benvenut", "bevestig", "inschrijving", "welkom",
	"potwierdz", "rejestracja", "witamy",
}

// detectAcquaintance looks for what memory says in favour. It says nothing where a conversation turns as those do whose mailbox was taken over:
// old acquaintance is what makes them work.
func detectAcquaintance(f *Facts, raise Raise) {
	p := &f.Past
	if !p.Known || !f.inbound || f.from.Addr == "" || f.org.owns(f.from.Domain) || f.turned {
		return
	}
	if p.Sender.longstanding() && f.proven() && (p.Site.authenticates() || p.Sender.Out >= 2) {
		raise("known-correspondent", say("%s: mail on %d days since %s, your people wrote there on %d; proven by %s", f.from.Addr, p.Sender.In, day(p.Sender.First), p.Sender.Out, f.Auth.AlignedBy))
	}
	if f.knownThread() {
		raise("known-thread", say("answers %s of %s, in which %s took part", p.Thread.ID, day(p.Thread.At), f.from.Addr))
	}
}

// knownThread says that the message answers one on record and comes from somebody who took part. Where the sender was checked, the
// check must hold: an id can be read in a stolen mailbox.
func (f *Facts) knownThread() bool {
	if !f.Past.Known || !f.Past.Thread.Found || f.unproven() && f.Auth.SPF.Result != mailauth.Pass {
		return false
	}
	for _, x := range f.Past.Thread.Participants {
		if strings.EqualFold(x.Address, f.from.Addr) {
			return true
		}
	}
	return false
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
