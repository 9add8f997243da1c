package detect

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/intel"
)

// Bounds of what a signal quotes from a message, in runes.
const (
	maxValue    = 120 // one quoted value
	maxEvidence = 480
)

// Clean makes hostile text fit to be shown as plain text: control, direction and invisible characters become \u{202e},
// broken UTF-8 \x{ff}, line ends a space, and what is longer than max runes is cut with "…". It never returns markup-safe text:
// escaping for HTML is the renderer's.
func Clean(s string, max int) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= 0x20 && s[i] < 0x7f
	}
	if plain && len(s) <= max {
		return s
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(s); n++ {
		if n == max {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x{` + strconv.FormatUint(uint64(s[i]), 16) + `}`)
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r) || intel.Invisible(r) || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Co, r):
			b.WriteString(`\u{` + strconv.FormatUint(uint64(r), 16) + `}`)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// say formats evidence. Strings among args are hostile: each is cleaned and cut first.
func say(format string, args ...any) string {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			args[i] = shown(Clean(v, maxValue))
		case []string:
			if len(v) > 5 {
				v = append(v[:5:5], fmt.Sprintf("and %d more", len(v)-5))
			}
			args[i] = shown(Clean(strings.Join(v, ", "), 2*maxValue))
		}
	}
	return Clean(fmt.Sprintf(format, args...), maxEvidence)
}

// host shows a host for people: punycode with the Unicode it stands for.
func host(h string) string {
	if u := intel.Unicode(h); u != h {
		return h + " (" + u + ")"
	}
	return h
}

// shown is text that was cleaned. %q puts it between quotes as it is: fmt's own quoting would escape the escapes.
type shown string

// Format writes the text, for %q between quotes.
func (s shown) Format(f fmt.State, verb rune) {
	quote := ""
	if verb == 'q' {
		quote = `"`
	}
	_, _ = io.WriteString(f, quote+string(s)+quote) // into fmt's buffer, which takes everything
}
