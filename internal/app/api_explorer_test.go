package app_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/demo"
	"tocsin/internal/ingest"
)

// kestrel makes the organisation whose mail internal/demo invents; its mail system does what Tocsin says.
func kestrel(c *app.Config, _ *app.Options) {
	c.Organisation = app.Organisation{Name: demo.Name, Domains: []string{demo.Domain}, Servers: []string{"." + demo.Domain, "192.0.2.25"}, AuthServ: []string{demo.AuthServer}}
	c.Policy.Mode = "act"
	for _, p := range demo.People() {
		c.Organisation.People = append(c.Organisation.People, app.Person{Name: p.FullName(), Address: p.Address, Department: p.Department, Priority: p.Priority})
	}
}

// formula is what a spreadsheet must not run.
const formula = `=HYPERLINK("https://evil.test","open me")`

// spring is when the invented month ends: the mail is the same in every run.
var spring = time.Date(2026, 4, 30, 18, 0, 0, 0, time.UTC)

// month is a site with a tenth of the invented organisation's month of mail, and what was offered: Message-ID and recipient of each event.
type month struct {
	*site
	events map[string]bool
	reader caller
}

func openMonth(t *testing.T) *month {
	t.Helper()
	m := &month{site: open(t, kestrel), events: map[string]bool{}}
	n := 0
	_, err := app.Offer(t.Context(), m.Intake(), func(offer func(raw []byte, env ingest.Envelope) error) error {
		one := func(d demo.Mail) error {
			for _, to := range d.Recipients {
				m.events[headerOf(d.Raw, "Message-Id")+" "+strings.ToLower(to)] = true
			}
			return offer(d.Raw, ingest.Envelope{Source: "demo", ClientIP: d.ClientIP, Helo: d.Helo, MailFrom: d.MailFrom, MailFromKnown: true, Recipients: d.Recipients, Time: d.Time})
		}
		if err := one(demo.Mail{Raw: simple(formula), MailFrom: "ann@sender.test", Recipients: []string{"desk@" + demo.Domain}, Time: spring}); err != nil {
			return err
		}
		return demo.Generate(7, spring, func(d demo.Mail) error {
			if n++; n%10 != 0 {
				return nil
			}
			return one(d)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Judged(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.reader = m.as(t, auth.SecurityReader)
	return m
}

// headerOf is the value of a one-line field.
func headerOf(raw []byte, name string) string {
	for line := range strings.Lines(string(raw)) {
		if k, v, found := strings.Cut(line, ":"); found && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// rows reads every page of a question.
func (m *month) rows(t *testing.T, limit int, between func(page int), pairs ...string) (out []api.EmailRow) {
	t.Helper()
	cursor := ""
	for page := 0; ; page++ {
		p := ok[api.EmailPage](m.reader.get(t, "/explorer/emails", append(pairs, "limit", strconv.Itoa(limit), "cursor", cursor)...))
		if len(p.Rows) > limit || p.Next != "" && len(p.Rows) < limit {
			t.Fatalf("page of %d rows, limit %d, next %q", len(p.Rows), limit, p.Next)
		}
		out = append(out, p.Rows...)
		if cursor = p.Next; cursor == "" {
			return out
		}
		between(page)
	}
}

func quietly(int) {}

// TestExplorer asks one site many things; none of them changes it but those that say so.
func TestExplorer(t *testing.T) {
	t.Parallel()
	m := openMonth(t)
	all := m.rows(t, 1000, quietly)
	if len(all) != len(m.events) || len(all) < 150 {
		t.Fatalf("%d rows, %d events offered", len(all), len(m.events))
	}
	t.Run("pages", func(t *testing.T) { m.pages(t, all) })
	t.Run("counts agree", func(t *testing.T) { m.counts(t, all) })
	t.Run("chart", func(t *testing.T) { m.chart(t, all) })
	t.Run("facet and value", func(t *testing.T) { m.facets(t, all) })
	t.Run("view, filter and range", func(t *testing.T) { m.scopes(t, all) })
	t.Run("urls", m.urls)
	t.Run("search", func(t *testing.T) { m.search(t, all) })
	t.Run("coverage", func(t *testing.T) { m.covered(t, all) })
	t.Run("export", func(t *testing.T) { m.export(t, all) })
	t.Run("pages while mail arrives", func(t *testing.T) { m.arriving(t, all) }) // last: it adds mail
}

// pages: whatever the order and the size of pages, each event comes once.
func (m *month) pages(t *testing.T, all []api.EmailRow) {
	for _, c := range []struct {
		sort, desc string
		key        func(r api.EmailRow) string
	}{
		{"Timestamp", "true", func(r api.EmailRow) string { return r.Timestamp.Format(time.RFC3339Nano) }},
		{"Timestamp", "false", nil}, {"Subject", "false", nil}, {"SenderFromAddress", "true", func(r api.EmailRow) string { return r.SenderFromAddress }},
		{"ThreatScore", "true", func(r api.EmailRow) string { return fmt.Sprintf("%09d", r.ThreatScore) }}, {"IsPriorityAccount", "true", nil},
		{"EmailClusterId", "false", nil}, {"NetworkMessageId", "true", func(r api.EmailRow) string { return r.NetworkMessageId }}, {"LastEventExecutionTime", "true", nil},
	} {
		got := m.rows(t, 23, quietly, "sort", c.sort, "desc", c.desc)
		left := maps.Clone(m.events)
		for i, r := range got {
			id := r.InternetMessageId + " " + r.RecipientEmailAddress
			if !left[id] {
				t.Fatalf("by %s, desc %s: row %d (%s) came before, or was never offered", c.sort, c.desc, i, id)
			}
			delete(left, id)
			if c.key != nil && i > 0 && c.key(got[i-1]) < c.key(r) {
				t.Errorf("by %s: row %d has %q after %q", c.sort, i, c.key(r), c.key(got[i-1]))
			}
		}
		if len(left) > 0 {
			t.Errorf("by %s, desc %s: %d events never came", c.sort, c.desc, len(left))
		}
	}
	if got := m.rows(t, len(all), quietly); len(got) != len(all) {
		t.Errorf("one page of exactly all: %d", len(got))
	}
}

func (m *month) counts(t *testing.T, all []api.EmailRow) {
	mailboxes, messages := map[string]bool{}, map[string]bool{}
	for _, r := range all {
		mailboxes[r.RecipientEmailAddress], messages[r.NetworkMessageId] = true, true
	}
	got := ok[api.Count](m.reader.get(t, "/explorer/count"))
	if got.Events != int64(len(all)) || got.Mailboxes != int64(len(mailboxes)) || got.Messages != int64(len(messages)) {
		t.Errorf("%+v, want %d events, %d mailboxes, %d messages", got, len(all), len(mailboxes), len(messages))
	}
	fields := ok[api.FieldList](m.reader.get(t, "/explorer/fields"))
	if len(fields.Fields) < 40 || len(fields.Splits) < 10 || fields.Splits[0].Key != "outcome" {
		t.Errorf("%d fields, %d splits", len(fields.Fields), len(fields.Splits))
	}
	for _, f := range fields.Fields { // every field can be asked for as the screens do
		pairs := []string{"field", f.Name}
		ok[api.ValueCount](m.reader.get(t, "/explorer/value", pairs...))
		if f.Facet {
			ok[api.Facet](m.reader.get(t, "/explorer/facet", pairs...))
		}
	}
}

func (m *month) chart(t *testing.T, all []api.EmailRow) {
	outcomes := map[string]int64{}
	for _, r := range all {
		outcomes[r.Outcome]++
	}
	c := ok[api.Chart](m.reader.get(t, "/explorer/chart"))
	if c.Total != int64(len(all)) || len(c.Series) != 6 || c.Series[0].Key != "blocked" || c.From.Location() != time.UTC {
		t.Errorf("total %d, series %d", c.Total, len(c.Series))
	}
	if outcomes["blocked"] == 0 || outcomes["junked"] == 0 || outcomes["delivered"] == 0 {
		t.Errorf("the mail is not varied enough for this test: %v", outcomes)
	}
	for _, s := range c.Series {
		sum := int64(0)
		for _, n := range s.Counts {
			sum += n
		}
		if len(s.Counts) != len(c.Starts) || sum != s.Total || s.Total != outcomes[s.Key] {
			t.Errorf("%s: %d counts of %d buckets, sum %d, total %d, rows %d", s.Key, len(s.Counts), len(c.Starts), sum, s.Total, outcomes[s.Key])
		}
	}
	for _, split := range ok[api.FieldList](m.reader.get(t, "/explorer/fields")).Splits {
		c := ok[api.Chart](m.reader.get(t, "/explorer/chart", "split", split.Key))
		sum := int64(0)
		for _, s := range c.Series {
			sum += s.Total
		}
		if c.Total != int64(len(all)) || sum < c.Total {
			t.Errorf("by %s: total %d, series %d, rows %d", split.Key, c.Total, sum, len(all))
		}
	}
}

func (m *month) facets(t *testing.T, all []api.EmailRow) {
	senders := map[string]int64{}
	for _, r := range all {
		senders[r.SenderFromDomain]++
	}
	top := ok[api.Facet](m.reader.get(t, "/explorer/facet", "field", "SenderFromDomain", "limit", "3"))
	if len(top.Values) != 3 || top.Distinct != int64(len(senders)) || top.Values[0].Count < top.Values[1].Count {
		t.Errorf("%+v, want %d distinct", top, len(senders))
	}
	for _, v := range top.Values {
		if v.Count != senders[v.Value] {
			t.Errorf("%q: %d, rows have %d", v.Value, v.Count, senders[v.Value])
		}
		got := ok[api.ValueCount](m.reader.get(t, "/explorer/value", "field", "SenderFromDomain", "value", v.Value))
		if got.Events != v.Count || got.Total != int64(len(all)) || got.Mailboxes < 1 || got.Mailboxes > v.Count {
			t.Errorf("%+v, want %d of %d", got, v.Count, len(all))
		}
	}
	rare := ok[api.Facet](m.reader.get(t, "/explorer/facet", "field", "SenderFromDomain", "order", "rare", "limit", "1"))
	if len(rare.Values) != 1 || rare.Values[0].Count > top.Values[2].Count {
		t.Errorf("rare %+v", rare.Values)
	}
}

func (m *month) scopes(t *testing.T, all []api.EmailRow) {
	count := func(pairs ...string) int {
		return int(ok[api.Count](m.reader.get(t, "/explorer/count", pairs...)).Events)
	}
	number := func(keep func(api.EmailRow) bool) (n int) {
		for _, r := range all {
			if keep(r) {
				n++
			}
		}
		return n
	}
	middle := all[len(all)/2].Timestamp
	at := middle.Format(time.RFC3339Nano)
	for _, c := range []struct {
		name  string
		pairs []string
		keep  func(api.EmailRow) bool
	}{
		{"view malware", []string{"view", "malware"}, func(r api.EmailRow) bool { return strings.Contains(r.ThreatTypes, "Malware") }},
		{"view phish", []string{"view", "phish"}, func(r api.EmailRow) bool { return strings.Contains(r.ThreatTypes, "Phish") }},
		{"from includes its instant", []string{"from", at}, func(r api.EmailRow) bool { return !r.Timestamp.Before(middle) }},
		{"to excludes its instant", []string{"to", at}, func(r api.EmailRow) bool { return r.Timestamp.Before(middle) }},
		{"another zone", []string{"to", middle.In(time.FixedZone("", 2*3600)).Format(time.RFC3339Nano)}, func(r api.EmailRow) bool { return r.Timestamp.Before(middle) }},
		{"filter", []string{"q", `EmailEvents | where DeliveryAction == "Blocked" or SenderFromDomain endswith ".example"`}, func(r api.EmailRow) bool {
			return r.DeliveryAction == "Blocked" || strings.HasSuffix(r.SenderFromDomain, ".example")
		}},
		{"all three", []string{"view", "phish", "from", at, "q", "EmailEvents | where not(IsPriorityAccount)"}, func(r api.EmailRow) bool {
			return strings.Contains(r.ThreatTypes, "Phish") && !r.Timestamp.Before(middle) && !r.IsPriorityAccount
		}},
		{"text that is code", []string{"q", "EmailEvents | where Subject == @'" + formula + "'"}, func(r api.EmailRow) bool { return r.Subject == formula }},
		{"nothing", []string{"q", `EmailEvents | where Subject == "'; drop table EmailEvents; --"`}, func(api.EmailRow) bool { return false }},
	} {
		want := number(c.keep)
		if got := count(c.pairs...); got != want || want == 0 && c.name != "nothing" {
			t.Errorf("%s: %d events, rows have %d", c.name, got, want)
		}
		if got := m.rows(t, 1000, quietly, c.pairs...); len(got) != want || slices.ContainsFunc(got, func(r api.EmailRow) bool { return !c.keep(r) }) {
			t.Errorf("%s: %d rows, want %d", c.name, len(got), want)
		}
		if got := ok[api.Chart](m.reader.get(t, "/explorer/chart", c.pairs...)); got.Total != int64(want) {
			t.Errorf("%s: the chart has %d, want %d", c.name, got.Total, want)
		}
	}
}

func (m *month) urls(t *testing.T) {
	page := ok[api.URLPage](m.reader.get(t, "/explorer/urls", "view", "phish", "limit", "10"))
	if len(page.Rows) != 10 || page.Distinct < 10 || page.Estimated {
		t.Fatalf("%d rows, %d distinct, estimated %v", len(page.Rows), page.Distinct, page.Estimated)
	}
	top := page.Rows[0]
	if top.Blocked+top.Junked+top.Removed+top.Delivered != top.Events || top.Messages < page.Rows[9].Messages || top.UrlDomain == "" {
		t.Errorf("%+v", top)
	}
	hit := ok[api.SearchHit](m.reader.get(t, "/search", "q", top.Url))
	if hit.Kind != "url" || hit.Matches < top.Events {
		t.Errorf("search for %s: %+v, want %d events", top.Url, hit, top.Events)
	}
	if all := ok[api.URLPage](m.reader.get(t, "/explorer/urls")); all.Distinct < page.Distinct || !all.Estimated {
		t.Errorf("of all mail: %d distinct, estimated %v", all.Distinct, all.Estimated)
	}
}

func (m *month) search(t *testing.T, all []api.EmailRow) {
	r := all[len(all)/3]
	for _, c := range []struct{ typed, kind string }{
		{r.RecipientEmailAddress, "address"}, {r.SenderFromDomain, "domain"}, {r.NetworkMessageId, "network_message_id"}, {strings.ToUpper(r.NetworkMessageId), "network_message_id"},
		{r.InternetMessageId, "message_id"}, {strings.ReplaceAll(r.SenderFromDomain, ".", "[.]"), "domain"}, {"192.0.2.0/24", "ip"}, {"HYPERLINK", "text"}, {strings.Repeat("a", 64), "hash"},
	} {
		hit := ok[api.SearchHit](m.reader.get(t, "/search", "q", c.typed))
		if hit.Kind != c.kind {
			t.Errorf("%q is taken for %s", c.typed, hit.Kind)
		}
		if got := ok[api.Count](m.reader.get(t, "/explorer/count", "q", hit.Q)); got.Events != hit.Matches || hit.Matches == 0 && c.kind != "hash" && c.kind != "ip" {
			t.Errorf("%q: %d matches, its query finds %d", c.typed, hit.Matches, got.Events)
		}
	}
}

func (m *month) covered(t *testing.T, all []api.EmailRow) {
	m.clock.move(time.Minute) // an answer serves for a while
	got := ok[api.Coverage](m.reader.get(t, "/coverage"))
	if len(got.Sources) != 1 || got.Sources[0].Name != "demo" || got.Sources[0].State != "idle" || got.PendingJobs != 0 {
		t.Errorf("%+v", got)
	}
	if got.Newest == nil || got.Oldest == nil || !got.Newest.Equal(all[0].Timestamp) || !got.Oldest.Equal(all[len(all)-1].Timestamp) {
		t.Errorf("from %v to %v, rows from %v to %v", got.Oldest, got.Newest, all[len(all)-1].Timestamp, all[0].Timestamp)
	}
}

// arriving: mail that comes in between two pages neither repeats nor hides a row.
func (m *month) arriving(t *testing.T, all []api.EmailRow) {
	got := m.rows(t, 60, func(page int) {
		m.take(t, simple(fmt.Sprintf("while somebody reads page %d", page)), "late@"+demo.Domain)
	})
	if len(got) != len(all) {
		t.Fatalf("%d rows, want %d", len(got), len(all))
	}
	for i := range got {
		if got[i].NetworkMessageId != all[i].NetworkMessageId || got[i].RecipientEmailAddress != all[i].RecipientEmailAddress {
			t.Fatalf("row %d is %s, want %s", i, got[i].Subject, all[i].Subject)
		}
	}
	if n := ok[api.Count](m.reader.get(t, "/explorer/count")); n.Events <= int64(len(all)) {
		t.Errorf("no mail came in between: %d", n.Events)
	}
	m.reader.get(t, "/explorer/emails", "limit", "1", "cursor", "e30").problem(http.StatusUnprocessableEntity)
}
