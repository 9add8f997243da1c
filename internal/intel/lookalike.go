package intel

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

// Trick is how a name imitates another.
type Trick string

const (
	Homoglyph  Trick = "look-alike characters"     // paypaI.com, аpple.com
	Typo       Trick = "one letter off"            // micorsoft.com
	AddedWords Trick = "brand with words added"    // paypal-secure-login.com
	OtherTLD   Trick = "same name, other ending"   // northwind.co for northwind.com
	InsideHost Trick = "name in front of the host" // paypal.com.evil.example
)

// Imitation is what Lookalikes found.
type Imitation struct {
	Name  string // the imitated brand or organisation
	Of    string // the imitated domain
	Trick Trick
}

// Lookalikes finds hosts that imitate the domains of a set of names. Built once; safe for many readers.
type Lookalikes struct {
	labels    map[string]target // own label, exactly
	skeletons map[string]target
	deletions map[string][]target // own label with one letter dropped (Symmetric Delete): finds every edit of one
	domains   map[string]target
	own       []target // of an organisation: few and long enough to be looked for more closely
	official  func(host string) bool
}

type target struct {
	name, domain, label string
	generic             bool // an ordinary word: only exact tricks count
}

// ordinary words that are also brands' labels: everybody builds names from them.
var ordinary = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`apple chase orange target post free wise visa square box zoom slack stripe meta live office outlook
		windows me mac go x gov canada overheid bund otto fidelity stanley sky steam discord cash wf ml td citi signal telegram
		exodus phantom kraken ledger hermes evri george delta southwest uber dyson yeti correos correios zoll poste nexi enel
		bing azure skype android prime disney hulu canva block force trello samsung anthem optum fazenda receita messenger youtube bahn
		halifax saturn hotels decathlon playstation sony xbox ml db wallet telefonica telekom mobile express post swisspost
		shell inter web smiles snap globo netto kinder action gamma rituals plus play hema three coop jumbo hype elo dotz claro vivo oi meo nos
		cox rogers bell drei sunrise tim wind tre penny boots argos zara darty conrad milka allianz progressive united hilton hertz sixt
		emirates indeed figma asana notion wix square gusto vanguard affirm discover regions citizens key huntington proton zoho aruba register
		home gandi oracle cisco citrix sap barracuda tether solana lido gemini ripple celsius electrum optus iliad magenta subito spectrum
		essent tauron enea lidl migros bosch max sling peacock paramount disneyplus cumulus nectar diy argenta ally city euro euronics bauhaus
		yello max payback douglas thalia muller mueller tchibo unimed amil tui swift reddit twitch bumble tinder pinterest
		workday xero xerox avast eset avira cigna aetna barmer ergo telepass trainline flix flixbus hapvida globoplay ring nest dunkin
		continente conad esselunga otodom vinted etsy wish joom nordea elster kaiser banking metamail service services secure adobe sparda`) {
		m[w] = true
	}
	return m
}()

// Lookalikes finds imitations of the brands' domains. Hosts for which the brand is the owner are never imitations. It is prepared once,
// by whoever asks first.
func (b *Brands) Lookalikes() *Lookalikes {
	b.look.Do(func() { b.lookalikes = b.newLookalikes() })
	return b.lookalikes
}

func (b *Brands) newLookalikes() *Lookalikes {
	l := newLookalikes(func(host string) bool { return len(b.Of(host)) > 0 })
	for i := range b.list {
		for _, d := range b.list[i].Domains {
			l.add(b.list[i].Name, d)
		}
	}
	return l
}

// NewLookalikes prepares the search for imitations of an organisation's own domains.
func NewLookalikes(name string, domains []string) *Lookalikes {
	own := make(map[string]bool, len(domains))
	for _, d := range domains {
		own[strings.ToLower(d)] = true
	}
	l := newLookalikes(func(host string) bool {
		for {
			if own[host] {
				return true
			}
			_, above, ok := strings.Cut(host, ".")
			if !ok {
				return false
			}
			host = above
		}
	})
	for _, d := range domains {
		l.add(name, strings.ToLower(d))
	}
	for _, t := range l.labels {
		if !t.generic && len(t.label) >= 8 && len(l.own) < maxOwn {
			l.own = append(l.own, t)
		}
	}
	slices.SortFunc(l.own, func(a, b target) int { return strings.Compare(a.label, b.label) })
	return l
}

