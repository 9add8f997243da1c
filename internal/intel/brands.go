package intel

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Brand is a name that attackers borrow.
type Brand struct {
	Name    string
	Domains []string // where it really lives, subdomains included; lower case
	Labels  []string // "amazon" when amazon under any country's suffix is its own ("amazon.*" in the data)
	Forms   []string // how people write it
}

// Brands finds brand names in text and knows which hosts are really theirs. It is never changed after reading.
type Brands struct {
	list   []Brand
	words  *Matcher
	owner  []int // phrase of words -> index in list
	exact  []bool
	hosts  map[string][]int // official domain -> indexes in list
	labels map[string]int
}

// BrandMatch is a brand named in a text.
type BrandMatch struct {
	Brand *Brand
	Form  string // as it stands in the data
	Start int    // in the folded text
}

// ReadBrands reads the format of data/brands.txt: "Name | domains | forms". Errors name the line.
func ReadBrands(r io.Reader, name string) (*Brands, error) {
	b := &Brands{hosts: map[string][]int{}, labels: map[string]int{}}
	var phrases []string
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		cols := strings.Split(line, "|")
		if len(cols) != 3 || strings.TrimSpace(cols[0]) == "" {
			return nil, fmt.Errorf("%s:%d: want \"Name | domains | forms\", got %d columns", name, n, len(cols))
		}
		brand := Brand{Name: strings.TrimSpace(cols[0])}
		index := len(b.list)
		for _, d := range strings.Fields(strings.ToLower(cols[1])) {
			if l, ok := strings.CutSuffix(d, ".*"); ok {
				brand.Labels = append(brand.Labels, l)
				b.labels[l] = index
				continue
			}
			brand.Domains = append(brand.Domains, d)
			b.hosts[d] = append(b.hosts[d], index)
		}
		for _, form := range strings.Split(cols[2], ",") {
			form = strings.TrimSpace(form)
			bare, exact := strings.CutPrefix(form, "=")
			if Fold(bare) == "" {
				return nil, fmt.Errorf("%s:%d: %q has an empty form; forms are separated by commas", name, n, brand.Name)
			}
			brand.Forms = append(brand.Forms, form)
			phrases = append(phrases, bare)
			b.owner, b.exact = append(b.owner, index), append(b.exact, exact)
		}
		if len(brand.Domains) == 0 || len(brand.Forms) == 0 {
			return nil, fmt.Errorf("%s:%d: %q needs at least one domain and one form", name, n, brand.Name)
		}
		b.list = append(b.list, brand)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b.words = NewMatcher(phrases)
	return b, nil
}

// ShippedBrands is the table that comes with Tocsin. The result is shared: do not change it.
var ShippedBrands = sync.OnceValue(func() *Brands {
	f, err := data.Open("data/brands.txt")
	if err != nil {
		panic(err) // embedded at build time
	}
	defer f.Close()
	b, err := ReadBrands(f, "brands.txt")
	if err != nil {
		panic(err)
	}
	return b
})

// All returns every brand, in file order. Do not change it.
func (b *Brands) All() []Brand { return b.list }

// fillers are words that stand beside a brand in a display name without making it another name.
var fillers = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`support team security service services account accounts billing notification notifications notice
		customer care help desk helpdesk center centre info information the inc llc ltd gmbh ag sa co corp com de fr es it nl pl br uk us net org
		online mail email alert alerts official update updates reward rewards delivery parcel package paket pacote colis paquete pacco pakket
		paczka kundenservice kundendienst sicherheit konto benachrichtigung servicio seguridad cuenta cliente clientes atencion soporte
		assistance securite compte client suporte seguranca conta atendimento assistenza sicurezza conto klantenservice beveiliging rekening
		bezpieczenstwo obsluga klienta via from your no reply noreply do not member members membership premium bonus gift card giftcard giveaway
		promo promotion shop store app bank verification verify department dept express survey surveys winner promotions and of for my e`) {
		m[w] = true
	}
	return m
}()

// Match returns the brands named in folded (a result of Fold), each once, in order. name says that the text is a display
// name: then forms marked "=" count too, when nothing but filler words stands beside them.
func (b *Brands) Match(folded []byte, name bool) []BrandMatch {
	var out []BrandMatch
	b.words.Find(folded, func(m Match) bool {
		brand := &b.list[b.owner[m.Phrase]]
		if b.exact[m.Phrase] && !(name && onlyFillers(folded[:m.Start]) && onlyFillers(folded[m.End:])) {
			return true
		}
		for _, have := range out {
			if have.Brand == brand {
				return true
			}
		}
		out = append(out, BrandMatch{Brand: brand, Form: strings.TrimPrefix(b.form(m.Phrase), "="), Start: m.Start})
		return len(out) < 8
	})
	return out
}

func (b *Brands) form(phrase int) string {
	first := phrase
	for first > 0 && b.owner[first-1] == b.owner[phrase] {
		first--
	}
	return b.list[b.owner[phrase]].Forms[phrase-first]
}

func onlyFillers(folded []byte) bool {
	for _, w := range strings.Fields(string(folded)) {
		if !fillers[w] && !isNumber(w) {
			return false
		}
	}
	return true
}

func isNumber(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Official reports whether host belongs to the brand.
func (b *Brands) Official(brand *Brand, host string) bool {
	for _, d := range brand.Domains {
		if Under(host, d) {
			return true
		}
	}
	if len(brand.Labels) == 0 {
		return false
	}
	name, suffix := label(OrgDomain(host))
	for _, l := range brand.Labels {
		if l == name && national(suffix) {
			return true
		}
	}
	return false
}

// Of returns the brands that host really belongs to, nil when none.
func (b *Brands) Of(host string) []*Brand {
	var out []*Brand
	for h := host; h != ""; _, h, _ = strings.Cut(h, ".") {
		for _, i := range b.hosts[h] {
			out = append(out, &b.list[i])
		}
	}
	name, suffix := label(OrgDomain(host))
	if i, ok := b.labels[name]; ok && national(suffix) {
		out = append(out, &b.list[i])
	}
	return out
}

// national says that suffix belongs to a country with a registry that checks a little: the two-letter ones without the
// five that were given away for free.
func national(suffix string) bool {
	tld := TLD(suffix)
	if len(tld) != 2 {
		return suffix == "com" || suffix == "net" || suffix == "org" || suffix == "eu"
	}
	return ShippedHosts().RiskyTLDs.Match(tld) == ""
}
