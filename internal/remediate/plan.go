package remediate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Event is an email event as a plan reads it.
type Event struct {
	NetworkMessageID  string
	InternetMessageID string
	Recipient         string
	RawSHA256         string
	Date              time.Time
	Subject           string
	SenderFrom        string
	Direction         string // EmailDirection
	Threats           string // LatestThreatTypes
	Place             Place  // LatestDeliveryLocation
	Priority          bool   // IsPriorityAccount
	Delivered         string // Digest of the message as it was handed on, when that is not as it came; "": as it came
}

// Mailboxes knows whose mailbox an address is, and what reaches it. Asking costs nothing.
type Mailboxes interface {
	// Mailbox is the address of the mailbox that has this address.
	Mailbox(address string) string
	Priority(address string) bool
	// Reached reports whether a provider reaches the mailbox.
	Reached(mailbox string) bool
}

// Ask is a wish for an action. Events are all that it is about, in any order.
type Ask struct {
	Kind      Kind
	Name      string
	Reason    string
	By, ByID  string
	Automatic bool
	Unread    bool
	Query     string
	Incident  string
	Digest    string // of the plan that whoever asks has seen; "" when they have seen none
	Events    []Event
	Causes    []string // with automatic ones: the rows that asked, in the order of Events
}

// Plan is what an action would do: the frozen list, and what stands in its way.
type Plan struct {
	Kind       Kind
	Digest     string // of the list: the same list gives the same
	Targets    []Target
	Blast      Blast
	Already    int // are where they should go, as far as is known
	Impossible []Obstacle
	Places     []PlaceCount // latest locations, most first
	Needs      int          // approvals
	Why        string       // which line of the policy asks for them
	Policy     int64        // its version
}

// Obstacle is a reason, and for how many targets it is one.
type Obstacle struct {
	Why   string
	Count int
}

// PlaceCount is how many events are in a place.
type PlaceCount struct {
	Place Place
	Count int
}

// Changed says that the list is not the one that was shown any more.
type Changed struct{ Was, Now string }

func (e *Changed) Error() string {
	return "the messages that match have changed since you looked; look at the new list before you act on it"
}

// Planner makes plans and actions. All fields must be set.
type Planner struct {
	Store     Store
	Mailboxes Mailboxes
	Has       func(ctx context.Context, rawSHA256 string) (bool, error) // are the bytes that came in kept
	Approvals func() (p ApprovalPolicy, version int64)                  // in force
	Now       func() time.Time
}

// Limits of what people write.
const (
	MaxName   = 200 // characters
	MaxReason = 2000
)

// Plan freezes the list and says what it means. Nothing is kept.
func (p *Planner) Plan(ctx context.Context, a Ask) (*Plan, error) {
	if !slices.Contains(Kinds(), a.Kind) {
		return nil, &Wrong{"kind", fmt.Sprintf("there is no action %q", a.Kind)}
	}
	switch n := len(a.Events); {
	case n == 0:
		return nil, ErrNothing
	case n > MaxTargets:
		return nil, &Wrong{"query", fmt.Sprintf("more than %d messages match; narrow the filter, or act in parts", MaxTargets)}
	}
	out := &Plan{Kind: a.Kind, Blast: Blast{Kind: a.Kind, Automatic: a.Automatic}}
	var gone map[string]bool
	var err error
	if a.Kind != HardDelete { // a hard delete of what is not kept any more says so itself
		if gone, err = p.gone(ctx, a.Events); err != nil {
			return nil, err
		}
	}
	seen := map[[2]string]bool{}
	for i, e := range a.Events {
		key := [2]string{e.NetworkMessageID, e.Recipient}
		if seen[key] {
			continue
		}
		seen[key] = true
		t := Target{Recipient: e.Recipient, Mailbox: p.Mailboxes.Mailbox(e.Recipient), Outcome: Todo, Message: Message{
			NetworkMessageID: e.NetworkMessageID, InternetMessageID: e.InternetMessageID, RawSHA256: e.RawSHA256, Date: e.Date, Subject: cut(e.Subject, 500),
			SenderFrom: e.SenderFrom, Direction: e.Direction, Threats: e.Threats, Place: e.Place, Digest: e.Delivered,
		}}
		t.Priority = e.Priority || p.Mailboxes.Priority(t.Mailbox)
		if i < len(a.Causes) {
			t.Cause = a.Causes[i]
		}
		if why := p.obstacle(a.Kind, &t, gone[e.RawSHA256]); why != "" {
			t.Outcome, t.Error, t.At, t.Told = Impossible, why, p.now(), true
		}
		out.Targets = append(out.Targets, t)
	}
	out.count()
	policy, version := p.Approvals()
	out.Needs, out.Why = policy.Need(out.Blast)
	out.Policy = version
	return out, nil
}