// maxOwn bounds the domains that are compared one by one.
const maxOwn = 40

func newLookalikes(official func(string) bool) *Lookalikes {
	return &Lookalikes{labels: map[string]target{}, skeletons: map[string]target{}, deletions: map[string][]target{},
		domains: map[string]target{}, official: official}
}

func (l *Lookalikes) add(name, domain string) {
	org := OrgDomain(domain)
	lab, _ := label(org)
	t := target{name: name, domain: org, label: lab, generic: ordinary[lab] || len(lab) < 4}
	if _, have := l.domains[org]; have {
		return
	}
	l.domains[org] = t
	if _, have := l.labels[lab]; !have {
		l.labels[lab] = t
	}
	if t.generic {
		return
	}
	if sk := Skeleton(lab); len(sk) >= 4 {
		if _, have := l.skeletons[sk]; !have {
			l.skeletons[sk] = t
		}
	}
	if len(lab) >= 6 {
		for i := range lab {
			d := lab[:i] + lab[i+1:]
			l.deletions[d] = append(l.deletions[d], t)
		}
		l.deletions[lab] = append(l.deletions[lab], t)
	}
}

// Find says what host imitates. host is lower-case A-labels. Hosts that really belong to the names, and addresses, imitate nothing.
func (l *Lookalikes) Find(host string) (Imitation, bool) {
	if host == "" || !strings.Contains(host, ".") || isIP(host) || l.official(host) {
		return Imitation{}, false
	}
	org := OrgDomain(host)
	if im, ok := l.inside(host, org); ok {
		return im, true
	}
	shown := Unicode(org)
	lab, _ := label(shown)
	if !utf8.ValidString(lab) || len(lab) > 80 {
		return Imitation{}, false
	}
	if t, ok := l.labels[lab]; ok {
		if t.generic || len(lab) < 5 {
			return Imitation{}, false
		}
		if anybodys(org) {
			return Imitation{t.name, t.domain, InsideHost}, true
		}
		return Imitation{t.name, t.domain, OtherTLD}, true
	}
	if t, ok := l.skeletons[Skeleton(lab)]; ok {
		return Imitation{t.name, t.domain, Homoglyph}, true
	}
	if im, ok := l.words(lab); ok {
		return im, true
	}
	if im, ok := l.typo(lab); ok {
		return im, true
	}
	return l.close(lab)
}

// anybodys says that the registrable domain is a name below a provider's own ("paypal.web.app"), where anybody takes any name.
func anybodys(org string) bool {
	suffix, icann := publicsuffix.PublicSuffix(org)
	return !icann && strings.Contains(suffix, ".")
}

// close finds what only the few labels of an organisation are compared for: two slips in a long name, and the name inside a longer one.
func (l *Lookalikes) close(lab string) (Imitation, bool) {
	plain := strings.ReplaceAll(lab, "-", "")
	for _, t := range l.own {
		switch {
		case len(lab) > 40:
		case len(plain) > len(t.label) && strings.Contains(plain, strings.ReplaceAll(t.label, "-", "")):
			return Imitation{t.name, t.domain, AddedWords}, true
		case len(t.label) >= 10 && lab[0] == t.label[0] && distance(t.label, lab, 2) <= 2:
			return Imitation{t.name, t.domain, Typo}, true
		}
	}
	return Imitation{}, false
}

