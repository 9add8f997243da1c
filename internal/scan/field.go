package scan

import (
	"strconv"
	"strings"
)

// maxField is how much of one field's instruction is read, in octets.
const maxField = 8 << 10

// fieldStack follows the fields of a Word text: each has an instruction ("HYPERLINK "https://..."") and a result, which is shown.
// Fields stand in fields; what an inner one says belongs to the outer instruction as well.
type fieldStack struct {
	open []openField
	room int // octets of instructions that may still be kept
}

type openField struct {
	instruction strings.Builder
	result      strings.Builder
	shown       bool // behind the separator
}

const maxOpenFields = 50

func (k *fieldStack) begin() {
	if len(k.open) < maxOpenFields {
		k.open = append(k.open, openField{})
	}
}

func (k *fieldStack) separate() {
	if n := len(k.open); n > 0 {
		k.open[n-1].shown = true
	}
}

// instruct adds to the instruction of the innermost field.
func (k *fieldStack) instruct(text string) {
	if n := len(k.open); n > 0 && k.open[n-1].instruction.Len()+len(text) <= maxField {
		k.open[n-1].instruction.WriteString(text)
	}
}

// show adds to the result of the innermost field.
func (k *fieldStack) show(text string) {
	if n := len(k.open); n > 0 && k.open[n-1].result.Len()+len(text) <= 500 {
		k.open[n-1].result.WriteString(text)
	}
}

// hidden reports whether text at this place is an instruction.
func (k *fieldStack) hidden() bool { return len(k.open) > 0 && !k.open[len(k.open)-1].shown }

// end closes the innermost field and returns it.
func (k *fieldStack) end() (instruction, result string) {
	n := len(k.open)
	if n == 0 {
		return "", ""
	}
	f := &k.open[n-1]
	instruction, result = f.instruction.String(), f.result.String()
	k.open = k.open[:n-1]
	if n > 1 && !k.open[n-2].shown {
		k.instruct(" " + instruction + " ")
		if result != "" {
			k.instruct(result)
		}
	}
	return instruction, result
}

// field looks at one instruction ([MS-OI29500] and ECMA-376 part 1, section 17.16).
func (s *session) field(f *file, instruction, result string) {
	instruction = strings.TrimSpace(instruction)
	name, rest, _ := strings.Cut(instruction, " ")
	switch strings.ToUpper(name) {
	case "HYPERLINK":
		s.hyperlink(f, argument(rest), result)
	case "DDE", "DDEAUTO":
		s.dde(f, quotedField(instruction))
	case "INCLUDETEXT", "INCLUDE", "IMPORT", "RD", "LINK":
		if strings.EqualFold(name, "LINK") { // LINK class file place
			_, rest, _ = strings.Cut(strings.TrimSpace(rest), " ")
		}
		s.remote(f, "document", unescapePath(argument(rest)))
	case "INCLUDEPICTURE":
		s.remote(f, "picture", unescapePath(argument(rest)))
	default:
		if i := wordAt(instruction, "ddeauto"); i >= 0 { // behind an inner field, or in one
			s.dde(f, quotedField(instruction[i:]))
		}
	}
}

// argument is the first word of a field's arguments; it may stand in quotes.
func argument(s string) string {
	s = strings.TrimSpace(s)
	for strings.HasPrefix(s, `\`) && !strings.HasPrefix(s, `\\`) { // a switch before it
		_, s, _ = strings.Cut(s, " ")
		s = strings.TrimSpace(s)
	}
	if strings.HasPrefix(s, `"`) {
		s, _, _ = strings.Cut(s[1:], `"`)
		return s
	}
	s, _, _ = strings.Cut(s, " ")
	return s
}

func unescapePath(s string) string { return strings.ReplaceAll(s, `\\`, `\`) }

// quotedField writes out QUOTE fields, whose numbers stand for characters.
func quotedField(s string) string {
	if !strings.Contains(strings.ToUpper(s), "QUOTE") {
		return s
	}
	var out strings.Builder
	last := false // the last word was a number
	for _, w := range strings.Fields(s) {
		if n, err := strconv.Atoi(strings.Trim(w, `"`)); err == nil && n > 31 && n < 0x10000 {
			out.WriteRune(rune(n))
			last = true
			continue
		}
		if strings.EqualFold(strings.Trim(w, `"`), "QUOTE") {
			continue
		}
		if out.Len() > 0 && !last {
			out.WriteByte(' ')
		}
		last = false
		out.WriteString(w + " ")
	}
	return strings.TrimSpace(out.String())
}

// wordAt is where word, in small ASCII letters, stands in s in any case; -1 when it does not.
func wordAt(s, word string) int {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
