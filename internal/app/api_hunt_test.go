package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

// answer is what a query gave, line by line.
func answer(t *testing.T, r reply) (columns []api.HuntColumn, rows [][]any, last api.HuntLine) {
	t.Helper()
	r.want(http.StatusOK)
	if kind := r.header.Get("Content-Type"); kind != "application/x-ndjson" {
		t.Errorf("type %q", kind)
	}
	lines := bufio.NewScanner(bytes.NewReader(r.body))
	for n := 0; lines.Scan(); n++ {
		var line api.HuntLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		switch {
		case n == 0:
			columns = line.Columns
		case line.Row != nil:
			rows = append(rows, line.Row)
		}
		last = line
	}
	return columns, rows, last
}

func TestHunt(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.take(t, simple("b <second> & \"more\""), "bob@harbour.test", "cat@harbour.test")
	s.take(t, simple("a first"), "bob@harbour.test")
	c := s.as(t, auth.SecurityOperator)
	query := `EmailEvents | where RecipientEmailAddress == "bob@harbour.test" | sort by Subject asc | project Subject, Timestamp, To, Score = ThreatScore, IsFirstContact, Span = 90m, Half = 0.5`
	columns, rows, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: query}))
	var heads []string
	for _, c := range columns {
		heads = append(heads, c.Name+" "+c.Type)
	}
	if got := strings.Join(heads, ", "); got != "Subject string, Timestamp datetime, To dynamic, Score int, IsFirstContact bool, Span timespan, Half real" {
		t.Errorf("columns %s", got)
	}
	if len(rows) != 2 || rows[0][0] != "a first" || rows[1][0] != "b <second> & \"more\"" || fmt.Sprint(rows[0][2:]) != "[[bob@harbour.test] 0 false 01:30:00 0.5]" {
		t.Errorf("rows %v", rows)
	}
	if at, err := time.Parse(time.RFC3339Nano, rows[0][1].(string)); err != nil || at.Location() != time.UTC {
		t.Errorf("time %v, %v", rows[0][1], err)
	}
	if last.Done == nil || last.Done.Rows != 2 || last.Error != "" {
		t.Errorf("last line %+v", last)
	}

	if columns, rows, last = answer(t, c.post(t, "/hunt", api.HuntAsk{Query: query, Check: true})); len(columns) != 7 || rows != nil || last.Done != nil {
		t.Errorf("only checked: %v %v %+v", columns, rows, last)
	}
	if _, rows, last = answer(t, c.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents", To: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)})); len(rows) != 0 || last.Done == nil || last.Done.Rows != 0 {
		t.Errorf("before there was mail: %v", rows)
	}
	if _, rows, _ = answer(t, c.post(t, "/hunt", api.HuntAsk{Query: "EmailUrlInfo | count"})); fmt.Sprint(rows) != "[[0]]" {
		t.Errorf("links: %v", rows)
	}
	records := s.audited(t, auth.ActQuery)
	if len(records) != 3 || records[0].Subject != query || records[0].Operator != "nobody.security-operator@harbour.test" {
		t.Errorf("audit: %d records, %+v", len(records), records)
	}
}

func TestHuntRefusesWrongQueries(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	for _, w := range []struct {
		query        string
		line, column int
		table        string
	}{
		{"EmailEvents | where", 1, 20, ""},
		{"EmailEvents\n| summarize by Nothing", 2, 16, ""},
		{"SecurityAlert | count", 1, 1, "SecurityAlert"},
		{"EmailEvents | where 1 ==\n  Syslog", 2, 3, ""},
	} {
		for _, check := range []bool{false, true} {
			p := c.post(t, "/hunt", api.HuntAsk{Query: w.query, Check: check}).problem(http.StatusUnprocessableEntity)
			var at api.FilterDefect
			if len(p.Errors) != 1 || p.Errors[0].Location != "body.query" || json.Unmarshal(p.Errors[0].Value, &at) != nil || at.Line != w.line || at.Column != w.column || at.Table != w.table || at.Message == "" {
				t.Errorf("%s: %+v", w.query, p)
			}
		}
	}
	if n := len(s.audited(t, auth.ActQuery)); n != 0 {
		t.Errorf("%d records of queries that never ran", n)
	}
}

