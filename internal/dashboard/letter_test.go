package dashboard_test

import (
	"strings"
	"testing"

	"tocsin/internal/dashboard"
	"tocsin/internal/event"
)

func TestLetterTellsTheWeek(t *testing.T) {
	var m made
	for i := range 3 {
		m.mail(20+i, func(e *event.EmailEvent) {
			e.ThreatTypes, e.DeliveryAction, e.DeliveryLocation = "Phish", "Blocked", "Quarantine"
		})
	}
	m.mail(10*24, func(e *event.EmailEvent) {
		e.ThreatTypes, e.DeliveryAction, e.DeliveryLocation = "Phish", "Blocked", "Quarantine"
	})
	m.mail(30, func(e *event.EmailEvent) { e.ThreatTypes, e.ThreatNames = "Malware", "<b>Bad</b>bot" })
	w := newWorld(t, m.Batch)
	b := w.board(dashboard.Ask{Widgets: dashboard.LetterWidgets(), May: everything})
	l, err := dashboard.Compose(b, dashboard.LetterAbout{Organisation: "Corp", Name: "Our mail", Audience: "corp.example", URL: "https://tocsin.corp.example"})
	if err != nil {
		t.Fatal(err)
	}
	if l.Subject != "Our mail: 3 threats were stopped, 1 lies in inboxes" {
		t.Errorf("subject %q", l.Subject)
	}
	for _, want := range []string{"Only mail to corp.example", "  1  threats lie in inboxes", "  3  Threats stopped (1 before)", "https://tocsin.corp.example/dashboard", "<b>Bad</b>bot"} {
		if !strings.Contains(l.Text, want) {
			t.Errorf("the text does not say %q:\n%s", want, l.Text)
		}
	}
	if !strings.Contains(l.HTML, "&lt;b&gt;Bad&lt;/b&gt;bot") || strings.Contains(l.HTML, "<b>Bad</b>") {
		t.Error("the page lets the name of malware be markup")
	}
}
