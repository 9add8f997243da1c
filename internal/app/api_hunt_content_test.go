package app_test

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

// tempting is a letter whose link says one thing and whose text is evidence.
func tempting() []byte {
	return letter("From: Ann Sender <ann@sender.test>", "To: bob@harbour.test", "Subject: Account", "Message-ID: <tempting@sender.test>", "Content-Type: text/html", "",
		`<p>Your mailbox is full. Verify your password within 24 hours or lose it.</p><a href="https://evil.example/login">OTTER-WORDS on the link</a>`)
}

// TestContentFollowsThePermission: what quotes messages is for who may read them, wherever KQL can be asked; the others are told
// which column and which permission, and never get less than they think.
func TestContentFollowsThePermission(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.take(t, tempting(), "bob@harbour.test")
	nobody, reader := s.as(t, auth.Preview), s.as(t, auth.SecurityReader)
	operator, trusted := s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityOperator, auth.Preview)
	local := s.nobody().with("Authorization", "Bearer "+s.localToken(t))

	if p := nobody.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents | count"}).problem(http.StatusForbidden); !strings.Contains(p.Detail, "hunt.run") {
		t.Errorf("%+v", p)
	}
	for _, query := range []string{
		"EmailUrlInfo | project UrlText",
		"EmailUrlInfo | where UrlText has 'otter'",
		"EmailEvents | where AdditionalFields has 'password' | count",
		"EmailEvents | extend s = parse_json(AdditionalFields).signals",
		"EmailEvents | where NetworkMessageId in ((EmailUrlInfo | where UrlText has 'otter' | project NetworkMessageId))",
		"EmailEvents | summarize make_set(AdditionalFields)",
	} {
		for _, c := range []struct {
			who   caller
			check bool
		}{{reader, false}, {operator, true}, {operator, false}} {
			p := c.who.post(t, "/hunt", api.HuntAsk{Query: query, Check: c.check}).problem(http.StatusUnprocessableEntity)
			if !strings.Contains(p.Detail, "email.preview") || !strings.Contains(p.Detail, "Preview") || !strings.Contains(p.Detail, "UrlText") && !strings.Contains(p.Detail, "AdditionalFields") {
				t.Errorf("%s: %s", query, p.Detail)
			}
		}
		for who, c := range map[string]caller{"with Preview": trusted, "this machine": local} {
			if _, rows, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: query})); len(rows) == 0 || last.Done == nil {
				t.Errorf("%s, %s: %v %+v", query, who, rows, last)
			}
		}
	}
	for _, table := range []string{"EmailEvents", "EmailUrlInfo"} {
		r := operator.post(t, "/hunt", api.HuntAsk{Query: table})
		if head := first(t, r); len(head.Withheld) != 1 || strings.Contains(string(r.body), "OTTER") || strings.Contains(string(r.body), "signals") {
			t.Errorf("%+v: %s", head, r.body)
		}
		if head := first(t, trusted.post(t, "/hunt", api.HuntAsk{Query: table})); len(head.Withheld) != 0 {
			t.Errorf("%+v", head)
		}
	}

	for _, q := range []string{"EmailEvents | where AdditionalFields has 'password'", "EmailEvents | where NetworkMessageId in ((EmailUrlInfo | where UrlText has 'otter' | project NetworkMessageId))"} {
		for _, path := range []string{"/explorer/count", "/explorer/chart", "/explorer/emails", "/explorer/urls", "/explorer/export"} {
			if p := operator.get(t, path, "q", q).problem(http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "email.preview") {
				t.Errorf("%s %s: %s", path, q, p.Detail)
			}
			trusted.get(t, path, "q", q).want(http.StatusOK)
		}
	}
	for _, w := range [][]string{
		{"/explorer/emails", "sort", "AdditionalFields"}, {"/explorer/export", "columns", "Subject,AdditionalFields"},
		{"/explorer/value", "field", "AdditionalFields", "value", "x"},
	} {
		if p := operator.get(t, w[0], w[1:]...).problem(http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "email.preview") {
			t.Errorf("%s: %s", w, p.Detail)
		}
		trusted.get(t, w[0], w[1:]...).want(http.StatusOK)
	}
	offers := func(c caller) bool {
		for _, f := range ok[api.FieldList](c.get(t, "/explorer/fields")).Fields {
			if f.Name == "AdditionalFields" {
				return true
			}
		}
		return false
	}
	if offers(operator) || !offers(trusted) {
		t.Error("Explorer offers what it refuses, or hides what it has")
	}

	if p := operator.get(t, "/hunt/samples", "table", "EmailUrlInfo", "column", "UrlText").problem(http.StatusForbidden); !strings.Contains(p.Detail, "email.preview") {
		t.Errorf("%+v", p)
	}
	if got := ok[api.HuntSamples](trusted.get(t, "/hunt/samples", "table", "EmailUrlInfo", "column", "UrlText")); len(got.Values) != 1 || !strings.Contains(got.Values[0], "OTTER") {
		t.Errorf("%+v", got)
	}
	operator.get(t, "/hunt/samples", "table", "EmailUrlInfo", "column", "UrlText").problem(http.StatusForbidden) // also what is kept from a minute ago

	marked := 0
	for _, table := range ok[api.HuntSchema](operator.get(t, "/hunt/schema")).Tables {
		for _, c := range table.Columns {
			if c.Content != !c.May {
				t.Errorf("%s.%s: %+v", table.Name, c.Name, c)
			}
			if c.Content {
				marked++
			}
		}
	}
	if marked != 3 {
		t.Errorf("%d columns are marked", marked)
	}
}
