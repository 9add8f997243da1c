package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

// TestWrongParameters: each is refused with 422 and named, in the place where the client put it.
func TestWrongParameters(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.take(t, simple("one"), "bob@harbour.test")
	c := s.as(t, auth.GlobalAdministrator, auth.Preview)
	later := ok[api.EmailPage](c.get(t, "/explorer/emails")).Rows[0].Timestamp.Format("2006-01-02T15:04:05Z")
	for _, w := range []struct {
		path, query string
		location    string // of the one thing that is wrong
	}{
		{"/explorer/emails", "limit=0", "query.limit"},
		{"/explorer/emails", "limit=1001", "query.limit"},
		{"/explorer/emails", "limit=many", "query.limit"},
		{"/explorer/emails", "desc=perhaps", "query.desc"},
		{"/explorer/emails", "sort=Nothing", "query.sort"},
		{"/explorer/emails", "sort=To", "query.sort"},
		{"/explorer/emails", "sort=Subject;drop", "query.sort"},
		{"/explorer/emails", "cursor=not+one", "query.cursor"},
		{"/explorer/emails", "cursor=e30", "query.cursor"},
		{"/explorer/emails", "cursor=" + strings.Repeat("x", 4001), "query.cursor"},
		{"/explorer/emails", "page=2", "query.page"},
		{"/explorer/count", "view=everything", "query.view"},
		{"/explorer/count", "from=yesterday", "query.from"},
		{"/explorer/count", "to=2026-13-01T00:00:00Z", "query.to"},
		{"/explorer/count", "from=" + later + "&to=" + later, "query.to"},
		{"/explorer/count", "q=EmailEvents+|+where", "query.q"},
		{"/explorer/count", "q=EmailEvents+|+where+Nothing+==+1", "query.q"},
		{"/explorer/count", "q=EmailEvents+|+count", "query.q"},
		{"/explorer/count", "q=UrlClickEvents", "query.q"},
		{"/explorer/count", "q=" + strings.Repeat("x", 20001), "query.q"},
		{"/explorer/count", "Q=EmailEvents", "query.Q"},
		{"/explorer/chart", "split=Subject", "query.split"},
		{"/explorer/chart", "split=", ""}, // as if it was not given
		{"/explorer/facet", "", "query.field"},
		{"/explorer/facet", "field=Subject", "query.field"},
		{"/explorer/facet", "field=Nothing", "query.field"},
		{"/explorer/facet", "field=DeliveryAction&order=best", "query.order"},
		{"/explorer/facet", "field=DeliveryAction&limit=-1", "query.limit"},
		{"/explorer/value", "field=Nothing&value=1", "query.field"},
		{"/explorer/urls", "limit=501", "query.limit"},
		{"/explorer/export", "format=xlsx", "query.format"},
		{"/explorer/export", "columns=Nothing", "query.columns"},
		{"/explorer/export", "columns=Subject,Subject", "query.columns"},
		{"/explorer/fields", "x=1", "query.x"},
		{"/explorer/live", "x=1", "query.x"},
		{"/coverage", "x=1", "query.x"},
		{"/search", "", "query.q"},
		{"/search", "q=+", "query.q"},
		{"/emails/" + id, "x=1", "query.x"},
		{"/emails/" + id, "recipient=" + strings.Repeat("x", 321), "query.recipient"},
		{"/emails/not-an-id", "", "path.nmid"},
		{"/session", "x=1", "query.x"},
	} {
		r := c.get(t, w.path+"?"+w.query)
		if w.location == "" {
			r.want(http.StatusOK)
			continue
		}
		if p := r.problem(http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Location != w.location || p.Errors[0].Message == "" {
			t.Errorf("%s?%.60s: %s", w.path, w.query, r.body)
		}
	}
}

// TestWrongBodies: the same for what is in a body.
func TestWrongBodies(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.take(t, simple("one"), "bob@harbour.test")
	c := s.as(t, auth.GlobalAdministrator, auth.Preview)
	content := "/emails/" + id + "/content"
	for _, w := range []struct {
		path, body string
		status     int
		location   string
	}{
		{"/hunt", `{"query":""}`, 422, "body.query"},
		{"/hunt", `{}`, 422, "body"},
		{"/hunt", `{"query":"EmailEvents","rows":3}`, 422, "body.rows"},
		{"/hunt", `{"query":"EmailEvents","limit":-1}`, 422, "body.limit"},
		{"/hunt", `{"query":"EmailEvents","id":"mine"}`, 422, "body.id"},
		{"/hunt", `{"query":"EmailEvents","from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}`, 422, "body.to"},
		{"/hunt/queries", `{"query":"EmailEvents"}`, 422, "body"},
		{"/hunt/queries", `{"name":" ","query":"EmailEvents"}`, 422, "body.name"},
		{"/hunt/queries", `{"name":"x","query":""}`, 422, "body.query"},
		{"/hunt/queries", `{"name":"` + strings.Repeat("x", 121) + `","query":"EmailEvents"}`, 422, "body.name"},
		{"/hunt", `{"query":["EmailEvents"]}`, 422, "body.query"},
		{"/hunt", `{"query":"EmailEvents","from":"now"}`, 422, "body.from"},
		{"/hunt", `{"query":"EmailEvents`, 400, "body"},
		{"/hunt", ``, 400, ""},
		{"/explorer/filter", `{"chips":[{"field":"Subject","op":"resembles","values":["x"]}]}`, 422, "body.chips[0].op"},
		{"/explorer/filter", `{"chips":[{"field":"Subject"}]}`, 422, ""},
		{content, `{}`, 422, "body"},
		{content, `{"reason":"no"}`, 422, "body.reason"},
		{content, `{"reason":"` + strings.Repeat("x", 501) + `"}`, 422, "body.reason"},
		{content + "?x=1", `{"reason":"ticket 1"}`, 422, "query.x"},
		{"/emails/" + id + "/download", `{"reason":""}`, 422, "body.reason"},
		{"/session", `{"email":"a@b.test"}`, 422, "body"},
		{"/session", `{"email":"","password":"x"}`, 422, "body.email"},
		{"/import?time=yesterday", "From: a@b.test\r\n\r\nhello", 422, "query.time"},
		{"/import?sorce=x", "From: a@b.test\r\n\r\nhello", 422, "query.sorce"},
		{"/import", "", 400, ""},
	} {
		r := c.post(t, w.path, []byte(w.body))
		p := r.problem(w.status)
		if w.location != "" && (len(p.Errors) != 1 || p.Errors[0].Location != w.location) {
			t.Errorf("%s %.80s: %s", w.path, w.body, r.body)
		}
	}
	if n := len(s.audited(t, auth.ActContent, auth.ActDownload, auth.ActQuery, auth.ActImport)); n > 0 {
		t.Errorf("%d records of what was refused", n)
	}
	big := bytes.Repeat([]byte("x"), 3<<20)
	for _, path := range []string{"/session", "/setup/x", content, "/explorer/filter", "/hunt", "/hunt/queries"} {
		at := s.as(t, auth.GlobalAdministrator, auth.Preview)
		at.post(t, path, big).problem(http.StatusRequestEntityTooLarge)
	}
	with := c.with("Content-Type", "application/xml")
	if r := with.post(t, "/hunt", []byte("<query/>")); r.status != http.StatusUnsupportedMediaType && r.status != http.StatusUnprocessableEntity && r.status != http.StatusBadRequest {
		t.Errorf("another type: %d %s", r.status, r.body)
	}
}

// TestLongQuestions: what the shapes allow arrives.
func TestLongQuestions(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	long := "EmailEvents | where Subject in (" + strings.Repeat("'abcdefghij', ", 12_000) + "'x') | count"
	c.post(t, "/hunt", api.HuntAsk{Query: long, Check: true}).want(http.StatusOK)
	values := make([]string, 2000)
	for i := range values {
		values[i] = strings.Repeat("x", 60) + "@harbour.test"
	}
	if got := ok[api.Filter](c.post(t, "/explorer/filter", api.FilterAsk{Chips: []api.Chip{{Field: "RecipientEmailAddress", Op: "is", Values: values}}})); len(got.KQL) < 100_000 {
		t.Errorf("%d characters of KQL, error %+v", len(got.KQL), got.Error)
	}
	q := "EmailEvents | where Subject == '" + strings.Repeat("y", 19_000) + "'"
	c.get(t, "/explorer/count", "q", q).want(http.StatusOK)
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityReader)
	for _, f := range []struct {
		kql   string
		chips []api.Chip
	}{
		{"", nil},
		{"EmailEvents", nil},
		{`EmailEvents | where SenderFromDomain == "evil.test"`, []api.Chip{{Field: "SenderFromDomain", Op: "is", Values: []string{"evil.test"}}}},
		{`EmailEvents | where Subject in ("a", "b") and ThreatScore >= 50`, []api.Chip{{Field: "Subject", Op: "is", Values: []string{"a", "b"}}, {Field: "ThreatScore", Op: "ge", Values: []string{"50"}}}},
		{"EmailEvents\n| where Subject contains 'say \"hi\"'\n| where IsFirstContact == true", []api.Chip{{Field: "Subject", Op: "contains", Values: []string{`say "hi"`}}, {Field: "IsFirstContact", Op: "is", Values: []string{"true"}}}},
		{`EmailEvents | where ipv4_is_in_range(SenderIPv4, "192.0.2.0/24")`, []api.Chip{{Field: "SenderIPv4", Op: "in_network", Values: []string{"192.0.2.0/24"}}}},
	} {
		got := ok[api.Filter](c.post(t, "/explorer/filter", api.FilterAsk{KQL: f.kql}))
		if got.Error != nil || !cmp.Equal(got.Chips, append([]api.Chip{}, f.chips...)) {
			t.Errorf("%s: %+v, error %+v", f.kql, got.Chips, got.Error)
		}
		back := ok[api.Filter](c.post(t, "/explorer/filter", api.FilterAsk{Chips: got.Chips}))
		if back.Error != nil || !cmp.Equal(back.Chips, got.Chips) {
			t.Errorf("%s: there and back %+v (%s), error %+v", f.kql, back.Chips, back.KQL, back.Error)
		}
		ok[api.Count](c.get(t, "/explorer/count", "q", back.KQL))
	}
	// What chips cannot say stays text, and can be sent back.
	odd := ok[api.Filter](c.post(t, "/explorer/filter", api.FilterAsk{KQL: `EmailEvents | where strlen(Subject) > 3 or UrlCount == 0`}))
	if len(odd.Chips) != 1 || odd.Chips[0].Op != "kql" {
		t.Fatalf("%+v", odd)
	}
	if back := ok[api.Filter](c.post(t, "/explorer/filter", api.FilterAsk{Chips: odd.Chips})); back.Error != nil || !cmp.Equal(back.Chips, odd.Chips) {
		t.Errorf("%+v", back)
	}
}

