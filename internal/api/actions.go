package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/auth"
	"tocsin/internal/event"
	"tocsin/internal/hunt"
	"tocsin/internal/remediate"
)

// Acting is what acts on mailboxes.
type Acting struct {
	Store     remediate.Store
	Planner   *remediate.Planner
	Approvals *remediate.Approvals
	// Operators lists everybody, to say who could approve something.
	Operators func(ctx context.Context) ([]auth.Operator, error)
	// Provider reaches a mailbox; nil when none does.
	Provider func(mailbox string) remediate.Provider
}

// planning is how long freezing a list may take: of fifty thousand messages it is looked whether their bytes are kept.
const planning = 3 * time.Minute

func (s *Server) declareActions() {
	add(s, auth.EmailRemove, "POST /actions/plan", planning, "What an action on mailboxes would do; nothing is kept", s.planAction, withLongBody)
	add(s, auth.EmailRemove, "POST /actions", planning, "Ask for an action on mailboxes; it runs at once or waits for approval; audited", s.startAction, withLongBody)
	add(s, auth.ActionRead, "GET /actions", quick, "Actions on mailboxes, newest first", s.actions)
	add(s, auth.ActionRead, "GET /actions/{id}", quick, "One action and how far it is", s.action)
	add(s, auth.ActionRead, "GET /actions/{id}/targets", quick, "What became of every target, mailbox by mailbox", s.actionTargets)
	add(s, auth.ActionApprove, "POST /actions/{id}/approve", quick, "Approve what somebody else asked for; audited", s.answerAction(true), withStepUp)
	add(s, auth.ActionApprove, "POST /actions/{id}/reject", quick, "Reject it; audited", s.answerAction(false))
	add(s, auth.EmailRemove, "POST /actions/{id}/cancel", quick, "End it; what is begun is finished; audited", s.cancelAction)
	add(s, auth.EmailRemove, "POST /actions/{id}/retry", quick, "Try again what failed; audited", s.retryAction)
	add(s, auth.EmailRemove, "POST /actions/{id}/undo", planning, "Put back what it took out: an action of its own; audited", s.undoAction)
	add(s, auth.EmailRemove, "GET /actions/{id}/undo", planning, "What undoing it would do; nothing is kept", s.planUndo)
	add(s, auth.ActionRead, "GET /approvals", quick, "Who has to approve which actions", s.approvals)
	add(s, auth.ApprovalsEdit, "PUT /approvals", quick, "Change it, for actions that are asked for from now on; audited", s.putApprovals, withStepUp)
	add(s, auth.ActionRead, "GET /approvals/versions", quick, "Every state of the approval policy: who, when, why", s.approvalVersions)
	add(s, auth.ActionRead, "POST /approvals/simulate", quick, "Who would have to approve this", s.simulateApproval)
}

// frozen is the list of all events that match a query, or that were picked, at most MaxTargets and one more; and the query as one text.
func (s *Server) frozen(ctx context.Context, query *ActionQuery, picked []ActionEvent) (events []event.EmailEvent, question string, err error) {
	switch {
	case query != nil && len(picked) > 0, query == nil && len(picked) == 0:
		return nil, "", &refused{location: "body.query", msg: "give a query or events"}
	case query != nil:
		return s.deps.Explorer.Targets(ctx, query.request(ctx), remediate.MaxTargets)
	}
	picks := make([]hunt.Pick, len(picked))
	for i, e := range picked {
		picks[i] = hunt.Pick{ID: e.NetworkMessageID, Recipient: e.Recipient}
	}
	events, err = s.deps.Explorer.Picked(ctx, picks)
	return events, "", err
}

// request is the query as Explorer reads it, with the rights of whoever asks.
func (q *ActionQuery) request(ctx context.Context) hunt.Request {
	r := hunt.Request{View: hunt.View(q.View), Query: q.Q, Content: auth.From(ctx).May(auth.EmailPreview)}
	if q.From != nil {
		r.From = *q.From
	}
	if q.To != nil {
		r.To = *q.To
	}
	return r
}

