package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/casestore"
	"tocsin/internal/detect/model"
)

// vector is what an invented message of one manner has.
func vector(kind string, i int) model.Vector {
	f := []model.Feature{model.NewFeature(model.Signals, model.Raises, "signal", "anything")}
	for k := range 12 {
		f = append(f, model.NewFeature(model.Wording, model.Either, "word", fmt.Sprint(kind, (i+k*7)%25)))
	}
	return model.NewVector(f)
}

func TestLearning(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *app.Config, _ *app.Options) { c.Learning.Bad, c.Learning.Good = 30, 100 })
	analyst, admin := s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityAdministrator)
	id := s.take(t, simple("a message to learn from"), "bob@harbour.test")
	if err := s.Judged(t.Context()); err != nil {
		t.Fatal(err)
	}
	label := func(c caller, id, what string) reply {
		return c.post(t, "/emails/"+id+"/label", map[string]string{"label": what})
	}
	label(analyst, "01890000-0000-7000-8000-000000000000", "phish").want(http.StatusNotFound)
	label(s.as(t, auth.SecurityReader), id, "phish").want(http.StatusForbidden)
	label(analyst, id, "nonsense").want(http.StatusUnprocessableEntity)
	for range 2 {
		label(analyst, id, "phish").want(http.StatusNoContent)
	}
	status := func() api.Learning { return ok[api.Learning](admin.get(t, "/learning")) }
	if got := status(); got.Phish != 1 || got.Good != 0 || len(got.Models) != 0 {
		t.Errorf("after one label %+v", got)
	}
	label(analyst, id, "none").want(http.StatusNoContent)
	if got := status(); got.Phish != 0 {
		t.Errorf("after taking it back %+v", got)
	}
	activate := map[string]string{"threat": "Phish", "reason": "looks well"}
	admin.post(t, "/learning/activate", activate).want(http.StatusNotFound)

	teach(t, s, 300, 60)
	said := ok[api.LearnedWords](admin.post(t, "/learning/train", nil)).Said
	if !strings.Contains(said[0], "check passed") || !strings.Contains(said[0], "stays in shadow") {
		t.Fatalf("training said %q", said)
	}
	if got := status(); len(got.Models) != 1 || got.Models[0].State != "shadow" || !got.Models[0].Passed || got.Models[0].Features == 0 {
		t.Errorf("after training %+v", got)
	}
	ok[api.LearnedWords](admin.post(t, "/learning/activate", activate))
	if got := status(); len(got.Models) != 1 || got.Models[0].State != "active" {
		t.Errorf("after activation %+v", got)
	}
	if n := len(s.audited(t, auth.ActModel)); n != 1 {
		t.Errorf("%d records of an activation", n)
	}
	analyst.post(t, "/learning/reset", map[string]any{"everything": true}).want(http.StatusForbidden)
	admin.post(t, "/learning/reset", map[string]any{"everything": true}).want(http.StatusNoContent)
	if got := status(); len(got.Models) != 0 || got.Examples != 0 || got.Phish != 0 {
		t.Errorf("after a reset %+v", got)
	}
	if n := len(s.audited(t, auth.ActModelReset)); n != 1 {
		t.Errorf("%d records of a reset", n)
	}
}

// teach puts delivered mail of the last days into the store, and bad mail that an analyst named.
func teach(t *testing.T, s *site, good, bad int) {
	t.Helper()
	var all []casestore.LearnExample
	for i := range good {
		all = append(all, casestore.LearnExample{ID: fmt.Sprint("good-", i), At: time.Now().Add(-5*24*time.Hour - time.Duration(i)*time.Minute*50), Sender: fmt.Sprint("good", i%40, ".example"), Delivered: true, Features: vector("good", i).Encode()})
	}
	for i := range bad {
		all = append(all, casestore.LearnExample{ID: fmt.Sprint("bad-", i), At: time.Now(), Sender: fmt.Sprint("bad", i%20, ".example"), Features: vector("bad", i).Encode()})
	}
	if err := s.Cases().AddLearnExamples(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	for i := range bad {
		if err := s.Cases().PutLearnLabel(t.Context(), casestore.LearnLabel{ID: fmt.Sprint("bad-", i), Who: "ann@harbour.test", Source: model.Analyst, Label: model.LabelPhish, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheckRefusesABadModel shows a model the kind of mail that it takes for bad, delivered and never reported.
func TestCheckRefusesABadModel(t *testing.T) {
	t.Parallel()
	var all, recent []model.Example
	for i := range 300 {
		all = append(all, model.Example{Key: fmt.Sprint("g", i), Group: fmt.Sprint("g", i%30), Vector: vector("good", i), Weight: 1})
		if i%3 == 0 {
			all = append(all, model.Example{Key: fmt.Sprint("b", i), Group: fmt.Sprint("b", i%30), Vector: vector("bad", i), Bad: true, Weight: 1})
		}
		recent = append(recent, model.Example{Key: fmt.Sprint("r", i), Vector: vector("good", i+1), Weight: 1})
	}
	m, err := model.Train(all, model.Options{Threat: "Phish"})
	if err != nil {
		t.Fatal(err)
	}
	if said, passed := app.CheckModel(m, m, recent, 0.5); !passed {
		t.Errorf("a good model is refused: %s", said)
	}
	for i := range 5 {
		recent[i].Vector = vector("bad", i)
	}
	if said, passed := app.CheckModel(m, m, recent, 0.5); passed || !strings.Contains(said, "not passed") || !strings.Contains(said, "5 of 300") {
		t.Errorf("a bad model passes: %s", said)
	}
}

// TestAnActivatedModelJudgesDeliveredMail: mail of the last days is judged with the model that speaks now, on record, and again without it.
func TestAnActivatedModelJudgesDeliveredMail(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *app.Config, o *app.Options) {
		c.Learning.Bad, c.Learning.Good = 30, 100
		o.Upkeep, o.Settle = true, 10*time.Millisecond
	})
	admin := s.as(t, auth.SecurityAdministrator)
	s.take(t, simple("delivered"), "bob@harbour.test")
	teach(t, s, 300, 60)
	ok[api.LearnedWords](admin.post(t, "/learning/train", nil))
	runs := func() []api.JudgingRun { return ok[api.JudgingRuns](admin.get(t, "/rejudge")).Runs }
	if got := runs(); len(got) != 0 {
		t.Errorf("a model in shadow changes nothing: %+v", got)
	}
	done := func(n int, why string) {
		t.Helper()
		comes(t, why+": nothing is judged again", func() bool { got := runs(); return len(got) == n && got[0].Ended != nil })
		if r := runs()[0]; r.State != "done" || !r.Automatic || r.Reason != why || r.Counts.Messages != 1 || r.Until.Sub(r.Since) > 49*time.Hour {
			t.Errorf("%+v", r)
		}
	}
	ok[api.LearnedWords](admin.post(t, "/learning/activate", map[string]string{"threat": "Phish"}))
	done(1, "local model activated")
	admin.post(t, "/learning/reset", map[string]any{"everything": false}).want(http.StatusNoContent)
	done(2, "local model reset")
}
