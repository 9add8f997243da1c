package app_test

import (
	"flag"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/event"
)

// bulk appends a campaign of so many messages to the event store: two recipients each, three links, every tenth with a file.
func (s *site) bulk(t testing.TB, n int, name string, from time.Time) {
	t.Helper()
	for at := 0; at < n; at += 1000 {
		var b event.Batch
		for k := at; k < min(n, at+1000); k++ {
			when := from.Add(time.Duration(k) * time.Second).UTC().Truncate(time.Millisecond)
			id := timeID(when, k)
			for r := range 2 {
				to := fmt.Sprintf("p%d@harbour.test", (k*2+r)%3000)
				b.Emails = append(b.Emails, event.EmailEvent{
					Timestamp: when, NetworkMessageId: id, RecipientEmailAddress: to, RecipientDomain: "harbour.test", Subject: fmt.Sprintf("%s %d", name, k%50), SenderFromAddress: fmt.Sprintf("s%d@%s.test", k%200, name),
					SenderFromDomain: name + ".test", SenderIPv4: fmt.Sprintf("192.0.2.%d", k%250), EmailDirection: "Inbound", DeliveryAction: "Delivered", DeliveryLocation: "Inbox/folder", LatestDeliveryLocation: "Inbox/folder",
					ThreatTypes: "Phish", LatestThreatTypes: "Phish", To: []string{}, Cc: []string{}, AdditionalFields: "{}", ReportId: id + to, LastEventExecutionTime: when,
				})
				b.Campaigns = append(b.Campaigns, event.Campaign{Timestamp: when, CampaignName: name, CampaignId: "c-" + name, CampaignType: "Phish", NetworkMessageId: id, RecipientEmailAddress: to, ReportId: id + to})
				if k%10 == 0 {
					b.Attachments = append(b.Attachments, event.EmailAttachment{Timestamp: when, NetworkMessageId: id, RecipientEmailAddress: to, FileName: "a.pdf", SHA256: fmt.Sprintf("%064x", k%100), ReportId: id + to})
				}
			}
			for u := range 3 {
				b.Urls = append(b.Urls, event.EmailUrl{Timestamp: when, NetworkMessageId: id, Url: fmt.Sprintf("https://h%d.%s.test/%d/%d", u, name, k, u), UrlDomain: fmt.Sprintf("h%d.%s.test", u, name), UrlLocation: "Body", ReportId: fmt.Sprint(id, u)})
			}
		}
		if err := s.Events().Append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
}

// timeID is a UUIDv7 of a time.
func timeID(at time.Time, n int) string {
	var id uuid.UUID
	ms := at.UnixMilli()
	for k := range 6 {
		id[k] = byte(ms >> (8 * (5 - k)))
	}
	id[6], id[8] = 0x70, 0x80
	for k := range 4 {
		id[15-k] = byte(n >> (8 * k))
	}
	return id.String()
}

var incidentMessages = flag.Int("incident-messages", 1000, "messages of the incident in TestLargeIncident; the figures of docs/design/incidents.md are of 10000")

// TestLargeIncident: what a page asks stays quick when an incident is large.
func TestLargeIncident(t *testing.T) {
	n := *incidentMessages
	persons, links := min(2*n, 3000), min(3*n, 20_000)
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	now := time.Now()
	s.bulk(t, n, "large", now.Add(-20*24*time.Hour))
	s.bulk(t, 2*n, "other", now.Add(-10*24*time.Hour))
	took := func(what string, f func()) {
		t.Helper()
		started := time.Now()
		f()
		d := time.Since(started)
		t.Logf("%-34s %6d ms", what, d.Milliseconds())
		if d > 30*time.Second {
			t.Errorf("%s took %s", what, d)
		}
	}
	took("open", func() {
		i := ok[api.Incident](c.post(t, "/incidents", api.NewIncident{Name: "large", Mail: &api.IncidentMailAsk{Query: &api.ActionQuery{Q: `EmailEvents | where SenderFromDomain == "large.test"`}, Live: true}}))
		if i.Messages != 2*n || i.People != persons {
			t.Errorf("%+v", i)
		}
	})
	c.opened(t, "other", `SenderFromDomain == "other.test" and Subject == "other 0"`)
	took("one incident", func() { ok[api.Incident](c.get(t, "/incidents/1")) })
	took("list", func() { ok[api.IncidentPage](c.get(t, "/incidents")) })
	took("counts", func() { ok[api.IncidentFacets](c.get(t, "/incidents/counts")) })
	took("summary", func() {
		sum := ok[api.IncidentSummary](c.get(t, "/incidents/1/summary"))
		if sum.Events != 2*n || sum.Messages != n || sum.Threats != 2*n {
			t.Errorf("%+v", sum)
		}
	})
	took("people, first page", func() {
		if p := ok[api.IncidentThings](c.get(t, "/incidents/1/entities", "kind", "recipient")); p.Total != persons || len(p.Top) != 100 {
			t.Errorf("%+v", p)
		}
	})
	took("links, first page", func() {
		if p := ok[api.IncidentThings](c.get(t, "/incidents/1/entities", "kind", "url")); p.Total != links || p.More != (3*n > links) {
			t.Errorf("%d", p.Total)
		}
	})
	cursor := ""
	took("mail, first page of 100", func() { cursor = ok[api.IncidentEmails](c.get(t, "/incidents/1/messages")).Next })
	took("mail, next page of 500", func() { ok[api.IncidentEmails](c.get(t, "/incidents/1/messages", "limit", "500", "cursor", cursor)) })
	took("timeline", func() { ok[api.IncidentTimeline](c.get(t, "/incidents/1/timeline")) })
	q := ok[api.IncidentQueries](c.get(t, "/incidents/1/queries")).Queries[0]
	took("its query asked again", func() {
		if m := ok[api.IncidentMatches](c.get(t, "/incidents/1/queries/"+q.ID)); m.Matches != 2*n || m.Fresh != 0 {
			t.Errorf("%+v", m)
		}
	})
	took("related", func() {
		r := ok[api.IncidentRelated](c.get(t, "/incidents/1/related"))
		if len(r.Related) != 1 || r.Related[0].Reasons[0].Kind != "file" {
			t.Errorf("%+v", r)
		}
	})
	took("plan of an action on all of it", func() {
		if p := ok[api.ActionPlan](c.post(t, "/actions/plan", api.ActionAsk{Kind: "Soft delete", Incident: "1"})); p.Targets != 2*n {
			t.Errorf("%+v", p)
		}
	})
	took("report, HTML", func() { c.get(t, "/incidents/1/report").want(http.StatusOK) })
	took("report, PDF", func() { c.get(t, "/incidents/1/report", "format", "pdf").want(http.StatusOK) })
	took("merge", func() {
		if i := ok[api.Incident](c.post(t, "/incidents/2/merge", api.IncidentMerge{Into: "1"})); i.Messages != 2*n+2*(2*n/50) {
			t.Errorf("%+v", i)
		}
	})
}
