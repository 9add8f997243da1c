// Package threat is what is known of threats: malware families, campaigns, actors and techniques, each with an article that says
// what it is, how it arrives, how it shows, what to check and what to do. Articles ship as files (package threats); feeds bring
// more, which stand beside them. A Library finds the article behind any name that the product shows: an engine's detection name, a
// YARA rule, an ATT&CK id, a signal. The same names make the KQL that finds the threat's mail, so "seen here" is a question that
// anybody can ask again.
package threat

import (
	"fmt"
	"strings"
	"time"

	"tocsin/internal/kql"
)

// Kind of a threat.
type Kind string

// The kinds.
const (
	Family    Kind = "family" // malware, and kits that make phishing pages
	Campaign  Kind = "campaign"
	Actor     Kind = "actor"
	Technique Kind = "technique"
)

// Threat is one threat with its article.
type Threat struct {
	ID      string // slug: [a-z0-9-], 60 characters at most
	Kind    Kind
	Name    string
	Aliases []string
	Attack  []string // ids of ATT&CK: T1566.001, S0331, G0092
	Tags    []string
	Updated time.Time // a day

	// Names are words that engines and YARA rules put into their names; empty: Name and Aliases.
	Names []string
	// Signals show the threat: ids of rules and of built-in signals. Mail with a verdict and one of them counts as seen.
	Signals []string
	// Technologies show it by themselves: detection technologies.
	Technologies []string
	// Detections are signals and rules that speak on mail that brings it, and on other mail as well: shown, not counted.
	Detections []string
	// Related are ids of other threats.
	Related []string

	Sections []Section

	Source string // feed that told of it; "" for those that ship
	Ref    string // its id there
}

// Section of an article.
type Section struct {
	Title  string
	Blocks []Block
}

// Titles of the sections of an article that ships, in order.
var Titles = []string{"What it is", "How it arrives", "How it shows", "What to check", "What to do"}

// Block is a paragraph, a point of a list, or a query.
type Block struct {
	Kind  BlockKind
	Spans []Span // of Text and Item
	KQL   string
}

// BlockKind says what a block is.
type BlockKind string

// The kinds of blocks.
const (
	Text  BlockKind = "text"
	Item  BlockKind = "item"
	Query BlockKind = "kql"
)

// Span is a piece of a paragraph.
type Span struct {
	Text   string
	Code   bool
	Threat string // id of the article that it leads to
}

// Shipped reports whether the article came with Tocsin.
func (t *Threat) Shipped() bool { return t.Source == "" }

// Summary is the first paragraph as plain text.
func (t *Threat) Summary() string {
	for _, s := range t.Sections {
		for _, b := range s.Blocks {
			if b.Kind == Text {
				var out strings.Builder
				for _, p := range b.Spans {
					out.WriteString(p.Text)
				}
				return out.String()
			}
		}
	}
	return ""
}

// words are what ThreatNames is searched for.
func (t *Threat) words() []string {
	if t.Kind == Technique {
		return t.Names
	}
	named := t.Names
	if len(named) == 0 {
		named = append([]string{t.Name}, t.Aliases...)
	}
	var out []string
	seen := map[string]bool{}
	for _, n := range named {
		for _, form := range forms(n) {
			if k := strings.ToLower(form); form != "" && !seen[k] && len(out) < maxWords {
				seen[k] = true
				out = append(out, form)
			}
		}
	}
	return out
}

// maxWords bounds the names of one question.
const maxWords = 80

// forms are the ways in which engines write a name of several words: "Agent Tesla", "AgentTesla", "Agent_Tesla", "Agent.Tesla".
func forms(name string) []string {
	name = strings.TrimSpace(name)
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' || r == '_' })
	if len(parts) < 2 {
		return []string{name}
	}
	out := []string{name}
	for _, sep := range []string{"", " ", "_", ".", "-"} {
		out = append(out, strings.Join(parts, sep))
	}
	return out
}

// Filter is the KQL that finds mail of the threat, as Explorer takes it: EmailEvents with where operators. "" when no name, signal or
// technology shows it.
func (t *Threat) Filter() string {
	var parts []string
	list := func(column string, values []string) {
		if len(values) == 0 {
			return
		}
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = kql.Quote(v)
		}
		parts = append(parts, fmt.Sprintf("%s has_any (%s)", column, strings.Join(quoted, ", ")))
	}
	list("ThreatNames", t.words())
	list("Signals", t.Signals)
	list("LatestDetectionTechnologies", t.Technologies)
	if len(parts) == 0 {
		return ""
	}
	return "EmailEvents\n| where isnotempty(LatestThreatTypes)\n| where " + strings.Join(parts, " or ")
}
