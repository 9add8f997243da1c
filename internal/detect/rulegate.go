package detect

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"tocsin/internal/intel"
)

// A gate says, without CEL, that a condition cannot hold. Most rules are about something that a message does not even mention, and CEL
// takes microseconds to find that out, and a millisecond to compile a condition that is asked for the first time. The gate is made of
// the parts of a condition that are joined by "&&" at its top and are cheap to ask: written-out phrases, plain facts of the message,
// signals. One of them that is false makes the whole condition false in CEL as well, whatever the other parts say, even where they
// would fail.
type gate []need

// need is one part of a gate; it returns false when the condition cannot hold.
type need func(f *Facts) bool

// gateOf reads the gate of a condition. Parts it does not understand are left to CEL.
func (p *phrases) gateOf(t skimmed) gate {
	if _, choice := t.split("?"); choice || len(t) == 0 {
		return nil
	}
	if sides, or := t.split("||"); or { // each side must have a need of its own: then one of them must hold
		gates := make([]gate, len(sides))
		for i, side := range sides {
			if gates[i] = p.gateOf(side); len(gates[i]) == 0 {
				return nil
			}
		}
		return gate{func(f *Facts) bool { return slices.ContainsFunc(gates, func(g gate) bool { return g.open(f) }) }}
	}
	if parts, and := t.split("&&"); and {
		var g gate
		for _, part := range parts {
			g = append(g, p.gateOf(part)...)
		}
		return g
	}
	if inner, ok := t.inBrackets(); ok && t[0].text == "(" {
		return p.gateOf(inner)
	}
	if n := p.needOf(t); n != nil {
		return gate{n}
	}
	return nil
}

func (g gate) open(f *Facts) bool {
	for _, n := range g {
		if !n(f) {
			return false
		}
	}
	return true
}

// needOf understands msg.says, mentions, head_says, files_say and links_contain with written-out phrases, has_signal, the plain facts and
// their "!", the direction, what the sender's domain looks like, and exists on links and attachments (that there are some).
func (p *phrases) needOf(t skimmed) need {
	negated := len(t) > 0 && t[0].kind == mark && t[0].text == "!"
	if negated {
		t = t[1:]
	}
	for _, fact := range plainFacts {
		if t.is(fact.written...) {
			return func(f *Facts) bool { return fact.read(f) != negated }
		}
	}
	switch {
	case negated:
	case t.is("direction", "=", "=", ""):
		want := Direction(t[3].text)
		return func(f *Facts) bool { return f.Direction == want }
	case t.is("has_signal", "(", "", ")"):
		id := t[2].text
		return func(f *Facts) bool { return slices.ContainsFunc(f.raised, func(s Signal) bool { return s.ID == id }) }
	case len(t) < 6 || !t[:2].is("msg", "."):
	case t[:5].is("msg", ".", "from", ".", "domain"):
		return domainNeed(t[5:])
	case t[3].kind == mark && t[3].text == ".":
		return someOf(t)
	default:
		return p.needOfCall(t[2].text, t[3:])
	}
	return nil
}

// needOfCall is for msg.name(["...", "..."]).
func (p *phrases) needOfCall(name string, args skimmed) need {
	list, ok := args.inBrackets()
	if !ok || args[0].text != "(" {
		return nil
	}
	written, ok := list.writtenOut()
	switch {
	case !ok:
	case name == "links_contain":
		return linkNeed(written)
	case phrasePlaces[name] != 0:
		return p.phraseNeed(phrasePlaces[name], written)
	}
	return nil
}

func (p *phrases) phraseNeed(where place, written []string) need {
	ids := make([]int, len(written))
	for i, s := range written {
		ids[i] = p.add(s)
	}
	return func(f *Facts) bool {
		h := p.hits(f)
		return slices.ContainsFunc(ids, func(i int) bool { return h.has(i, where) })
	}
}

func linkNeed(pieces []string) need {
	for i, s := range pieces {
		pieces[i] = strings.ToLower(s)
	}
	return func(f *Facts) bool {
		text := f.linkText()
		return slices.ContainsFunc(pieces, func(s string) bool { return strings.Contains(text, s) })
	}
}

// plainFacts are what a gate can read.
var plainFacts = []struct {
	written []string
	read    need
}{
	{[]string{"msg", ".", "is_list"}, func(f *Facts) bool { return f.list }},
	{[]string{"msg", ".", "is_reply"}, func(f *Facts) bool { return f.reply }},
	{[]string{"msg", ".", "html_only"}, func(f *Facts) bool { return f.htmlOnly }},
	{[]string{"msg", ".", "foreign_links"}, func(f *Facts) bool { return f.foreign }},
	{[]string{"auth", ".", "aligned"}, func(f *Facts) bool { return f.Auth.Aligned }},
	{[]string{"auth", ".", "known"}, func(f *Facts) bool { return f.known }},
	{[]string{"msg", ".", "links", ".", "size", "(", ")", "=", "=", "0"}, func(f *Facts) bool { return len(f.links) == 0 }},
	{[]string{"msg", ".", "links", ".", "size", "(", ")", ">", "0"}, func(f *Facts) bool { return len(f.links) > 0 }},
	{[]string{"free_mail", "(", "msg", ".", "from", ".", "domain", ")"}, func(f *Facts) bool {
		return intel.ShippedHosts().FreeMail.Match(f.from.Domain) != ""
	}},
	{[]string{"free_mail", "(", "msg", ".", "reply_to", ".", "domain", ")"}, func(f *Facts) bool {
		return len(f.Message.ReplyTo) > 0 && intel.ShippedHosts().FreeMail.Match(f.Message.ReplyTo[0].Domain) != ""
	}},
}

// domainNeed is for msg.from.domain.startsWith("...") and its like.
func domainNeed(t skimmed) need {
	if len(t) != 5 || !t[2:].is("(", "", ")") || t[0].text != "." {
		return nil
	}
	arg := t[3].text
	switch t[1].text {
	case "startsWith":
		return func(f *Facts) bool { return strings.HasPrefix(f.from.Domain, arg) }
	case "endsWith":
		return func(f *Facts) bool { return strings.HasSuffix(f.from.Domain, arg) }
	case "contains":
		return func(f *Facts) bool { return strings.Contains(f.from.Domain, arg) }
	case "matches":
		compile := sync.OnceValues(func() (*regexp.Regexp, error) { return regexp.Compile(arg) })
		return func(f *Facts) bool {
			re, err := compile()
			return err != nil || re.MatchString(f.from.Domain)
		}
	}
	return nil
}

// someOf is for exists: nothing exists in an empty list.
func someOf(t skimmed) need {
	if len(t) < 7 || !t[3:5].is(".", "exists") {
		return nil
	}
	if _, all := t[5:].inBrackets(); !all || t[5].text != "(" {
		return nil
	}
	switch t[2].text {
	case "links":
		return func(f *Facts) bool { return len(f.links) > 0 }
	case "attachments":
		return func(f *Facts) bool { return len(f.Message.Attachments) > 0 }
	}
	return nil
}
