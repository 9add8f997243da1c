package detect

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Book is everything that decides what is done with judged mail, ready to be asked: the policy, the allow and block entries and the
// settings of mailboxes. It is never changed after NewBook (a change is a new Book) and may be used by many goroutines.
type Book struct {
	policy    Policy
	entries   *Entries
	mailboxes map[string]*mailbox // by address, lower case
	given     []Mailbox
	priority  atomic.Pointer[priorityAccounts]
}

// NewBook indexes a policy with its Overrides, and the settings of mailboxes.
func NewBook(p Policy, mailboxes []Mailbox) *Book {
	return Policies{Policy: p, Entries: NewEntries(p.Overrides), Mailboxes: mailboxes}.Book()
}

// Policies are the parts of a Book.
type Policies struct {
	Policy    Policy   // Overrides are not looked at
	Entries   *Entries // nil: none
	Mailboxes []Mailbox
}

// Book makes one of its parts.
func (p Policies) Book() *Book {
	b := &Book{policy: p.Policy, entries: p.Entries, mailboxes: make(map[string]*mailbox, len(p.Mailboxes)), given: p.Mailboxes}
	if b.entries == nil {
		b.entries = &Entries{}
	}
	for i := range p.Mailboxes {
		m := compileMailbox(&p.Mailboxes[i])
		b.mailboxes[m.address] = m
	}
	return b
}

// Policy returns the policy, without its entries.
func (b *Book) Policy() Policy {
	p := b.policy
	p.Overrides = nil
	return p
}

// Entries returns the allow and block list.
func (b *Book) Entries() *Entries { return b.entries }

// Mailboxes returns the settings of mailboxes, as they were given. Do not change them.
func (b *Book) Mailboxes() []Mailbox { return b.given }

// Decide applies the policy for nobody in particular. It depends on its arguments alone; c.Now decides about expiry.
func (p Policy) Decide(v Verdict, c *Context) Decision { return NewBook(p, nil).Decide(v, c) }

// Decide applies the policy and the entries of the organisation, for a recipient without settings who is no priority account.
func (b *Book) Decide(v Verdict, c *Context) Decision { return b.about(v, c).decide("") }

// DecideEach decides for each of c.Recipients, in their order. Most of them share one decision; settings of a mailbox and the
// strictness for priority accounts make others.
func (b *Book) DecideEach(v Verdict, c *Context) []Decision {
	q := b.about(v, c)
	out := make([]Decision, len(c.Recipients))
	if len(out) == 0 {
		return out
	}
	all := q.decide("")
	for i, r := range c.Recipients {
		if q.special(r) {
			out[i] = q.decide(r)
		} else {
			out[i] = all
		}
	}
	return out
}

// question is one message before the policy. What is the same for all its recipients is found once.
type question struct {
	b        *Book
	v        Verdict
	c        *Context
	have     subjects
	entry    *Override
	note     string // why an allow entry that fits does not count
	priority map[string]bool
}

func (b *Book) about(v Verdict, c *Context) *question {
	q := &question{b: b, v: v, c: c}
	if b.entries.Len() > 0 {
		q.have = subjectsOf(c)
		q.entry, q.note = b.entries.find(q.have, v, c)
	}
	if b.policy.Priority != (Strictness{}) {
		q.priority = b.priorityOf(&c.Org)
	}
	return q
}

// special reports whether a decision for the recipient may differ from that for all.
func (q *question) special(recipient string) bool {
	r := strings.ToLower(recipient)
	return q.priority[r] || q.b.mailboxes[r] != nil
}

// decide asks in this order: the verdict, the organisation's entries, the strictness for priority accounts, the settings of the
// mailbox, the mode. docs/design/policy.md has the table.
func (q *question) decide(recipient string) Decision {
	r := strings.ToLower(recipient)
	p, priority := &q.b.policy, r != "" && q.priority[r]
	points := 0
	if priority && q.c.Direction != Outbound {
		points = p.Priority.Points
	}
	d := p.decideVerdict(q.v, points)
	high := q.v.Is(Malware) || q.v.Is(Phish) && q.v.Confidence == High
	switch {
	case q.entry != nil:
		d.override(q.entry)
	case q.note != "":
		d.Reason += "; " + q.note
	}
	if priority && p.Priority.Step && q.entry == nil && (d.Priority || q.v.Is(Malware) || q.v.Is(Phish)) {
		if up, ok := stricter[d.Treatment]; ok {
			d.Treatment, d.Priority = up, true
			d.Reason += "; one step stricter, because the recipient is a priority account"
		}
	}
	if m := q.b.mailboxes[r]; r != "" && m != nil {
		m.decide(&d, q.c, high)
	}
	if p.Mode != Act && d.Treatment != Deliver {
		d.Watched = true
		d.Reason += "; delivered all the same, because the policy only watches"
	}
	t := treatments[d.Treatment]
	if d.Watched || t.action == "" {
		t = treatments[Deliver]
	}
	d.Action, d.Location, d.EmailAction = t.action, t.place, t.words
	if d.Action == Delivered && q.c.Direction == Outbound {
		d.Location = External
	}
	return d
}

// override lets an entry of the organisation decide.
func (d *Decision) override(o *Override) {
	d.OrgLevelPolicy, d.OrgLevelKind = fmt.Sprintf("Allow/block list (%s)", o.Kind), string(o.Kind)
	what := "block"
	if o.Allow {
		what, d.OrgLevelAction, d.Treatment = "allow", "Allow", Deliver
	} else {
		d.OrgLevelAction = "Block"
		if d.Treatment == Deliver || d.Treatment == Junk {
			d.Treatment = ToQuarantine
		}
	}
	d.Policy, d.PolicyID, d.Priority = "Allow/block list", o.ID, false
	d.Reason = fmt.Sprintf("The %s entry for %s %s decides (%s); the verdict alone: %s", what, o.Kind, Clean(o.Value, maxValue), Clean(o.Reason, maxValue), lowerFirst(d.Reason))
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// priorityAccounts are the priority accounts of one organisation, kept as long as it holds the same people.
type priorityAccounts struct {
	of        []Person
	addresses map[string]bool // lower case
}

func (b *Book) priorityOf(o *Organisation) map[string]bool {
	if x := b.priority.Load(); x != nil && same(x.of, o.People) {
		return x.addresses
	}
	x := &priorityAccounts{of: o.People, addresses: map[string]bool{}}
	for i := range o.People {
		if p := &o.People[i]; p.Priority && p.Address != "" {
			x.addresses[strings.ToLower(p.Address)] = true
			for _, a := range p.Aliases {
				x.addresses[strings.ToLower(a)] = true
			}
		}
	}
	b.priority.Store(x)
	return x.addresses
}
