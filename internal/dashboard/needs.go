package dashboard

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/internal/kql"
)

// Desk is what people work on beside mail, counted by the store of cases.
type Desk interface {
	// WaitingActions are actions on mailboxes that wait for approval. Due is when the next one ends by itself; Soon counts those that do before soon.
	WaitingActions(ctx context.Context, soon time.Time) (Queue, error)
	// UntriagedReports are reported messages that nobody took up. Late counts those that were reported before late.
	UntriagedReports(ctx context.Context, late time.Time) (Queue, error)
	// UnownedIncidents are open incidents of high severity without an owner. Due is the nearest deadline, Late counts those that missed one.
	UnownedIncidents(ctx context.Context, now time.Time) (Queue, error)
	// ReleaseRequests wait for an answer.
	ReleaseRequests(ctx context.Context) (Queue, error)
	// ActionStates counts actions by state: those at work whenever they began, those that are over when they ended in [from, to).
	ActionStates(ctx context.Context, from, to time.Time) (map[string]int64, error)
	// OpenIncidents counts open incidents by severity.
	OpenIncidents(ctx context.Context, now time.Time) ([]IncidentCount, error)
}

// Queue is how much waits somewhere. Zero times are not known.
type Queue struct {
	Count, Soon, Late int64
	Oldest, Due       time.Time
	Names             []string // at most 5
}

// IncidentCount is the open incidents of one severity.
type IncidentCount struct {
	Severity               string
	Open, Unowned, Overdue int64
}

// clicked is the condition that the recipient of an event followed a link of it. Its first part says less than the second and leaves little for it.
const clicked = `NetworkMessageId in ((UrlClickEvents | where ActionType == "ClickAllowed" or IsClickedThrough | distinct NetworkMessageId)) and strcat(NetworkMessageId, " ", tolower(RecipientEmailAddress)) in ((UrlClickEvents | where ActionType == "ClickAllowed" or IsClickedThrough | project Click = strcat(NetworkMessageId, " ", tolower(AccountUpn))))`

// needs fills what needs a person now.
func (x *answering) needs(ctx context.Context) error {
	out := &Needs{Items: []Need{}, Unread: []string{}}
	mail, err := x.deliveredThreats(ctx)
	if err != nil {
		return err
	}
	items := []Need{mail}
	if names := silentNames(x.known.Sources, x.now); len(names) > 0 {
		items = append(items, Need{Key: "silent_sources", Label: "sources are silent", Figure: Figure{Value: int64(len(names)), Page: "/settings?tab=sources", Gaps: []string{}}, Names: names[:min(len(names), 5)]})
	}
	if d := x.opt.Desk; d != nil {
		for _, q := range []struct {
			key, label, page string
			may              bool
			ask              func() (Queue, error)
			soon, late       string
		}{
			{"waiting_actions", "actions wait for approval", "/actions", x.may.Actions, func() (Queue, error) { return d.WaitingActions(ctx, x.now.Add(24*time.Hour)) }, "End unanswered within a day", ""},
			{"untriaged_reports", "reported messages are not triaged", "/submissions?stage=New&last=all", x.may.Reports, func() (Queue, error) { return d.UntriagedReports(ctx, x.now.Add(-x.opt.Triage)) }, "", "Late"},
			{"unowned_incidents", "high incidents have no owner", "/incidents?severity=High&owner=none", x.may.Incidents, func() (Queue, error) { return d.UnownedIncidents(ctx, x.now) }, "", "Late"},
			{"release_requests", "people ask for a message in quarantine", "/quarantine?state=asked&last=all", x.may.Quarantine, func() (Queue, error) { return d.ReleaseRequests(ctx) }, "", ""},
		} {
			if !q.may {
				out.Unread = append(out.Unread, q.key)
				continue
			}
			w, err := q.ask()
			if err != nil {
				return err
			}
			n := Need{Key: q.key, Label: q.label, Figure: Figure{Value: w.Count, Page: q.page, Gaps: []string{}}, Oldest: maybe(w.Oldest), Due: maybe(w.Due), Names: w.Names, Late: w.Late > 0}
			if q.key == "untriaged_reports" && !w.Oldest.IsZero() && x.opt.Triage > 0 {
				n.Due = maybe(w.Oldest.Add(x.opt.Triage))
			}
			if q.soon != "" {
				n.Details = append(n.Details, Detail{"today", q.soon, Figure{Value: w.Soon, Page: q.page, Gaps: []string{}}})
			}
			if q.late != "" {
				n.Details = append(n.Details, Detail{"late", q.late, Figure{Value: w.Late, Page: q.page, Gaps: []string{}}})
			}
			items = append(items, n)
		}
	}
	for _, n := range items {
		if n.Figure.Value == 0 {
			continue
		}
		if n.Names == nil {
			n.Names = []string{}
		}
		if n.Details == nil {
			n.Details = []Detail{}
		}
		out.Items = append(out.Items, n)
	}
	slices.SortStableFunc(out.Items, func(a, b Need) int { return cmp.Compare(urgency(a), urgency(b)) })
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out.Needs = out
	return nil
}

