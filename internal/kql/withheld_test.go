package kql

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/event"
)

func noContent(c *event.Column) string {
	if c.Content {
		return c.Name + " is withheld"
	}
	return ""
}

// TestWithheldColumns: naming one is refused wherever it stands; what names none works without them.
func TestWithheldColumns(t *testing.T) {
	for _, w := range []struct {
		query  string
		column int // of the name that is refused; 0: it compiles
		left   string
	}{
		{"EmailEvents", 0, "EmailEvents.AdditionalFields"},
		{"EmailEvents | take 5", 0, "EmailEvents.AdditionalFields"},
		{"EmailUrlInfo | extend Later = Timestamp + 1h", 0, "EmailUrlInfo.UrlText"},
		{"EmailEvents | count", 0, ""},
		{"EmailEvents | project Subject", 0, ""},
		{"EmailEvents | project-away Subject", 0, ""},
		{"EmailEvents | extend AdditionalFields = Subject | project AdditionalFields", 0, ""},
		{"print AdditionalFields = 1", 0, ""},
		{"EmailEvents | project AdditionalFields", 23, ""},
		{"EmailEvents | project-away AdditionalFields", 28, ""},
		{"EmailEvents | project-rename A = AdditionalFields", 34, ""},
		{"EmailEvents | where AdditionalFields has 'secret'", 21, ""},
		{"EmailEvents | extend A = strlen(AdditionalFields)", 33, ""},
		{"EmailEvents | summarize count() by AdditionalFields", 36, ""},
		{"EmailEvents | sort by AdditionalFields", 23, ""},
		{"EmailEvents | distinct AdditionalFields", 24, ""},
		{"EmailEvents | where NetworkMessageId in ((EmailUrlInfo | where UrlText has 'secret' | project NetworkMessageId))", 64, ""},
		{"EmailEvents | join kind=inner (EmailUrlInfo) on $left.AdditionalFields == $right.Url", 0, "?"},
		{"union EmailEvents, DeviceEvents | where AdditionalFields has 'x'", 41, ""},
		{"EmailEvents | join kind=inner DeviceEvents on $left.Subject == $right.DeviceId | project AdditionalFields", 90, ""},
		{"EmailEvents | extend d = parse_json(ConfidenceLevel).AdditionalFields", 0, "EmailEvents.AdditionalFields"},
		{"EmailEvents | extend Other = ['AdditionalFields']", 30, ""},
		{"EmailEvents | where Subject == 'AdditionalFields'", 0, "EmailEvents.AdditionalFields"},
		{"EmailUrlInfo | extend X = column_ifexists('UrlText', '')", 43, ""},
		{"let c = 'UrlText'; EmailUrlInfo | extend X = column_ifexists(c, '')", 9, ""},
		{"find in (EmailUrlInfo, EmailEvents) where UrlText has 'x'", 43, ""},
		{"search in (EmailUrlInfo) UrlText:'x'", 26, ""},
		{"search in (EmailUrlInfo) 'x'", 0, "EmailUrlInfo.UrlText"},
		{"EmailUrlInfo | where * has 'x' | count", 0, "EmailUrlInfo.UrlText"},
		{"union withsource=T Email* | where UrlText has 'x'", 35, ""},
		{"table('EmailUrlInfo')", 0, "EmailUrlInfo.UrlText"},
		{"let f = (T:(*)) { T | project UrlText }; EmailUrlInfo | invoke f()", 31, ""},
		{"let t = EmailUrlInfo | where UrlText == ''; t", 30, ""},
		{"EmailEvents | summarize arg_max(Timestamp, AdditionalFields) by Subject", 44, ""},
	} {
		q, err := Parse(w.query)
		if err != nil {
			t.Fatalf("%s: %v", w.query, err)
		}
		st, err := Compile(q, Options{Withheld: noContent}, DuckDB())
		var e *Error
		switch {
		case w.left == "?":
			if !errors.As(err, &e) || !strings.HasSuffix(e.Msg, "is withheld") {
				t.Errorf("%s: %v", w.query, err)
			}
		case w.column == 0 && err != nil:
			t.Errorf("%s: %v", w.query, err)
		case w.column == 0:
			if got := strings.Join(st.Withheld, ", "); got != w.left {
				t.Errorf("%s: left out %q, want %q", w.query, got, w.left)
			}
			if strings.Contains(st.SQL, "UrlText") || strings.Contains(st.SQL, "AdditionalFields") {
				t.Errorf("%s reads it: %s", w.query, st.SQL)
			}
		case !errors.As(err, &e) || e.Column != w.column || !strings.HasSuffix(e.Msg, " is withheld"):
			t.Errorf("%s: %v, want column %d", w.query, err, w.column)
		}
		if st, err := Compile(q, Options{}, DuckDB()); err != nil || len(st.Withheld) > 0 {
			if w.left != "?" { // joins text to text
				t.Errorf("%s, with nothing withheld: %v", w.query, err)
			}
		}
	}
	if c, ok := event.Tables()[0].Column("AdditionalFields"); !ok || !c.Content {
		t.Error("AdditionalFields is not marked")
	}
}

func TestChart(t *testing.T) {
	q, err := Parse(`EmailEvents | summarize A = count(), B = dcount(Subject) by bin(Timestamp, 1h) | render timechart with (title="Mail, by hour", kind=stacked, ycolumns=A, B, xcolumn=Timestamp, ymin=-1.5)`)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c, ok := q.Chart()
		if !ok || c.Kind != "timechart" || !slices.Equal(c.Properties["ycolumns"], []string{"A", "B"}) || !slices.Equal(c.Properties["title"], []string{"Mail, by hour"}) ||
			!slices.Equal(c.Properties["xcolumn"], []string{"Timestamp"}) || !slices.Equal(c.Properties["ymin"], []string{"-1.5"}) {
			t.Errorf("%+v, %v", c, ok)
		}
		if q, err = Parse(q.String()); err != nil {
			t.Fatal(err)
		}
	}
	if q, err = Parse("EmailEvents | render timechart | take 5"); err == nil {
		if _, ok := q.Chart(); ok {
			t.Error("what is not at the end draws nothing")
		}
	}
}

// TestErrorsHaveAnEnd: where the wrong part is known, its end is too.
func TestErrorsHaveAnEnd(t *testing.T) {
	src := "EmailEvents\n| where Sbject == 'ä' and Nothing > 1"
	q, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err = Compile(q, Options{}, DuckDB()); !errors.As(err, &e) || src[e.Offset:e.End] != "Sbject" {
		t.Errorf("%+v", e)
	}
}
