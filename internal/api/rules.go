package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/auth"
	"tocsin/internal/detect"
	"tocsin/internal/hunt"
	"tocsin/internal/rulebook"
)

func (s *Server) declareRules() {
	add(s, auth.RulesRead, "GET /rules", asking, "Rules that judge mail: shipped, of the folder, own", s.getRules)
	add(s, auth.RulesRead, "GET /rules/hits", asking, "How many messages of the last 30 days each rule spoke on", s.ruleHits)
	add(s, auth.RulesRead, "GET /rules/language", quick, "What a rule can say: keys, names, functions, signals", s.ruleLanguage)
	add(s, auth.WhatIfRun, "POST /rules/test", quick, "Compile a text, try it on its samples and on messages; nothing is kept", s.tryRule, withMessages)
	add(s, auth.RulesRead, "GET /rules/{id}", quick, "One rule: text, what it says, results of its samples", s.getRule)
	add(s, auth.RulesEdit, "PUT /rules/{id}", quick, "Write a rule, at once for all mail that comes; audited", s.putRule, withLongBody)
	add(s, auth.RulesEdit, "DELETE /rules/{id}", quick, "Remove an own rule, or what was decided about a file's; audited", s.removeRule, with204)
	add(s, auth.RulesEdit, "PUT /rules/{id}/state", quick, "Turn a rule on or off, give it another weight; audited", s.switchRule)
	add(s, auth.RulesRead, "GET /rules/{id}/versions", quick, "Every state of a rule: who, when, why, with its text", s.ruleVersions)
}

// withMessages takes a rule and ten messages.
func withMessages(op *huma.Operation) { op.MaxBodyBytes = 12 << 20 }

// editor acts, for the history.
func editor(ctx context.Context) rulebook.Who {
	w := who(ctx)
	return rulebook.Who{Name: w.Name, Via: w.Via}
}

func (s *Server) getRules(_ context.Context, in *rulesInput) (*Reply[Rules], error) {
	st := s.deps.Rules.State()
	tested := s.deps.Rules.Tested(st)
	out := Rules{Rules: []RuleLine{}, Total: len(st.Rules), AtWork: len(st.Set.Rules())}
	if s.deps.Supply != nil {
		out.Problem = s.deps.Supply().Problem
	}
	for i := range st.Rules {
		r := &st.Rules[i]
		if line := lineOf(r, tested[r.ID]); in.fits(&line, r.File) {
			out.Rules = append(out.Rules, line)
		}
	}
	return &Reply[Rules]{out}, nil
}

// fits reports whether a rule is asked for.
func (in *rulesInput) fits(l *RuleLine, f *detect.RuleFile) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	switch {
	case !is(in.Origin, l.Origin), !is(in.Threat, l.Threat), !is(in.Technology, l.Technology), !is(in.Severity, l.Severity):
		return false
	case in.State == "on" && !l.Enabled, in.State == "off" && l.Enabled, in.State == "wrong" && l.Error == "" && l.Failed == 0:
		return false
	}
	text := l.ID + "\n" + l.Title + "\n" + strings.Join(l.Attack, "\n")
	if f != nil {
		text += "\n" + f.Description + "\n" + f.Author
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(strings.TrimSpace(in.Search)))
}

// hitsBack is how far back hits are counted.
const hitsBack = 30 * 24 * time.Hour

func (s *Server) ruleHits(ctx context.Context, _ *Nothing) (*Reply[RuleHits], error) {
	now := s.deps.Now().UTC()
	out := RuleHits{Since: now.Add(-hitsBack), Hits: map[string]int64{}}
	if s.deps.Explorer == nil {
		return &Reply[RuleHits]{out}, nil
	}
	all, err := s.deps.Explorer.SignalHits(ctx, hunt.Request{From: out.Since, To: now.Add(time.Second)})
	if err != nil {
		return nil, err
	}
	st := s.deps.Rules.State()
	for id, n := range all {
		if _, is := st.Rule(id); is {
			out.Hits[id] = n
		}
	}
	out.Known = true
	return &Reply[RuleHits]{out}, nil
}

