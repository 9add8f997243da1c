package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// one is the first line of an answer.
func first(t *testing.T, r reply) (line api.HuntLine) {
	t.Helper()
	r.want(http.StatusOK)
	head, _, _ := strings.Cut(string(r.body), "\n")
	if err := json.Unmarshal([]byte(head), &line); err != nil {
		t.Fatalf("%v: %s", err, head)
	}
	return line
}

// perOperator lets an operator have so many queries at a time, and as many run.
func perOperator(n int) setting {
	return func(c *app.Config, _ *app.Options) { c.Hunting.PerOperator, c.Hunting.Concurrent = n, n }
}

// started is a query that is being answered: its lines as they come.
type started struct {
	head  api.HuntLine
	lines *bufio.Scanner
	stop  context.CancelFunc
	done  func()
}

// start asks and returns when the first line is there.
func (c caller) start(t *testing.T, path string, body any) *started {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(cancel)
	res, err := c.ask(ctx, http.MethodPost, path, body)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	s := &started{lines: bufio.NewScanner(res.Body), stop: cancel, done: func() { _ = res.Body.Close() }}
	s.lines.Buffer(nil, 1<<20)
	if res.StatusCode != http.StatusOK || !s.lines.Scan() || json.Unmarshal(s.lines.Bytes(), &s.head) != nil {
		t.Fatalf("answered %d %s", res.StatusCode, s.lines.Text())
	}
	return s
}

