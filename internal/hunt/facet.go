package hunt

import (
	"context"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

// Facet is the commonest (or rarest) values of one column. Counts are email events. A column that lists several values in
// one text counts an event once for each of them.
type Facet struct {
	Answer
	Field    string       `json:"field"`
	Values   []ValueCount `json:"values"`
	Distinct int64        `json:"distinct"` // different values in all
}

// ValueCount is one value of a facet, "" for events that have none.
type ValueCount struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// MaxFacetValues is the most values that one facet returns.
const MaxFacetValues = 1000

// Facet returns the limit (1 to MaxFacetValues; 0: 10) top or rarest values of a column for the mail of r. Equal counts are
// in the order of the values.
func (x *Explorer) Facet(ctx context.Context, r Request, field string, rare bool, limit int) (*Facet, error) {
	started := time.Now()
	if limit == 0 {
		limit = 10
	}
	if limit < 0 || limit > MaxFacetValues {
		return nil, inputError("limit", "must be 1 to %d, not %d", MaxFacetValues, limit)
	}
	col, err := facetColumn("field", field)
	if err != nil {
		return nil, err
	}
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	counts, err := countBy(base, col, 0)
	if err != nil {
		return nil, err
	}
	f := &Facet{Field: field}
	shown, err := topQuery(counts, limit, !rare)
	if err != nil {
		return nil, err
	}
	f.KQL = shown.String()
	if f.Values, err = x.valueCounts(ctx, shown); err != nil {
		return nil, err
	}
	f.Distinct = int64(len(f.Values))
	if len(f.Values) == limit { // there may be more
		q, err := pipe(counts, "| count")
		if err != nil {
			return nil, err
		}
		n, err := x.numbers(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(n) == 1 {
			f.Distinct = n[0]
		}
	}
	f.TookMS = time.Since(started).Milliseconds()
	return f, nil
}

// facetColumn returns a column that can be grouped by.
func facetColumn(param, name string) (*event.Column, error) {
	c, err := column(param, name)
	if err != nil {
		return nil, err
	}
	if !c.Facet && c.Type != event.Bool {
		return nil, inputError(param, "%s has too many values to group by; explorer/fields lists the columns with facet", name)
	}
	return c, nil
}

// valueOf is the KQL of a column's value as text.
func valueOf(col *event.Column) string {
	if col.Type == event.String {
		return col.Name
	}
	return "tostring(" + col.Name + ")"
}

// countBy counts the events of q by the values of col, and by bucket of time unless step is 0: columns Value, [Bucket,]
// Events. Lists are counted as they stand before they are taken apart, since there are few different ones.
func countBy(q *kql.Query, col *event.Column, step time.Duration) (*kql.Query, error) {
	bucket, again := "", ""
	if step > 0 {
		bucket, again = ", Bucket = bin(Timestamp, "+timespan(step)+")", ", Bucket"
	}
	if !col.List {
		return pipe(q, "| summarize Events = count() by Value = %s%s", valueOf(col), bucket)
	}
	return pipe(q, `| summarize Events = count() by Listed = %s%s
| mv-expand Value = split(Listed, ", ") to typeof(string)
| summarize Events = sum(Events) by Value%s`, col.Name, bucket, again)
}

// topQuery keeps the n commonest (or rarest) of counts.
func topQuery(counts *kql.Query, n int, most bool) (*kql.Query, error) {
	order := "desc"
	if !most {
		order = "asc"
	}
	return pipe(counts, "| sort by Events %s, Value asc | take %d | project Value, Events", order, n)
}

func (x *Explorer) valueCounts(ctx context.Context, q *kql.Query) ([]ValueCount, error) {
	out := []ValueCount{}
	err := x.run(ctx, q, func(row []any) error {
		out = append(out, ValueCount{kql.Text(row[0]), kql.Integer(row[1])})
		return nil
	})
	return out, err
}

// Count is how much mail a request is about.
type Count struct {
	Answer
	Events    int64 `json:"events"`
	Mailboxes int64 `json:"mailboxes"` // different recipients
	Messages  int64 `json:"messages"`  // different messages; an estimate when Estimated
	Estimated bool  `json:"messages_estimated,omitempty"`
}

// exactMessages is the number of events up to which messages are counted one by one. Beyond it, remembering every id would
// cost gigabytes, and an estimate (about 1 % off) has to do.
const exactMessages = 2_000_000

// Count counts the events, mailboxes and messages of r.
func (x *Explorer) Count(ctx context.Context, r Request) (*Count, error) {
	started := time.Now()
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	q, err := pipe(base, "| summarize Events = count(), Mailboxes = count_distinct(RecipientEmailAddress)")
	if err != nil {
		return nil, err
	}
	n, err := x.numbers(ctx, q)
	if err != nil {
		return nil, err
	}
	c := &Count{Answer: Answer{KQL: q.String()}}
	if len(n) == 2 {
		c.Events, c.Mailboxes = n[0], n[1]
	}
	c.Estimated = c.Events > exactMessages
	function := "count_distinct"
	if c.Estimated {
		function = "dcount"
	}
	if q, err = pipe(base, "| summarize Messages = %s(NetworkMessageId)", function); err != nil {
		return nil, err
	}
	if n, err = x.numbers(ctx, q); err != nil {
		return nil, err
	}
	if len(n) == 1 {
		c.Messages = n[0]
	}
	c.TookMS = time.Since(started).Milliseconds()
	return c, nil
}

// Mailboxes counts the different recipients of r.
func (x *Explorer) Mailboxes(ctx context.Context, r Request) (int64, error) {
	base, err := x.base(r)
	if err != nil {
		return 0, err
	}
	q, err := pipe(base, "| summarize Mailboxes = count_distinct(RecipientEmailAddress)")
	if err != nil {
		return 0, err
	}
	n, err := x.numbers(ctx, q)
	if err != nil || len(n) != 1 {
		return 0, err
	}
	return n[0], nil
}

// Value is the head of the menu of a value: how much of the request's mail has it.
type Value struct {
	Answer
	Field     string `json:"field"`
	Value     string `json:"value"`
	Events    int64  `json:"events"`
	Total     int64  `json:"total"`     // events of the request, with and without the value
	Mailboxes int64  `json:"mailboxes"` // different recipients of mail with the value
}

// Value counts the mail of r that has value in field, which may be any column.
func (x *Explorer) Value(ctx context.Context, r Request, field, value string) (*Value, error) {
	started := time.Now()
	match, err := r.having(field, value)
	if err != nil {
		return nil, err
	}
	base, err := x.base(r)
	if err != nil {
		return nil, err
	}
	q, err := pipe(base, "| summarize Events = countif(%s), Total = count(), Mailboxes = dcountif(RecipientEmailAddress, %s)", match, match)
	if err != nil {
		return nil, err
	}
	n, err := x.numbers(ctx, q)
	if err != nil {
		return nil, err
	}
	v := &Value{Answer: Answer{KQL: q.String()}, Field: field, Value: value}
	if len(n) == 3 {
		v.Events, v.Total, v.Mailboxes = n[0], n[1], n[2]
	}
	v.TookMS = time.Since(started).Milliseconds()
	return v, nil
}

// having is the condition that a row has a value in a field.
func (r Request) having(field, value string) (string, error) {
	if field == campaignField.Name {
		return mailOfCampaign(value), nil
	}
	col, err := r.column("field", field)
	switch {
	case err != nil:
		return "", err
	case col.List:
		return "strcat(\", \", " + field + ", \", \") contains_cs " + kql.Quote(", "+value+", "), nil
	case col.Type == event.String:
		return field + " == " + kql.Quote(value), nil
	}
	return "tostring(" + field + ") == " + kql.Quote(value), nil
}