func (p *Planner) now() time.Time { return p.Now().UTC().Truncate(time.Microsecond) }

// gone looks which messages have no bytes any more.
func (p *Planner) gone(ctx context.Context, events []Event) (map[string]bool, error) {
	out := map[string]bool{}
	for _, e := range events {
		if _, known := out[e.RawSHA256]; known {
			continue
		}
		has := false
		if e.RawSHA256 != "" {
			var err error
			if has, err = p.Has(ctx, e.RawSHA256); err != nil {
				return nil, err
			}
		}
		out[e.RawSHA256] = !has
	}
	return out, nil
}

// obstacle says why nothing can be done about a target, "" when something can.
func (p *Planner) obstacle(k Kind, t *Target, gone bool) string {
	place := t.Message.Place
	switch {
	case place == Outside || t.Message.Direction == "Outbound":
		return "It was sent to somebody outside; their mailbox is out of reach."
	case place == Undelivered || place == Dropped:
		return "It was never delivered."
	case k == HardDelete && place == Quarantined: // it is Tocsin's own: no mail system is needed
		return ""
	case !p.Mailboxes.Reached(t.Mailbox):
		return "No mail system is connected for this mailbox."
	case k == Release && place != Quarantined:
		return "It is not in quarantine."
	case k != Release && k != HardDelete && place == Quarantined:
		if k == Quarantine {
			return "It is in quarantine already."
		}
		return "It is in quarantine and in no mailbox; release it first."
	case k != HardDelete && place == Removed:
		return "It was deleted from the mailbox already; undo that action to get it back."
	case gone:
		return noBytes
	}
	return ""
}

// count orders the list and counts what is in it.
func (p *Plan) count() {
	slices.SortFunc(p.Targets, func(a, b Target) int {
		return cmp.Or(cmp.Compare(a.Mailbox, b.Mailbox), a.Message.Date.Compare(b.Message.Date), cmp.Compare(a.Message.NetworkMessageID, b.Message.NetworkMessageID), cmp.Compare(a.Recipient, b.Recipient))
	})
	digest := sha256.New()
	fmt.Fprintln(digest, p.Kind)
	messages, boxes, priority, why, places := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]int{}, map[Place]int{}
	for i := range p.Targets {
		t := &p.Targets[i]
		t.Seq = i
		fmt.Fprintf(digest, "%q %q\n", t.Message.NetworkMessageID, t.Recipient)
		places[t.Message.Place]++
		if t.Outcome == Impossible {
			why[t.Error]++
			continue
		}
		messages[t.Message.NetworkMessageID], boxes[t.Mailbox] = true, true
		if t.Priority {
			priority[t.Mailbox] = true
		}
		if t.Message.Place == p.Kind.Goal() {
			p.Already++
		}
	}
	p.Digest = hex.EncodeToString(digest.Sum(nil))
	p.Blast.Messages, p.Blast.Mailboxes, p.Blast.Priority = len(messages), len(boxes), len(priority)
	for text, n := range why {
		p.Impossible = append(p.Impossible, Obstacle{text, n})
	}
	slices.SortFunc(p.Impossible, func(a, b Obstacle) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Why, b.Why)) })
	for place, n := range places {
		p.Places = append(p.Places, PlaceCount{place, n})
	}
	slices.SortFunc(p.Places, func(a, b PlaceCount) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Place, b.Place)) })
}

// Possible is how many targets can be worked on.
func (p *Plan) Possible() int {
	n := len(p.Targets)
	for _, o := range p.Impossible {
		n -= o.Count
	}
	return n
}

// Start makes an action of what is asked. The list is made again; when it is not the one that was seen, it is *Changed.
func (p *Planner) Start(ctx context.Context, a Ask) (Action, error) {
	a.Name, a.Reason = strings.TrimSpace(a.Name), strings.TrimSpace(a.Reason)
	if err := written(a.Name, a.Reason); err != nil {
		return Action{}, err
	}
	plan, err := p.Plan(ctx, a)
	if err != nil {
		return Action{}, err
	}
	if a.Digest != "" && a.Digest != plan.Digest {
		return Action{}, &Changed{a.Digest, plan.Digest}
	}
	if plan.Possible() == 0 && !a.Automatic {
		return Action{}, &Wrong{"query", "none of these messages can be acted on: " + plan.Impossible[0].Why}
	}
	act := Action{Kind: a.Kind, Name: cmp.Or(a.Name, string(a.Kind)), Reason: a.Reason, By: a.By, ByID: a.ByID, Automatic: a.Automatic, Unread: a.Unread, Query: a.Query, Incident: a.Incident}
	return p.create(ctx, act, plan)
}

