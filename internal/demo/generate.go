// Package demo invents an organisation and its mail, so that Tocsin can be tried without anybody's real letters.
//
// Kestrel Quay runs a harbour: sixty people in three departments, who write to each other and to shipping agents in several
// languages, get newsletters and receipts, and are attacked the way everybody is. The mail is written from
// templates (mail/*.yaml), deterministic by seed, and comes out as the bytes that the organisation's mail server would have
// stored, to be taken in by the same road as real mail. Everything dangerous in it is a stand-in.
package demo

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/mail"
	"net/netip"
	"sort"
	"strings"
	"text/template"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed mail/*.yaml
var shipped embed.FS

// Mail is one message as the organisation's mail server handed it over.
type Mail struct {
	Raw        []byte
	MailFrom   string // without angle brackets
	Recipients []string
	ClientIP   netip.Addr // of the server outside; invalid for mail inside
	Helo       string
	Time       time.Time // when it was received
}

// recipe is one template.
type recipe struct {
	ID      string `yaml:"id"`
	Lang    string `yaml:"lang"`  // people who read it; "" for all
	Count   int    `yaml:"count"` // messages over the whole time, or recipients of each wave
	Waves   []wave `yaml:"waves"` // a campaign: in these bursts instead of spread over the days
	From    string `yaml:"from"`  // "Name <address>", a template; "colleague" for mail inside
	ReplyTo string `yaml:"reply_to"`
	Path    string `yaml:"path"`  // envelope sender, a template; default the address of From
	Auth    string `yaml:"auth"`  // pass, none, spoof, softfail
	Hosts   string `yaml:"hosts"` // name of the client; default mail.<domain of From>
	IP      string `yaml:"ip"`    // its address, a template
	Plain   bool   `yaml:"plain"` // no TLS
	Group   string `yaml:"group"` // department that gets it; "" for anybody, "all" for one message to a whole department
	Replies int    `yaml:"replies"`

	Subject []string `yaml:"subject"`
	Text    string   `yaml:"text"`
	HTML    string   `yaml:"html"`
	Headers []string `yaml:"headers"`
	Attach  []struct {
		Name   string `yaml:"name"`
		Kind   string `yaml:"kind"`
		Inline string `yaml:"inline"` // content id
	} `yaml:"attach"`
}

// wave is one burst of a campaign.
type wave struct {
	DaysAgo float64 `yaml:"days_ago"`
	Minutes int     `yaml:"minutes"`
}

const days = 30

// Generate writes the last thirty days of mail up to now, oldest first, and calls each for every message; an error of each ends it.
// The same seed and now give the same bytes.
func Generate(seed uint64, now time.Time, each func(Mail) error) error {
	recipes, err := load(shipped)
	if err != nil {
		return err
	}
	g := &generator{r: rand.New(rand.NewPCG(seed, 0x7453)), now: now.UTC().Truncate(time.Second), people: People()}
	for _, rc := range recipes {
		if err := g.plan(rc); err != nil {
			return fmt.Errorf("template %s: %w", rc.ID, err)
		}
	}
	sort.SliceStable(g.out, func(i, j int) bool { return g.out[i].Time.Before(g.out[j].Time) })
	for _, m := range g.out {
		if err := each(m); err != nil {
			return err
		}
	}
	return nil
}

func load(files fs.FS) ([]recipe, error) {
	names, err := fs.Glob(files, "mail/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []recipe
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var some []recipe
		if err := yaml.UnmarshalWithOptions(b, &some, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, errors.New("no templates")
	}
	return all, nil
}

type generator struct {
	r      *rand.Rand
	now    time.Time
	people []Person
	out    []Mail
}

func (g *generator) plan(rc recipe) error {
	if len(rc.Waves) == 0 {
		for range rc.Count {
			if err := g.write(rc, g.workingTime()); err != nil {
				return err
			}
		}
		return nil
	}
	for _, w := range rc.Waves {
		start := g.now.Add(-time.Duration(w.DaysAgo * float64(24*time.Hour)))
		for range rc.Count {
			if err := g.write(rc, start.Add(time.Duration(g.r.IntN(w.Minutes*60))*time.Second)); err != nil {
				return err
			}
		}
	}
	return nil
}

// workingTime picks a moment of the last days: mostly weekdays between seven and seven.
func (g *generator) workingTime() time.Time {
	for {
		at := g.now.Add(-time.Duration(g.r.Int64N(int64(days * 24 * time.Hour))))
		likely := 4
		if h := at.Hour(); h >= 7 && h < 19 {
			likely = 100
			if h == 12 {
				likely = 60
			}
		}
		if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
			likely /= 6
		}
		if g.r.IntN(100) < likely {
			return at.Truncate(time.Second)
		}
	}
}

// scene is what templates see.
type scene struct {
	To, From   Person
	Date       time.Time
	Org        string
	Domain     string
	g          *generator
	remembered map[string]string
}

// Digits gives n random digits, Hex the same in hex.
func (s *scene) Digits(n int) string { return s.letters("0123456789", n) }

// Hex gives n hexadecimal digits.
func (s *scene) Hex(n int) string { return s.letters("0123456789abcdef", n) }

func (s *scene) letters(from string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = from[s.g.r.IntN(len(from))]
	}
	return string(b)
}

// Pick chooses one, Keep chooses one and remembers it under a name for the rest of the message.
func (s *scene) Pick(words ...string) string { return words[s.g.r.IntN(len(words))] }

// Keep is Pick, remembered by its name.
func (s *scene) Keep(name string, words ...string) string {
	if _, ok := s.remembered[name]; !ok && len(words) > 0 {
		s.remembered[name] = s.Pick(words...)
	}
	return s.remembered[name]
}

// Day is a date so many days after the message, as written in the language.
func (s *scene) Day(after int, layout string) string {
	return s.Date.AddDate(0, 0, after).Format(layout)
}

// Amount is a sum of money with two decimals.
func (s *scene) Amount(least, most int) string {
	return fmt.Sprintf("%d.%02d", least+s.g.r.IntN(most-least), s.g.r.IntN(100))
}

func (s *scene) fill(text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (g *generator) write(rc recipe, at time.Time) error {
	s := &scene{Date: at, Org: Name, Domain: Domain, g: g, remembered: map[string]string{}}
	readers := g.readers(rc)
	s.To = readers[g.r.IntN(len(readers))]
	for s.From = s.To; s.From == s.To; {
		s.From = g.people[g.r.IntN(len(g.people))]
	}
	d, err := g.compose(rc, s)
	if err != nil {
		return err
	}
	to := []Person{s.To}
	if rc.Group == "all" {
		to = nil
		for _, p := range g.people {
			if p.Department == s.To.Department {
				to = append(to, p)
			}
		}
	}
	for _, p := range to {
		d.to = append(d.to, mail.Address{Name: p.FullName(), Address: p.Address})
	}
	if err := g.emit(d, to); err != nil {
		return err
	}
	return g.replies(rc, s, d)
}

func (g *generator) readers(rc recipe) []Person {
	var out []Person
	for _, p := range g.people {
		if (rc.Lang == "" || rc.Lang == "en" || p.Language == rc.Lang) && (rc.Group == "" || rc.Group == "all" || rc.Group == "priority" && p.Priority || p.Department == rc.Group) {
			out = append(out, p)
		}
	}
	return out
}

func (g *generator) compose(rc recipe, s *scene) (*draft, error) {
	d := &draft{date: s.Date, tls: !rc.Plain}
	var err error
	get := func(text string) string {
		if err != nil {
			return ""
		}
		var out string
		out, err = s.fill(text)
		return out
	}
	d.subject = get(rc.Subject[g.r.IntN(len(rc.Subject))])
	d.text, d.html = get(strings.TrimSpace(rc.Text)), get(strings.TrimSpace(rc.HTML))
	d.replyTo = get(rc.ReplyTo)
	for _, h := range rc.Headers {
		d.headers = append(d.headers, get(h))
	}
	if rc.From == "colleague" {
		d.from = mail.Address{Name: s.From.FullName(), Address: s.From.Address}
	} else {
		from, perr := mail.ParseAddress(get(rc.From))
		if err == nil && perr != nil {
			return nil, fmt.Errorf("from: %w", perr)
		}
		if err != nil {
			return nil, err
		}
		d.from = *from
		g.outside(rc, d, get)
	}
	d.returnPath = d.from.Address
	if rc.Path != "" {
		d.returnPath = get(rc.Path)
	}
	_, domain, _ := strings.Cut(d.from.Address, "@")
	d.id = fmt.Sprintf("<%d.%s@%s>", s.Date.Unix(), s.Hex(12), domain)
	for _, a := range rc.Attach {
		name := get(a.Name)
		if err != nil {
			return nil, err
		}
		title := d.subject
		if a.Kind != "ics" {
			title = name
		}
		mediaType, content, ferr := file(a.Kind, title, g.r, s.Date)
		if ferr != nil {
			return nil, ferr
		}
		d.attachments = append(d.attachments, attached{name: name, mediaType: mediaType, cid: a.Inline, content: content})
	}
	return d, err
}

// outside fills how a message from outside came and what the organisation's server found about its sender.
func (g *generator) outside(rc recipe, d *draft, get func(string) string) {
	_, domain, _ := strings.Cut(d.from.Address, "@")
	d.client = "mail." + domain
	if rc.Hosts != "" {
		d.client = get(rc.Hosts)
	}
	// Addresses from the documentation blocks of RFC 5737, one a domain unless the template says otherwise.
	sum := 0
	for _, c := range []byte(d.client) {
		sum = (sum*31 + int(c)) % 251
	}
	d.clientIP = fmt.Sprintf("198.51.100.%d", 2+sum)
	if rc.IP != "" {
		d.clientIP = get(rc.IP)
	}
	path := domain
	if rc.Path != "" {
		_, path, _ = strings.Cut(get(rc.Path), "@")
	}
	switch rc.Auth {
	case "spoof":
		d.auth = fmt.Sprintf("spf=fail smtp.mailfrom=%s;\r\n\tdkim=none;\r\n\tdmarc=fail (p=reject) header.from=%s", path, domain)
	case "softfail":
		d.auth = fmt.Sprintf("spf=softfail smtp.mailfrom=%s;\r\n\tdkim=none;\r\n\tdmarc=fail (p=none) header.from=%s", path, domain)
	case "none":
		d.auth = fmt.Sprintf("spf=none smtp.mailfrom=%s;\r\n\tdkim=none;\r\n\tdmarc=none header.from=%s", path, domain)
	default:
		d.auth = fmt.Sprintf("spf=pass smtp.mailfrom=%s;\r\n\tdkim=pass header.d=%s header.s=s1;\r\n\tdmarc=pass (p=quarantine) header.from=%s", path, domain, domain)
	}
}

func (g *generator) emit(d *draft, to []Person) error {
	if d.date.After(g.now) {
		return nil
	}
	raw, err := d.raw(g.r)
	if err != nil {
		return err
	}
	m := Mail{Raw: raw, MailFrom: d.returnPath, Helo: d.client, Time: d.date}
	if d.clientIP != "" {
		if m.ClientIP, err = netip.ParseAddr(d.clientIP); err != nil {
			return err
		}
	}
	for _, p := range to {
		m.Recipients = append(m.Recipients, p.Address)
	}
	g.out = append(g.out, m)
	return nil
}

var answers = map[string][]string{
	"en": {"Thanks, that works for me.", "Confirmed from our side.", "Can we move it by an hour? Otherwise fine.", "Noted, I have told the shift.", "Please go ahead."},
	"de": {"Danke, passt so.", "Von unserer Seite bestätigt.", "Bitte eine Stunde später, sonst gern.", "Notiert, die Schicht weiß Bescheid."},
	"fr": {"Merci, c'est bon pour nous.", "Bien noté, je préviens l'équipe.", "Confirmé de notre côté."},
	"es": {"Gracias, de acuerdo.", "Confirmado por nuestra parte.", "Anotado, aviso al turno."},
	"pt": {"Obrigado, por nós está bem.", "Confirmado do nosso lado.", "Anotado, aviso a equipa."},
	"nl": {"Dank, akkoord.", "Van onze kant bevestigd.", "Genoteerd, ik geef het door."},
	"it": {"Grazie, va bene.", "Confermato da parte nostra.", "Preso nota, avviso il turno."},
	"pl": {"Dziękuję, pasuje.", "Potwierdzam z naszej strony.", "Zanotowane, przekażę zmianie."},
}

// replies lets the two write back and forth, quoting as mail programs do.
func (g *generator) replies(rc recipe, s *scene, d *draft) error {
	if rc.Replies == 0 {
		return nil
	}
	words := answers[rc.Lang]
	if words == nil {
		words = answers["en"]
	}
	me := mail.Address{Name: s.To.FullName(), Address: s.To.Address}
	other, client, clientIP, auth := d.from, d.client, d.clientIP, d.auth
	inside := clientIP == ""
	last := d
	for i := range g.r.IntN(rc.Replies + 1) {
		reply := &draft{subject: "Re: " + strings.TrimPrefix(last.subject, "Re: "), inReplyTo: last.id, tls: true,
			date: last.date.Add(time.Duration(6+g.r.IntN(400)) * time.Minute)}
		reply.references = append(append([]string{}, last.references...), last.id)
		reply.text = words[g.r.IntN(len(words))] + "\n\n" + quote(last)
		recipient := s.From
		if i%2 == 0 { // the reader answers
			reply.from, reply.to = me, []mail.Address{other}
		} else {
			reply.from, reply.to = other, []mail.Address{me}
			reply.client, reply.clientIP, reply.auth = client, clientIP, auth
			recipient = s.To
		}
		if i%2 == 0 && !inside {
			recipient = Person{Address: other.Address}
		}
		reply.returnPath = reply.from.Address
		_, domain, _ := strings.Cut(reply.from.Address, "@")
		reply.id = fmt.Sprintf("<%d.%s@%s>", reply.date.Unix(), s.Hex(12), domain)
		if err := g.emit(reply, []Person{recipient}); err != nil {
			return err
		}
		last = reply
	}
	return nil
}

func quote(d *draft) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s <%s>, %s:\n", d.from.Name, d.from.Address, d.date.Format("2006-01-02 15:04"))
	for line := range strings.SplitSeq(d.text, "\n") {
		b.WriteString("> " + line + "\n")
	}
	return b.String()
}
