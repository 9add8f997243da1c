package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/auth"
	"tocsin/internal/remediate"
)

// MailboxAid is first aid for mailboxes, and what is known about them without asking a mail system.
type MailboxAid struct {
	Aid *remediate.Aid
	// Mailbox is the mailbox of an address: another when it is an alias. Lower case.
	Mailbox func(address string) string
	Reach   func(mailbox string) Reach
}

// Reach is how Tocsin gets at a mailbox.
type Reach struct {
	Own     bool     // of the organisation
	System  string   // mail system whose mailbox it is; "" when none is connected
	Reached bool     // something can be done in it
	Say     string   // why nothing can be done
	Watched []string // mail systems that take its mail in by reading it
}

// asksMailSystem is how long a mail system may take to show or change rules.
const asksMailSystem = 90 * time.Second

// maxDeeds of a mailbox are shown.
const maxDeeds = 200

func (s *Server) declareAid() {
	add(s, auth.MailboxRead, "GET /mailboxes/{address}", quick, "One mailbox: whose it is, what reaches it, and what first aid did there", s.aidMailbox)
	add(s, auth.MailboxRead, "GET /mailboxes/{address}/rules", asksMailSystem, "What the mailbox does with mail by itself, suspicious rules first; audited", s.mailboxRules)
	add(s, auth.EmailRemove, "POST /mailboxes/{address}/rules/remove", asksMailSystem, "Take one rule out, and keep what it takes to put it back; audited", s.removeMailboxRule, withStepUp, withLongBody)
	add(s, auth.EmailRemove, "POST /mailboxes/{address}/deeds/{id}/put-back", asksMailSystem, "Put a rule back that was taken out; audited", s.putBackMailboxRule, withStepUp)
	add(s, auth.EmailRemove, "POST /mailboxes/{address}/sign-out", asksMailSystem, "End the sessions of the mailbox's owner, where the mail system can; audited", s.signOutMailbox, withStepUp)
}

type aidInput struct {
	Address string `path:"address" minLength:"3" maxLength:"320" pattern:"^[^@\\s/]+@[^@\\s/]+$" patternDescription:"an address"`
}

// MailboxView is what is known about a mailbox without asking its mail system.
type MailboxView struct {
	Address   string           `json:"address" doc:"As asked for, in lower case"`
	Mailbox   string           `json:"mailbox" doc:"Its mailbox: another when the address is an alias"`
	Own       bool             `json:"own" doc:"It belongs to the organisation"`
	Person    *DirectoryPerson `json:"person,omitempty" doc:"Absent when the directory does not know it"`
	System    string           `json:"system" doc:"Mail system whose mailbox it is; empty when none is connected"`
	Reached   bool             `json:"reached" doc:"Tocsin can do something in it"`
	Say       string           `json:"say" doc:"Why nothing can be done; empty when it is reached"`
	Watched   []string         `json:"watched" doc:"Mail systems that take its mail in by reading it"`
	Deeds     []MailboxDeed    `json:"deeds" doc:"What first aid did, newest first; 200 at most"`
	MayRemove bool             `json:"may_remove" doc:"Whoever asks may remove rules and sign out"`
}

// MailboxDeed is something that first aid did in a mailbox.
type MailboxDeed struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind" enum:"Rule removed,Rule put back,Signed out everywhere"`
	State   string     `json:"state" enum:"Begun,Done,Failed,Unclear" doc:"Begun: written down and perhaps done. Unclear: nobody can see any more whether it was done"`
	By      string     `json:"by"`
	Reason  string     `json:"reason"`
	At      time.Time  `json:"at"`
	Ended   *time.Time `json:"ended,omitempty"`
	Rule    string     `json:"rule" doc:"As written in the mailbox; cut after 4,000 characters"`
	Why     string     `json:"why" doc:"What was wrong with the rule"`
	Script  string     `json:"script"`
	Say     string     `json:"say" doc:"Why it failed, or is unclear"`
	Of      string     `json:"of" doc:"Put back: the removal"`
	PutBack string     `json:"put_back" doc:"Removal: what put it back; empty when nothing did"`
	CanBack bool       `json:"can_back" doc:"The rule can be put back"`
}

// MailboxRules is what a mailbox does with mail by itself.
type MailboxRules struct {
	Shown      bool          `json:"shown" doc:"The mail system shows its rules"`
	Say        string        `json:"say" doc:"Why it shows none"`
	Rules      []MailboxRule `json:"rules" doc:"Suspicious ones first, else as they stand"`
	Suspicious int           `json:"suspicious"`
	More       int           `json:"more" doc:"Rules that are not shown"`
	SignOut    bool          `json:"sign_out" doc:"Sessions of its owner can be ended"`
	SignOutSay string        `json:"sign_out_say" doc:"Why they cannot"`
	At         time.Time     `json:"at"`
}

