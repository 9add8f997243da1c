package tracker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/kql"
)

// Asker answers KQL questions over the event store that Tocsin itself writes. Rows are reused.
type Asker interface {
	Ask(ctx context.Context, query string, each func(row []any)) error
}

// Period is what trends compare: its length, how far apart the compared ones begin, how many of those before are looked at, and how many of
// them there must be.
type Period struct {
	Name        string
	Length      time.Duration
	Step        time.Duration
	Past, Least int
}

const day = 24 * time.Hour

// Periods that can be compared. A day is compared with the same day of earlier weeks, because few people send mail on Sundays.
func Periods() []Period {
	return []Period{
		{"day", day, 7 * day, 8, 3},
		{"week", 7 * day, 7 * day, 8, 3},
		{"month", 28 * day, 28 * day, 6, 3},
	}
}

// PeriodNamed returns the period; week when there is none with the name.
func PeriodNamed(name string) Period {
	all := Periods()
	if i := slices.IndexFunc(all, func(p Period) bool { return p.Name == name }); i >= 0 {
		return all[i]
	}
	return all[1]
}

// dimension is what trends are looked for in: the values of a column.
type dimension struct {
	key, title string
	table      string
	where      string // beyond the range; ""
	column     string
	label      string // column with a name for people; ""
	list       bool   // the column holds several values as "a, b"
}

var dimensions = []dimension{
	{key: "families", title: "Threats by name", table: "EmailEvents", column: "ThreatNames", list: true},
	{key: "campaigns", title: "Campaigns", table: "CampaignInfo", column: "CampaignId", label: "CampaignName"},
	{key: "technologies", title: "Techniques: what found it", table: "EmailEvents", column: "LatestDetectionTechnologies", list: true},
	{key: "signals", title: "Techniques: heaviest signal", table: "EmailEvents", where: "isnotempty(ThreatTypes)", column: "FirstSignal"},
	{key: "senders", title: "Sender domains", table: "EmailEvents", where: `EmailDirection == "Inbound"`, column: "SenderFromDomain"},
	{key: "files", title: "File types", table: "EmailAttachmentInfo", column: "FileType"},
}

// question is the query whose rows are the events of one value.
func (d *dimension) question(value string) string {
	out := d.table
	if d.where != "" {
		out += "\n| where " + d.where
	}
	if d.list {
		// "has" would find "File detonation" in "File detonation reputation" too.
		return out + fmt.Sprintf("\n| where strcat(\", \", %s, \", \") contains_cs %s", d.column, kql.Quote(", "+value+", "))
	}
	return out + fmt.Sprintf("\n| where %s == %s", d.column, kql.Quote(value))
}

// counts are the operators that count events by Value, and by Bucket with step > 0; buckets end at to.
func (d *dimension) counts(from, to time.Time, values []string, step time.Duration) string {
	var b strings.Builder
	b.WriteString(d.table + "\n" + timeRange(from, to))
	if d.where != "" {
		b.WriteString("\n| where " + d.where)
	}
	fmt.Fprintf(&b, "\n| where isnotempty(%s)", d.column)
	bucket := ""
	if step > 0 {
		bucket = fmt.Sprintf(", Bucket = bin_at(Timestamp, %ds, %s)", int64(step/time.Second), datetime(to))
	}
	if d.list {
		fmt.Fprintf(&b, "\n| summarize Events = count() by Listed = %s%s\n| mv-expand Value = split(Listed, \", \") to typeof(string)", d.column, bucket)
	} else {
		fmt.Fprintf(&b, "\n| extend Value = %s", d.column)
	}
	if values != nil {
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = kql.Quote(v)
		}
		b.WriteString("\n| where Value in (" + strings.Join(quoted, ", ") + ")")
	}
	count := "count()"
	if d.list {
		count = "sum(Events)"
	}
	fmt.Fprintf(&b, "\n| summarize Events = %s", count)
	if d.label != "" && step == 0 {
		fmt.Fprintf(&b, ", Label = take_any(%s)", d.label)
	}
	b.WriteString(" by Value")
	if bucket != "" && d.list {
		b.WriteString(", Bucket")
	} else {
		b.WriteString(bucket)
	}
	return b.String()
}

// Trend is one value and what became of it.
type Trend struct {
	Value string
	Label string // for people; Value when there is no other name
	Arithmetic
	New      bool // it was in none of the periods before, nor between them
	Question Question
}

// Group is the trends of one dimension: new ones first, then those that grew, the least likely first.
type Group struct {
	Key, Title string
	Trends     []Trend
	Compared   int    // values that were looked at
	Most       bool   // there were more values than are looked at
	KQL        string // of the counts now
}

// Span is a range of time: [From, To).
type Span struct{ From, To time.Time }

// Trends is the answer.
type Trends struct {
	Period   Period
	Now      Span
	Past     []Span // that were compared with, oldest first
	Empty    int    // periods before that are left out because no mail at all is there
	Oldest   time.Time
	All      Arithmetic // all email events
	Enough   bool       // there are enough periods before to say anything
	Say      string     // what is missing; "" when Enough
	Groups   []Group
	Counting Question // all email events now
}

// maxValues is how many values of one dimension are compared, the most frequent first.
const maxValues = 300

