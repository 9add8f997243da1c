package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// TestHuntWithLists: a query reads a list from where an administrator allowed it, and from nowhere else.
func TestHuntWithLists(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte("name,why\na first,known\nother,\"not, here\"\n"))
	}))
	t.Cleanup(feed.Close)
	s := open(t, func(c *app.Config, _ *app.Options) { c.Hunting.ExternalData = []string{feed.URL + "/feeds/"} })
	s.take(t, simple("a first"), "bob@harbour.test")
	s.take(t, simple("a second"), "bob@harbour.test")
	c := s.as(t, auth.SecurityOperator)
	query := func(path string) string {
		return fmt.Sprintf("let bad = externaldata(name:string, why:string) [@%q] with (format='csv', ignoreFirstRecord=true);\nEmailEvents | join kind=inner bad on $left.Subject == $right.name | project Subject, why", feed.URL+path)
	}
	if columns, _, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: query("/feeds/a.csv"), Check: true})); len(columns) != 2 || last.Error != "" || asked.Load() != 0 {
		t.Errorf("only checked: %v %+v, asked %d times", columns, last, asked.Load())
	}
	for range 2 {
		if _, rows, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: query("/feeds/a.csv")})); fmt.Sprint(rows) != "[[a first known]]" || last.Done == nil {
			t.Errorf("rows %v, %+v", rows, last)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the list was asked for %d times", asked.Load())
	}
	for _, check := range []bool{true, false} {
		r := c.post(t, "/hunt", api.HuntAsk{Query: query("/private/a.csv"), Check: check})
		host := strings.TrimPrefix(feed.URL, "http://")
		if r.status/100 != 4 || !strings.Contains(string(r.body), "lists of "+host+" are not approved; an administrator can add") {
			t.Errorf("an address that is not approved: %d %s", r.status, r.body)
		}
	}
	if asked.Load() != 1 {
		t.Error("an address that is not approved was asked")
	}
	_, rows, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: "union isfuzzy=true EmailEvents, Nowhere | count"}))
	if fmt.Sprint(rows) != "[[2]]" || last.Done == nil {
		t.Errorf("a fuzzy union: %v %+v", rows, last)
	}
}
