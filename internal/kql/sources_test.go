package kql

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/event"
)

// TestSourcesAreBounded: functions that use each other twice, and tables of constants without end, are refused soon.
func TestSourcesAreBounded(t *testing.T) {
	chain := func(n int, first, next, last string) string {
		out := "let f0 = " + first + ";\n"
		for i := 1; i < n; i++ {
			out += fmt.Sprintf("let f%d = %s;\n", i, strings.ReplaceAll(next, "@", fmt.Sprintf("f%d", i-1)))
		}
		return out + strings.ReplaceAll(last, "@", fmt.Sprintf("f%d", n-1))
	}
	for _, c := range []struct{ name, src, want string }{
		{"functions that call twice", chain(60, "(x:long) { x + 1 }", "(x:long) { @(x) + @(x) }", "print @(1)"), "too large"},
		{"functions that call inside a call", chain(60, "(x:long) { x + 1 }", "(x:long) { @(@(x)) }", "print @(1)"), "too large"},
		{"functions that double their argument", chain(60, "(x:long) { x + x }", "(x:long) { @(x + x) }", "EmailEvents | project @(UrlCount)"), "too large"},
		{"arguments used twice", chain(60, "(x:string) { strcat(x, x) }", "(x:string) { @(strcat(x, x)) }", "EmailEvents | project @(Subject)"), "too large"},
		{"queries used twice", chain(60, "(x:long) { x + x }", "(x:long) { @(x + x) }", "print @(toscalar(EmailEvents | count))"), "too large"},
		{"functions that join twice", chain(60, "(T:(*)) { union T, T }", "(T:(*)) { union @(T), @(T) }", "EmailEvents | invoke @() | count"), "too large"},
		{"functions of functions", chain(60, "(T:(*)) { union T, T }", "(T:(*)) { @(@(T)) }", "EmailEvents | invoke @() | count"), "too large"},
		{"tables checked and used", chain(60, "(T:(Subject:string)) { union T, T }", "(T:(Subject:string)) { @(@(T)) }", "EmailEvents | invoke @() | count"), "too large"},
		{"views used twice", chain(60, "view () { print x = 1 }", "view () { union @, @ }", "@ | count"), "too large"},
		{"names by as used twice", "print x = 1" + strings.Repeat(" | as T | union T", 60), "too large"},
		{"invoke in a chain", "let f = (T:(*)) { union T, T }; EmailEvents" + strings.Repeat(" | invoke f()", 60), "too large"},
		{"functions in functions", strings.Repeat("let f = () { ", 10_000) + "1" + strings.Repeat(" }; f()", 10_000), "nested more than"},
		{"open functions", strings.Repeat("let f = () { ", 10_000), "nested more than"},
		{"lets in functions", "let f = () { " + strings.Repeat("let a = 1; let b = 1;\n", 1) + manyLets(600) + " 1 }; print f()", "at most 500 let"},
		{"parameters", "let f = (" + strings.Join(numbered("p%d:long", 2000), ", ") + ") { 1 }; print f()", "at most 1000 arguments"},
		{"a long range", "range x from 1 to 9000000000000000000 step 1", "at most 1000000"},
		{"a range over all numbers", "range x from -9223372036854775807 to 9223372036854775807 step 1", "at most 1000000"},
		{"10,000 tables", "union " + strings.Join(numbered("T%d", 10_000), ", "), "at most 1000 tables"},
		{"stars of stars", "union " + strings.Repeat("*, ", 400) + "* | count", "too large"},
		{"10,000 addresses", `externaldata(a:string) [` + strings.Repeat(`"https://x",`, 10_000) + `]`, "at most 20 addresses"},
		{"columns of a datatable", "datatable(" + strings.Join(numbered("c%d:long", 3000), ", ") + ") []", "at most 2000 columns"},
		{"10,000 terms", `search ` + strings.Repeat(`"a" and `, 10_000) + `"b" | where Nope`, "no column 'Nope'"},
		{"deep searches", `search ` + strings.Repeat(`not(`, 10_000) + `"b"`, "nested more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			quickly(t, c.name, func() {
				_, err := compileText(c.src)
				var e *Error
				if !errors.As(err, &e) || !strings.Contains(e.Msg, c.want) {
					t.Errorf("got %.300v; expected an error with %q", err, c.want)
				}
			})
		})
	}
}

func numbered(format string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}

func manyLets(n int) string { return strings.Join(numbered("let v%d = 1; ", n), "") }