// TestHuntSaysWhatIsEmpty: what is not found in a table that nothing fills is not known to be absent.
func TestHuntSaysWhatIsEmpty(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator)
	for query, notes := range map[string]int{
		"EmailEvents | count":         0,
		"DeviceProcessEvents | count": 1,
		"union DeviceFileEvents, IdentityInfo, UrlClickEvents | count": 2,
	} {
		r := c.post(t, "/hunt", api.HuntAsk{Query: query, Check: true})
		var first api.HuntLine
		if err := json.Unmarshal(r.body, &first); err != nil || len(first.Notes) != notes || notes > 0 && !strings.Contains(first.Notes[0], "nothing fills Device") {
			t.Errorf("%s: %v, %q", query, err, first.Notes)
		}
	}
}

// TestHuntSaysWhatIsCut: an answer that is not whole says so.
func TestHuntSaysWhatIsCut(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.take(t, simple("to three"), "a@harbour.test", "b@harbour.test", "c@harbour.test")
	c := s.as(t, auth.SecurityOperator)
	if _, rows, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents", Limit: 2})); len(rows) != 2 || last.Done == nil || last.Done.Rows != 2 || !strings.Contains(last.Done.Cut, "only the first 2 rows") {
		t.Errorf("%d rows, %+v", len(rows), last.Done)
	}
	if _, rows, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents", Limit: 3})); len(rows) != 3 || last.Done == nil || last.Done.Cut != "" {
		t.Errorf("%d rows, %+v", len(rows), last.Done)
	}
}

// endless is a query over a few hundred events that takes for ever.
const endless = `EmailEvents | extend k = 1
| join kind=inner (EmailEvents | extend k = 1) on k
| join kind=inner (EmailEvents | extend k = 1) on k
| join kind=inner (EmailEvents | extend k = 1) on k
| summarize sum(strlen(strcat(RecipientEmailAddress, RecipientEmailAddress1, RecipientEmailAddress2, RecipientEmailAddress3)))`

// crowd takes in one message to many.
func (s *site) crowd(t *testing.T) {
	t.Helper()
	to := make([]string, 700)
	for i := range to {
		to[i] = fmt.Sprintf("p%03d@harbour.test", i)
	}
	s.take(t, simple("to everybody"), to...)
}

// waitLog waits until the log holds the words.
func (s *site) waitLog(t *testing.T, words string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !strings.Contains(s.log.String(), words); {
		select {
		case <-late:
			t.Fatalf("the log never said %q: %s", words, s.log)
		case <-tick.C:
		}
	}
}

// begun waits until n queries are on record, which is written right before they run.
func (s *site) begun(t *testing.T, n int) {
	t.Helper()
	comes(t, "the query never began", func() bool { return len(s.audited(t, auth.ActQuery)) >= n })
}

// comes waits until something is so, for a minute at most.
func comes(t *testing.T, otherwise string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !so(); {
		select {
		case <-late:
			t.Fatal(otherwise)
		case <-tick.C:
		}
	}
}

// TestQuestionsEndWithWhoAsked: what nobody waits for any more is interrupted and holds nothing up.
func TestQuestionsEndWithWhoAsked(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.crowd(t)
	c := s.as(t, auth.SecurityOperator)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		res, err := c.ask(ctx, http.MethodPost, "/hunt", api.HuntAsk{Query: endless})
		if err == nil {
			_, err = bufio.NewReader(res.Body).ReadString(0)
			_ = res.Body.Close()
		}
		gone <- err
	}()
	s.begun(t, 1)
	select {
	case err := <-gone:
		t.Fatalf("it ended by itself: %v", err)
	default:
	}
	cancel()
	<-gone
	s.waitLog(t, "path=/api/v1/hunt") // written when the answer is over, which without the interruption is next year
	if log := s.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("log: %s", log)
	}
}
