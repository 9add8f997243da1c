package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/detect"
	"tocsin/internal/policy"
)

func (s *Server) declarePolicy() {
	add(s, auth.PolicyRead, "GET /policy", quick, "What is done with judged mail now", s.getPolicy)
	add(s, auth.PolicyEdit, "PUT /policy", quick, "Change it, at once for all mail that comes; audited", s.putPolicy, withStepUp)
	add(s, auth.PolicyRead, "GET /policy/versions", quick, "Every state of the policy: who, when, why, what changed", s.policyVersions)
	add(s, auth.PolicyRead, "GET /policy/entries", quick, "Allow and block entries, newest first", s.entries)
	add(s, auth.PolicyBlock, "POST /policy/entries", quick, "Add entries, all or none; allow entries need policy.edit; audited", s.addEntries, withLongBody)
	add(s, auth.PolicyRead, "POST /policy/entries/check", quick, "What entries would mean, before they are added; nothing is kept", s.checkEntries, withLongBody)
	add(s, auth.PolicyRead, "GET /policy/entries/{id}", quick, "One entry", s.entry)
	add(s, auth.PolicyEdit, "PUT /policy/entries/{id}", quick, "Change an entry; audited", s.changeEntry)
	add(s, auth.PolicyEdit, "DELETE /policy/entries/{id}", quick, "Remove an entry; audited", s.removeEntry, with204)
	add(s, auth.PolicyRead, "GET /policy/mailboxes", quick, "Mailboxes with safe and blocked senders of their own", s.mailboxes)
	add(s, auth.PolicyRead, "GET /policy/mailboxes/{address}", quick, "Settings of one mailbox", s.mailbox)
	add(s, auth.PolicyEdit, "PUT /policy/mailboxes/{address}", quick, "Keep settings of one mailbox; audited", s.putMailbox, withLongBody)
	add(s, auth.PolicyEdit, "DELETE /policy/mailboxes/{address}", quick, "Forget settings of one mailbox; audited", s.removeMailbox, with204)
}

// who acts, for the history.
func who(ctx context.Context) policy.Who {
	p := auth.From(ctx)
	return policy.Who{Name: p.Operator.Email, Via: p.Via}
}

func (s *Server) getPolicy(context.Context, *Nothing) (*Reply[PolicyInForce], error) {
	return &Reply[PolicyInForce]{s.inForce()}, nil
}

func (s *Server) inForce() PolicyInForce {
	st := s.deps.Desk.State()
	out := PolicyInForce{
		Policy: policySettings(st.Version.Policy), Version: st.Version.Number, Source: "settings", By: st.Version.By, Reason: st.Version.Reason,
		Settings: policySettings(s.deps.Desk.First()), Since: st.Since, Entries: st.Entries, Mailboxes: st.Mailboxes,
	}
	if out.Version > 0 {
		out.Source, out.At = "product", &st.Version.At
	}
	return out
}

func (s *Server) putPolicy(ctx context.Context, in *policyInput) (*Reply[PolicyInForce], error) {
	before := policySettings(s.deps.Desk.State().Version.Policy)
	v, err := s.deps.Desk.SetPolicy(ctx, who(ctx), in.Body.Policy.Policy(), in.Body.Version, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	err = s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActPolicyChanged, Subject: strconv.FormatInt(v.Number, 10), Reason: v.Reason}, beforeAfter{before, policySettings(v.Policy)})
	return &Reply[PolicyInForce]{s.inForce()}, err
}

// beforeAfter is the detail of an audit record about a change.
type beforeAfter struct {
	Before any `json:"before"`
	After  any `json:"after"`
}

