package kql

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"tocsin/internal/event"
)

// Patterns of what a typed column of parse takes, when something other than a text follows it.
var typePatterns = map[event.Type]string{
	event.Int:      `\s*[-+]?\d+\s*`,
	event.Long:     `\s*[-+]?\d+\s*`,
	event.Real:     `\s*[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\s*`,
	event.Bool:     `\s*(?:[Tt]rue|TRUE|[Ff]alse|FALSE|[01])\s*`,
	event.Datetime: `\s*(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{4})(?:[T ]\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?(?:Z|[-+]\d{2}:?\d{2})?)?\s*`,
	event.Timespan: `\s*-?(?:\d+\.)?\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?\s*`,
}

// capture is a column of parse and the pattern whose only group is its text. Stores count no more than nine groups.
type capture struct {
	TypedName
	pattern string
}

// parsePattern turns the pattern of parse into regular expressions: one that tells whether a text has it, and one for every
// column.
//
// Of a simple or relaxed pattern the whole text has to be made, and a column ends where the next text first begins. A
// regular one may stand anywhere, and a column of text takes as much as it can, as Kusto's examples do.
func parsePattern(op *ParseText) (string, []capture) {
	regex := op.Kind == "regex"
	begin, end := "(?s)^", "$"
	if regex {
		begin, end = "", ""
		if op.Flags != "" {
			begin = "(?" + op.Flags + ")"
		}
	}
	var parts []string
	var columns []int // of parts
	var out []capture
	for i, part := range op.Pattern {
		switch {
		case part.Text != nil && !regex:
			parts = append(parts, regexp.QuoteMeta(part.Text.Value.(string)))
		case part.Text != nil:
			checkRegex(part.Span, text(part.Text.Value.(string)))
			parts = append(parts, "(?:"+withoutGroups(part.Text.Value.(string))+")")
		case part.Column == nil:
			parts = append(parts, ".*?")
		default:
			c := *part.Column
			if c.Type == "" {
				c.Type = event.String
			}
			if c.Type == event.Dynamic {
				fail(c.Span, "parse gives no dynamic column; take the text and open it with parse_json(...)")
			}
			columns, out = append(columns, len(parts)), append(out, capture{TypedName: c})
			parts = append(parts, "(?:"+columnPattern(op, i, c)+")")
		}
	}
	for i, at := range columns {
		own := append([]string(nil), parts...)
		own[at] = "(" + strings.TrimPrefix(own[at], "(?:")
		out[i].pattern = begin + strings.Join(own, "") + end
	}
	all := begin + strings.Join(parts, "") + end
	checkRegex(op.Span, text(all))
	return all, out
}

// withoutGroups writes a valid regular expression so that none of its brackets captures.
func withoutGroups(re string) string {
	tree, err := syntax.Parse(re, syntax.Perl)
	if err != nil {
		return re
	}
	var strip func(x *syntax.Regexp) *syntax.Regexp
	strip = func(x *syntax.Regexp) *syntax.Regexp {
		if x.Op == syntax.OpCapture {
			return strip(x.Sub[0])
		}
		for i, sub := range x.Sub {
			x.Sub[i] = strip(sub)
		}
		return x
	}
	return strip(tree).String()
}

// columnPattern is what the column at part i takes.
func columnPattern(op *ParseText, i int, c TypedName) string {
	last := i == len(op.Pattern)-1
	star, column := false, false
	if !last {
		next := op.Pattern[i+1]
		star, column = next.Text == nil && next.Column == nil, next.Column != nil
	}
	if c.Type == event.String {
		if star {
			fail(c.Span, "* can't follow a column of text: where that ends is not said; put a text between them")
		}
		if column {
			fail(c.Span, "a column of text can't be followed by another column: where it ends is not said; put a text between them")
		}
		if op.Kind == "regex" || last {
			return ".*"
		}
		return ".*?"
	}
	pattern := typePatterns[c.Type]
	switch {
	case op.Kind == "regex" && integer(c.Type):
		return `[-+]?\d+`
	case op.Kind == "regex":
		return strings.TrimSuffix(strings.TrimPrefix(pattern, `\s*`), `\s*`)
	case op.Kind != "relaxed" || star || column:
		if op.Kind == "relaxed" {
			return "(?:" + pattern + ")?"
		}
		return pattern
	}
	return ".*?" // relaxed: what is of another type is null, by itself
}

