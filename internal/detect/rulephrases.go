package detect

import (
	"bytes"
	"strings"

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
	head, body []uint64 // bit sets over phrases.list: subject and sender name; visible text
	files      []uint64 // names of files, and what documents say
}

// place is where a phrase stands.
type place uint8

const (
	inBody place = 1 << iota
	inHead
	inFiles
)

// phrasePlaces tells where each function of the rule language looks.
var phrasePlaces = map[string]place{"says": inBody, "mentions": inBody | inHead, "head_says": inHead, "files_say": inFiles}

// has reports whether phrase i stands in one of the places.
func (h *phraseHits) has(i int, where place) bool {
	word, bit := i/64, uint64(1)<<(i%64)
	return where&inBody != 0 && h.body[word]&bit != 0 || where&inHead != 0 && h.head[word]&bit != 0 || where&inFiles != 0 && h.files[word]&bit != 0
}

// collect takes in the phrases that an expression writes out, wherever they stand.
func (p *phrases) collect(t skimmed) {
	for i := 2; i+2 < len(t); i++ {
		if t[i].kind != word || phrasePlaces[t[i].text] == 0 || !t[i+1:i+3].is("(", "[") {
			continue
		}
		end := i + 3
		for end < len(t) && !t[end:end+1].is("]") {
			end++
		}
		written, _ := t[i+2 : min(end+1, len(t))].writtenOut()
		for _, s := range written {
			p.add(s)
		}
	}
}

// add returns the index of a phrase.
func (p *phrases) add(s string) int {
	i, have := p.index[s]
	if !have {
		i = len(p.list)
		p.index[s] = i
		p.list = append(p.list, s)
	}
	return i
}

func (p *phrases) build() { p.matcher = intel.NewMatcher(p.list) }

// hits finds the phrases of a message, once for all rules.
func (p *phrases) hits(f *Facts) *phraseHits {
	if f.phraseHits != nil && f.phraseHits.of == p {
		return f.phraseHits
	}
	n := (len(p.list) + 63) / 64
	bits := make([]uint64, 3*n)
	h := &phraseHits{of: p, head: bits[:n], body: bits[n : 2*n], files: bits[2*n:]}
	mark := func(bits []uint64, text []byte) {
		p.matcher.Find(text, func(m intel.Match) bool {
			bits[m.Phrase/64] |= 1 << (m.Phrase % 64)
			return true
		})
	}
	mark(h.head, f.subject)
	mark(h.head, f.name)
	mark(h.body, f.body)
	if text := f.filesText(); len(text) > 0 {
		mark(h.files, text)
	}
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

// inMessage answers msg.says (visible text), msg.mentions (subject and sender name too), msg.head_says (only those) and
// msg.files_say (files).
func (p *phrases) inMessage(m, list ref.Val, where place) ref.Val {
	r, err := messageOf(m)
	if err != nil {
		return err
	}
	h := p.hits(r.facts)
	return each(list, func(s string) bool {
		if i, ok := p.index[s]; ok {
			return h.has(i, where)
		}
		return where&inBody != 0 && holds(r.facts.body, s) || where&inHead != 0 && (holds(r.facts.subject, s) || holds(r.facts.name, s)) ||
			where&inFiles != 0 && holds(r.facts.filesText(), s)
	})
}

// filesText is what files say, folded: their names and the text of documents.
func (f *Facts) filesText() []byte {
	if f.fileWords != nil || len(f.Message.Attachments) == 0 && f.Files.Text == "" {
		return f.fileWords
	}
	out := []byte{}
	for i := range f.Message.Attachments[:min(len(f.Message.Attachments), maxFileNames)] {
		a := &f.Message.Attachments[i]
		out = append(intel.AppendFold(out, cut(a.Name, 500)), ' ')
	}
	f.fileWords = intel.AppendFold(out, cut(f.Files.Text, maxBody))
	return f.fileWords
}

// linkText is every address a reader can follow, as written and lower case, one a line. Rules look into it for a piece of an address
// before they look at each link.
func (f *Facts) linkText() string {
	if f.linkWords == "" && len(f.links) > 0 {
		var b strings.Builder
		for i := range f.links {
			b.WriteString(strings.ToLower(cut(f.links[i].URL, maxURL)))
			b.WriteByte('\n')
		}
		f.linkWords = b.String()
	}
	return f.linkWords
}

// maxURL bounds what is looked at of one address, in octets.
const maxURL = 4096

// maxFileNames bounds the names of files that rules compare phrases with.
const maxFileNames = 200

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
