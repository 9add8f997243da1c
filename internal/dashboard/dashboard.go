// Package dashboard answers what the first page shows: figures about the mail of a range of time, what needs a person now, and
// findings with what to do about them.
//
// Every figure about mail is a question in KQL over the event store, and says which; where it counts email events it is one condition over
// EmailEvents, a measure, and carries the state of Explorer that shows the same mail, so that the number can be opened. Questions are few and
// wide: mail with threats is grouped once by the columns that measures look at, and all measures of all widgets are sums over these groups.
// Nothing is kept between two answers, so no figure is older than its question.
//
// What is not in the event store (actions, submissions, incidents, policy, rules) comes through small interfaces; a figure of it
// carries the page that lists the same. This package knows no SQL.
package dashboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

const (
	// Longest is the longest range of time.
	Longest = 90 * 24 * time.Hour
	// Usual is the range of whoever names none.
	Usual = 7 * 24 * time.Hour

	atOnce = 2 // questions of one answer that run at the same time
	turns  = 4 // of all answers
)

// Options are what a Dashboard is made of. What is nil is not asked: its figures are left out, and gaps say so where that matters.
type Options struct {
	Store  hunt.Store
	Now    func() time.Time // default time.Now
	Known  func(ctx context.Context) (Known, error)
	People People
	Desk   Desk
	Alerts Alerts
	Triage time.Duration // how long a reported message may wait; 0: not measured
	Log    *slog.Logger

	Posture func(ctx context.Context) (Posture, error)
	DMARC   func(ctx context.Context, domain string) (policy string, err error) // what a domain publishes, "" for nothing; nil: DNS is not asked
}

// People is the directory of the organisation.
type People interface {
	// Members are the addresses, aliases included, of the people who are in both a department and a group; "" asks for neither.
	Members(department, group string) []string
	// Name is what a person is called, "" when the directory does not know the address.
	Name(address string) string
}

// Known is what an installation knows of its own eyes.
type Known struct {
	Oldest, Newest time.Time
	Pending        int64 // messages that are accepted and not judged
	GeoIP          bool
	Files          bool // an engine looks into files: antivirus or a sandbox
	Sources        []Source
}

// Source is a way in which mail comes.
type Source struct {
	Name      string
	Listening bool // it is set up and waits for mail
	Failed    bool
	Last      time.Time // of the newest mail; zero: none
}

// Dashboard answers. It is safe for concurrent use.
type Dashboard struct {
	opt      Options
	turns    chan struct{}
	policies policies
}

// New returns a Dashboard.
func New(o Options) *Dashboard {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Dashboard{opt: o, turns: make(chan struct{}, turns)}
}

// Ask is what somebody wants to see.
type Ask struct {
	Widgets  []string // keys; empty: all
	From, To time.Time
	Filter   Filter
	May      Sight
}

// Sight is what whoever asks may see beside mail.
type Sight struct{ Actions, Reports, Incidents, Quarantine, Policy, Rules, Content bool }

// Filter narrows the figures to some recipients. Empty fields do not.
type Filter struct {
	Department string `json:"department,omitempty" maxLength:"200" doc:"Of the directory"`
	Group      string `json:"group,omitempty" maxLength:"200" doc:"Of the directory"`
	Domain     string `json:"domain,omitempty" maxLength:"253" doc:"Of recipients"`
}

// WrongError says what of an Ask cannot be.
type WrongError struct {
	Field string
	Say   string
}

func (e *WrongError) Error() string { return e.Field + ": " + e.Say }

// answering is one answer being made. Its parts write to their own widget; mu guards the rest.
type answering struct {
	*Dashboard
	scope
	may     Sight
	known   Known
	posture Posture

	rulesOnce sync.Once
	rules     []ruleCount
	rulesErr  error
	ruleFrom  time.Time // from when on mail was looked at for them

	mu  sync.Mutex
	out *Board
}

// Board answers an Ask.
func (d *Dashboard) Board(ctx context.Context, a Ask) (*Board, error) {
	began := time.Now()
	if len(a.Widgets) == 0 {
		a.Widgets = Widgets()
	}
	for _, w := range a.Widgets {
		if !slices.Contains(Widgets(), w) {
			return nil, &WrongError{"widgets", fmt.Sprintf("there is no widget %q", w)}
		}
	}
	sc, err := d.scope(a.From, a.To, a.Filter)
	if err != nil {
		return nil, err
	}
	x := &answering{Dashboard: d, scope: sc, may: a.May, out: &Board{From: sc.from, To: sc.to, PreviousFrom: sc.before, AsOf: sc.now, Failed: []Failure{}}}
	if err := x.look(ctx); err != nil {
		return nil, err
	}
	if err := x.answer(ctx, a.Widgets); err != nil {
		return nil, err
	}
	x.finish()
	slices.SortFunc(x.out.Failed, func(a, b Failure) int { return cmp.Compare(a.Widget, b.Widget) })
	x.out.TookMS = time.Since(began).Milliseconds()
	return x.out, nil
}

// part is a piece of work that fills one or more widgets.
type part struct {
	widgets []string // that fail with it
	fill    func(ctx context.Context) error
}

// answer runs the parts that the widgets need. A part that fails takes its widgets with it and nothing else; only the end of ctx ends all.
func (x *answering) answer(ctx context.Context, widgets []string) error {
	g := new(errgroup.Group)
	g.SetLimit(atOnce)
	for _, p := range x.parts(widgets) {
		g.Go(func() error {
			err := p.fill(ctx)
			if err == nil {
				return nil
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			x.opt.Log.Warn("dashboard", "widgets", p.widgets, "err", err)
			x.mu.Lock()
			defer x.mu.Unlock()
			for _, w := range p.widgets {
				x.drop(w)
				x.out.Failed = append(x.out.Failed, Failure{w, failed(err)})
			}
			return nil
		})
	}
	return g.Wait()
}

// failed is why a widget is missing, without a word about the inside.
func failed(err error) string {
	if errors.Is(err, hunt.ErrMemory) {
		return "There was not enough memory for this question. Choose a shorter range of time."
	}
	return "It could not be computed. The server's log says why; try again."
}

// rows asks a question and calls each for every row of the answer.
func (d *Dashboard) rows(ctx context.Context, text string, each func(row []any)) error {
	q, err := kql.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	stmt, err := kql.Compile(q, kql.Options{Now: d.opt.Now()}, d.opt.Store.Dialect())
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	select {
	case d.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turns }()
	return d.opt.Store.Query(ctx, stmt, func(row []any) error {
		each(row)
		return nil
	})
}

// tidy is a query in canonical text, as Explorer and Hunting write it. A query of this package that does not parse is a bug here.
func tidy(text string) string {
	q, err := kql.Parse(text)
	if err != nil {
		panic(fmt.Sprintf("dashboard: %v: %s", err, text))
	}
	return q.String()
}