// asked turns a request into what Planner takes: all events that match.
func (s *Server) asked(ctx context.Context, in *ActionAsk) (remediate.Ask, error) {
	p := auth.From(ctx)
	ask := remediate.Ask{
		Kind: remediate.Kind(in.Kind), Name: in.Name, Reason: in.Reason, By: p.Operator.Email, ByID: p.Operator.ID, Incident: in.Incident, Digest: in.Plan,
	}
	var events []event.EmailEvent
	var err error
	if in.Incident != "" {
		if err := s.mayActFor(ctx, in.Incident, &ask.Incident); err != nil {
			return ask, err
		}
	}
	if in.Incident != "" && in.Query == nil && len(in.Events) == 0 {
		events, err = s.incidentEvents(ctx, ask.Incident)
	} else {
		events, ask.Query, err = s.frozen(ctx, in.Query, in.Events)
	}
	if err != nil {
		return ask, err
	}
	ask.Events = make([]remediate.Event, len(events))
	for i := range events {
		e := &events[i]
		var extra event.Extra
		if e.AdditionalFields != "" {
			if err := json.Unmarshal([]byte(e.AdditionalFields), &extra); err != nil {
				return ask, fmt.Errorf("additional fields of %s: %w", e.NetworkMessageId, err)
			}
		}
		ask.Events[i] = remediate.Event{
			NetworkMessageID: e.NetworkMessageId, InternetMessageID: e.InternetMessageId, Recipient: e.RecipientEmailAddress, RawSHA256: e.RawSHA256, Date: e.Timestamp,
			Subject: e.Subject, SenderFrom: e.SenderFromAddress, Direction: e.EmailDirection, Threats: e.LatestThreatTypes, Place: remediate.Place(e.LatestDeliveryLocation), Priority: e.IsPriorityAccount,
			Delivered: extra.Delivered(),
		}
	}
	return ask, nil
}

func (s *Server) planAction(ctx context.Context, in *actionAskInput) (*Reply[ActionPlan], error) {
	ask, err := s.asked(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	p, err := s.deps.Acting.Planner.Plan(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := planOf(p)
	if in.Body.Look {
		out.looked(remediate.Peek(ctx, s.deps.Acting.Provider, p.Targets))
	}
	return &Reply[ActionPlan]{out}, nil
}

// marks are the flags that say what an owner did with a message, in words.
var marks = []struct{ flag, word string }{{`\Seen`, "read"}, {`\Answered`, "answered"}, {"$Forwarded", "forwarded"}, {`\Flagged`, "flagged"}}

// looked adds what the mailboxes say.
func (p *ActionPlan) looked(x remediate.Peeked) {
	out := &ActionLooked{Asked: x.Asked, Unasked: x.Unasked, Nowhere: x.Nowhere}
	words := map[int][]string{}
	for seq, flags := range x.Flags {
		for i, n := range []*int{&out.Read, &out.Answered, &out.Forwarded, &out.Flagged} {
			if slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, marks[i].flag) }) {
				*n++
				words[seq] = append(words[seq], marks[i].word)
			}
		}
	}
	p.Looked = out
	for i := range p.Sample {
		p.Sample[i].Marks = words[p.Sample[i].Seq]
	}
}

func (s *Server) startAction(ctx context.Context, in *actionAskInput) (*Reply[Action], error) {
	ask, err := s.asked(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	if ask.Kind == remediate.HardDelete && s.stale(auth.From(ctx)) {
		return nil, errStepUp()
	}
	a, err := s.deps.Acting.Planner.Start(ctx, ask)
	if err != nil {
		return nil, err
	}
	return s.decided(ctx, auth.ActActionAsked, a.ID, a.Reason, a)
}

// decided writes down what was decided about an action, and shows it as it is now.
func (s *Server) decided(ctx context.Context, act auth.Action, subject, reason string, a remediate.Action) (*Reply[Action], error) {
	err := s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: subject, Reason: reason}, struct {
		Action    string          `json:"action"`
		Kind      remediate.Kind  `json:"kind"`
		Name      string          `json:"name"`
		State     remediate.State `json:"state"`
		Targets   int             `json:"targets"`
		Mailboxes int             `json:"mailboxes"`
		Needs     int             `json:"approvals"`
		Rule      string          `json:"rule"`
		Policy    int64           `json:"policy_version"`
		Query     string          `json:"query,omitempty"`
	}{a.ID, a.Kind, a.Name, a.State, a.Counts.Targets, a.Counts.Mailboxes, a.Needs, a.Why, a.Policy, a.Query})
	if err != nil {
		return nil, err
	}
	return &Reply[Action]{actionOf(ctx, &a)}, nil
}