func (s *Server) policyVersions(ctx context.Context, in *policyVersionsInput) (*Reply[PolicyVersions], error) {
	// One more than the page, to compare its last version with.
	versions, err := s.deps.Desk.Store().PolicyVersions(ctx, in.Below, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := PolicyVersions{Versions: []PolicyVersion{}}
	for i, v := range versions {
		if i == in.Limit {
			out.Next = versions[i-1].Number
			break
		}
		before := policySettings(s.deps.Desk.First())
		if i+1 < len(versions) {
			before = policySettings(versions[i+1].Policy)
		}
		now := policySettings(v.Policy)
		out.Versions = append(out.Versions, PolicyVersion{Version: v.Number, At: v.At, By: v.By, Via: v.Via, Reason: v.Reason, Policy: now, Changes: changes(before, now)})
	}
	return &Reply[PolicyVersions]{out}, nil
}

// changes lists what differs between two states.
func changes(a, b PolicySettings) []PolicyField {
	out := []PolicyField{}
	for _, f := range []struct {
		name          string
		before, after any
	}{
		{"mode", a.Mode, b.Mode}, {"malware", a.Malware, b.Malware}, {"phish_high", a.PhishHigh, b.PhishHigh}, {"phish", a.Phish, b.Phish},
		{"spam_high", a.SpamHigh, b.SpamHigh}, {"spam", a.Spam, b.Spam}, {"bulk", a.Bulk, b.Bulk}, {"bulk_from", a.BulkFrom, b.BulkFrom},
		{"priority.points", a.Priority.Points, b.Priority.Points}, {"priority.step", a.Priority.Step, b.Priority.Step},
	} {
		if f.before != f.after {
			out = append(out, PolicyField{f.name, fmt.Sprint(f.before), fmt.Sprint(f.after)})
		}
	}
	return out
}

func (s *Server) entries(ctx context.Context, in *entriesInput) (*Reply[EntryPage], error) {
	now := s.deps.Now()
	f := policy.Filter{Kind: detect.OverrideKind(in.Kind), State: in.State, Search: strings.TrimSpace(in.Search), Now: now, Limit: in.Limit}
	if in.Action != "" {
		allow := in.Action == "Allow"
		f.Allow = &allow
	}
	if in.Cursor != "" {
		key, err := pastKey(in.Cursor)
		if err != nil {
			return nil, err
		}
		f.After = policy.EntryKey{Created: key.At, ID: key.ID}
	}
	page, total, err := s.deps.Desk.Store().Entries(ctx, f)
	if err != nil {
		return nil, err
	}
	out := EntryPage{Entries: make([]Entry, len(page)), Total: total}
	for i := range page {
		out.Entries[i] = entryOf(page[i], now)
	}
	if n := len(page); n == in.Limit {
		out.Next = strconv.FormatInt(page[n-1].Created.UnixMicro(), 10) + "." + page[n-1].ID
	}
	return &Reply[EntryPage]{out}, nil
}

func (s *Server) entry(ctx context.Context, in *entryInput) (*Reply[Entry], error) {
	e, err := s.deps.Desk.Store().Entry(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &Reply[Entry]{entryOf(e, s.deps.Now())}, nil
}

func (s *Server) addEntries(ctx context.Context, in *entryAddInput) (*Reply[[]Entry], error) {
	b := &in.Body
	if b.Action == "Allow" && !auth.From(ctx).May(auth.PolicyEdit) {
		return nil, &forbidden{need: auth.PolicyEdit, why: "letting mail in"}
	}
	added, err := s.deps.Desk.AddEntries(ctx, who(ctx), draft(b.Kind, b.Values, b.Action, b.Unproven, b.Reason, b.Expires))
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(added))
	for i, e := range added {
		out[i] = entryOf(e, s.deps.Now())
		if err := s.recordEntry(ctx, auth.ActEntryAdded, nil, &out[i]); err != nil {
			return nil, err
		}
	}
	return &Reply[[]Entry]{out}, nil
}

// checkEntries answers value by value, in the order given: a page asks while somebody types.
func (s *Server) checkEntries(ctx context.Context, in *entryCheckInput) (*Reply[[]EntryCheck], error) {
	b := &in.Body
	out := make([]EntryCheck, len(b.Values))
	for i, v := range b.Values {
		out[i] = EntryCheck{Given: v}
		made, err := s.deps.Desk.Entries(who(ctx), draft(b.Kind, []string{v}, b.Action, b.Unproven, "asked before", nil))
		if err != nil {
			out[i].Problem = err.Error()
			continue
		}
		o := &made[0].Override
		out[i].Value, out[i].Effect = o.Value, policy.Effect(o)
		same, err := s.deps.Desk.Store().EntryOf(ctx, o.Kind, o.Value)
		switch {
		case err == nil:
			e := entryOf(same, s.deps.Now())
			out[i].Same = &e
		case !errors.Is(err, policy.ErrNotFound):
			return nil, err
		}
	}
	return &Reply[[]EntryCheck]{out}, nil
}

func draft(kind string, values []string, action string, unproven bool, reason string, expires *time.Time) policy.Draft {
	d := policy.Draft{Kind: detect.OverrideKind(kind), Values: values, Allow: action == "Allow", Unproven: unproven, Reason: reason}
	if expires != nil {
		d.Expires = *expires
	}
	return d
}

// recordEntry writes down a change of the list, under the value that it is about.
func (s *Server) recordEntry(ctx context.Context, act auth.Action, before, after *Entry) error {
	return s.recordEntryFor(ctx, act, "", before, after)
}

// recordEntryFor is recordEntry with the reason of the change; without one, the entry's own stands there.
func (s *Server) recordEntryFor(ctx context.Context, act auth.Action, reason string, before, after *Entry) error {
	one := after
	if one == nil {
		one = before
	}
	return s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: one.Kind + " " + one.Value, Reason: cmp.Or(reason, one.Reason)}, beforeAfter{before, after})
}