// Trending compares the period that ends at the last full hour with those before it.
func Trending(ctx context.Context, a Asker, p Period, now time.Time) (*Trends, error) {
	to := now.UTC().Truncate(time.Hour)
	t := &Trends{Period: p, Now: Span{to.Add(-p.Length), to}}
	var err error
	if t.Counting, err = Ask("EmailEvents", t.Now.From, t.Now.To); err != nil {
		return nil, err
	}
	if err := t.history(ctx, a); err != nil {
		return nil, err
	}
	for i := range dimensions {
		d := &dimensions[i]
		g := Group{Key: d.key, Title: d.title, Trends: []Trend{}}
		if t.Enough {
			if err := t.compare(ctx, a, d, &g); err != nil {
				return nil, err
			}
		}
		t.Groups = append(t.Groups, g)
	}
	return t, nil
}

// start is where the i-th period before begins; 0 is now.
func (t *Trends) start(i int) time.Time { return t.Now.From.Add(-time.Duration(i) * t.Period.Step) }

// width of the buckets that counts are asked in: periods and what is between them are whole buckets.
func (t *Trends) width() time.Duration { return min(t.Period.Length, t.Period.Step) }

// history finds out which periods before can be compared with: those that the store covers whole and that hold mail.
func (t *Trends) history(ctx context.Context, a Asker) error {
	err := a.Ask(ctx, "EmailEvents\n| summarize Events = count(), Oldest = min(Timestamp)", func(row []any) {
		if n, _ := row[0].(int64); n > 0 {
			t.Oldest, _ = row[1].(time.Time)
		}
	})
	if err != nil {
		return err
	}
	all := map[time.Time]int64{}
	query := fmt.Sprintf("EmailEvents\n%s\n| summarize Events = count() by Bucket = bin_at(Timestamp, %ds, %s)", timeRange(t.start(t.Period.Past), t.Now.To), int64(t.width()/time.Second), datetime(t.Now.To))
	if err := a.Ask(ctx, query, func(row []any) {
		at, _ := row[0].(time.Time)
		n, _ := row[1].(int64)
		all[at.UTC()] += n
	}); err != nil {
		return err
	}
	var past []int64
	covered := 0
	for i := t.Period.Past; i >= 1; i-- {
		from := t.start(i)
		if t.Oldest.IsZero() || t.Oldest.After(from) {
			continue
		}
		covered++
		if all[from] == 0 {
			t.Empty++
			continue
		}
		t.Past = append(t.Past, Span{from, from.Add(t.Period.Length)})
		past = append(past, all[from])
	}
	t.All = Compare(all[t.Now.From], past)
	t.Enough = len(past) >= t.Period.Least
	t.Say = t.missing(covered)
	return nil
}

// missing says what there is too little of.
func (t *Trends) missing(covered int) string {
	need := int((t.Period.Length + time.Duration(t.Period.Least)*t.Period.Step) / day)
	switch {
	case t.Enough:
		return ""
	case t.Oldest.IsZero():
		return fmt.Sprintf("There is no mail yet. What is new can be said once there are %d days of it.", need)
	case covered >= t.Period.Least:
		return fmt.Sprintf("Of the %d periods before, %d hold no mail at all, and %d are needed to compare with.", covered, t.Empty, t.Period.Least)
	}
	have := int(t.Now.To.Sub(t.Oldest) / day)
	return fmt.Sprintf("There are %d days of mail, and %d are needed: what is new or grows is said against at least %d earlier periods.", max(have, 0), need, t.Period.Least)
}

// compare fills the trends of one dimension.
func (t *Trends) compare(ctx context.Context, a Asker, d *dimension, g *Group) error {
	query := d.counts(t.Now.From, t.Now.To, nil, 0) + fmt.Sprintf("\n| where Events >= %d\n| sort by Events desc, Value asc\n| take %d", minNew, maxValues+1)
	g.KQL = query
	type value struct {
		now   int64
		label string
		past  map[time.Time]int64
		sum   int64
	}
	values := map[string]*value{}
	var names []string
	if err := a.Ask(ctx, query, func(row []any) {
		if len(names) == maxValues {
			g.Most = true
			return
		}
		name, _ := row[0].(string)
		v := &value{label: name, past: map[time.Time]int64{}}
		v.now, _ = row[1].(int64)
		if len(row) > 2 {
			if label, _ := row[2].(string); label != "" {
				v.label = label
			}
		}
		values[name], names = v, append(names, name)
	}); err != nil {
		return err
	}
	g.Compared = len(names)
	if len(names) == 0 {
		return nil
	}
	if err := a.Ask(ctx, d.counts(t.start(t.Period.Past), t.Now.From, names, t.width()), func(row []any) {
		name, _ := row[0].(string)
		at, _ := row[1].(time.Time)
		n, _ := row[2].(int64)
		if v := values[name]; v != nil {
			v.past[at.UTC()] += n
			v.sum += n
		}
	}); err != nil {
		return err
	}
	for _, name := range names {
		v := values[name]
		past := make([]int64, len(t.Past))
		for i, p := range t.Past {
			past[i] = v.past[p.From]
		}
		trend := Trend{Value: name, Label: v.label, Arithmetic: Compare(v.now, past), New: v.sum == 0}
		if !trend.New && !trend.Grown() {
			continue
		}
		var err error
		if trend.Question, err = Ask(d.question(name), t.Now.From, t.Now.To); err != nil {
			return err
		}
		g.Trends = append(g.Trends, trend)
	}
	slices.SortStableFunc(g.Trends, func(x, y Trend) int {
		if x.New != y.New {
			if x.New {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(x.Chance, y.Chance), cmp.Compare(y.Count, x.Count), strings.Compare(x.Value, y.Value))
	})
	return nil
}
