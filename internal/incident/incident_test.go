package incident

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

func fresh() Incident {
	i := Incident{Name: "one", Created: noon}
	i.Severity, i.Status, i.Classification, i.Determination = Medium, Active, NotSet, Undetermined
	return i
}

func of[T any](v T) *T { return &v }

func TestNumbers(t *testing.T) {
	for s, want := range map[string]int64{"147": 147, "0147": 147, "INC-0147": 147, "inc-147": 147, " INC-1 ": 1, "INC-": 0, "": 0, "0": 0, "-1": 0, "1e3": 0, "01890000-0000-7000-8000-000000000000": 0, "9999999999999": 0} {
		if got := ParseNumber(s); got != want {
			t.Errorf("%q is %d", s, got)
		}
	}
	if Label(147) != "INC-0147" || Label(123456) != "INC-123456" {
		t.Error(Label(147), Label(123456))
	}
}

func TestChanges(t *testing.T) {
	by := Actor{"7", "dana@harbour.example", noon.Add(time.Minute)}
	for _, c := range []struct {
		name   string
		change Change
		field  string // that is wrong
		say    string
	}{
		{"nothing", Change{}, "", ""},
		{"the same", Change{Name: of("one"), Severity: of(Medium)}, "", ""},
		{"severity", Change{Severity: of(High)}, "", "set the severity to High"},
		{"no severity", Change{Severity: of(Severity(9))}, "severity", ""},
		{"owner", Change{Owner: &Person{"8", "kofi@harbour.example", "Kofi"}}, "", "gave it to kofi@harbour.example"},
		{"name of space", Change{Name: of(" \t ")}, "name", ""},
		{"long name", Change{Name: of(strings.Repeat("é", MaxName+1))}, "name", ""},
		{"resolved without a word", Change{Status: of(Resolved)}, "classification", ""},
		{"resolved without a determination", Change{Status: of(Resolved), Classification: of(TruePositive)}, "determination", ""},
		{"another's determination", Change{Classification: of(FalsePositive), Determination: of(Determination("Phishing"))}, "determination", ""},
		{"unknown classification", Change{Classification: of(Classification("Maybe"))}, "classification", ""},
		{"unknown status", Change{Status: of(Status("Redirected"))}, "status", ""},
		{"resolved", Change{Status: of(Resolved), Classification: of(TruePositive), Determination: of(Determination("Phishing"))}, "",
			"set the status to Resolved, set the classification to True positive, set the determination to Phishing"},
		{"tags", Change{Tags: &[]string{"B", "a ", "b", ""}, AddTags: []string{"c"}, RemoveTags: []string{"A"}}, "", "set the tags to B, c"},
		{"long tag", Change{AddTags: []string{strings.Repeat("x", MaxTag+1)}}, "tags", ""},
	} {
		i := fresh()
		changes, err := c.change.Apply(&i, by)
		var wrong *Wrong
		switch {
		case c.field == "" && err != nil, c.field != "" && (!errors.As(err, &wrong) || wrong.Field != c.field):
			t.Errorf("%s: %v", c.name, err)
		case err == nil && Sentence(changes) != c.say:
			t.Errorf("%s: %q", c.name, Sentence(changes))
		}
	}
	i := fresh()
	resolve := Change{Status: of(Resolved), Classification: of(TruePositive), Determination: of(Determination("Phishing"))}
	if _, err := resolve.Apply(&i, by); err != nil || !i.Acknowledged.Equal(by.At) || !i.Resolved.Equal(by.At) || i.ResolvedBy != by.Email {
		t.Errorf("%+v, %v", i, err)
	}
	later := Actor{"7", by.Email, by.At.Add(time.Hour)}
	if _, err := (&Change{Status: of(Active)}).Apply(&i, later); err != nil || !i.Resolved.IsZero() || !i.Acknowledged.Equal(by.At) {
		t.Errorf("%+v, %v", i, err)
	}
	if _, err := (&Change{Classification: of(FalsePositive)}).Apply(&i, later); err != nil || i.Determination != Undetermined {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestClocks(t *testing.T) {
	clocks := Clocks{Medium: {time.Hour, 24 * time.Hour}, Low: {0, time.Hour}}
	for _, c := range []struct {
		name  string
		i     func(*Incident)
		now   time.Duration
		next  time.Duration // 0: none
		over  bool
		lates string
	}{
		{"new", func(*Incident) {}, 0, time.Hour, false, "false false"},
		{"not taken up", func(*Incident) {}, 2 * time.Hour, time.Hour, true, "true false"},
		{"taken up", func(i *Incident) { i.Acknowledged = noon.Add(time.Minute) }, 2 * time.Hour, 24 * time.Hour, false, "false false"},
		{"taken up late", func(i *Incident) { i.Acknowledged = noon.Add(2 * time.Hour) }, 3 * time.Hour, 24 * time.Hour, false, "true false"},
		{"too slow", func(i *Incident) { i.Acknowledged = noon.Add(time.Minute) }, 25 * time.Hour, 24 * time.Hour, true, "false true"},
		{"resolved late", func(i *Incident) {
			i.Acknowledged, i.Status, i.Resolved = noon, Resolved, noon.Add(25*time.Hour)
		}, 26 * time.Hour, 0, false, "false true"},
		{"not measured", func(i *Incident) { i.Severity = High }, 1000 * time.Hour, 0, false, "false false"},
		{"half measured", func(i *Incident) { i.Severity = Low }, 2 * time.Hour, time.Hour, true, "false true"},
	} {
		i := fresh()
		c.i(&i)
		d := clocks.Of(&i, noon.Add(c.now))
		want := time.Time{}
		if c.next > 0 {
			want = noon.Add(c.next)
		}
		if !d.Next.Equal(want) || d.Overdue != c.over || fmt.Sprint(d.AcknowledgeLate, d.ResolveLate) != c.lates {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
	if err := (Clocks{High: {time.Second, 0}}).Validate(); err == nil || !strings.Contains(err.Error(), "high.acknowledge") {
		t.Error(err)
	}
	if err := DefaultClocks().Validate(); err != nil {
		t.Error(err)
	}
}

func TestMentions(t *testing.T) {
	people := []Person{{"1", "dana@harbour.example", "Dana"}, {"2", "kofi@harbour.example", "Kofi"}, {"3", "kofi@branch.example", "Kofi"}, {"4", "ana.maria@harbour.example", "Ana"}}
	for text, want := range map[string]string{
		"@dana please look.":                               "1",
		"@dana, @dana and @DANA":                           "1",
		"@kofi is two people":                              "",
		"@kofi@branch.example is one":                      "3",
		"ask @ana.maria.":                                  "4",
		"write to dana@harbour.example":                    "",
		"@nobody @":                                        "",
		"(@dana)@kofi@harbour.example":                     "1 2",
		"é@dana":                                           "",
		"@dana@harbour.example":                            "1",
		strings.Repeat("@", 100_000) + "dana":              "",
		"@" + strings.Repeat("x", 100_000) + " then @dana": "1",
	} {
		var got []string
		for _, p := range Mentions(text, people) {
			got = append(got, p.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%.40q: %q, not %q", text, got, want)
		}
	}
}

func FuzzMentions(f *testing.F) {
	f.Add("@dana @kofi@branch.example a@b")
	f.Fuzz(func(t *testing.T, text string) {
		if got := Mentions(text, []Person{{"1", "dana@harbour.example", ""}}); len(got) > 1 {
			t.Errorf("%q: %v", text, got)
		}
	})
}
