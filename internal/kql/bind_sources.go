package kql

import (
	"math"
	"strings"
	"time"

	"tocsin/internal/event"
)

// ExternalRef is what externaldata asks for.
type ExternalRef struct {
	URIs      []string
	Columns   []Column
	Format    string // as written, such as "csv"; "": by the name of the file
	SkipFirst bool   // the first record of each file is a headline
}

const (
	maxURIs  = 20
	maxCells = 2_000_000 // values of a list from elsewhere
	maxData  = 64 << 20  // bytes of all tables of constants of one query
)

// made binds a table that is neither a pipeline nor a name.
func (b *binder) made(x Expr) *relation {
	switch x := x.(type) {
	case *DataTable:
		return b.dataTable(x)
	case *Range:
		return b.rangeTable(x)
	case *ExternalData:
		return b.externalData(x)
	case *SearchSource:
		return b.search(nil, x.Search)
	case *Find:
		return b.findRows(x)
	case *Wildcard:
		fail(x.Span, "a name with stars stands for several tables; it can stand only in union, search and find")
	case *Call:
		m := b.find(x.Name)
		switch {
		case m.lambda() != nil && b.meansTable(m):
			return b.callTable(x, m, nil)
		case m == nil && x.Name == "table":
			return b.tableCalled(x)
		case m == nil && !builtin(x.Name):
			b.noFunction(x)
		}
	case *Member:
		if elsewhere(x) != "" {
			b.noFunction(x)
		}
	}
	fail(x.Pos(), "expected a table or a query, this is a single value")
	return nil
}

// tableMeant binds a name that is no table of the schema.
func (b *binder) tableMeant(x *Name, m *meaning) *relation {
	if !b.meansTable(m) {
		fail(x.Span, "'%s' is a single value; a table is needed here", x.Name)
	}
	var rel *relation
	switch {
	case m.table != nil:
		rel = b.useTable(m.table)
		rel.name = ""
		if p, ok := m.table.x.(*Pipe); ok && m.table.columns == nil && p != nil {
			rel.name = x.Name
		}
	case m.lambda() != nil:
		rel = b.callTable(&Call{Span: x.Span, Name: x.Name}, m, nil)
		rel.name = x.Name
	default:
		b.under(m.before, func() { rel = b.table(m.let.X) })
		rel.name = ""
	}
	return rel
}

// tableCalled binds table("EmailEvents"). What a let names so is not meant.
func (b *binder) tableCalled(x *Call) *relation {
	if len(x.Args) < 1 || len(x.Args) > 2 || x.Names != nil {
		fail(x.Span, "table takes the name of a table: table(\"EmailEvents\")")
	}
	name := b.constantText(x.Args[0], "the name of a table")
	t := &Name{Span: x.Args[0].Pos(), Name: name}
	var rel *relation
	b.under(nil, func() { rel = b.tableNamed(t) })
	return rel
}

// constantText is the text that x is known to be.
func (b *binder) constantText(x Expr, what string) string {
	if c, ok := b.scalar(x, &scope{}).(*constant); ok && c.typ == event.String {
		return c.value.(string)
	}
	fail(x.Pos(), "expected %s in quotes", what)
	return ""
}

func (b *binder) dataTable(x *DataTable) *relation {
	names, types := split2(x.Columns)
	r := b.sets[x]
	if r == nil {
		r = newRowSet(types)
		row, literal := make([]any, len(types)), true
		for i, v := range x.Values {
			var c *constant
			if l, ok := v.(*Literal); ok {
				c = &constant{l.Type, l.Value}
			} else {
				literal = false
				if c, ok = b.scalar(v, &scope{}).(*constant); !ok {
					fail(v.Pos(), "a datatable holds constants; compute other values behind it: | extend ...")
				}
			}
			at := i % len(types)
			value, ok := cellOf(c, types[at])
			if !ok {
				fail(v.Pos(), "the column '%s' holds %s, this is %s", names[at], article(types[at]), article(c.typ))
			}
			if row[at] = value; at == len(types)-1 {
				r.add(row...)
			}
		}
		b.keep(x, x.Span, r, literal)
	}
	return b.constants(x.Span, names, r)
}

// keep counts the rows' size, and remembers them for the next use of x where that gives the same rows.
func (b *binder) keep(x Expr, at Span, r *rowSet, again bool) {
	for i := range r.cols {
		b.bytes += len(r.text(i))
	}
	if b.bytes > maxData {
		fail(at, "the tables of constants in this query are larger than %d MB together", maxData>>20)
	}
	if again {
		if b.sets == nil {
			b.sets = map[Expr]*rowSet{}
		}
		b.sets[x] = r
	}
}

func split2(list []Declared) (names []string, types []event.Type) {
	for _, d := range list {
		names, types = append(names, d.Name), append(types, d.Type)
	}
	return names, types
}

func (b *binder) rangeTable(x *Range) *relation {
	s := &series{from: b.scalar(x.From, &scope{}), to: b.scalar(x.To, &scope{}), step: b.scalar(x.Step, &scope{})}
	a, z, d := s.from.typeOf(), s.to.typeOf(), s.step.typeOf()
	var typ event.Type
	switch {
	case integer(a) && integer(z) && integer(d):
		typ = event.Long
	case numeric(a) && numeric(z) && numeric(d):
		typ = event.Real
	case a == z && d == event.Timespan && (a == event.Datetime || a == event.Timespan):
		typ = a
	default:
		fail(x.Span, "range goes from a number to a number by a number, or over datetimes or timespans by a timespan; this is from %s to %s by %s", article(a), article(z), article(d))
	}
	if numeric(typ) {
		s.from, s.to, s.step = convert(s.from, typ), convert(s.to, typ), convert(s.step, typ)
	}
	if n, ok := s.rows(); ok {
		if math.IsNaN(n) {
			fail(x.Step.Pos(), "the step of range is not zero")
		}
		if n > maxRange {
			fail(x.Span, "range would give %.0f rows; at most %d", n, maxRange)
		}
	}
	s.col = &column{typ: typ}
	return &relation{plan: b.add(x.Span, s), fields: []field{{x.Name, s.col}}}
}

