package detect

import (
	"bytes"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"tocsin/internal/intel"
)

// phrases are all phrases that rules write out in says and mentions, of every rule together, so that one pass over a message answers
// all of them. It is filled while rules compile and never changed after build.
type phrases struct {
	list    []string
	index   map[string]int
	matcher *intel.Matcher
}

// phraseHits are the phrases that stand in one message.
type phraseHits struct {
	of         *phrases
	head, body []uint64 // bit sets over phrases.list: subject and sender name; visible text and text of documents
}

// collect takes in the phrases of one checked expression.
func (p *phrases) collect(a *ast.AST) {
	for _, name := range [...]string{"says", "mentions"} {
		for _, call := range ast.MatchDescendants(ast.NavigateAST(a), ast.FunctionMatcher(name)) {
			for _, arg := range call.AsCall().Args() {
				if arg.Kind() != ast.ListKind {
					continue
				}
				for _, e := range arg.AsList().Elements() {
					if e.Kind() == ast.LiteralKind {
						if s, ok := e.AsLiteral().Value().(string); ok {
							p.add(s)
						}
					}
				}
			}
		}
	}
}

func (p *phrases) add(s string) {
	if _, have := p.index[s]; !have {
		p.index[s] = len(p.list)
		p.list = append(p.list, s)
	}
}

func (p *phrases) build() { p.matcher = intel.NewMatcher(p.list) }

// hits finds the phrases of a message, once for all rules.
func (p *phrases) hits(f *Facts) *phraseHits {
	if f.phraseHits != nil && f.phraseHits.of == p {
		return f.phraseHits
	}
	h := &phraseHits{of: p, head: make([]uint64, (len(p.list)+63)/64), body: make([]uint64, (len(p.list)+63)/64)}
	mark := func(bits []uint64, text []byte) {
		p.matcher.Find(text, func(m intel.Match) bool {
			bits[m.Phrase/64] |= 1 << (m.Phrase % 64)
			return true
		})
	}
	mark(h.head, f.subject)
	mark(h.head, f.name)
	mark(h.body, f.body)
	mark(h.body, f.docs)
	f.phraseHits = h
	return h
}

type celList interface {
	Get(ref.Val) ref.Val
	Size() ref.Val
}

// each calls do with the strings of a CEL list until it returns true, and gives that as CEL's answer.
func each(list ref.Val, do func(string) bool) ref.Val {
	l, ok := list.(celList)
	if !ok {
		return types.NewErr("want a list of strings")
	}
	n, _ := l.Size().(types.Int)
	for i := types.Int(0); i < n; i++ {
		s, ok := l.Get(i).Value().(string)
		if !ok {
			return types.NewErr("want a list of strings")
		}
		if do(s) {
			return types.True
		}
	}
	return types.False
}

// inMessage answers msg.says (visible text) and msg.mentions (subject and sender name too).
func (p *phrases) inMessage(m, list ref.Val, head bool) ref.Val {
	r, err := messageOf(m)
	if err != nil {
		return err
	}
	h := p.hits(r.facts)
	return each(list, func(s string) bool {
		if i, ok := p.index[s]; ok {
			word, bit := i/64, uint64(1)<<(i%64)
			return h.body[word]&bit != 0 || head && h.head[word]&bit != 0
		}
		return holds(r.facts.body, s) || holds(r.facts.docs, s) || head && (holds(r.facts.subject, s) || holds(r.facts.name, s))
	})
}

// inText answers "text".says.
func (p *phrases) inText(folded []byte, list ref.Val) ref.Val {
	return each(list, func(s string) bool { return holds(folded, s) })
}

// holds reports whether phrase stands in folded text on word edges; "*" at its end lets the word go on.
func holds(folded []byte, phrase string) bool {
	bare, open := strings.CutSuffix(phrase, "*")
	word := []byte(intel.Fold(bare))
	if len(word) == 0 {
		return false
	}
	if !open {
		return containsWord(folded, word)
	}
	for off := 0; ; {
		i := bytes.Index(folded[off:], word)
		if i < 0 {
			return false
		}
		if off+i == 0 || folded[off+i-1] == ' ' {
			return true
		}
		off += i + 1
	}
}
