package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// TestListsAreReadOnRecord: what a query reads from elsewhere is asked for when the query is written down, and not while somebody types.
func TestListsAreReadOnRecord(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	lists := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/good.csv" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("evil.example\nworse.example\n"))
	}))
	t.Cleanup(lists.Close)
	s := open(t, func(c *app.Config, _ *app.Options) { c.Hunting.ExternalData = []string{lists.URL + "/"} })
	c := s.as(t, auth.SecurityOperator)
	query := func(name string) string {
		return fmt.Sprintf(`externaldata(Domain: string)[@"%s/%s"] with (format="csv") | count`, lists.URL, name)
	}
	c.post(t, "/hunt", api.HuntAsk{Query: query("good.csv"), Check: true}).want(http.StatusOK)
	if n := asked.Load(); n != 0 {
		t.Errorf("checking asked %d times", n)
	}
	if _, err := s.Cases().Writer().ExecContext(t.Context(), `CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.action = 'query run' BEGIN SELECT RAISE(FAIL, 'disk full'); END`); err != nil {
		t.Fatal(err)
	}
	c.post(t, "/hunt", api.HuntAsk{Query: query("good.csv")}).problem(http.StatusInternalServerError)
	if n := asked.Load(); n != 0 {
		t.Errorf("asked %d times for a query that is not on record", n)
	}
	if _, err := s.Cases().Writer().ExecContext(t.Context(), `DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	if _, rows, _ := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: query("good.csv")})); fmt.Sprint(rows) != "[[2]]" {
		t.Errorf("%v", rows)
	}
	p := c.post(t, "/hunt", api.HuntAsk{Query: query("gone.csv")}).problem(http.StatusUnprocessableEntity)
	all := s.ended(t)
	if len(all) != 2 || all[0].Outcome != "done" || all[1].Outcome != "error" || all[1].Error != p.Detail {
		t.Errorf("%+v, %+v", all, p)
	}
	if own := ok[[]api.HuntRun](c.get(t, "/hunt/running")); len(own) != 0 {
		t.Errorf("running: %+v", own)
	}
}
