package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/feed"
	"tocsin/internal/feed/feedtest"
	"tocsin/internal/stix"
	"tocsin/internal/stix/stixtest"
)

// bundle reads a STIX answer: every object is valid, and every reference leads to one of it.
func bundle(r reply) map[string]*stix.Object {
	r.t.Helper()
	r.want(http.StatusOK)
	if kind := r.header.Get("Content-Type"); kind != "application/stix+json;version=2.1" {
		r.t.Errorf("a bundle came as %q", kind)
	}
	out := map[string]*stix.Object{}
	for o, err := range stix.Read(strings.NewReader(string(r.body)), stix.Limits{}, nil) {
		if err != nil {
			r.t.Fatal(err)
		}
		if wrong := stixtest.Strict(o.Raw); wrong != nil {
			r.t.Errorf("%s: %v", o.Raw, wrong)
		}
		out[o.ID] = o
	}
	for _, o := range out {
		var refs struct {
			Refs []string `json:"object_refs"`
			To   string   `json:"target_ref"`
			Of   string   `json:"sighting_of_ref"`
		}
		_ = json.Unmarshal(o.Raw, &refs)
		for _, ref := range append(refs.Refs, refs.To, refs.Of) {
			if ref != "" && out[ref] == nil {
				r.t.Errorf("%s refers to %s, which is not there", o.ID, ref)
			}
		}
	}
	return out
}

func of(all map[string]*stix.Object, kind string) (out []*stix.Object) {
	for _, o := range all {
		if o.Type == kind {
			out = append(out, o)
		}
	}
	return out
}

