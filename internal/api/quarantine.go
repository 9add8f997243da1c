package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/auth"
	"tocsin/internal/hunt"
	"tocsin/internal/quarantine"
	"tocsin/internal/remediate"
)

// Quarantine is what the routes about held mail need beside Explorer and Acting.
type Quarantine struct {
	Store  quarantine.Store
	Links  *quarantine.Links
	Keep   time.Duration
	Digest string
}

// expiringSoon is when the summary counts an entry as about to expire.
const expiringSoon = 72 * time.Hour

func (s *Server) declareQuarantine() {
	add(s, auth.QuarantineRead, "GET /quarantine", asking, "What is or was in quarantine, page by page", s.quarantine)
	add(s, auth.QuarantineRead, "GET /quarantine/summary", asking, "How much is held, and how many ask for release", s.quarantineSummary)
	add(s, auth.EmailRemove, "POST /quarantine/plan", planning, "What releasing or deleting would do; nothing is kept", s.planQuarantine, withLongBody)
	add(s, auth.EmailRemove, "POST /quarantine/release", planning, "Release held mail: an action on mailboxes; audited", s.releaseQuarantine, withLongBody)
	add(s, auth.EmailRemove, "POST /quarantine/delete", planning, "Delete held mail for good: an action; audited", s.deleteQuarantine, withLongBody)
	add(s, auth.EmailRemove, "POST /quarantine/refuse", asking, "Answer requests for release with no; audited", s.refuseRelease, withLongBody)
	add(s, auth.Public, "GET /quarantine/asks/{token}", quick, "The message that the link of a digest is about; changes nothing", s.releaseLink)
	add(s, auth.Public, "POST /quarantine/asks/{token}", quick, "Ask for its release; audited", s.askRelease)
}

// entriesOf turns the filter into a question.
func (s *Server) entriesOf(ctx context.Context, f *QuarantineFilter) (hunt.QuarantineAsk, error) {
	a := hunt.QuarantineAsk{State: f.State, Text: f.Text, Recipient: f.Recipient, Sender: f.Sender, Subject: f.Subject, Threat: f.Threat, Priority: f.Priority, From: f.From, To: f.To}
	switch f.State {
	case "":
		a.State = hunt.QuarantineHeld
	case "all":
		a.State = ""
	case "asked":
		open, err := s.deps.Quarantine.Store.Waiting(ctx, quarantine.MaxOpen)
		if err != nil {
			return a, err
		}
		a.State, a.Only = hunt.QuarantineHeld, []hunt.Pick{}
		for _, r := range open {
			a.Only = append(a.Only, hunt.Pick{ID: r.Message, Recipient: r.Recipient})
		}
	}
	return a, nil
}

