package kql

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/event"
)

func filters(t *testing.T, src string) (Filters, bool) {
	t.Helper()
	q, err := Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return q.Filters()
}

func TestFilters(t *testing.T) {
	p := func(column string, op PredicateOp, values ...string) Predicate {
		return Predicate{Column: column, Op: op, Values: values}
	}
	for _, c := range []struct {
		where string
		want  []Predicate
		rest  []string
	}{
		{`Subject == "a"`, []Predicate{p("Subject", Is, "a")}, nil},
		{`Subject != "a"`, []Predicate{p("Subject", IsNot, "a")}, nil},
		{`Subject in ("a", "b")`, []Predicate{p("Subject", Is, "a", "b")}, nil},
		{`Subject !in ("a", "b")`, []Predicate{p("Subject", IsNot, "a", "b")}, nil},
		{`Subject contains "a"`, []Predicate{p("Subject", Contains, "a")}, nil},
		{`Subject !contains "a"`, []Predicate{p("Subject", NotContains, "a")}, nil},
		{`Subject contains "a" or Subject contains "b"`, []Predicate{p("Subject", Contains, "a", "b")}, nil},
		{`not(Subject startswith "a" or Subject startswith "b")`, []Predicate{p("Subject", NotStartsWith, "a", "b")}, nil},
		{`isempty(Subject)`, []Predicate{p("Subject", NotExists)}, nil},
		{`isnotempty(Subject) and isnotnull(UrlCount)`, []Predicate{p("Subject", Exists), p("UrlCount", Exists)}, nil},
		{`UrlCount > 5 and UrlCount <= 7`, []Predicate{p("UrlCount", Greater, "5"), p("UrlCount", LessEqual, "7")}, nil},
		{`EmailClusterId == -3`, []Predicate{p("EmailClusterId", Is, "-3")}, nil},
		{`Timestamp >= datetime(2026-05-20 10:00)`, []Predicate{p("Timestamp", GreaterEqual, "2026-05-20T10:00:00Z")}, nil},
		{`IsFirstContact == true`, []Predicate{p("IsFirstContact", Is, "true")}, nil},
		{`ipv4_is_in_range(SenderIPv4, "10.0.0.0/8")`, []Predicate{p("SenderIPv4", InNetwork, "10.0.0.0/8")}, nil},
		{`ThreatTypes has "Phish" and ThreatTypes !has "Spam"`, []Predicate{p("ThreatTypes", Is, "Phish"), p("ThreatTypes", IsNot, "Spam")}, nil},
		{`ThreatTypes has_any ("Phish", "Spam")`, []Predicate{p("ThreatTypes", Is, "Phish", "Spam")}, nil},
		{`not(To has_any ("a", "b"))`, []Predicate{p("To", IsNot, "a", "b")}, nil},
		{`ThreatTypes == ""`, []Predicate{p("ThreatTypes", Is, "")}, nil},

		// What is no chip stays a condition.
		{`Subject == "a" and UrlCount > AttachmentCount`, []Predicate{p("Subject", Is, "a")}, []string{"UrlCount > AttachmentCount"}},
		{`Subject == "a" or UrlCount == 1`, nil, []string{`(Subject == "a" or UrlCount == 1)`}},
		{`ThreatTypes == "Phish"`, nil, []string{`ThreatTypes == "Phish"`}},
		{`Subject has "a"`, nil, []string{`Subject has "a"`}},
		{`Subject =~ "a"`, nil, []string{`Subject =~ "a"`}},
		{`Subject in ("a")`, nil, []string{`Subject in ("a")`}},
		{`Timestamp > ago(1d)`, nil, []string{"Timestamp > ago(1d)"}},
		{`Nope == "a"`, nil, []string{`Nope == "a"`}},
		{`not(Subject == "a")`, nil, []string{`not(Subject == "a")`}},
		{`ipv4_is_in_range(SenderIPv4, "::/0")`, nil, []string{`ipv4_is_in_range(SenderIPv4, "::/0")`}},
		{`Subject == h"a"`, nil, []string{`Subject == h"a"`}},
	} {
		src := "EmailEvents | where " + c.where
		f, ok := filters(t, src)
		if !ok || f.Table != "EmailEvents" {
			t.Errorf("%s: no filter", src)
			continue
		}
		if !slices.EqualFunc(f.Predicates, c.want, samePredicate) || !slices.Equal(f.Rest, c.rest) {
			t.Errorf("%s: got %+v\nexpected %+v %q", src, f, c.want, c.rest)
		}
		for _, p := range f.Predicates {
			if at := src[p.Span.Start:p.Span.End]; at == "" || !strings.Contains(src, at) {
				t.Errorf("%s: predicate %v stands at %q", src, p, at)
			}
		}
	}
	for _, src := range []string{
		"EmailEvents | take 5", "EmailEvents | where true | count", "print x = 1", "let a = 1; EmailEvents | where UrlCount == a",
		"union EmailEvents, EmailUrlInfo", "(EmailEvents | where true) | where true", "Nope | where true",
	} {
		if f, ok := filters(t, src); ok {
			t.Errorf("%s is taken for a filter: %+v", src, f)
		}
	}
	if f, ok := filters(t, "EmailUrlInfo"); !ok || f.Table != "EmailUrlInfo" || len(f.Predicates)+len(f.Rest) > 0 {
		t.Errorf("a table alone: %+v %v", f, ok)
	}
}

