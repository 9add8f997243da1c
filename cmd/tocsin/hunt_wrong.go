package main

import (
	"fmt"
	"strings"
	"unicode"
)

// wrongQuery is a query that does not compile. It ends the command with status 1, or 2 when only a table is missing.
type wrongQuery struct {
	line, column int
	msg, table   string
	text         string // of the query; "" when it is not known
}

func (e *wrongQuery) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.msg)
}

// placeWidth is how much of a long line stands on either side of the place.
const placeWidth = 60

// place shows the line that is wrong with a mark under the place, "" when the text does not have it. Every character is one column
// wide, so that the mark stands where it should.
func (e *wrongQuery) place() string {
	lines := strings.Split(e.text, "\n")
	if e.line < 1 || e.line > len(lines) || e.text == "" {
		return ""
	}
	row := []rune(strings.TrimSuffix(lines[e.line-1], "\r"))
	at := min(max(e.column-1, 0), len(row))
	for i, r := range row {
		switch {
		case r == '\t':
			row[i] = ' '
		case !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r):
			row[i] = '\u00b7'
		}
	}
	before, after := "", ""
	end := len(row)
	if at+placeWidth < end {
		end, after = at+placeWidth, "…"
	}
	start := 0
	if at > placeWidth {
		start, before = at-placeWidth, "…"
	}
	margin := strings.Repeat(" ", len([]rune(before))+at-start)
	return "  " + before + string(row[start:end]) + after + "\n  " + margin + "^"
}
