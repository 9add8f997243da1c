package app_test

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/dashboard"
	"tocsin/internal/demo"
	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/kql"
)

// shown are the figures of an answer, by where they stand in it.
func shown(b *dashboard.Board) map[string]dashboard.Figure {
	out := map[string]dashboard.Figure{}
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(path, v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				name := fmt.Sprint(i)
				if e := v.Index(i); e.Kind() == reflect.Struct {
					for _, key := range []string{"Key", "Value", "ID", "Kind"} {
						if f := e.FieldByName(key); f.IsValid() && f.Kind() == reflect.String {
							name = f.String()
							break
						}
					}
				}
				walk(path+"/"+name, v.Index(i))
			}
		case reflect.Struct:
			if f, ok := v.Interface().(dashboard.Figure); ok {
				out[path] = f
				return
			}
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range v.NumField() {
				walk(path+"/"+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	walk("", reflect.ValueOf(b))
	return out
}

// sqlNumber asks the event store in SQL that is written by hand.
func (s *site) sqlNumber(t *testing.T, sql string, args ...any) (n int64) {
	t.Helper()
	err := s.Events().Query(t.Context(), &kql.Statement{SQL: sql, Args: args, Columns: []kql.Column{{Name: "n", Type: event.Long}}}, func(row []any) error {
		n = row[0].(int64)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// question asks in KQL for one number.
func (s *site) question(t *testing.T, text string) (n int64) {
	t.Helper()
	q, err := kql.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	stmt, err := kql.Compile(q, kql.Options{Now: s.clock.now()}, s.Events().Dialect())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s.sqlNumber(t, stmt.SQL, stmt.Args...)
}

// TestDashboard holds every number to SQL that is written by hand, to its own question, and to what Explorer shows behind it.
func TestDashboard(t *testing.T) {
	t.Parallel()
	m := openMonth(t)
	m.clock.move(time.Until(spring.Add(time.Hour)))
	m.live(t)
	c := m.as(t, auth.SecurityReader)
	for name, query := range map[string][]string{
		"two weeks":  {"from", spring.Add(-14 * 24 * time.Hour).Format(time.RFC3339), "to", spring.Add(time.Hour).Format(time.RFC3339)},
		"last week":  {"widgets", "needs,insights,summary"},
		"a domain":   {"domain", "kestrelquay.example", "widgets", "summary,flow,origin,campaigns,reported"},
		"department": {"department", demo.People()[0].Department, "widgets", "summary,protection,targeted,needs,attention"},
	} {
		b := ok[dashboard.Board](c.get(t, "/dashboard", query...))
		if len(b.Failed) > 0 {
			t.Fatalf("%s: %+v", name, b.Failed)
		}
		if query[0] == "from" {
			m.recount(t, &b)
		}
		for path, f := range shown(&b) {
			if f.Explorer != nil {
				n := ok[api.Count](c.get(t, "/explorer/count", "view", f.Explorer.View, "q", f.Explorer.Q, "from", f.Explorer.From.Format(time.RFC3339Nano), "to", f.Explorer.To.Format(time.RFC3339Nano)))
				if n.Events != f.Value {
					t.Errorf("%s: %s is %d, and Explorer shows %d: %s", name, path, f.Value, n.Events, f.Explorer.Q)
				}
			}
			if f.KQL != "" {
				if n := m.question(t, f.KQL); n != f.Value {
					t.Errorf("%s: %s is %d, and its question answers %d: %s", name, path, f.Value, n, f.KQL)
				}
			}
		}
	}
	c.get(t, "/dashboard", "department", "Nobody").problem(http.StatusUnprocessableEntity)
	c.get(t, "/dashboard", "widgets", "weather").problem(http.StatusUnprocessableEntity)
}

// live lets things happen to the invented mail: clicks, reports, mail that was taken out or judged anew.
func (m *month) live(t *testing.T) {
	t.Helper()
	var b event.Batch
	var patches []eventstore.Patch
	harmless := ""
	for i, r := range m.rows(t, 1000, quietly) {
		at := r.Timestamp.Add(time.Hour)
		row := fmt.Sprintf("made-%d", i)
		if i%3 == 0 || r.ThreatTypes != "" && i%2 == 0 {
			action := "ClickAllowed"
			if i%4 == 0 {
				action = "ClickBlocked"
			}
			b.Clicks = append(b.Clicks, event.UrlClick{Timestamp: at, NetworkMessageId: r.NetworkMessageId, AccountUpn: r.RecipientEmailAddress, ActionType: action, Url: "https://a.example/", ReportId: row})
		}
		if i%7 == 0 {
			b.Submissions = append(b.Submissions, event.UserSubmission{Timestamp: at, ActionType: "UserSubmission", SubmissionId: row, SubmissionType: []string{"Phish", "Spam", "Not junk"}[i%3], NetworkMessageId: r.NetworkMessageId, RecipientEmailAddress: r.RecipientEmailAddress, ReporterEmailAddress: r.RecipientEmailAddress, ReportId: row})
			if i%2 == 0 {
				b.Submissions = append(b.Submissions, event.UserSubmission{Timestamp: at.Add(time.Minute), ActionType: "UserSubmissionTriage", SubmissionId: row, Result: []string{"Phishing", "Not junk"}[i%4/2], ReportId: row + "-closed"})
			}
		}
		switch {
		case r.ThreatTypes != "" && i%5 == 0:
			patches = append(patches, eventstore.Patch{NetworkMessageID: r.NetworkMessageId, Recipient: r.RecipientEmailAddress, At: m.clock.now(), LatestDeliveryLocation: "Inbox/folder", LatestDeliveryAction: "Quarantine release"})
		case r.ThreatTypes != "" && i%5 == 1:
			patches = append(patches, eventstore.Patch{NetworkMessageID: r.NetworkMessageId, Recipient: r.RecipientEmailAddress, At: m.clock.now(), LatestThreatTypes: &harmless})
		case r.ThreatTypes == "" && i%9 == 0:
			bad := []string{"Phish", "Malware", "Phish, Spam"}[i%3]
			patches = append(patches, eventstore.Patch{NetworkMessageID: r.NetworkMessageId, Recipient: r.RecipientEmailAddress, At: m.clock.now(), LatestThreatTypes: &bad, LatestDetectionTechnologies: []string{"URL malicious reputation", "File reputation, Campaign"}[i%2]})
		case r.ThreatTypes == "" && i%9 == 1:
			bad := "Phish"
			patches = append(patches, eventstore.Patch{NetworkMessageID: r.NetworkMessageId, Recipient: r.RecipientEmailAddress, At: m.clock.now(), LatestThreatTypes: &bad, LatestDeliveryLocation: "Removed", LatestDeliveryAction: "Soft delete"})
		}
	}
	m.more(&b)
	if err := m.Events().Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := m.Events().Patch(t.Context(), patches); err != nil {
		t.Fatal(err)
	}
}

// more adds what invented mail lacks: countries, engines that open files and links, campaigns, forwardings.
func (m *month) more(b *event.Batch) {
	technologies := []string{"File detonation", "URL detonation, Advanced filter", "URL detonation reputation", "File detonation, Antimalware protection", "Impersonation user", "Mail bombing", "Bulk", "URL malicious reputation, Campaign", ""}
	for i := range 90 {
		at := spring.Add(-time.Duration(i*7) * time.Hour).Truncate(time.Millisecond)
		ms := at.UnixMilli()
		e := event.EmailEvent{
			Timestamp: at, LastEventExecutionTime: at, NetworkMessageId: fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, i), RecipientEmailAddress: demo.People()[i%5].Address, RecipientDomain: demo.Domain,
			SenderFromDomain: []string{"sender.example", demo.Domain, "odd's.example"}[i%3], SenderDisplayName: "O'Neil", EmailDirection: []string{"Inbound", "Inbound", "Outbound"}[i%3], SenderCountry: []string{"BR", "DE", ""}[i%3],
			ThreatTypes: []string{"Malware", "Phish", "Spam", "", "Malware, Phish"}[i%5], ThreatNames: []string{"Newbot", "", "Oldbot, Newbot"}[i%3], DetectionTechnologies: technologies[i%len(technologies)],
			DeliveryAction: []string{"Blocked", "Junked", "Delivered", "Replaced"}[i%4], LatestDeliveryLocation: []string{"Quarantine", "Junk folder", "Inbox/folder", "Inbox/folder", "Deleted items folder"}[i%5],
			IsPriorityAccount: i%4 == 0, AuthDMARC: []string{"fail", "pass"}[i%2], SenderIPv6: []string{"", "2001:db8::1"}[i%2], OrgLevelAction: []string{"", "Allow"}[i%2], UserLevelAction: []string{"", "", "Allow"}[i%3],
		}
		e.LatestThreatTypes, e.LatestDetectionTechnologies = e.ThreatTypes, e.DetectionTechnologies
		b.Emails = append(b.Emails, e)
		if i%2 == 0 {
			b.Campaigns = append(b.Campaigns, event.Campaign{Timestamp: at, CampaignId: fmt.Sprint("c", i%3), CampaignName: "wave", NetworkMessageId: e.NetworkMessageId, RecipientEmailAddress: e.RecipientEmailAddress, ReportId: fmt.Sprint("campaign", i)})
		}
		b.Clicks = append(b.Clicks, event.UrlClick{Timestamp: at.Add(time.Minute), NetworkMessageId: e.NetworkMessageId, AccountUpn: e.RecipientEmailAddress, ActionType: []string{"ClickAllowed", "ClickBlockedByTenantPolicy"}[i%2], ReportId: fmt.Sprint("more", i)})
	}
}
