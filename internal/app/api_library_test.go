package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/demo"
	"tocsin/internal/hunt"
	"tocsin/internal/ingest"
)

// invented is a site with a month of invented mail.
func invented(t *testing.T) *site {
	t.Helper()
	s := open(t, acting, func(c *app.Config, _ *app.Options) {
		c.Organisation = app.Organisation{Name: demo.Name, Domains: []string{demo.Domain}, Servers: []string{"." + demo.Domain, "192.0.2.25"}, AuthServ: []string{demo.AuthServer}}
		for _, p := range demo.People() {
			c.Organisation.People = append(c.Organisation.People, app.Person{Name: p.FullName(), Address: p.Address, Department: p.Department, Priority: p.Priority})
		}
	})
	if _, err := app.Offer(t.Context(), s.Intake(), func(offer func(raw []byte, env ingest.Envelope) error) error {
		return demo.Generate(1, time.Now(), func(m demo.Mail) error {
			return offer(m.Raw, ingest.Envelope{Source: "demo", ClientIP: m.ClientIP, Helo: m.Helo, MailFrom: m.MailFrom, MailFromKnown: true, Recipients: m.Recipients, Time: m.Time})
		})
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Judged(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// quiet are the queries of the library that find nothing in invented mail, and why.
var quiet = map[string]string{
	"Delivered by an exception":               "no exceptions are configured",
	"Delivered twins of blocked mail":         "every wave is caught whole",
	"Mail that was not judged in full":        "all of it is",
	"Regular senders without proof":           "whoever proves nothing is caught",
	"Clicks on what was found to be a threat": "no clicks",
	"Went on past the warning":                "no clicks",
	"Links in QR codes":                       "no pictures with codes",
	"What was done after delivery":            "nothing was",
	"Removals that did not work":              "nothing was removed",
	"How long it lay there":                   "nothing was removed",
	"Mail that is not where it was delivered": "nothing was moved",
}

// TestOnInventedMail asks a store as large as somebody's first trial.
func TestOnInventedMail(t *testing.T) {
	t.Parallel()
	s := invented(t)
	t.Run("library", func(t *testing.T) { libraryFinds(t, s) })
	t.Run("explorer", func(t *testing.T) { explorersKQLRuns(t, s) })
}

// libraryFinds: every query that ships runs on a real store, for an operator who may not read messages, and finds what there is.
func libraryFinds(t *testing.T, s *site) {
	c := s.as(t, auth.SecurityOperator)
	found := 0
	for _, q := range hunt.Library() {
		r := c.post(t, "/hunt", api.HuntAsk{Query: q.Query})
		head := first(t, r)
		_, rows, last := answer(t, r)
		why, isQuiet := quiet[q.Name]
		switch {
		case last.Done == nil:
			t.Errorf("%s: %+v", q.File, last)
		case isQuiet == (len(rows) > 0):
			t.Errorf("%s: %d rows (%s)", q.File, len(rows), why)
		case len(rows) > 0:
			found++
		}
		if last.Done != nil && last.Done.TookMS > 5000 {
			t.Errorf("%s took %d ms", q.File, last.Done.TookMS)
		}
		if strings.Contains(q.Query, "| render ") != (head.Render != nil) {
			t.Errorf("%s: %+v", q.File, head.Render)
		}
	}
	if found < 30 {
		t.Errorf("only %d find something", found)
	}
}

// explorersKQLRuns: what Explorer says that it asked gives the same in hunting.
func explorersKQLRuns(t *testing.T, s *site) {
	c := s.as(t, auth.SecurityOperator)
	run := func(query string) [][]any {
		t.Helper()
		_, rows, last := answer(t, c.post(t, "/hunt", api.HuntAsk{Query: query}))
		if last.Done == nil || last.Done.Cut != "" {
			t.Fatalf("%s: %+v", query, last)
		}
		return rows
	}
	from, to := time.Now().Add(-20*24*time.Hour).UTC(), time.Now().UTC()
	for _, q := range []string{
		"EmailEvents", "EmailEvents | where Subject has 'verify' or Subject contains \"e\"", "EmailEvents | where ThreatTypes has_any ('Phish', 'Malware') and not(SenderFromDomain endswith '.test')",
		"EmailEvents | where NetworkMessageId in ((EmailUrlInfo | where UrlDomain == 'bit.ly' | project NetworkMessageId))",
	} {
		for _, view := range []string{"all", "phish"} {
			scope := []string{"q", q, "view", view, "from", from.Format(time.RFC3339Nano), "to", to.Format(time.RFC3339Nano)}
			with := func(pairs ...string) []string { return append(append([]string{}, scope...), pairs...) }
			count := ok[api.Count](c.get(t, "/explorer/count", scope...))

			for _, split := range []string{"outcome", "SenderFromDomain", "EmailDirection"} {
				chart := ok[api.Chart](c.get(t, "/explorer/chart", with("split", split)...))
				var sum int64
				for _, row := range run(chart.KQL) {
					sum += int64(row[len(row)-1].(float64))
				}
				var shown int64 // what is not shown by name is asked for beside it
				for _, series := range chart.Series {
					if !series.Other {
						shown += series.Total
					}
				}
				if sum != shown || chart.Total != count.Events {
					t.Errorf("%s, %s by %s: hunting counts %d, the chart shows %d of %d, the count is %d\n%s", q, view, split, sum, shown, chart.Total, count.Events, chart.KQL)
				}
			}
			facet := ok[api.Facet](c.get(t, "/explorer/facet", with("field", "SenderFromAddress", "limit", "5")...))
			rows := run(facet.KQL)
			for i, v := range facet.Values {
				if i >= len(rows) || fmt.Sprint(rows[i]) != fmt.Sprint([]any{v.Value, float64(v.Count)}) {
					t.Errorf("%s, %s: hunting has %v at %d, the facet %+v\n%s", q, view, rows, i, v, facet.KQL)
					break
				}
			}
			page := ok[api.EmailPage](c.get(t, "/explorer/emails", with("limit", "50")...))
			rows = run(page.KQL) // one more than the page, from which it knows that there is a next one
			for i, r := range page.Rows {
				if i >= len(rows) || rows[i][1] != r.NetworkMessageId || rows[i][2] != r.RecipientEmailAddress {
					t.Errorf("%s, %s: hunting lists %d rows, the page has %+v at %d\n%s", q, view, len(rows), r, i, page.KQL)
					break
				}
			}
			urls := ok[api.URLPage](c.get(t, "/explorer/urls", with("limit", "10")...))
			if rows := run(urls.KQL); len(rows) < len(urls.Rows) {
				t.Errorf("%s, %s: hunting lists %d links, the tab %d\n%s", q, view, len(rows), len(urls.Rows), urls.KQL)
			}
		}
	}
}