// distance is the edit distance of a and b with swaps of neighbours (optimal string alignment); what is over max is only known to be over.
func distance(a, b string, max int) int {
	if d := len(a) - len(b); d > max || -d > max {
		return max + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > max {
			return max + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// Owner returns the name whose domain label word is, "" when there is none or the word is an ordinary one.
func (l *Lookalikes) Owner(word string) string {
	if t, ok := l.labels[word]; ok && !t.generic && len(word) >= 5 {
		return t.name
	}
	return ""
}

// inside finds a whole foreign domain in the labels before the registrable one: paypal.com.evil.example, paypal-com.evil.example.
func (l *Lookalikes) inside(host, org string) (Imitation, bool) {
	front := strings.TrimSuffix(strings.TrimSuffix(host, org), ".")
	if front == "" {
		return Imitation{}, false
	}
	labels := strings.Split(front, ".")
	labels = labels[max(0, len(labels)-8):]
	for i := range labels {
		if i+1 < len(labels) {
			if t, ok := l.domains[labels[i]+"."+labels[i+1]]; ok {
				return Imitation{t.name, t.domain, InsideHost}, true
			}
		}
		if j := strings.LastIndexByte(labels[i], '-'); j > 0 {
			if t, ok := l.domains[labels[i][:j]+"."+labels[i][j+1:]]; ok {
				return Imitation{t.name, t.domain, InsideHost}, true
			}
			if parts := strings.Split(labels[i], "-"); len(parts) <= 6 { // paypal-login.evil.example
				for _, p := range parts {
					if t, ok := l.labels[p]; ok && !t.generic && len(p) >= 5 && othersBait(parts, p) {
						return Imitation{t.name, t.domain, InsideHost}, true
					}
				}
			}
		}
	}
	return Imitation{}, false
}

// baits are the words put beside a name to make it a sender or a page of its own.
var baits = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`account accounts access alert alerts auth billing center client confirm customer delivery device drive
		help helpdesk id info invoice login logon mail mails manage my notice notification notify official online page parcel pay payment payments
		portal post protect protection refund renew renewal reset reward rewards safe secure secured security service services session
		share shared shop sign signin sso support team track tracking transfer unlock update updates user validate validation verification verify
		wallet web webmail www app apps bonus gift giveaway promo claim win survey members member live cloud docs file files
		kunde kunden konto sicherheit anmelden anmeldung rechnung paket zustellung bestaetigung compte client securite connexion colis livraison
		cuenta cliente seguridad acceso entrega paquete conto clienti sicurezza accesso pacco consegna conta seguranca acesso pontos entrega
		hr it corp group inc payroll finance legal admin office staff vpn intranet careers jobs mfa`) {
		m[w] = true
	}
	return m
}()

// words finds a name with bait words or digits around it: paypal-secure, securepaypal, paypal24.
func (l *Lookalikes) words(lab string) (Imitation, bool) {
	parts := strings.Split(lab, "-")
	if len(parts) > 1 {
		for _, p := range parts {
			t, ok := l.labels[p]
			if !ok {
				t, ok = l.skeletons[Skeleton(p)]
			}
			if !ok || baits[p] || t.generic && !othersBait(parts, p) || len(t.label) < 4 && !othersBait(parts, p) || len(t.label) < 3 {
				continue
			}
			return Imitation{t.name, t.domain, AddedWords}, true
		}
		return Imitation{}, false
	}
	for n := len(lab) - 1; n >= 5; n-- { // the longest name in front wins
		if t, ok := l.labels[lab[:n]]; ok && !t.generic && (baits[lab[n:]] || isNumber(lab[n:])) {
			return Imitation{t.name, t.domain, AddedWords}, true
		}
		if t, ok := l.labels[lab[len(lab)-n:]]; ok && !t.generic && baits[lab[:len(lab)-n]] {
			return Imitation{t.name, t.domain, AddedWords}, true
		}
	}
	return Imitation{}, false
}

func othersBait(parts []string, name string) bool {
	bait := false
	for _, p := range parts {
		if p == name {
			continue
		}
		if !baits[p] && !isNumber(p) {
			return false
		}
		bait = bait || baits[p]
	}
	return bait
}

func (l *Lookalikes) typo(lab string) (Imitation, bool) {
	if len(lab) < 5 || len(lab) > 40 {
		return Imitation{}, false
	}
	check := func(key string) (Imitation, bool) {
		for _, t := range l.deletions[key] {
			if t.label[0] == lab[0] && OneEdit(t.label, lab) { // the first letter is the one people look at
				return Imitation{t.name, t.domain, Typo}, true
			}
		}
		return Imitation{}, false
	}
	if im, ok := check(lab); ok {
		return im, true
	}
	for i := range len(lab) {
		if im, ok := check(lab[:i] + lab[i+1:]); ok {
			return im, true
		}
	}
	return Imitation{}, false
}

// OneEdit reports whether a becomes b by one insertion, deletion, substitution or swap of neighbours (Damerau).
func OneEdit(a, b string) bool {
	if a == b || len(a)-len(b) > 1 || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) == len(b):
		if a[i+1:] == b[i+1:] {
			return true
		}
		return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	case len(a) > len(b):
		return a[i+1:] == b[i:]
	default:
		return a[i:] == b[i+1:]
	}
}
