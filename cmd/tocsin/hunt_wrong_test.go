package main

import (
	"strings"
	"testing"
)

// TestPlaceInAQuery: the mark stands under the place, whatever stands before it.
func TestPlaceInAQuery(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct {
		name         string
		text         string
		line, column int
		want         string
	}{
		{"one line", "EmailEvents | wher x", 1, 15, "  EmailEvents | wher x\n                ^"},
		{"the second line", "EmailEvents\n| where Nope == 1", 2, 9, "  | where Nope == 1\n          ^"},
		{"the first character", "Nope", 1, 1, "  Nope\n  ^"},
		{"behind the end", "EmailEvents | where", 1, 20, "  EmailEvents | where\n                     ^"},
		{"far behind the end", "EmailEvents", 1, 999, "  EmailEvents\n             ^"},
		{"tabs and line ends of Windows", "EmailEvents\r\n|\twhere\tNope\r\n", 2, 9, "  | where Nope\n          ^"},
		{"letters of more than one octet", "print 'äöü€', Nope", 1, 15, "  print 'äöü€', Nope\n                ^"},
		{"marks that turn the direction", "print '\u202e', Nope", 1, 12, "  print '·', Nope\n             ^"},
		{"escapes", "print '\x1b[31m', Nope", 1, 16, "  print '·[31m', Nope\n                 ^"},
		{"a long line", "print " + long + ", Nope, " + long, 1, 109, "  …" + strings.Repeat("x", 58) + ", Nope, " + strings.Repeat("x", 54) + "…\n  " + strings.Repeat(" ", 61) + "^"},
		{"no text", "", 1, 1, ""},
		{"no such line", "EmailEvents", 7, 1, ""},
		{"no line", "EmailEvents", 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &wrongQuery{line: c.line, column: c.column, text: c.text}
			if got := e.place(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestJSONVisible: escaping changes no value.
func TestJSONVisible(t *testing.T) {
	for in, want := range map[string]string{
		`"plain ä €"`: `"plain ä €"`, "\"\u202e\"": `"\u202e"`, "\"\u009b31m\"": `"\u009b31m"`, "\"\x7f\"": `"\u007f"`, "\"\U000e0041\"": `"\udb40\udc41"`, `{"a":1}`: `{"a":1}`,
	} {
		if got := jsonVisible(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
