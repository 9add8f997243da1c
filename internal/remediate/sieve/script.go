// Package sieve reads the filter scripts of mailboxes (Sieve, RFC 5228) as far as it takes to see what an intruder left in them, and speaks
// to the server that keeps them (ManageSieve, RFC 5804).
//
// A script is cut into its rules: top-level commands, an if with its elsif and else as one. Nothing is run or checked; what cannot be read
// is one last rule that says so. Rules can be taken out and the rest stays as it was, octet for octet.
package sieve

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Bounds of one script. What lies beyond is in the last rule, unread.
const (
	MaxScript = 1 << 20 // octets
	maxRules  = 2000
	maxTokens = 200_000
	maxDepth  = 64 // blocks and lists in each other
)

// Rule is a top-level command of a script.
type Rule struct {
	Start, End int    // offsets in the script, its comments directly before it included
	Text       string // as written
	Hash       string // names the text: 16 hex digits of its SHA-256
	Unread     bool   // cannot be read; what it does is unknown
	tokens     []token
}

type kind byte

const (
	word kind = iota // identifier, in lower case
	tag              // :identifier, in lower case
	number
	text // string, unescaped
	mark // one of ( ) [ ] { } , ;
)

type token struct {
	kind       kind
	text       string
	start, end int
}

// is reports whether the token is a word or a mark that reads so.
func (t token) is(s string) bool { return (t.kind == word || t.kind == mark) && t.text == s }

// Cut reads a script.
func Cut(script string) []Rule {
	c := cutter{s: script, most: min(len(script), MaxScript)}
	var out []Rule
	var open Rule // may go on with elsif or else; without tokens: none
	flush := func() {
		if open.tokens != nil {
			out = append(out, rule(script, open.Start, open.End, open.tokens, false))
			open.tokens = nil
		}
	}
	for {
		start, at := c.comments()
		if at == c.most && c.most == len(script) {
			flush()
			return out
		}
		tokens, ok := c.command()
		if !ok || len(out) >= maxRules || c.most < len(script) && c.at == c.most {
			flush()
			return append(out, rule(script, start, len(script), nil, true))
		}
		if open.tokens != nil && open.tokens[0].is("if") && (tokens[0].is("elsif") || tokens[0].is("else")) {
			open.End, open.tokens = c.at, append(open.tokens, tokens...)
			continue
		}
		flush()
		open = Rule{Start: start, End: c.at, tokens: tokens}
	}
}

func rule(script string, start, end int, tokens []token, unread bool) Rule {
	sum := sha256.Sum256([]byte(script[start:end]))
	return Rule{Start: start, End: end, Text: script[start:end], Hash: hex.EncodeToString(sum[:8]), Unread: unread, tokens: tokens}
}

// Without returns the script without one of its rules, and the line end after it when the rule stood alone on its lines.
func Without(script string, r Rule) string {
	before, after := script[:r.Start], script[r.End:]
	if before == "" || strings.HasSuffix(before, "\n") {
		rest := strings.TrimLeft(after, " \t")
		if cut, ok := strings.CutPrefix(rest, "\r\n"); ok {
			after = cut
		} else if cut, ok := strings.CutPrefix(rest, "\n"); ok {
			after = cut
		}
	}
	return before + after
}

// Restore puts the piece that was taken out of before at an offset back into a script that may have been changed since. after is what was
// left then. It goes where it stood: behind all that stood before it, or before all that stood behind it, as long as one of the two is as it
// was. false: neither is.
func Restore(now, before, after string, at int) (string, bool) {
	n := len(before) - len(after)
	if n <= 0 || at < 0 || at+n > len(before) || before[:at]+before[at+n:] != after {
		return "", false
	}
	head, piece, tail := before[:at], before[at:at+n], before[at+n:]
	switch {
	case now == after:
		return before, true
	case now == before || head != "" && strings.HasPrefix(now, head+piece) || tail != "" && strings.HasSuffix(now, piece+tail):
		return now, true // somebody did it
	case head != "" && strings.HasPrefix(now, head):
		return head + piece + now[len(head):], true
	case tail != "" && strings.HasSuffix(now, tail):
		return now[:len(now)-len(tail)] + piece + tail, true
	}
	return "", false
}

type cutter struct {
	s    string
	most int // octets that are read
	at   int
	n    int // tokens so far
}