func (s *Server) quarantine(ctx context.Context, in *quarantineInput) (*Reply[QuarantinePage], error) {
	a, err := s.entriesOf(ctx, &in.QuarantineFilter)
	if err != nil {
		return nil, err
	}
	page, err := s.deps.Explorer.Quarantine(ctx, a, hunt.Page{Sort: in.Sort, Asc: !in.Desc, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	keys := make([]quarantine.Key, len(page.Entries))
	for i := range page.Entries {
		keys[i] = quarantine.Key{Message: page.Entries[i].NetworkMessageID, Recipient: page.Entries[i].Recipient}
	}
	requests, err := s.deps.Quarantine.Store.Requests(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := QuarantinePage{Entries: make([]QuarantineEntry, len(keys)), Next: page.Next}
	for i := range page.Entries {
		r, asked := requests[keys[i]]
		out.Entries[i] = s.entryOf(&page.Entries[i], r, asked)
	}
	return &Reply[QuarantinePage]{out}, nil
}

func (s *Server) entryOf(e *hunt.QuarantineEntry, r quarantine.Request, asked bool) QuarantineEntry {
	out := QuarantineEntry{
		NetworkMessageID: e.NetworkMessageID, Recipient: e.Recipient, State: e.State(), Since: e.Since, Received: e.Received, Sender: e.SenderFrom, SenderName: e.SenderName, Subject: e.Subject,
		Threats: e.Threats, PhishConfidence: e.PhishConfidence, FirstSignal: e.FirstSignal, Policy: e.Policy, Override: e.Override, Reason: e.Reason, MovedBy: e.MovedBy, MovedFor: e.MovedFor,
		Location: e.Place, LatestAction: e.LastAction, Priority: e.Priority, Outbound: e.Direction == "Outbound", Size: e.Size, Attachments: e.Attachments, URLs: e.URLs, InternetID: e.InternetID,
	}
	if out.State == hunt.QuarantineHeld {
		out.Expires = maybeTime(e.Since.Add(s.deps.Quarantine.Keep))
	}
	if asked && (r.State == quarantine.Open || !r.Answered.Before(e.Since)) {
		out.Request = &QuarantineRequest{State: string(r.State), Asked: r.Asked, Note: r.Note, Answered: maybeTime(r.Answered), By: r.By, Reason: r.Reason, Told: r.Told}
		if r.State == quarantine.Open && out.State == hunt.QuarantineHeld {
			out.State = "asked"
		}
	}
	return out
}

func (s *Server) quarantineSummary(ctx context.Context, _ *Nothing) (*Reply[QuarantineSummary], error) {
	q := s.deps.Quarantine
	n, err := s.deps.Explorer.QuarantineCount(ctx, s.deps.Now().Add(expiringSoon-q.Keep))
	if err != nil {
		return nil, err
	}
	asked, err := q.Store.CountOpen(ctx)
	if err != nil {
		return nil, err
	}
	return &Reply[QuarantineSummary]{QuarantineSummary{Held: n.Held, Malware: n.Malware, Expiring: n.Expiring, Asked: asked, KeepHours: int64(q.Keep / time.Hour), Digest: q.Digest}}, nil
}

// heldAsk turns a request about held mail into what Planner takes.
func (s *Server) heldAsk(ctx context.Context, kind remediate.Kind, in *QuarantineAsk) (remediate.Ask, error) {
	p := auth.From(ctx)
	ask := remediate.Ask{Kind: kind, Name: in.Name, Reason: in.Reason, By: p.Operator.Email, ByID: p.Operator.ID, Digest: in.Plan}
	if p.Operator.ID == "" {
		return ask, &forbidden{need: auth.EmailRemove, why: "acting on mail needs an operator with a name; it"}
	}
	var a hunt.QuarantineAsk
	var err error
	switch {
	case (in.Filter == nil) == (len(in.Events) == 0):
		return ask, &refused{location: "body", msg: "give a filter or events, one of them"}
	case in.Filter != nil:
		if in.Filter.State != "" && in.Filter.State != "held" && in.Filter.State != "asked" {
			return ask, &refused{location: "body.filter.state", msg: "only mail that is held can be released or deleted: held or asked"}
		}
		if a, err = s.entriesOf(ctx, in.Filter); err != nil {
			return ask, err
		}
	default:
		a = hunt.QuarantineAsk{State: hunt.QuarantineHeld, Only: []hunt.Pick{}}
		for _, e := range in.Events {
			a.Only = append(a.Only, hunt.Pick{ID: e.NetworkMessageID, Recipient: e.Recipient})
		}
	}
	entries, err := s.deps.Explorer.QuarantineAll(ctx, a, remediate.MaxTargets+1)
	if err != nil {
		return ask, err
	}
	if in.Filter != nil {
		ask.Query = a.Question()
	}
	ask.Events = make([]remediate.Event, len(entries))
	for i := range entries {
		e := &entries[i]
		ask.Events[i] = remediate.Event{
			NetworkMessageID: e.NetworkMessageID, InternetMessageID: e.InternetID, Recipient: e.Recipient, RawSHA256: e.RawSHA256, Date: e.Received, Subject: e.Subject, SenderFrom: e.SenderFrom,
			Direction: e.Direction, Threats: e.Threats, Place: remediate.Place(e.Place), Priority: e.Priority,
		}
	}
	return ask, nil
}

func (s *Server) planQuarantine(ctx context.Context, in *quarantinePlanInput) (*Reply[ActionPlan], error) {
	ask, err := s.heldAsk(ctx, remediate.Kind(in.Body.Kind), &in.Body.QuarantineAsk)
	if err != nil {
		return nil, err
	}
	p, err := s.deps.Acting.Planner.Plan(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &Reply[ActionPlan]{planOf(p)}, nil
}

// maxGood is how many messages are called good by one release.
const maxGood = 500

func (s *Server) releaseQuarantine(ctx context.Context, in *quarantineReleaseInput) (*Reply[Action], error) {
	ask, err := s.heldAsk(ctx, remediate.Release, &in.Body.QuarantineAsk)
	if err != nil {
		return nil, err
	}
	var good []string
	if in.Body.FalsePositive {
		if !auth.From(ctx).May(auth.EmailLabel) {
			return nil, &forbidden{need: auth.EmailLabel, why: "saying that mail is good"}
		}
		for i := range ask.Events {
			good = append(good, ask.Events[i].NetworkMessageID)
		}
		slices.Sort(good)
		if good = slices.Compact(good); len(good) > maxGood {
			return nil, &refused{location: "body.false_positive", msg: fmt.Sprintf("%d messages are too many to call good at once; at most %d", len(good), maxGood)}
		}
	}
	a, err := s.deps.Acting.Planner.Start(ctx, ask)
	if err != nil {
		return nil, err
	}
	for _, id := range good {
		if err := s.deps.Learner.Label(ctx, id, "good", ""); err != nil && !errors.Is(err, ErrNoMessage) {
			return nil, err
		}
	}
	return s.decided(ctx, auth.ActActionAsked, a.ID, a.Reason, a)
}

func (s *Server) deleteQuarantine(ctx context.Context, in *quarantineDeleteInput) (*Reply[Action], error) {
	ask, err := s.heldAsk(ctx, remediate.HardDelete, &in.Body)
	if err != nil {
		return nil, err
	}
	if s.stale(auth.From(ctx)) {
		return nil, errStepUp()
	}
	a, err := s.deps.Acting.Planner.Start(ctx, ask)
	if err != nil {
		return nil, err
	}
	return s.decided(ctx, auth.ActActionAsked, a.ID, a.Reason, a)
}

func (s *Server) refuseRelease(ctx context.Context, in *quarantineRefuseInput) (*Reply[QuarantineRefused], error) {
	reason := strings.TrimSpace(in.Body.Reason)
	if reason == "" {
		return nil, &refused{location: "body.reason", msg: "say why: the people who asked read it"}
	}
	out := QuarantineRefused{}
	for _, e := range in.Body.Events {
		r := quarantine.Request{
			Message: strings.ToLower(e.NetworkMessageID), Recipient: e.Recipient, State: quarantine.Refused, Answered: s.deps.Now().UTC().Truncate(time.Microsecond), By: auth.From(ctx).Operator.Email, Reason: reason,
		}
		switch err := s.deps.Quarantine.Store.Answer(ctx, r); {
		case errors.Is(err, quarantine.ErrNoRequest):
			out.Over++
		case err != nil:
			return nil, err
		default:
			out.Refused++
			if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActReleaseRefused, Subject: r.Message, Recipient: r.Recipient, Reason: reason}, nil); err != nil {
				return nil, err
			}
		}
	}
	if out.Refused == 0 {
		return nil, quarantine.ErrNoRequest
	}
	return &Reply[QuarantineRefused]{out}, nil
}

// linked opens the link of a digest: its message as it is now, and what was asked about it.
func (s *Server) linked(ctx context.Context, token string) (*hunt.QuarantineEntry, *ReleaseLink, error) {
	q := s.deps.Quarantine
	from := address(ctx)
	if err := s.asks.may(from, s.deps.Now()); err != nil {
		return nil, nil, slower(err)
	}
	key, err := q.Links.Open(token, s.deps.Now())
	if err != nil { // by address alone: a stranger who guesses must not shut other people's links, and a good link is never shut
		if err := s.guesses.Try("release link "+from, from); err != nil {
			return nil, nil, slower(err)
		}
		return nil, nil, err
	}
	all, err := s.deps.Explorer.QuarantineAll(ctx, hunt.QuarantineAsk{Only: []hunt.Pick{{ID: key.Message, Recipient: key.Recipient}}}, 1)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 { // with its events, it was forgotten
		return nil, nil, quarantine.ErrLink
	}
	requests, err := q.Store.Requests(ctx, []quarantine.Key{key})
	if err != nil {
		return nil, nil, err
	}
	e := &all[0]
	out := &ReleaseLink{
		Organisation: s.deps.Organisation.Name, Sender: cutText(e.SenderFrom, 320), SenderName: cutText(e.SenderName, 320), Subject: cutText(e.Subject, 1000), Since: e.Since, Threats: e.Threats,
	}
	r, asked := requests[key]
	asked = asked && (r.State == quarantine.Open || !r.Answered.Before(e.Since))
	switch state := e.State(); {
	case state == hunt.QuarantineReleased:
		out.State = "released"
	case state != hunt.QuarantineHeld:
		out.State = "gone"
	case asked && r.State == quarantine.Refused:
		out.State, out.Reason = "refused", r.Reason
	case asked && r.State == quarantine.Open:
		out.State = "asked"
	case malware(e):
		out.State = "malware"
	default:
		out.State = "held"
	}
	return e, out, nil
}

// slower tells somebody who is no operator to wait.
func slower(err error) error {
	wait := time.Minute
	var soon *auth.TooSoon
	if errors.As(err, &soon) {
		wait = max(soon.RetryAfter, time.Second)
	}
	return huma.ErrorWithHeaders(huma.NewError(http.StatusTooManyRequests, "there were too many tries from your network; wait a little and try again"),
		http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}})
}

