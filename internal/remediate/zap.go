package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ZAP (zero-hour auto purge) says which decisions about delivered mail are carried out.
type ZAP struct {
	Malware, Phish, Spam bool
	// Read says whether mail that its owner has read is taken too.
	Read ReadMail
}

// ReadMail says for which threats ZAP takes mail that was read.
type ReadMail string

// The choices. As in the field, spam that was read is left alone unless one says otherwise.
const (
	ReadAll     ReadMail = "all"
	ReadThreats ReadMail = "threats" // malware and phish
	ReadNever   ReadMail = "never"
)

// on reports whether a kind of ZAP is carried out, and whether it leaves alone what was read.
func (z ZAP) on(kind string) (on, unread bool) {
	switch kind {
	case "Malware ZAP":
		on = z.Malware
	case "Phish ZAP":
		on = z.Phish
	case "Spam ZAP":
		return z.Spam, z.Read != ReadAll
	}
	return on, z.Read == ReadNever
}

// kindOf is what an action word of a decision asks for.
func kindOf(action string) Kind {
	for _, k := range []Kind{Quarantine, MoveToJunk} {
		if k.Words() == action {
			return k
		}
	}
	return ""
}

// Purge makes automatic actions of the decisions since a time that nobody carried out: one for each run that judged, kind of ZAP and what
// is to be done. A decision becomes a target once, however often it is looked for. The approval policy is asked as for everybody.
func (p *Planner) Purge(ctx context.Context, events Events, z ZAP, since time.Time) (made []Action, err error) {
	pending, err := events.Pending(ctx, since, MaxTargets)
	if err != nil {
		return nil, err
	}
	type key struct{ run, kind, action string }
	groups := map[key][]Pending{}
	var order []key
	for _, x := range pending {
		on, _ := z.on(x.Type)
		if !on || kindOf(x.Action) == "" {
			continue
		}
		k := key{x.Run, x.Type, x.Action}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], x)
	}
	slices.SortFunc(order, func(a, b key) int { return strings.Compare(a.run+a.kind+a.action, b.run+b.kind+b.action) })
	for _, k := range order {
		_, unread := z.on(k.kind)
		ask := Ask{Kind: kindOf(k.action), Name: k.kind + ": " + strings.ToLower(k.action[:1]) + k.action[1:], By: k.kind, Automatic: true, Unread: unread}
		for _, x := range groups[k] {
			ask.Events, ask.Causes = append(ask.Events, x.Event), append(ask.Causes, x.ReportID)
			ask.Reason = cut(x.Trigger, MaxReason)
		}
		if strings.TrimSpace(ask.Reason) == "" {
			ask.Reason = "judged again"
		}
		a, err := p.Start(ctx, ask)
		if errors.Is(err, ErrNothing) { // others have them all
			continue
		} else if err != nil {
			return made, fmt.Errorf("%s: %w", k.kind, err)
		}
		made = append(made, a)
	}
	return made, nil
}

// recanted is what a target says whose decision does not stand any more.
const recanted = "Not wanted any more: since it was asked for, the message was judged otherwise, or somebody acted on it."

// Recant takes targets out of automatic actions that still wait for approval when their decision is not among those since a time that nobody
// carried out: nobody should agree to what nobody wants. It returns the actions that lost some, which end when they lost all.
func (p *Planner) Recant(ctx context.Context, events Events, since time.Time) (changed []Action, err error) {
	waiting, err := p.Store.Actions(ctx, ActionFilter{States: []State{Waiting}, Limit: recantMost})
	if err != nil {
		return nil, err
	}
	// A decision may be a little older than its action. Of an action that is older than what is asked for, nothing is known.
	waiting = slices.DeleteFunc(waiting, func(a Action) bool { return !a.Automatic || a.Undoes != "" || a.Created.Before(since.Add(recantSlack)) })
	if len(waiting) == 0 {
		return nil, nil
	}
	pending, err := events.Pending(ctx, since, MaxTargets)
	if err != nil || len(pending) == MaxTargets { // there may be more
		return nil, err
	}
	wanted := map[string]bool{}
	for _, x := range pending {
		wanted[x.ReportID] = true
	}
	for _, a := range waiting {
		list, err := p.Store.Targets(ctx, TargetFilter{Action: a.ID, Outcomes: []Outcome{Todo}, After: -1})
		if err != nil {
			return changed, err
		}
		var seqs []int
		for _, t := range list {
			if t.Cause != "" && !wanted[t.Cause] {
				seqs = append(seqs, t.Seq)
			}
		}
		if len(seqs) == 0 {
			continue
		}
		if a, err = p.Store.Withdraw(ctx, a.ID, seqs, recanted, p.now()); errors.Is(err, ErrOver) {
			continue
		} else if err != nil {
			return changed, err
		}
		changed = append(changed, a)
	}
	return changed, nil
}

const (
	// recantSlack is how long a decision may be found before it becomes an action.
	recantSlack = 24 * time.Hour
	// recantMost is how many waiting requests, the newest, one look goes through.
	recantMost = 1000
)
