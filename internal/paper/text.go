package paper

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// rowsATable: the library for PDF needs quadratic time for the rows of one table.
const rowsATable = 40

// Chunks are the rows of a list in tables that are not too long for the library.
func Chunks[T any](list []T) (out [][]T) {
	for len(list) > rowsATable {
		out = append(out, list[:rowsATable])
		list = list[rowsATable:]
	}
	return append(out, list)
}

// Plain is a text in one line: shortened, without what is no text, and with invisible characters written out.
func Plain(s string, limit int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		if n >= limit {
			b.WriteString(" …")
			break
		}
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
			n++
		}
		b.WriteString(visible(r))
		n++
	}
	return b.String()
}

// visible is the character, or its number when nobody would see it. Joiners stay: Persian and Indic words need them.
func visible(r rune) string {
	switch {
	case r == '\u200c' || r == '\u200d':
		return string(r)
	case r == utf8.RuneError || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cs, r) || r == '\u2028' || r == '\u2029':
		return fmt.Sprintf("‹U+%04X›", r)
	}
	return string(r)
}
