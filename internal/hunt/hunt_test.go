package hunt_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/internal/event"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/hunt"
	"tocsin/internal/kql"
)

var (
	start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	end   = start.Add(7 * 24 * time.Hour)
	week  = hunt.Request{From: start, To: end}
)

func id(t time.Time, n int) string {
	ms := t.UnixMilli()
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, n)
}

func pick[T any](r *rand.Rand, v ...T) T { return v[r.IntN(len(v))] }

// mail invents message n at time t with one to three recipients, and its links. Many values repeat, so that sorts
// have ties.
func mail(r *rand.Rand, t time.Time, n int) (b event.Batch) {
	e := event.EmailEvent{
		Timestamp: t, LastEventExecutionTime: t, NetworkMessageId: id(t, n),
		SenderFromDomain: fmt.Sprintf("d%d.example", int(30*r.Float64()*r.Float64())), SenderDisplayName: pick(r, "", "Änne", "ann", "Ann", "\"quoted\" \\ name", "\u202Egnp"),
		Subject: pick(r, "", "Invoice", "invoice 7", "=1+1", "Über, \"alles\"\nzwei Zeilen", strings.Repeat("long ", 100)+fmt.Sprint(n%3)), EmailClusterId: pick[int64](r, 0, -7, 1<<62),
		ThreatTypes: pick(r, "", "", "", "Phish", "Malware", "Phish, Spam", "Spam"), ThreatScore: int32(r.IntN(5) * 20), EmailSize: r.Int64N(3) * 1e10,
		DetectionTechnologies: pick(r, "", "Bulk", "General filter, Bulk", "Spoof DMARC"), SenderIPv4: pick(r, "192.0.2.1", "192.0.2.200", "198.51.100.7", ""),
		To: []string{"a@corp.example", "Ü, <b@corp.example>"}, IsFirstContact: n%2 == 0,
	}
	e.SenderFromAddress = pick(r, "ann@", "bob@") + e.SenderFromDomain
	e.LatestThreatTypes = pick(r, e.ThreatTypes, e.ThreatTypes, e.ThreatTypes, "", "Phish")
	for k := range 1 + r.IntN(3) {
		e.RecipientEmailAddress = fmt.Sprintf("user%d@corp.example", (n*7+k)%40)
		e.DeliveryAction = pick(r, "Delivered", "Delivered", "Junked", "Blocked", "Replaced")
		e.LatestDeliveryAction = pick(r, "", "Moved to quarantine", "Hard delete", "Delivered")
		e.LatestDeliveryLocation = pick(r, "", "Inbox/folder", "Junk folder", "Deleted items folder", "Removed", "Quarantine", "Failed", "Dropped", "On-premises/external")
		b.Emails = append(b.Emails, e)
	}
	for k := range r.IntN(3) {
		url := fmt.Sprintf("https://l%d.example/", int(12*r.Float64()*r.Float64()))
		b.Urls = append(b.Urls, event.EmailUrl{Timestamp: t, NetworkMessageId: e.NetworkMessageId, Url: url, UrlDomain: strings.TrimSuffix(url[8:], "/"), UrlLocation: pick(r, "Body", "Header")})
		_ = k
	}
	return b
}

// world is a store of invented mail, and the same mail in memory to count by hand.
type world struct {
	x     *hunt.Explorer
	store *duckdb.Store
	batch event.Batch
}