// rows counts the rows of a range between constants; NaN without a step.
func (s *series) rows() (float64, bool) {
	var v [3]float64
	for i, x := range []scalar{s.from, s.to, s.step} {
		c, ok := x.(*constant)
		if !ok || c.value == nil {
			return 0, false
		}
		switch k := c.value.(type) {
		case int64:
			v[i] = float64(k)
		case float64:
			v[i] = k
		case time.Time:
			v[i] = float64(k.UnixMicro()) * 10
		}
	}
	if v[2] == 0 {
		return math.NaN(), true
	}
	return max(0, math.Floor((v[1]-v[0])/v[2])+1), true
}

func (b *binder) externalData(x *ExternalData) *relation {
	names, types := split2(x.Columns)
	r := b.sets[x]
	if r == nil {
		ref := b.externalRef(x)
		if b.opts.External == nil {
			fail(x.Span, "externaldata reads lists only from addresses that an administrator approved, and none is approved here")
		}
		rows, err := b.opts.External(ref)
		if err != nil {
			fail(x.URIs[0].Pos(), "externaldata: %v", err)
		}
		if len(rows) > maxRows {
			fail(x.Span, "externaldata reads at most %d rows, these are %d", maxRows, len(rows))
		}
		if len(rows)*len(types) > maxCells {
			fail(x.Span, "externaldata reads at most %d values; name fewer columns", maxCells)
		}
		r = newRowSet(types)
		for _, in := range rows {
			row := make([]any, len(types))
			for i, t := range types {
				var v any
				if i < len(in) {
					v = in[i]
				}
				row[i] = readCell(v, t)
			}
			r.add(row...)
		}
		literal := true
		for _, u := range x.URIs {
			_, isLiteral := u.(*Literal)
			literal = literal && isLiteral
		}
		b.keep(x, x.Span, r, literal)
	}
	return b.constants(x.Span, names, r)
}

func (b *binder) externalRef(x *ExternalData) ExternalRef {
	ref := ExternalRef{}
	for _, u := range x.URIs {
		ref.URIs = append(ref.URIs, b.constantText(u, "an address"))
	}
	for _, d := range x.Columns {
		ref.Columns = append(ref.Columns, Column{d.Name, d.Type})
	}
	for _, p := range x.With {
		value := ""
		switch v := p.X.(type) {
		case *Name:
			value = v.Name
		default:
			if c, ok := b.scalar(p.X, &scope{}).(*constant); ok && c.value != nil {
				value = literalText(&Literal{Type: c.typ, Value: c.value})
				if s, isText := c.value.(string); isText {
					value = s
				}
			}
		}
		switch strings.ToLower(p.Name) {
		case "format":
			ref.Format = strings.ToLower(value)
		case "ignorefirstrecord":
			if ref.SkipFirst = strings.EqualFold(value, "true"); !ref.SkipFirst && !strings.EqualFold(value, "false") {
				fail(p.Span, "ignoreFirstRecord is true or false")
			}
		default:
			fail(p.Span, "externaldata has no property '%s' here; there are format and ignoreFirstRecord", p.Name)
		}
	}
	return ref
}

func (b *binder) getSchema(rel *relation, op *GetSchema) *relation {
	stored := map[event.Type]string{
		event.String: "System.String", event.Datetime: "System.DateTime", event.Bool: "System.SByte", event.Int: "System.Int32",
		event.Long: "System.Int64", event.Real: "System.Double", event.Timespan: "System.TimeSpan", event.Dynamic: "System.Object",
	}
	r := newRowSet([]event.Type{event.String, event.Long, event.String, event.String})
	for i, f := range rel.fields {
		r.add(f.name, int64(i), stored[f.col.typ], string(f.col.typ))
	}
	return b.constants(op.Span, []string{"ColumnName", "ColumnOrdinal", "DataType", "ColumnType"}, r)
}

// options applies set statements.
func (b *binder) options(sets []Property) {
	for _, s := range sets {
		switch s.Name {
		case "query_now":
			var c *constant
			if s.X != nil {
				c, _ = b.scalar(s.X, &scope{}).(*constant)
			}
			if c == nil || c.typ != event.Datetime || c.value == nil {
				fail(s.Span, "set query_now needs a datetime: set query_now = datetime(2026-05-20)")
			}
			b.opts.Now = c.value.(time.Time)
		case "notruncation", "norequesttimeout", "servertimeout", "truncationmaxsize", "truncationmaxrecords", "maxmemoryconsumptionperiterator",
			"max_memory_consumption_per_query_per_node", "query_results_cache_max_age", "query_results_cache_force_refresh", "query_fanout_nodes_percent",
			"query_fanout_threads_percent", "materialized_view_shuffle", "request_description", "request_app_name", "querytrace", "query_datascope":
			b.notes = append(b.notes, "set "+s.Name+" has no effect here")
		default:
			fail(s.Span, "the option '%s' is not supported; set knows query_now", s.Name)
		}
	}
}
