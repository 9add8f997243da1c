package app_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/remediate/providertest"
)

func TestActionsAskForTheSecondFactorAgain(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory("bob@harbour.test")
	s := open(t, mailed(m))
	const asks, answers = "ada@harbour.test", "ben@harbour.test"
	s.operator(t, asks, auth.SecurityOperator, auth.SearchAndPurge)
	s.operator(t, answers, auth.SecurityAdministrator, auth.Approve)
	ada, adaSecret, _ := s.nobody().signIn(t, asks).enrol(t)
	ben, benSecret, _ := s.nobody().signIn(t, answers).enrol(t)
	m.Deliver("bob@harbour.test", "INBOX", simple("one"), nil, time.Now())
	id := s.take(t, simple("one"), "bob@harbour.test")
	s.clock.move(16 * time.Minute)

	again := func(c caller, secret string) caller {
		r := c.post(t, "/session/step-up", api.Code{Code: s.code(t, secret, 0)}).want(http.StatusOK)
		return c.with("Cookie", cookie(t, r).String())
	}
	ask := api.ActionAsk{Kind: "Hard delete", Reason: "x", Events: []api.ActionEvent{{NetworkMessageID: id, Recipient: "bob@harbour.test"}}}
	ada.post(t, "/actions", ask).refusedAs(stepUpNeeded, http.StatusForbidden)
	if list := ok[api.ActionPage](ada.get(t, "/actions")).Actions; len(list) != 0 {
		t.Fatalf("refused, and asked for: %+v", list)
	}
	ada = again(ada, adaSecret)
	a := ok[api.Action](ada.post(t, "/actions", ask))
	ben.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{}).refusedAs(stepUpNeeded, http.StatusForbidden)
	if now := ok[api.Action](ben.get(t, "/actions/"+a.ID)); now.State != "Waiting for approval" || len(now.Approvals) != 0 || !now.MayApprove {
		t.Fatalf("refused, and approved: %+v", now)
	}
	ben.send(t, http.MethodPut, "/approvals", map[string]any{}).refusedAs(stepUpNeeded, http.StatusForbidden)
	ben = again(ben, benSecret)
	ok[api.Action](ben.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{}))
	if a = ada.over(t, a); a.State != "Done" || len(lies(m, "bob@harbour.test")) != 0 {
		t.Errorf("%+v", a)
	}
	// What can be undone asks for nothing, also with an old factor.
	s.clock.move(16 * time.Minute)
	m.Deliver("bob@harbour.test", "INBOX", simple("two"), nil, time.Now())
	ask.Kind, ask.Events[0].NetworkMessageID = "Move to junk", s.take(t, simple("two"), "bob@harbour.test")
	ada.over(t, ok[api.Action](ada.post(t, "/actions", ask)))
	if r := s.audited(t, auth.ActActionAsked); len(r) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestRetryLeavesARecord(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory("bob@harbour.test")
	var broken atomic.Bool
	broken.Store(true)
	m.Before = func(context.Context, providertest.Op, string) error {
		if broken.Load() {
			return errors.New("the disk of the mail server is full")
		}
		return nil
	}
	s := open(t, mailed(m), boss)
	asker, second := s.as(t, auth.SecurityOperator, auth.SearchAndPurge), s.as(t, auth.SecurityOperator, auth.Approve)
	m.Deliver("bob@harbour.test", "INBOX", simple("one"), nil, time.Now())
	id := s.take(t, simple("one"), "bob@harbour.test")
	a := ok[api.Action](asker.post(t, "/actions", api.ActionAsk{Kind: "Hard delete", Reason: "x", Events: []api.ActionEvent{{NetworkMessageID: id, Recipient: "bob@harbour.test"}}}))
	s.sql(t, `UPDATE action_targets SET tries = 7`) // the eighth is the last
	ok[api.Action](second.post(t, "/actions/"+a.ID+"/approve", api.ActionWords{}))
	if a = asker.over(t, a); a.State != "Failed" || a.Counts.Failed != 1 || !a.Retryable {
		t.Fatalf("%+v", a)
	}
	broken.Store(false)
	second.post(t, "/actions/"+a.ID+"/retry", api.ActionWords{}).problem(http.StatusForbidden) // approving is not acting
	ok[api.Action](asker.post(t, "/actions/"+a.ID+"/retry", api.ActionWords{Reason: "the disk has room"}))
	if a = asker.over(t, a); a.State != "Done" || a.Retryable || len(lies(m, "bob@harbour.test")) != 0 {
		t.Errorf("%+v", a)
	}
	asker.post(t, "/actions/"+a.ID+"/retry", api.ActionWords{}).problem(http.StatusConflict)
	if r := s.audited(t, auth.ActActionRetried); len(r) != 1 || r[0].Subject != a.ID || r[0].Reason != "the disk has room" || r[0].Operator == "" {
		t.Errorf("%+v", r)
	}
}