func (s *Server) changeEntry(ctx context.Context, in *entryChangeInput) (*Reply[Entry], error) {
	b := &in.Body
	was, is, err := s.deps.Desk.ChangeEntry(ctx, who(ctx), in.ID, b.Revision, draft("", nil, b.Action, b.Unproven, b.Reason, b.Expires))
	if err != nil {
		return nil, err
	}
	before, after := entryOf(was, s.deps.Now()), entryOf(is, s.deps.Now())
	return &Reply[Entry]{after}, s.recordEntry(ctx, auth.ActEntryChanged, &before, &after)
}

func (s *Server) removeEntry(ctx context.Context, in *entryRemoveInput) (*Nothing, error) {
	was, err := s.deps.Desk.RemoveEntry(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	before := entryOf(was, s.deps.Now())
	return nil, s.recordEntryFor(ctx, auth.ActEntryRemoved, strings.TrimSpace(in.Reason), &before, nil)
}

func (s *Server) mailboxes(ctx context.Context, in *mailboxesInput) (*Reply[MailboxPage], error) {
	all, err := s.deps.Desk.Store().Mailboxes(ctx, in.Search, strings.ToLower(in.After), in.Limit)
	if err != nil {
		return nil, err
	}
	out := MailboxPage{Mailboxes: make([]Mailbox, len(all))}
	for i := range all {
		out.Mailboxes[i] = mailboxOf(all[i])
	}
	if n := len(all); n == in.Limit {
		out.Next = all[n-1].Address
	}
	return &Reply[MailboxPage]{out}, nil
}

func (s *Server) mailbox(ctx context.Context, in *mailboxInput) (*Reply[Mailbox], error) {
	m, err := s.deps.Desk.Store().Mailbox(ctx, strings.ToLower(in.Address))
	if err != nil {
		return nil, err
	}
	return &Reply[Mailbox]{mailboxOf(m)}, nil
}

func (s *Server) putMailbox(ctx context.Context, in *mailboxPutInput) (*Reply[Mailbox], error) {
	b := &in.Body
	was, is, err := s.deps.Desk.PutMailbox(ctx, who(ctx), detect.Mailbox{
		Address: in.Address, SafeSenders: b.SafeSenders, SafeDomains: b.SafeDomains, BlockedSenders: b.BlockedSenders, BlockedDomains: b.BlockedDomains, JunkOff: b.JunkOff,
	})
	if err != nil {
		return nil, err
	}
	var before any
	if was.Address != "" {
		before = mailboxOf(was)
	}
	after := mailboxOf(is)
	return &Reply[Mailbox]{after}, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActMailboxChanged, Subject: is.Address}, beforeAfter{before, after})
}

func (s *Server) removeMailbox(ctx context.Context, in *mailboxInput) (*Nothing, error) {
	was, err := s.deps.Desk.RemoveMailbox(ctx, in.Address)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActMailboxRemoved, Subject: was.Address}, beforeAfter{mailboxOf(was), nil})
}