func (s *Server) actions(ctx context.Context, in *actionsInput) (*Reply[ActionPage], error) {
	p := auth.From(ctx)
	f := remediate.ActionFilter{Kind: remediate.Kind(in.Kind), Incident: in.Incident, Before: in.Cursor, Limit: in.Limit + 1}
	switch in.State {
	case "waiting":
		f.States = []remediate.State{remediate.Waiting}
	case "running":
		f.States = []remediate.State{remediate.Queued, remediate.Running}
	case "over":
		f.States = []remediate.State{remediate.Done, remediate.Partly, remediate.Failed, remediate.Rejected, remediate.Expired, remediate.Cancelled}
	}
	out := ActionPage{Actions: []Action{}}
	if in.Mine && p.Operator.ID == "" {
		return &Reply[ActionPage]{out}, nil
	}
	if in.Mine {
		f.ByID = p.Operator.ID
	}
	forMe := remediate.ActionFilter{States: []remediate.State{remediate.Waiting}, NotByID: p.Operator.ID, Limit: 100}
	if p.May(auth.ActionApprove) {
		wait, err := s.deps.Acting.Store.Actions(ctx, forMe)
		if err != nil {
			return nil, err
		}
		out.Waiting = len(wait)
	}
	if in.ForMe {
		if !p.May(auth.ActionApprove) {
			return &Reply[ActionPage]{out}, nil
		}
		f.States, f.NotByID = forMe.States, forMe.NotByID
	}
	list, err := s.deps.Acting.Store.Actions(ctx, f)
	if err != nil {
		return nil, err
	}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = list[in.Limit-1].ID
	}
	for i := range list {
		out.Actions = append(out.Actions, actionOf(ctx, &list[i]))
	}
	return &Reply[ActionPage]{out}, nil
}

func (s *Server) action(ctx context.Context, in *actionInput) (*Reply[Action], error) {
	a, err := s.deps.Acting.Store.Action(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &Reply[Action]{actionOf(ctx, &a)}, nil
}

func (s *Server) actionTargets(ctx context.Context, in *actionTargetsInput) (*Reply[ActionTargets], error) {
	if _, err := s.deps.Acting.Store.Action(ctx, in.ID); err != nil {
		return nil, err
	}
	f := remediate.TargetFilter{Action: in.ID, Drifted: in.Drifted, Mailbox: strings.ToLower(in.Mailbox), After: in.After, Limit: in.Limit + 1}
	for _, o := range in.Outcome {
		f.Outcomes = append(f.Outcomes, remediate.Outcome(o))
	}
	list, err := s.deps.Acting.Store.Targets(ctx, f)
	if err != nil {
		return nil, err
	}
	out := ActionTargets{Targets: []ActionTarget{}, Next: -1}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = list[in.Limit-1].Seq
	}
	for i := range list {
		out.Targets = append(out.Targets, targetOf(&list[i]))
	}
	return &Reply[ActionTargets]{out}, nil
}

func (s *Server) answerAction(yes bool) func(context.Context, *actionWordsInput) (*Reply[Action], error) {
	return func(ctx context.Context, in *actionWordsInput) (*Reply[Action], error) {
		p, why := auth.From(ctx), strings.TrimSpace(in.Body.Reason)
		if !yes && why == "" {
			return nil, &refused{location: "body.reason", msg: "say why: whoever asked for it reads the reason"}
		}
		a, err := s.deps.Acting.Store.Answer(ctx, in.ID, remediate.Approval{By: p.Operator.Email, ByID: p.Operator.ID, At: s.deps.Now().UTC().Truncate(time.Microsecond), Yes: yes, Comment: why})
		if err != nil {
			return nil, err
		}
		act := auth.ActActionApproved
		if !yes {
			act = auth.ActActionRejected
		}
		return s.decided(ctx, act, a.ID, why, a)
	}
}