func samePredicate(a, b Predicate) bool {
	return a.Column == b.Column && a.Op == b.Op && slices.Equal(a.Values, b.Values)
}

// TestPredicatesRoundTrip: chips written as KQL are read back as the same chips, whatever their values hold.
func TestPredicatesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.SampledFrom(event.Tables()).Draw(t, "table")
		want := rapid.SliceOfN(predicateOf(table), 0, 5).Draw(t, "predicates")
		src, err := FromPredicates(table.Name, want)
		if err != nil {
			t.Fatalf("%+v: %v", want, err)
		}
		q, err := Parse(src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		f, ok := q.Filters()
		if !ok || f.Table != table.Name || len(f.Rest) > 0 || !slices.EqualFunc(f.Predicates, want, samePredicate) {
			t.Fatalf("%+v\nbecame\n%s\nwhich is read as\n%+v", want, src, f)
		}
		if q.String() != src {
			t.Fatalf("not canonical: %s\n%s", src, q)
		}
		st, err := Compile(q, Options{Now: now}, DuckDB())
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		// A value of five characters or more can't be in the SQL by chance.
		for _, p := range want {
			for _, v := range p.Values {
				if len(v) >= 5 && !strings.Contains(" 10.0.0.0/8 false", v) && strings.Contains(st.SQL, v) {
					t.Fatalf("%q of %s is in the SQL:\n%s", v, src, st.SQL)
				}
			}
		}
	})
}

// hostile are values that try to be more than values.
var hostile = []string{
	`" | take 1`, `' or '1'='1`, `"); DROP TABLE "EmailEvents"; --`, "a\n| where true", `\`, `\"`, `"`, `'`, "\x00", "\u202e\u2066", "``` ~~~",
	"// comment", "%_%", "$1", "?", "{{x}}", "𝒜", "é\u0301", " ", "\r\n\t",
}

// chips lists the operators that a column offers.
func chips(c *event.Column) []PredicateOp {
	out := []PredicateOp{Is, IsNot}
	switch c.Type {
	case event.String, event.Dynamic:
		out = append(out, Contains, NotContains, StartsWith, NotStartsWith, Exists, NotExists)
		if c.IP {
			out = append(out, InNetwork)
		}
	case event.Bool:
	default:
		out = append(out, Greater, Less, GreaterEqual, LessEqual, Exists, NotExists)
	}
	return out
}

