package hunt

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tocsin/internal/event"
	"tocsin/internal/kql"
)

const (
	sampleValues = 8
	sampleLength = 80 // characters; a longer value would be no help in choosing
	sampleDays   = 30
	sampleLife   = time.Minute
	sampleTime   = 10 * time.Second
)

// Samples answers with values that a column has, for whoever writes a query. An answer is kept for a minute. It is safe for
// concurrent use; of several who ask for the same only one asks the store.
type Samples struct {
	store Store
	now   func() time.Time

	mu   sync.Mutex
	kept map[[2]string]*sample // by table and column: as many as the schema has
}

type sample struct {
	mu     sync.Mutex
	at     time.Time
	values []string
}

// NewSamples returns Samples over s.
func NewSamples(s Store, now func() time.Time) *Samples {
	return &Samples{store: s, now: now, kept: map[[2]string]*sample{}}
}

// Values returns up to 8 short values of the last 30 days, most common first; none for columns that are no text, number or truth.
// content says that whoever asks may read columns that quote messages.
func (s *Samples) Values(ctx context.Context, table, column string, content bool) ([]string, error) {
	t, ok := event.TableNamed(table)
	if !ok {
		return nil, inputError("table", "there is no table %q", table)
	}
	c, ok := t.Column(column)
	if !ok {
		return nil, inputError("column", "%s has no column %q", table, column)
	}
	if why := withheld(c); why != "" && !content {
		return nil, &Withheld{why}
	}
	switch {
	case !t.Collected:
		return nil, nil
	case c.Field == nil && c.Const != "":
		return []string{c.Const}, nil
	case c.Field == nil, c.Type == event.Datetime, c.Type == event.Dynamic, c.Type == event.Timespan:
		return nil, nil
	}
	s.mu.Lock()
	k := s.kept[[2]string{table, column}]
	if k == nil {
		k = &sample{}
		s.kept[[2]string{table, column}] = k
	}
	s.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := s.now(); k.at.IsZero() || now.Sub(k.at) >= sampleLife {
		values, err := s.ask(ctx, t, c)
		if err != nil {
			return nil, err
		}
		k.at, k.values = now, values
	}
	return k.values, nil
}

// Withheld refuses a column to who may not read messages.
type Withheld struct{ Why string }

func (e *Withheld) Error() string { return e.Why }

func (s *Samples) ask(ctx context.Context, t *event.Table, c *event.Column) ([]string, error) {
	each := "| extend v = tostring(" + c.Name + ")"
	if c.List {
		each = "| mv-expand v = split(" + c.Name + `, ", ") to typeof(string)`
	}
	q, err := kql.Parse(fmt.Sprintf(`%s | where Timestamp > ago(%dd) %s | where isnotempty(v) and strlen(v) <= %d | summarize n = count() by v | sort by n desc, v asc | take %d | project v`,
		t.Name, sampleDays, each, sampleLength, sampleValues))
	if err != nil {
		return nil, fmt.Errorf("samples: %v", err) // not whoever asks wrote this query
	}
	stmt, err := kql.Compile(q, kql.Options{Now: s.now()}, s.store.Dialect())
	if err != nil {
		return nil, fmt.Errorf("samples: %v", err) // not whoever asks wrote this query
	}
	ctx, done := context.WithTimeout(ctx, sampleTime)
	defer done()
	var out []string
	err = s.store.Query(ctx, stmt, func(row []any) error {
		out = append(out, kql.Text(row[0]))
		return nil
	})
	return out, err
}