func (s *Server) cancelAction(ctx context.Context, in *actionWordsInput) (*Reply[Action], error) {
	a, err := s.deps.Acting.Store.Cancel(ctx, in.ID, s.deps.Now())
	if err != nil {
		return nil, err
	}
	return s.decided(ctx, auth.ActActionCancelled, a.ID, strings.TrimSpace(in.Body.Reason), a)
}

func (s *Server) retryAction(ctx context.Context, in *actionWordsInput) (*Reply[Action], error) {
	a, err := s.deps.Acting.Store.Retry(ctx, in.ID, s.deps.Now())
	if err != nil {
		return nil, err
	}
	return s.decided(ctx, auth.ActActionRetried, a.ID, strings.TrimSpace(in.Body.Reason), a)
}

func (s *Server) planUndo(ctx context.Context, in *actionInput) (*Reply[ActionPlan], error) {
	p, err := s.deps.Acting.Planner.PlanUndo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &Reply[ActionPlan]{planOf(p)}, nil
}

func (s *Server) undoAction(ctx context.Context, in *actionWordsInput) (*Reply[Action], error) {
	p := auth.From(ctx)
	a, err := s.deps.Acting.Planner.Undo(ctx, in.ID, in.Body.Reason, p.Operator.Email, p.Operator.ID)
	if err != nil {
		return nil, err
	}
	return s.decided(ctx, auth.ActActionUndone, in.ID, a.Reason, a)
}

// actionProblem gives errors of package remediate their status; nil for others.
func actionProblem(err error) huma.StatusError {
	var (
		wrong    *remediate.Wrong
		changed  *remediate.Changed
		outdated *remediate.Outdated
	)
	switch {
	case errors.As(err, &wrong):
		return huma.NewError(http.StatusUnprocessableEntity, wrong.Say, &huma.ErrorDetail{Message: wrong.Say, Location: "body." + wrong.Field})
	case errors.Is(err, remediate.ErrNothing):
		return huma.NewError(http.StatusUnprocessableEntity, err.Error())
	case errors.Is(err, remediate.ErrNotFound):
		return huma.NewError(http.StatusNotFound, err.Error())
	case errors.Is(err, remediate.ErrOwn):
		return huma.NewError(http.StatusForbidden, err.Error())
	case errors.As(err, &changed), errors.As(err, &outdated):
		return huma.NewError(http.StatusConflict, err.Error())
	}
	for _, known := range []error{remediate.ErrTwice, remediate.ErrOver, remediate.ErrNoUndo, remediate.ErrUndone, remediate.ErrNotYet, remediate.ErrNoRetry} {
		if errors.Is(err, known) {
			return huma.NewError(http.StatusConflict, known.Error())
		}
	}
	return nil
}

// planSample is how many targets a plan shows.
const planSample = 100

func planOf(p *remediate.Plan) ActionPlan {
	out := ActionPlan{
		Kind: string(p.Kind), Digest: p.Digest, Targets: len(p.Targets), Possible: p.Possible(), Messages: p.Blast.Messages, Mailboxes: p.Blast.Mailboxes, PriorityAccounts: p.Blast.Priority,
		Already: p.Already, Impossible: []ActionObstacle{}, Locations: []ActionLocation{}, Approvals: p.Needs, Rule: p.Why, Undoable: p.Kind.Undoable(),
	}
	for _, o := range p.Impossible {
		out.Impossible = append(out.Impossible, ActionObstacle{o.Why, o.Count})
	}
	for _, l := range p.Places {
		out.Locations = append(out.Locations, ActionLocation{string(l.Place), l.Count})
	}
	out.Sample = sampleOf(p)
	return out
}