func predicateOf(table *event.Table) *rapid.Generator[Predicate] {
	return rapid.Custom(func(t *rapid.T) Predicate {
		i := rapid.IntRange(0, len(table.Columns)-1).Draw(t, "column")
		c := &table.Columns[i]
		p := Predicate{Column: c.Name, Op: rapid.SampledFrom(chips(c)).Draw(t, "op")}
		least, most := 1, 3
		switch p.Op {
		case Exists, NotExists:
			return p
		case Greater, Less, GreaterEqual, LessEqual:
			most = 1
		}
		n := rapid.IntRange(least, most).Draw(t, "n")
		for range n {
			p.Values = append(p.Values, valueFor(t, c, p.Op, n))
		}
		return p
	})
}

func valueFor(t *rapid.T, c *event.Column, op PredicateOp, n int) string {
	switch c.Type {
	case event.Bool:
		return strconv.FormatBool(rapid.Bool().Draw(t, "bool"))
	case event.Int, event.Long:
		return strconv.FormatInt(rapid.Int64().Draw(t, "long"), 10)
	case event.Datetime:
		us := rapid.Int64Range(-62135596800_000000, 253402300799_999999).Draw(t, "time")
		return time.UnixMicro(us).UTC().Format(time.RFC3339Nano)
	}
	if op == InNetwork {
		return rapid.SampledFrom([]string{"10.0.0.0/8", "192.168.1.0/24", "1.2.3.4/32", "0.0.0.0/0"}).Draw(t, "network")
	}
	s := rapid.OneOf(rapid.String(), rapid.SampledFrom(hostile)).Draw(t, "text")
	if s == "" && terms(c) && (n > 1 || c.Type == event.Dynamic || op != Is && op != IsNot) {
		return "x" // a list holds no empty value
	}
	return s
}

// TestHostileValues: what a value holds stays a value, all the way to the rows.
func TestHostileValues(t *testing.T) {
	s := openStore(t)
	insert := func(subject string) {
		s.exec(`INSERT INTO "EmailEvents" (Subject, UrlCount) VALUES (?, 1)`, subject)
	}
	for _, v := range hostile {
		if v != "\x00" { // the store keeps no NUL
			insert(v)
		}
	}
	insert("harmless")
	for _, v := range hostile {
		for _, op := range []PredicateOp{Is, Contains, StartsWith} {
			src, err := FromPredicates("EmailEvents", []Predicate{{Column: "Subject", Op: op, Values: []string{v}}})
			if err != nil {
				t.Fatal(err)
			}
			q, err := Parse(src + "\n| project Subject")
			if err != nil {
				t.Fatalf("%q: %v", v, err)
			}
			st, err := Compile(q, Options{}, DuckDB())
			if err != nil {
				t.Fatal(err)
			}
			rows, err := s.run(st)
			if err != nil {
				t.Fatalf("%q: %v", v, err)
			}
			want := 0
			for _, h := range append(slices.Clone(hostile), "harmless") {
				switch {
				case h == "\x00":
				case op == Is && h == v, op == Contains && strings.Contains(foldText(h), foldText(v)), op == StartsWith && strings.HasPrefix(foldText(h), foldText(v)):
					want++
				}
			}
			if len(rows) != want {
				t.Errorf("Subject %s %q finds %q, expected %d rows", op, v, rows, want)
			}
		}
	}
}

