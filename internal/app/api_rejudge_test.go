package app_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/event"
	"tocsin/internal/kql"
	"tocsin/internal/rejudge"
)

// ends waits until a run is over.
func (c caller) ends(t *testing.T, path string, r reply) api.JudgingRun {
	t.Helper()
	run := ok[api.JudgingRun](r)
	comes(t, "the run does not end", func() bool {
		run = ok[api.JudgingRun](c.get(t, path+"/"+run.ID))
		return run.Ended != nil
	})
	if run.State != "done" || run.Error != "" || run.Progress != 1 {
		t.Fatalf("%+v", run)
	}
	return run
}

// stored is everything that stands in the event store and in the memory of correspondents, as one number.
func (s *site) stored(t *testing.T) string {
	t.Helper()
	sum := sha256.New()
	for _, table := range event.Tables() {
		q, err := kql.Parse(table.Name + " | sort by ReportId asc")
		if err != nil {
			t.Fatal(err)
		}
		stmt, err := kql.Compile(q, kql.Options{Now: time.Now()}, s.Events().Dialect())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Events().Query(t.Context(), stmt, func(row []any) error { _, err := fmt.Fprintf(sum, "%q\n", row); return err }); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprint(sum, s.remembered(t))
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// remembered are the pairs of correspondents on record: in how many months with harmless mail, and with threats.
func (s *site) remembered(t *testing.T) []string {
	t.Helper()
	rows, err := s.Cases().Reader().QueryContext(t.Context(), `SELECT outside || ' ' || own || ' ' || (in_days & ~bad_days <> 0) || ' ' || (bad_days <> 0) FROM memory_pairs ORDER BY outside, own, month`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

const postDelivery = `EmailPostDeliveryEvents | sort by Timestamp asc, RecipientEmailAddress asc | project strcat(RecipientEmailAddress, " ", ActionType, " ", Action, " ", ActionResult, " ", SourceLocation, " ", DeliveryLocation, " [", ThreatTypes, "]")`

func TestDeliveredMailIsJudgedAgain(t *testing.T) {
	t.Parallel()
	s := open(t, acting)
	reader, operator, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityAdministrator)
	id := s.take(t, simple("later"), "bob@harbour.test", "cat@harbour.test")
	s.take(t, letter("From: Else <e@else.test>", "To: bob@harbour.test", "Subject: other", "", "Hello"), "bob@harbour.test")
	operator.post(t, "/rejudge", api.RejudgeAsk{}).problem(http.StatusForbidden)
	longAgo := time.Now().Add(-40 * 24 * time.Hour)
	chief.post(t, "/rejudge", api.RejudgeAsk{Since: &longAgo}).problem(http.StatusUnprocessableEntity)

	quiet := chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{}))
	if c := quiet.Counts; c.Messages != 2 || c.Total != 2 || c.Events != 3 || c.Results != 0 || c.Missing+c.Broken != 0 {
		t.Errorf("nothing has changed: %+v", c)
	}
	block := ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "sender", Values: []string{"ann@sender.test"}, Action: "Block", Reason: "seen elsewhere"}))
	before := s.stored(t)
	dry := chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{DryRun: true}))
	if dry.Counts.Decided != 2 || dry.Counts.Results != 1 || s.stored(t) != before {
		t.Errorf("a dry run: %+v", dry.Counts)
	}
	run := chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{Reason: "ticket 9"}))
	if c := run.Counts; c.Decided != 2 || c.Noted != 0 || c.ActionChanged != 2 || c.NowFlagged != 0 || c.Actions["deliver -> quarantine"] != 2 {
		t.Errorf("%+v", c)
	}
	want := []string{
		"bob@harbour.test Phish ZAP Moved to quarantine Pending Inbox/folder Inbox/folder []",
		"cat@harbour.test Phish ZAP Moved to quarantine Pending Inbox/folder Inbox/folder []",
	}
	if got := s.kql(t, postDelivery); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	results := ok[api.JudgingResults](reader.get(t, "/rejudge/"+run.ID+"/results")).Results
	if len(results) != 1 || results[0].NetworkMessageID != id || results[0].RecipientCount != 2 || results[0].Change != "action changed" || results[0].Decision != "Phish ZAP: Moved to quarantine (Pending)" || !strings.Contains(results[0].After.Reason, "seen elsewhere") {
		t.Errorf("%+v", results)
	}
	// Nothing was moved yet, and no event says so.
	if rows := s.kql(t, `EmailEvents | where Subject == "later" | project strcat(DeliveryAction, LatestDeliveryAction, LatestDeliveryLocation, ThreatTypes, LatestThreatTypes)`); !slices.Equal(rows, []string{"DeliveredDeliveredInbox/folder", "DeliveredDeliveredInbox/folder"}) {
		t.Errorf("%q", rows)
	}
	timeline := ok[api.Timeline](reader.get(t, "/emails/"+id+"/timeline", "recipient", "bob@harbour.test")).Events
	last := timeline[len(timeline)-1]
	if last.Kind != "rejudged" || last.Title != "Phish ZAP: Moved to quarantine, decided and not yet carried out" || !strings.Contains(last.Detail, "still in Inbox/folder") || !strings.Contains(last.Source, "started by nobody.security-administrator") {
		t.Errorf("%+v", last)
	}

	if a := ok[api.Email](reader.get(t, "/emails/"+id, "recipient", "bob@harbour.test")).Again; a == nil || !a.Pending || a.Action != "Moved to quarantine" || a.OrgPolicy == "" || !strings.Contains(a.Reason, "seen elsewhere") || len(a.Came) != 0 {
		t.Errorf("%+v", a)
	}

	// Again with the same outcome adds nothing; taking the entry off is noted and asks for nothing; putting it back is told again.
	before = s.stored(t)
	chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{}))
	if s.stored(t) != before {
		t.Error("the same outcome was written twice")
	}
	chief.send(t, http.MethodDelete, "/policy/entries/"+block[0].ID, nil).want(http.StatusNoContent)
	run = chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{}))
	if run.Counts.Noted != 2 || run.Counts.Decided != 0 {
		t.Errorf("%+v", run.Counts)
	}
	if got := s.kql(t, postDelivery); len(got) != 4 || got[2] != "bob@harbour.test Verdict changed None  Inbox/folder Inbox/folder []" {
		t.Errorf("%q", got)
	}
	ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "sender", Values: []string{"ann@sender.test"}, Action: "Block", Reason: "again"}))
	if run = chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{Threat: "Malware"})); run.Counts.Results != 0 {
		t.Errorf("this is no malware: %+v", run.Counts)
	}
	if run = chief.ends(t, "/rejudge", chief.post(t, "/rejudge", api.RejudgeAsk{})); run.Counts.Decided != 2 || len(s.kql(t, postDelivery)) != 6 {
		t.Errorf("%+v", run.Counts)
	}
	list := ok[api.JudgingRuns](reader.get(t, "/rejudge", "limit", "2"))
	if len(list.Runs) != 2 || list.Runs[0].ID != run.ID || list.Next == "" {
		t.Errorf("%+v", list)
	}
	reader.get(t, "/whatif/"+run.ID).problem(http.StatusNotFound)
	if n := len(s.audited(t, auth.ActRejudged)); n != 7 {
		t.Errorf("%d records", n)
	}
}

