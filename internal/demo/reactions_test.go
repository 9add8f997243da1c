package demo

import (
	"bytes"
	"net/mail"
	"reflect"
	"strings"
	"testing"
	"time"

	"tocsin/internal/event"
)

func lures(n int) []Lure {
	var out []Lure
	for i := range n {
		at := noon.Add(-time.Duration(i) * time.Hour)
		out = append(out, Lure{EmailEvent: event.EmailEvent{Timestamp: at, NetworkMessageId: "01a21b4d-05f3-78dc-a954-8f48d75cf7f9", RecipientEmailAddress: "a@" + Domain, LatestThreatTypes: []string{"", "Phish"}[i%2]}, URL: "https://x.example/"})
	}
	return out
}

func TestClicks(t *testing.T) {
	got := Clicks(1, lures(200), noon)
	if len(got) < 50 || len(got) > 110 {
		t.Errorf("%d of 200 lures were followed, want about two of five", len(got))
	}
	if !reflect.DeepEqual(got, Clicks(1, lures(200), noon)) {
		t.Error("the same seed gave other clicks")
	}
	ids := map[string]bool{}
	for _, c := range got {
		if c.Timestamp.After(noon) || ids[c.ReportId] || (c.ActionType == "ClickBlocked") != (c.ThreatTypes != "") {
			t.Errorf("%+v", c)
		}
		ids[c.ReportId] = true
	}
	if got := Clicks(1, []Lure{{EmailEvent: event.EmailEvent{Timestamp: noon}}}, noon); got != nil {
		t.Errorf("mail without a link was clicked: %v", got)
	}
}

func TestReport(t *testing.T) {
	l := lures(1)[0].EmailEvent
	l.RecipientEmailAddress = People()[0].Address
	m := Report(1, l, []byte("Subject: lure\r\n\r\nx"), "spam", noon)
	got, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	if from, _ := got.Header.AddressList("From"); len(from) != 1 || from[0].Address != l.RecipientEmailAddress || from[0].Name != People()[0].FullName() {
		t.Errorf("From: %v", from)
	}
	if m.Recipients[0] != "report+spam@"+Domain || m.Time.After(noon) || !strings.Contains(string(m.Raw), "Subject: lure") {
		t.Errorf("%v at %s:\n%s", m.Recipients, m.Time, m.Raw)
	}
}

func TestIndicatorsNameTheFilesOfTheMail(t *testing.T) {
	list, err := Indicators()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(list), "\nsha256,"); n < 4 {
		t.Errorf("%d files:\n%s", n, list)
	}
}
