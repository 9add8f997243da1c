package feed_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/feed"
	"tocsin/internal/feed/feedtest"
	"tocsin/internal/stix"
)

func (w *world) reports(id string) []feed.Report {
	w.Helper()
	all, err := w.desk.Reports(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// TestReportsOfTAXII is what a server tells of things that happened, with what of them the feed holds.
func TestReportsOfTAXII(t *testing.T) {
	w, server := newWorld(t), feedtest.NewTAXII()
	defer server.Close()
	at := w.now.Add(-time.Hour)
	refs := fmt.Sprintf(`"object_refs":[%q,%q,%q,%q,%q,%q]`, oid("indicator", 1), oid("indicator", 2), oid("indicator", 9), oid("malware", 1), oid("attack-pattern", 1), "identity--a0000000-0000-4000-8000-000000000001")
	report := func(n int, published time.Time, more string) string {
		return object("report", n, at, fmt.Sprintf(`"published":%q,%s`, stix.FormatTime(published), more))
	}
	server.Put(at, indicator(1, at, "[url:value = 'https://a.example/x']", ""), indicator(2, at, "[process:name = 'x.exe']", ""),
		object("malware", 1, at, `"name":"Emotet","is_family":true,"aliases":["Heodo"]`),
		object("attack-pattern", 1, at, `"name":"Spearphishing Attachment","external_references":[{"source_name":"mitre-attack","external_id":"T1566.001"}]`),
		report(1, w.now.AddDate(0, 0, -3), `"name":"<b>Invoices</b>\u0000\u202e again","description":"First [x](javascript:1).\r\n\r\n\n\nSecond.","report_types":["campaign"],"labels":["banking"],"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],`+refs),
		report(2, w.now.AddDate(1, 0, 0), `"name":"From the future","object_refs":["`+oid("malware", 1)+`"]`),
		report(3, at, `"name":"Of nothing","object_refs":["`+oid("indicator", 2)+`"]`), report(4, at, `"name":"Withdrawn","revoked":true,`+refs),
		object("grouping", 1, at, `"context":"suspicious-activity","object_refs":["`+oid("indicator", 1)+`"]`),
		object("campaign", 1, at, `"name":"Autumn","last_seen":"2026-11-10T00:00:00Z"`),
		object("relationship", 1, at, `"relationship_type":"indicates","source_ref":"`+oid("indicator", 1)+`","target_ref":"`+oid("campaign", 1)+`"`),
		object("relationship", 2, at, `"relationship_type":"uses","source_ref":"`+oid("campaign", 1)+`","target_ref":"`+oid("malware", 1)+`"`))
	f := w.add(feed.Settings{Kind: feed.TAXII, URL: server.URL + "/taxii2/", Collection: server.Collection, TLP: stix.TLPAmber}, "")
	if r := w.run(f.ID); r.Problem != "" || !strings.Contains(fmt.Sprint(r.Notes), "shown under Noteworthy: 1") {
		t.Fatalf("%+v", r)
	}
	all := w.reports(f.ID)
	if len(all) != 4 {
		t.Fatalf("%+v", all)
	}
	find := func(kind, name string) *feed.Report {
		t.Helper()
		i := slices.IndexFunc(all, func(r feed.Report) bool { return r.Kind == kind && r.Name == name })
		if i < 0 {
			t.Fatalf("no %s %q in %+v", kind, name, all)
		}
		return &all[i]
	}
	url := []stix.Wanted{{Kind: stix.URL, Value: "https://a.example/x"}}
	r := find("Report", "<b>Invoices</b> again")
	if r.Text != "First [x](javascript:1).\n\nSecond." || r.TLP != stix.TLPGreen || !slices.Equal(r.Labels, []string{"campaign", "banking"}) || !slices.Equal(r.Wanted, url) || len(r.Names) != 2 ||
		r.Names[0].Aliases[0] != "Heodo" || r.Names[1].Attack != "T1566.001" || !r.Published.Equal(w.now.AddDate(0, 0, -3).Add(-time.Second)) {
		t.Errorf("%+v", r)
	}
	if r := find("Report", "From the future"); !r.Published.Equal(at) || len(r.Wanted) != 0 || r.TLP != stix.TLPAmber {
		t.Errorf("%+v", r)
	}
	if g := find("Grouping", "suspicious-activity"); !slices.Equal(g.Wanted, url) {
		t.Errorf("%+v", g)
	}
	if c := find("Campaign", "Autumn"); !slices.Equal(c.Wanted, url) || len(c.Names) != 2 || c.Names[1].Name != "Emotet" || c.Published.Format(time.DateOnly) != "2026-11-10" {
		t.Errorf("%+v", c)
	}
	// A revoked indicator is not looked for any more; of very many reports the newest are kept, each within bounds.
	later := w.now
	server.Put(later, indicator(1, later, "[url:value = 'https://a.example/x']", `,"revoked":true`))
	for i := range 30 {
		var many []string
		for k := range 130 {
			many = append(many, fmt.Sprintf("domain-name:value = 'd%d-%d.example'", i, k))
		}
		server.Put(later, indicator(100+i, later, "["+strings.Join(many, " OR ")+"]", ""),
			report(100+i, w.now.Add(time.Duration(-i)*time.Minute), fmt.Sprintf(`"name":"R%d","description":%q,"object_refs":[%q]`, i, strings.Repeat("é", 9000), oid("indicator", 100+i))))
	}
	if r := w.run(f.ID); r.Problem != "" {
		t.Fatalf("%+v", r)
	}
	if all = w.reports(f.ID); len(all) != feed.MaxReports || slices.ContainsFunc(all, func(r feed.Report) bool { return slices.Equal(r.Wanted, url) }) {
		t.Errorf("%d, %+v", len(all), all[0])
	}
	if r := find("Report", "R5"); len(r.Wanted) != 50 || r.More != 80 || len([]rune(r.Text)) != 4000 {
		t.Errorf("%d and %d, %d", len(r.Wanted), r.More, len(r.Text))
	}
	w.open() // they are kept, and go with the feed
	if len(w.reports(f.ID)) != feed.MaxReports {
		t.Error("they are not kept")
	}
	if _, err := w.desk.Remove(t.Context(), f.ID); err != nil || len(w.reports(f.ID)) != 0 {
		t.Error(err, w.reports(f.ID))
	}
}

// TestReportsOfMISP reads the same events in the three ways in which MISP gives them.
func TestReportsOfMISP(t *testing.T) {
	w, misp := newWorld(t), feedtest.NewMISP()
	defer misp.Close()
	day := w.now.Add(-24 * time.Hour).Unix()
	misp.Events = []feedtest.Event{
		{UUID: "5f000000-0000-4000-8000-000000000001", Info: "Invoices\n again", Date: "2026-11-16", Threat: 1, At: day, Tags: []string{"tlp:amber", `misp-galaxy:malpedia="Emotet"`, `misp-galaxy:mitre-attack-pattern="Spearphishing Attachment - T1566.001"`, `misp-galaxy:sector="Banks"`},
			Attributes: []feedtest.Attribute{{UUID: "a1", Type: "url", Value: "hxxps://a[.]example/x", IDS: true, At: day}, {UUID: "a2", Type: "domain", Value: "harmless.example", At: day}, {UUID: "a4", Type: "ip-src", Value: "nonsense", IDS: true, At: day}},
			InObject:   []feedtest.Attribute{{UUID: "a3", Type: "email-src", Value: "boss@bad.example", IDS: true, At: day}}},
		{UUID: "5f000000-0000-4000-8000-000000000002", Info: "Nothing of mail", Date: "2026-11-17", At: day, Attributes: []feedtest.Attribute{{UUID: "b1", Type: "mutex", Value: "x", IDS: true, At: day}}},
	}
	for _, set := range []feed.Settings{
		{Name: "attributes", Kind: feed.MISP, URL: misp.URL, Auth: feed.AuthHeader, Header: "Authorization"},
		{Name: "events", Kind: feed.MISP, URL: misp.URL, Auth: feed.AuthHeader, Header: "Authorization", Events: true},
		{Name: "files", Kind: feed.MISPFeed, URL: misp.URL + "/feed/"},
	} {
		key := misp.Key
		if set.Kind == feed.MISPFeed {
			key = ""
		}
		f := w.add(set, key)
		if r := w.run(f.ID); r.Problem != "" {
			t.Fatalf("%s: %+v", set.Name, r)
		}
		all := w.reports(f.ID)
		if len(all) != 1 || all[0].Name != "Invoices  again" || all[0].Kind != "MISP event" || all[0].TLP != stix.TLPAmber || len(all[0].Wanted) != 2 || len(all[0].Names) != 2 ||
			all[0].Names[0].Name != "Emotet" || all[0].Names[1].Attack != "T1566.001" || !slices.Contains(all[0].Labels, `misp-galaxy:sector="Banks"`) {
			t.Fatalf("%s: %+v", set.Name, all)
		}
		if set.Name != "attributes" && (all[0].Published.Format(time.DateOnly) != "2026-11-16" || all[0].Labels[0] != "threat level high") {
			t.Errorf("%s: %+v", set.Name, all[0])
		}
		// One attribute is withdrawn, one comes; what was told before stays.
		e := &misp.Events[0]
		kept := e.Attributes
		e.At = day + 120
		gone := e.Attributes[0]
		gone.Deleted, gone.At = true, day+120
		e.Attributes = append([]feedtest.Attribute{gone, {UUID: "a9", Type: "domain", Value: "new.example", IDS: true, At: day + 120}}, e.Attributes[1:]...)
		if r := w.run(f.ID); r.Problem != "" {
			t.Fatalf("%s: %+v", set.Name, r)
		}
		all = w.reports(f.ID)
		if len(all) != 1 || len(all[0].Wanted) != 2 || !slices.Contains(all[0].Wanted, stix.Wanted{Kind: stix.Domain, Value: "new.example"}) || slices.ContainsFunc(all[0].Wanted, func(w stix.Wanted) bool { return w.Kind == stix.URL }) {
			t.Errorf("%s: %+v", set.Name, all)
		}
		e.Attributes, e.At = kept, day
		if _, err := w.desk.Remove(t.Context(), f.ID); err != nil || len(w.reports(f.ID)) != 0 {
			t.Error(err)
		}
	}
}