// TestLiteralsOfSourcesAreArguments: what a query says in its own tables and searches is not in the SQL.
func TestLiteralsOfSourcesAreArguments(t *testing.T) {
	for _, src := range []string{
		`datatable(['mark-name']:string, b:long, c:datetime, d:dynamic, e:real) ["mark-text", 918273, datetime(2026-03-04), dynamic({"mark-key": 1}), 1.7654321] | where b > 1`,
		`range ['mark-name'] from 918273 to 928273 step 736`,
		`range x from toscalar(print 918273) to 928273 step 736`,
		`externaldata(['mark-name']:string, x:long) ["https://mark.example/mark"] with (format="csv")`,
		`search in (EmailEvents) "mark-one" and Subject:"mark-two" and "mark*three" and UrlCount == 918273`,
		`find withsource=['mark-name'] in (EmailEvents) where "mark-one" project Subject, pack_all()`,
		`let f = (['mark-name']:string = "mark-default", n:long = 918273) { strcat(['mark-name'], n) }; EmailEvents | extend x = f(), y = f("mark-given")`,
		`EmailEvents | as ['mark-name'] | union withsource=['mark-source'] (EmailUrlInfo | as ['mark-other'])`,
		`EmailEvents | getschema | where ColumnName == "mark-name"`,
		`declare query_parameters(['mark-name']:string = "mark-default"); EmailEvents | where Subject == ['mark-name']`,
	} {
		q, err := Parse(src)
		if err != nil {
			t.Errorf("%v\n%s", err, src)
			continue
		}
		st, err := Compile(q, Options{Now: now, External: func(ExternalRef) ([][]any, error) { return [][]any{{"mark-row", "918273"}}, nil }}, DuckDB())
		if err != nil {
			t.Errorf("%v\n%s", err, src)
			continue
		}
		for _, m := range []string{"mark", "918273", "928273", "736", "1.765", "2026"} {
			if strings.Contains(st.SQL, m) {
				t.Errorf("%q is in the SQL of\n%s\n%s", m, src, st.SQL)
			}
		}
	}
}

// TestManyRows: a list of a hundred thousand rows is opened by the store at once, and sent once even when it is used twice.
func TestManyRows(t *testing.T) {
	s := openStore(t)
	rows := make([][]any, 100_000)
	for i := range rows {
		rows[i] = []any{fmt.Sprintf("https://host-%d.example/path", i), json.RawMessage(fmt.Sprint(i))}
	}
	calls := 0
	o := Options{Now: now, External: func(ExternalRef) ([][]any, error) { calls++; return rows, nil }}
	src := `let feed = externaldata(Url:string, n:long) ["https://x"]; feed | where n >= 10 | join kind=inner feed on Url | summarize count(), max(n), dcount(Url)`
	q, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	var st *Statement
	quickly(t, "compiling", func() { st, err = Compile(q, o, DuckDB()) })
	if err != nil {
		t.Fatal(err)
	}
	if calls != 1 {
		t.Errorf("the list was read %d times", calls)
	}
	size := 0
	for _, a := range st.Args {
		if a, ok := a.(string); ok {
			size += len(a)
		}
	}
	if size > 6<<20 {
		t.Errorf("the arguments are %d bytes", size)
	}
	began := time.Now()
	got, err := s.run(st)
	if err != nil || fmt.Sprint(got) != "[[99990 99999 99990]]" {
		t.Errorf("%v %v", got, err)
	}
	t.Logf("%d rows, %d KB, joined in %v", len(rows), size>>10, time.Since(began))

	var b strings.Builder
	b.WriteString("datatable(a:long, b:string) [")
	for i := range 30_000 {
		fmt.Fprintf(&b, "%d, \"value-%d\", ", i, i)
	}
	b.WriteString("] | summarize count(), max(a), dcount(b)")
	_, got, err = s.query(b.String(), Options{})
	if err != nil || fmt.Sprint(got) != "[[30000 29999 30000]]" {
		t.Errorf("%v %v", got, err)
	}
	o.External = func(ExternalRef) ([][]any, error) { return make([][]any, maxRows+1), nil }
	if _, err := Compile(q, o, DuckDB()); err == nil || !strings.Contains(err.Error(), "at most 200000 rows") {
		t.Errorf("too many rows: %v", err)
	}
	big := strings.Repeat("x", 1<<20)
	o.External = func(ExternalRef) ([][]any, error) {
		rows := make([][]any, 70)
		for i := range rows {
			rows[i] = []any{big}
		}
		return rows, nil
	}
	if _, err := Compile(q, o, DuckDB()); err == nil || !strings.Contains(err.Error(), "larger than 64 MB") {
		t.Errorf("too much text: %v", err)
	}
}

