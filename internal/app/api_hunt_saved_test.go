package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/hunt"
)

func names(all []api.HuntSaved) string {
	var out []string
	for _, q := range all {
		out = append(out, q.Name)
	}
	return strings.Join(out, " ")
}

func TestSavedQueries(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.take(t, simple("one"), "bob@harbour.test")
	ann, bob, chief := s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityOperator, auth.Approve), s.as(t, auth.SecurityAdministrator)
	local := s.nobody().with("Authorization", "Bearer "+s.localToken(t))

	private := ok[api.HuntSaved](ann.post(t, "/hunt/queries", api.HuntSave{Name: "  My \t own ", Description: " d ", Folder: "F", Query: "EmailEvents | count"}))
	if private.Name != "My own" || private.Description != "d" || !private.Own || private.Owner != "nobody.security-operator@harbour.test" || private.Revision != 1 || private.Created.IsZero() || !private.Created.Equal(private.Updated) {
		t.Errorf("%+v", private)
	}
	shared := ok[api.HuntSaved](ann.post(t, "/hunt/queries", api.HuntSave{Name: "Ours", Query: "EmailEvents | project Subject", Shared: true}))
	ok[api.HuntSaved](ann.post(t, "/hunt/queries", api.HuntSave{Name: "Half", Query: "EmailEvents | where"})) // kept as it is
	if p := ann.post(t, "/hunt/queries", api.HuntSave{Name: "OURS", Query: "x"}).problem(http.StatusConflict); !strings.Contains(p.Detail, "name") {
		t.Errorf("%+v", p)
	}
	local.post(t, "/hunt/queries", api.HuntSave{Name: "x", Query: "x"}).problem(http.StatusForbidden)

	for _, w := range []struct {
		who  caller
		want string
	}{{ann, "Half Ours My own"}, {bob, "Ours"}, {local, "Ours"}} {
		if got := names(ok[[]api.HuntSaved](w.who.get(t, "/hunt/queries"))); got != w.want {
			t.Errorf("sees %q, want %q", got, w.want)
		}
	}

	at := func(q api.HuntSaved) string { return "/hunt/queries/" + q.ID }
	for path, c := range map[string]caller{at(private): bob, "/hunt/queries/none": ann} {
		c.post(t, path+"/run", api.HuntSavedRun{}).problem(http.StatusNotFound)
		c.send(t, http.MethodPut, path, api.HuntChange{HuntSave: api.HuntSave{Name: "x", Query: "x"}, Revision: 1}).problem(http.StatusNotFound)
		c.send(t, http.MethodDelete, path, nil).problem(http.StatusNotFound)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		var body any
		if method == http.MethodPut {
			body = api.HuntChange{HuntSave: api.HuntSave{Name: "Ours", Query: "EmailUrlInfo"}, Revision: 1}
		}
		if p := bob.send(t, method, at(shared), body).problem(http.StatusForbidden); !strings.Contains(p.Detail, "hunt.manage") {
			t.Errorf("%s: %+v", method, p)
		}
	}

	for _, c := range []caller{ann, bob, local} {
		_, rows, last := answer(t, c.post(t, at(shared)+"/run", api.HuntSavedRun{}))
		if fmt.Sprint(rows) != "[[one]]" || last.Done == nil {
			t.Errorf("%v %+v", rows, last)
		}
	}
	if _, rows, _ := answer(t, bob.post(t, at(shared)+"/run", api.HuntSavedRun{To: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)})); len(rows) != 0 {
		t.Errorf("before there was mail: %v", rows)
	}
	if records := s.audited(t, auth.ActQuery); len(records) != 4 || records[0].Subject != shared.Query || !strings.Contains(string(records[0].Detail), shared.ID) {
		t.Errorf("%+v", records)
	}

	s.clock.move(time.Minute)
	change := api.HuntChange{HuntSave: api.HuntSave{Name: "Ours, better", Folder: "G", Query: "EmailEvents | project RecipientEmailAddress", Shared: true}, Revision: shared.Revision}
	better := ok[api.HuntSaved](ann.send(t, http.MethodPut, at(shared), change))
	if better.Revision != 2 || better.Query != change.Query || !better.Updated.After(better.Created) || !better.Created.Equal(shared.Created) {
		t.Errorf("%+v", better)
	}
	if p := chief.send(t, http.MethodPut, at(shared), change).problem(http.StatusConflict); !strings.Contains(p.Detail, "revision 2") {
		t.Errorf("%+v", p)
	}
	change.Revision, change.Shared = 2, false
	if q := ok[api.HuntSaved](chief.send(t, http.MethodPut, at(shared), change)); q.Owner != shared.Owner || q.Own || q.Revision != 3 {
		t.Errorf("%+v", q)
	}
	bob.post(t, at(shared)+"/run", api.HuntSavedRun{}).problem(http.StatusNotFound) // not shared any more
	chief.send(t, http.MethodDelete, at(shared), nil).want(http.StatusNoContent)
	ann.send(t, http.MethodDelete, at(shared), nil).problem(http.StatusNotFound)
	var acts []string
	for _, r := range s.audited(t, auth.ActQuerySaved, auth.ActQueryRemoved) {
		if r.Subject == shared.ID {
			acts = append(acts, string(r.Action)+" by "+strings.TrimPrefix(r.Operator, "nobody."))
		}
	}
	if got := strings.Join(acts, ", "); got != "query saved by security-operator@harbour.test, query saved by security-operator@harbour.test, query saved by security-administrator@harbour.test, saved query removed by security-administrator@harbour.test" {
		t.Error(got)
	}
	// A query that asks for what its reader may not read is refused when it runs, not when it is kept.
	secret := ok[api.HuntSaved](chief.post(t, "/hunt/queries", api.HuntSave{Name: "Words", Query: "EmailUrlInfo | project UrlText", Shared: true}))
	if p := bob.post(t, at(secret)+"/run", api.HuntSavedRun{}).problem(http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "email.preview") {
		t.Errorf("%+v", p)
	}
}