func TestFromPredicatesErrors(t *testing.T) {
	raw := func(text string) Predicate { return Predicate{Op: Raw, Text: text} }
	for _, c := range []struct {
		table string
		p     Predicate
		want  string
	}{
		{"Nope", Predicate{}, "no table"},
		{"EmailEvents", Predicate{Column: "Nope", Op: Is, Values: []string{"a"}}, "no column"},
		{"EmailEvents", Predicate{Column: "Subject | take 1", Op: Is, Values: []string{"a"}}, "no column"},
		{"EmailEvents", Predicate{Column: "Subject", Op: Is}, "needs a value"},
		{"EmailEvents", Predicate{Column: "Subject", Op: Exists, Values: []string{"a"}}, "takes no value"},
		{"EmailEvents", Predicate{Column: "Subject", Op: Greater, Values: []string{"a"}}, "no order"},
		{"EmailEvents", Predicate{Column: "Subject", Op: "near", Values: []string{"a"}}, "no filter"},
		{"EmailEvents", Predicate{Column: "UrlCount", Op: Is, Values: []string{"1 or true"}}, "not an int"},
		{"EmailEvents", Predicate{Column: "UrlCount", Op: Contains, Values: []string{"1"}}, "is for text"},
		{"EmailEvents", Predicate{Column: "UrlCount", Op: Greater, Values: []string{"1", "2"}}, "takes one value"},
		{"EmailEvents", Predicate{Column: "UrlCount", Op: InNetwork, Values: []string{"10.0.0.0/8"}}, ""},
		{"EmailEvents", Predicate{Column: "IsFirstContact", Op: Is, Values: []string{"maybe"}}, "not a bool"},
		{"EmailEvents", Predicate{Column: "IsFirstContact", Op: Is, Values: []string{"1"}}, "not a bool"},
		{"EmailEvents", Predicate{Column: "Timestamp", Op: Less, Values: []string{"soon"}}, "not a datetime"},
		{"EmailEvents", Predicate{Column: "SenderIPv4", Op: InNetwork, Values: []string{"10.0.0.0"}}, "not an IPv4 network"},
		{"EmailEvents", Predicate{Column: "ThreatTypes", Op: Is, Values: []string{"Phish", ""}}, "empty value"},
		{"EmailEvents", raw(""), "expected an expression"},
		{"EmailEvents", raw("true | take 1"), "more than a condition"},
		{"EmailEvents", raw("true) or (true"), "unexpected"},
		{"EmailEvents", raw("true; EmailUrlInfo"), "unexpected"},
		{"EmailEvents", raw("\"a"), "not closed"},
	} {
		src, err := FromPredicates(c.table, []Predicate{c.p})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %q %v; expected an error with %q", c.p, src, err, c.want)
		}
	}
	src, err := FromPredicates("EmailEvents", []Predicate{raw("UrlCount > 1 or true // c"), {Column: "Subject", Op: Is, Values: []string{"a"}}, raw("Subject has 'x'")})
	want := "EmailEvents\n| where UrlCount > 1 or true\n| where Subject == \"a\"\n| where Subject has \"x\""
	if err != nil || src != want {
		t.Errorf("got %q %v", src, err)
	}
}

// TestFiltersOfQueries: every filter of the data files keeps its meaning when it is taken apart and put together.
func TestFiltersOfQueries(t *testing.T) {
	n := 0
	for name, src := range dataQueries(t) {
		q, err := Parse(src)
		if err != nil {
			continue
		}
		// Only the leading where operators: most queries do something with what they have found.
		body := *asPipe(q.tree.Body)
		for i, op := range body.Ops {
			if _, ok := op.(*Where); !ok {
				body.Ops = body.Ops[:i]
				break
			}
		}
		f, ok := (&Query{src: src, tree: &Tree{Body: &body}}).Filters()
		if !ok || len(f.Predicates)+len(f.Rest) == 0 {
			continue
		}
		n++
		ps := f.Predicates
		for _, r := range f.Rest {
			ps = append(ps, Predicate{Op: Raw, Text: r})
		}
		again, err := FromPredicates(f.Table, ps)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		g, ok := filters(t, again)
		if !ok || !slices.EqualFunc(f.Predicates, g.Predicates, samePredicate) || !reflect.DeepEqual(f.Rest, g.Rest) {
			t.Errorf("%s: %s\n%s\n%+v", name, src, again, fmt.Sprint(g))
		}
	}
	if n < 30 {
		t.Errorf("only %d filters in the data files", n)
	}
}
