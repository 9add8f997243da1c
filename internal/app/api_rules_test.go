package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

const lampRule = `id: lamp-shop
title: An offer for lamps
description: Sells lamps to everybody.
author: Test
threat: Spam
technology: General filter
severity: low
weight: 45
false_positives: [a real lamp shop]
when: |
  msg.mentions(["cheap lamps"])
samples:
  - match: true
    message: |
      From: a@lamps.example
      To: b@northwind.example
      Subject: cheap lamps

      x
  - match: false
    why: chairs are no lamps
    message: |
      From: a@lamps.example
      To: b@northwind.example
      Subject: chairs

      x
`

func TestRulesAreWrittenAndRuleAtOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "desk-shop.yaml"), []byte(strings.NewReplacer("lamp-shop", "desk-shop", "cheap lamps", "cheap desks").Replace(lampRule)), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, func(c *app.Config, _ *app.Options) { c.Rules.Folder = folder })
	reader, operator, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityAdministrator)

	all := ok[api.Rules](reader.get(t, "/rules"))
	if all.Total < 15 || all.AtWork != all.Total || len(all.Rules) != all.Total || all.Problem != "" {
		t.Fatalf("%d of %d at work, %d listed", all.AtWork, all.Total, len(all.Rules))
	}
	for _, r := range all.Rules {
		if r.Samples < 2 || r.Failed != 0 || r.Error != "" || !r.Enabled || r.Version != 0 {
			t.Errorf("%+v", r)
		}
	}
	if one := ok[api.Rules](reader.get(t, "/rules", "origin", "folder")); len(one.Rules) != 1 || one.Rules[0].ID != "desk-shop" {
		t.Errorf("%+v", one)
	}
	if none := ok[api.Rules](reader.get(t, "/rules", "state", "off")); len(none.Rules) != 0 {
		t.Errorf("%+v", none)
	}
	if l := ok[api.RuleLanguage](reader.get(t, "/rules/language")); len(l.Functions) < 20 || len(l.Signals) < 50 || len(l.Keys) < 20 {
		t.Errorf("%d functions, %d signals", len(l.Functions), len(l.Signals))
	}

	// Try: errors with their place, samples, and a message.
	reader.post(t, "/rules/test", api.RuleTry{Text: lampRule}).problem(http.StatusForbidden)
	tried := ok[api.RuleTried](operator.post(t, "/rules/test", api.RuleTry{Text: strings.Replace(lampRule, "msg.mentions", "msg.mention", 1)}))
	if len(tried.Problems) != 1 || tried.Problems[0].Line != 11 || tried.Problems[0].Column != 14 || len(tried.Samples) != 0 || tried.ID != "lamp-shop" {
		t.Errorf("%+v", tried)
	}
	tried = ok[api.RuleTried](operator.post(t, "/rules/test", api.RuleTry{Text: lampRule, Messages: []api.RuleMessage{{Message: "From: a@b.example\r\nTo: bob@harbour.test\r\nSubject: cheap lamps now\r\n\r\nx\r\n"}}}))
	if len(tried.Problems) != 0 || len(tried.Samples) != 2 || tried.Samples[0].Problem != "" || *tried.Samples[1].Want || tried.Samples[1].Why != "chairs are no lamps" || len(tried.Warnings) != 1 {
		t.Errorf("%+v", tried)
	}
	if m := tried.Messages; len(m) != 1 || !m[0].Matched || m[0].Want != nil || len(m[0].Threats) != 1 || m[0].Threats[0] != "Spam" || m[0].Score < 45 || len(m[0].Signals) == 0 {
		t.Errorf("%+v", m)
	}
	if tried = ok[api.RuleTried](operator.post(t, "/rules/test", api.RuleTry{Text: strings.Replace(lampRule, "Subject: chairs", "Subject: cheap lamps", 1)})); tried.Samples[1].Problem == "" {
		t.Errorf("%+v", tried.Samples)
	}

	draft := api.RuleDraft{Text: lampRule, Enabled: true, Reason: "ticket 7"}
	operator.send(t, http.MethodPut, "/rules/lamp-shop", draft).problem(http.StatusForbidden)
	bad := draft
	bad.Text = strings.Replace(lampRule, "msg.mentions", "msg.mention", 1)
	if p := chief.send(t, http.MethodPut, "/rules/lamp-shop", bad).problem(http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Location != "body.text" || !strings.Contains(p.Detail, "lamp-shop.yaml:11:14") {
		t.Errorf("%+v", p)
	}
	now := ok[api.Rule](chief.send(t, http.MethodPut, "/rules/lamp-shop", draft))
	if now.Origin != "own" || now.Version != 1 || now.Samples != 2 || now.ChangedBy != "nobody.security-administrator@harbour.test" {
		t.Errorf("%+v", now)
	}
	chief.send(t, http.MethodPut, "/rules/lamp-shop", draft).problem(http.StatusConflict)
	mail := func(subject string) api.Email {
		id := s.take(t, letter("From: Ann <ann@sender.test>", "To: bob@harbour.test", "Subject: cheap lamps "+subject, "Message-ID: <"+subject+"@sender.test>", "Date: "+time.Now().UTC().Format(time.RFC1123Z), "", "x"), "bob@harbour.test")
		return ok[api.Email](reader.get(t, "/emails/"+id))
	}
	has := func(m api.Email, id string) bool {
		for _, x := range m.Verdict.Signals {
			if x.ID == id {
				return true
			}
		}
		return false
	}
	if m := mail("one"); !has(m, "lamp-shop") {
		t.Errorf("%+v", m.Verdict)
	}
	hits := ok[api.RuleHits](reader.get(t, "/rules/hits"))
	if !hits.Known || hits.Hits["lamp-shop"] != 1 {
		t.Errorf("%+v", hits)
	}
	// Off, and the next message is judged without it.
	now = ok[api.Rule](chief.send(t, http.MethodPut, "/rules/lamp-shop/state", api.RuleSwitch{Enabled: false, Version: 1, Reason: "too loud"}))
	if now.Enabled || now.Version != 2 {
		t.Errorf("%+v", now)
	}
	if m := mail("two"); has(m, "lamp-shop") {
		t.Errorf("%+v", m.Verdict)
	}
	// A shipped rule gets another weight.
	id := all.Rules[0].ID
	now = ok[api.Rule](chief.send(t, http.MethodPut, "/rules/"+id+"/state", api.RuleSwitch{Enabled: true, Weight: 7, Reason: "less"}))
	if now.Weight != 7 || now.WeightWas == nil || *now.WeightWas != all.Rules[0].Weight || now.Origin == "own" {
		t.Errorf("%+v", now)
	}
	chief.send(t, http.MethodDelete, "/rules/"+id+"?version=1&reason=back", nil)
	if now = ok[api.Rule](reader.get(t, "/rules/"+id)); now.WeightWas != nil || now.Version != 0 {
		t.Errorf("%+v", now)
	}
	v := ok[api.RuleVersions](reader.get(t, "/rules/lamp-shop/versions", "limit", "1"))
	if len(v.Versions) != 1 || v.Next != 2 || v.Versions[0].What != "turned off" || v.Versions[0].Text != lampRule {
		t.Errorf("%+v", v)
	}
	reader.get(t, "/rules/no-such").problem(http.StatusNotFound)
	records := s.audited(t, auth.ActRuleChanged)
	if len(records) != 3 || records[0].Subject != "lamp-shop" || !strings.Contains(string(records[0].Detail), `"before":null`) || !strings.Contains(string(records[1].Detail), `"after":{"origin":"own","enabled":false`) {
		t.Errorf("%+v", records)
	}
	if records := s.audited(t, auth.ActRuleRemoved); len(records) != 1 {
		t.Errorf("%+v", records)
	}
	// What was decided is there after the next start.
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	again := open(t, func(c *app.Config, _ *app.Options) { c.Data, c.Rules.Folder = s.dir, folder })
	if r := ok[api.Rule](again.as(t, auth.Preview).get(t, "/rules/lamp-shop")); r.Enabled || r.Version != 2 {
		t.Errorf("%+v", r)
	}
}
