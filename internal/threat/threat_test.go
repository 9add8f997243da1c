package threat_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/kql"
	"tocsin/internal/kql/native"
	"tocsin/internal/threat"
	"tocsin/rules"
)

// speakers are the ids of every rule that ships and of every built-in signal, and the detection technologies they stand for.
func speakers(t *testing.T) (ids, technologies map[string]bool) {
	t.Helper()
	ids, technologies = map[string]bool{}, map[string]bool{}
	for _, k := range detect.Kinds() {
		ids[k.ID], technologies[string(k.Technology)] = true, true
	}
	files, err := fs.Glob(rules.FS, "*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		ids[strings.TrimSuffix(path.Base(f), ".yaml")] = true
	}
	return ids, technologies
}

func compiles(t *testing.T, at, text string) {
	t.Helper()
	q, err := kql.Parse(text)
	if err != nil {
		t.Errorf("%s: %v\n%s", at, err, text)
		return
	}
	if _, err := kql.Compile(q, kql.Options{Now: time.Now(), Withheld: nil}, kql.DuckDB()); err != nil {
		t.Errorf("%s: %v\n%s", at, err, text)
	}
}

// TestArticles reads every article that ships as its readers will use it.
func TestArticles(t *testing.T) {
	all := threat.Shipped()
	if len(all) < 45 {
		t.Fatalf("%d articles", len(all))
	}
	ids, technologies := speakers(t)
	byID := map[string]bool{}
	for i := range all {
		byID[all[i].ID] = true
	}
	for i := range all {
		a := &all[i]
		if len(a.Attack) == 0 || len(a.Tags) == 0 || a.Summary() == "" || a.Updated.After(time.Now().AddDate(0, 0, 1)) {
			t.Errorf("%s: attack %v, tags %v, updated %v", a.ID, a.Attack, a.Tags, a.Updated)
		}
		for _, s := range slices.Concat(a.Signals, a.Detections) {
			if !ids[s] {
				t.Errorf("%s: there is no rule or signal %q", a.ID, s)
			}
		}
		for _, s := range a.Technologies {
			if !technologies[s] {
				t.Errorf("%s: there is no detection technology %q", a.ID, s)
			}
		}
		// The operator has finds words inside ids: whatever it would count must be meant.
		for id := range ids {
			for _, s := range a.Signals {
				if id != s && native.HasTerm(id, s) && !slices.Contains(a.Signals, id) {
					t.Errorf("%s: its signal %q also finds %q; name both or none", a.ID, s, id)
				}
			}
		}
		for name := range technologies {
			for _, s := range a.Technologies {
				if name != s && native.HasTerm(name, s) && !slices.Contains(a.Technologies, name) {
					t.Errorf("%s: its technology %q also finds %q; name both or none", a.ID, s, name)
				}
			}
		}
		for _, r := range a.Related {
			if !byID[r] || r == a.ID {
				t.Errorf("%s: related to %q", a.ID, r)
			}
		}
		if f := a.Filter(); f != "" {
			compiles(t, a.ID, f)
		}
		queries := 0
		for _, s := range a.Sections {
			for _, b := range s.Blocks {
				if b.Kind == threat.Query {
					queries++
					compiles(t, a.ID, b.KQL)
				}
				for _, p := range b.Spans {
					if p.Threat != "" && !byID[p.Threat] {
						t.Errorf("%s: %q leads to an article %q that is not there", a.ID, p.Text, p.Threat)
					}
				}
			}
		}
		if queries == 0 {
			t.Errorf("%s: no query", a.ID)
		}
	}
}

func TestAbout(t *testing.T) {
	l := threat.NewLibrary(threat.Shipped())
	for name, want := range map[string]string{
		"Win.Trojan.Agenttesla-9953711-0": "agent-tesla", "win_agent_tesla_auto": "agent-tesla", "MALWARE_Win_AgentTeslaV3": "agent-tesla", "Trojan:MSIL/AgentTesla!MTB": "agent-tesla",
		"Qbot": "qakbot", "Win.Downloader.Bladabindi.a": "njrat", "S0367": "emotet", "G0007": "apt28", "T1566.004": "callback-phishing", "t1528": "device-code-phishing",
		"qr-lure": "qr-code-phishing", "Mail bombing": "mail-bombing", "emotet": "emotet", "Emotet!gen7": "emotet", "Fancy Bear": "apt28",
		"Win.Test.EICAR_HDB-1": "", "Trojan.Generic": "", "T0001": "", "": "", strings.Repeat("emotet ", 100): "",
	} {
		got := l.About(name)
		if want == "" && len(got) > 0 || want != "" && (len(got) == 0 || got[0].ID != want) {
			ids := []string{}
			for _, g := range got {
				ids = append(ids, g.ID)
			}
			t.Errorf("%q: %v, want %q", name, ids, want)
		}
	}
	for _, id := range []string{"about", "trends"} {
		if _, taken := l.ByID(id); taken {
			t.Errorf("%q is a route", id)
		}
	}
}

// TestTally counts made marks whose sums are known, an event once for each threat, however many names it has.
func TestTally(t *testing.T) {
	l := threat.NewLibrary([]threat.Threat{
		{ID: "one", Kind: threat.Family, Name: "Agent Tesla"},
		{ID: "two", Kind: threat.Technique, Name: "Codes", Signals: []string{"qr-link", "qr-lure"}, Technologies: []string{"URL detonation"}},
		{ID: "old", Kind: threat.Technique, Name: "Old", Signals: []string{"never"}, Updated: time.Unix(1, 0)},
		{ID: "grows", Kind: threat.Technique, Name: "Grows", Signals: []string{"more"}},
	})
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	counts := l.Tally([]threat.Mark{
		{Names: "Win.Trojan.AgentTesla-1, Other", Signals: "qr-link, qr-lure", Technologies: "URL detonation", Events: 3, First: day, Last: day},
		{Signals: "first-contact-request, qr-lure-extra", Events: 5, Before: 2, First: day.AddDate(0, 0, -3), Last: day.AddDate(0, 0, 2)},
		{Names: "AgentTeslaX", Signals: "qr", Technologies: "URL detonation reputation", Events: 7, First: day, Last: day},
		{Signals: "more", Events: 8, Before: 4, First: day, Last: day},
	})
	if c := counts["one"]; c.Events != 3 || c.Before != 0 {
		t.Errorf("one: %+v", c)
	}
	// The operator has finds "URL detonation" in "URL detonation reputation", and so does the count.
	if c := counts["two"]; c.Events != 15 || c.Before != 2 || !c.First.Equal(day.AddDate(0, 0, -3)) || !c.Last.Equal(day.AddDate(0, 0, 2)) {
		t.Errorf("two: %+v", c)
	}
	var got []string
	for _, tr := range l.Trends(counts, true, 10) {
		got = append(got, tr.Threat.ID+" "+string(tr.Why))
	}
	if want := []string{"one new", "two growing", "grows growing", "old newest"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if tr := l.Trends(counts, false, 1); len(tr) != 1 || tr[0].Why != threat.Seen {
		t.Errorf("%+v", tr)
	}
}

func FuzzParse(f *testing.F) {
	for i, t := range threat.Shipped() {
		if i%20 == 0 {
			f.Add([]byte("---\nid: x\nkind: family\nname: " + t.Name + "\nupdated: 2026-01-01\n---\n\n## What it is\n\n```kql\nEmailEvents\n```\n- a `b` [c](d)\n"))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := threat.Parse(raw)
		if err == nil && (a.ID == "" || len(a.Sections) != len(threat.Titles)) {
			t.Errorf("%+v", a)
		}
	})
}
