package app_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

func (m *month) export(t *testing.T, all []api.EmailRow) {
	c := m.as(t, auth.SecurityOperator)
	res, err := c.ask(t.Context(), http.MethodGet, "/explorer/export?q="+"EmailEvents", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ContentLength != -1 || res.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(res.Header.Get("Content-Disposition"), `attachment; filename="tocsin-emails-`) {
		t.Errorf("%s, length %d, %v", res.Status, res.ContentLength, res.Header)
	}
	table, err := csv.NewReader(res.Body).ReadAll()
	if err != nil || len(table) != len(all)+1 {
		t.Fatalf("%d lines, want %d: %v", len(table), len(all)+1, err)
	}
	column := func(name string) int { return slices.Index(table[0], name) }
	harmless := false
	for i, line := range table[1:] {
		if line[column("NetworkMessageId")] != all[i].NetworkMessageId || line[column("outcome")] != all[i].Outcome {
			t.Fatalf("line %d is %v, want %s", i, line, all[i].NetworkMessageId)
		}
		for j, cell := range line {
			if _, err := strconv.ParseInt(cell, 10, 64); err != nil && strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") {
				t.Fatalf("%s of line %d begins as a formula: %q", table[0][j], i, cell)
			}
		}
		harmless = harmless || line[column("Subject")] == "'"+formula
	}
	if !harmless {
		t.Error("the formula is not there as text")
	}

	raw := c.get(t, "/explorer/export", "format", "json", "columns", "Subject,outcome,To", "view", "phish").want(http.StatusOK)
	var objects []struct {
		Subject, Outcome string
		To               []string
	}
	if err := json.Unmarshal(raw.body, &objects); err != nil || len(objects) == 0 || objects[0].Outcome == "" || objects[0].To == nil || raw.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v: %.300s", err, raw.body)
	}
	if got := strings.Join(strings.Fields(string(c.get(t, "/explorer/export", "format", "json", "q", `EmailEvents | where Subject == ""`, "view", "malware").body)), ""); got != "[]" {
		t.Errorf("nothing as JSON: %q", got)
	}
	if got := string(c.get(t, "/explorer/export", "columns", "Subject", "view", "malware", "q", `EmailEvents | where Subject == ""`).body); got != "Subject\n" {
		t.Errorf("nothing as CSV: %q", got)
	}

	records := m.audited(t, auth.ActExport)
	if len(records) != 4 || records[0].Subject != "EmailEvents" || records[0].Operator != "nobody.security-operator@harbour.test" || records[0].Via != "token" || !strings.Contains(string(records[1].Detail), `"columns":["Subject","outcome","To"]`) {
		t.Errorf("audit %+v", records)
	}
	c.get(t, "/explorer/export", "q", "EmailEvents | where Sbject == 1").problem(http.StatusUnprocessableEntity)
	c.get(t, "/explorer/export", "columns", "Subject,Nothing").problem(http.StatusUnprocessableEntity)
	if got := m.audited(t, auth.ActExport); len(got) != 4 {
		t.Errorf("what was refused is on record as exported: %+v", got[4:])
	}
}

// TestNothingLeavesWithoutARecord: when the audit log cannot be written, nothing is shown.
func TestNothingLeavesWithoutARecord(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.take(t, simple("secret plans"), "bob@harbour.test")
	c := s.as(t, auth.GlobalAdministrator, auth.Preview)
	s.sql(t, `CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END`)
	for name, r := range map[string]reply{
		"export":   c.get(t, "/explorer/export"),
		"content":  c.post(t, "/emails/"+id+"/content", api.Reason{Reason: "ticket 1"}),
		"download": c.post(t, "/emails/"+id+"/download", api.Reason{Reason: "ticket 1"}),
		"hunt":     c.post(t, "/hunt", api.HuntAsk{Query: "EmailEvents"}),
		"import":   c.post(t, "/import", simple("another")),
	} {
		p := r.problem(http.StatusInternalServerError)
		if strings.Contains(string(r.body), "secret") || strings.Contains(p.Detail, "room") || r.header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	if log := s.log.String(); strings.Count(log, "no room") != 5 {
		t.Errorf("the log does not say why: %s", log)
	}
	if got := ok[api.Count](c.get(t, "/explorer/count")); got.Events != 1 {
		t.Errorf("%d events: mail came in without a record", got.Events)
	}
}
