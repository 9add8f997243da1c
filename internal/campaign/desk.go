package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Ledger keeps decisions.
type Ledger interface {
	// CampaignDecisions returns all, oldest first.
	CampaignDecisions(ctx context.Context) ([]Decision, error)
	// CampaignMoved returns the messages of splits that stand, by the id of the decision.
	CampaignMoved(ctx context.Context) (map[string][]Moved, error)
	// Decide keeps a decision and, of a split, puts the fingerprints of its messages into the new family.
	Decide(ctx context.Context, d Decision, moved []Moved) error
	// Undecide notes that a decision was undone and, of a split, puts all fingerprints of its family back.
	Undecide(ctx context.Context, d Decision, moved []Moved) error
	// CampaignApplied notes that the event store says what the decision says.
	CampaignApplied(ctx context.Context, id string) error
}

// Row is the campaign of some rows of CampaignInfo from now on; as eventstore.Regroup.
type Row struct {
	Messages                       []string
	Original, From, Campaign, Name string
}

// Rows changes CampaignInfo.
type Rows func(ctx context.Context, rows []Row) error

// Limits of decisions.
const (
	MaxDecisions = 5000
	MaxSplit     = 10_000 // messages
	MaxName      = 120    // characters
	MaxNote      = 2000
)

// What can be wrong with a decision.
var (
	ErrNone    = errors.New("there is no such campaign")
	ErrGone    = errors.New("there is no such decision")
	ErrWhole   = errors.New("these are all messages of the campaign; rename it instead")
	ErrEmpty   = errors.New("no message of the campaign is like that")
	ErrSame    = errors.New("these two are one campaign already")
	ErrUndone  = errors.New("this was undone already")
	ErrLater   = errors.New("something was decided about the split-off campaign since; undo that first")
	ErrRename  = errors.New("a name is not undone; rename the campaign again")
	ErrTooMany = fmt.Errorf("a split takes at most %d messages", MaxSplit)
	ErrFull    = fmt.Errorf("there are %d decisions about campaigns already", MaxDecisions)
)

// Desk takes decisions about campaigns and has everybody follow them: the ledger that remembers them, the pipeline that finds the
// campaign of new mail, and CampaignInfo.
type Desk struct {
	ledger Ledger
	rows   Rows
	follow func(b *Book, moved map[string]int64, from, to int64)

	mu   sync.Mutex // one decision at a time
	book atomic.Pointer[Book]
}