// TestFeeds goes the whole way: mail that was delivered, a feed that would have hit it, tried, switched on, read on its schedule over a
// restart; the incident told in STIX; and a second Tocsin's client that reads the first one's TAXII server.
func TestFeeds(t *testing.T) {
	t.Parallel()
	partner := feedtest.NewTAXII()
	defer partner.Close()
	partner.Token = "k3y-of-the-partner"
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	indicator := func(n int, pattern, more string) string {
		return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--a0000000-0000-4000-8000-%012d","created":%q,"modified":%q,"valid_from":%q,"pattern":%q,"pattern_type":"stix"%s}`,
			n, stix.FormatTime(at), stix.FormatTime(at), stix.FormatTime(at), pattern, more)
	}
	partner.Put(at, indicator(1, "[url:value = 'https://bad.example/pay']", `,"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]`),
		indicator(2, "[domain-name:value = 'unseen.example']", `,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]`), indicator(3, "[email-addr:value = 'ann@sender.test']", ""), `{"type":"x"}`)

	upkeep := func(_ *app.Config, o *app.Options) { o.Upkeep = true }
	s := open(t, upkeep)
	boss, reader := s.as(t, auth.SecurityAdministrator), s.as(t, auth.SecurityReader)
	s.take(t, letter("From: Ann Sender <ann@sender.test>", "To: bob@harbour.test", "Subject: Pay", "Message-ID: <1@sender.test>", "Date: Fri, 2 Jan 2026 03:04:05 +0000", "", "See https://bad.example/pay now."), "bob@harbour.test", "cat@harbour.test")
	s.take(t, simple("Noon"), "bob@harbour.test")

	ask := api.FeedAsk{Secret: partner.Token, FeedSettings: api.FeedSettings{Name: "Partner", Kind: "taxii", URL: partner.URL + "/taxii2/", Auth: "bearer", Private: true, EveryMinutes: 60, Confidence: 70, State: "confirmed", Days: 30}}
	trial := ok[api.FeedTrial](boss.post(t, "/feeds/try", api.FeedTrialAsk{FeedSettings: ask.FeedSettings, Secret: &ask.Secret}))
	if !trial.Good || len(trial.Collections) != 2 {
		t.Fatalf("%+v", trial)
	}
	ask.Collection, ask.Root = trial.Collections[0].ID, trial.Collections[0].Root
	trial = ok[api.FeedTrial](boss.post(t, "/feeds/try", api.FeedTrialAsk{FeedSettings: ask.FeedSettings, Secret: &ask.Secret}))
	if !trial.Good || trial.Items != 3 || trial.RefusedCount != 1 || len(trial.Rows) != 3 {
		t.Fatalf("%+v", trial)
	}
	hits := ok[api.FeedHits](boss.post(t, "/feeds/hits", api.FeedTrialAsk{FeedSettings: ask.FeedSettings, Secret: &ask.Secret}))
	if hits.Read != 3 || hits.Mail != 2 || hits.Values != 2 || len(hits.Hits) != 2 || hits.Hits[0].Value != "ann@sender.test" || hits.Hits[0].Messages != 2 || hits.Hits[1].Column != "Url" || hits.Wide != 2 {
		t.Fatalf("%+v", hits)
	}
	reader.post(t, "/feeds", ask).problem(http.StatusForbidden)
	bad := ask
	bad.Columns.Separator, bad.Kind, bad.EveryMinutes = "ab", "csv", 60
	if p := boss.post(t, "/feeds", bad).problem(http.StatusUnprocessableEntity); p.Errors[0].Location != "body.columns.value" {
		t.Errorf("%+v", p)
	}

	ask.Enabled = true
	made := ok[api.Feed](boss.post(t, "/feeds", ask))
	read := func() api.FeedDetail {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			f := ok[api.FeedDetail](reader.get(t, "/feeds/"+made.ID))
			if len(f.Runs) > 0 && f.Status != "running" && f.Next != nil && f.Next.After(s.clock.now()) {
				return f
			}
			if time.Now().After(end) {
				t.Fatalf("it is not read: %+v\n%s", f, s.log)
			}
		}
	}
	f := read()
	if f.Status != "ok" || f.Runs[0].Added != 3 || f.Runs[0].RefusedCount != 1 || f.Items != 3 || f.Objects != 3 || !f.HasSecret {
		t.Errorf("%+v", f)
	}
	for _, r := range []reply{reader.get(t, "/feeds"), boss.get(t, "/feeds/"+made.ID), reader.get(t, "/feeds/"+made.ID)} {
		if strings.Contains(string(r.body), partner.Token) {
			t.Errorf("the key is told: %s", r.body)
		}
	}
	if all := bundle(reader.get(t, "/feeds/"+made.ID+"/stix")); len(all) != 3 {
		t.Errorf("%d objects", len(all))
	}

	// Over a restart it is read when it is due, and what it withdraws is gone. The partner is away in between.
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	partner.Misbehave = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	s = open(t, upkeep, func(c *app.Config, _ *app.Options) { c.Data = s.dir })
	boss, reader = s.as(t, auth.SecurityAdministrator), s.as(t, auth.SecurityReader)
	if again := ok[api.FeedDetail](reader.get(t, "/feeds/"+made.ID)); len(again.Runs) != 1 || !again.Next.Equal(*f.Next) {
		t.Errorf("%+v", again)
	}
	s.clock.move(61 * time.Minute)
	if f = read(); len(f.Runs) == 1 {
		time.Sleep(3 * time.Second)
		f = read()
	}
	if f.Status != "failing" || f.Failures != 1 || f.SilentSince == nil || !strings.Contains(f.Problem, "fault of its own") {
		t.Errorf("%+v", f)
	}
	partner.Misbehave = nil
	at = time.Now().Add(-time.Minute).UTC().Truncate(time.Millisecond)
	partner.Put(at, indicator(2, "[domain-name:value = 'unseen.example']", `,"revoked":true`))
	ok[api.Feed](boss.post(t, "/feeds/"+made.ID+"/run", nil))
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if f = read(); f.Failures == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%+v", f)
		}
	}
	if r := f.Runs[0]; r.Withdrawn != 1 || r.Changed != 0 || r.Objects != 1 || r.By == "" {
		t.Errorf("%+v", f.Runs[0])
	}
	tell(t, s)
	boss.send(t, http.MethodDelete, "/feeds/"+made.ID, nil).want(http.StatusNoContent)
	if left := ok[[]api.Feed](reader.get(t, "/feeds")); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	if strings.Contains(s.log.String(), partner.Token) {
		t.Error("the key stands in the log")
	}
}

