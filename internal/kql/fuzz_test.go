package kql

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// seeds are the queries of the data files, and texts that once broke something.
func seeds(f *testing.F) {
	for _, src := range dataQueries(f) {
		f.Add(src)
	}
	for _, src := range []string{
		"", "|", "print", "print x =", "print ((((1))))", "EmailEvents | where a in (", "print dynamic({\"a\":[1,{\"b\":null}]})", "print \"\\u12", "print 1.", "print 1..2",
		"print a.b[1].c", "print ```", "let", "let x", "let x = ;", "EmailEvents | project-away *1, a*", "print 0x", "print 1e", "print datetime(", "print -", "print h", "print @",
	} {
		f.Add(src)
	}
}

// checkError fails when err is not an *Error that points into the text.
func checkError(t *testing.T, src string, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	if e.Offset < 0 || e.Offset > len(src) || e.Line < 1 || e.Line > strings.Count(src, "\n")+1 || e.Column < 1 || e.Column > len(src)+1 || e.Msg == "" {
		t.Fatalf("an error points nowhere: %+v", e)
	}
}

// FuzzParse: any text is a query or an *Error; a query prints as a text that is the same query.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		q, err := Parse(src)
		if err != nil {
			checkError(t, src, err)
			return
		}
		checkRoundTrip(t, q)
		piped, err := q.Pipe("| take 1")
		if err != nil {
			checkError(t, src, err)
			return
		}
		checkRoundTrip(t, piped)
		if filters, ok := q.Filters(); ok {
			ps := filters.Predicates
			for _, r := range filters.Rest {
				ps = append(ps, Predicate{Op: Raw, Text: r})
			}
			if _, err := FromPredicates(filters.Table, ps); err != nil {
				t.Fatalf("%v of\n%s", err, src)
			}
		}
	})
}

// FuzzCompile: any query becomes SQL that the store accepts, or is an *Error.
func FuzzCompile(f *testing.F) {
	seeds(f)
	s := openStore(f)
	f.Fuzz(func(t *testing.T, src string) {
		q, err := Parse(src)
		if err != nil {
			return
		}
		start := time.Now()
		for _, optimise := range []bool{true, false} {
			st, err := compile(q, Options{Now: now, Limit: 10}, DuckDB(), optimise)
			if err != nil {
				checkError(t, src, err)
				return
			}
			if strings.Contains(st.SQL, "\x00") {
				t.Fatalf("an argument without a number: %q", st.SQL)
			}
			stmt, err := s.db.PrepareContext(context.Background(), st.SQL)
			if err != nil {
				t.Fatalf("%v\n%s", err, st.SQL)
			}
			stmt.Close()
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}
