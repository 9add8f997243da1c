package kql

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/event"
)

// TestOptimisedIsPlain: on random queries over random rows the optimised compilation and the plain one, which moves no
// condition and derives no range, give the same rows. store.query compares them.
func TestOptimisedIsPlain(t *testing.T) {
	s := openStore(t)
	ids := fillStore(s)
	ran := 0
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{t: t, ids: ids}
		src := w.query(3)
		q, err := Parse(src)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		checkRoundTrip(t, q)
		if _, _, err := s.query(src, Options{From: w.from(), To: w.to()}); err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		ran++
	})
	if ran == 0 {
		t.Error("no query ran")
	}
}

// fillStore gives the store rows whose message ids carry their time, and returns the ids.
func fillStore(s *store) []string {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"", "a", "b", "A", "a b", "x-1"}
	pick := func() string { return words[r.IntN(len(words))] }
	var ids []string
	for i := range 8 {
		at := now.Add(-time.Duration(r.IntN(72)) * time.Hour).Add(time.Duration(r.IntN(1000)) * time.Millisecond)
		id := fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", at.UnixMilli()>>16, at.UnixMilli()&0xffff, i, i, i)
		ids = append(ids, id)
		stamp := at.Format("2006-01-02 15:04:05.000")
		later := any(nil)
		if r.IntN(2) == 0 {
			later = stamp
		}
		for range 1 + r.IntN(2) {
			s.exec(`INSERT INTO "EmailEvents" (Timestamp, NetworkMessageId, Subject, SenderFromDomain, UrlCount, EmailSize, IsFirstContact, LastEventExecutionTime, "To") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				stamp, id, pick(), pick(), r.IntN(4), r.IntN(3)*1000, r.IntN(2) == 0, later, `["a","b"]`)
		}
		for range r.IntN(3) {
			s.exec(`INSERT INTO "EmailUrlInfo" (Timestamp, NetworkMessageId, Url, UrlDomain) VALUES (?, ?, ?, ?)`, stamp, id, pick(), pick())
		}
		// A click comes after its message.
		s.exec(`INSERT INTO "UrlClickEvents" (Timestamp, NetworkMessageId, Url, IsClickedThrough) VALUES (?, ?, ?, ?)`, at.Add(time.Hour).Format("2006-01-02 15:04:05.000"), id, pick(), r.IntN(2) == 0)
	}
	return ids
}

// writer writes random queries that have one answer: what a limit or an arbitrary choice may pick is left out.
type writer struct {
	t    *rapid.T
	ids  []string
	cols []writerCol // of the table so far
	n    int
	// joins, unions and sub-queries so far: with many of them rows multiply beyond what a test can wait for.
	joins int
}

type writerCol struct {
	name string
	typ  event.Type
}

func (w *writer) oneOf(words ...string) string { return rapid.SampledFrom(words).Draw(w.t, "word") }
func (w *writer) below(n int) int              { return rapid.IntRange(0, n-1).Draw(w.t, "n") }
func (w *writer) id() string                   { return Quote(rapid.SampledFrom(w.ids).Draw(w.t, "id")) }
func (w *writer) fresh() string                { w.n++; return fmt.Sprintf("n%d", w.n) }

func (w *writer) from() time.Time {
	if w.below(4) == 0 {
		return now.Add(-40 * time.Hour)
	}
	return time.Time{}
}

func (w *writer) to() time.Time {
	if w.below(4) == 0 {
		return now.Add(-10 * time.Hour)
	}
	return time.Time{}
}

func (w *writer) source() string {
	switch w.below(3) {
	case 0:
		w.cols = []writerCol{{"Timestamp", event.Datetime}, {"NetworkMessageId", event.String}, {"Url", event.String}, {"UrlDomain", event.String}}
		return "EmailUrlInfo | project Timestamp, NetworkMessageId, Url, UrlDomain"
	case 1:
		w.cols = []writerCol{{"Timestamp", event.Datetime}, {"NetworkMessageId", event.String}, {"Url", event.String}, {"IsClickedThrough", event.Bool}}
		return "UrlClickEvents | project Timestamp, NetworkMessageId, Url, IsClickedThrough"
	}
	w.cols = []writerCol{{"Timestamp", event.Datetime}, {"NetworkMessageId", event.String}, {"Subject", event.String}, {"SenderFromDomain", event.String},
		{"UrlCount", event.Int}, {"EmailSize", event.Long}, {"IsFirstContact", event.Bool}, {"LastEventExecutionTime", event.Datetime}}
	return "EmailEvents | project Timestamp, NetworkMessageId, Subject, SenderFromDomain, UrlCount, EmailSize, IsFirstContact, LastEventExecutionTime"
}

// query writes a pipeline; depth bounds the queries inside it.
func (w *writer) query(depth int) string {
	out := w.source()
	for range w.below(6) {
		out += "\n| " + w.operator(depth)
	}
	return out
}

// inner writes a query inside another and gives back its columns.
func (w *writer) inner(depth int) (string, []writerCol) {
	w.joins++
	outer := w.cols
	src := w.query(depth - 1)
	cols := w.cols
	w.cols = outer
	return src, cols
}

func (w *writer) operator(depth int) string {
	most := 15
	if depth == 0 || w.joins == 4 {
		most = 8
	}
	switch w.below(most) {
	case 0, 1, 2:
		return "where " + w.condition(2, depth)
	case 3:
		name := w.fresh()
		x, typ := w.value()
		w.cols = append(slices.Clone(w.cols), writerCol{name, typ})
		return "extend " + name + " = " + x
	case 4:
		return w.summarize()
	case 5:
		// With every column a key, equal rows are all that a limit can choose between.
		var keys []string
		for _, c := range w.cols {
			keys = append(keys, c.name+w.oneOf(" asc", " desc", " asc nulls last", " desc nulls first", ""))
		}
		return "sort by " + strings.Join(keys, ", ") + " | take " + w.oneOf("0", "1", "3", "100")
	case 6:
		return "distinct " + w.list()
	case 7:
		x := w.pick(event.String)
		if x == "" {
			return "where true"
		}
		name := w.fresh()
		w.cols = append(slices.Clone(w.cols), writerCol{name, event.String})
		return fmt.Sprintf("mv-expand %s = split(%s, \" \") to typeof(string)", name, x)
	case 8:
		src, cols := w.inner(depth)
		if !slices.Equal(cols, w.cols) {
			return "where true"
		}
		return "union (" + src + ")"
	case 9, 10, 11:
		return w.rowOperator()
	}
	return w.join(depth)
}

func (w *writer) list() string {
	var out []string
	var cols []writerCol
	for _, c := range w.cols {
		if w.below(2) == 0 || len(cols) == 0 {
			out, cols = append(out, c.name), append(cols, c)
		}
	}
	w.cols = cols
	return strings.Join(out, ", ")
}

func (w *writer) join(depth int) string {
	src, right := w.inner(depth)
	var keys []string
	for _, c := range w.cols {
		if slices.Contains(right, c) && c.typ == event.String {
			keys = append(keys, c.name)
		}
	}
	if len(keys) == 0 {
		return "where true"
	}
	key := w.oneOf(keys...)
	if slices.Contains(keys, "NetworkMessageId") && w.below(2) == 0 {
		key = "NetworkMessageId" // whose time narrows the other side
	}
	kind := w.oneOf("inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti")
	var cols []writerCol
	switch {
	case strings.HasPrefix(kind, "right") && kind != "rightouter":
		cols = right
	case kind == "leftsemi" || kind == "leftanti":
		cols = w.cols
	default:
		cols = slices.Clone(w.cols)
		// Of the right side only what has a name of its own is used later.
		for _, c := range right {
			if !slices.ContainsFunc(cols, func(have writerCol) bool { return have.name == c.name }) {
				cols = append(cols, c)
			}
		}
	}
	w.cols = cols
	var names []string
	for _, c := range cols {
		names = append(names, c.name)
	}
	return fmt.Sprintf("join kind=%s (%s) on %s | project %s", kind, src, key, strings.Join(names, ", "))
}

func (w *writer) summarize() string {
	by := ""
	var cols []writerCol
	if w.below(3) > 0 {
		by = " by " + w.list()
		cols = w.cols
	}
	name := w.fresh()
	typ := event.Long
	agg := "count()"
	if s := w.pick(event.String); s != "" && w.below(2) == 0 {
		agg = w.oneOf("dcount(@)", "strcat_array(make_set(@), \",\")", "max(@)", "countif(@ has \"a\")", "dcountif(@, @ != \"\")")
		if strings.HasPrefix(agg, "str") || strings.HasPrefix(agg, "max") {
			typ = event.String
		}
		agg = strings.ReplaceAll(agg, "@", s)
	} else if d := w.pick(event.Datetime); d != "" && w.below(2) == 0 {
		agg, typ = w.oneOf("min(", "max(")+d+")", event.Datetime
	}
	w.cols = append(slices.Clone(cols), writerCol{name, typ})
	return "summarize " + name + " = " + agg + by
}

// pick gives the name of a column of a type; "" when there is none.
func (w *writer) pick(types ...event.Type) string {
	var names []string
	for _, c := range w.cols {
		if slices.Contains(types, c.typ) {
			names = append(names, c.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return w.oneOf(names...)
}

func (w *writer) value() (string, event.Type) {
	c := rapid.SampledFrom(w.cols).Draw(w.t, "column")
	switch c.typ {
	case event.String:
		form := w.oneOf("toupper(@)", "strcat(@, \"x\")", "tostring(split(@, \"-\")[0])", "iff(isempty(@), \"none\", @)", "@", "coalesce(@, \"z\")", "substring(@, 1)")
		return strings.ReplaceAll(form, "@", c.name), event.String
	case event.Datetime:
		return strings.ReplaceAll(w.oneOf("bin(@, 1d)", "startofday(@)", "@ + 1h"), "@", c.name), event.Datetime
	case event.Int, event.Long:
		return w.oneOf("3 - ", "2 * ", "7 % ", "10 / ") + c.name, event.Long
	}
	return "not(" + c.name + ")", event.Bool
}

func (w *writer) condition(depth, queries int) string {
	if depth > 0 && w.below(3) == 0 {
		op := w.oneOf(" and ", " or ")
		return "(" + w.condition(depth-1, queries) + op + w.condition(depth-1, queries) + ")"
	}
	if depth > 0 && w.below(5) == 0 {
		return "not(" + w.condition(depth-1, queries) + ")"
	}
	c := rapid.SampledFrom(w.cols).Draw(w.t, "column")
	x := c.name
	switch c.typ {
	case event.String:
		if x == "NetworkMessageId" && w.below(2) == 0 {
			switch w.below(4) {
			case 0:
				return x + " == " + w.id()
			case 1:
				return x + w.oneOf(" in (", " in~ (", " !in (") + w.id() + ", " + w.id() + ")"
			case 2:
				return w.id() + " =~ " + x
			}
			return x + " == " + w.oneOf(`"none"`, `"01900000-0000-7000-8000-000000000000"`)
		}
		if queries > 0 && w.joins < 4 && w.below(6) == 0 {
			src, cols := w.inner(queries)
			for _, c := range cols {
				if c.typ == event.String {
					return fmt.Sprintf("%s %s (%s | project %s)", x, w.oneOf("in", "!in", "in~", "has_any"), src, c.name)
				}
			}
		}
		return x + w.oneOf(" == ", " != ", " =~ ", " has ", " !has ", " contains ", " startswith ", " !endswith ") + w.oneOf(`""`, `"a"`, `"A"`, `"b"`, `"x"`, x)
	case event.Datetime:
		return w.oneOf(x+" > ago(20h)", x+" <= ago(30h)", "isnull("+x+")", x+" between (ago(50h) .. 1d)", x+" != datetime(2026-05-20)", x+" == "+x)
	case event.Int, event.Long:
		return x + w.oneOf(" > 1", " == 0", " != 2", " in (1, 2)", " !in (0)", " between (1 .. 2)", " < 1.5")
	}
	return w.oneOf(x, "not("+x+")", x+" == true", x+" != true")
}