// TestRangeOfQueries: the ends of a range may be known only when it runs; a range without end is stopped then.
func TestRangeOfQueries(t *testing.T) {
	s := openStore(t)
	for _, src := range []string{
		"range x from 1 to toscalar(print 5000000) step 1",
		"range x from 1 to 5 step toscalar(print 0)",
		"range x from 1.0 to 5.0 step toscalar(print 0.0)",
	} {
		st, err := compileText(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if _, err := s.run(st); err == nil || !strings.Contains(err.Error(), "range") {
			t.Errorf("%s: %v", src, err)
		}
	}
	if _, got, err := s.query("range x from 1 to toscalar(print long(null)) step 1", Options{}); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

// TestCanonicalSources: the text that functions and tables of a query are printed as.
func TestCanonicalSources(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"let f=(a:string,b:long=3,T2:date=datetime(null)){let x=a;strcat(x,b)};print f('q',b=5)",
			"let f = (a:string, b:long = 3, T2:datetime = datetime(null)) {\n    let x = a;\n    strcat(x, b)\n};\nprint f(\"q\", b = 5)"},
		{"let v=view(){EmailEvents|take 1};let g=(T:(A:string,['b c']:int),U:(*)){T|union U};v|invoke g(EmailUrlInfo)",
			"let v = view () {\n    EmailEvents\n    | take 1\n};\nlet g = (T:(A:string, [\"b c\"]:int), U:(*)) {\n    T\n    | union U\n};\nv\n| invoke g(EmailUrlInfo)"},
		{"set notruncation;set query_now=datetime(2026-05-20);declare query_parameters(a:long=1);print a", "set notruncation;\nset query_now = datetime(2026-05-20T00:00:00Z);\ndeclare query_parameters(a:long = 1);\nprint a"},
		{"datatable(a:string,b:long)['x',1,'y',-2,]|where b>0", "datatable(a:string, b:long) [\"x\", 1, \"y\", -2]\n| where b > 0"},
		{"range x from 1 to 10 step 2|count", "range x from 1 to 10 step 2\n| count"},
		{"externaldata(a:string)[@'https://x' h'?k'] with(format=csv,ignoreFirstRecord=True)", "externaldata(a:string) [h\"https://x?k\"] with (format=csv, ignoreFirstRecord=true)"},
		{"union kind=inner isfuzzy=true withsource=['a b'] Email*,T,(U|take 1)", "union kind=inner withsource=[\"a b\"] isfuzzy=true Email*, T, (U\n    | take 1)"},
		{"search kind=case_sensitive in(A,B*)'x' and(C:'y' or not('z*'))", "search kind=case_sensitive in (A, B*) \"x\" and (C:\"y\" or not(\"z*\"))"},
		{"T|search 'x'|as X|getschema", "T\n| search \"x\"\n| as X\n| getschema"},
		{"find withsource=S in(A,B) where x==1 project y,z:string,pack(*)", "find withsource=S in (A, B) where x == 1 project y, z:string, pack_all()"},
		{"find 'x' project-smart", "find where \"x\""},
	} {
		checkCanonical(t, c.src, c.want)
	}
}

// TestNotes: what was left out is said.
func TestNotes(t *testing.T) {
	st, err := compileText("set notruncation; union isfuzzy=true EmailEvents, Nope, Nada*")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"set notruncation has no effect here", "union leaves out 'Nope', which is not here", "union leaves out 'Nada*', which is not here"}
	if fmt.Sprint(st.Notes) != fmt.Sprint(want) {
		t.Errorf("%q", st.Notes)
	}
}

// TestWithoutLists: where nobody approved a list, externaldata is refused, and what refuses it is shown.
func TestWithoutLists(t *testing.T) {
	q, err := Parse(`externaldata(a:string, b:int) [@"https://x/a.csv", h"https://x/b"] with (format=csv, ignoreFirstRecord=True)`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compile(q, Options{}, DuckDB()); err == nil || !strings.Contains(err.Error(), "line 1, column 1: externaldata reads lists only from addresses that an administrator approved") {
		t.Error(err)
	}
	var asked ExternalRef
	_, err = Compile(q, Options{External: func(ref ExternalRef) ([][]any, error) { asked = ref; return nil, errors.New("x is not approved") }}, DuckDB())
	if err == nil || err.Error() != "line 1, column 32: externaldata: x is not approved" {
		t.Error(err)
	}
	want := ExternalRef{[]string{"https://x/a.csv", "https://x/b"}, []Column{{"a", event.String}, {"b", event.Int}}, "csv", true}
	if fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked %+v", asked)
	}
	checkRoundTrip(t, q)
}