// malware is never offered to its recipient.
func malware(e *hunt.QuarantineEntry) bool { return strings.Contains(e.Threats, "Malware") }

func (s *Server) releaseLink(ctx context.Context, in *releaseLinkInput) (*Reply[ReleaseLink], error) {
	_, out, err := s.linked(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return &Reply[ReleaseLink]{*out}, nil
}

// askRelease keeps one request for a message and recipient. Asking again says how it stands.
func (s *Server) askRelease(ctx context.Context, in *releaseAskInput) (*Reply[ReleaseLink], error) {
	e, out, err := s.linked(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	if out.State != "held" {
		return &Reply[ReleaseLink]{*out}, nil
	}
	note := strings.TrimSpace(in.Body.Note)
	if utf8.RuneCountInString(note) > quarantine.MaxNote {
		note = string([]rune(note)[:quarantine.MaxNote])
	}
	_, fresh, err := s.deps.Quarantine.Store.Ask(ctx, quarantine.Request{
		Message: e.NetworkMessageID, Recipient: e.Recipient, Asked: s.deps.Now().UTC().Truncate(time.Microsecond), Note: note, State: quarantine.Open,
	}, e.Since)
	if err != nil {
		return nil, err
	}
	if fresh {
		record := auth.Record{Operator: e.Recipient, Via: "release link", Address: address(ctx), Action: auth.ActReleaseAsked, Subject: e.NetworkMessageID, Recipient: e.Recipient, Reason: note}
		if err := s.deps.Gate.Write(ctx, record, nil); err != nil {
			return nil, err
		}
	}
	out.State = "asked"
	return &Reply[ReleaseLink]{*out}, nil
}

// quarantineProblem gives errors of package quarantine their status; nil for others.
func quarantineProblem(err error) huma.StatusError {
	for known, status := range map[error]int{quarantine.ErrLink: http.StatusNotFound, quarantine.ErrNoRequest: http.StatusConflict, quarantine.ErrTooMany: http.StatusServiceUnavailable} {
		if errors.Is(err, known) {
			return huma.NewError(status, known.Error())
		}
	}
	return nil
}
