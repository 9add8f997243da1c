package remediate

import (
	"fmt"
	"slices"
	"time"
)

// ApprovalPolicy says who has to agree before mail is touched: the first rule that fits an action decides. An action that no rule fits
// needs one approval.
type ApprovalPolicy struct {
	Rules   []ApprovalRule `json:"rules" yaml:"rules"`
	Expires time.Duration  `json:"expires" yaml:"expires"` // of a request that nobody answers; 0: DefaultExpiry
}

// DefaultExpiry of a request for approval.
const DefaultExpiry = 72 * time.Hour

// ApprovalRule fits an action when all of its conditions do; an empty condition always does.
type ApprovalRule struct {
	Name      string `json:"name" yaml:"name"` // said to people: "hard delete needs two"
	Kinds     []Kind `json:"kinds,omitempty" yaml:"kinds,omitempty"`
	Mailboxes int    `json:"mailboxes,omitempty" yaml:"mailboxes,omitempty"` // at least so many
	Priority  bool   `json:"priority,omitempty" yaml:"priority,omitempty"`   // at least one priority account
	Automatic *bool  `json:"automatic,omitempty" yaml:"automatic,omitempty"` // asked for by a policy (true) or a person (false)
	Approvals int    `json:"approvals" yaml:"approvals"`                     // 0: runs at once
}

// Blast is what an action would touch.
type Blast struct {
	Kind      Kind `json:"kind"`
	Messages  int  `json:"messages"` // email events
	Mailboxes int  `json:"mailboxes"`
	Priority  int  `json:"priority"` // priority accounts among them
	Automatic bool `json:"automatic"`
}

// DefaultApprovals is the policy of a new installation: what can be undone and is small runs at once, what cannot or is large
// needs others. A policy's own decisions (ZAP) run at once up to 100 mailboxes: a person turned that policy on.
func DefaultApprovals() ApprovalPolicy {
	yes := true
	return ApprovalPolicy{Expires: DefaultExpiry, Rules: []ApprovalRule{
		{Name: "Hard delete in many mailboxes", Kinds: []Kind{HardDelete}, Mailboxes: 50, Approvals: 2},
		{Name: "Hard delete", Kinds: []Kind{HardDelete}, Approvals: 1},
		{Name: "Undo and release", Kinds: []Kind{Undo, Release, MoveToInbox}, Mailboxes: 100, Approvals: 1},
		{Name: "Undo and release of a few", Kinds: []Kind{Undo, Release, MoveToInbox}, Approvals: 0},
		{Name: "Policy, up to 100 mailboxes", Automatic: &yes, Mailboxes: 101, Approvals: 1},
		{Name: "Policy", Automatic: &yes, Approvals: 0},
		{Name: "Priority accounts", Priority: true, Approvals: 1},
		{Name: "More than 100 mailboxes", Mailboxes: 101, Approvals: 1},
		{Name: "Up to 100 mailboxes", Approvals: 0},
	}}
}

// Need returns how many people other than its author must approve the action, and the name of the rule that says so.
func (p ApprovalPolicy) Need(b Blast) (approvals int, why string) {
	for _, r := range p.Rules {
		if r.fits(b) {
			return r.Approvals, r.Name
		}
	}
	return 1, "No rule fits"
}

func (r ApprovalRule) fits(b Blast) bool {
	return (len(r.Kinds) == 0 || slices.Contains(r.Kinds, b.Kind)) && b.Mailboxes >= r.Mailboxes && (!r.Priority || b.Priority > 0) && (r.Automatic == nil || *r.Automatic == b.Automatic)
}

// Limits of an approval policy.
const (
	maxApprovalRules = 100
	maxApprovals     = 5
)

// Validate says what is wrong with the policy.
func (p ApprovalPolicy) Validate() error {
	if len(p.Rules) > maxApprovalRules {
		return &Wrong{"rules", fmt.Sprintf("there are %d rules; at most %d", len(p.Rules), maxApprovalRules)}
	}
	if p.Expires < 0 || p.Expires > 30*24*time.Hour {
		return &Wrong{"expires", "a request waits between 0 and 30 days"}
	}
	known := append(Kinds(), Undo)
	for i, r := range p.Rules {
		field := fmt.Sprintf("rules[%d]", i)
		if r.Name == "" {
			return &Wrong{field + ".name", "a rule needs a name: people read it when they wait for approval"}
		}
		if r.Approvals < 0 || r.Approvals > maxApprovals {
			return &Wrong{field + ".approvals", fmt.Sprintf("between 0 and %d people", maxApprovals)}
		}
		if r.Mailboxes < 0 {
			return &Wrong{field + ".mailboxes", "a number of mailboxes, 0 for any"}
		}
		for _, k := range r.Kinds {
			if !slices.Contains(known, k) {
				return &Wrong{field + ".kinds", fmt.Sprintf("there is no action %q", k)}
			}
		}
	}
	return nil
}

// Answer adds one person's answer to an action that waits, and returns the state it has then. Nobody approves their own request, and
// nobody twice; one refusal ends it.
func (a *Action) Answer(x Approval) (State, error) {
	switch {
	case a.State != Waiting:
		return a.State, ErrOver
	case a.ByID != "" && a.ByID == x.ByID || a.By == x.By:
		if x.Yes {
			return a.State, ErrOwn
		}
	}
	yes := 0
	for _, old := range a.Approvals {
		if old.ByID == x.ByID {
			return a.State, ErrTwice
		}
		if old.Yes {
			yes++
		}
	}
	a.Approvals = append(a.Approvals, x)
	switch {
	case !x.Yes:
		a.State = Rejected
	case yes+1 >= a.Needs:
		a.State = Queued
	}
	return a.State, nil
}
