package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

func TestTrackedQueryFromSavingToAlert(t *testing.T) {
	t.Parallel()
	s := open(t)
	operator, reader, chief := s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityReader), s.as(t, auth.SecurityAdministrator)
	s.take(t, simple("one"), "bob@harbour.test", "cat@harbour.test")
	save := func(name, query string, shared bool) api.HuntSaved {
		return ok[api.HuntSaved](operator.post(t, "/hunt/queries", api.HuntSave{Name: name, Query: query, Shared: shared}))
	}
	shared, private := save("Shared", `EmailEvents | where Subject == "one"`, true), save("Private", "EmailEvents | take 1", false)
	ask := api.TrackedAsk{EverySeconds: 3600, WindowSeconds: 86400, Condition: "Above", Threshold: 1, Severity: "High", Category: "Phish", On: true}
	reader.post(t, "/trackers/tracked", api.TrackedNew{TrackedAsk: ask, QueryID: shared.ID}).problem(http.StatusForbidden)
	wrong := ask
	wrong.WindowSeconds = 1800
	if p := operator.post(t, "/trackers/tracked", api.TrackedNew{TrackedAsk: wrong, QueryID: shared.ID}).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.window_seconds" {
		t.Errorf("%+v", p)
	}
	x := ok[api.Tracked](operator.post(t, "/trackers/tracked", api.TrackedNew{TrackedAsk: ask, QueryID: shared.ID}))
	operator.post(t, "/trackers/tracked", api.TrackedNew{TrackedAsk: ask, QueryID: shared.ID}).problem(http.StatusConflict)
	hidden := ok[api.Tracked](operator.post(t, "/trackers/tracked", api.TrackedNew{TrackedAsk: ask, QueryID: private.ID}))
	if !x.Own || !x.CanChange || x.Last != nil || x.Next == nil || x.Query != shared.Query {
		t.Errorf("%+v", x)
	}
	names := func(c caller) (out []string) {
		for _, t := range ok[[]api.Tracked](c.get(t, "/trackers/tracked")) {
			out = append(out, t.Name)
		}
		return out
	}
	if a, b, c := names(operator), names(reader), names(chief); !slices.Equal(a, []string{"Private", "Shared"}) || !slices.Equal(b, []string{"Shared"}) || !slices.Equal(c, a) {
		t.Errorf("%v %v %v", a, b, c)
	}
	reader.get(t, "/trackers/tracked/"+hidden.ID).problem(http.StatusNotFound)
	reader.get(t, "/trackers/tracked/"+hidden.ID+"/history").problem(http.StatusNotFound)

	// Its own road runs it: by hand here, and the count is that of the figure's screens.
	s.clock.move(time.Minute)
	x = ok[api.Tracked](operator.post(t, "/trackers/tracked/"+x.ID+"/run", nil))
	if x.Last == nil || x.Last.Count != 2 || !x.Held || x.Alert == "" || x.Figure == nil || x.Figure.Explorer == nil || !x.Last.ByHand {
		t.Fatalf("%+v", x)
	}
	f := x.Figure
	n := ok[api.Count](reader.get(t, "/explorer/count", "q", f.Explorer.Q, "from", f.From.Format(time.RFC3339Nano), "to", f.To.Format(time.RFC3339Nano)))
	if n.Events != f.Value {
		t.Errorf("Explorer counts %d, the tracker %d", n.Events, f.Value)
	}
	a := ok[api.AlertDetail](reader.get(t, "/alerts/"+x.Alert))
	if a.Source != "Tracked query" || a.Severity != "High" || a.Category != "Phish" || len(a.EvidenceList) != 2 || a.Count != 2 || !strings.HasSuffix(a.Link, x.ID) {
		t.Errorf("%+v", a)
	}
	if got := s.kql(t, `AlertEvidence | summarize by AccountUpn | sort by AccountUpn asc`); !slices.Equal(got, []string{"bob@harbour.test", "cat@harbour.test"}) {
		t.Errorf("%q", got)
	}

	// Its schedule runs it too.
	if ran, err := s.Round(t.Context()); err != nil || ran != 2 {
		t.Error(ran, err)
	}
	h := ok[api.TrackedHistory](operator.get(t, "/trackers/tracked/"+x.ID+"/history"))
	if len(h.Runs) != 2 {
		t.Errorf("%+v", h)
	}

	// Nobody else changes it but an administrator; a disabled owner stops it, on record.
	change := api.TrackedChange{TrackedAsk: ask, Revision: x.Revision}
	s.as(t, auth.SecurityOperator, auth.Preview).send(t, http.MethodPut, "/trackers/tracked/"+x.ID, change).problem(http.StatusForbidden)
	change.Threshold = 100
	if x = ok[api.Tracked](chief.send(t, http.MethodPut, "/trackers/tracked/"+x.ID, change)); x.Threshold != 100 || x.Own || !x.CanChange {
		t.Errorf("%+v", x)
	}
	operator.send(t, http.MethodPut, "/trackers/tracked/"+x.ID, change).problem(http.StatusConflict)
	o, err := s.Cases().OperatorByEmail(t.Context(), x.Owner)
	if err != nil {
		t.Fatal(err)
	}
	o.Disabled = true
	if err := s.Cases().ChangeOperator(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	chief.post(t, "/trackers/tracked/"+x.ID+"/run", nil).problem(http.StatusConflict)
	x = ok[api.Tracked](chief.get(t, "/trackers/tracked/"+x.ID))
	if !strings.Contains(x.Stopped, "disabled") || x.Next != nil {
		t.Errorf("%+v", x)
	}
	records, err := s.Cases().About(t.Context(), x.ID, 20)
	if err != nil || !slices.ContainsFunc(records, func(r auth.Record) bool {
		return r.Action == auth.ActTrackerStopped && strings.Contains(r.Reason, "disabled")
	}) {
		t.Errorf("%+v %v", records, err)
	}
	if got := chief.send(t, http.MethodDelete, "/trackers/tracked/"+x.ID, nil); got.status != http.StatusNoContent {
		t.Error(got.status)
	}
	chief.get(t, "/trackers/tracked/"+x.ID).problem(http.StatusNotFound)
}

func TestNoteworthyAndTrendingAnswer(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := s.as(t, auth.SecurityReader)
	got := ok[api.Noteworthy](reader.get(t, "/trackers/noteworthy"))
	if len(got.Entries) < 15 || len(got.Entries[0].Figures) != 3 || got.Entries[0].Figures[2].Explorer == nil || len(got.Refused) != 0 {
		t.Errorf("%+v", got)
	}
	for _, e := range got.Entries {
		if e.Error != "" {
			t.Errorf("%s: %s", e.ID, e.Error)
		}
	}
	if tr := ok[api.Trending](reader.get(t, "/trackers/trending")); tr.Enough || tr.Say == "" || len(tr.Groups) != 6 || tr.Period != "week" {
		t.Errorf("%+v", tr)
	}
	s.as(t, auth.SearchAndPurge).get(t, "/trackers/noteworthy").problem(http.StatusForbidden)
}
