package kql

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"tocsin/internal/event"
)

// literals of q as they would look in SQL, if one got there.
func literalMarks(q *Query) []string {
	var out []string
	for _, t := range lex(q.src, 0) {
		if t.kind != tLiteral || t.lit.Value == nil {
			continue
		}
		switch v := t.lit.Value.(type) {
		case string:
			out = append(out, v)
		case int64:
			out = append(out, fmt.Sprint(v))
		case float64:
			out = append(out, fmt.Sprint(v), realText(v))
		case time.Time:
			out = append(out, fmt.Sprint(v.UnixMicro()), v.Format("2006-01-02"))
		}
	}
	return out
}

// TestLiteralsAreArguments: no literal of a query is in its SQL. Those that are long enough not to be there by chance are
// looked for, and the queries below use every place where a literal may stand.
func TestLiteralsAreArguments(t *testing.T) {
	queries := map[string]string{}
	for i, src := range []string{
		`EmailEvents | where Subject == S or Subject != S or Subject =~ S or Subject has S or Subject !has_cs S or Subject contains S`,
		`EmailEvents | where Subject startswith S or Subject endswith_cs S or Subject hasprefix S or Subject hassuffix S or Subject matches regex "mark.{777}er"`,
		`EmailEvents | where Subject in (S, "second-marker") or Subject in~ (S) or Subject has_any (S, "x") or Subject has_all (dynamic(["dynamic-marker"]))`,
		`EmailEvents | where UrlCount > 918273 or EmailSize between (192837 .. 564738) or EmailSize in (998877, 887766) or UrlCount * 1.7654321 > 2`,
		`EmailEvents | where Timestamp > datetime(2026-03-04 05:06:07.123456) and Timestamp - datetime(2025-03-04) > 7654321s`,
		`EmailEvents | where IsFirstContact == "true" and To has S and To[918273] == S and parse_json(Context)[S].marker == S`,
		`EmailEvents | extend a = S, b = 918273, c = 1.7654321, d = dynamic({"dynamic-marker": [918273, "inner-marker"]}), e = 918273s, f = datetime(2026-03-04)`,
		`EmailEvents | extend a = strcat(S, Subject), b = substring(Subject, 918273, 827364), c = indexof(Subject, S, 918273), d = replace_string(Subject, S, "new-marker"), e = split(Subject, S, 918273)`,
		`EmailEvents | extend a = extract("(mark.{777}er)(x)(y)", 3, Subject), b = replace_regex(Subject, "mark.{777}er", "new-marker"), c = trim("trim-marker", Subject), d = countof(Subject, S), e = countof(Subject, "markmark")`,
		`EmailEvents | extend a = format_datetime(Timestamp, "yyyy:dd_[[[]]]"), b = ipv4_is_in_range(SenderIPv4, "123.231.0.0/16"), c = ipv6_is_in_range(SenderIPv6, "2001:db8:1234::/48"), d = split(Subject, S)[918273]`,
		`EmailEvents | extend a = bag_pack(S, S), b = pack_array(S, 918273), c = strcat_array(To, S), d = round(EmailSize * 1.7654321, 918273), e = bin(EmailSize, 918273), f = bin(Timestamp, 918273s), g = startofday(Timestamp, 918273)`,
		`EmailEvents | summarize make_set(Subject, 918273), make_list(Subject, 827364), percentile(EmailSize, 87.654321), countif(Subject == S), sum(EmailSize * 918273), take_anyif(Subject, Subject has S) by strcat(Subject, S)`,
		`EmailEvents | sort by strcat(Subject, S) asc | take 918273 | top 827364 by EmailSize * 736455`,
		`EmailEvents | mv-expand x = split(Subject, S) limit 918273 | join kind=inner (EmailUrlInfo | where Url has S) on NetworkMessageId | where Url != S`,
		`union withsource=X (print a = S), (print a = "second-marker") | where a in ((EmailUrlInfo | where Url == S | project Url))`,
		`let a = S; let b = 918273; EmailEvents | where Subject == a and UrlCount == b | extend c = iff(Subject == a, a, "other-marker"), d = case(UrlCount == b, a, "else-marker"), e = coalesce(Subject, "none-marker")`,
		`EmailEvents | parse kind=relaxed Subject with * "mark''er" a:long "other-marker" b | parse-kv Subject as (['key-marker']: long) with (pair_delimiter=S, kv_delimiter="kv-marker", quote="'", escape="#")`,
		`EmailEvents | parse-kv Subject as (['key-marker']: long) with (regex="(mark)er-([a-z]{777})")`,
		`EmailEvents | mv-apply x = split(Subject, S) to typeof(string) limit 918273 on (where x != S | top 827364 by x | summarize n = countif(x == "inner-marker"))`,
		`EmailEvents | make-series n = count() default = 918273, s = sum(EmailSize) on UrlCount from 827364 to 918273 step 77654 by a = strcat(Subject, S)`,
		`EmailEvents | top-nested 918273 of Subject by countif(Subject == S), top-nested 827364 of UrlCount with others = int(736455) by sum(UrlCount) | sample 918273`,
		`EmailEvents | sort by Subject | extend a = row_number(918273, Subject == S), b = prev(Subject, 827364, S), c = next(UrlCount, 1, 736455), d = row_cumsum(UrlCount * 918273, Subject == S)`,
		`EmailEvents | project Subject, d = parse_json(Context) | evaluate bag_unpack(d, "prefix-marker") : (*, ["prefix-markerslot-marker"]: string) | evaluate narrow()`,
		`EmailEvents | project Subject, UrlCount, EmailSize | evaluate pivot(Subject, sumif(EmailSize, EmailSize > 918273)) : (UrlCount: int, ["pivot-marker"]: long)`,
		`EmailEvents | evaluate ipv4_lookup((print net = "123.231.0.0/16", x = S), SenderIPv4, net, return_unmatched = true) | partition by x (take 918273)`,
		`EmailEvents | extend a = bag_set_key(bag_pack(S, 1), S, S), b = array_index_of(dynamic(["dynamic-marker"]), S, 918273), c = strrep(S, 918273, S), d = range(918273, 827364), e = replace_strings(Subject, dynamic(["dynamic-marker"]), dynamic(["inner-marker"]))`,
		`EmailEvents | extend a = format_timespan(1h, "hh:mm_[[[]]]"), b = ipv4_is_in_any_range(SenderIPv4, "123.231.0.0/16"), c = datetime_utc_to_local(Timestamp, "America/Argentina/Buenos_Aires"), d = hash(S, 918273), e = extract_json("$.marker[918273]", Subject), f = datetime_add("day", 918273, Timestamp)`,
		`EmailEvents | extend a = extract_all("(mark.{777}er)", Subject), b = indexof_regex(Subject, "mark.{777}er"), c = make_datetime(2026, 3, 4, 5, 6, 7.654321), d = series_fir(To, dynamic([918273])), e = bin_at(EmailSize, 918273, 827364), f = max_of(EmailSize, 918273), g = pow(EmailSize, 1.7654321)`,
		`EmailEvents | summarize make_bag(bag_pack(S, S), 918273), percentiles_array(EmailSize, 87.654321), percentilew(EmailSize, UrlCount, 76.54321), percentilesw_array(EmailSize, UrlCount, dynamic([76.54321])), make_set(To, 918273)`,
		`EmailEvents | where tolong("918273") == UrlCount and todatetime("2026-03-04") < Timestamp and totimespan("1.02:03:04.1234567") > 1h and todouble("1.7654321") > 1`,
	} {
		queries[fmt.Sprint("marker ", i)] = regexp.MustCompile(`\bS\b`).ReplaceAllString(src, `@'mark''"er%'`)
	}
	for name, src := range dataQueries(t) {
		queries[name] = src
	}
	inSQL := regexp.MustCompile(`[^\s]{6,}`)
	compiled := 0
	for name, src := range queries {
		q, err := Parse(src)
		if err != nil {
			if strings.HasPrefix(name, "marker") {
				t.Errorf("%s: %v\n%s", name, err, src)
			}
			continue
		}
		st, err := Compile(q, Options{Now: now, From: now.Add(-time.Hour), To: now, Limit: 918273}, DuckDB())
		if err != nil {
			if strings.HasPrefix(name, "marker") {
				t.Errorf("%s: %v\n%s", name, err, src)
			}
			continue
		}
		compiled++
		for _, m := range literalMarks(q) {
			if inSQL.MatchString(m) && strings.Contains(st.SQL, m) && !known(m) {
				t.Errorf("%s: the literal %q is in the SQL\n%s", name, m, st.SQL)
			}
		}
		if strings.Contains(st.SQL, "918273") || strings.Contains(st.SQL, "mark") {
			t.Errorf("%s: %s", name, st.SQL)
		}
		if strings.Contains(st.SQL, "\x00") {
			t.Errorf("%s: an argument has no number: %q", name, st.SQL)
		}
	}
	if compiled < 250 {
		t.Errorf("only %d queries compile", compiled)
	}
}

