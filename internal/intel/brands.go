package intel

import (
	"bufio"
	"bytes"
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

	shapes    map[string]int  // Skeleton of forms of one word -> index in list
	formWords map[string]bool // the forms themselves, folded

	look       sync.Once
	lookalikes *Lookalikes
}

// BrandMatch is a brand named in a text.
type BrandMatch struct {
	Brand *Brand
	Form  string // as it stands in the data
	Start int    // in the folded text
}

// ReadBrands reads the format of data/brands.txt: "Name | domains | forms". Errors name the line.
func ReadBrands(r io.Reader, name string) (*Brands, error) {
	list, err := parseBrands(r, name)
	if err != nil {
		return nil, err
	}
	return newBrands(list), nil
}

// Merge returns b with the brands of r, which has the same format. A brand that b knows by the same name takes the place of b's.
func (b *Brands) Merge(r io.Reader, name string) (*Brands, error) {
	more, err := parseBrands(r, name)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	list := append([]Brand(nil), b.list...)
	for i := range list {
		at[Fold(list[i].Name)] = i
	}
	for _, brand := range more {
		key := Fold(brand.Name)
		if i, have := at[key]; have {
			list[i] = brand
			continue
		}
		at[key] = len(list)
		list = append(list, brand)
	}
	return newBrands(list), nil
}

func parseBrands(r io.Reader, name string) ([]Brand, error) {
	var list []Brand
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
		for _, d := range strings.Fields(strings.ToLower(cols[1])) {
			if l, ok := strings.CutSuffix(d, ".*"); ok {
				brand.Labels = append(brand.Labels, l)
				continue
			}
			if strings.ContainsAny(d, "/@:*") {
				return nil, fmt.Errorf("%s:%d: %q is no domain; write example.com, or example.* for every country", name, n, d)
			}
			brand.Domains = append(brand.Domains, d)
		}
		for _, form := range strings.Split(cols[2], ",") {
			form = strings.TrimSpace(form)
			if Fold(strings.TrimPrefix(form, "=")) == "" {
				return nil, fmt.Errorf("%s:%d: %q has an empty form; forms are separated by commas", name, n, brand.Name)
			}
			brand.Forms = append(brand.Forms, form)
		}
		if len(brand.Domains)+len(brand.Labels) == 0 {
			return nil, fmt.Errorf("%s:%d: %q needs at least one domain and one form", name, n, brand.Name)
		}
		list = append(list, brand)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

func newBrands(list []Brand) *Brands {
	b := &Brands{list: list, hosts: map[string][]int{}, labels: map[string]int{}, shapes: map[string]int{}, formWords: map[string]bool{}}
	var phrases []string
	for i := range list {
		for _, d := range list[i].Domains {
			b.hosts[d] = append(b.hosts[d], i)
		}
		for _, l := range list[i].Labels {
			b.labels[l] = i
		}
		for _, form := range list[i].Forms {
			bare, exact := strings.CutPrefix(form, "=")
			phrases = append(phrases, bare)
			b.owner, b.exact = append(b.owner, i), append(b.exact, exact)
			folded := Fold(bare)
			for w := range strings.FieldsSeq(folded) {
				b.formWords[w] = true
			}
			if sk := Skeleton(folded); !exact && len(folded) >= 6 && strings.IndexByte(folded, ' ') < 0 {
				if _, have := b.shapes[sk]; !have {
					b.shapes[sk] = i
				}
			}
		}
	}
	b.words = NewMatcher(phrases)
	return b
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

// Alone reports whether folded is a brand's name and nothing but words that stand beside one. Names that are also ordinary words (the
// forms with "=") do not count.
func (b *Brands) Alone(folded []byte) bool {
	alone := false
	b.words.Find(folded, func(m Match) bool {
		alone = !b.exact[m.Phrase] && onlyFillers(folded[:m.Start]) && onlyFillers(folded[m.End:])
		return !alone
	})
	return alone
}

// Disguise finds a word of folded that is no brand's name but has the shape of one: "paypa1", "rnicrosoft". The brand is nil when
// there is none.
func (b *Brands) Disguise(folded []byte) (word string, brand *Brand) {
	for w := range bytes.FieldsSeq(folded) {
		if len(w) < 5 || len(w) > 40 {
			continue
		}
		word := string(w)
		if i, ok := b.shapes[Skeleton(word)]; ok && !b.formWords[word] {
			return word, &b.list[i]
		}
	}
	return "", nil
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
