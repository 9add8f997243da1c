package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/feed/feedtest"
	"tocsin/internal/indicator"
	"tocsin/internal/intel"
	"tocsin/internal/stix"
)

// TestNoteworthyOfFeeds: what a feed tells of elsewhere stands under Noteworthy with what of it was seen here, and goes with the feed.
func TestNoteworthyOfFeeds(t *testing.T) {
	t.Parallel()
	partner := feedtest.NewTAXII()
	defer partner.Close()
	s := open(t)
	boss, reader := s.as(t, auth.SecurityAdministrator), s.as(t, auth.SecurityReader)
	at := s.clock.now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	id := func(kind string, n int) string { return fmt.Sprintf("%s--a0000000-0000-4000-8000-%012d", kind, n) }
	object := func(kind string, n int, more string) string {
		return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":%q,"created":%q,"modified":%q,%s}`, kind, id(kind, n), stix.FormatTime(at), stix.FormatTime(at), more)
	}
	report := func(n int, published time.Time, name, text string, refs ...string) string {
		return object("report", n, fmt.Sprintf(`"name":%q,"description":%q,"published":%q,"object_refs":["%s"],"report_types":["campaign"],"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]`,
			name, text, stix.FormatTime(published), strings.Join(refs, `","`)))
	}
	partner.Put(at, object("indicator", 1, `"valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[url:value = 'https://bad.example/pay']"`),
		object("malware", 1, `"name":"Emotet","is_family":true`), object("attack-pattern", 1, `"name":"Spearphishing Link","external_references":[{"source_name":"mitre-attack","external_id":"T1566.002"}]`),
		report(1, at, "Bills <img src=x>", "Somebody sends [bills](https://bad.example).\n\n```kusto\nEmailEvents\n```", id("indicator", 1), id("malware", 1), id("attack-pattern", 1)),
		report(2, at.Add(-time.Hour), "Of a family "+strings.Repeat("é", 150), "", id("malware", 1)), report(3, at.AddDate(0, 0, -100), "Long ago", "", id("indicator", 1)))
	s.take(t, letter("From: Ann Sender <ann@sender.test>", "To: bob@harbour.test", "Subject: Pay", "Message-ID: <1@sender.test>", "Date: Fri, 2 Jan 2026 03:04:05 +0000", "", "See https://bad.example/pay?id=7 now."), "bob@harbour.test", "cat@harbour.test")
	s.take(t, simple("Noon"), "bob@harbour.test")

	brought := func() (out []api.NoteworthyEntry) {
		t.Helper()
		got := ok[api.Noteworthy](reader.get(t, "/trackers/noteworthy"))
		if len(got.Refused) > 0 {
			t.Errorf("%q", got.Refused)
		}
		for _, e := range got.Entries {
			if e.Told != nil {
				out = append(out, e)
			}
		}
		return out
	}
	if all := brought(); len(all) != 0 {
		t.Fatalf("%+v", all)
	}
	s.clock.move(2 * time.Second) // what came by now is in the range
	made := ok[api.Feed](boss.post(t, "/feeds", api.FeedAsk{FeedSettings: api.FeedSettings{Name: "Partner", Kind: "taxii", URL: partner.URL + "/taxii2/", Collection: partner.Collection, Private: true, EveryMinutes: 60}}))
	ok[api.Feed](boss.post(t, "/feeds/"+made.ID+"/run", nil))
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if f := ok[api.FeedDetail](boss.get(t, "/feeds/"+made.ID)); len(f.Runs) == 1 && f.Status != "running" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it is not read\n%s", s.log)
		}
	}
	s.clock.move(time.Minute)
	all := brought()
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	e := all[slices.IndexFunc(all, func(e api.NoteworthyEntry) bool { return strings.HasPrefix(e.Title, "Bills") })]
	if e.Title != "Bills <img src=x>" || !strings.HasPrefix(e.Why, "Somebody sends [bills]") || e.Source != "Partner" || !e.Added.Equal(at) || e.Technique != "T1566.002" || e.Threat != "emotet" || e.Told.Feed != made.ID || e.Told.TLP != "green" ||
		len(e.Told.Names) != 2 || e.Told.Names[0].Threat != "emotet" || e.Told.Names[1].Threat == "" || !strings.Contains(e.Told.Counts, "one indicator") {
		t.Errorf("%+v %+v", e, e.Told)
	}
	f := e.Figures[0]
	n := ok[api.Count](reader.get(t, "/explorer/count", "q", f.Explorer.Q, "from", f.From.Format(time.RFC3339Nano), "to", f.To.Format(time.RFC3339Nano)))
	if f.Value != 2 || n.Events != 2 {
		t.Errorf("the entry counts %d, Explorer %d", f.Value, n.Events)
	}
	if o := all[1]; !strings.HasPrefix(o.Title, "Of a family") || (!strings.Contains(o.Query, "Emotet") || o.Figures[2].Value != 0 || !strings.Contains(o.Why, "names no indicator")) {
		t.Errorf("%+v", o)
	}
	if got := boss.send(t, "DELETE", "/feeds/"+made.ID, nil); got.status >= 300 {
		t.Fatal(got.status)
	}
	if all := brought(); len(all) != 0 {
		t.Errorf("they stay: %+v", all)
	}
}

