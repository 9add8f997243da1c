package email

import "strings"

const (
	maxSheetRules   = 4000
	maxRulesPerKey  = 64
	maxMatches      = 2_000_000 // rule tries in one message
	maxClassesTried = 32        // of one element
)

// styleSheet holds the rules of all <style> elements that can hide text, by the last part of their selector. Rules under a media
// condition (narrow screens, dark mode, print) are left out: they do not apply on an ordinary desktop. So are selectors with
// attributes, pseudo-classes or sibling combinators.
type styleSheet struct {
	rules   map[selector][]*sheetRule
	count   int
	deep    bool // some rule asks about ancestors
	matches int
}

// selector is one simple selector; the zero value is "*".
type selector struct {
	kind selectorKind
	name string
}

type selectorKind uint8

const (
	anyElement selectorKind = iota
	byTag
	byClass
	byID
)

type sheetRule struct {
	last      compound
	ancestors []compound
	priority  int32
	decls     declarations
}

// compound is one run of simple selectors: tag.class#id. Empty fields match anything.
type compound struct {
	tag     string
	id      string
	classes []string
}

// add reads one style element's text.
func (s *styleSheet) add(css string) {
	css = cutComments(css)
	for depth := 0; len(css) > 0 && s.count < maxSheetRules; {
		css = strings.TrimLeft(css, " \t\r\n\f}")
		css = strings.TrimPrefix(strings.TrimPrefix(css, "<!--"), "-->")
		open := cssUntil(css, '{')
		if open >= len(css) {
			return
		}
		head := css[:open]
		if semi := strings.LastIndexByte(head, ';'); semi >= 0 { // @import and @charset before it
			head = head[semi+1:]
		}
		head = strings.TrimSpace(head)
		if strings.HasPrefix(head, "@") && depth < 8 && appliesOnDesktop(head) {
			css = css[open+1:]
			depth++
			continue
		}
		body := css[open+1:]
		end := cssUntil(body, '}')
		css = body[min(end+1, len(body)):]
		if !strings.HasPrefix(head, "@") {
			s.addRule(head, body[:end])
		}
	}
}

// appliesOnDesktop reports whether an at-rule only wraps rules that hold on an ordinary screen.
func appliesOnDesktop(head string) bool {
	head = strings.ToLower(head)
	media, ok := strings.CutPrefix(head, "@media")
	if !ok {
		return strings.HasPrefix(head, "@layer") || strings.HasPrefix(head, "@supports")
	}
	if strings.ContainsAny(media, "(") {
		return false
	}
	return strings.Contains(media, "screen") && !strings.Contains(media, "not") || strings.Contains(media, "all") || strings.TrimSpace(media) == ""
}

func (s *styleSheet) addRule(selectors, body string) {
	var d declarations
	d.declare(body, 1)
	if d.which == 0 {
		return
	}
	for n := 0; len(selectors) > 0 && n < 256; n++ {
		end := cssUntil(selectors, ',')
		one := strings.TrimSpace(selectors[:end])
		selectors = selectors[min(end+1, len(selectors)):]
		if one == "" || len(one) > 512 || strings.ContainsAny(one, "[:+~\\") {
			continue
		}
		rule := &sheetRule{decls: d, priority: fromSheet}
		parts := strings.FieldsFunc(one, func(r rune) bool { return r == ' ' || r == '>' || r == '\t' || r == '\n' || r == '\r' })
		if len(parts) == 0 || len(parts) > 8 {
			continue
		}
		for i, part := range parts {
			c, weight := readCompound(part)
			rule.priority += weight
			if i == len(parts)-1 {
				rule.last = c
			} else {
				rule.ancestors = append(rule.ancestors, c)
				s.deep = true
			}
		}
		s.keep(rule)
	}
}

func (s *styleSheet) keep(rule *sheetRule) {
	var key selector
	switch c := rule.last; {
	case c.id != "":
		key = selector{byID, c.id}
	case len(c.classes) > 0:
		key = selector{byClass, c.classes[0]}
	case c.tag != "":
		key = selector{byTag, c.tag}
	}
	if s.rules == nil {
		s.rules = map[selector][]*sheetRule{}
	}
	if len(s.rules[key]) < maxRulesPerKey && s.count < maxSheetRules {
		s.rules[key] = append(s.rules[key], rule)
		s.count++
	}
}

// readCompound reads "tag.class#id" and its specificity.
func readCompound(part string) (c compound, weight int32) {
	rest := part
	cut := func() string {
		end := strings.IndexAny(rest, ".#")
		if end < 0 {
			end = len(rest)
		}
		word := rest[:end]
		rest = rest[end:]
		return word
	}
	if c.tag = strings.ToLower(cut()); c.tag == "*" {
		c.tag = ""
	} else if c.tag != "" {
		weight++
	}
	for rest != "" {
		mark := rest[0]
		rest = rest[1:]
		if word := cut(); mark == '#' {
			c.id = word
			weight += 1 << 12
		} else {
			c.classes = append(c.classes, word)
			weight += 1 << 6
		}
	}
	return c, weight
}

// scope answers what is open around an element, for ancestor selectors: how many open elements carry each key. It does not know
// the order, so "a b" also matches where a stands inside another part of the path; for hiding that is near enough.
type scope map[selector]int

func (s scope) has(c compound) bool {
	if c.tag != "" && s[selector{byTag, c.tag}] == 0 || c.id != "" && s[selector{byID, c.id}] == 0 {
		return false
	}
	for _, class := range c.classes {
		if s[selector{byClass, class}] == 0 {
			return false
		}
	}
	return true
}

// apply adds what the rules say about one element.
func (s *styleSheet) apply(d *declarations, tag, id string, classes []string, around scope) {
	if s.count == 0 || s.matches > maxMatches {
		return
	}
	try := func(key selector) {
		for _, r := range s.rules[key] {
			s.matches++
			if r.matches(tag, id, classes, around) {
				d.add(&r.decls, r.priority-1)
			}
		}
	}
	try(selector{})
	try(selector{byTag, tag})
	for _, c := range classes {
		try(selector{byClass, c})
	}
	if id != "" {
		try(selector{byID, id})
	}
}

func (r *sheetRule) matches(tag, id string, classes []string, around scope) bool {
	if r.last.tag != "" && r.last.tag != tag || r.last.id != "" && r.last.id != id {
		return false
	}
	for _, want := range r.last.classes {
		found := false
		for _, have := range classes {
			if have == want {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	for _, a := range r.ancestors {
		if !around.has(a) {
			return false
		}
	}
	return true
}