// comments skips white space and comments before a command. start is where the comments that belong to it begin: those without an empty
// line between.
func (c *cutter) comments() (start, at int) {
	start = -1
	for c.at < c.most {
		switch b := c.s[c.at]; {
		case b == '\n':
			c.at++
			if k := c.at; k < c.most && (c.s[k] == '\n' || c.s[k] == '\r') {
				start = -1 // an empty line
			}
		case b == ' ' || b == '\t' || b == '\r':
			c.at++
		case b == '#' || strings.HasPrefix(c.s[c.at:c.most], "/*"):
			if start < 0 {
				start = c.at
			}
			if !c.comment() {
				return start, c.at
			}
		default:
			if start < 0 {
				start = c.at
			}
			return start, c.at
		}
	}
	if start < 0 {
		start = c.at
	}
	return start, c.at
}

// comment skips one. false: it has no end.
func (c *cutter) comment() bool {
	rest := c.s[c.at:c.most]
	if rest[0] == '#' {
		if i := strings.IndexByte(rest, '\n'); i >= 0 {
			c.at += i
		} else {
			c.at = c.most
		}
		return true
	}
	i := strings.Index(rest[2:], "*/")
	if i < 0 {
		return false
	}
	c.at += i + 4
	return true
}

// command reads up to the ; or the } that ends it (RFC 5228 section 8.2). false: it cannot be read.
func (c *cutter) command() (out []token, ok bool) {
	var open []byte // brackets that are not closed
	for {
		t, ok := c.next()
		if !ok {
			return nil, false
		}
		if len(out) == 0 && t.kind != word {
			return nil, false
		}
		out = append(out, t)
		if t.kind != mark {
			continue
		}
		switch b := t.text[0]; b {
		case '(', '[', '{':
			if len(open) == maxDepth {
				return nil, false
			}
			open = append(open, b)
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != opener[b] {
				return nil, false
			}
			open = open[:len(open)-1]
			if b == '}' && len(open) == 0 {
				return out, true
			}
		case ';':
			if len(open) == 0 {
				return out, true
			}
		}
	}
}

var opener = map[byte]byte{')': '(', ']': '[', '}': '{'}

// next reads one token. false: there is none, or none that can be read.
func (c *cutter) next() (t token, ok bool) {
	if c.n++; c.n > maxTokens {
		return t, false
	}
	for c.at < c.most {
		b := c.s[c.at]
		if b == ' ' || b == '\t' || b == '\r' || b == '\n' {
			c.at++
		} else if b == '#' || strings.HasPrefix(c.s[c.at:c.most], "/*") {
			if !c.comment() {
				return t, false
			}
		} else {
			break
		}
	}
	if c.at == c.most {
		return t, false
	}
	t.start = c.at
	switch b := c.s[c.at]; {
	case strings.IndexByte("()[]{},;", b) >= 0:
		c.at++
		t.kind, t.text = mark, string(b)
	case b == '"':
		if t.text, ok = c.quoted(); !ok {
			return t, false
		}
		t.kind = text
	case b == ':' || letter(b):
		c.at++
		for c.at < c.most && (letter(c.s[c.at]) || digit(c.s[c.at])) {
			c.at++
		}
		t.kind, t.text = word, strings.ToLower(c.s[t.start:c.at])
		if b == ':' {
			t.kind = tag
		} else if t.text == "text" && c.at < c.most && c.s[c.at] == ':' {
			if t.text, ok = c.lines(); !ok {
				return t, false
			}
			t.kind = text
		}
	case digit(b):
		for c.at < c.most && (digit(c.s[c.at]) || letter(c.s[c.at])) {
			c.at++
		}
		t.kind, t.text = number, c.s[t.start:c.at]
	default:
		return t, false
	}
	t.end = c.at
	return t, true
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' }
func digit(b byte) bool  { return b >= '0' && b <= '9' }

// quoted reads "...", with \" and \\ inside.
func (c *cutter) quoted() (string, bool) {
	var b strings.Builder
	for c.at++; c.at < c.most; c.at++ {
		switch x := c.s[c.at]; x {
		case '"':
			c.at++
			return b.String(), true
		case '\\':
			if c.at++; c.at == c.most {
				return "", false
			}
			b.WriteByte(c.s[c.at])
		default:
			b.WriteByte(x)
		}
	}
	return "", false
}

// lines reads what follows text: up to a line with only a dot.
func (c *cutter) lines() (string, bool) {
	i := strings.IndexByte(c.s[c.at:c.most], '\n')
	if i < 0 {
		return "", false
	}
	c.at += i + 1
	start := c.at
	for c.at < c.most {
		line, _, ended := strings.Cut(c.s[c.at:c.most], "\n")
		from := c.at
		c.at += len(line)
		if ended {
			c.at++
		}
		if strings.TrimSuffix(line, "\r") == "." {
			return c.s[start:from], true
		}
	}
	return "", false
}