// TestMailWith asks for every kind of indicator in mail that has them, and in mail that nearly does.
func TestMailWith(t *testing.T) {
	t.Parallel()
	s := open(t)
	reader := s.as(t, auth.SecurityReader)
	send := func(from, subject, text string) {
		s.take(t, letter("From: "+from, "To: bob@harbour.test", "Subject: "+subject, "Message-ID: <"+subject[:1]+"@x.test>", "Date: Fri, 2 Jan 2026 03:04:05 +0000", "", text), "bob@harbour.test")
	}
	send("Ann <ann@mail.bad.example>", "A invoice for you is overdue", "https://Pages.example/Login?x=1#y and https://203.0.113.9/x")
	send("Bea <bea@notbad.example>", "B", "https://pages.example/ and https://pages.example/login/more and https://sub.host.example/")
	for _, c := range []struct {
		kind  intel.Kind
		value string
		want  int64
	}{
		{intel.Sender, "ANN@mail.bad.example", 1}, {intel.Domain, "bad.example", 1}, {intel.Domain, "host.example", 1}, {intel.Domain, "pages.example", 2}, {intel.IP, "203.0.113.9", 1}, {intel.IP, "203.0.113.8", 0},
		{intel.URL, "hxxp://pages.example/Login", 1}, {intel.URL, "https://pages.example", 1}, {intel.URL, "https://pages.example/login?x=1", 1}, {intel.URL, "https://pages.example/login?x=2", 0},
		{intel.Subject, "invoice * overdue", 1}, {intel.Subject, "overdue invoice", 0}, {intel.Hash, "d41d8cd98f00b204e9800998ecf8427e", 0}, {intel.IP, "198.51.100.0/24", 0}, {intel.IP, "2001:db8::/32", 0},
	} {
		q, n := indicator.MailWith([]intel.Indicator{{Kind: c.kind, Value: c.value}})
		if got := ok[api.Count](reader.get(t, "/explorer/count", "q", q)); n != 1 || got.Events != c.want {
			t.Errorf("%s %s: %d, not %d\n%s", c.kind, c.value, got.Events, c.want, q)
		}
	}
	var many []intel.Indicator
	for i := range 150 {
		many = append(many, intel.Indicator{Kind: intel.URL, Value: fmt.Sprintf("https://%s.example/%d", strings.Repeat("x", 60), i)})
	}
	q, n := indicator.MailWith(many)
	if got := ok[api.Count](reader.get(t, "/explorer/count", "q", q)); n < 10 || n > 50 || got.Events != 0 {
		t.Errorf("%d of %d, %d octets", n, len(many), len(q))
	}
	if q, n := indicator.MailWith([]intel.Indicator{{Kind: intel.URL, Value: "nonsense"}}); q != "" || n != 0 {
		t.Errorf("%q %d", q, n)
	}
}