// sampleOf shows what will be touched first, and keeps some room for what cannot be.
func sampleOf(p *remediate.Plan) []ActionTarget {
	possible, not := []ActionTarget{}, []ActionTarget(nil)
	for i := range p.Targets {
		t := &p.Targets[i]
		if impossible := t.Outcome == remediate.Impossible; impossible && len(not) < planSample {
			not = append(not, targetOf(t))
		} else if !impossible && len(possible) < planSample {
			possible = append(possible, targetOf(t))
		}
	}
	room := min(len(not), planSample/5)
	possible = possible[:min(len(possible), planSample-room)]
	return append(possible, not[:min(len(not), planSample-len(possible))]...)
}

func actionOf(ctx context.Context, a *remediate.Action) Action {
	p, c := auth.From(ctx), &a.Counts
	out := Action{
		ID: a.ID, Kind: string(a.Kind), Name: a.Name, Reason: a.Reason, State: string(a.State), Over: a.State.Over(), By: a.By, Automatic: a.Automatic, Mine: a.ByID != "" && a.ByID == p.Operator.ID,
		Query: a.Query, Incident: a.Incident, Undoes: a.Undoes, Undone: a.Undone, Cancelling: a.Cancel && !a.State.Over(),
		Undoable:  a.State.Over() && a.Kind.Undoable() && a.Undone == "" && c.Done+c.Failed > 0,
		Retryable: a.State.Over() && c.Failed > 0 && a.Undone == "",
		Created:   a.Created, Started: maybeTime(a.Started), Ended: maybeTime(a.Ended), Expires: maybeTime(a.Expires), Needs: a.Needs, Rule: a.Why, Approvals: []ActionApproval{},
		Counts: ActionCounts{c.Targets, c.Mailboxes, c.Todo, c.Done, c.NotFound, c.Skipped, c.Failed, c.Cancelled, c.Drifted},
	}
	answered := false
	for _, x := range a.Approvals {
		out.Approvals = append(out.Approvals, ActionApproval{x.By, x.At, x.Yes, x.Comment})
		answered = answered || x.ByID == p.Operator.ID
	}
	out.MayApprove = a.State == remediate.Waiting && p.May(auth.ActionApprove) && !out.Mine && a.By != p.Operator.Email && !answered
	if c.Targets > 0 {
		out.Progress = float64(c.Targets-c.Todo) / float64(c.Targets)
	}
	return out
}

func targetOf(t *remediate.Target) ActionTarget {
	out := ActionTarget{
		Seq: t.Seq, NetworkMessageID: t.Message.NetworkMessageID, Recipient: t.Recipient, Mailbox: t.Mailbox, Priority: t.Priority, Subject: t.Message.Subject, Sender: t.Message.SenderFrom,
		Time: t.Message.Date, Location: string(t.Message.Place), Outcome: string(t.Outcome), Say: t.Error, Tries: t.Tries, NextTry: maybeTime(t.Next), At: maybeTime(t.At), Drifted: t.Drifted(),
	}
	r := t.Receipt
	if r == nil {
		return out
	}
	out.Receipt = &ActionProof{At: r.At, Provider: r.Provider, From: string(r.From), To: string(r.To), Steps: []ActionStep{}, Checks: []ActionCheck{}}
	for _, s := range r.Steps {
		x := ActionStep{From: copyOf(s.From), To: copyOf(s.To), Held: s.Held != "" && s.To.Place == "" && s.From.ID != ""}
		switch {
		case s.Stay:
			x.Did = "left"
		case x.From == nil && x.To == nil:
			x.Did = "forgotten"
		case x.From == nil:
			x.Did = "put back"
		case x.To == nil:
			x.Did = "removed"
		default:
			x.Did = "moved"
		}
		out.Receipt.Steps = append(out.Receipt.Steps, x)
	}
	for _, c := range r.Checks {
		out.Receipt.Checks = append(out.Receipt.Checks, ActionCheck{int64(c.After / time.Second), c.At, c.Holds, c.Where})
	}
	return out
}

func copyOf(c remediate.Copy) *ActionCopy {
	if c.ID == "" && c.Place == "" {
		return nil
	}
	return &ActionCopy{ID: c.ID, Folder: c.Folder, Location: string(c.Place), Flags: list(slices.Clone(c.Flags)), Received: maybeTime(c.Received), Size: c.Size, SHA256: c.SHA256}
}
