package kql

import (
	"strings"

	"tocsin/internal/event"
)

// stored are functions that people know from Microsoft's services, with the reason why they are not here.
var stored = map[string]string{
	"_GetWatchlist":       watchlists,
	"_GetWatchlistAlias":  watchlists,
	"FileProfile":         "profiles of files come from Microsoft's cloud",
	"SeenBy":              "devices are not watched here",
	"DeviceFromIP":        "devices are not watched here",
	"AssignedIPAddresses": "devices are not watched here",
}

const watchlists = "watchlists belong to Microsoft Sentinel; put the values into a datatable, or into a list that externaldata may read"

// notHere says why a well-known function is not here, or "".
func notHere(name string) string {
	if why := stored[name]; why != "" {
		return why
	}
	for _, prefix := range []string{"_Im_", "_ASim_"} {
		if strings.HasPrefix(name, prefix) {
			return "the normalising functions belong to Microsoft Sentinel"
		}
	}
	return ""
}

// elsewhere is the word that begins a name in another database or cluster, or "".
func elsewhere(x Expr) string {
	switch x := x.(type) {
	case *Member:
		return elsewhere(x.X)
	case *Index:
		return elsewhere(x.X)
	case *Call:
		switch x.Name {
		case "database", "cluster", "workspace", "app", "resource", "adx", "arg", "external_table", "materialized_view", "stored_query_result":
			return x.Name
		}
	}
	return ""
}

func failElsewhere(x Expr) {
	fail(x.Pos(), "%s() reaches other databases; this installation is one database, so write the name of the table alone", elsewhere(x))
}

// builtin tells whether name is a function of the language that gives a value.
func builtin(name string) bool {
	_, isFunction := functions[name]
	_, isAggregate := aggregates[name]
	if name == "pack_all" || name == "bag_pack_columns" {
		return true
	}
	return isFunction || isAggregate || name == "toscalar" || name == "column_ifexists" || name == "columnifexists" || name == "ingestion_time"
}

// noFunction refuses the call of a function that gives a table and is not here.
func (b *binder) noFunction(x Expr) {
	if elsewhere(x) != "" {
		failElsewhere(x)
	}
	c, ok := x.(*Call)
	if !ok {
		fail(x.Pos(), "expected a table or a query, this is a single value")
	}
	if why := notHere(c.Name); why != "" {
		fail(c.Span, "this installation has no '%s': %s", c.Name, why)
	}
	fail(c.Span, "there is no function '%s' here%s", c.Name, didYouMean(c.Name, b.known()))
}

// rowCall binds functions that look at the table they stand over; nil when x is none.
func (b *binder) rowCall(x *Call, sc *scope) scalar {
	switch x.Name {
	case "toscalar":
		return b.toScalar(x, sc)
	case "column_ifexists", "columnifexists":
		paramKinds(x, "aa")
		if c := b.columnNamed(x, sc); c != nil {
			return &ref{c}
		}
		return b.scalar(x.Args[1], sc)
	case "ingestion_time":
		paramKinds(x, "")
		return b.ingestionTime(x, sc)
	}
	return nil
}

// columnNamed is the column that column_ifexists names, or nil when there is none.
func (b *binder) columnNamed(x *Call, sc *scope) *column {
	name := b.constantText(x.Args[0], "the name of a column")
	if sc.rel == nil {
		return nil
	}
	return sc.rel.lookup(name)
}

// ifExists replaces column_ifexists by what it stands for, so that an automatic name comes from there.
func ifExists(x Expr, sc *scope) Expr {
	c, ok := x.(*Call)
	if !ok || len(c.Args) == 0 {
		return x
	}
	if c.Name == "column_ifexists" || c.Name == "columnifexists" {
		l, ok := c.Args[0].(*Literal)
		if !ok || l.Type != event.String || len(c.Args) != 2 {
			return x
		}
		if name := l.Value.(string); sc.rel != nil && sc.rel.lookup(name) != nil {
			return &Name{Span: c.Span, Name: name}
		}
		return c.Args[1]
	}
	first := ifExists(c.Args[0], sc)
	if first == c.Args[0] {
		return x
	}
	out := *c
	out.Args = append([]Expr{first}, c.Args[1:]...)
	return &out
}

// ingestionTime is the Timestamp of the row in the table that it comes from: rows are stored as soon as what they tell of
// has happened, and no other time is kept.
func (b *binder) ingestionTime(x *Call, sc *scope) scalar {
	if sc.rel != nil {
		for n := sc.rel.plan; n != nil; {
			switch at := n.(type) {
			case *scan:
				if at.time != nil {
					return &ref{at.time}
				}
				n = nil
			case *filter, *compute, *order, *limit, *expand:
				n = at.inputs()[0]
			default:
				n = nil
			}
		}
	}
	fail(x.Span, "ingestion_time() is known only in rows that come from one table as they are; use Timestamp")
	return nil
}