// OpenDesk reads what was decided, and finishes what a crash interrupted. follow is told of every change, and once at the start:
// messages in moved are in the family there now, and everything else of the family from is in to.
func OpenDesk(ctx context.Context, l Ledger, rows Rows, follow func(b *Book, moved map[string]int64, from, to int64)) (*Desk, error) {
	d := &Desk{ledger: l, rows: rows, follow: follow}
	all, moved, err := d.read(ctx)
	if err != nil {
		return nil, err
	}
	follow(d.Book(), nil, 0, 0)
	for i := range all {
		if !all[i].Applied {
			if err := d.apply(ctx, &all[i], moved[all[i].ID]); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// Book is what is decided now.
func (d *Desk) Book() *Book { return d.book.Load() }

func (d *Desk) read(ctx context.Context) ([]Decision, map[string][]Moved, error) {
	all, err := d.ledger.CampaignDecisions(ctx)
	if err != nil {
		return nil, nil, err
	}
	moved, err := d.ledger.CampaignMoved(ctx)
	if err != nil {
		return nil, nil, err
	}
	d.book.Store(NewBook(all, moved))
	return all, moved, nil
}

// Decisions about a campaign and what is merged into it, newest first.
func (d *Desk) Decisions(ctx context.Context, shown int64) ([]Decision, error) {
	all, err := d.ledger.CampaignDecisions(ctx)
	if err != nil {
		return nil, err
	}
	b := d.Book()
	out := slices.DeleteFunc(all, func(x Decision) bool {
		return b.Shown(x.Family) != shown && (x.Into == 0 || b.Shown(x.Into) != shown) && x.Family != shown && x.Into != shown
	})
	slices.Reverse(out)
	return out, nil
}

// Ask is what somebody wants decided.
type Ask struct {
	Family int64  // as it shows
	Was    string // what it is called
	Name   string
	Note   string
	By     string
	ByID   string
	At     time.Time
}

func (a *Ask) decision(id string, kind Kind) Decision {
	return Decision{ID: id, Kind: kind, Family: a.Family, Was: a.Was, Name: strings.Join(strings.Fields(a.Name), " "), Note: a.Note, By: a.By, ByID: a.ByID, At: a.At.UTC().Truncate(time.Microsecond)}
}

// Split makes messages of a campaign one of their own. whole is how many it has; mark may be zero.
func (d *Desk) Split(ctx context.Context, id string, a Ask, moved []Moved, whole int, mark Mark) (Decision, error) {
	switch {
	case len(moved) == 0:
		return Decision{}, ErrEmpty
	case len(moved) >= whole:
		return Decision{}, ErrWhole
	case len(moved) > MaxSplit:
		return Decision{}, ErrTooMany
	}
	x := a.decision(id, Split)
	x.Into, x.Mark, x.Count = int64(rand.Uint64()|1), mark, len(moved)
	return x, d.decide(ctx, x, moved)
}

// Merge makes a campaign part of another, which keeps its name.
func (d *Desk) Merge(ctx context.Context, id string, a Ask, into int64) (Decision, error) {
	x := a.decision(id, Merge)
	x.Into = into
	return x, d.decide(ctx, x, nil)
}

// Rename gives a campaign another name.
func (d *Desk) Rename(ctx context.Context, id string, a Ask) (Decision, error) {
	x := a.decision(id, Rename)
	return x, d.decide(ctx, x, nil)
}

func (d *Desk) decide(ctx context.Context, x Decision, moved []Moved) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.Book()
	if x.Kind == Merge && b.Shown(x.Family) == b.Shown(x.Into) {
		return ErrSame
	}
	if b.Shown(x.Family) != x.Family || x.Kind == Merge && b.Shown(x.Into) != x.Into {
		return ErrNone // merged meanwhile
	}
	all, err := d.ledger.CampaignDecisions(ctx)
	if err != nil {
		return err
	}
	if len(all) >= MaxDecisions {
		return ErrFull
	}
	if err := d.ledger.Decide(ctx, x, moved); err != nil {
		return err
	}
	return d.carry(ctx, &x, moved)
}

// Undo takes a decision back.
func (d *Desk) Undo(ctx context.Context, id, by, why string, at time.Time) (Decision, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all, moved, err := d.read(ctx)
	if err != nil {
		return Decision{}, err
	}
	at = at.UTC().Truncate(time.Microsecond)
	i := slices.IndexFunc(all, func(x Decision) bool { return x.ID == id })
	switch {
	case i < 0:
		return Decision{}, ErrGone
	case !all[i].Stands():
		return Decision{}, ErrUndone
	case all[i].Kind == Rename:
		return Decision{}, ErrRename
	}
	x := all[i]
	if x.Kind == Split && slices.ContainsFunc(all, func(o Decision) bool {
		return o.Stands() && o.ID != x.ID && o.Kind != Rename && (o.Family == x.Into || o.Into == x.Into)
	}) {
		return Decision{}, ErrLater
	}
	x.Undone, x.UndoneBy, x.Why, x.Applied = at, by, why, false
	if err := d.ledger.Undecide(ctx, x, moved[x.ID]); err != nil {
		return Decision{}, err
	}
	return x, d.carry(ctx, &x, moved[x.ID])
}

// carry has everybody follow a decision that is kept.
func (d *Desk) carry(ctx context.Context, x *Decision, moved []Moved) error {
	// What is kept must be followed, whoever still waits for it.
	ctx = context.WithoutCancel(ctx)
	if _, _, err := d.read(ctx); err != nil {
		return err
	}
	if x.Kind == Split {
		to := make(map[string]int64, len(moved))
		for _, m := range moved {
			to[m.ID] = m.From
			if x.Stands() {
				to[m.ID] = x.Into
			}
		}
		if x.Stands() {
			d.follow(d.Book(), to, 0, 0)
		} else {
			d.follow(d.Book(), to, x.Into, x.Family)
		}
	} else {
		d.follow(d.Book(), nil, 0, 0)
	}
	return d.apply(ctx, x, moved)
}

// apply says it in CampaignInfo. It may be done twice.
func (d *Desk) apply(ctx context.Context, x *Decision, moved []Moved) error {
	b := d.Book()
	var rows []Row
	show := func(family int64) {
		shown := b.Shown(family)
		rows = append(rows, Row{Original: CampaignID(family), Campaign: CampaignID(shown), Name: b.Name(shown)})
	}
	switch {
	case x.Kind == Split:
		to := map[int64][]string{}
		for _, m := range moved {
			f := m.From
			if x.Stands() {
				f = x.Into
			}
			to[f] = append(to[f], m.ID)
		}
		for f, ids := range to {
			shown := b.Shown(f)
			rows = append(rows, Row{Messages: ids, From: CampaignID(f), Campaign: CampaignID(shown), Name: b.Name(shown)})
		}
		if !x.Stands() { // and what came since
			shown := b.Shown(x.Family)
			rows = append(rows, Row{Original: CampaignID(x.Into), From: CampaignID(x.Family), Campaign: CampaignID(shown), Name: b.Name(shown)})
		}
	default:
		for _, f := range append(b.Group(x.Family), b.Group(b.Shown(x.Family))...) {
			show(f)
		}
	}
	if err := d.rows(ctx, rows); err != nil {
		return fmt.Errorf("campaign rows: %w", err)
	}
	x.Applied = true
	return d.ledger.CampaignApplied(ctx, x.ID)
}