// fed gives the site a folder of rules and a list of indicators, which change while it works.
func fed(dir string) setting {
	return func(c *app.Config, o *app.Options) {
		c.Rules.Folder, c.Indicators.Files = dir, []string{filepath.Join(dir, "bad.txt")}
		o.Upkeep, o.Settle = true, 10*time.Millisecond
	}
}

const ruleText = `id: noon-meeting
title: Asks to meet at noon
description: A test.
author: Harbour
threat: Phish
technology: General filter
severity: high
weight: 80
when: |
  msg.mentions(["meet at noon"])
samples:
  - match: true
    message: |
      From: a@b.example
      Subject: x

      Shall we meet at noon?
  - match: false
    message: |
      From: a@b.example
      Subject: x

      Hello
`

func TestChangedRulesAreTakenUpAndMailJudgedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("bad.txt", "nobody.example\n")
	s := open(t, acting, fed(dir))
	reader := s.as(t, auth.SecurityReader)
	s.take(t, simple("later"), "bob@harbour.test")
	before := ok[api.Judging](reader.get(t, "/judging")).Supply

	// A wrong rule is told, and the old ones go on.
	write("noon-meeting.yaml", strings.Replace(ruleText, "msg.mentions", "msg.mentons", 1))
	comes(t, "the wrong rule is not told", func() bool { return ok[api.Judging](reader.get(t, "/judging")).Supply.Problem != "" })
	now := ok[api.Judging](reader.get(t, "/judging")).Supply
	if !strings.Contains(now.Problem, "noon-meeting.yaml:") || now.Rules != before.Rules || now.Reloaded != nil {
		t.Errorf("%+v", now)
	}
	if e := s.kql(t, `EmailPostDeliveryEvents`); len(e) != 0 {
		t.Errorf("%q", e)
	}
	write("noon-meeting.yaml", ruleText)
	comes(t, "nothing is judged again", func() bool { return len(s.kql(t, postDelivery)) > 0 })
	if got := s.kql(t, postDelivery); !slices.Equal(got, []string{"bob@harbour.test Phish ZAP Moved to quarantine Pending Inbox/folder Inbox/folder [Phish]"}) {
		t.Errorf("%q", got)
	}
	now = ok[api.Judging](reader.get(t, "/judging")).Supply
	if now.Problem != "" || now.Rules != before.Rules+1 || now.Reloaded == nil {
		t.Errorf("%+v", now)
	}
	comes(t, "the event does not follow", func() bool {
		return slices.Equal(s.kql(t, `EmailEvents | project strcat(ThreatTypes, "/", LatestThreatTypes, "/", DetectionTechnologies, "/", LatestDetectionTechnologies)`), []string{"/Phish//General filter"})
	})
	if e := ok[api.EmailPage](reader.get(t, "/explorer/emails", "view", "phish")).Rows; len(e) != 1 || e[0].Outcome != "delivered_threat" || e[0].ThreatTypes != "" || e[0].LatestThreatTypes != "Phish" {
		t.Errorf("%+v", e)
	} else if m := ok[api.Email](reader.get(t, "/emails/"+e[0].NetworkMessageId)); m.Event.Outcome != "delivered_threat" || m.Again == nil || len(m.Again.Came) != 1 || m.Again.Verdict.Score <= m.Verdict.Score || len(m.Again.Verdict.ThreatTypes) != 1 {
		t.Errorf("%+v", m)
	}
	if got := s.kql(t, `EmailPostDeliveryEvents | project strcat(ActionTrigger, " ", DetectionMethods, " ", tostring(parse_json(AdditionalFields).changes))`); len(got) != 1 || !strings.HasPrefix(got[0], `ZAP: rules changed {"Phish":["General filter"]} ["+noon-meeting"`) {
		t.Errorf("%q", got)
	}
	// Ann's mail was taken for honest, and she was on record for it. No more.
	if got := s.remembered(t); !slices.Equal(got, []string{"ann@sender.test  0 1", "ann@sender.test bob@harbour.test 0 1"}) {
		t.Errorf("%q", got)
	}
	write("noon-meeting.yaml", strings.Replace(ruleText, "weight: 80", "weight: 8", 1)) // harmless after all
	comes(t, "memory does not hear of it", func() bool {
		return slices.Equal(s.remembered(t), []string{"ann@sender.test  1 0", "ann@sender.test bob@harbour.test 1 0"})
	})
	write("bad.txt", "sender.test\nnot an indicator at all ???\n")
	comes(t, "the wrong line is not told", func() bool {
		return strings.Contains(ok[api.Judging](reader.get(t, "/judging")).Supply.Problem, "bad.txt")
	})
}

func TestWhatIfChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, acting, boss)
	reader, operator := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator)
	id := s.take(t, simple("later"), "bob@harbour.test", "cat@harbour.test")
	bad := s.take(t, lure(t), "bob@harbour.test")
	// Somebody decided that the first is harmless.
	err := s.Events().Append(t.Context(), event.Batch{PostDelivery: []event.PostDelivery{{
		Timestamp: time.Now(), NetworkMessageId: id, RecipientEmailAddress: "cat@harbour.test", Action: "Quarantine release", ActionType: "Quarantine release", ActionResult: "Success", ReportId: "r1",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.remembered(t); len(got) < 3 || got[0] != "ann@sender.test  1 0" {
		t.Errorf("%q", got)
	}
	before := s.stored(t)
	try := func(ask api.WhatIfAsk) (api.JudgingRun, []api.JudgingResult) {
		t.Helper()
		run := operator.ends(t, "/whatif", operator.post(t, "/whatif", ask))
		if run.Counts.Messages != 2 || run.Counts.Events != 3 || run.Rate <= 0 {
			t.Errorf("%+v", run.Counts)
		}
		return run, ok[api.JudgingResults](reader.get(t, "/whatif/"+run.ID+"/results")).Results
	}
	reader.post(t, "/whatif", api.WhatIfAsk{Rule: ruleText}).problem(http.StatusForbidden)
	for field, ask := range map[string]api.WhatIfAsk{
		"body.rule":       {},
		"body.entries[0]": {Entries: []api.EntryDraft{{Kind: "ip", Values: []string{"x"}, Action: "Block", Reason: "x"}}},
	} {
		if p := operator.post(t, "/whatif", ask).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != field {
			t.Errorf("%s: %+v", field, p)
		}
	}
	if p := operator.post(t, "/whatif", api.WhatIfAsk{Rule: strings.Replace(ruleText, "msg.mentions", "msg.mentons", 1)}).problem(http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "noon-meeting.yaml:") {
		t.Errorf("%+v", p)
	}

	run, results := try(api.WhatIfAsk{Rule: ruleText})
	if c := run.Counts; c.NowFlagged != 2 || c.NoLongerFlagged != 0 || c.VerdictChanged != 2 || c.ActionChanged != 2 || c.Actions["deliver -> quarantine"] != 2 || c.Contradicts != 1 || run.Tries != "rule noon-meeting" {
		t.Errorf("%+v", run)
	}
	if len(results) != 2 || results[0].NetworkMessageID != id || results[0].Change != "now flagged" || results[0].Before.Treatment != "deliver" || results[0].After.Treatment != "quarantine" ||
		!slices.ContainsFunc(results[0].Signals, func(c rejudge.SignalChange) bool { return c.ID == "noon-meeting" && c.Came && c.Weight == 80 }) {
		t.Errorf("%+v", results)
	}
	against := ok[api.JudgingResults](reader.get(t, "/whatif/"+run.ID+"/results", "contradicts", "true")).Results
	if len(against) != 1 || against[0].Recipients[0] != "cat@harbour.test" || !strings.Contains(against[0].Contradicts, "released") {
		t.Errorf("%+v", against)
	}

	policy := ok[api.PolicyInForce](reader.get(t, "/policy")).Policy
	policy.Malware = "drop"
	run, results = try(api.WhatIfAsk{Policy: &policy})
	if len(results) != 1 || results[0].NetworkMessageID != bad || results[0].Change != "action changed" || results[0].After.Location != "Dropped" || run.Counts.VerdictChanged != 0 {
		t.Errorf("%+v", results)
	}
	_, results = try(api.WhatIfAsk{Entries: []api.EntryDraft{{Kind: "domain", Values: []string{"sender.test"}, Action: "Block", Reason: "x"}}})
	if len(results) != 1 || results[0].NetworkMessageID != id || !strings.Contains(results[0].After.Reason, "block entry for domain sender.test") {
		t.Errorf("%+v", results)
	}
	if _, results = try(api.WhatIfAsk{Entries: []api.EntryDraft{{Kind: "domain", Values: []string{"nobody.test"}, Action: "Block", Reason: "x"}}}); len(results) != 0 {
		t.Errorf("%+v", results)
	}
	if s.stored(t) != before {
		t.Error("a what-if changed the events")
	}
	if p := ok[api.PolicyInForce](reader.get(t, "/policy")); p.Entries != 0 || p.Version != 0 {
		t.Errorf("a what-if changed the policy: %+v", p)
	}
}