func (s *Server) ruleLanguage(context.Context, *Nothing) (*Reply[RuleLanguage], error) {
	l, err := detect.Language()
	if err != nil {
		return nil, err
	}
	out := RuleLanguage{RuleLanguage: l}
	for _, k := range detect.Kinds() {
		out.Signals = append(out.Signals, RuleSignal{ID: k.ID, Threat: string(k.Threat), Claim: k.Claim})
	}
	return &Reply[RuleLanguage]{out}, nil
}

func (s *Server) tryRule(_ context.Context, in *ruleTryInput) (*Reply[RuleTried], error) {
	b := &in.Body
	out := RuleTried{ID: detect.RuleID([]byte(b.Text)), Problems: []RuleProblem{}, Warnings: []RuleProblem{}, Samples: []RuleSampleResult{}, Messages: []RuleSampleResult{}}
	name := out.ID
	if name == "" {
		name = "rule"
	}
	f, problems := detect.CheckRule(name+".yaml", []byte(b.Text))
	if f != nil {
		out.Title, out.Warnings = f.Title, problemsOf(f.Warnings())
	}
	out.Problems = problemsOf(problems)
	if len(problems) > 0 || b.Check {
		return &Reply[RuleTried]{out}, nil
	}
	set, f, err := s.deps.Rules.Instead(b.Text)
	if err != nil {
		return nil, err
	}
	messages := make([]detect.RuleSample, len(b.Messages))
	for i, m := range b.Messages {
		messages[i] = detect.RuleSample{Message: m.Message, Auth: m.Auth, Recipients: m.Recipients, Domains: m.Domains, Direction: detect.Direction(m.Direction)}
	}
	samples, others := detect.TryRule(set, f, s.deps.Rules.Samples(f.ID), messages)
	for i := range samples {
		out.Samples = append(out.Samples, resultOf(&samples[i], &f.Samples[i]))
	}
	for i := range others {
		out.Messages = append(out.Messages, resultOf(&others[i], nil))
	}
	return &Reply[RuleTried]{out}, nil
}

func (s *Server) getRule(_ context.Context, in *ruleInput) (*Reply[Rule], error) {
	out, err := s.ruleNow(in.ID)
	if err != nil {
		return nil, err
	}
	return &Reply[Rule]{out}, nil
}

// ruleNow is a rule as it stands, with its samples tried.
func (s *Server) ruleNow(id string) (Rule, error) {
	r, ok := s.deps.Rules.State().Rule(id)
	if !ok {
		return Rule{}, rulebook.ErrNotFound
	}
	out := Rule{Text: r.Text, References: []string{}, FalsePositives: []string{}, Problems: []RuleProblem{}, Warnings: []RuleProblem{}, Results: []RuleSampleResult{}}
	if r.Origin == rulebook.Own {
		out.Base = r.Base
	}
	var t rulebook.Tested
	if f := r.File; f != nil {
		out.Description, out.Author, out.References, out.FalsePositives, out.When, out.Evidence = f.Description, f.Author, list(f.References), list(f.FalsePositives), f.When, f.Evidence
		out.Warnings = problemsOf(f.Warnings())
		if set, f, err := s.deps.Rules.Instead(r.Text); err == nil {
			samples, _ := detect.TryRule(set, f, s.deps.Rules.Samples(r.ID), nil)
			for i := range samples {
				out.Results = append(out.Results, resultOf(&samples[i], &f.Samples[i]))
				if samples[i].Problem != "" {
					t.Failed++
				}
			}
			t.Samples = len(samples)
		}
	}
	if r.Error != nil {
		_, errs := detect.CheckRule(r.ID+".yaml", []byte(r.Text))
		out.Problems = problemsOf(errs)
	}
	out.RuleLine = lineOf(r, t)
	return out, nil
}

