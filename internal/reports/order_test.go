package reports_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/internal/dashboard"
	"tocsin/internal/reports"
)

func TestNextAndSpan(t *testing.T) {
	berlin := reports.Order{Rhythm: reports.Weekly, Weekday: time.Monday, Hour: 7, Zone: "Europe/Berlin"}
	last := reports.Order{Rhythm: reports.Monthly, Day: 31, Hour: 6, Zone: "UTC"}
	for _, c := range []struct {
		order             reports.Order
		after, want, from string
	}{
		{berlin, "2026-04-20T04:00:00Z", "2026-04-20T05:00:00Z", "2026-04-13T05:00:00Z"},                                                                                      // Monday, an hour before
		{berlin, "2026-04-20T05:00:00Z", "2026-04-27T05:00:00Z", "2026-04-20T05:00:00Z"},                                                                                      // at the very moment: the next one
		{berlin, "2026-10-20T12:00:00Z", "2026-10-26T06:00:00Z", "2026-10-19T05:00:00Z"},                                                                                      // the clock was put back on Sunday: the week has an hour more
		{reports.Order{Rhythm: reports.Weekly, Weekday: time.Sunday, Hour: 2, Zone: "Europe/Berlin"}, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-22T02:00:00Z"}, // there is no two o'clock
		{reports.Order{Rhythm: reports.Daily, Hour: 23, Zone: "Pacific/Auckland"}, "2026-04-20T00:00:00Z", "2026-04-20T11:00:00Z", "2026-04-19T11:00:00Z"},
		{last, "2026-01-31T07:00:00Z", "2026-02-28T06:00:00Z", "2026-01-31T06:00:00Z"},
		{last, "2026-02-28T06:00:00Z", "2026-03-31T06:00:00Z", "2026-02-28T06:00:00Z"},
		{last, "2026-03-31T06:00:00Z", "2026-04-30T06:00:00Z", "2026-03-31T06:00:00Z"},
		{reports.Order{Rhythm: reports.Monthly, Day: 1, Zone: "UTC"}, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-12-01T00:00:00Z"},
	} {
		after, _ := time.Parse(time.RFC3339, c.after)
		got, err := c.order.Next(after)
		from, to := c.order.Span(got)
		if err != nil || got.Format(time.RFC3339) != c.want || from.Format(time.RFC3339) != c.from || !to.Equal(got) {
			t.Errorf("%+v after %s: %s about %s on, %v; want %s, %s", c.order, c.after, got.Format(time.RFC3339), from.Format(time.RFC3339), err, c.want, c.from)
		}
	}
}

func TestWrongOrders(t *testing.T) {
	right := reports.Order{Name: " The  week ", Report: reports.BoardLetter, To: []string{"Ann@corp.example", "ann@corp.example"}, Rhythm: reports.Monthly, Day: 31, Hour: 7, Zone: "UTC"}
	may := func(a string) bool { return strings.HasSuffix(a, "@corp.example") }
	if err := right.Check(may); err != nil || right.Name != "The week" || len(right.To) != 1 || right.To[0] != "ann@corp.example" {
		t.Errorf("%v %+v", err, right)
	}
	for field, spoil := range map[string]func(o *reports.Order){
		"name": func(o *reports.Order) { o.Name = " " }, "report": func(o *reports.Order) { o.Report = "moon" }, "rhythm": func(o *reports.Order) { o.Rhythm = "yearly" },
		"day": func(o *reports.Order) { o.Day = 32 }, "hour": func(o *reports.Order) { o.Hour = 24 }, "zone": func(o *reports.Order) { o.Zone = "Moon/Sea" }, "to": func(o *reports.Order) { o.To = []string{"eve@outside.example"} },
	} {
		o := right
		spoil(&o)
		var wrong *dashboard.WrongError
		if err := o.Check(may); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
