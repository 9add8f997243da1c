package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/detect"
	"tocsin/internal/detonate"
	"tocsin/internal/event"
	"tocsin/internal/remediate/providertest"
	"tocsin/internal/scan"
)

// unrecorded are the routes that are no GET and leave no record when they succeed, and why.
var unrecorded = map[string]string{
	"PUT /dashboard/layout":           "how whoever asks arranged the dashboard; nobody else sees it",
	"PUT /preferences":                "theme, zone and columns of whoever asks; nobody else sees them",
	"POST /explorer/filter":           "only turns one way of writing a filter into the other",
	"POST /policy/entries/check":      "says what entries would mean; nothing is kept",
	"POST /rules/test":                "compiles a text; nothing is kept",
	"POST /quarantine/plan":           "says what releasing or deleting would do; nothing is kept",
	"POST /actions/plan":              "says what an action would do; nothing is kept",
	"POST /account/totp":              "makes a secret that counts for nothing before a code of it was shown",
	"POST /submissions/{id}/judge":    "asks the judge anew; only what it says is kept",
	"POST /report-schedules/preview":  "shows a letter; nothing is kept and nothing is sent",
	"POST /approvals/simulate":        "says who would have to approve something; nothing is kept",
	"POST /session/provider/begin":    "leads to the provider; what the browser comes back with leaves the record",
	"POST /session/key/begin":         "a question to a key; the answer leaves the record, and so does a wrong password",
	"POST /session/step-up/key/begin": "a question to a key; the answer leaves the record",
	"POST /account/keys/begin":        "a question to a key; the answer leaves the record",
	"PUT /account/keys/{id}":          "what its owner calls a key; nobody else sees it",
	"POST /indicators/try":            "says what values would hit; nothing is kept",
	"POST /messages/plan":             "says who would get a message; nothing is kept",
}

// deed is one call that succeeds, and the record that it must leave.
type deed struct {
	route string
	act   auth.Action
	do    func(t *testing.T) reply
}