// last reads to the end and returns the last line.
func (s *started) last(t *testing.T) (line api.HuntLine) {
	t.Helper()
	for s.lines.Scan() {
		line = api.HuntLine{}
		if err := json.Unmarshal(s.lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
	}
	s.done()
	return line
}

// ended is the detail of "query ended".
type ended struct {
	Outcome string
	Rows    int64
	TookMS  int64 `json:"took_ms"`
	Error   string
}

func (s *site) ended(t *testing.T) (out []ended) {
	t.Helper()
	for _, r := range s.audited(t, auth.ActQueryEnded) {
		var e ended
		if err := json.Unmarshal(r.Detail, &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// waitEnded waits until n ends are on record.
func (s *site) waitEnded(t *testing.T, n int) (all []ended) {
	t.Helper()
	comes(t, "the end was never recorded", func() bool {
		all = s.ended(t)
		return len(all) >= n
	})
	return all
}

func TestHuntFirstLine(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	id := "0189aaaa-0000-7000-8000-000000000001"
	line := first(t, c.post(t, "/hunt", api.HuntAsk{ID: id, Query: `EmailEvents | summarize Mail = count(), Threats = countif(ThreatTypes != "") by Day = bin(Timestamp, 1d) | render timechart with (title="A day", xcolumn=Day, ycolumns=Mail, Threats, kind=stacked)`}))
	if line.ID != id || strings.Join(line.Tables, " ") != "EmailEvents" || line.Explorer != "" || line.Render == nil || line.Render.Kind != "timechart" || line.Render.Title != "A day" {
		t.Errorf("%+v", line)
	}
	if p := line.Render.Properties; p.XColumn != "Day" || strings.Join(p.YColumns, " ") != "Mail Threats" || p.Kind != "stacked" {
		t.Errorf("%+v", p)
	}
	line = first(t, c.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents | where Subject has 'x' and  ThreatScore > 5"}))
	if line.Explorer != "EmailEvents\n| where Subject has \"x\" and ThreatScore > 5" || line.ID == "" || line.Render != nil {
		t.Errorf("%+v", line)
	}
	for _, query := range []string{"EmailUrlInfo | where Url has 'x'", "EmailEvents | take 5", "let x = 1; EmailEvents | where ThreatScore > x"} {
		if line := first(t, c.post(t, "/hunt", api.HuntAsk{Query: query, Check: true})); line.Explorer != "" || line.ID != "" {
			t.Errorf("%s: %+v", query, line)
		}
	}
	p := decode[api.QueryProblem](c.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents\n| where Sbject == 'ä'", Check: true}).want(http.StatusUnprocessableEntity))
	if p.Line != 2 || p.Column != 9 || p.Offset != 20 || p.End != 26 || p.Table != "" || !strings.Contains(p.Detail, "'Subject'") {
		t.Errorf("%+v", p)
	}
}

// TestHuntIsCut: a limit cuts the answer, and says so.
func TestHuntIsCut(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *app.Config, _ *app.Options) { c.Hunting.Rows = 5 })
	s.take(t, simple("many"), "a@harbour.test", "b@harbour.test", "c@harbour.test", "d@harbour.test", "e@harbour.test", "f@harbour.test")
	c := s.as(t, auth.SecurityOperator)
	for _, w := range []struct {
		query string
		limit int
		rows  int
		cut   bool
	}{{"EmailEvents", 0, 5, true}, {"EmailEvents", 2, 2, true}, {"EmailEvents", 50, 5, true}, {"EmailEvents | take 5", 0, 5, false}, {"EmailEvents | count", 1, 1, false}} {
		_, rows, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: w.query, Limit: w.limit}))
		if len(rows) != w.rows || last.Done == nil || last.Done.Rows != int64(w.rows) || (last.Done.Cut != "") != w.cut {
			t.Errorf("%+v: %d rows, %+v", w, len(rows), last)
		}
	}
	all := s.ended(t)
	if len(all) != 5 || all[0].Outcome != "cut" || all[0].Rows != 5 || all[3].Outcome != "done" {
		t.Errorf("%+v", all)
	}
	past := ok[api.HuntHistory](c.get(t, "/hunt/history"))
	if len(past.Runs) != 5 || past.Runs[0].Query != "EmailEvents | count" || past.Runs[0].Outcome != "done" || past.Runs[4].Outcome != "cut" || past.Runs[4].Rows != 5 || past.Next != "" {
		t.Errorf("%+v", past)
	}
}

// TestHuntCancel: who runs a query can stop it, an administrator can, and nobody else.
func TestHuntCancel(t *testing.T) {
	t.Parallel()
	s := open(t, perOperator(3))
	s.crowd(t)
	ann, bob, chief := s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityOperator, auth.Approve), s.as(t, auth.SecurityAdministrator)
	id := "0189aaaa-0000-7000-8000-00000000000a"
	run := ann.start(t, "/hunt", api.HuntAsk{ID: id, Query: endless})
	second := ann.start(t, "/hunt", api.HuntAsk{Query: endless})

	if p := ann.post(t, "/hunt", api.HuntAsk{ID: id, Query: "EmailEvents | count"}).problem(http.StatusConflict); !strings.Contains(p.Detail, "id") {
		t.Errorf("%+v", p)
	}
	own := ok[[]api.HuntRun](ann.get(t, "/hunt/running"))
	if len(own) != 2 || own[0].ID != id || own[0].Query != endless || !own[0].Own || own[0].Operator != "nobody.security-operator@harbour.test" || time.Since(own[0].Started) > time.Minute {
		t.Errorf("ann sees %+v", own)
	}
	if others := ok[[]api.HuntRun](bob.get(t, "/hunt/running")); len(others) != 0 {
		t.Errorf("bob sees %+v", others)
	}
	if all := ok[[]api.HuntRun](chief.get(t, "/hunt/running")); len(all) != 2 || all[0].Own {
		t.Errorf("the administrator sees %+v", all)
	}
	bob.send(t, http.MethodDelete, "/hunt/running/"+id, nil).problem(http.StatusNotFound)

	ann.send(t, http.MethodDelete, "/hunt/running/"+id, nil).want(http.StatusNoContent)
	if last := run.last(t); last.Error != "cancelled" || last.Reason != "cancelled" {
		t.Errorf("%+v", last)
	}
	chief.send(t, http.MethodDelete, "/hunt/running/"+second.head.ID, nil).want(http.StatusNoContent)
	if last := second.last(t); last.Error != "cancelled by nobody.security-administrator@harbour.test" || last.Reason != "cancelled" {
		t.Errorf("%+v", last)
	}
	if all := s.waitEnded(t, 2); all[0].Outcome != "cancelled" || all[1].Outcome != "cancelled" {
		t.Errorf("%+v", all)
	}
	if records := s.audited(t, auth.ActQueryStopped); len(records) != 1 || records[0].Subject != second.head.ID {
		t.Errorf("%+v", records)
	}
	ann.send(t, http.MethodDelete, "/hunt/running/"+id, nil).problem(http.StatusNotFound)
	if past := ok[api.HuntHistory](ann.get(t, "/hunt/history")); len(past.Runs) != 2 || past.Runs[0].Outcome != "cancelled" || past.Runs[0].ID != second.head.ID {
		t.Errorf("%+v", past)
	}
	if own := ok[[]api.HuntRun](ann.get(t, "/hunt/running")); len(own) != 0 {
		t.Errorf("still running: %+v", own)
	}
}