func (s *Server) putRule(ctx context.Context, in *rulePutInput) (*Reply[Rule], error) {
	return s.changeRule(ctx, in.ID, auth.ActRuleChanged, func() (rulebook.Version, error) {
		return s.deps.Rules.Put(ctx, editor(ctx), in.ID, in.Body.Text, in.Body.Enabled, in.Body.Version, in.Body.Reason)
	})
}

func (s *Server) switchRule(ctx context.Context, in *ruleSwitchInput) (*Reply[Rule], error) {
	return s.changeRule(ctx, in.ID, auth.ActRuleChanged, func() (rulebook.Version, error) {
		return s.deps.Rules.Switch(ctx, editor(ctx), in.ID, in.Body.Enabled, in.Body.Weight, in.Body.Version, in.Body.Reason)
	})
}

func (s *Server) removeRule(ctx context.Context, in *ruleDeleteInput) (*Nothing, error) {
	_, err := s.changeRule(ctx, in.ID, auth.ActRuleRemoved, func() (rulebook.Version, error) {
		return s.deps.Rules.Remove(ctx, editor(ctx), in.ID, in.Version, in.Reason)
	})
	return nil, err
}

// standing is a rule in the audit log.
type standing struct {
	Origin  rulebook.Origin `json:"origin"`
	Enabled bool            `json:"enabled"`
	Weight  int             `json:"weight,omitempty"`
	Text    string          `json:"text,omitempty"` // of an own one
}

func standingOf(r *rulebook.Rule) *standing {
	out := &standing{Origin: r.Origin, Enabled: r.Enabled, Weight: r.Weight}
	if r.Origin == rulebook.Own {
		out.Text = r.Text
	}
	return out
}

// changeRule makes a change, writes it down with before and after, and answers the rule as it is then.
func (s *Server) changeRule(ctx context.Context, id string, act auth.Action, change func() (rulebook.Version, error)) (*Reply[Rule], error) {
	var before, after *standing
	if r, ok := s.deps.Rules.State().Rule(id); ok {
		before = standingOf(r)
	}
	v, err := change()
	if err != nil {
		return nil, err
	}
	if r, ok := s.deps.Rules.State().Rule(id); ok {
		after = standingOf(r)
	}
	if err := s.deps.Gate.Write(ctx, auth.Record{Action: act, Subject: id, Reason: v.Reason}, beforeAfter{before, after}); err != nil || after == nil {
		return nil, err
	}
	out, err := s.ruleNow(id)
	return &Reply[Rule]{out}, err
}

func (s *Server) ruleVersions(ctx context.Context, in *ruleVersionsInput) (*Reply[RuleVersions], error) {
	// One more than the page, to compare its last version with.
	versions, err := s.deps.Rules.Store().RuleVersions(ctx, in.ID, in.Below, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := RuleVersions{Versions: []RuleVersion{}}
	for i := range versions {
		if i == in.Limit {
			out.Next = versions[i-1].Number
			break
		}
		var before *rulebook.Version
		if i+1 < len(versions) {
			before = &versions[i+1]
		}
		out.Versions = append(out.Versions, versionOf(&versions[i], before))
	}
	return &Reply[RuleVersions]{out}, nil
}

// wrongRule answers what is wrong with a text with every place.
func wrongRule(e *rulebook.Wrong) error {
	details := []error{}
	for _, p := range e.Errors {
		details = append(details, &huma.ErrorDetail{Message: p.Msg, Location: "body.text", Value: RuleProblem{Line: p.Line, Column: p.Column, Message: p.Msg}})
	}
	if len(details) == 0 {
		details = append(details, &huma.ErrorDetail{Message: e.Error(), Location: "body." + e.Field})
	}
	return huma.NewError(http.StatusUnprocessableEntity, e.Error(), details...)
}
