package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/mailout"
)

// TestReportSchedules: a report is sent when it is due, once, also when the round runs again or was away for weeks.
func TestReportSchedules(t *testing.T) {
	t.Parallel()
	s := open(t, acting, digesting)
	s.take(t, lure(t), "bob@harbour.test")
	chief := s.as(t, auth.SecurityAdministrator)
	s.as(t, auth.SecurityOperator).get(t, "/report-schedules").problem(http.StatusForbidden)
	draft := api.ReportOrderDraft{Name: "The week", Report: "dashboard", Rhythm: "weekly", To: []string{"boss@harbour.test", "CEO@harbour.test"}, Weekday: "Monday", Hour: 7, Zone: "Europe/Berlin", On: true}
	outside := draft
	outside.To = []string{"eve@outside.test"}
	if p := chief.post(t, "/report-schedules", outside).problem(http.StatusUnprocessableEntity); !strings.Contains(p.Detail, "eve@outside.test") {
		t.Errorf("figures may leave: %s", p.Detail)
	}
	unknown := draft
	unknown.Filter.Department = "Nobody"
	chief.post(t, "/report-schedules", unknown).problem(http.StatusUnprocessableEntity)
	made := ok[api.ReportOrder](chief.post(t, "/report-schedules", draft))
	if made.Next == nil || made.Next.Weekday() != time.Monday || made.Last != nil {
		t.Fatalf("%+v", made)
	}
	text := ok[api.ReportLetter](chief.get(t, "/report-schedules/"+made.ID+"/preview"))
	if !strings.Contains(text.Text, "Threats stopped") || !strings.HasPrefix(text.Subject, "The week: ") {
		t.Errorf("%+v", text)
	}
	if draft := ok[api.ReportLetter](chief.post(t, "/report-schedules/preview", draft)); draft.Subject != text.Subject || draft.HTML == "" {
		t.Errorf("before it is kept: %q", draft.Subject)
	}
	chief.post(t, "/report-schedules/preview", outside).problem(http.StatusUnprocessableEntity)
	round := func() []mailout.Entry {
		t.Helper()
		if err := s.ReportRound(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s.letters(t, mailout.ScheduledReport)
	}
	if n := len(round()); n != 0 {
		t.Fatalf("%d letters before the first is due", n)
	}
	monthly := api.ReportOrderDraft{Name: "Spoofing", Report: "spoof-mail", To: []string{"boss@harbour.test"}, Rhythm: "monthly", Day: 31, Hour: 7, Zone: "UTC", On: true}
	spoofing := ok[api.ReportOrder](chief.post(t, "/report-schedules", monthly))
	if files := ok[api.ReportLetter](chief.get(t, "/report-schedules/"+spoofing.ID+"/preview")).Files; len(files) != 2 || !strings.HasSuffix(files[0], ".pdf") || !strings.HasPrefix(files[1], "spoof-mail-sources-") {
		t.Errorf("%v", files)
	}
	// The server stops, and is away for weeks: what was missed is made once, when it is back.
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	s = open(t, acting, digesting, func(c *app.Config, _ *app.Options) { c.Data = s.dir })
	s.clock.move(max(made.Next.Sub(s.clock.now()), spoofing.Next.Sub(s.clock.now())) + 20*24*time.Hour)
	round()
	sent := slices.DeleteFunc(round(), func(l mailout.Entry) bool {
		if !strings.HasPrefix(l.Subject, "Spoofing: ") {
			return false
		}
		whole, err := s.Cases().Letters().Letter(t.Context(), l.ID)
		if err != nil || len(whole.Files) != 2 || !strings.HasPrefix(string(whole.Files[0].Body), "%PDF-") || !strings.HasPrefix(string(whole.Files[1].Body), "Domain in From,") || l.To != "boss@harbour.test" {
			t.Errorf("%+v, %v", whole.Files, err)
		}
		return true
	})
	if len(sent) != 2 || sent[0].To == sent[1].To || !strings.Contains(sent[0].Text, "boss") && sent[0].Subject == "" {
		t.Fatalf("%d letters, want one for each reader: %+v", len(sent), sent)
	}
	chief = s.as(t, auth.SecurityAdministrator)
	list := ok[api.ReportOrders](chief.get(t, "/report-schedules"))
	now := list.Schedules[0]
	if next := list.Schedules[1].Next; next == nil || !next.After(s.clock.now()) {
		t.Errorf("%+v", list.Schedules[1])
	}
	if !list.Sends || len(list.Schedules) != 2 || now.Last == nil || now.Problem != "" || now.Next == nil || !now.Next.After(s.clock.now()) || now.Next.Sub(s.clock.now()) > 8*24*time.Hour {
		t.Errorf("%+v", list)
	}
	stale := draft
	stale.Version = 7
	chief.send(t, http.MethodPut, "/report-schedules/"+made.ID, stale).problem(http.StatusConflict)
	off := draft
	off.On, off.Version = false, now.Version
	if now = ok[api.ReportOrder](chief.send(t, http.MethodPut, "/report-schedules/"+made.ID, off)); now.Next != nil || now.Last == nil {
		t.Errorf("%+v", now)
	}
	chief.send(t, http.MethodDelete, "/report-schedules/"+made.ID, nil).want(http.StatusNoContent)
	chief.get(t, "/report-schedules/"+made.ID+"/preview").problem(http.StatusNotFound)
	if got := len(s.audited(t, auth.ActScheduleAdded, auth.ActScheduleChanged, auth.ActScheduleRemoved)); got != 4 {
		t.Errorf("%d records", got)
	}
	s.operator(t, "zoe@harbour.test", auth.SecurityAdministrator)
	zoe := s.nobody().signIn(t, "zoe@harbour.test")
	made = ok[api.ReportOrder](zoe.post(t, "/report-schedules", off))
	zoe.post(t, "/report-schedules/"+made.ID+"/send", nil).want(http.StatusNoContent)
	if last := s.letters(t, mailout.ScheduledReport)[0]; last.To != "zoe@harbour.test" {
		t.Errorf("what one sends oneself went to %s", last.To)
	}
	if got := s.audited(t, auth.ActScheduleSent); len(got) != 1 {
		t.Errorf("%d records of a letter sent", len(got))
	}
}