func TestHuntHistory(t *testing.T) {
	t.Parallel()
	s := open(t)
	ann, bob := s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityOperator, auth.Approve)
	local := s.nobody().with("Authorization", "Bearer "+s.localToken(t))
	for i := range 5 {
		answer(t, ann.post(t, "/hunt", api.HuntAsk{Query: fmt.Sprintf("print x = %d", i)}))
	}
	answer(t, bob.post(t, "/hunt", api.HuntAsk{Query: "print bob = 1"}))
	answer(t, local.post(t, "/hunt", api.HuntAsk{Query: "print local = 1"}))
	ann.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents | nothing"}).problem(http.StatusUnprocessableEntity) // never ran
	var seen []string
	for cursor := ""; ; {
		page := ok[api.HuntHistory](ann.get(t, "/hunt/history", "limit", "2", "cursor", cursor))
		for _, p := range page.Runs {
			seen = append(seen, p.Query)
			if p.ID == "" || p.At.IsZero() || p.Outcome != "done" || p.Rows != 1 {
				t.Errorf("%+v", p)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if got := strings.Join(seen, ", "); got != "print x = 4, print x = 3, print x = 2, print x = 1, print x = 0" {
		t.Error(got)
	}
	if n := len(ok[api.HuntHistory](local.get(t, "/hunt/history")).Runs); n != 0 {
		t.Errorf("the command line has %d runs", n)
	}
	if p := ann.get(t, "/hunt/history", "cursor", "yesterday").problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "query.cursor" {
		t.Errorf("%+v", p)
	}
	ann.send(t, http.MethodDelete, "/hunt/history", nil).want(http.StatusNoContent)
	if len(ok[api.HuntHistory](ann.get(t, "/hunt/history")).Runs) != 0 || len(ok[api.HuntHistory](bob.get(t, "/hunt/history")).Runs) != 1 {
		t.Error("clearing clears one's own")
	}
	if n := len(s.audited(t, auth.ActQuery)); n != 7 {
		t.Errorf("%d records; the audit log forgets nothing", n)
	}
}

func TestHuntSchemaAndSamples(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	schema := ok[api.HuntSchema](c.get(t, "/hunt/schema"))
	byName := map[string]api.HuntTable{}
	for _, table := range schema.Tables {
		byName[table.Name] = table
	}
	if m := byName["EmailEvents"]; !m.Collected || m.Doc == "" || len(m.Columns) < 50 || m.Columns[0].Name != "Timestamp" || m.Columns[0].Type != "datetime" || m.Columns[0].Doc == "" {
		t.Errorf("%+v", m)
	}
	if d := byName["DeviceProcessEvents"]; d.Collected || len(d.Columns) == 0 {
		t.Errorf("%+v", d)
	}
	if len(schema.Functions) < 100 || schema.Limits != (api.HuntLimits{Concurrent: 3, Seconds: 180, Rows: 1_000_000}) {
		t.Errorf("%d functions, %+v", len(schema.Functions), schema.Limits)
	}

	ask := func(table, column string) string {
		return strings.Join(ok[api.HuntSamples](c.get(t, "/hunt/samples", "table", table, "column", column)).Values, ", ")
	}
	s.take(t, simple("rare"), "bob@harbour.test")
	s.take(t, simple("common"), "bob@harbour.test", "cat@harbour.test")
	s.take(t, simple(strings.Repeat("long", 50)), "bob@harbour.test")
	for _, w := range [][3]string{
		{"EmailEvents", "Subject", "common, rare"}, {"EmailEvents", "RecipientEmailAddress", "bob@harbour.test, cat@harbour.test"},
		{"EmailEvents", "IsPriorityAccount", "false"}, {"EmailEvents", "Type", "EmailEvents"}, {"EmailEvents", "Timestamp", ""}, {"EmailEvents", "To", ""},
		{"EmailUrlInfo", "Url", ""}, {"DeviceProcessEvents", "DeviceName", ""},
	} {
		if got := ask(w[0], w[1]); got != w[2] {
			t.Errorf("%s.%s: %q", w[0], w[1], got)
		}
	}
	s.take(t, simple("later"), "bob@harbour.test")
	if got := ask("EmailEvents", "Subject"); got != "common, rare" {
		t.Errorf("within the minute: %q", got)
	}
	s.clock.move(2 * time.Minute)
	if got := ask("EmailEvents", "Subject"); got != "common, later, rare" {
		t.Errorf("after it: %q", got)
	}
	s.clock.move(40 * 24 * time.Hour)
	if got := ask("EmailEvents", "Subject"); got != "" {
		t.Errorf("after 40 days: %q", got)
	}
	for _, w := range [][3]string{{"Nothing", "Subject", "query.table"}, {"EmailEvents", "Nothing", "query.column"}} {
		if p := c.get(t, "/hunt/samples", "table", w[0], "column", w[1]).problem(http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Location != w[2] {
			t.Errorf("%+v", p)
		}
	}
	if all := ok[[]api.HuntLibraryQuery](c.get(t, "/hunt/library")); len(all) != len(hunt.Library()) || all[0].Folder == "" || all[0].Query == "" {
		t.Errorf("%d queries", len(all))
	}
}
