package remediate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/remediate"
)

func TestApprovalPolicySaysWhoMustAgree(t *testing.T) {
	p := remediate.DefaultApprovals()
	for _, c := range []struct {
		b    remediate.Blast
		want int
		why  string
	}{
		{remediate.Blast{Kind: remediate.HardDelete, Mailboxes: 1}, 1, "Hard delete"},
		{remediate.Blast{Kind: remediate.HardDelete, Mailboxes: 50}, 2, "Hard delete in many mailboxes"},
		{remediate.Blast{Kind: remediate.HardDelete, Mailboxes: 1, Automatic: true}, 1, "Hard delete"},
		{remediate.Blast{Kind: remediate.SoftDelete, Mailboxes: 100}, 0, "Up to 100 mailboxes"},
		{remediate.Blast{Kind: remediate.SoftDelete, Mailboxes: 101}, 1, "More than 100 mailboxes"},
		{remediate.Blast{Kind: remediate.SoftDelete, Mailboxes: 2, Priority: 1}, 1, "Priority accounts"},
		{remediate.Blast{Kind: remediate.Quarantine, Mailboxes: 100, Automatic: true, Priority: 3}, 0, "Policy"},
		{remediate.Blast{Kind: remediate.Quarantine, Mailboxes: 101, Automatic: true}, 1, "Policy, up to 100 mailboxes"},
		{remediate.Blast{Kind: remediate.Undo, Mailboxes: 99, Priority: 1}, 0, "Undo and release of a few"},
		{remediate.Blast{Kind: remediate.Undo, Mailboxes: 100}, 1, "Undo and release"},
		{remediate.Blast{Kind: remediate.Release, Mailboxes: 1}, 0, "Undo and release of a few"},
	} {
		if n, why := p.Need(c.b); n != c.want || why != c.why {
			t.Errorf("%+v needs %d (%s), want %d (%s)", c.b, n, why, c.want, c.why)
		}
	}
	if n, why := (remediate.ApprovalPolicy{}).Need(remediate.Blast{}); n != 1 || why != "No rule fits" {
		t.Error(n, why)
	}
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	for field, bad := range map[string]remediate.ApprovalPolicy{
		"rules[0].name":      {Rules: []remediate.ApprovalRule{{}}},
		"rules[0].approvals": {Rules: []remediate.ApprovalRule{{Name: "x", Approvals: 6}}},
		"rules[0].mailboxes": {Rules: []remediate.ApprovalRule{{Name: "x", Mailboxes: -1}}},
		"rules[0].kinds":     {Rules: []remediate.ApprovalRule{{Name: "x", Kinds: []remediate.Kind{"Burn"}}}},
		"expires":            {Expires: 31 * 24 * time.Hour},
		"rules":              {Rules: make([]remediate.ApprovalRule, 101)},
	} {
		var w *remediate.Wrong
		if err := bad.Validate(); !errors.As(err, &w) || w.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestNobodyApprovesAlone walks through every way that a request can be answered.
func TestNobodyApprovesAlone(t *testing.T) {
	s := openStore(t)
	w := newWorld(t, s)
	one := w.take("one", "one", "click here")
	w.mail.Deliver("ann@five.example", "INBOX", letter("one", "one", "click here"), nil, began)
	planner := w.planner()
	planner.Approvals = func() (remediate.ApprovalPolicy, int64) {
		return remediate.ApprovalPolicy{Expires: time.Hour, Rules: []remediate.ApprovalRule{{Name: "two", Approvals: 2}}}, 7
	}
	ask := func() remediate.Action {
		t.Helper()
		a, err := planner.Start(t.Context(), remediate.Ask{Kind: remediate.SoftDelete, Reason: "a test", By: "ann@own.example", ByID: "1", Events: []remediate.Event{w.of(one, "ann@five.example")}})
		if err != nil || a.State != remediate.Waiting || a.Needs != 2 || a.Why != "two" || a.Policy != 7 || !a.Expires.Equal(w.now.Add(time.Hour)) {
			t.Fatal(a, err)
		}
		return a
	}
	type answer struct {
		by, id string
		yes    bool
		want   error
		state  remediate.State
	}
	for _, c := range []struct {
		name    string
		answers []answer
	}{
		{"two others", []answer{{"bob@own.example", "2", true, nil, remediate.Waiting}, {"eve@own.example", "3", true, nil, remediate.Queued}, {"dan@own.example", "4", true, remediate.ErrOver, ""}}},
		{"one's own", []answer{{"ann@own.example", "1", true, remediate.ErrOwn, ""}, {"ann.new@own.example", "1", true, remediate.ErrOwn, ""}, {"ann@own.example", "9", true, remediate.ErrOwn, ""}}},
		{"taken back by its author", []answer{{"ann@own.example", "1", false, nil, remediate.Rejected}}},
		{"twice by one", []answer{{"bob@own.example", "2", true, nil, remediate.Waiting}, {"bob.new@own.example", "2", true, remediate.ErrTwice, ""}, {"bob@own.example", "2", false, remediate.ErrTwice, ""}}},
		{"one refuses", []answer{{"bob@own.example", "2", true, nil, remediate.Waiting}, {"eve@own.example", "3", false, nil, remediate.Rejected}, {"dan@own.example", "4", true, remediate.ErrOver, ""}}},
	} {
		a := ask()
		for _, x := range c.answers {
			got, err := w.store.Answer(t.Context(), a.ID, remediate.Approval{By: x.by, ByID: x.id, Yes: x.yes, At: w.now})
			if !errors.Is(err, x.want) || err == nil && got.State != x.state {
				t.Errorf("%s: %+v: %s %v", c.name, x, got.State, err)
			}
		}
	}
	// A request that waits is not worked on, and one that is not answered in time expires, whoever looks first.
	late := ask()
	if turn, err := w.worker().Work(t.Context(), late.ID, "ann@five.example"); err != nil || !turn.Over || !strings.HasPrefix(w.box("ann@five.example")[0], "INBOX") {
		t.Error(turn, err)
	}
	unseen := ask()
	w.now = w.now.Add(time.Hour)
	if a, err := w.store.Answer(t.Context(), late.ID, remediate.Approval{By: "bob", ByID: "2", Yes: true, At: w.now}); !errors.Is(err, remediate.ErrOver) || a.State != remediate.Expired {
		t.Error(a.State, err)
	}
	list, err := w.store.Expire(t.Context(), w.now)
	if err != nil || !slices.ContainsFunc(list, func(a remediate.Action) bool { return a.ID == unseen.ID }) {
		t.Error(list, err)
	}
	for _, id := range []string{late.ID, unseen.ID} {
		if a := w.action(id); a.State != remediate.Expired || a.Counts.Cancelled != 1 || a.Ended.IsZero() {
			t.Errorf("%+v", a)
		}
	}
	waiting, err := w.store.Actions(t.Context(), remediate.ActionFilter{States: []remediate.State{remediate.Waiting}, NotByID: "2", Limit: 100})
	if err != nil || len(waiting) != 0 { // those of "one's own" and "twice by one" have expired too
		t.Errorf("%d wait: %v", len(waiting), err)
	}
}

func TestPlansSayWhatStandsInTheWay(t *testing.T) {
	w := newWorld(t, openStore(t))
	one, two := w.take("one", "one", "click here"), w.take("two", "two", "pay")
	at := func(e remediate.Event, rcpt string, p remediate.Place) remediate.Event {
		e.Recipient, e.Place = rcpt, p
		return e
	}
	lost := one
	lost.NetworkMessageID, lost.RawSHA256 = "lost", "0000"
	sent := at(one, "them@else.example", remediate.Inbox)
	sent.Direction = "Outbound"
	events := []remediate.Event{
		at(one, "boss@six.example", remediate.Inbox), at(two, "boss@six.example", remediate.Junk), at(one, "bob@six.example", remediate.Inbox), at(one, "bob@six.example", remediate.Inbox),
		at(one, "x@nowhere.example", remediate.Inbox), at(two, "eve@six.example", remediate.Quarantined), at(one, "out@else.example", remediate.Outside), sent,
		at(two, "dan@six.example", remediate.Dropped), at(one, "dan@six.example", remediate.Removed), at(lost, "eve@six.example", remediate.Inbox),
	}
	ask := remediate.Ask{Kind: remediate.MoveToJunk, Reason: "r", Events: events}
	p, err := w.planner().Plan(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Targets) != 10 || p.Possible() != 3 || p.Blast != (remediate.Blast{Kind: remediate.MoveToJunk, Messages: 2, Mailboxes: 2, Priority: 1}) || p.Already != 1 || p.Places[0] != (remediate.PlaceCount{Place: remediate.Inbox, Count: 5}) {
		t.Errorf("%+v", p)
	}
	if len(p.Impossible) != 6 || p.Impossible[0].Count != 2 || p.Impossible[0].Why != "It was sent to somebody outside; their mailbox is out of reach." {
		t.Errorf("%+v", p.Impossible)
	}
	// The list is the same whatever the order, and another one is told.
	slices.Reverse(ask.Events)
	again, err := w.planner().Plan(t.Context(), ask)
	if err != nil || again.Digest != p.Digest {
		t.Error(err)
	}
	ask.Digest = p.Digest
	ask.Events = ask.Events[1:]
	var changed *remediate.Changed
	if _, err := w.planner().Start(t.Context(), ask); !errors.As(err, &changed) {
		t.Errorf("another list: %v", err)
	}
	var wrong *remediate.Wrong
	for field, bad := range map[string]remediate.Ask{
		"reason": {Kind: remediate.SoftDelete, Reason: " ", Events: events},
		"kind":   {Kind: remediate.Undo, Reason: "x", Events: events},
		"query":  {Kind: remediate.SoftDelete, Reason: "x", Events: []remediate.Event{sent}},
		"name":   {Kind: remediate.SoftDelete, Reason: "x", Name: strings.Repeat("n", 201), Events: events},
	} {
		if _, err := w.planner().Start(t.Context(), bad); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := w.planner().Start(t.Context(), remediate.Ask{Kind: remediate.SoftDelete, Reason: "x"}); !errors.Is(err, remediate.ErrNothing) {
		t.Error(err)
	}
	if _, err := w.planner().Plan(t.Context(), remediate.Ask{Kind: remediate.SoftDelete, Events: make([]remediate.Event, remediate.MaxTargets+1)}); !errors.As(err, &wrong) {
		t.Error(err)
	}
	// Every obstacle has a release or a delete that it is none for.
	for _, c := range []struct {
		kind  remediate.Kind
		place remediate.Place
		can   bool
	}{
		{remediate.Release, remediate.Quarantined, true}, {remediate.Release, remediate.Inbox, false}, {remediate.HardDelete, remediate.Quarantined, true},
		{remediate.HardDelete, remediate.Removed, true}, {remediate.SoftDelete, remediate.Removed, false}, {remediate.SoftDelete, remediate.Quarantined, false},
		{remediate.Quarantine, remediate.Quarantined, false}, {remediate.MoveToInbox, remediate.Junk, true}, {remediate.MoveToInbox, "", true},
	} {
		p, err := w.planner().Plan(t.Context(), remediate.Ask{Kind: c.kind, Events: []remediate.Event{at(one, "bob@six.example", c.place)}})
		if err != nil || (p.Possible() == 1) != c.can {
			t.Errorf("%+v: %+v %v", c, p.Impossible, err)
		}
	}
}