// tell is what the site of TestFeeds tells others.
func tell(t *testing.T, s *site) {
	operator := s.as(t, auth.SecurityOperator)
	i := ok[api.Incident](operator.post(t, "/incidents", api.NewIncident{Name: "Pay now", Severity: "High", Tags: []string{"TLP:GREEN"}, Mail: &api.IncidentMailAsk{Query: &api.ActionQuery{Q: `EmailEvents | where Subject == "Pay"`}}}))
	told := operator.get(t, "/incidents/"+i.ID+"/stix", "tlp", "green")
	all := bundle(told)
	if len(of(all, "incident")) != 1 || len(of(all, "report")) != 1 || len(of(all, "email-message")) != 1 || len(of(all, "url")) != 1 || len(of(all, "observed-data")) != 1 {
		t.Errorf("%s", told.body)
	}
	// The URL was told to us as green and may go on; the sender was told without a level, which is amber, and is left out with a word.
	known := of(all, "indicator")
	if len(known) != 1 || known[0].Pattern != "[url:value = 'https://bad.example/pay']" || len(of(all, "sighting")) != 1 || !strings.Contains(of(all, "report")[0].Description, "1 indicators are left out") {
		t.Errorf("%s", told.body)
	}
	if strings.Contains(string(told.body), "bob@harbour.test") {
		t.Error("a recipient is told")
	}
	if all = bundle(operator.get(t, "/incidents/"+i.ID+"/stix", "tlp", "red")); len(of(all, "indicator")) != 2 {
		t.Errorf("%v", all)
	}
	operator.get(t, "/incidents/"+i.ID+"/stix").want(http.StatusUnprocessableEntity)
	operator.get(t, "/campaigns/none/export/stix", "tlp", "green").problem(http.StatusNotFound)
	s.as(t, auth.SecurityReader).get(t, "/incidents/"+i.ID+"/stix", "tlp", "red").problem(http.StatusForbidden)

	// TAXII: the permission, the version, paging, and the collections as another Tocsin reads them.
	token := s.token(t, auth.SecurityReader)
	client := s.nobody().with("Authorization", "Bearer "+token)
	client.get(t, "//taxii2/").want(http.StatusNotAcceptable)
	client = client.with("Accept", feed.MediaTAXII)
	s.nobody().with("Accept", feed.MediaTAXII).get(t, "//taxii2/").want(http.StatusUnauthorized)
	client.get(t, "//taxii2/root/collections/nothing/objects/").want(http.StatusNotFound)
	client.post(t, "//taxii2/root/collections/indicators-green/objects/", nil).want(http.StatusMethodNotAllowed)
	client.get(t, "//taxii2/root/collections/indicators-green/objects/", "limit", "x").want(http.StatusBadRequest)
	if r := client.get(t, "//taxii2/root/collections/indicators-clear/objects/").want(http.StatusOK); strings.TrimSpace(string(r.body)) != "{}" {
		t.Errorf("%s", r.body)
	}
	type envelope struct {
		More    bool
		Next    string
		Objects []struct{ ID, Type, Pattern, Version string }
	}
	objects := ok[envelope](client.get(t, "//taxii2/root/collections/indicators-green/objects/"))
	if len(objects.Objects) != 1 || objects.Objects[0].Type != "indicator" {
		t.Fatalf("%+v", objects)
	}
	id := objects.Objects[0].ID
	one := client.get(t, "//taxii2/root/collections/indicators-green/objects/"+id+"/")
	if got := ok[envelope](one); len(got.Objects) != 1 || one.header.Get("Content-Type") != feed.MediaTAXII || one.header.Get("X-TAXII-Date-Added-Last") == "" {
		t.Errorf("%+v %v", got, one.header)
	}
	client.get(t, "//taxii2/root/collections/indicators-clear/objects/"+id+"/").want(http.StatusNotFound)
	if got := ok[struct{ Versions []string }](client.get(t, "//taxii2/root/collections/indicators-green/objects/"+id+"/versions/")); len(got.Versions) != 1 {
		t.Errorf("%+v", got)
	}
	if got := ok[envelope](client.get(t, "//taxii2/root/collections/indicators-green/manifest/", "match[type]", "indicator")); len(got.Objects) != 1 || got.Objects[0].Version == "" {
		t.Errorf("%+v", got)
	}
	if got := ok[envelope](client.get(t, "//taxii2/root/collections/indicators-green/objects/", "match[type]", "malware")); len(got.Objects) != 0 {
		t.Errorf("%+v", got)
	}
	seen, next := 0, ""
	for {
		pairs := []string{"limit", "2"}
		if next != "" {
			pairs = append(pairs, "next", next)
		}
		page := ok[envelope](client.get(t, "//taxii2/root/collections/incidents-green/objects/", pairs...))
		seen += len(page.Objects)
		if next = page.Next; !page.More {
			break
		}
	}
	if want := len(bundle(s.as(t, auth.SecurityOperator).get(t, "/incidents/"+i.ID+"/stix", "tlp", "green"))); seen != want {
		t.Errorf("%d objects over all pages, want %d", seen, want)
	}

	boss := s.as(t, auth.SecurityAdministrator)
	set := api.FeedSettings{Name: "Ourselves", Kind: "taxii", URL: s.url + "/taxii2/", Auth: "bearer", Private: true, EveryMinutes: 60}
	trial := ok[api.FeedTrial](boss.post(t, "/feeds/try", api.FeedTrialAsk{FeedSettings: set, Secret: &token}))
	at := slices.IndexFunc(trial.Collections, func(c api.FeedCollection) bool { return c.Title == "Indicators up to TLP:GREEN" })
	if at < 0 {
		t.Fatalf("%+v", trial)
	}
	set.Collection, set.Root = trial.Collections[at].ID, trial.Collections[at].Root
	trial = ok[api.FeedTrial](boss.post(t, "/feeds/try", api.FeedTrialAsk{FeedSettings: set, Secret: &token}))
	if !trial.Good || trial.Items != 1 || trial.Rows[0].Value != "https://bad.example/pay" || trial.Rows[0].TLP != "green" || trial.RefusedCount != 0 {
		t.Errorf("%+v", trial)
	}
}

