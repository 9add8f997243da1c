package kql

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"tocsin/internal/event"
)

// TestFoldText: comparisons regardless of case fold a literal here and a column in the store; both have to fold every
// character alike.
func TestFoldText(t *testing.T) {
	s := openStore(t)
	var all []string
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if unicode.ToLower(r) != r || unicode.ToUpper(r) != r {
			all = append(all, string(r))
		}
	}
	s.exec(`CREATE TABLE letters (x VARCHAR)`)
	for chunk := range slices.Chunk(all, 500) {
		args := make([]any, len(chunk))
		for i := range chunk {
			args[i] = chunk[i]
		}
		s.exec("INSERT INTO letters VALUES "+strings.TrimSuffix(strings.Repeat("(?),", len(chunk)), ","), args...)
	}
	rows, err := s.run(&Statement{SQL: "SELECT x, lower(x) FROM letters", Columns: []Column{{"x", event.String}, {"l", event.String}}})
	if err != nil || len(rows) != len(all) {
		t.Fatal(err, len(rows))
	}
	for _, r := range rows {
		x, _ := strconv.Unquote(r[0])
		l, _ := strconv.Unquote(r[1])
		if foldText(x) != l {
			t.Errorf("%q %U: folded to %q here and to %q by the store", x, []rune(x), foldText(x), l)
		}
	}
}

// TestTermRunes: has looks at the ends of a literal here and at those of a text in the store; both have to mean the same
// characters by letters and digits.
func TestTermRunes(t *testing.T) {
	s := openStore(t)
	rows, err := s.run(&Statement{
		SQL:     "SELECT i, regexp_matches(chr(i), '[" + termChars + "]') FROM (SELECT CAST(range AS INTEGER) AS i FROM range(1, 1114112)) WHERE i NOT BETWEEN 55296 AND 57343",
		Columns: []Column{{"i", event.Int}, {"b", event.Bool}},
	})
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	for _, r := range rows {
		i, _ := strconv.Atoi(r[0])
		if termRune(rune(i)) != (r[1] == "true") {
			differ++
		}
	}
	// Newer versions of Unicode have more letters; none of them is in use in mail yet.
	if differ > 0 {
		t.Errorf("%d of %d characters are letters only here or only in the store", differ, len(rows))
	}
}

// TestLiteralsAndColumnsAgree: an expression over literals, part of which is computed here, gives what it gives over
// columns, which the store computes.
func TestLiteralsAndColumnsAgree(t *testing.T) {
	s := openStore(t)
	forms := []struct {
		x    string // over a, b of a type
		typ  event.Type
		with event.Type
	}{
		{"a + b", event.Long, event.Long}, {"a - b", event.Long, event.Long}, {"a * b", event.Long, event.Long}, {"a / b", event.Long, event.Long},
		{"a % b", event.Long, event.Long}, {"-a", event.Long, event.Long}, {"abs(a)", event.Long, event.Long}, {"tostring(a)", event.Long, event.Long},
		{"toint(a)", event.Long, event.Long}, {"todouble(a)", event.Long, event.Long}, {"a == b", event.Long, event.Long}, {"a < b", event.Long, event.Long},
		{"a in (b, 5)", event.Long, event.Long}, {"bin(a, 7)", event.Long, event.Long}, {"tobool(a)", event.Long, event.Long},
		{"a + b", event.Real, event.Long}, {"a * b", event.Real, event.Real}, {"-a", event.Real, event.Real}, {"tolong(a)", event.Real, event.Real},
		{"a > b", event.Real, event.Long}, {"round(a)", event.Real, event.Real},
		{"a + b", event.Timespan, event.Timespan}, {"a - b", event.Timespan, event.Timespan}, {"-a", event.Timespan, event.Timespan}, {"a * b", event.Timespan, event.Long},
		{"a * b", event.Timespan, event.Real}, {"a / b", event.Timespan, event.Timespan}, {"a % b", event.Timespan, event.Timespan}, {"tostring(a)", event.Timespan, event.Long},
		{"a + b", event.Datetime, event.Timespan}, {"a - b", event.Datetime, event.Timespan}, {"a - b", event.Datetime, event.Datetime}, {"tostring(a)", event.Datetime, event.Long},
		{"a == b", event.Datetime, event.Datetime}, {"bin(a, 1h)", event.Datetime, event.Long}, {"startofweek(a)", event.Datetime, event.Long},
		{"todatetime(a)", event.String, event.String}, {"totimespan(a)", event.String, event.String}, {"tolong(a)", event.String, event.String}, {"tobool(a)", event.String, event.String},
		{"todouble(a)", event.String, event.String}, {"a == b", event.String, event.String}, {"a =~ b", event.String, event.String}, {"a has b", event.String, event.String},
		{"a contains b", event.String, event.String}, {"a startswith b", event.String, event.String}, {"a hassuffix b", event.String, event.String},
		{"a has_any (b, \"x\", \"y\", \"z\")", event.String, event.String}, {"a in~ (b)", event.String, event.String}, {"isempty(a)", event.String, event.String},
	}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(forms).Draw(t, "form")
		a, b := literalOf(t, f.typ), literalOf(t, f.with)
		x := "r = " + f.x
		// A value of a table, so that nothing is known of it before the query runs.
		column := func(l *Literal) string {
			other := `""`
			if l.Type != event.String {
				other = literalText(&Literal{Type: l.Type})
			}
			return "iff(strlen(Subject) == 0, " + literalText(l) + ", " + other + ")"
		}
		direct := fmt.Sprintf("print a = 1 | project %s", replaceNames(x, literalText(a), literalText(b)))
		stored := fmt.Sprintf("EmailEvents | project a = %s, b = %s | project %s", column(a), column(b), x)
		one, err := rowOf(s, direct)
		if err != nil {
			t.Fatalf("%v\n%s", err, direct)
		}
		two, err := rowOf(s, stored)
		if err != nil {
			t.Fatalf("%v\n%s", err, stored)
		}
		if one != two {
			t.Fatalf("%s\ngives %s\n%s\ngives %s", direct, one, stored, two)
		}
	})
}