// MailboxRule is one of them.
type MailboxRule struct {
	ID      string `json:"id"`
	Script  string `json:"script" doc:"Where it stands"`
	Version string `json:"version" doc:"Of that script"`
	Text    string `json:"text" doc:"As written; cut after 20,000 characters"`
	Why     string `json:"why" doc:"What is wrong with it; empty when nothing is"`
}

type removeRuleInput struct {
	Address string `path:"address" minLength:"3" maxLength:"320" pattern:"^[^@\\s/]+@[^@\\s/]+$" patternDescription:"an address"`
	Body    RemoveRule
}

// RemoveRule names a rule as it was seen.
type RemoveRule struct {
	ID      string `json:"id" maxLength:"2000"`
	Script  string `json:"script" maxLength:"2000"`
	Version string `json:"version" maxLength:"200" doc:"Of the script when it was looked at: 409 when it changed since"`
	Reason  string `json:"reason" maxLength:"1000"`
}

type putBackInput struct {
	Address string `path:"address" minLength:"3" maxLength:"320" pattern:"^[^@\\s/]+@[^@\\s/]+$" patternDescription:"an address"`
	ID      string `path:"id" maxLength:"100"`
	Body    AidReason
}

type signOutInput struct {
	Address string `path:"address" minLength:"3" maxLength:"320" pattern:"^[^@\\s/]+@[^@\\s/]+$" patternDescription:"an address"`
	Body    AidReason
}

// AidReason is why something is done in somebody's mailbox.
type AidReason struct {
	Reason string `json:"reason" maxLength:"1000"`
}

func (s *Server) aidMailbox(ctx context.Context, in *aidInput) (*Reply[MailboxView], error) {
	a := s.deps.Aid
	address := strings.ToLower(in.Address)
	main := a.Mailbox(address)
	reach := a.Reach(main)
	out := MailboxView{
		Address: address, Mailbox: main, Own: reach.Own, System: reach.System, Reached: reach.Reached, Say: reach.Say, Watched: append([]string{}, reach.Watched...), Deeds: []MailboxDeed{},
		MayRemove: auth.From(ctx).May(auth.EmailRemove),
	}
	if p, err := s.deps.Directory.Person(main); err == nil && auth.From(ctx).May(auth.DirectoryRead) {
		person := directoryPerson(&p)
		out.Person, out.Own = &person, true
	}
	deeds, err := a.Aid.Store.Deeds(ctx, main, maxDeeds)
	if err != nil {
		return nil, err
	}
	for i := range deeds {
		out.Deeds = append(out.Deeds, deedOf(&deeds[i]))
	}
	return &Reply[MailboxView]{out}, nil
}

func deedOf(d *remediate.Deed) MailboxDeed {
	out := MailboxDeed{
		ID: d.ID, Kind: string(d.Kind), State: string(d.State), By: d.By, Reason: d.Reason, At: d.At, Rule: cutText(d.Rule, 4000), Why: d.Why, Script: d.Change.Script, Say: d.Say,
		Of: d.Of, PutBack: d.PutBack, CanBack: d.Kind == remediate.RuleRemoved && d.State == remediate.DeedDone && d.PutBack == "",
	}
	if !d.Ended.IsZero() {
		out.Ended = &d.Ended
	}
	return out
}

func (s *Server) mailboxRules(ctx context.Context, in *aidInput) (*Reply[MailboxRules], error) {
	a := s.deps.Aid
	mailbox := a.Mailbox(strings.ToLower(in.Address))
	out := MailboxRules{Rules: []MailboxRule{}, At: s.deps.Now()}
	if reach := a.Reach(mailbox); !reach.Reached {
		out.Say, out.SignOutSay = reach.Say, reach.Say
		return &Reply[MailboxRules]{out}, nil
	}
	// On record before it is shown: they are somebody's own.
	if err := s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActMailboxLooked, Subject: mailbox}, nil); err != nil {
		return nil, err
	}
	seen, err := a.Aid.Look(ctx, mailbox)
	if errors.Is(err, remediate.ErrNoRules) || errors.Is(err, remediate.ErrNoMailbox) {
		out.Say = sentenceOf(err)
		out.SignOutSay = out.Say
		return &Reply[MailboxRules]{out}, nil
	}
	if err != nil {
		return nil, err
	}
	out.Shown, out.More, out.SignOut = true, seen.More, seen.SignOut == nil
	if seen.SignOut != nil {
		out.SignOutSay = seen.SignOut.Error()
	}
	for _, r := range seen.Rules {
		if r.Why != "" {
			out.Suspicious++
		}
		out.Rules = append(out.Rules, MailboxRule{ID: r.ID, Script: r.Script, Version: r.Version, Text: cutText(r.Text, 20_000), Why: r.Why})
	}
	return &Reply[MailboxRules]{out}, nil
}