// parseText binds parse and parse-where.
func (b *binder) parseText(rel *relation, op *ParseText) *relation {
	x := convert(b.scalar(op.X, &scope{rel: rel, windows: true}), event.String)
	parts := append([]ParsePart(nil), op.Pattern...)
	for i, part := range parts { // a column takes the place of another with its type, unless it has one
		if part.Column != nil && part.Column.Type == "" {
			column := *part.Column
			if c := rel.lookup(column.Name); c != nil {
				column.Type = c.typ
			}
			parts[i].Column = &column
		}
	}
	typed := *op
	typed.Pattern = parts
	pattern, captures := parsePattern(&typed)
	c := &compute{in: rel.plan}
	source := &ref{c.column(x)}
	b.finish(rel, op.Span, c)
	c = &compute{in: rel.plan}
	found := []scalar{test(opMatches, source, text(pattern))}
	var values []scalar
	for _, k := range captures {
		v := scalar(&call{opExtract, event.String, []scalar{text(k.pattern), long(1), source}})
		if k.Type != event.String {
			v = &ref{c.column(convert(v, k.Type))}
			if op.Kind != "relaxed" { // strict: all columns are of their types, or none is there
				found = append(found, not(test(opIs, v)))
			}
		}
		values = append(values, v)
	}
	b.finish(rel, op.Span, c)
	c = &compute{in: rel.plan}
	all := &ref{c.column(&call{opAnd, event.Bool, found})}
	b.finish(rel, op.Span, c)
	if op.Where {
		b.keepRows(rel, op.Span, all)
	}
	c = &compute{in: rel.plan}
	own := map[string]bool{}
	for i, k := range captures {
		if own[k.Name] {
			fail(k.Span, "parse takes '%s' twice", k.Name)
		}
		own[k.Name] = true
		b.setField(rel, k.Name, c.column(choice(all, values[i], null(k.Type))))
	}
	b.finish(rel, op.Span, c)
	return rel
}

// setField gives rel a column, in the place of one of that name if there is one.
func (b *binder) setField(rel *relation, name string, col *column) {
	if i := rel.index(name); i >= 0 {
		rel.fields[i].col = col
		return
	}
	rel.fields = append(rel.fields, field{name, col})
}

// parseKV binds parse-kv: each key has a regular expression of its own, which reads pairs from the beginning up to the key.
func (b *binder) parseKV(rel *relation, op *ParseKV) *relation {
	x := convert(b.scalar(op.X, &scope{rel: rel, windows: true}), event.String)
	b.checkKV(op)
	c := &compute{in: rel.plan}
	source := &ref{c.column(x)}
	b.finish(rel, op.Span, c)
	c = &compute{in: rel.plan}
	own := map[string]bool{}
	for _, k := range op.Keys {
		if own[k.Name] {
			fail(k.Span, "parse-kv takes '%s' twice", k.Name)
		}
		own[k.Name] = true
		if k.Type == "" {
			k.Type = event.String
		}
		if k.Type == event.Dynamic {
			fail(k.Span, "parse-kv gives no dynamic column; take the text and open it with parse_json(...)")
		}
		var v scalar
		if op.Regex != nil {
			v = &call{opPairValue, event.String, []scalar{source, text(op.Regex.Value.(string)), text(k.Name)}}
		} else {
			v = op.value(source, k.Name)
		}
		b.setField(rel, k.Name, c.column(convert(v, k.Type)))
	}
	b.finish(rel, op.Span, c)
	return rel
}