// TestDatesAreReadAlike: a text that may be a datetime is read here as by the store.
func TestDatesAreReadAlike(t *testing.T) {
	s := openStore(t)
	for _, text := range textsOfValues {
		literal := literalText(&Literal{Type: event.String, Value: text})
		one, err := rowOf(s, "print a = 1 | project r = todatetime("+literal+")")
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		two, err := rowOf(s, "EmailEvents | project a = iff(strlen(Subject) == 0, "+literal+", '') | project r = todatetime(a)")
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if one != two {
			t.Errorf("%q is %s here and %s in the store", text, one, two)
		}
	}
}

// replaceNames puts literals where a form has a and b.
func replaceNames(x, a, b string) string {
	var out strings.Builder
	for i := 0; i < len(x); i++ {
		alone := (i == 0 || !isLetter(x[i-1]) && !isDigit(x[i-1])) && (i+1 == len(x) || !isLetter(x[i+1]) && !isDigit(x[i+1]) && x[i+1] != '(')
		switch {
		case alone && x[i] == 'a' && !strings.Contains(x[:i], "\""):
			out.WriteString("(" + a + ")")
		case alone && x[i] == 'b':
			out.WriteString("(" + b + ")")
		default:
			out.WriteByte(x[i])
		}
	}
	return out.String()
}

// rowOf runs a query over a table with one empty row.
func rowOf(s *store, src string) (string, error) {
	st, err := compileText(src)
	if err != nil {
		return "", err
	}
	if rows, err := s.run(&Statement{SQL: `SELECT count(*) FROM "EmailEvents"`, Columns: []Column{{"n", event.Long}}}); err != nil {
		return "", err
	} else if rows[0][0] == "0" {
		s.exec(`INSERT INTO "EmailEvents" (Subject) VALUES ('')`)
	}
	rows, err := s.run(st)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(rows), nil
}

func literalOf(t *rapid.T, typ event.Type) *Literal {
	l := &Literal{Type: typ}
	if typ != event.String && rapid.IntRange(0, 9).Draw(t, "null") == 0 {
		return l
	}
	switch typ {
	case event.Long:
		l.Value = rapid.OneOf(rapid.Int64Range(-20, 20), rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})).Draw(t, "long")
	case event.Real:
		l.Value = rapid.OneOf(rapid.SampledFrom([]float64{0, 1, -1, 0.5, 2.5, -7.25, 1e10, math.Inf(1)}), rapid.Float64Range(-1e6, 1e6)).Draw(t, "real")
	case event.Timespan:
		l.Value = rapid.OneOf(rapid.Int64Range(-5*day, 5*day), rapid.SampledFrom([]int64{0, 1, hour, day, -day})).Draw(t, "timespan")
		if v := l.Value.(int64); v%10 != 0 { // datetimes are kept to the microsecond
			l.Value = v / 10 * 10
		}
	case event.Datetime:
		l.Value = time.UnixMicro(rapid.Int64Range(-62135596800_000000, 253402300799_999999).Draw(t, "datetime")).UTC()
	default:
		l.Value = rapid.OneOf(rapid.SampledFrom(textsOfValues), rapid.StringN(0, 6, -1), rapid.StringOfN(rapid.RuneFrom([]rune("aAbB .-_éÉ1")), 0, 6, -1)).Draw(t, "text")
		if strings.Contains(l.Value.(string), "\x00") || strings.Contains(l.Value.(string), "\x01") {
			l.Value = "x"
		}
	}
	return l
}

// textsOfValues read, or nearly read, as values of other types.
var textsOfValues = []string{
	"", "1", "-7", " 42 ", "1.5", "1e3", "x", "true", "FALSE", "0", "9223372036854775808", "2026-05-20", "2026-5-2", "2026-05-20T10:11:12Z", "2026-05-20 10:11",
	"2026-05-20T10:11:12.1234567+02:00", "2026-05-20T10:11:12+0200", "2026-05-20T10:11:12-05", "2026-05-20 10", "20260520", "2026-05", "2026", "5/20/2026", "5/2/2026 1:02:03",
	"Sat, 8 Nov 14 15:05:02 GMT", "Sat, 8 Nov 2014 15:05", "8 Nov 2014 15:05:02", "Saturday, 08-Nov-14 15:05:02 GMT", "08-Nov-14 15:05", "2014-11-08 15:05:25 GMT",
	"Sat, 8 Nov 14 15:05", "8 Nov 14 15:05:02", "8 Nov 70 15:05", "1/2/14", "1/2/14 10:11", "14-1", "14", "8 Nov 014 15:05", "Sat, 08-Nov-14 15:05", "8 Nov 20145 15:05",
	"2026-05-20 10:00:00 EST", "2026-05-20 (BC)", "2026-13-01", "99999", "123", "1.00:00:00", "00:00:10", "-02:03", "1.02:03:04.5", "25:00:00", "1:60", "3d", "a b", "A-b", "é",
}