// urgency puts threats in inboxes first, then what is late, then the rest, by kind.
func urgency(n Need) int {
	if n.Key == "delivered_threats" {
		return -10
	}
	i := slices.Index([]string{"unowned_incidents", "waiting_actions", "silent_sources", "untriaged_reports", "release_requests"}, n.Key)
	if n.Late {
		return i - 5
	}
	return i
}

// deliveredThreats are threats that lie in an inbox, of the last 90 days whatever the range is.
func (x *answering) deliveredThreats(ctx context.Context) (Need, error) {
	from := x.now.Add(-Longest)
	need := Need{Key: "delivered_threats", Label: "threats lie in inboxes"}
	var n int64
	ask := func(m measure, each func(row []any)) error {
		return x.rows(ctx, "EmailEvents"+where(between(from, x.now))+where(x.mail...)+where(m.where...)+"\n| summarize Events = count(), Oldest = min(Timestamp)", each)
	}
	if err := ask(delivered, func(row []any) { n, need.Oldest = kql.Integer(row[0]), maybe(kql.Moment(row[1])) }); err != nil || n == 0 {
		return need, err
	}
	need.Figure = x.figure(delivered, from, x.now, n)
	need.Figure.Gaps = x.gaps()
	m := delivered.and(clicked)
	err := ask(m, func(row []any) {
		if hits := kql.Integer(row[0]); hits > 0 {
			need.Details = append(need.Details, Detail{"clicked", "Followed a link", x.figure(m, from, x.now, hits)})
		}
	})
	return need, err
}

func silentNames(sources []Source, now time.Time) (out []string) {
	for _, s := range silent(sources, now) {
		out = append(out, s.Name)
	}
	return out
}

// maybe is nil for a time that is not known.
func maybe(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// work fills the action centre and the incidents.
func (x *answering) work(ctx context.Context) error {
	out := &Work{Actions: []Ranked{}, Incidents: []Ranked{}, Unread: []string{}}
	if d := x.opt.Desk; d != nil && x.may.Actions {
		states, err := d.ActionStates(ctx, x.from, x.to)
		if err != nil {
			return err
		}
		for _, s := range actionStates {
			var n int64
			for _, of := range s.of {
				n += states[of]
			}
			out.Actions = append(out.Actions, Ranked{Value: s.key, Label: s.label, Figure: Figure{Value: n, Page: s.page, Gaps: []string{}}, Details: []Detail{}})
		}
	} else {
		out.Unread = append(out.Unread, "actions")
	}
	if d := x.opt.Desk; d != nil && x.may.Incidents {
		list, err := d.OpenIncidents(ctx, x.now)
		if err != nil {
			return err
		}
		for _, s := range list {
			page := "/incidents?severity=" + s.Severity
			out.Incidents = append(out.Incidents, Ranked{Value: s.Severity, Label: s.Severity, Figure: Figure{Value: s.Open, Page: page, Gaps: []string{}}, Details: []Detail{
				{"unowned", "Without an owner", Figure{Value: s.Unowned, Page: page + "&owner=none", Gaps: []string{}}},
				{"overdue", "Overdue", Figure{Value: s.Overdue, Page: page + "&overdue=1", Gaps: []string{}}},
			}})
		}
	} else {
		out.Unread = append(out.Unread, "incidents")
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out.Work = out
	return nil
}

// actionStates are the states of actions as the widget shows them. The list of actions that are over has no filter by state or time, so these
// lead to it without a promise of its count.
var actionStates = []struct {
	key, label, page string
	of               []string
}{
	{"waiting", "Wait for approval", "/actions", []string{"Waiting for approval"}},
	{"running", "At work", "/actions?tab=running", []string{"Queued", "Running"}},
	{"done", "Done", "", []string{"Done"}},
	{"partly", "Partly done", "", []string{"Partly done"}},
	{"failed", "Failed", "", []string{"Failed"}},
	{"rejected", "Rejected", "", []string{"Rejected"}},
	{"expired", "Not answered in time", "", []string{"Expired"}},
	{"cancelled", "Cancelled", "", []string{"Cancelled"}},
}