func newWorld(t *testing.T, messages int) *world {
	t.Helper()
	store, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{MemoryLimit: 512 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &world{x: hunt.New(store, func() time.Time { return end }), store: store}
	r := rand.New(rand.NewPCG(7, 7))
	for n := range messages {
		at := start.Add(time.Duration(r.Int64N(int64(7*24*time.Hour))) / 1e6 * 1e6) // whole milliseconds, in any order
		if n%10 == 0 {
			at = at.Truncate(24 * time.Hour) // and several at one instant
		}
		b := mail(r, at, n)
		w.batch.Emails = append(w.batch.Emails, b.Emails...)
		w.batch.Urls = append(w.batch.Urls, b.Urls...)
	}
	if err := store.Append(t.Context(), w.batch); err != nil {
		t.Fatal(err)
	}
	return w
}

// ask runs KQL as somebody in Hunting would.
func (w *world) ask(t *testing.T, src string) (rows [][]any) {
	t.Helper()
	q, err := kql.Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	s, err := kql.Compile(q, kql.Options{Now: end}, w.store.Dialect())
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	err = w.store.Query(t.Context(), s, func(row []any) error { rows = append(rows, slices.Clone(row)); return nil })
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return rows
}

func TestChartByOutcome(t *testing.T) {
	w := newWorld(t, 2000)
	c, err := w.x.Chart(t.Context(), week, "outcome")
	if err != nil {
		t.Fatal(err)
	}
	if c.BucketSeconds != 3600 || len(c.Starts) != 168 || !c.Starts[0].Equal(start) {
		t.Errorf("%d buckets of %d s from %v; want 168 hours from %v", len(c.Starts), c.BucketSeconds, c.Starts[0], start)
	}
	want := map[string][]int64{}
	mailboxes := map[string]bool{}
	for _, o := range hunt.Outcomes {
		want[string(o.Key)] = make([]int64, 168)
	}
	for i := range w.batch.Emails {
		e := &w.batch.Emails[i]
		want[string(hunt.OutcomeOf(e))][int(e.Timestamp.Sub(start)/time.Hour)]++
		mailboxes[e.RecipientEmailAddress] = true
	}
	if len(c.Series) != len(hunt.Outcomes) {
		t.Fatalf("%d series", len(c.Series))
	}
	for i, s := range c.Series {
		if s.Key != string(hunt.Outcomes[i].Key) || s.Label != hunt.Outcomes[i].Label {
			t.Errorf("series %d is %s", i, s.Key)
		}
		if d := gocmp.Diff(want[s.Key], s.Counts); d != "" {
			t.Errorf("%s: the query and OutcomeOf disagree (-go +query):\n%s", s.Key, d)
		}
	}
	if c.Total != int64(len(w.batch.Emails)) || c.Mailboxes != int64(len(mailboxes)) {
		t.Errorf("total %d, mailboxes %d; want %d, %d", c.Total, c.Mailboxes, len(w.batch.Emails), len(mailboxes))
	}
	var sum int64
	for _, row := range w.ask(t, c.KQL) {
		sum += row[2].(int64)
	}
	if sum != c.Total {
		t.Errorf("the chart's own KQL counts %d, the chart %d", sum, c.Total)
	}
}

func TestChartByColumn(t *testing.T) {
	w := newWorld(t, 2000)
	for _, split := range []string{"SenderFromDomain", "ThreatTypes", "DetectionTechnologies", "EmailClusterId", "IsFirstContact"} {
		c, err := w.x.Chart(t.Context(), week, split)
		if err != nil {
			t.Fatalf("%s: %v", split, err)
		}
		want := map[string]int64{}
		for i := range w.batch.Emails {
			for _, v := range values(&w.batch.Emails[i], split) {
				want[v]++
			}
		}
		var got, all int64
		for _, s := range c.Series {
			var sum int64
			for _, n := range s.Counts {
				sum += n
			}
			if sum != s.Total || !s.Other && s.Total != want[s.Key] {
				t.Errorf("%s %q: total %d, buckets %d, want %d", split, s.Key, s.Total, sum, want[s.Key])
			}
			got += s.Total
		}
		for _, n := range want {
			all += n
		}
		if got != all || c.Total != int64(len(w.batch.Emails)) {
			t.Errorf("%s: series sum to %d of %d, total %d", split, got, all, c.Total)
		}
		if wantSeries := min(len(want), 11); len(c.Series) != wantSeries {
			t.Errorf("%s: %d series, want %d", split, len(c.Series), wantSeries)
		}
	}
}

// values are the values of a facet column, as text.
func values(e *event.EmailEvent, name string) []string {
	switch name {
	case "SenderFromDomain":
		return []string{e.SenderFromDomain}
	case "ThreatTypes":
		return strings.Split(e.ThreatTypes, ", ")
	case "DetectionTechnologies":
		return strings.Split(e.DetectionTechnologies, ", ")
	case "EmailClusterId":
		return []string{fmt.Sprint(e.EmailClusterId)}
	case "IsFirstContact":
		return []string{fmt.Sprint(e.IsFirstContact)}
	}
	panic(name)
}

func TestChartOfNothingAndOfOpenRanges(t *testing.T) {
	w := newWorld(t, 50)
	for _, split := range []string{"outcome", "SenderFromDomain"} {
		c, err := w.x.Chart(t.Context(), hunt.Request{Query: `EmailEvents | where Subject == "no such"`}, split)
		if err != nil || c.Total != 0 || len(c.Starts) == 0 {
			t.Errorf("%s: %+v, %v", split, c, err)
		}
		c, err = w.x.Chart(t.Context(), hunt.Request{}, split)
		if err != nil || c.Total != int64(len(w.batch.Emails)) {
			t.Errorf("%s: an open range counts %d of %d, %v", split, c.Total, len(w.batch.Emails), err)
		}
	}
}

func TestFacet(t *testing.T) {
	w := newWorld(t, 2000)
	for _, field := range []string{"SenderFromDomain", "ThreatTypes", "EmailClusterId", "IsFirstContact"} {
		want := map[string]int64{}
		for i := range w.batch.Emails {
			for _, v := range values(&w.batch.Emails[i], field) {
				want[v]++
			}
		}
		var all []hunt.ValueCount
		for v, n := range want {
			all = append(all, hunt.ValueCount{Value: v, Count: n})
		}
		for _, rare := range []bool{false, true} {
			slices.SortFunc(all, func(a, b hunt.ValueCount) int {
				order := cmp.Compare(b.Count, a.Count)
				if rare {
					order = -order
				}
				return cmp.Or(order, cmp.Compare(a.Value, b.Value))
			})
			f, err := w.x.Facet(t.Context(), week, field, rare, 5)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(all[:min(5, len(all))], f.Values); d != "" {
				t.Errorf("%s, rare %v (-want +got):\n%s", field, rare, d)
			}
			if f.Distinct != int64(len(all)) {
				t.Errorf("%s: %d distinct, want %d", field, f.Distinct, len(all))
			}
			if rows := w.ask(t, f.KQL); len(rows) != len(f.Values) || rows[0][1] != f.Values[0].Count {
				t.Errorf("%s: its own KQL gives %v", field, rows)
			}
		}
	}
}

func TestViewsCountsAndValues(t *testing.T) {
	w := newWorld(t, 1000)
	count := func(keep func(e *event.EmailEvent) bool) (c hunt.Count) {
		boxes, messages := map[string]bool{}, map[string]bool{}
		for i := range w.batch.Emails {
			if e := &w.batch.Emails[i]; keep(e) {
				c.Events++
				boxes[e.RecipientEmailAddress] = true
				messages[e.NetworkMessageId] = true
			}
		}
		c.Mailboxes, c.Messages = int64(len(boxes)), int64(len(messages))
		return c
	}
	for _, c := range []struct {
		r    hunt.Request
		keep func(e *event.EmailEvent) bool
	}{
		{hunt.Request{}, func(*event.EmailEvent) bool { return true }},
		{hunt.Request{View: hunt.Malware}, func(e *event.EmailEvent) bool { return e.ThreatTypes == "Malware" || e.LatestThreatTypes == "Malware" }},
		{hunt.Request{View: hunt.Phish, Query: `EmailEvents | where ThreatScore > 40`}, func(e *event.EmailEvent) bool {
			return (strings.HasPrefix(e.ThreatTypes, "Phish") || strings.HasPrefix(e.LatestThreatTypes, "Phish")) && e.ThreatScore > 40
		}},
		{hunt.Request{From: start.Add(time.Hour), To: start.Add(25 * time.Hour)}, func(e *event.EmailEvent) bool {
			return !e.Timestamp.Before(start.Add(time.Hour)) && e.Timestamp.Before(start.Add(25*time.Hour))
		}},
	} {
		got, err := w.x.Count(t.Context(), c.r)
		if err != nil {
			t.Fatal(err)
		}
		want := count(c.keep)
		want.Answer = got.Answer
		if *got != want {
			t.Errorf("%+v: got %+v, want %+v", c.r, *got, want)
		}
	}
	for field, value := range map[string]string{"ThreatTypes": "Spam", "SenderDisplayName": "\"quoted\" \\ name", "ThreatScore": "40", "EmailClusterId": "-7", "Subject": ""} {
		got, err := w.x.Value(t.Context(), week, field, value)
		if err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		want := count(func(e *event.EmailEvent) bool {
			switch field {
			case "ThreatTypes":
				return slices.Contains(strings.Split(e.ThreatTypes, ", "), value)
			case "SenderDisplayName":
				return e.SenderDisplayName == value
			case "ThreatScore":
				return e.ThreatScore == 40
			case "EmailClusterId":
				return e.EmailClusterId == -7
			}
			return e.Subject == value
		})
		if got.Events != want.Events || got.Mailboxes != want.Mailboxes || got.Total != int64(len(w.batch.Emails)) || want.Events == 0 {
			t.Errorf("%s = %q: %+v, want %+v", field, value, got, want)
		}
	}
}

// TestPagesHoldEachRowOnceInOrder pages through the mail in any order and direction while more mail arrives: every event
// that was there from the start comes exactly once and at its place, and nothing comes twice.
func TestPagesHoldEachRowOnceInOrder(t *testing.T) {
	w := newWorld(t, 300)
	arrivals := rand.New(rand.NewPCG(1, 1))
	next := 100_000
	rapid.Check(t, func(t *rapid.T) {
		page := hunt.Page{
			Sort:  rapid.SampledFrom([]string{"", "Timestamp", "Subject", "SenderDisplayName", "ThreatScore", "EmailSize", "EmailClusterId", "RecipientEmailAddress", "NetworkMessageId", "LastEventExecutionTime", "IsFirstContact"}).Draw(t, "sort"),
			Asc:   rapid.Bool().Draw(t, "asc"),
			Limit: rapid.IntRange(60, 400).Draw(t, "limit"),
		}
		known := map[string]bool{}
		for i := range w.batch.Emails {
			known[w.batch.Emails[i].NetworkMessageId+w.batch.Emails[i].RecipientEmailAddress] = true
		}
		seen := map[string]bool{}
		var last *hunt.EmailRow
		for pages := 0; ; pages++ {
			p, err := w.x.Emails(context.Background(), week, page)
			if err != nil {
				t.Fatal(err)
			}
			for i := range p.Rows {
				row := &p.Rows[i]
				key := row.NetworkMessageId + row.RecipientEmailAddress
				if seen[key] {
					t.Fatalf("page %d repeats %s", pages, key)
				}
				seen[key] = true
				if last != nil && !follows(last, row, page) {
					t.Fatalf("page %d, row %d is out of order:\n%+v\n%+v", pages, i, last, row)
				}
				last = row
			}
			if p.Next == "" {
				break
			}
			if len(p.Rows) != page.Limit {
				t.Fatalf("page %d has %d rows, and a next one", pages, len(p.Rows))
			}
			page.Cursor = p.Next
			if pages%3 == 0 {
				next++
				b := mail(arrivals, start.Add(time.Duration(arrivals.Int64N(int64(7*24*time.Hour)))/1e6*1e6), next)
				if err := w.store.Append(context.Background(), b); err != nil {
					t.Fatal(err)
				}
				w.batch.Emails = append(w.batch.Emails, b.Emails...) // known to the next check
			}
		}
		for key := range known {
			if !seen[key] {
				t.Fatalf("%s was never shown", key)
			}
		}
	})
}

// follows says whether b may come after a.
func follows(a, b *hunt.EmailRow, p hunt.Page) bool {
	text := func(x, y string) int {
		x, y = string([]rune(x)[:min(256, len([]rune(x)))]), string([]rune(y)[:min(256, len([]rune(y)))])
		return cmp.Compare(x, y)
	}
	order := 0
	switch p.Sort {
	case "Subject":
		order = text(a.Subject, b.Subject)
	case "SenderDisplayName":
		order = text(a.SenderDisplayName, b.SenderDisplayName)
	case "ThreatScore":
		order = cmp.Compare(a.ThreatScore, b.ThreatScore)
	case "EmailSize":
		order = cmp.Compare(a.EmailSize, b.EmailSize)
	case "EmailClusterId":
		order = cmp.Compare(a.EmailClusterId, b.EmailClusterId)
	case "RecipientEmailAddress":
		order = text(a.RecipientEmailAddress, b.RecipientEmailAddress)
	case "NetworkMessageId":
		order = text(a.NetworkMessageId, b.NetworkMessageId)
	case "IsFirstContact": // not in the row; the ties cannot be seen
		return true
	}
	order = cmp.Or(order, a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.NetworkMessageId, b.NetworkMessageId), cmp.Compare(a.RecipientEmailAddress, b.RecipientEmailAddress))
	if p.Asc {
		return order < 0
	}
	return order > 0
}

