package intel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Pattern is words that a subject must hold, in this order: "invoice * overdue". A star that stands alone is anything, or nothing; a star
// at the end of a word lets the word go on ("invoic*"). Words are compared folded (Fold), and only as whole words.
type Pattern struct{ parts []string }

// Limits of a pattern.
const (
	maxPattern      = 300 // octets as written
	maxPatternParts = 8
	minPattern      = 6 // letters and digits of all parts together: less is in half of all subjects
)

// ReadPattern reads a pattern, or says why it is none.
func ReadPattern(s string) (Pattern, error) {
	if len(s) > maxPattern {
		return Pattern{}, fmt.Errorf("subject pattern of %d octets; at most %d", len(s), maxPattern)
	}
	var p Pattern
	part, letters := []string{}, 0
	end := func() {
		if len(part) > 0 {
			p.parts, part = append(p.parts, strings.Join(part, " ")), nil
		}
	}
	for word := range strings.FieldsSeq(s) {
		if strings.Trim(word, "*") == "" {
			end()
			continue
		}
		inner, open := strings.CutSuffix(word, "*")
		if strings.Contains(inner, "*") {
			return Pattern{}, fmt.Errorf("%q: a star stands alone or at the end of a word", clip(word))
		}
		folded := Fold(inner)
		if folded == "" {
			continue
		}
		letters += len(strings.ReplaceAll(folded, " ", ""))
		if open {
			part = append(part, folded+"*")
			end()
			continue
		}
		part = append(part, folded)
	}
	end()
	switch {
	case letters == 0:
		return Pattern{}, errors.New("a subject pattern needs words")
	case letters < minPattern:
		return Pattern{}, fmt.Errorf("a subject pattern needs at least %d letters or digits; a shorter one fits too many subjects", minPattern)
	case len(p.parts) > maxPatternParts:
		return Pattern{}, fmt.Errorf("a subject pattern has at most %d parts between stars", maxPatternParts)
	}
	return p, nil
}

// String is the pattern in its normal form.
func (p Pattern) String() string { return strings.Join(p.parts, " * ") }

// maxPatterns bounds the patterns of one set.
const maxPatterns = 20_000

// patterns are all subject patterns of a set. Their parts are one Matcher, so that a subject is walked once, whatever their number. A
// pattern is looked at when its longest part was met.
type patterns struct {
	list []patternOf
	at   map[string]int // source and normal form -> index in list

	ready  *sync.Once // makes what follows, at the first question after a change
	words  *Matcher
	phrase map[string]int32 // part -> phrase of words
	anchor [][]int32        // phrase -> indexes in list
}

type patternOf struct {
	Pattern
	in Indicator
}

func newPatterns() *patterns { return &patterns{at: map[string]int{}, ready: new(sync.Once)} }

func (p *patterns) len() int { return len(p.list) }

func (p *patterns) clone() *patterns {
	return &patterns{list: slices.Clone(p.list), at: maps.Clone(p.at), ready: new(sync.Once)}
}

// put takes a pattern in and reports whether it is new.
func (p *patterns) put(in Indicator) bool {
	read, err := ReadPattern(in.Value)
	if err != nil {
		return false
	}
	in.Value = read.String()
	key := in.Source + "\x00" + in.Value
	p.ready = new(sync.Once)
	if i, ok := p.at[key]; ok {
		p.list[i].in = in
		return false
	}
	if len(p.list) >= maxPatterns {
		return false
	}
	p.at[key] = len(p.list)
	p.list = append(p.list, patternOf{read, in})
	return true
}

func (p *patterns) remove(value, source string) bool {
	read, err := ReadPattern(value)
	if err != nil {
		return false
	}
	key := source + "\x00" + read.String()
	i, ok := p.at[key]
	if !ok {
		return false
	}
	last := len(p.list) - 1
	p.list[i] = p.list[last]
	p.at[p.list[i].in.Source+"\x00"+p.list[i].in.Value] = i
	p.list = p.list[:last]
	delete(p.at, key)
	p.ready = new(sync.Once)
	return true
}

// compile makes the one Matcher of all parts, each part once.
func (p *patterns) compile() {
	p.phrase, p.anchor = map[string]int32{}, nil
	var phrases []string
	for i := range p.list {
		longest := ""
		for _, part := range p.list[i].parts {
			if _, have := p.phrase[part]; !have {
				p.phrase[part] = int32(len(phrases))
				phrases, p.anchor = append(phrases, part), append(p.anchor, nil)
			}
			if len(part) > len(longest) {
				longest = part
			}
		}
		at := p.phrase[longest]
		p.anchor[at] = append(p.anchor[at], int32(i))
	}
	p.words = NewMatcher(phrases)
}

// find returns the strongest pattern that fits and holds now.
func (p *patterns) find(subject string, now time.Time) (best Indicator, ok bool) {
	p.ready.Do(p.compile)
	if len(subject) > maxSubject {
		subject = subject[:maxSubject]
	}
	var met []Match
	p.words.Find([]byte(Fold(subject)), func(m Match) bool {
		met = append(met, m)
		return len(met) < maxSubject
	})
	for i, m := range met {
		if slices.ContainsFunc(met[:i], func(o Match) bool { return o.Phrase == m.Phrase }) {
			continue
		}
		for _, at := range p.anchor[m.Phrase] {
			e := &p.list[at]
			if (e.in.Expires.IsZero() || now.Before(e.in.Expires)) && (e.in.From.IsZero() || !now.Before(e.in.From)) && (!ok || before(&e.in, &best)) && p.fits(e, met) {
				best, ok = e.in, true
			}
		}
	}
	return best, ok
}

// maxSubject is how much of a subject is looked at, in octets.
const maxSubject = 1000

// fits reports whether the parts of a pattern were met one behind the other. met is in the order of ends, so the first that begins late
// enough is the best.
func (p *patterns) fits(e *patternOf, met []Match) bool {
	end := 0
	for _, part := range e.parts {
		phrase := int(p.phrase[part])
		i := slices.IndexFunc(met, func(m Match) bool { return m.Phrase == phrase && m.Start >= end })
		if i < 0 {
			return false
		}
		end = met[i].End
	}
	return true
}

func before(a, b *Indicator) bool {
	x, y := facts{good: a.Good, suspicious: a.Suspicious, confidence: a.Confidence}, facts{good: b.Good, suspicious: b.Suspicious, confidence: b.Confidence}
	return x.stronger(&y)
}
