package threat

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"tocsin/threats"
)

// Library holds threats and finds them by what they are called. It does not change and may be shared.
type Library struct {
	all      []*Threat // by name
	byID     map[string]*Threat
	byName   map[string][]*Threat // plain(name, alias, word)
	byAttack map[string][]*Threat
	byMark   map[string][]*Threat // signal or technology, lower case
}

// Shipped returns the articles that come with Tocsin. A test reads them all.
var Shipped = sync.OnceValue(func() []Threat {
	all, err := Read(threats.FS)
	if err != nil {
		panic("threat: " + err.Error())
	}
	return all
})

// NewLibrary indexes threats. Of two with one id the first stays; those that ship come first.
func NewLibrary(list []Threat) *Library {
	l := &Library{byID: map[string]*Threat{}, byName: map[string][]*Threat{}, byAttack: map[string][]*Threat{}, byMark: map[string][]*Threat{}}
	put := func(index map[string][]*Threat, key string, t *Threat) {
		if key != "" && !slices.Contains(index[key], t) {
			index[key] = append(index[key], t)
		}
	}
	for i := range list {
		t := &list[i]
		if l.byID[t.ID] != nil {
			continue
		}
		l.byID[t.ID] = t
		l.all = append(l.all, t)
		for _, n := range slices.Concat([]string{t.Name}, t.Aliases, t.Names) {
			put(l.byName, plain(n), t)
		}
		for _, a := range t.Attack {
			put(l.byAttack, a, t)
		}
		for _, s := range slices.Concat(t.Signals, t.Technologies) {
			put(l.byMark, strings.ToLower(s), t)
		}
	}
	slices.SortStableFunc(l.all, func(a, b *Threat) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return l
}

// All returns every threat by name. Do not change it.
func (l *Library) All() []*Threat { return l.all }

// ByID returns the threat with that id.
func (l *Library) ByID(id string) (*Threat, bool) {
	t, ok := l.byID[id]
	return t, ok
}

// plain is a name without case, blanks and signs: "Agent_Tesla" and "AgentTesla" are one.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// Limits of About.
const (
	maxAsked = 300 // octets of a name
	maxFound = 8
)

// About finds what is known under a name that the product shows, the best first: an id of a threat or of ATT&CK, a name or alias, a
// signal, a detection technology, or the name that an engine or a YARA rule gave ("Win.Trojan.Agenttesla-123", "win_agent_tesla_auto").
func (l *Library) About(name string) []*Threat {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > maxAsked {
		return nil
	}
	if t, ok := l.byID[name]; ok {
		return []*Threat{t}
	}
	if id := strings.ToUpper(name); attackPattern.MatchString(id) {
		found := slices.Clone(l.byAttack[id])
		if super, _, sub := strings.Cut(id, "."); sub && len(found) == 0 {
			found = slices.Clone(l.byAttack[super])
		}
		// What is about few techniques is more about this one.
		slices.SortStableFunc(found, func(a, b *Threat) int {
			return cmp.Or(cmp.Compare(kindRank(a, id), kindRank(b, id)), cmp.Compare(slices.Index(a.Attack, id), slices.Index(b.Attack, id)), cmp.Compare(len(a.Attack), len(b.Attack)))
		})
		return first(found)
	}
	if found := l.byName[plain(name)]; len(found) > 0 {
		return first(found)
	}
	if found := l.byMark[strings.ToLower(name)]; len(found) > 0 {
		return first(found)
	}
	return first(l.detection(name))
}

// kindRank puts techniques first where a technique is asked for, and after families, actors and campaigns elsewhere.
func kindRank(t *Threat, id string) int {
	if (t.Kind == Technique) == strings.HasPrefix(id, "T") {
		return 0
	}
	return 1
}

func first(found []*Threat) []*Threat { return found[:min(len(found), maxFound)] }

// detection reads the name of a detection: its words, alone and up to three of them together, longest match first.
func (l *Library) detection(name string) []*Threat {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	if len(words) > 24 {
		words = words[:24]
	}
	type match struct {
		t      *Threat
		length int
	}
	var found []match
	add := func(key string) {
		for _, t := range l.byName[key] {
			if t.Kind != Technique {
				found = append(found, match{t, len(key)})
			}
		}
	}
	for i := range words {
		joined := ""
		for n := range min(3, len(words)-i) {
			joined += words[i+n]
			if len(joined) >= 4 {
				add(joined)
				if bare := strings.TrimRight(joined, "0123456789"); bare != joined && len(bare) >= 4 {
					add(bare)
					add(strings.TrimSuffix(bare, "v")) // AgentTeslaV3
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b match) int { return b.length - a.length })
	var out []*Threat
	for _, m := range found {
		if !slices.Contains(out, m.t) {
			out = append(out, m.t)
		}
	}
	return out
}

// Find returns threats whose name, alias, tag, ATT&CK id or summary holds text, in the order of All.
func (l *Library) Find(text string, kind Kind, tag string) []*Threat {
	text = strings.ToLower(strings.TrimSpace(text))
	var out []*Threat
	for _, t := range l.all {
		if kind != "" && t.Kind != kind || tag != "" && !slices.Contains(t.Tags, tag) {
			continue
		}
		if text == "" || strings.Contains(strings.ToLower(strings.Join(slices.Concat([]string{t.Name, t.ID}, t.Aliases, t.Attack, t.Tags, []string{t.Summary()}), "\n")), text) {
			out = append(out, t)
		}
	}
	return out
}

// Near returns other threats that have to do with t: those it names, those that name it, then those with an id of ATT&CK in common
// that few share.
func (l *Library) Near(t *Threat) []*Threat {
	var out []*Threat
	add := func(o *Threat) {
		if o != nil && o != t && !slices.Contains(out, o) && len(out) < 12 {
			out = append(out, o)
		}
	}
	for _, id := range t.Related {
		add(l.byID[id])
	}
	for _, o := range l.all {
		if slices.Contains(o.Related, t.ID) {
			add(o)
		}
	}
	for _, a := range t.Attack {
		if same := l.byAttack[a]; len(same) <= 6 {
			for _, o := range same {
				add(o)
			}
		}
	}
	return out
}

// slug makes an id of a name.
func slug(name, fallback string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
		if b.Len() >= 44 {
			break
		}
	}
	if b.Len() == 0 {
		return fallback
	}
	return fmt.Sprintf("%s-%s", b.String(), fallback)
}
