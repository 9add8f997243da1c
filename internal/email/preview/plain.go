package preview

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainWriter makes the plain rendering: all text on lines as blocks fall, with what cannot be seen written out.
type plainWriter struct {
	b     strings.Builder
	lines int
	space bool
	tab   bool
	first bool // the next cell is the first of its row
	last  rune // an invisible character whose run is being counted
	run   int
}

const maxPlain = 1 << 20

func (w *plainWriter) full() bool { return w.b.Len() > maxPlain }

// text adds text of an HTML document: white space is one space.
func (w *plainWriter) text(s string) {
	for _, c := range s {
		if w.full() {
			return
		}
		if c == '\t' || c == '\n' || c == '\r' || c == '\f' || unicode.IsSpace(c) {
			w.space = true
			continue
		}
		w.put(c)
	}
}

// literal adds text as it stands.
func (w *plainWriter) literal(s string) {
	for _, c := range s {
		if w.full() {
			return
		}
		if c == '\n' || c == '\t' || c == ' ' {
			w.flush()
			w.b.WriteRune(c)
			continue
		}
		w.put(c)
	}
}

func (w *plainWriter) put(c rune) {
	if isInvisible(c) {
		if c == w.last {
			w.run++
			w.space = false
			return
		}
		w.flush()
		w.pay()
		w.last, w.run = c, 1
		return
	}
	w.flush()
	w.pay()
	w.b.WriteRune(c)
}

// pay writes the white space that is owed.
func (w *plainWriter) pay() {
	if w.b.Len() > 0 {
		switch {
		case w.lines > 0:
			w.b.WriteByte('\n')
		case w.tab:
			w.b.WriteByte('\t')
		case w.space:
			w.b.WriteByte(' ')
		}
	}
	w.lines, w.space, w.tab = 0, false, false
}

// flush writes a counted run of one invisible character.
func (w *plainWriter) flush() {
	switch {
	case w.run == 1:
		fmt.Fprintf(&w.b, "[U+%04X]", w.last)
	case w.run > 1:
		fmt.Fprintf(&w.b, "[U+%04X x %d]", w.last, w.run)
	}
	w.last, w.run = 0, 0
}

// line ends the line, unless a cell has just begun: its first paragraph stands on the line of its row.
func (w *plainWriter) line(n int) {
	w.flush()
	if !w.tab {
		w.lines = max(w.lines, n)
	}
}

// row begins a row of a table, whose first cell begins a line.
func (w *plainWriter) row() {
	w.tab = false
	w.line(1)
	w.first = true
}

func (w *plainWriter) cell() {
	w.flush()
	if !w.first {
		w.lines, w.tab = 0, true
	}
	w.first = false
}

func (w *plainWriter) String() string {
	w.flush()
	return w.b.String()
}

// isInvisible reports characters that are not drawn or that change how others are: controls, direction marks, zero width, fillers, tags.
func isInvisible(c rune) bool {
	switch {
	case c == '\n' || c == '\t':
		return false
	case c < ' ', c >= 0x7F && c < 0xA0, c == 0xAD, c == 0x34F, c == 0x61C, c == 0x115F, c == 0x1160, c == 0x3164, c == 0xFEFF, c == 0xFFA0, c == utf8.RuneError:
		return true
	case c >= 0x180B && c <= 0x180F, c >= 0x200B && c <= 0x200F, c >= 0x202A && c <= 0x202E, c >= 0x2060 && c <= 0x206F, c >= 0xFFF9 && c <= 0xFFFB, c >= 0xE0000 && c <= 0xE0FFF:
		return true
	}
	return false
}

// visibleLine brings s on one line with invisible characters written out.
func visibleLine(s string) string {
	var w plainWriter
	w.text(strings.ToValidUTF8(s[:min(len(s), 16<<10)], "\uFFFD"))
	return w.String()
}
