package kql

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// dataQueries are the queries of all data files, by file and line.
func dataQueries(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata/*.test", err)
	}
	out := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name, at, query := "", 0, []string(nil)
		flush := func() {
			if at > 0 {
				out[name] = strings.Join(query, "\n")
			}
			at, query = 0, nil
		}
		for i, line := range strings.Split(string(text), "\n") {
			block, isBlock := strings.CutPrefix(line, "    ")
			switch {
			case isBlock:
				query = append(query, block)
			case strings.HasPrefix(line, "eval"):
				flush()
				at, name = i+1, fmt.Sprintf("%s:%d", filepath.Base(f), i+1)
			default:
				flush()
			}
		}
		flush()
	}
	return out
}

// shape writes a syntax tree without the places of its nodes.
func shape(v any) string {
	var b strings.Builder
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if v.IsNil() {
				b.WriteString("nil")
				return
			}
			walk(v.Elem())
		case reflect.Slice:
			b.WriteString("[")
			for i := range v.Len() {
				walk(v.Index(i))
				b.WriteString(" ")
			}
			b.WriteString("]")
		case reflect.Struct:
			if _, isSpan := v.Interface().(Span); isSpan {
				return
			}
			if s, ok := v.Interface().(fmt.Stringer); ok { // time.Time
				b.WriteString(s.String())
				return
			}
			b.WriteString(v.Type().Name() + "{")
			for i := range v.NumField() {
				walk(v.Field(i))
				b.WriteString(";")
			}
			b.WriteString("}")
		default:
			fmt.Fprintf(&b, "%s(%#v)", v.Kind(), v.Interface())
		}
	}
	walk(reflect.ValueOf(v))
	return b.String()
}

// checkRoundTrip fails when the canonical text of q is not read back to the same tree and the same text.
func checkRoundTrip(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, q *Query) {
	t.Helper()
	text := q.String()
	again, err := Parse(text)
	if err != nil {
		t.Fatalf("the canonical text does not parse: %v\n%s\nof\n%s", err, text, q.src)
	}
	if a, b := shape(q.tree), shape(again.tree); a != b {
		t.Fatalf("the canonical text is another query:\n%s\nof\n%s\n%s\n%s", text, q.src, a, b)
	}
	if again.String() != text {
		t.Fatalf("the canonical text is not stable:\n%s\n%s", text, again)
	}
}

func TestCanonicalText(t *testing.T) {
	n := 0
	for name, src := range dataQueries(t) {
		q, err := Parse(src)
		if err != nil {
			continue
		}
		n++
		t.Run(name, func(t *testing.T) { checkRoundTrip(t, q) })
	}
	if n < 250 {
		t.Errorf("only %d queries of the data files parse", n)
	}
}

func TestCanonicalForm(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"EmailEvents|where Subject=='a'|take 5", "EmailEvents\n| where Subject == \"a\"\n| take 5"},
		{"// c\nEmailEvents // d\n| filter UrlCount>1", "EmailEvents\n| where UrlCount > 1"},
		{"EmailEvents | order by A, B asc nulls last", "EmailEvents\n| sort by A desc, B asc nulls last"},
		{"EmailEvents | where (a or b) and (c and d)", "EmailEvents\n| where (a or b) and (c and d)"},
		{"EmailEvents | where (a == 1) == (b == 2)", "EmailEvents\n| where (a == 1) == (b == 2)"},
		{"print 1-(2-3), (1-2)-3, -(5), - 5, -x, 2*(3+4)", "print 1 - (2 - 3), 1 - 2 - 3, -5, -5, -x, 2 * (3 + 4)"},
		{"print x = 90m, 1d, 1.5h, 1tick, 0s", "print x = 90m, 1d, 90m, 1tick, 0tick"},
		{"print datetime(2026-05-20), int(5), 1.0, 1e300, real(nan), long(null)", "print datetime(2026-05-20T00:00:00Z), int(5), 1.0, 1e+300, real(nan), long(null)"},
		{"print ['a b'] = d['k'].x[0], @'\\d', h'z'", "print [\"a b\"] = d[\"k\"].x[0], \"\\\\d\", h\"z\""},
		{"let x = 5; let T = EmailEvents | take x; T | join kind=inner (EmailUrlInfo | take 1) on A, $left.B == $right.C",
			"let x = 5;\nlet T = EmailEvents\n| take x;\nT\n| join kind=inner (EmailUrlInfo\n    | take 1) on A, $left.B == $right.C"},
		{"EmailEvents | where A in (EmailUrlInfo | project B) and C !in~ ('x','y') and D between(1..2)",
			"EmailEvents\n| where A in (EmailUrlInfo\n    | project B) and C !in~ (\"x\", \"y\") and D between (1 .. 2)"},
		{"EmailEvents | count as N | project-reorder A*, B desc", "EmailEvents\n| count as N\n| project-reorder A*, B desc"},
		{"print \"\\u202e\\n\"", "print \"\\u202e\\n\""},
	} {
		checkCanonical(t, c.src, c.want)
	}
}

// checkCanonical holds the canonical text of src against want, and that it reads back.
func checkCanonical(t *testing.T, src, want string) {
	t.Helper()
	q, err := Parse(src)
	if err != nil {
		t.Errorf("%s: %v", src, err)
		return
	}
	if got := q.String(); got != want {
		t.Errorf("%s: got\n%s\nexpected\n%s", src, got, want)
	}
	checkRoundTrip(t, q)
}

func TestPipe(t *testing.T) {
	base, err := Parse("let n = 1;\nEmailEvents | where UrlCount > n // a comment that ends the text")
	if err != nil {
		t.Fatal(err)
	}
	before := base.String()
	piped, err := base.Pipe("| where Subject == \"a\"\n| summarize count()")
	if err != nil {
		t.Fatal(err)
	}
	want := "let n = 1;\nEmailEvents\n| where UrlCount > n\n| where Subject == \"a\"\n| summarize count()"
	if piped.String() != want {
		t.Errorf("got\n%s\nexpected\n%s", piped, want)
	}
	if base.String() != before {
		t.Errorf("Pipe changed its query:\n%s", base)
	}
	checkRoundTrip(t, piped)
	again, err := piped.Pipe("| take 1")
	if err != nil || again.String() != want+"\n| take 1" {
		t.Errorf("piped twice: %v\n%s", err, again)
	}
	if same, err := base.Pipe("  // nothing"); err != nil || same.String() != before {
		t.Errorf("nothing piped: %v\n%s", err, same)
	}
	table, err := Parse("EmailEvents")
	if err != nil {
		t.Fatal(err)
	}
	if q, err := table.Pipe("|count"); err != nil || q.String() != "EmailEvents\n| count" {
		t.Errorf("piped to a table: %v\n%s", err, q)
	}

	// A syntax error's place is that in the operators, a later error's that in the lines after the query.
	for _, c := range []struct {
		ops       string
		line, col int
		msg       string
	}{
		{"where true", 1, 1, "expected |"},
		{"| where\n)", 2, 1, "expected an expression"},
		{"| take 1; EmailEvents", 1, 9, "unexpected"},
		{"| where true) | take (1", 1, 13, "unexpected"},
		{"| where \"", 1, 9, "not closed"},
	} {
		_, err := base.Pipe(c.ops)
		e, ok := err.(*Error)
		if !ok || e.Line != c.line || e.Column != c.col || !strings.Contains(e.Msg, c.msg) {
			t.Errorf("Pipe(%q): %v; expected %d:%d %s", c.ops, err, c.line, c.col, c.msg)
		}
	}
	q, err := base.Pipe("| where Nope == 1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile(q, Options{}, DuckDB())
	if e, ok := err.(*Error); !ok || e.Line != 3 || e.Column != 9 {
		t.Errorf("an unknown column in what was piped: %v", err)
	}
}