// TestWrongFilters are answers with the place, while a person types; elsewhere they are refused with the same place.
func TestWrongFilters(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityReader)
	for _, f := range []struct {
		kql          string
		line, column int
		word         string
	}{
		{"EmailEvents | where", 1, 20, ""},
		{"EmailEvents\n| where Subject == 'a'\n| where Sbject == 'b'", 3, 9, "Sbject"},
		{"EmailEvents | where 'é' == 'ü' and Sbject == 1", 1, 36, "Sbject"},
		{"EmailEvents | summarize count()", 1, 1, "where"},
		{"EmailEvnts", 1, 1, ""},
		{"EmailEvents | where Subject == 'open", 1, 32, ""},
		{"EmailEvents; drop table EmailEvents", 0, 0, ""},
	} {
		got := ok[api.Filter](c.post(t, "/explorer/filter", api.FilterAsk{KQL: f.kql}))
		switch {
		case got.Error == nil:
			t.Fatalf("%s is taken: %+v", f.kql, got)
		case f.line > 0 && (got.Error.Line != f.line || got.Error.Column != f.column) || !strings.Contains(got.Error.Message, f.word):
			t.Errorf("%s: %+v, want line %d, column %d, %q", f.kql, *got.Error, f.line, f.column, f.word)
		case got.Chips == nil || got.KQL != f.kql:
			t.Errorf("%s: %+v", f.kql, got)
		}
		for _, path := range []string{"/explorer/count", "/explorer/chart", "/explorer/emails", "/explorer/urls"} {
			p := c.get(t, path, "q", f.kql).problem(http.StatusUnprocessableEntity)
			var at api.FilterDefect
			if err := json.Unmarshal(p.Errors[0].Value, &at); err != nil || at != *got.Error {
				t.Errorf("%s: %s says %+v, the filter %+v (%v)", f.kql, path, at, *got.Error, err)
			}
		}
	}
	for _, chip := range []api.Chip{
		{Field: "Nothing", Op: "is", Values: []string{"x"}}, {Field: "ThreatScore", Op: "is", Values: []string{"much"}}, {Field: "SenderIPv4", Op: "in_network", Values: []string{"home"}},
		{Op: "kql", Values: []string{"Subject == "}}, {Op: "kql", Values: []string{"true | count"}}, {Op: "kql", Values: []string{}}, {Field: "Subject", Op: "is", Values: []string{}},
	} {
		got := ok[api.Filter](c.post(t, "/explorer/filter", api.FilterAsk{Chips: []api.Chip{{Field: "Subject", Op: "is", Values: []string{"right"}}, chip}}))
		if got.Error == nil || got.Error.Message == "" {
			t.Errorf("%+v is taken: %+v", chip, got)
		}
	}
}