// TestHuntLimitsEachOperator: one operator's queries do not keep another from asking.
func TestHuntLimitsEachOperator(t *testing.T) {
	t.Parallel()
	s := open(t, perOperator(2), func(c *app.Config, _ *app.Options) { c.Hunting.Concurrent = 3 })
	s.crowd(t)
	ann, bob := s.as(t, auth.SecurityOperator), s.as(t, auth.SecurityOperator, auth.Approve)
	runs := []*started{ann.start(t, "/hunt", api.HuntAsk{Query: endless}), ann.start(t, "/hunt", api.HuntAsk{Query: endless})}
	r := ann.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents | count"})
	if p := r.problem(http.StatusTooManyRequests); !strings.Contains(p.Detail, "cancel one") || r.header.Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
	if _, rows, _ := answer(t, bob.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents | count"})); fmt.Sprint(rows) != "[[700]]" {
		t.Errorf("bob: %v", rows)
	}
	answer(t, ann.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents | count", Check: true})) // checking is free
	if n := len(s.audited(t, auth.ActQuery)); n != 3 {
		t.Errorf("%d records: what was refused did not run", n)
	}
	runs[0].stop() // goes away
	s.waitEnded(t, 2)
	if _, rows, _ := answer(t, ann.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents | count"})); len(rows) != 1 {
		t.Error("there is room again")
	}
	var outcomes []string
	for _, e := range s.waitEnded(t, 3) {
		outcomes = append(outcomes, e.Outcome+" "+e.Error)
	}
	if got := strings.Join(outcomes, ", "); got != "done , cancelled whoever asked went away, done " {
		t.Errorf("ended: %s", got)
	}
	runs[1].stop()
	s.waitEnded(t, 4)
}

// TestHuntTakesTooLong ends by the time limit, and says so.
func TestHuntTakesTooLong(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *app.Config, _ *app.Options) { c.Hunting.Time = time.Second })
	s.crowd(t)
	c := s.as(t, auth.SecurityOperator)
	_, _, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: endless}))
	if last.Reason != "time" || !strings.Contains(last.Error, "1s") || last.Done != nil {
		t.Errorf("%+v", last)
	}
	if all := s.waitEnded(t, 1); all[0].Outcome != "error" || all[0].Error != last.Error {
		t.Errorf("%+v", all)
	}
}

// TestHuntIsNotRunWithoutARecord: what cannot be written down does not run.
func TestHuntIsNotRunWithoutARecord(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	if _, err := s.Cases().Writer().ExecContext(t.Context(), `CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.action = 'query run' BEGIN SELECT RAISE(FAIL, 'disk full'); END`); err != nil {
		t.Fatal(err)
	}
	if p := c.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents"}).problem(http.StatusInternalServerError); strings.Contains(p.Detail, "disk") {
		t.Errorf("%+v", p)
	}
	if own := ok[[]api.HuntRun](c.get(t, "/hunt/running")); len(own) != 0 {
		t.Errorf("running: %+v", own)
	}
	if n := len(s.audited(t, auth.ActQuery, auth.ActQueryEnded)); n != 0 {
		t.Errorf("%d records", n)
	}
}
