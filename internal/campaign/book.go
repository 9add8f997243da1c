package campaign

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind of a decision.
type Kind string

// What a person can decide about campaigns.
const (
	Split  Kind = "split"  // some messages are a campaign of their own
	Merge  Kind = "merge"  // two campaigns are one
	Rename Kind = "rename" // it is called something else
)

// Decision is what a person said about campaigns. It stands until it is undone.
type Decision struct {
	ID       string
	Kind     Kind
	Family   int64  // the campaign that was split, merged into another, or renamed
	Into     int64  // of a split the new campaign, of a merge the one that stays; else 0
	Name     string // what Into is called; of a rename what Family is called
	Was      string // what Family was called
	Mark     Mark   // of a split: what later mail has that belongs to it too
	Count    int    // of a split: messages
	Note, By string
	ByID     string
	At       time.Time
	Undone   time.Time // zero while it stands
	UndoneBy string
	Why      string // it was undone
	Applied  bool   // the event store says the same
}

// Stands reports whether the decision was not undone.
func (d *Decision) Stands() bool { return d.Undone.IsZero() }

// Field is what a mark looks at.
type Field string

// The fields, in the order in which a mark is looked for.
const (
	BySender  Field = "SenderFromAddress"
	ByDomain  Field = "SenderFromDomain"
	ByHost    Field = "UrlDomain"
	ByFile    Field = "SHA256"
	BySubject Field = "Subject"
)

// Fields lists them.
func Fields() []Field { return []Field{ByHost, ByFile, ByDomain, BySender, BySubject} }

// Mark is a value by which later mail is known. The zero Mark marks nothing.
type Mark struct {
	Field Field
	Value string
}

// Moved is a message of a split and the family that it was in.
type Moved struct {
	ID   string
	From int64
}

// Book is what people decided about campaigns, ready to be asked by many goroutines: it never changes. The nil Book has no decisions.
//
// A split gives its messages a family of their own; later mail comes to it by likeness, or by its mark. A merge leaves families as
// they are and says that one shows as another, so that undoing it parts them again, with all that came since.
type Book struct {
	pinned map[string]int64 // messages that a person put somewhere
	splits []Decision       // that stand, newest first
	by     map[int64]*Decision
	shown  map[int64]int64  // merged into
	names  map[int64]string // where a person had to do with it
}

// NewBook makes a book of decisions and of the messages of those splits that stand, by the id of the decision.
func NewBook(all []Decision, moved map[string][]Moved) *Book {
	b := &Book{pinned: map[string]int64{}, by: map[int64]*Decision{}, shown: map[int64]int64{}, names: map[int64]string{}}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(x, y Decision) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID)) })
	known := func(family int64, name string) {
		if _, ok := b.names[family]; !ok && name != "" {
			b.names[family] = name
		}
	}
	for _, d := range all {
		known(d.Family, d.Was)
		switch d.Kind {
		case Rename:
			if d.Stands() {
				b.names[d.Family] = d.Name
			}
		case Merge:
			known(d.Into, d.Name)
			if d.Stands() {
				b.shown[d.Family] = d.Into
			}
		case Split:
			known(d.Into, d.Name)
			if d.Stands() {
				b.splits = append(b.splits, d)
				for _, m := range moved[d.ID] {
					b.pinned[m.ID] = d.Into
				}
			}
		}
	}
	slices.Reverse(b.splits)
	for i := range b.splits {
		b.by[b.splits[i].Into] = &b.splits[i]
	}
	return b
}

// Shown is the campaign that a family shows as: itself, or what it was merged into.
func (b *Book) Shown(family int64) int64 {
	if b == nil {
		return family
	}
	for range 1 + len(b.shown) { // a ring cannot be made; this ends all the same
		into, ok := b.shown[family]
		if !ok {
			break
		}
		family = into
	}
	return family
}

// Group lists the families that show as one, this one first.
func (b *Book) Group(shown int64) []int64 {
	out := []int64{shown}
	if b == nil {
		return out
	}
	for f := range b.shown {
		if b.Shown(f) == shown {
			out = append(out, f)
		}
	}
	slices.Sort(out[1:])
	return out
}

// Name is what people call the campaign; "" when no person had to do with it.
func (b *Book) Name(shown int64) string {
	if b == nil {
		return ""
	}
	return b.names[shown]
}

// MadeByHand reports whether a person split the family off.
func (b *Book) MadeByHand(family int64) bool { return b != nil && b.by[family] != nil }

// Place is the family of a message. near are those of the messages that it is like, most like first; alone is its own when there is none. A
// message that a person put somewhere stays there, whoever judges it again. A split with a mark takes what has it, and leaves what
// has it not to another campaign that it is like.
func (b *Book) Place(id string, near []int64, alone int64, has func(Mark) bool) int64 {
	family := alone
	if len(near) > 0 {
		family = near[0]
	}
	if b == nil || len(b.splits) == 0 {
		return family
	}
	if put, ok := b.pinned[id]; ok {
		return put
	}
	if d := b.by[family]; d != nil && d.Mark != (Mark{}) && !has(d.Mark) {
		for _, f := range near {
			if other := b.by[f]; other == nil || other.Mark == (Mark{}) || has(other.Mark) {
				family = f
				break
			}
		}
	}
	if len(near) == 0 {
		return family
	}
	for _, d := range b.splits {
		if d.Mark != (Mark{}) && d.Into != family && b.Shown(d.Family) == b.Shown(family) && has(d.Mark) {
			return d.Into
		}
	}
	return family
}

// CampaignID writes a family as CampaignInfo has it.
func CampaignID(family int64) string { return "c" + strconv.FormatUint(uint64(family), 16) }

// ParseCampaignID reads what CampaignID wrote.
func ParseCampaignID(id string) (int64, bool) {
	hex, ok := strings.CutPrefix(id, "c")
	n, err := strconv.ParseUint(hex, 16, 64)
	return int64(n), ok && err == nil && id == CampaignID(int64(n))
}