// known tells whether a text of a query is a word that the SQL has in any case: a part of a date, of a URL, or a name of
// the schema. It stands there for another reason.
func known(text string) bool {
	switch text {
	case "36000000000", "600000000", "10000000", "864000000000", // the ticks of an hour, a minute, a second, a day
		"second", "minute", "quarter", "month", "millisecond", "microsecond", "Fragment", "Username", "Password", "Scheme", "Query Parameters":
		return true
	}
	for _, table := range event.Schema() {
		if _, ok := table.Column(text); ok || table.Name == text {
			return true
		}
	}
	return false
}

// quickly fails when f takes longer than any answer to a hostile text should, on a machine that is busy with other things.
// Each takes well under a second by itself; what grows without bound would take hours.
func quickly(t *testing.T, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("%s took %v", what, d)
	}
}

// compileText parses and compiles.
func compileText(src string) (*Statement, error) {
	q, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return Compile(q, Options{Now: now}, DuckDB())
}

// TestLimits: what is too much is refused, soon, with an *Error that says so.
func TestLimits(t *testing.T) {
	rep := strings.Repeat
	numbered := func(format, sep string, n int) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = strings.ReplaceAll(format, "#", fmt.Sprint(i))
		}
		return strings.Join(parts, sep)
	}
	lets := func(n int, first, next string) string {
		out := "let a0 = " + first + ";\n"
		for i := 1; i < n; i++ {
			out += fmt.Sprintf("let a%d = %s;\n", i, strings.ReplaceAll(next, "@", fmt.Sprintf("a%d", i-1)))
		}
		return out
	}
	for _, c := range []struct{ name, src, want string }{
		{"10,000 brackets", "print " + rep("(", 10_000) + "1" + rep(")", 10_000), "nested more than"},
		{"10,000 open brackets", "print " + rep("(", 10_000), "nested more than"},
		{"10,000 calls", "print " + rep("not(", 10_000) + "true" + rep(")", 10_000), "nested more than"},
		{"10,000 signs", "print x = " + rep("- ", 10_000) + "1", "nested more than"},
		{"10,000 queries", rep("(", 10_000) + "EmailEvents" + rep(" | take 1)", 10_000), "nested more than"},
		{"10,000 unions", rep("union (", 10_000) + "EmailEvents" + rep(")", 10_000), "nested more than"},
		{"10,000 joins", rep("EmailEvents | join (", 10_000) + "EmailEvents" + rep(") on NetworkMessageId", 10_000), "nested more than"},
		{"10,000 arrays", "print dynamic(" + rep("[", 10_000) + rep("]", 10_000) + ")", "nested more than"},
		{"10,000 objects", "print dynamic(" + rep(`{"a":`, 10_000) + "1" + rep("}", 10_000) + ")", "nested more than"},
		{"10,000 steps of a path", "EmailEvents | extend x = To" + rep("[0]", 10_000), "a path has at most"},
		{"10,000 sums", "print 1" + rep("+1", 10_000), "chains at most"},
		{"10,000 operators", "EmailEvents" + rep(" | where true", 10_000), "at most 200 operators"},
		{"10,000 columns", "print " + numbered("x# = #", ", ", 10_000), "at most 2000 columns"},
		{"too many columns in steps", "EmailEvents" + rep(" | extend "+numbered("strcat(Subject, #)", ", ", 500), 5), "at most 2000 columns"},
		{"10,000 arguments", "print strcat(" + numbered("#", ", ", 10_000) + ")", "at most 1000 arguments"},
		{"10,000 lets", lets(10_000, "1", "@"), "at most 500 let"},
		{"doubling values", lets(60, `strlen("a")`, "strcat(@, @)") + "print a59", "too large"},
		{"doubling values in sums", lets(60, `strlen("a")`, "@ + @") + "print a59", "too large"},
		{"doubling tables", lets(60, "EmailEvents", "union @, @") + "a59 | count", "too large"},
		{"doubling joins", lets(60, "EmailEvents | project NetworkMessageId", "@ | join kind=inner @ on NetworkMessageId | project NetworkMessageId") + "a59 | count", "too large"},
		{"growing SQL", "EmailEvents | extend x = " + rep("strlen(Subject) % (1 + ", 60) + "1" + rep(")", 60), "too large"},
		{"17 groupings", "EmailEvents" + rep(" | distinct UrlCount | where UrlCount > 1", 17), "groups what is grouped"},
		{"17 groupings through sub-queries", lets(17, "EmailEvents | distinct UrlCount", "EmailEvents | where UrlCount in (@) | distinct UrlCount") + "a16", "groups what is grouped"},
		{"17 runs of a sub-query", "EmailEvents | project Subject, To" + rep(" | mv-apply x = To on (take 1)", 17), "filters what it has compared"},
		{"9 levels", "EmailEvents | " + numbered("top-nested 1 of x# = UrlCount by n# = count()", ", ", 9), "filters what it has compared"},
		{"10,000 sub-queries", "EmailEvents" + rep(" | mv-apply x = To on (take 1", 10_000) + rep(")", 10_000), "nested more than"},
		{"10,000 parts of a pattern", "EmailEvents | parse Context with " + rep(`"a" * `, 5_000), "a pattern has at most"},
		{"10,000 keys", "EmailEvents | parse-kv Context as (" + numbered("k#:long", ", ", 10_000) + ")", "at most 200 keys"},
		{"a series of seconds of ten years", "EmailEvents | make-series count() on Timestamp from ago(3650d) to now() step 1s", "more than 1048576 values"},
		{"nine questions for columns", "EmailEvents" + rep(" | extend d = parse_json(Context) | evaluate bag_unpack(d)", 9), "depend on the data"},
		{"a megabyte", "print \"" + rep("x", 1<<20) + "\"", "at most"},
		{"not text", "print \"\xff\"", "not valid UTF-8"},
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

// TestWithinLimits: large queries that people do write compile soon, and the store takes them.
func TestWithinLimits(t *testing.T) {
	rep := strings.Repeat
	many := func(n int, format, sep string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(parts, sep)
	}
	s := openStore(t)
	for _, c := range []struct{ name, src string }{
		{"80 brackets", "print x = " + rep("(", 80) + "1" + rep(")", 80)},
		{"100 sums", "EmailEvents | extend x = UrlCount" + rep(" + UrlCount", 99) + " | project x"},
		{"10,000 values", "EmailEvents | where SenderFromDomain in (" + many(10_000, `"domain%d.example"`, ", ") + ") | count"},
		{"2,000 alternatives", "EmailEvents | where " + many(2_000, `Subject == "s%d"`, " or ") + " | count"},
		{"2,000 conditions", "EmailEvents | where " + many(2_000, `Subject != "s%d"`, " and ") + " | count"},
		{"300 terms", "EmailEvents | where Subject has_any (" + many(300, `"term%d"`, ", ") + ") | count"},
		{"200 steps", "EmailEvents | project UrlCount" + rep(" | extend UrlCount = UrlCount + 1 | where UrlCount != 7", 90)},
		{"16 groupings", "EmailEvents | project UrlCount" + rep(" | summarize UrlCount = max(UrlCount) by x = UrlCount", 16)},
		{"10 groupings of each of 9 sub-queries", "EmailEvents | where " + many(9, "UrlCount != %d and UrlCount !in ((EmailEvents"+rep(" | distinct UrlCount", 10)+"))", " and ") + " | count"},
		{"14 runs of a sub-query", "EmailEvents | project Subject, To" + rep(" | mv-apply x = To on (take 1)", 14)},
		{"17 filters by other rows", "EmailEvents | sort by Subject" + rep(" | where Subject != prev(Subject)", 17)},
		{"100 rows before", "EmailEvents | sort by Subject" + rep(" | extend x = prev(Subject)", 100)},
		{"300 series", "EmailEvents | make-series " + many(300, "n%d = count()", ", ") + " on Timestamp step 1d"},
		{"90 columns of a text", "EmailEvents | parse Context with " + many(90, `"a%[1]d" x%[1]d`, " ")},
		{"199 keys of a text", "EmailEvents | parse-kv Context as (" + many(199, "x%d:long", ", ") + ") with (pair_delimiter=',', kv_delimiter='=', quote='\"')"},
		{"199 lists in parallel", "EmailEvents | mv-expand " + many(199, "x%d = To", ", ")},
		{"values of every column", "EmailEvents | evaluate narrow()"},
		{"8 levels", "EmailEvents | " + many(8, "top-nested 1 of x%[1]d = UrlCount by n%[1]d = count()", ", ")},
		{"20 joins", "EmailEvents | project NetworkMessageId" + rep(" | join kind=inner (EmailUrlInfo | project NetworkMessageId) on NetworkMessageId | project NetworkMessageId", 20)},
		{"60 tables", "union " + many(60, "(EmailEvents | where UrlCount == %d)", ", ") + " | count"},
		{"60 fields of a text", `EmailEvents | extend d = parse_json(Context) | project ` + many(60, "f%[1]d = tostring(d.f%[1]d)", ", ")},
		{"deep in steps", "EmailEvents | project x = UrlCount" + rep(" | extend x = "+rep("(x + ", 40)+"1"+rep(")", 40), 60)},
		{"nested iff", "EmailEvents | project x = " + rep(`iff(UrlCount > 1, "a", `, 40) + `"b"` + rep(")", 40)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var st *Statement
			quickly(t, c.name, func() {
				var err error
				if st, err = compileText(c.src); err != nil {
					t.Fatal(err)
				}
			})
			if _, err := s.run(st); err != nil {
				t.Errorf("%.1000v", err)
			}
		})
	}
}

// TestConditionsBehindJoins: moving conditions down a plan takes no more time than reading it.
func TestConditionsBehindJoins(t *testing.T) {
	src := "EmailEvents | project NetworkMessageId, Subject" + strings.Repeat(" | join kind=inner (EmailUrlInfo | project NetworkMessageId) on NetworkMessageId | project-away NetworkMessageId1", 90) +
		" | where " + strings.Repeat(`Subject != "a" and `, 2000) + "true"
	quickly(t, "2,000 conditions behind 90 joins", func() {
		if _, err := compileText(src); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Error(err)
			}
		}
	})
}
