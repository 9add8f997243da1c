package detect

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"
	"sync"

	"tocsin/internal/intel"
)

//go:embed lures/*.txt
var lureFiles embed.FS

// lureBook finds the phrases of every file in lures/ in one pass.
type lureBook struct {
	words *intel.Matcher
	topic []string // phrase -> file name without ".txt"
	text  []string // phrase as written
}

// lureHits is what the text lures with.
type lureHits struct {
	found       map[string][]string // topic -> different phrases, in order
	strong      map[string]bool     // topic stands in subject or sender name
	greeting    string              // generic greeting near the start
	unsubscribe bool
}

// shippedLures are the phrase lists that come with Tocsin.
var shippedLures = sync.OnceValue(func() *lureBook {
	b, err := readLures(lureFiles)
	if err != nil {
		panic(err) // embedded at build time; TestLureFiles reads them
	}
	return b
})

// readLures reads lures/*.txt: one phrase a line, "[xx]" starts a language, "#" a comment, "*" at the end lets the word go on.
func readLures(fsys fs.FS) (*lureBook, error) {
	names, err := fs.Glob(fsys, "lures/*.txt")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	b := &lureBook{}
	for _, name := range names {
		f, err := fsys.Open(name)
		if err != nil {
			return nil, err
		}
		err = b.read(f, name)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	b.words = intel.NewMatcher(b.text)
	return b, nil
}

func (b *lureBook) read(r io.Reader, name string) error {
	topic := strings.TrimSuffix(strings.TrimPrefix(name, "lures/"), ".txt")
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			if len(line) != 4 || line[3] != ']' {
				return fmt.Errorf("%s:%d: %q: a language is two letters in brackets, like [de]", name, n, line)
			}
			continue
		case intel.Fold(line) == "":
			return fmt.Errorf("%s:%d: %q has no letters", name, n, line)
		}
		b.topic, b.text = append(b.topic, topic), append(b.text, line)
	}
	return sc.Err()
}

const (
	maxPhrases   = 12  // kept for one topic
	greetingZone = 300 // octets of folded text in which a greeting counts
)

func (b *lureBook) find(f *Facts) lureHits {
	h := lureHits{found: map[string][]string{}, strong: map[string]bool{}}
	look := func(text []byte, head bool) {
		b.words.Find(text, func(m intel.Match) bool {
			topic, phrase := b.topic[m.Phrase], b.text[m.Phrase]
			if topic == "greeting" {
				if !head && m.Start < greetingZone && h.greeting == "" {
					h.greeting = phrase
				}
				return true
			}
			have := h.found[topic]
			for _, p := range have {
				if p == phrase {
					return true
				}
			}
			if len(have) < maxPhrases {
				h.found[topic] = append(have, phrase)
			}
			h.strong[topic] = h.strong[topic] || head
			return true
		})
	}
	look(f.subject, true)
	look(f.name, true)
	look(f.body, false)
	for _, w := range [...]string{"unsubscribe", "abmelden", "abbestellen", "se desinscrire", "desabonner", "darse de baja", "cancelar inscricao", "descadastr", "uitschrijven", "afmelden", "wypisz"} {
		if bytes.Contains(f.body, []byte(w)) {
			h.unsubscribe = true
			break
		}
	}
	return h
}

// has says that a topic is there: in subject or name, or with at least n different phrases.
func (h *lureHits) has(topic string, n int) bool { return h.strong[topic] || len(h.found[topic]) >= n }

func (h *lureHits) quote(topic string) string {
	q := make([]string, 0, 5)
	for _, p := range h.found[topic] {
		if q = append(q, `"`+strings.TrimSuffix(p, "*")+`"`); len(q) == 5 {
			break
		}
	}
	return strings.Join(q, ", ")
}

// topics are the lures that speak for themselves, a little, when two phrases stand in the text or one in subject or name.
var topics = []string{"prize", "urgency", "account", "delivery", "invoice", "share", "crypto", "payroll"}

// detectLures reads what the message tempts or threatens with. Words alone never flag a message (see Combine); they count together
// with where its links lead.
func detectLures(f *Facts, raise Raise) {
	if f.list {
		return
	}
	h := &f.lures
	for _, t := range topics {
		if h.has(t, 2) {
			raise("lure-"+t, say("%s", h.quote(t)))
		}
	}
	if h.has("junk", 3) {
		raise("lure-junk", say("%s", h.quote("junk")))
		if len(h.found["junk"]) >= 3 {
			raise("lure-junk-strong", say("%d different phrases", len(h.found["junk"])))
		}
	}
	detectLureContext(f, raise)
	detectSwindles(f, raise)
}

// detectLureContext joins a lure with links that do not fit the sender.
func detectLureContext(f *Facts, raise Raise) {
	h := &f.lures
	bait := ""
	for _, t := range [...]string{"prize", "account", "delivery", "crypto", "share", "payroll"} {
		if h.has(t, 2) {
			bait = t
			break
		}
	}
	if bait != "" && f.foreign && f.htmlOnly {
		raise("lure-with-foreign-link", say("%s (%s); links to %s", bait, h.quote(bait), f.linkOrgs()))
	}
	if (bait != "" || h.has("junk", 2) || h.has("urgency", 1)) && f.foreign && len(f.Message.InReplyTo) == 0 {
		for _, l := range f.web {
			if f.judge.hosts.Shorteners.Match(l.host) != "" || f.judge.rented(l.host) != "" {
				raise("lure-with-rented-link", say("%s", l.URL))
				break
			}
		}
	}
	if h.has("urgency", 1) && h.has("account", 1) && f.foreign {
		raise("urgent-account", say("%s; %s", h.quote("urgency"), h.quote("account")))
	}
	if h.has("junk", 2) && f.foreign && f.htmlOnly {
		raise("junk-foreign-link", say("%s; links to %s", h.quote("junk"), f.linkOrgs()))
	}
}

// detectSwindles finds the frauds that need no link: they stand on several phrases of one story and the way they are sent.
func detectSwindles(f *Facts, raise Raise) {
	h := &f.lures
	replyFree := false
	if len(f.Message.ReplyTo) > 0 {
		replyFree = f.judge.hosts.FreeMail.Match(f.Message.ReplyTo[0].Domain) != ""
	}
	free := f.freeMail != "" || replyFree
	answer := len(f.Message.InReplyTo) > 0
	if n := len(h.found["extortion"]); n >= 4 && !answer && (coinAddress(f.Message.Visible) || n >= 6) {
		raise("extortion", say("%s", h.quote("extortion")))
	}
	n := len(h.found["advance-fee"])
	if !answer && (n >= 7 || n >= 4 && free && len(f.web) == 0) {
		raise("advance-fee", say("%d phrases: %s", n, h.quote("advance-fee")))
	}
	if free && !answer && h.has("payroll", 2) && len(f.web) == 0 {
		raise("impostor-request", say("%s, from %s", h.quote("payroll"), f.from.Addr))
	}
}

// coinAddress says that the text holds something shaped like a Bitcoin address.
func coinAddress(text string) bool {
	for w := range strings.FieldsFuncSeq(cut(text, maxBody), func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) {
		if len(w) < 26 || len(w) > 62 {
			continue
		}
		if strings.HasPrefix(w, "bc1") || (w[0] == '1' || w[0] == '3') && len(w) <= 35 && strings.IndexAny(w, "0OIl") < 0 && caseTurns(w) > 3 {
			return true
		}
	}
	return false
}
