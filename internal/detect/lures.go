package detect

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"slices"
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
	broad []bool   // phrase says something only beside others
}

// lureHits is what the text lures with.
type lureHits struct {
	found       map[string][]string // topic -> different phrases, in order
	inFiles     map[string][]string // the same for what the documents in the message say
	plain       map[string]int      // topic -> how many of found and inFiles are not broad
	long        int                 // phrases more that a long text must hold: in it some come up by chance
	strong      map[string]bool     // topic stands in subject or sender name
	greeting    string              // generic greeting near the start
	unsubscribe bool
}

// span is a place in the text at which a phrase was found.
type span struct {
	start, end int
	added      bool // as a new phrase
	broad      bool
}

// shippedLures are the phrase lists that come with Tocsin.
var shippedLures = sync.OnceValue(func() *lureBook {
	b, err := readLures(lureFiles)
	if err != nil {
		panic(err) // embedded at build time; TestLureFiles reads them
	}
	return b
})

// readLures reads lures/*.txt: one phrase a line, "[xx]" starts a language, "#" a comment, "*" at the end lets the word go on,
// "~" in front marks a phrase that honest mail uses all the time: it counts beside others and never by its place.
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
		bare, broad := strings.CutPrefix(line, "~")
		b.topic, b.text, b.broad = append(b.topic, topic), append(b.text, bare), append(b.broad, broad)
	}
	return sc.Err()
}

const (
	maxPhrases   = 12  // kept for one topic
	greetingZone = 300 // octets of folded text in which a greeting counts
	chanceOctets = 3000
)

func (b *lureBook) find(f *Facts) lureHits {
	h := lureHits{found: map[string][]string{}, inFiles: map[string][]string{}, strong: map[string]bool{}, plain: map[string]int{}, long: min(len(f.body)/chanceOctets, 4)}
	look := func(text []byte, found map[string][]string, head bool) {
		last := map[string]span{} // the place found last for a topic: a phrase inside another one of its topic says nothing more
		b.words.Find(text, func(m intel.Match) bool {
			topic, phrase := b.topic[m.Phrase], b.text[m.Phrase]
			if topic == "greeting" {
				if !head && m.Start < greetingZone && h.greeting == "" {
					h.greeting = phrase
				}
				return true
			}
			have := found[topic]
			before, again := last[topic]
			if again && m.Start >= before.start && m.End <= before.end {
				return true
			}
			grown := again && before.added && m.Start <= before.start && m.End >= before.end
			last[topic] = span{start: m.Start, end: m.End}
			for _, p := range have {
				if p == phrase {
					return true
				}
			}
			if grown { // "verify your" becomes "verify your account"
				have = have[:len(have)-1]
				if !before.broad {
					h.plain[topic]--
				}
			}
			if len(have) < maxPhrases {
				found[topic] = append(have, phrase)
				if !b.broad[m.Phrase] {
					h.plain[topic]++
				}
				last[topic] = span{start: m.Start, end: m.End, added: true, broad: b.broad[m.Phrase]}
			}
			h.strong[topic] = h.strong[topic] || head && !b.broad[m.Phrase]
			return true
		})
	}
	look(f.subject, h.found, true)
	look(f.name, h.found, true)
	look(f.body, h.found, false)
	if f.Files.Text != "" {
		look(intel.AppendFold(nil, cut(f.Files.Text, maxBody)), h.inFiles, false)
	}
	for _, w := range [...]string{"unsubscribe", "abmelden", "abbestellen", "se desinscrire", "desabonner", "darse de baja", "cancelar inscricao", "descadastr", "uitschrijven", "afmelden", "wypisz"} {
		if bytes.Contains(f.body, []byte(w)) {
			h.unsubscribe = true
			break
		}
	}
	return h
}

// has says that a topic is there: in subject or name, or with at least n different phrases, more in a long text. Broad phrases alone must
// be one more.
func (h *lureHits) has(topic string, n int) bool {
	if h.strong[topic] {
		return true
	}
	if h.plain[topic] == 0 {
		n++
	}
	return len(h.found[topic]) >= n+h.long
}

// count is how many different phrases of the topic stand in the text and in the files together.
func (h *lureHits) count(topic string) int {
	n := len(h.found[topic])
	for _, p := range h.inFiles[topic] {
		if !slices.Contains(h.found[topic], p) {
			n++
		}
	}
	return n
}

func (h *lureHits) quote(topic string) string {
	q := make([]string, 0, 5)
	for _, p := range append(h.found[topic][:len(h.found[topic]):len(h.found[topic])], h.inFiles[topic]...) {
		if q = append(q, `"`+strings.TrimSuffix(p, "*")+`"`); len(q) == 5 {
			break
		}
	}
	return strings.Join(q, ", ")
}

// topics are the lures that speak for themselves, a little, when two phrases stand in the text or one in subject or name.
var topics = []string{"prize", "urgency", "account", "delivery", "invoice", "share", "voicemail", "qr", "crypto", "payroll", "giftcard"}

// detectLures reads what the message tempts or threatens with. Words alone never flag a message (see Combine); they count together
// with where its links lead.
func detectLures(f *Facts, raise Raise) {
	if f.list || f.report {
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
		if len(h.found["junk"]) >= 3+h.long {
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
	for _, t := range [...]string{"prize", "account", "delivery", "crypto", "share", "voicemail", "qr", "payroll"} {
		if h.has(t, 2) {
			bait = t
			break
		}
	}
	if bait != "" && f.foreign && (f.htmlOnly || f.otherText || f.modern && !f.known && !f.signedOwn) {
		raise("lure-with-foreign-link", say("%s (%s); links to %s", bait, h.quote(bait), f.linkOrgs()))
	}
	if (bait != "" || h.has("junk", 2) || h.has("urgency", 1)) && f.foreign && !f.reply {
		for _, l := range append(f.web[:len(f.web):len(f.web)], f.beyond...) {
			if f.judge.hosts.Shorteners.Match(l.host) != "" || f.judge.rented(l.host) != "" {
				raise("lure-with-rented-link", say("%s", l.URL))
				break
			}
		}
	}
	if h.has("urgency", 1) && h.has("account", 1) && f.foreign {
		raise("urgent-account", say("%s; %s", h.quote("urgency"), h.quote("account")))
	}
	if h.has("junk", 2) && f.foreign && (f.htmlOnly || f.otherText) {
		raise("junk-foreign-link", say("%s; links to %s", h.quote("junk"), f.linkOrgs()))
	}
}