func TestRowsAreComplete(t *testing.T) {
	w := newWorld(t, 30)
	p, err := w.x.Emails(t.Context(), week, hunt.Page{Asc: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	row := p.Rows[0]
	got, err := w.x.Event(t.Context(), row.NetworkMessageId, row.RecipientEmailAddress)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(w.batch.Emails, func(e event.EmailEvent) bool {
		return e.NetworkMessageId == row.NetworkMessageId && e.RecipientEmailAddress == row.RecipientEmailAddress
	})
	want := w.batch.Emails[i]
	want.Cc = []string{}
	if d := gocmp.Diff(&want, got); d != "" {
		t.Errorf("Event (-stored +got):\n%s", d)
	}
	if row.Subject != want.Subject || row.Outcome != hunt.OutcomeOf(&want) || row.EmailClusterId != want.EmailClusterId {
		t.Errorf("row %+v", row)
	}
	if _, err := w.x.Event(t.Context(), row.NetworkMessageId, "nobody@corp.example"); !errors.Is(err, hunt.ErrNotFound) {
		t.Errorf("no such recipient: %v", err)
	}
	all, err := w.x.Recipients(t.Context(), row.NetworkMessageId, 100)
	if err != nil || len(all) == 0 || !slices.IsSortedFunc(all, func(a, b event.EmailEvent) int {
		return cmp.Compare(a.RecipientEmailAddress, b.RecipientEmailAddress)
	}) {
		t.Errorf("recipients: %d, %v", len(all), err)
	}
}

func TestURLs(t *testing.T) {
	w := newWorld(t, 1500)
	for _, r := range []hunt.Request{week, {View: hunt.Phish, From: start, To: end}, {Query: `EmailEvents | where SenderFromDomain == "d3.example"`}} {
		got, err := w.x.URLs(t.Context(), r, 5)
		if err != nil {
			t.Fatal(err)
		}
		events := map[string][]*event.EmailEvent{}
		for i := range w.batch.Emails {
			e := &w.batch.Emails[i]
			if r.View == hunt.Phish && !strings.HasPrefix(e.ThreatTypes, "Phish") && !strings.HasPrefix(e.LatestThreatTypes, "Phish") || r.Query != "" && e.SenderFromDomain != "d3.example" {
				continue
			}
			events[e.NetworkMessageId] = append(events[e.NetworkMessageId], e)
		}
		rows, seen := map[string]*hunt.URLRow{}, map[string]bool{}
		for _, u := range w.batch.Urls {
			if len(events[u.NetworkMessageId]) == 0 || seen[u.Url+u.NetworkMessageId] {
				continue
			}
			seen[u.Url+u.NetworkMessageId] = true
			row := rows[u.Url]
			if row == nil {
				row = &hunt.URLRow{Url: u.Url, UrlDomain: u.UrlDomain}
				rows[u.Url] = row
			}
			row.Messages++
			for _, e := range events[u.NetworkMessageId] {
				row.Events++
				switch hunt.OutcomeOf(e) {
				case hunt.Blocked:
					row.Blocked++
				case hunt.Junked:
					row.Junked++
				case hunt.Removed:
					row.Removed++
				default:
					row.Delivered++
				}
			}
		}
		if len(got.Rows) != min(5, len(rows)) || got.Distinct != int64(len(rows)) && !got.Estimated {
			t.Errorf("%+v: %d rows, %d distinct of %d", r, len(got.Rows), got.Distinct, len(rows))
		}
		for i, row := range got.Rows {
			if row.UrlLocation != "Body" && row.UrlLocation != "Header" {
				t.Errorf("location %q", row.UrlLocation)
			}
			row.UrlLocation = ""
			if d := gocmp.Diff(*rows[row.Url], row); d != "" {
				t.Errorf("%+v, row %d (-want +got):\n%s", r, i, d)
			}
		}
	}
}

func TestSimilar(t *testing.T) {
	w := newWorld(t, 500)
	for i := range w.batch.Emails {
		e := &w.batch.Emails[i]
		if i%97 != 0 {
			continue
		}
		want := int64(0)
		for j := range w.batch.Emails {
			o := &w.batch.Emails[j]
			like := o.EmailClusterId == e.EmailClusterId
			if e.EmailClusterId == 0 {
				like = o.Subject == e.Subject && o.SenderFromAddress == e.SenderFromAddress && e.Subject != ""
			}
			if like && o.NetworkMessageId != e.NetworkMessageId {
				want++
			}
		}
		s, err := w.x.Similar(t.Context(), e, 10)
		if err != nil || s.Count != want || int64(len(s.Rows)) != min(10, want) {
			t.Errorf("similar to %+v: %d rows of %d, want %d, %v", e, len(s.Rows), s.Count, want, err)
		}
	}
}

func TestExport(t *testing.T) {
	w := newWorld(t, 400)
	columns := []string{"Timestamp", "outcome", "Subject", "To", "ThreatScore", "RecipientEmailAddress", "NetworkMessageId"}
	var b bytes.Buffer
	n, err := w.x.Export(t.Context(), &b, week, hunt.ExportOptions{Format: hunt.CSV, Columns: columns})
	if err != nil || n != int64(len(w.batch.Emails)) {
		t.Fatalf("%d rows of %d, %v", n, len(w.batch.Emails), err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != int(n)+1 || !slices.Equal(rows[0], columns) {
		t.Fatalf("%d lines, header %v, %v", len(rows), rows[0], err)
	}
	byKey := map[string]*event.EmailEvent{}
	for i := range w.batch.Emails {
		byKey[w.batch.Emails[i].NetworkMessageId+w.batch.Emails[i].RecipientEmailAddress] = &w.batch.Emails[i]
	}
	for _, row := range rows[1:] {
		e := byKey[row[6]+row[5]]
		want := []string{hunt.Cell(e.Timestamp), string(hunt.OutcomeOf(e)), hunt.Cell(e.Subject), `["a@corp.example","Ü, <b@corp.example>"]`, fmt.Sprint(e.ThreatScore), e.RecipientEmailAddress, e.NetworkMessageId}
		if d := gocmp.Diff(want, row); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	}
	b.Reset()
	if n, err = w.x.Export(t.Context(), &b, week, hunt.ExportOptions{Format: hunt.JSON, Max: 17}); n != 17 || err != nil {
		t.Errorf("%d rows of at most 17, %v", n, err)
	}
	var objects []hunt.EmailRow
	if err := json.Unmarshal(b.Bytes(), &objects); err != nil || len(objects) != 17 || objects[0].Outcome == "" {
		t.Errorf("%v\n%s", err, b.Bytes())
	}
	b.Reset()
	none := week
	none.Query = `EmailEvents | where Subject == "no such"`
	if _, err = w.x.Export(t.Context(), &b, none, hunt.ExportOptions{Format: hunt.JSON}); err != nil || json.Unmarshal(b.Bytes(), &objects) != nil || len(objects) != 0 {
		t.Errorf("an empty export is %q, %v", b.String(), err)
	}
	b.Reset()
	if _, err = w.x.Export(t.Context(), &b, week, hunt.ExportOptions{Format: hunt.NDJSON, Max: 3}); err != nil || bytes.Count(b.Bytes(), []byte("\n")) != 3 {
		t.Errorf("three objects: %q, %v", b.String(), err)
	}
}

func TestSearchFinds(t *testing.T) {
	w := newWorld(t, 300)
	e := w.batch.Emails[0]
	for _, s := range []string{e.SenderFromAddress, strings.ToUpper(e.RecipientEmailAddress), e.SenderFromDomain, w.batch.Urls[0].Url, "hxxps" + w.batch.Urls[0].Url[5:], w.batch.Urls[0].UrlDomain, e.NetworkMessageId, "192.0.2.0/24", "192.0.2.1", "invoice", "Über"} {
		f, err := w.x.Search(t.Context(), week, s)
		if err != nil || f.Matches == 0 {
			t.Errorf("%q: %+v, %v", s, f, err)
			continue
		}
		c, err := w.x.Count(t.Context(), hunt.Request{Query: f.Query, From: start, To: end})
		if err != nil || c.Events != f.Matches {
			t.Errorf("%q: Explorer shows %d of %d, %v\n%s", s, c.Events, f.Matches, err, f.Query)
		}
	}
	for _, s := range []string{strings.Repeat("ab", 32), strings.Repeat("ab", 16), "<no@such.example>", "2001:db8::/32", "no \" such | where"} {
		if f, err := w.x.Search(t.Context(), week, s); err != nil || f.Matches != 0 {
			t.Errorf("%q: %+v, %v", s, f, err)
		}
	}
}

func TestWrongRequestsAreExplained(t *testing.T) {
	w := newWorld(t, 5)
	ask := func(r hunt.Request) error { _, err := w.x.Count(t.Context(), r); return err }
	page := func(p hunt.Page) error { _, err := w.x.Emails(t.Context(), week, p); return err }
	facet := func(f string, n int) error { _, err := w.x.Facet(t.Context(), week, f, false, n); return err }
	first, err := w.x.Emails(t.Context(), week, hunt.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, exportErr := w.x.Export(t.Context(), &bytes.Buffer{}, week, hunt.ExportOptions{Format: "xlsx"})
	_, columnsErr := w.x.Export(t.Context(), &bytes.Buffer{}, week, hunt.ExportOptions{Format: hunt.CSV, Columns: []string{"Subject", "Nope"}})
	for name, c := range map[string]struct {
		err         error
		field, want string
	}{
		"summarize":               {ask(hunt.Request{Query: "EmailEvents | summarize count()"}), "q", "Explorer"},
		"another table":           {ask(hunt.Request{Query: "EmailUrlInfo"}), "q", "EmailEvents"},
		"syntax":                  {ask(hunt.Request{Query: "EmailEvents | where Subject ="}), "q", "line 1"},
		"unknown column":          {ask(hunt.Request{Query: "EmailEvents\n| where Sbject == 'x'"}), "q", "line 2"},
		"view":                    {ask(hunt.Request{View: "clicks"}), "view", "malware"},
		"range":                   {ask(hunt.Request{From: end, To: start}), "to", "ends"},
		"sort column":             {page(hunt.Page{Sort: "Nope"}), "sort", "Nope"},
		"sort list":               {page(hunt.Page{Sort: "To"}), "sort", "no order"},
		"sort alias":              {page(hunt.Page{Sort: "TimeGenerated"}), "sort", "Timestamp"},
		"limit":                   {page(hunt.Page{Limit: 1e6}), "limit", "10000"},
		"cursor":                  {page(hunt.Page{Cursor: "x"}), "cursor", "first page"},
		"cursor of another order": {page(hunt.Page{Cursor: first.Next, Asc: true}), "cursor", "first page"},
		"facet":                   {facet("Subject", 1), "field", "too many"},
		"facet limit":             {facet("ThreatTypes", -1), "limit", "1 to"},
		"format":                  {exportErr, "format", "ndjson"},
		"export column":           {columnsErr, "columns", "Nope"},
	} {
		var in *hunt.InputError
		if !errors.As(c.err, &in) || in.Field != c.field || !strings.Contains(in.Msg, c.want) {
			t.Errorf("%s: %v; want an InputError of %s with %q", name, c.err, c.field, c.want)
		}
	}
}

func TestACancelledQuestionEnds(t *testing.T) {
	w := newWorld(t, 5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.x.Chart(ctx, week, "outcome"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