// TestEveryChangeLeavesARecord walks the table of routes: whatever is no GET leaves a record when it succeeds, or stands among the
// exceptions with its reason. A new route is in the table as soon as it is declared, and fails here until somebody says which.
func TestEveryChangeLeavesARecord(t *testing.T) {
	t.Parallel()
	mail := providertest.NewMemory()
	mail.Deliver("cat@harbour.test", "INBOX", simple("acted"), nil, time.Now())
	s := open(t, acting, keyed, mailed(mail), func(c *app.Config, _ *app.Options) {
		c.Learning.Bad, c.Learning.Good = 30, 100
		c.Organisation.People = []app.Person{{Name: "Bob Ross", Address: "bob@harbour.test"}}
	})
	fresh := open(t)
	id := s.take(t, simple("one"), "bob@harbour.test")
	all := s.as(t, auth.GlobalAdministrator, auth.Preview, auth.SearchAndPurge, auth.Approve)
	if _, err := s.Gate().AddOperator(t.Context(), "ada@harbour.test", "", "correct horse battery", []auth.Role{auth.SecurityReader}); err != nil {
		t.Fatal(err)
	}
	signIn := func(t *testing.T) reply {
		return s.nobody().post(t, "/session", map[string]string{"email": "ada@harbour.test", "password": "correct horse battery"})
	}
	s.operator(t, "zoe@harbour.test", auth.GlobalAdministrator)
	boss := s.nobody().signIn(t, "zoe@harbour.test")
	var (
		invited api.Invited
		token   api.TokenMade
		own     caller
		codes   []string
		key     = newToken()
		added   api.KeyLine
	)
	list := api.FeedSettings{Name: "A list", Kind: "text", URL: feedList(t), Private: true, EveryMinutes: 60}
	var entry api.Entry
	var query api.HuntSaved
	var tracked api.Tracked
	kept := ok[api.HuntSaved](all.post(t, "/hunt/queries", api.HuntSave{Name: "kept", Query: "EmailEvents"}))
	hourly := api.TrackedAsk{EverySeconds: 3600, WindowSeconds: 3600, Condition: "Never", Severity: "Low", On: true}
	var note api.IncidentNote
	var task api.IncidentTask
	var week api.ReportOrder
	weekly := api.ReportOrderDraft{Name: "The week", Report: "dashboard", Rhythm: "weekly", To: []string{"bob@harbour.test"}, Weekday: "Monday", Hour: 7, Zone: "UTC"}
	put := func(path string, body any) func(*testing.T) reply {
		return func(t *testing.T) reply { return all.send(t, http.MethodPut, path, body) }
	}
	post := func(path string, body any) func(*testing.T) reply {
		return func(t *testing.T) reply { return all.post(t, path, body) }
	}
	remove := func(path string) func(*testing.T) reply {
		return func(t *testing.T) reply { return all.send(t, http.MethodDelete, path, nil) }
	}
	// started cancels a run that was just started; when it ended before, there was nothing to cancel, and another is started.
	started := func(path string, ask any) func(*testing.T) reply {
		return func(t *testing.T) reply {
			for {
				run := ok[api.JudgingRun](all.post(t, path, ask))
				r := all.send(t, http.MethodDelete, path+"/"+run.ID, nil)
				if ok[api.JudgingRun](all.get(t, path+"/"+run.ID)).State == "cancelled" {
					return r
				}
			}
		}
	}
	other := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	events := []api.ActionEvent{{NetworkMessageID: s.take(t, simple("acted"), "cat@harbour.test"), Recipient: "cat@harbour.test"}}
	// waits is another's request that needs an approval.
	waits := func(t *testing.T) string {
		return ok[api.Action](other.post(t, "/actions", api.ActionAsk{Kind: "Hard delete", Reason: "ticket 1", Events: events})).ID
	}
	answer := func(what string) func(*testing.T) reply {
		return func(t *testing.T) reply {
			return all.post(t, "/actions/"+waits(t)+"/"+what, api.ActionWords{Reason: "ticket 1"})
		}
	}
	var done api.Action
	heldID := ""
	var reported api.SubmissionDetail
	var parted api.CampaignDecided
	campaignAt := time.Now().UTC().Truncate(time.Millisecond)
	var campaign event.Batch
	for i := range 3 {
		campaign.Campaigns = append(campaign.Campaigns, event.Campaign{Timestamp: campaignAt, CampaignName: "first", CampaignId: "c1", OriginalCampaignId: "c1", CampaignType: "Phish", NetworkMessageId: timeID(campaignAt, i), RecipientEmailAddress: "bob@harbour.test"})
	}
	if err := s.Events().Append(t.Context(), campaign); err != nil {
		t.Fatal(err)
	}
	teach(t, s, 300, 60)
	deeds := []deed{
		{"POST /session", auth.ActSignIn, signIn},
		{"DELETE /session", auth.ActSignOut, func(t *testing.T) reply {
			cookie, _, _ := strings.Cut(signIn(t).header.Get("Set-Cookie"), ";")
			return s.nobody().with("Cookie", cookie).send(t, http.MethodDelete, "/session", nil)
		}},
		{"POST /setup/{token}", auth.ActOperatorAdded, func(t *testing.T) reply {
			return fresh.nobody().post(t, "/setup/"+fresh.link(), map[string]string{"email": "first@harbour.test", "name": "First", "password": "correct horse battery"})
		}},
		{"POST /emails/{nmid}/content", auth.ActContent, post("/emails/"+id+"/content", api.Reason{Reason: "ticket 1"})},
		{"POST /emails/{nmid}/download", auth.ActDownload, post("/emails/"+id+"/download", api.Reason{Reason: "ticket 1"})},
		{"POST /emails/{nmid}/picture", auth.ActContent, func(t *testing.T) reply {
			const link = "https://short.example/a"
			linked := s.take(t, letter("From: a@sender.test", "To: bob@harbour.test", "Subject: sign in", "Message-ID: <p@sender.test>", "", "See "+link), "bob@harbour.test")
			if err := s.Cases().SaveAnswer(t.Context(), detonate.Known{About: link, Picture: []byte("\x89PNG\r\n\x1a\n"), Answer: scan.Answer{Engine: "Visited page", Kind: scan.KindPage, At: time.Now()}}); err != nil {
				t.Fatal(err)
			}
			return all.post(t, "/emails/"+linked+"/picture", map[string]string{"reason": "ticket 1", "target": link})
		}},
		{"POST /emails/{nmid}/label", auth.ActLabel, post("/emails/"+id+"/label", map[string]string{"label": "phish"})},
		{"POST /learning/train", auth.ActTrained, post("/learning/train", nil)},
		{"POST /learning/activate", auth.ActModel, post("/learning/activate", map[string]string{"threat": string(detect.Phish), "reason": "well"})},
		{"POST /learning/reset", auth.ActModelReset, post("/learning/reset", map[string]any{"everything": true})},
		{"POST /hunt", auth.ActQuery, post("/hunt", api.HuntAsk{Query: "EmailEvents | take 1"})},
		{"DELETE /hunt/running/{id}", auth.ActQueryStopped, nil}, // TestStopOthers waits for a query that lasts
		{"POST /hunt/queries", auth.ActQuerySaved, func(t *testing.T) reply {
			r := all.post(t, "/hunt/queries", map[string]string{"name": "one", "query": "EmailEvents | take 1"})
			query = decode[api.HuntSaved](r)
			return r
		}},
		{"PUT /hunt/queries/{id}", auth.ActQuerySaved, func(t *testing.T) reply {
			return all.send(t, http.MethodPut, "/hunt/queries/"+query.ID, map[string]any{"name": "two", "query": "EmailEvents | take 2", "revision": query.Revision})
		}},
		{"POST /hunt/queries/{id}/run", auth.ActQuery, func(t *testing.T) reply { return all.post(t, "/hunt/queries/"+query.ID+"/run", map[string]any{}) }},
		{"DELETE /hunt/queries/{id}", auth.ActQueryRemoved, func(t *testing.T) reply { return remove("/hunt/queries/" + query.ID)(t) }},
		{"DELETE /hunt/history", auth.ActHistoryCleared, remove("/hunt/history")},
		{"PUT /directory/people/{address}", auth.ActPriority, put("/directory/people/bob@harbour.test", map[string]any{"priority": true})},
		{"POST /directory/sync", auth.ActDirectory, post("/directory/sync", nil)},
		{"PUT /policy", auth.ActPolicyChanged, func(t *testing.T) reply {
			p := ok[api.PolicyInForce](all.get(t, "/policy"))
			p.Policy.Spam = "quarantine"
			return put("/policy", api.PolicyChange{Policy: p.Policy, Version: p.Version, Reason: "trial"})(t)
		}},
		{"POST /policy/entries", auth.ActEntryAdded, func(t *testing.T) reply {
			r := all.post(t, "/policy/entries", api.EntryDraft{Kind: "domain", Values: []string{"evil.test"}, Action: "Block", Reason: "ticket 7"})
			entry = decode[[]api.Entry](r)[0]
			return r
		}},
		{"PUT /policy/entries/{id}", auth.ActEntryChanged, func(t *testing.T) reply {
			return put("/policy/entries/"+entry.ID, api.EntryChange{Action: "Block", Reason: "ticket 8", Revision: entry.Revision})(t)
		}},
		{"DELETE /policy/entries/{id}", auth.ActEntryRemoved, func(t *testing.T) reply { return remove("/policy/entries/" + entry.ID)(t) }},
		{"PUT /policy/mailboxes/{address}", auth.ActMailboxChanged, put("/policy/mailboxes/bob@harbour.test", api.MailboxSettings{SafeSenders: []string{}, SafeDomains: []string{}, BlockedSenders: []string{"x@evil.test"}, BlockedDomains: []string{}})},
		{"DELETE /policy/mailboxes/{address}", auth.ActMailboxRemoved, remove("/policy/mailboxes/bob@harbour.test")},
		{"POST /rejudge", auth.ActRejudged, post("/rejudge", api.RejudgeAsk{DryRun: true})},
		{"DELETE /rejudge/{id}", auth.ActRunCancelled, started("/rejudge", api.RejudgeAsk{DryRun: true})},
		{"POST /whatif", auth.ActWhatIf, post("/whatif", api.WhatIfAsk{Rule: lampRule})},
		{"DELETE /whatif/{id}", auth.ActRunCancelled, started("/whatif", api.WhatIfAsk{Rule: lampRule})},
		{"PUT /rules/{id}", auth.ActRuleChanged, put("/rules/lamp-shop", map[string]any{"text": lampRule, "enabled": true, "version": 0, "reason": "lamps"})},
		{"PUT /rules/{id}/state", auth.ActRuleChanged, func(t *testing.T) reply {
			v := ok[api.Rule](all.get(t, "/rules/lamp-shop")).Version
			return put("/rules/lamp-shop/state", map[string]any{"enabled": false, "version": v, "reason": "lamps"})(t)
		}},
		{"DELETE /rules/{id}", auth.ActRuleRemoved, func(t *testing.T) reply { return remove("/rules/lamp-shop?version=2&reason=lamps")(t) }},
		{"POST /import", auth.ActImport, post("/import", simple("imported"))},
		{"POST /actions", auth.ActActionAsked, func(t *testing.T) reply {
			r := all.post(t, "/actions", api.ActionAsk{Kind: "Move to junk", Reason: "ticket 1", Events: events})
			done = all.over(t, decode[api.Action](r))
			return r
		}},
		{"POST /actions/{id}/undo", auth.ActActionUndone, func(t *testing.T) reply {
			r := all.post(t, "/actions/"+done.ID+"/undo", api.ActionWords{Reason: "ticket 1"})
			all.over(t, decode[api.Action](r))
			return r
		}},
		{"POST /mailboxes/{address}/rules/remove", auth.ActAidRemoved, func(t *testing.T) reply {
			mail.SetRules("cat@harbour.test", broken...)
			return all.post(t, "/mailboxes/cat@harbour.test/rules/remove", api.RemoveRule{ID: "3", Script: "main", Version: "v1", Reason: "ticket 1"})
		}},
		{"POST /mailboxes/{address}/deeds/{id}/put-back", auth.ActAidPutBack, func(t *testing.T) reply {
			id := ok[api.MailboxView](all.get(t, "/mailboxes/cat@harbour.test")).Deeds[0].ID
			return all.post(t, "/mailboxes/cat@harbour.test/deeds/"+id+"/put-back", api.AidReason{Reason: "ticket 1"})
		}},
		{"POST /mailboxes/{address}/sign-out", auth.ActAidSignedOut, post("/mailboxes/cat@harbour.test/sign-out", api.AidReason{Reason: "ticket 1"})},
		{"POST /actions/{id}/reject", auth.ActActionRejected, answer("reject")},
		{"POST /actions/{id}/cancel", auth.ActActionCancelled, answer("cancel")},
		{"POST /actions/{id}/approve", auth.ActActionApproved, answer("approve")},
		{"POST /actions/{id}/retry", auth.ActActionRetried, nil}, // TestRetryLeavesARecord
		{"POST /messages", auth.ActMessageSent, nil},             // TestMessageToRecipients
		{"POST /quarantine/asks/{token}", auth.ActReleaseAsked, func(t *testing.T) reply {
			heldID = s.take(t, phish("held"), "cat@harbour.test")
			return s.nobody().post(t, "/quarantine/asks/"+s.ReleaseToken(heldID, "cat@harbour.test", s.clock.now().Add(time.Hour)), map[string]string{})
		}},
		{"POST /quarantine/refuse", auth.ActReleaseRefused, func(t *testing.T) reply {
			return all.post(t, "/quarantine/refuse", api.QuarantineRefusal{Events: []api.ActionEvent{{NetworkMessageID: heldID, Recipient: "cat@harbour.test"}}, Reason: "no"})
		}},
		{"POST /quarantine/delete", auth.ActActionAsked, func(t *testing.T) reply {
			return all.post(t, "/quarantine/delete", api.QuarantineAsk{Events: []api.ActionEvent{{NetworkMessageID: heldID, Recipient: "cat@harbour.test"}}, Reason: "ticket 1"})
		}},
		{"POST /quarantine/release", auth.ActActionAsked, func(t *testing.T) reply {
			return all.post(t, "/quarantine/release", api.QuarantineRelease{QuarantineAsk: api.QuarantineAsk{Events: []api.ActionEvent{{NetworkMessageID: heldID, Recipient: "cat@harbour.test"}}, Reason: "ticket 1"}})
		}},
		{"POST /submissions", auth.ActSubmissionAdded, func(t *testing.T) reply {
			return all.post(t, "/submissions", api.SubmissionNew{NetworkMessageID: id, Type: "Phish"})
		}},
		{"POST /submissions/message", auth.ActSubmissionAdded, func(t *testing.T) reply {
			r := all.post(t, "/submissions/message", simple("reported"))
			reported = ok[api.SubmissionDetail](r)
			return r
		}},
		{"POST /submissions/{id}/content", auth.ActContent, func(t *testing.T) reply {
			return all.post(t, "/submissions/"+reported.ID+"/content", api.Reason{Reason: "ticket 1"})
		}},
		{"PUT /submissions/{id}", auth.ActSubmissionClosed, func(t *testing.T) reply {
			closed, spam := "Closed", "Spam"
			return put("/submissions/"+reported.ID, api.SubmissionChange{Revision: reported.Revision, State: &closed, Result: &spam})(t)
		}},
		{"PUT /submissions/answers", auth.ActSubmissionAnswers, func(t *testing.T) reply {
			return put("/submissions/answers", api.SubmissionAnswers{Subject: "Your report", Texts: map[string]string{}, OptOut: []string{}})(t)
		}},
		{"POST /indicators", auth.ActIndicatorAdded, post("/indicators", api.NewIndicators{Indicators: []api.IndicatorDraft{{Value: "bad.example"}}})},
		{"PUT /indicators", auth.ActIndicatorChanged, put("/indicators", api.IndicatorChange{IDs: []int64{1}, State: "retired"})},
		{"POST /retro-hunts", auth.ActRetroHunt, post("/retro-hunts", api.NewRetroHunt{})},
		{"DELETE /retro-hunts/{id}", auth.ActRunCancelled, started("/retro-hunts", api.NewRetroHunt{})},
		{"PUT /campaigns/{id}", auth.ActCampaignRenamed, put("/campaigns/c1", api.CampaignName{Name: "one", Note: "clearer"})},
		{"POST /campaigns/{id}/split", auth.ActCampaignSplit, func(t *testing.T) reply {
			r := all.post(t, "/campaigns/c1/split", api.CampaignSplit{Messages: []string{timeID(campaignAt, 0)}, Name: "other", Note: "another hand"})
			parted = decode[api.CampaignDecided](r)
			return r
		}},
		{"POST /campaigns/{id}/merge", auth.ActCampaignMerged, func(t *testing.T) reply {
			r := all.post(t, "/campaigns/"+parted.Campaign+"/merge", api.CampaignMerge{Into: "c1", Note: "one hand"})
			parted = decode[api.CampaignDecided](r)
			return r
		}},
		{"POST /campaigns/decisions/{decision}/undo", auth.ActCampaignUndone, func(t *testing.T) reply {
			return all.post(t, "/campaigns/decisions/"+parted.Decision.ID+"/undo", api.CampaignWhy{Note: "two hands"})
		}},
		{"POST /trackers/tracked", auth.ActTrackerSaved, func(t *testing.T) reply {
			r := all.post(t, "/trackers/tracked", api.TrackedNew{TrackedAsk: hourly, QueryID: kept.ID})
			tracked = ok[api.Tracked](r)
			return r
		}},
		{"PUT /trackers/tracked/{id}", auth.ActTrackerSaved, func(t *testing.T) reply {
			return put("/trackers/tracked/"+tracked.ID, api.TrackedChange{TrackedAsk: hourly, Revision: tracked.Revision})(t)
		}},
		{"POST /trackers/tracked/{id}/run", auth.ActTrackerRun, func(t *testing.T) reply {
			return all.post(t, "/trackers/tracked/"+tracked.ID+"/run", nil)
		}},
		{"DELETE /trackers/tracked/{id}", auth.ActTrackerRemoved, func(t *testing.T) reply { return remove("/trackers/tracked/" + tracked.ID)(t) }},
		{"PUT /alerts/{id}", auth.ActAlertResolved, func(t *testing.T) reply {
			resolved := "Resolved"
			return put("/alerts/"+s.alert(t, "resolved"), api.AlertChange{Revision: 1, Status: &resolved})(t)
		}},
		{"PUT /approvals", auth.ActApprovals, func(t *testing.T) reply {
			p := ok[api.ApprovalsInForce](all.get(t, "/approvals"))
			return put("/approvals", api.ApprovalsChange{Policy: p.Policy, Version: p.Version, Reason: "trial"})(t)
		}},
		{"POST /incidents", auth.ActIncidentOpened, func(t *testing.T) reply {
			return all.post(t, "/incidents", api.NewIncident{Name: "one", Mail: &api.IncidentMailAsk{Query: &api.ActionQuery{Q: "EmailEvents"}, Live: true}})
		}},
		{"POST /incidents/bulk", auth.ActIncidentChanged, post("/incidents/bulk", api.IncidentBulk{IDs: []string{"1"}, Change: &api.IncidentChange{AddTags: []string{"x"}}})},
		{"PUT /incidents/{id}", auth.ActIncidentChanged, put("/incidents/1", api.IncidentChange{RemoveTags: []string{"x"}})},
		{"POST /incidents/{id}/messages", auth.ActIncidentMail, post("/incidents/1/messages", api.IncidentMailAsk{Events: events})},
		{"POST /incidents/{id}/messages/remove", auth.ActIncidentMail, post("/incidents/1/messages/remove", api.IncidentPicked{Events: events})},
		{"POST /incidents/{id}/queries/{query}/take", auth.ActIncidentMail, func(t *testing.T) reply {
			return all.post(t, "/incidents/1/queries/"+ok[api.IncidentQueries](all.get(t, "/incidents/1/queries")).Queries[0].ID+"/take", nil)
		}},
		{"DELETE /incidents/{id}/queries/{query}", auth.ActIncidentMail, func(t *testing.T) reply {
			return remove("/incidents/1/queries/" + ok[api.IncidentQueries](all.get(t, "/incidents/1/queries")).Queries[0].ID)(t)
		}},
		{"POST /incidents/{id}/notes", auth.ActIncidentNote, func(t *testing.T) reply {
			r := all.post(t, "/incidents/1/notes", api.IncidentWords{Text: "one"})
			note = decode[api.IncidentNote](r)
			return r
		}},
		{"PUT /incidents/{id}/notes/{note}", auth.ActIncidentNote, func(t *testing.T) reply { return put("/incidents/1/notes/"+note.ID, api.IncidentWords{Text: "two"})(t) }},
		{"DELETE /incidents/{id}/notes/{note}", auth.ActIncidentNote, func(t *testing.T) reply { return remove("/incidents/1/notes/" + note.ID)(t) }},
		{"POST /incidents/{id}/tasks", auth.ActIncidentTask, func(t *testing.T) reply {
			r := all.post(t, "/incidents/1/tasks", api.IncidentTaskDraft{Title: "one"})
			task = decode[api.IncidentTask](r)
			return r
		}},
		{"PUT /incidents/{id}/tasks/{task}", auth.ActIncidentTask, func(t *testing.T) reply {
			return put("/incidents/1/tasks/"+task.ID, api.IncidentTaskDraft{Title: "one", Done: true})(t)
		}},
		{"DELETE /incidents/{id}/tasks/{task}", auth.ActIncidentTask, func(t *testing.T) reply { return remove("/incidents/1/tasks/" + task.ID)(t) }},
		{"POST /incidents/{id}/bundle", auth.ActIncidentExported, post("/incidents/1/bundle", api.IncidentBundle{Reason: "ticket 1", Password: "correct horse battery"})},
		{"POST /incidents/{id}/merge", auth.ActIncidentMerged, func(t *testing.T) reply {
			ok[api.Incident](all.post(t, "/incidents", api.NewIncident{Name: "two"}))
			return all.post(t, "/incidents/2/merge", api.IncidentMerge{Into: "1"})
		}},
		{"POST /incidents/{id}/separate", auth.ActIncidentMerged, post("/incidents/2/separate", api.IncidentReason{Reason: "ticket 1"})},
		{"POST /alerts/{id}/incident", auth.ActAlertChanged, func(t *testing.T) reply {
			return all.post(t, "/alerts/"+s.alert(t, "taken")+"/incident", api.AlertSeen{Revision: 1})
		}},
		{"POST /operators", auth.ActOperatorAdded, func(t *testing.T) reply {
			r := boss.post(t, "/operators", api.NewOperator{Email: "ben@harbour.test", Roles: []string{"Preview"}})
			invited = ok[api.Invited](r)
			return r
		}},
		{"POST /operators/{id}/invitation", auth.ActInvited, func(t *testing.T) reply {
			r := boss.post(t, "/operators/"+invited.Operator.ID+"/invitation", nil)
			invited.Path = ok[api.Invited](r).Path
			return r
		}},
		{"POST /invitations/{token}", auth.ActInvitationUsed, func(t *testing.T) reply {
			_, secret, _ := strings.Cut(invited.Path, "#")
			return s.nobody().post(t, "/invitations/"+secret, api.ChosenPassword{Password: password})
		}},
		{"PUT /operators/{id}", auth.ActOperatorChanged, func(t *testing.T) reply {
			return boss.send(t, http.MethodPut, "/operators/"+invited.Operator.ID, api.OperatorChange{Name: "Ben", Roles: []string{"Preview", "Approve"}})
		}},
		{"DELETE /sessions/{id}", auth.ActSessionEnded, func(t *testing.T) reply {
			ben := s.nobody().signIn(t, "ben@harbour.test")
			return ben.send(t, http.MethodDelete, "/sessions/"+ok[[]api.SessionLine](ben.get(t, "/sessions"))[0].ID, nil)
		}},
		{"DELETE /operators/{id}/sessions", auth.ActSessionEnded, func(t *testing.T) reply {
			s.nobody().signIn(t, "ben@harbour.test")
			return boss.send(t, http.MethodDelete, "/operators/"+invited.Operator.ID+"/sessions", nil)
		}},
		{"POST /tokens", auth.ActTokenMade, func(t *testing.T) reply {
			r := boss.post(t, "/tokens", api.NewToken{Name: "SIEM", Scopes: []string{"explorer.read"}})
			token = ok[api.TokenMade](r)
			return r
		}},
		{"DELETE /tokens/{id}", auth.ActTokenRevoked, func(t *testing.T) reply {
			return boss.send(t, http.MethodDelete, "/tokens/"+token.Token.ID, nil)
		}},
		{"POST /account/totp/confirm", auth.ActFactorSet, func(t *testing.T) reply {
			s.step()
			own = s.nobody().signIn(t, "ben@harbour.test")
			secret := ok[api.TOTPEnrolment](own.post(t, "/account/totp", api.OwnPassword{Password: password})).Secret
			r := own.post(t, "/account/totp/confirm", api.Code{Code: s.code(t, secret, 0)})
			own, codes = own.with("Cookie", cookie(t, r).String()), ok[api.RecoveryCodes](r).Codes
			return r
		}},
		{"POST /session/step-up", auth.ActStepUp, func(t *testing.T) reply {
			r := own.post(t, "/session/step-up", api.Code{Code: codes[0]})
			own = own.with("Cookie", cookie(t, r).String())
			return r
		}},
		{"POST /account/recovery-codes", auth.ActRecoveryMade, func(t *testing.T) reply {
			r := own.post(t, "/account/recovery-codes", api.Code{Code: codes[1]})
			codes = ok[api.RecoveryCodes](r).Codes
			return r
		}},
		{"POST /account/totp/remove", auth.ActFactorRemoved, func(t *testing.T) reply {
			return own.post(t, "/account/totp/remove", api.Code{Code: codes[0]})
		}},
		{"DELETE /operators/{id}/factor", auth.ActFactorRemoved, func(t *testing.T) reply {
			s.step()
			s.nobody().signIn(t, "ben@harbour.test").enrol(t)
			return boss.send(t, http.MethodDelete, "/operators/"+invited.Operator.ID+"/factor", nil)
		}},
		{"POST /session/provider", auth.ActSignIn, nil},             // TestProviderSignsIn
		{"DELETE /account/provider", auth.ActProviderUnlinked, nil}, // TestProviderLinksAccounts
		{"POST /account/keys", auth.ActKeyAdded, func(t *testing.T) reply {
			own = s.nobody().signIn(t, "ben@harbour.test")
			begun, answer := own.newKey(t, key)
			r := own.and(flowCookie(t, begun, keyCookie)).post(t, "/account/keys", map[string]any{"name": "blue", "credential": answer})
			added = ok[api.KeyAdded](r).Key
			return r
		}},
		{"POST /session/key", auth.ActSignIn, func(t *testing.T) reply {
			begun := s.beginKey(t, "ben@harbour.test")
			r := s.shows(t, begun, key.signs(t, begun))
			own = s.nobody().and(cookie(t, r))
			return r
		}},
		{"POST /session/step-up/key", auth.ActStepUp, func(t *testing.T) reply {
			begun := own.post(t, "/session/step-up/key/begin", nil)
			r := own.and(flowCookie(t, begun, keyCookie)).post(t, "/session/step-up/key", map[string]any{"credential": key.signs(t, begun)})
			own = s.nobody().and(cookie(t, r))
			return r
		}},
		{"DELETE /account/keys/{id}", auth.ActKeyRemoved, func(t *testing.T) reply {
			return own.send(t, http.MethodDelete, "/account/keys/"+added.ID, nil)
		}},
		{"POST /account/password", auth.ActPassword, func(t *testing.T) reply {
			return s.nobody().signIn(t, "ben@harbour.test").post(t, "/account/password", api.PasswordChange{Old: password, New: "an altogether new one"})
		}},
		{"POST /feeds/try", auth.ActFeedTried, func(t *testing.T) reply {
			return all.post(t, "/feeds/try", api.FeedTrialAsk{FeedSettings: list})
		}},
		{"POST /feeds/hits", auth.ActFeedTried, func(t *testing.T) reply {
			return all.post(t, "/feeds/hits", api.FeedTrialAsk{FeedSettings: list})
		}},
		{"POST /feeds", auth.ActFeedAdded, func(t *testing.T) reply { return all.post(t, "/feeds", api.FeedAsk{FeedSettings: list}) }},
		{"PUT /feeds/{id}", auth.ActFeedChanged, func(t *testing.T) reply {
			return put("/feeds/a-list", api.FeedChange{FeedSettings: list, Version: 1})(t)
		}},
		{"POST /feeds/{id}/run", auth.ActFeedRun, post("/feeds/a-list/run", nil)},
		{"DELETE /feeds/{id}", auth.ActFeedRemoved, func(t *testing.T) reply {
			for { // until the run is over
				if r := remove("/feeds/a-list")(t); r.status != http.StatusConflict {
					return r
				}
			}
		}},
		{"POST /report-schedules", auth.ActScheduleAdded, func(t *testing.T) reply {
			r := all.post(t, "/report-schedules", weekly)
			week = decode[api.ReportOrder](r)
			return r
		}},
		{"PUT /report-schedules/{id}", auth.ActScheduleChanged, func(t *testing.T) reply { return put("/report-schedules/"+week.ID, weekly)(t) }},
		{"POST /report-schedules/{id}/send", auth.ActScheduleSent, nil}, // TestReportSchedules has a mail server to send with
		{"DELETE /report-schedules/{id}", auth.ActScheduleRemoved, func(t *testing.T) reply { return remove("/report-schedules/" + week.ID)(t) }},
		{"POST /audit/verify", auth.ActAuditVerified, post("/audit/verify", nil)},
	}
	told := map[string]bool{}
	for _, d := range deeds {
		told[d.route] = true
		if !slices.Contains(auth.Actions(), d.act) {
			t.Errorf("%q cannot be picked in a filter: it is missing in auth.Actions", d.act)
		}
		if d.do == nil {
			continue
		}
		at := s
		if strings.HasPrefix(d.route, "POST /setup/") {
			at = fresh
		}
		before := len(at.audited(t, d.act))
		if r := d.do(t); r.status/100 != 2 {
			t.Errorf("%s answered %d %s", d.route, r.status, r.body)
		} else if n := len(at.audited(t, d.act)); n <= before {
			t.Errorf("%s succeeded and left no record %q", d.route, d.act)
		}
		at.clock.move(time.Second)
	}
	for _, r := range routes() {
		at := r.Method + " " + strings.TrimPrefix(r.Path, api.Prefix)
		if r.Method == http.MethodGet {
			continue
		}
		if _, silent := unrecorded[at]; silent == told[at] {
			t.Errorf("%s: say in this test how it is called and which record it leaves, or why it leaves none", at)
		}
		delete(told, at)
	}
	for at := range told {
		t.Errorf("there is no route %s", at)
	}
}

// TestActionsAreListedOnce: a filter that offers one twice counts wrong.
func TestActionsAreListedOnce(t *testing.T) {
	t.Parallel()
	seen := map[auth.Action]bool{}
	for _, a := range auth.Actions() {
		if seen[a] || a == "" {
			t.Errorf("%q is listed twice", a)
		}
		seen[a] = true
	}
}