// sentenceOf says an error to a person. Its words may come from outside.
func sentenceOf(err error) string {
	s := cutText(err.Error(), 500)
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// asker is whoever asks, with what goes into the audit log before and after.
func (s *Server) asker(ctx context.Context, reason string, act auth.Action) (remediate.Asker, error) {
	p := auth.From(ctx)
	who := remediate.Asker{By: p.Operator.Email, ByID: p.Operator.ID, Reason: reason}
	if p.Operator.ID == "" {
		return who, &forbidden{need: auth.EmailRemove, why: "first aid needs an operator with a name; it"}
	}
	who.Record = func(ctx context.Context, d remediate.Deed) error {
		r := auth.Record{Action: act, Subject: d.Mailbox, Reason: d.Reason}
		if d.State != remediate.DeedBegun {
			r.Action = auth.ActAidFailed
		}
		return s.deps.Gate.Write(ctx, r, struct {
			Deed   string `json:"deed"`
			Kind   string `json:"kind"`
			System string `json:"system"`
			Script string `json:"script,omitempty"`
			Rule   string `json:"rule,omitempty"`
			Why    string `json:"why,omitempty"`
			Of     string `json:"of,omitempty"`
			State  string `json:"state"`
			Say    string `json:"say,omitempty"`
		}{d.ID, string(d.Kind), d.System, d.Change.Script, cutText(d.Rule, 4000), d.Why, d.Of, string(d.State), d.Say})
	}
	return who, nil
}

// reached is the mailbox of an address, when something can be done in it.
func (s *Server) reached(address string) (string, error) {
	mailbox := s.deps.Aid.Mailbox(strings.ToLower(address))
	if reach := s.deps.Aid.Reach(mailbox); !reach.Reached {
		return mailbox, huma.NewError(http.StatusConflict, reach.Say)
	}
	return mailbox, nil
}

func (s *Server) aid(ctx context.Context, address, reason string, act auth.Action, do func(mailbox string, who remediate.Asker) (remediate.Deed, error)) (*Reply[MailboxDeed], error) {
	who, err := s.asker(ctx, reason, act)
	if err != nil {
		return nil, err
	}
	mailbox, err := s.reached(address)
	if err != nil {
		return nil, err
	}
	d, err := do(mailbox, who)
	if err != nil {
		return nil, err
	}
	return &Reply[MailboxDeed]{deedOf(&d)}, nil
}

func (s *Server) removeMailboxRule(ctx context.Context, in *removeRuleInput) (*Reply[MailboxDeed], error) {
	return s.aid(ctx, in.Address, in.Body.Reason, auth.ActAidRemoved, func(mailbox string, who remediate.Asker) (remediate.Deed, error) {
		return s.deps.Aid.Aid.Remove(ctx, mailbox, remediate.MailboxRule{ID: in.Body.ID, Script: in.Body.Script, Version: in.Body.Version}, who)
	})
}

func (s *Server) putBackMailboxRule(ctx context.Context, in *putBackInput) (*Reply[MailboxDeed], error) {
	return s.aid(ctx, in.Address, in.Body.Reason, auth.ActAidPutBack, func(mailbox string, who remediate.Asker) (remediate.Deed, error) {
		return s.deps.Aid.Aid.PutBack(ctx, mailbox, in.ID, who)
	})
}

func (s *Server) signOutMailbox(ctx context.Context, in *signOutInput) (*Reply[MailboxDeed], error) {
	return s.aid(ctx, in.Address, in.Body.Reason, auth.ActAidSignedOut, func(mailbox string, who remediate.Asker) (remediate.Deed, error) {
		return s.deps.Aid.Aid.SignOut(ctx, mailbox, who)
	})
}

// aidProblem gives errors of first aid their status; nil for others.
func aidProblem(err error) huma.StatusError {
	switch {
	case errors.Is(err, remediate.ErrNoDeed):
		return huma.NewError(http.StatusNotFound, remediate.ErrNoDeed.Error())
	case errors.Is(err, remediate.ErrChanged), errors.Is(err, remediate.ErrGone):
		return huma.NewError(http.StatusConflict, remediate.ErrChanged.Error())
	case errors.Is(err, remediate.ErrNotToBack), errors.Is(err, remediate.ErrNoSystem), errors.Is(err, remediate.ErrNoRules), errors.Is(err, remediate.ErrCannot):
		return huma.NewError(http.StatusConflict, err.Error())
	}
	var system *remediate.SystemError
	if !errors.As(err, &system) {
		return nil
	}
	switch {
	case errors.Is(err, remediate.ErrNoMailbox):
		return huma.NewError(http.StatusConflict, cutText(err.Error(), 500))
	case errors.Is(err, remediate.ErrOverloaded):
		return huma.NewError(http.StatusServiceUnavailable, "the mail system cannot be had now: "+cutText(err.Error(), 500))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return nil
	}
	return huma.NewError(http.StatusBadGateway, "the mail system did not do it, and nothing was changed: "+cutText(err.Error(), 500))
}