func (b *binder) checkKV(op *ParseKV) {
	if op.Regex != nil {
		if op.Pair != nil || op.KV != nil || op.Quotes != nil || op.Escapes != nil || op.Greedy {
			fail(op.Regex.Span, "regex stands alone: it says by itself what a pair is")
		}
		checkRegex(op.Regex.Span, text(op.Regex.Value.(string)))
		if n := groups(op.Regex.Value.(string)); n != 2 {
			fail(op.Regex.Span, "the regular expression of parse-kv has two groups, for the key and its value; this has %d", n)
		}
		return
	}
	if (op.Pair == nil) != (op.KV == nil) {
		fail(op.Span, "pair_delimiter and kv_delimiter go together")
	}
	if op.Greedy && op.Pair == nil {
		fail(op.Span, "greedy needs pair_delimiter and kv_delimiter")
	}
	if len(op.Quotes) > 8 {
		fail(op.Quotes[8].Span, "parse-kv knows at most 8 kinds of quotes")
	}
	for _, q := range op.Quotes {
		if n := len([]rune(q.Value.(string))); n > 2 {
			fail(q.Span, "a quote is one character, or two that open and close")
		}
	}
	for _, e := range op.Escapes {
		if n := len([]rune(e.Value.(string))); n != 1 {
			fail(e.Span, "an escape is one character")
		}
	}
}

// value is what stands behind a key, as text; empty when the key is not there.
func (op *ParseKV) value(source scalar, key string) scalar {
	quoted, bare, openers := op.quoted()
	any := `[\s\S]`
	if openers != "" {
		any = "[^" + openers + "]"
	}
	skip := "(?:" + any + ")*?"
	name := regexp.QuoteMeta(key)
	if len(bare) > 0 {
		skip = "(?:" + strings.Join(bare, "|") + "|" + any + ")*?"
		for _, q := range op.Quotes {
			r := []rune(q.Value.(string))
			name += "|" + regexp.QuoteMeta(string(r[0])) + regexp.QuoteMeta(key) + regexp.QuoteMeta(string(r[len(r)-1]))
		}
		name = "(?:" + name + ")"
	}
	var pattern string
	if op.Pair == nil { // whatever is no letter and no digit separates
		pattern = `^(?:` + skip + `[^\pL\pN])??` + name + `[^\pL\pN]+?(?:` + strings.Join(append(quoted, `([\pL\pN]+)`), "|") + ")"
	} else {
		pair, kv := op.Pair.Value.(string), op.KV.Value.(string)
		space := `\s*`
		if strings.TrimSpace(pair) == "" { // what separates pairs is no space to be passed over
			space = ""
		}
		end := space + "(?:" + regexp.QuoteMeta(pair) + "|$)"
		if op.Greedy {
			class := "[^" + classOf(pair+kv) + "]+"
			end = space + "(?:" + regexp.QuoteMeta(pair) + `\s*` + class + space + regexp.QuoteMeta(kv) + `|\s*$)`
		}
		pattern = `^(?:` + skip + regexp.QuoteMeta(pair) + `)??\s*` + name + space + regexp.QuoteMeta(kv) + space + "(?:" + strings.Join(append(quoted, `([\s\S]*?)`+end), "|") + ")"
	}
	var parts []scalar
	for i := range len(quoted) + 1 {
		part := scalar(&call{opExtract, event.String, []scalar{text(pattern), long(int64(i + 1)), source}})
		if i < len(quoted) {
			for _, e := range op.Escapes {
				part = &call{opReplaceRE, event.String, []scalar{part, text(regexp.QuoteMeta(e.Value.(string)) + `([\s\S])`), text(`\1`)}}
			}
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return &call{opStrcat, event.String, parts}
}

// quoted writes patterns of quoted text, with a group for what the quotes hold and without, and the characters that open one.
func (op *ParseKV) quoted() (groups, bare []string, openers string) {
	escapes := ""
	for _, e := range op.Escapes {
		escapes += e.Value.(string)
	}
	for _, q := range op.Quotes {
		r := []rune(q.Value.(string))
		opens, closes := string(r[0]), string(r[len(r)-1])
		inside := "[^" + classOf(closes+escapes) + "]"
		if escapes != "" {
			inside = "(?:" + inside + "|[" + classOf(escapes) + `][\s\S])`
		}
		groups = append(groups, regexp.QuoteMeta(opens)+"("+inside+"*)"+regexp.QuoteMeta(closes))
		bare = append(bare, regexp.QuoteMeta(opens)+inside+"*"+regexp.QuoteMeta(closes))
		openers += classOf(opens)
	}
	return groups, bare, openers
}

// classOf writes characters so that they may stand in brackets.
func classOf(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(`\]^-[`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