// feedList serves a short list for tests that only need a feed to be there.
func feedList(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "listed.example") }))
	t.Cleanup(s.Close)
	return s.URL
}

// TestRealBundle imports a real bundle over HTTP, again without change, and takes it out again whole and valid.
func TestRealBundle(t *testing.T) {
	path := os.Getenv("TOCSIN_STIX_BUNDLE")
	if path == "" {
		t.Skip("no real bundle: set TOCSIN_STIX_BUNDLE to a file of MITRE ATT&CK in STIX 2.1")
	}
	t.Parallel()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(raw) }))
	defer server.Close()
	s := open(t)
	boss := s.as(t, auth.SecurityAdministrator)
	made := ok[api.Feed](boss.post(t, "/feeds", api.FeedAsk{FeedSettings: api.FeedSettings{Name: "ATT&CK", Kind: "stix", URL: server.URL, Private: true, EveryMinutes: 60}}))
	want := map[string]*stix.Object{}
	for o, err := range stix.Read(strings.NewReader(string(raw)), stix.Limits{}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		want[o.ID] = o
	}
	run := func(n int) api.FeedRun {
		t.Helper()
		ok[api.Feed](boss.post(t, "/feeds/"+made.ID+"/run", nil))
		for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			if f := ok[api.FeedDetail](boss.get(t, "/feeds/"+made.ID)); len(f.Runs) == n && f.Status != "running" {
				return f.Runs[0]
			}
			if time.Now().After(end) {
				t.Fatalf("it is not read\n%s", s.log)
			}
		}
	}
	if r := run(1); r.Problem != "" || r.Objects != len(want) || r.NewObjects != len(want) || r.RefusedCount != 0 {
		t.Fatalf("%+v", r)
	}
	if r := run(2); r.Problem != "" || r.Objects != len(want) || r.NewObjects+r.Added+r.Changed+r.Retired != 0 {
		t.Fatalf("%+v", r)
	}
	got := bundle(boss.get(t, "/feeds/"+made.ID+"/stix"))
	for id, o := range want {
		if got[id] == nil || string(got[id].Raw) != string(o.Raw) {
			t.Errorf("%s did not come out as it went in", id)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d of %d objects", len(got), len(want))
	}
	about := boss.get(t, "/threats/about", "name", "Stuxnet")
	if about.status != http.StatusOK || !strings.Contains(string(about.body), made.Source) {
		t.Errorf("the library does not know what the bundle tells: %d %.300s", about.status, about.body)
	}
}
