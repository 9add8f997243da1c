package dashboard_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/event"
)

func TestNextLetter(t *testing.T) {
	berlin := dashboard.LetterOrder{Weekday: time.Monday, Hour: 7, Zone: "Europe/Berlin"}
	for _, c := range []struct {
		order       dashboard.LetterOrder
		after, want string
	}{
		{berlin, "2026-04-20T04:00:00Z", "2026-04-20T05:00:00Z"},                                                                      // Monday, an hour before
		{berlin, "2026-04-20T05:00:00Z", "2026-04-27T05:00:00Z"},                                                                      // at the very moment: the next one
		{berlin, "2026-10-20T12:00:00Z", "2026-10-26T06:00:00Z"},                                                                      // the clock was put back on Sunday
		{dashboard.LetterOrder{Weekday: time.Sunday, Hour: 2, Zone: "Europe/Berlin"}, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"}, // there is no two o'clock
		{dashboard.LetterOrder{Weekday: time.Saturday, Hour: 23, Zone: "Pacific/Auckland"}, "2026-04-20T00:00:00Z", "2026-04-25T11:00:00Z"},
	} {
		after, _ := time.Parse(time.RFC3339, c.after)
		got, err := c.order.Next(after)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s at %d in %s after %s: %s, %v, want %s", c.order.Weekday, c.order.Hour, c.order.Zone, c.after, got.Format(time.RFC3339), err, c.want)
		}
	}
}

func TestWrongOrders(t *testing.T) {
	right := dashboard.LetterOrder{Name: " The  week ", To: []string{"Ann@corp.example", "ann@corp.example"}, Weekday: time.Monday, Hour: 7, Zone: "UTC"}
	may := func(a string) bool { return strings.HasSuffix(a, "@corp.example") }
	if err := right.Check(may); err != nil || right.Name != "The week" || len(right.To) != 1 || right.To[0] != "ann@corp.example" {
		t.Errorf("%v %+v", err, right)
	}
	for field, wrong := range map[string]func(o *dashboard.LetterOrder){
		"name": func(o *dashboard.LetterOrder) { o.Name = " " },
		"hour": func(o *dashboard.LetterOrder) { o.Hour = 24 },
		"zone": func(o *dashboard.LetterOrder) { o.Zone = "Local" },
		"to":   func(o *dashboard.LetterOrder) { o.To = []string{"eve@outside.example"} },
	} {
		o := right
		wrong(&o)
		var w *dashboard.WrongError
		if err := o.Check(may); !errors.As(err, &w) || w.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

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
	w := newWorld(t, m.batch)
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