func (p *Planner) create(ctx context.Context, a Action, plan *Plan) (Action, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return a, fmt.Errorf("id: %w", err)
	}
	a.ID, a.State, a.Created = id.String(), Queued, p.now()
	a.Needs, a.Why, a.Policy = plan.Needs, plan.Why, plan.Policy
	if a.Needs > 0 {
		policy, _ := p.Approvals()
		a.State, a.Expires = Waiting, a.Created.Add(cmp.Or(policy.Expires, DefaultExpiry))
	}
	if plan.Possible() == 0 {
		a.State, a.Needs, a.Ended = Failed, 0, a.Created
	}
	return p.Store.Create(ctx, a, plan.Targets)
}

// PlanUndo freezes the list of what can be undone of an action: what its receipts say was done.
func (p *Planner) PlanUndo(ctx context.Context, id string) (*Plan, error) {
	was, err := p.Store.Action(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case !was.Kind.Undoable():
		if was.Kind == Undo {
			return nil, &Wrong{"id", "this action is an undo; to take the mail out again, ask for that"}
		}
		return nil, ErrNoUndo
	case !was.State.Over():
		return nil, ErrNotYet
	case was.Undone != "":
		return nil, ErrUndone
	}
	list, err := p.Store.Targets(ctx, TargetFilter{Action: id, Outcomes: []Outcome{Succeeded, FailedTarget}, After: -1})
	if err != nil {
		return nil, err
	}
	out := &Plan{Kind: Undo, Blast: Blast{Kind: Undo}}
	for _, t := range list {
		if t.Receipt == nil {
			continue
		}
		m := t.Message
		m.Place = t.Receipt.To
		back := Target{Seq: t.Seq, Message: m, Recipient: t.Recipient, Mailbox: t.Mailbox, Priority: t.Priority, Outcome: Todo}
		if !p.Mailboxes.Reached(t.Mailbox) {
			back.Outcome, back.Error, back.At, back.Told = Impossible, "No mail system is connected for this mailbox.", p.now(), true
		}
		out.Targets = append(out.Targets, back)
	}
	if len(out.Targets) == 0 {
		return nil, &Wrong{"id", "nothing was done by this action that could be undone"}
	}
	out.count()
	return p.approve(out, list), nil
}

// approve gives the targets the numbers that they have in the action that is undone, and asks the policy.
func (p *Planner) approve(plan *Plan, list []Target) *Plan {
	at := map[[2]string]int{}
	for _, t := range list {
		at[[2]string{t.Message.NetworkMessageID, t.Recipient}] = t.Seq
	}
	for i := range plan.Targets {
		t := &plan.Targets[i]
		t.Seq = at[[2]string{t.Message.NetworkMessageID, t.Recipient}]
	}
	policy, version := p.Approvals()
	plan.Needs, plan.Why = policy.Need(plan.Blast)
	plan.Policy = version
	return plan
}

// Undo makes an action that undoes another.
func (p *Planner) Undo(ctx context.Context, id, reason, by, byID string) (Action, error) {
	reason = strings.TrimSpace(reason)
	if err := written("undo", reason); err != nil {
		return Action{}, err
	}
	plan, err := p.PlanUndo(ctx, id)
	if err != nil {
		return Action{}, err
	}
	was, err := p.Store.Action(ctx, id)
	if err != nil {
		return Action{}, err
	}
	return p.create(ctx, Action{Kind: Undo, Name: cut("Undo: "+was.Name, MaxName), Reason: reason, By: by, ByID: byID, Undoes: id, Incident: was.Incident}, plan)
}

// written checks what people write.
func written(name, reason string) error {
	switch {
	case reason == "":
		return &Wrong{"reason", ErrReason.Error()}
	case utf8.RuneCountInString(reason) > MaxReason:
		return &Wrong{"reason", fmt.Sprintf("at most %d characters", MaxReason)}
	case utf8.RuneCountInString(name) > MaxName:
		return &Wrong{"name", fmt.Sprintf("at most %d characters", MaxName)}
	}
	return nil
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
