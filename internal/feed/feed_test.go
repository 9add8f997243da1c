package feed_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/casestore"
	"tocsin/internal/feed"
	"tocsin/internal/feed/feedtest"
	"tocsin/internal/intel"
	"tocsin/internal/stix"
)

// world is a desk over a real case store, a clock that is moved by hand, and somebody who takes indicators.
type world struct {
	*testing.T
	desk    *feed.Desk
	store   *casestore.Store
	now     time.Time
	have    map[string]feed.Item // by kind and value; retired ones are gone
	threats map[string]string
	path    string
	seal    *auth.Seal
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, now: time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC), have: map[string]feed.Item{}, threats: map[string]string{}, path: filepath.Join(t.TempDir(), "cases.db")}
	seal, err := auth.NewSeal([32]byte{1, 2, 3}, "feeds")
	if err != nil {
		t.Fatal(err)
	}
	w.seal = seal
	w.open()
	t.Cleanup(func() { _ = w.store.Close() })
	return w
}

// open starts the process anew.
func (w *world) open() {
	w.Helper()
	if w.store != nil {
		if err := w.store.Close(); err != nil {
			w.Fatal(err)
		}
	}
	var err error
	if w.store, err = casestore.Open(w.Context(), w.path); err != nil {
		w.Fatal(err)
	}
	w.desk = feed.New(feed.Options{Store: w.store.Feeds(), Taker: w, Threats: w, Sealer: w.seal, Now: func() time.Time { return w.now }})
}

func (w *world) Check(kind stix.Kind, value string) (stix.Kind, error) {
	kinds := map[stix.Kind]intel.Kind{stix.URL: intel.URL, stix.Domain: intel.Domain, stix.IP: intel.IP, stix.Hash: intel.Hash, stix.Sender: intel.Sender, stix.Subject: intel.Subject}
	k, _, err := intel.Normalise(kinds[kind], value)
	return stix.Kind(k.String()), err
}

func (w *world) Take(_ context.Context, source string, whole bool, items iter.Seq2[feed.Item, error]) (t feed.Taken, err error) {
	seen := map[string]bool{}
	for it, err := range items {
		if err != nil {
			return t, err
		}
		key := string(it.Kind) + " " + it.Value
		seen[key] = true
		old, had := w.have[key]
		switch {
		case it.State == feed.Retired && had:
			delete(w.have, key)
			t.Withdrawn++
		case it.State == feed.Retired:
			t.Same++
		case !had:
			t.Added++
			w.have[key] = it
		case fmt.Sprint(old) != fmt.Sprint(it):
			t.Changed++
			w.have[key] = it
		default:
			t.Same++
		}
	}
	if whole {
		for key := range w.have {
			if !seen[key] {
				delete(w.have, key)
				t.Retired++
			}
		}
	}
	return t, nil
}

func (w *world) TakeThreats(_ context.Context, _ string, objects iter.Seq2[*stix.Object, error]) error {
	clear(w.threats)
	for o, err := range objects {
		if err != nil {
			return err
		}
		w.threats[o.ID] = o.Name
	}
	return nil
}

func (w *world) values() string { return strings.Join(slices.Sorted(maps.Keys(w.have)), "\n") }

func (w *world) add(s feed.Settings, secret string) feed.Feed {
	w.Helper()
	if s.Name == "" {
		s.Name = "A feed"
	}
	s.Every, s.Private, s.Enabled = time.Hour, true, true
	f, err := w.desk.Add(w.Context(), s, secret, "dana@harbour.example")
	if err != nil {
		w.Fatal(err)
	}
	return f
}

func (w *world) run(id string) feed.Run {
	w.Helper()
	w.now = w.now.Add(time.Second)
	r, err := w.desk.Run(w.Context(), id, "")
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) feed(id string) feed.Feed {
	w.Helper()
	f, _, err := w.desk.Feed(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return f
}

// object writes a STIX object; more is further members.
func object(kind string, n int, modified time.Time, more string) string {
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s","created":"2026-11-01T00:00:00Z","modified":%q,%s}`, kind, oid(kind, n), stix.FormatTime(modified), more)
}

func oid(kind string, n int) string { return fmt.Sprintf("%s--a0000000-0000-4000-8000-%012d", kind, n) }

func indicator(n int, modified time.Time, pattern, more string) string {
	return object("indicator", n, modified, fmt.Sprintf(`"pattern":%q,"pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z"%s`, pattern, more))
}

func (w *world) wants(want string) {
	w.Helper()
	if got := w.values(); got != want {
		w.Errorf("it has\n%s\nand not\n%s", got, want)
	}
}

func TestTAXII(t *testing.T) {
	w, server := newWorld(t), feedtest.NewTAXII()
	defer server.Close()
	server.Token = "t0ken"
	at := w.now.Add(-time.Hour)
	server.Put(at, indicator(1, at, "[url:value = 'https://a.example/x']", `,"confidence":80,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]`),
		object("malware", 1, at, `"name":"Emotet","is_family":true`), indicator(2, at, "[domain-name:value = 'b.example' OR domain-name:value = 'c.example']", ""),
		`{"type":"broken"}`, indicator(3, at, "[process:name = 'x.exe']", ""))
	server.Put(at.Add(time.Minute), object("relationship", 1, at, `"relationship_type":"indicates","source_ref":"`+oid("indicator", 1)+`","target_ref":"`+oid("malware", 1)+`"`))

	set := feed.Settings{Name: "Partners", Kind: feed.TAXII, URL: server.URL + "/taxii2/", Auth: feed.AuthBearer, Every: time.Hour, Private: true, Confidence: 40, Days: 30, TLP: stix.TLPGreen}
	token := "wrong"
	if trial, err := w.desk.Try(t.Context(), set, &token, ""); err != nil || trial.Good || trial.Field != "secret" || !strings.Contains(trial.Problem, "401") {
		t.Fatalf("%+v %v", trial, err)
	}
	token = server.Token
	trial, err := w.desk.Try(t.Context(), set, &token, "")
	if err != nil || !trial.Good || len(trial.Collections) != 2 || trial.Collections[0].Root != server.URL+"/root/" || !strings.Contains(fmt.Sprint(trial.Notes), "elsewhere.example") {
		t.Fatalf("%+v %v", trial, err)
	}
	set.Collection, set.Root = trial.Collections[0].ID, trial.Collections[0].Root
	if trial, err = w.desk.Try(t.Context(), set, &token, ""); err != nil || !trial.Good || trial.Items != 3 || len(trial.Rows) != 3 || trial.RefusedCount != 2 || trial.Counts[stix.Domain] != 2 {
		t.Fatalf("%+v %v", trial, err)
	}
	w.wants("")

	for _, paging := range []bool{false, true} {
		server.Page, server.ByTime = 2, paging
		f := w.add(set, token)
		r := w.run(f.ID)
		if r.Problem != "" || r.Added != 3 || r.Objects != 5 || r.NewObjects != 5 || r.RefusedCount != 2 || r.Ignored != 1 {
			t.Fatalf("%+v", r)
		}
		w.wants("domain b.example\ndomain c.example\nurl https://a.example/x")
		if it := w.have["url https://a.example/x"]; it.Threat != "Emotet" || it.Confidence != 80 || it.TLP != stix.TLPRed || it.Until.Format(time.DateOnly) != "2026-12-01" || it.Ref != oid("indicator", 1) {
			t.Errorf("%+v", it)
		}
		if it := w.have["domain b.example"]; it.Confidence != 40 || it.TLP != stix.TLPGreen {
			t.Errorf("%+v", it)
		}
		if w.threats[oid("malware", 1)] != "Emotet" {
			t.Errorf("threats %v", w.threats)
		}
		// Again, after a restart: only what is new is asked for, and nothing changes.
		server.Questions()
		w.open()
		if r = w.run(f.ID); r.Problem != "" || r.Added+r.Changed+r.Retired+r.NewObjects != 0 {
			t.Fatalf("%+v", r)
		}
		if q := server.Questions(); len(q) != 1 || !strings.Contains(q[0], "added_after=") {
			t.Fatalf("%q", q)
		}
		// A newer version revokes, an older one that comes late does not count.
		later := w.now
		server.Put(later, indicator(1, later, "[url:value = 'https://a.example/x']", `,"revoked":true`), indicator(2, at.Add(-time.Hour), "[domain-name:value = 'old.example']", ""))
		if r = w.run(f.ID); r.Problem != "" || r.Withdrawn != 1 || r.Retired != 0 {
			t.Fatalf("%+v", r)
		}
		w.wants("domain b.example\ndomain c.example")
		if _, err := w.desk.Remove(t.Context(), f.ID); err != nil {
			t.Fatal(err)
		}
		w.wants("")
		server.Objects = server.Objects[:len(server.Objects)-2]
	}
}

// TestTAXIITrouble is what servers do wrong. Nothing of it changes what is there; what came before the trouble counts.
func TestTAXIITrouble(t *testing.T) {
	w, server := newWorld(t), feedtest.NewTAXII()
	defer server.Close()
	for i := range 6 {
		at := w.now.Add(time.Duration(i-10) * time.Minute)
		server.Put(at, indicator(i, at, fmt.Sprintf("[domain-name:value = 'd%d.example']", i), ""))
	}
	server.Page = 2
	f := w.add(feed.Settings{Kind: feed.TAXII, URL: server.URL + "/taxii2/", Collection: server.Collection}, "")
	status := func(code int, head ...string) func(http.ResponseWriter, *http.Request, int) bool {
		return func(rw http.ResponseWriter, _ *http.Request, _ int) bool {
			for i := 0; i+1 < len(head); i += 2 {
				rw.Header().Set(head[i], head[i+1])
			}
			rw.WriteHeader(code)
			return true
		}
	}
	text := func(kind, body string) func(http.ResponseWriter, *http.Request, int) bool {
		return func(rw http.ResponseWriter, _ *http.Request, _ int) bool {
			rw.Header().Set("Content-Type", kind)
			fmt.Fprint(rw, body)
			return true
		}
	}
	const taxii = feed.MediaTAXII
	for i, c := range []struct {
		do   func(http.ResponseWriter, *http.Request, int) bool
		want string
	}{
		{status(401), "401"}, {status(403), "403"}, {status(404), "nothing at this address"}, {status(406), "version of the protocol"}, {status(500), "fault of its own"},
		{text("text/html", "<html>"), "no TAXII server"}, {text("application/taxii+json;version=2.0", "{}"), "speaks TAXII 2.0"},
		{text(taxii, `{"more":true,"objects":[`), "ends in the middle"}, {text(taxii, `{"objects":[{]}`), "no JSON"}, {text(taxii, `nonsense`), "no STIX bundle"},
		{text(taxii, `{"more":true,"objects":[]}`), "not how to ask"}, {text(taxii, `{"more":true,"next":"same","objects":[]}`), "without end"},
		{func(rw http.ResponseWriter, r *http.Request, n int) bool {
			return text(taxii, fmt.Sprintf(`{"more":true,"next":"%d","objects":[]}`, n))(rw, r, n)
		}, "without end"},
		{status(302, "Location", "https://elsewhere.example/"), "another host"},
		{status(302, "Location", "/taxii2/"), "no STIX bundle"},
		{status(429, "Retry-After", "7200"), "left alone for 2h0m0s"},
	} {
		server.Misbehave = c.do
		r := w.run(f.ID)
		now := w.feed(f.ID)
		if !strings.Contains(r.Problem, c.want) || now.Problem != r.Problem || now.Failures != i+1 || !now.Next.After(w.now) {
			t.Errorf("%d: %q, want %q; failures %d", i, r.Problem, c.want, now.Failures)
		}
	}
	w.wants("")
	if wait := w.feed(f.ID).Next.Sub(w.now); wait != 2*time.Hour {
		t.Errorf("after 429 it waits %s", wait)
	}
	if due, err := w.desk.Due(t.Context()); err != nil || len(due) != 0 {
		t.Error(due, err)
	}

	// The third page breaks: two pages are taken, and the next run goes on and ends with all of it.
	server.Misbehave = func(rw http.ResponseWriter, r *http.Request, n int) bool {
		if r.URL.Query().Get("next") == "4" {
			rw.WriteHeader(503)
			return true
		}
		return false
	}
	if r := w.run(f.ID); r.Added != 4 || !strings.Contains(r.Problem, "503") {
		t.Fatalf("%+v", r)
	}
	server.Misbehave = nil
	server.Questions()
	if r := w.run(f.ID); r.Problem != "" || r.Added != 2 {
		t.Fatalf("%+v", r)
	}
	for _, q := range server.Questions() {
		if strings.HasSuffix(q, "/objects/?limit=1000") {
			t.Errorf("it began anew: %s", q)
		}
	}
	if h := w.feed(f.ID); h.Failures != 0 || h.Problem != "" || h.Next.Sub(w.now) != time.Hour {
		t.Errorf("%+v", h.Health)
	}
	w.open() // due times are kept
	w.now = w.now.Add(time.Hour)
	if due, err := w.desk.Due(t.Context()); err != nil || len(due) != 1 {
		t.Error(due, err)
	}
}

func TestMISP(t *testing.T) {
	w, misp := newWorld(t), feedtest.NewMISP()
	defer misp.Close()
	day := w.now.Add(-24 * time.Hour).Unix()
	misp.Events = []feedtest.Event{
		{UUID: "5f000000-0000-4000-8000-000000000001", Info: "Invoices", At: day, Tags: []string{"tlp:amber", `misp-galaxy:malpedia="Emotet"`}, Attributes: []feedtest.Attribute{
			{UUID: "a1", Type: "url", Value: "hxxps://a[.]example/x", IDS: true, At: day}, {UUID: "a2", Type: "domain|ip", Value: "b.example|203.0.113.7", IDS: true, At: day},
			{UUID: "a3", Type: "email-src", Value: "boss@bad.example", IDS: true, At: day}, {UUID: "a4", Type: "mutex", Value: "x", IDS: true, At: day}, {UUID: "a5", Type: "domain", Value: "harmless.example", At: day},
			{UUID: "a6", Type: "ip-dst|port", Value: "nonsense|80", IDS: true, At: day}},
			InObject: []feedtest.Attribute{{UUID: "a7", Type: "filename|md5", Value: "i.doc|d41d8cd98f00b204e9800998ecf8427e", IDS: true, At: day}}},
		{UUID: "5f000000-0000-4000-8000-000000000002", Info: "Later", At: day + 60, Attributes: []feedtest.Attribute{{UUID: "a8", Type: "email-subject", Value: "Unpaid invoice 2231", IDS: true, At: day + 60}}},
	}
	const all = "domain b.example\nhash d41d8cd98f00b204e9800998ecf8427e\nip 203.0.113.7\nsender boss@bad.example\nsubject Unpaid invoice 2231\nurl hxxps://a[.]example/x"
	for _, set := range []feed.Settings{
		{Name: "attributes", Kind: feed.MISP, URL: misp.URL, Auth: feed.AuthHeader, Header: "Authorization"},
		{Name: "events", Kind: feed.MISP, URL: misp.URL, Auth: feed.AuthHeader, Header: "Authorization", Events: true},
		{Name: "files", Kind: feed.MISPFeed, URL: misp.URL + "/feed/"},
	} {
		key := misp.Key
		if set.Kind == feed.MISPFeed {
			key = ""
		} else {
			wrong := "0000"
			set.Private, set.Every = true, time.Hour
			if trial, err := w.desk.Try(t.Context(), set, &wrong, ""); err != nil || trial.Good || trial.Field != "secret" {
				t.Fatalf("%s: %+v %v", set.Name, trial, err)
			}
		}
		set.Private = true
		trial, err := w.desk.Try(t.Context(), set, &key, "")
		if err != nil || !trial.Good || trial.Items != 6 || trial.RefusedCount != 1 || trial.Ignored == 0 {
			t.Fatalf("%s: %+v %v", set.Name, trial, err)
		}
		f := w.add(set, key)
		if r := w.run(f.ID); r.Problem != "" || r.Added != 6 || r.RefusedCount != 1 {
			t.Fatalf("%s: %+v", set.Name, r)
		}
		w.wants(all)
		if it := w.have["url hxxps://a[.]example/x"]; it.Threat != "Emotet" || it.TLP != stix.TLPAmber || it.Ref != "a1" || it.From.Unix() != day {
			t.Errorf("%s: %+v", set.Name, it)
		}
		misp.Questions()
		w.open()
		if r := w.run(f.ID); r.Problem != "" || r.Added+r.Changed+r.Retired != 0 {
			t.Fatalf("%s again: %+v", set.Name, r)
		}
		if q := misp.Questions(); len(q) != 1 || set.Kind == feed.MISP && !strings.Contains(q[0], fmt.Sprintf("timestamp=%d", day+60)) {
			t.Errorf("%s again: %q", set.Name, q)
		}
		// Something is withdrawn.
		e := &misp.Events[0]
		e.At, e.Attributes[0].At, e.Attributes[0].Deleted = day+120, day+120, true
		if r := w.run(f.ID); r.Problem != "" || r.Withdrawn != 1 {
			t.Fatalf("%s withdrawn: %+v", set.Name, r)
		}
		e.At, e.Attributes[0].At, e.Attributes[0].Deleted = day, day, false
		if _, err := w.desk.Remove(t.Context(), f.ID); err != nil {
			t.Fatal(err)
		}
	}
	misp.SamePage, misp.Events[0].Attributes = true, nil
	for i := range 6000 {
		misp.Events[0].Attributes = append(misp.Events[0].Attributes, feedtest.Attribute{UUID: fmt.Sprint(i), Type: "domain", Value: fmt.Sprintf("d%d.example", i), IDS: true, At: day})
	}
	f := w.add(feed.Settings{Name: "same page", Kind: feed.MISP, URL: misp.URL, Auth: feed.AuthHeader, Header: "Authorization"}, misp.Key)
	if r := w.run(f.ID); !strings.Contains(r.Problem, "same page again") || r.Added != 5000 {
		t.Errorf("%d %s", r.Added, r.Problem)
	}
}

func TestLists(t *testing.T) {
	w := newWorld(t)
	body, kind, tag, asked := "", "text/plain", `"1"`, 0
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked++
		if tag != "" && r.Header.Get("If-None-Match") == tag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		rw.Header().Set("ETag", tag)
		rw.Header().Set("Content-Type", kind)
		fmt.Fprint(rw, body)
	}))
	defer server.Close()

	body = "\ufeff# a list\nhttps://a.example/x\n; another\n0.0.0.0 b.example\n203.0.113.0/24 # a network\nnonsense here\n\nd41d8cd98f00b204e9800998ecf8427e\n" + strings.Repeat("x", 70<<10) + "\nc.example"
	f := w.add(feed.Settings{Name: "Ein Täter: list!", Kind: feed.Text, URL: server.URL + "/l.txt", Whole: true, Days: 7, Tags: []string{"own"}}, "")
	if f.ID != "ein-t-ter-list" {
		t.Error(f.ID)
	}
	if r := w.run(f.ID); r.Problem != "" || r.Added != 5 || r.RefusedCount != 2 || r.Refused[1].Value == "" {
		t.Fatalf("%+v", r)
	}
	const all = "domain b.example\ndomain c.example\nhash d41d8cd98f00b204e9800998ecf8427e\nip 203.0.113.0/24\nurl https://a.example/x"
	w.wants(all)
	if it := w.have["domain c.example"]; it.Until.Format(time.DateOnly) != "2026-11-25" || it.State != feed.Suspicious || it.Tags[0] != "own" {
		t.Errorf("%+v", it)
	}
	if r := w.run(f.ID); !r.Unchanged || r.Retired != 0 || r.Problem != "" {
		t.Errorf("%+v", r)
	}
	// Before what it listed runs out it is read again, although it says that nothing changed.
	w.now = w.now.Add(5 * 24 * time.Hour)
	if r := w.run(f.ID); r.Unchanged || r.Changed != 5 {
		t.Errorf("%+v", r)
	}
	for _, bad := range []struct{ body, want string }{{"<!DOCTYPE html><p>", "web page"}, {"# nothing\n", "it is empty, so nothing was retired"}, {"\x1f\x8bxx", "gzip"}} {
		body, tag = bad.body, ""
		if r := w.run(f.ID); !strings.Contains(r.Problem, bad.want) || r.Retired != 0 {
			t.Errorf("%q: %+v", bad.body, r)
		}
	}
	w.wants(all)
	body = "c.example\n"
	if r := w.run(f.ID); r.Retired != 4 {
		t.Errorf("%+v", r)
	}

	body = "first;what;name;sure;until;tags\n\"https://q.example/;x\";url;Emotet;75%;2026-12-24;tlp:red|loader\n203.0.113.9:443;ip:port;;;;\nz.example;planet;;;;\nzz.example;domain;;many;;\n;url;;;;\n"
	c := w.add(feed.Settings{Name: "cells", Kind: feed.CSV, URL: server.URL + "/l.csv", Columns: feed.Columns{Separator: ";", Head: true, Value: "first", Type: "WHAT", Threat: "name", Confidence: "4", Until: "until", Tags: "tags"}}, "")
	if r := w.run(c.ID); r.Problem != "" || r.Added != 2 || r.RefusedCount != 3 {
		t.Fatalf("%+v", r)
	}
	if it := w.have["url https://q.example/;x"]; it.Threat != "Emotet" || it.Confidence != 75 || it.Until.Format(time.DateOnly) != "2026-12-24" || it.TLP != stix.TLPRed || it.Tags[0] != "loader" {
		t.Errorf("%+v", it)
	}
	body = "a,b\n1,2\n"
	c.Columns = feed.Columns{Head: true, Value: "address"}
	trial, err := w.desk.Try(t.Context(), c.Settings, nil, "")
	if err != nil || trial.Good || !strings.Contains(trial.Problem, `no column "address"; it has a, b`) {
		t.Errorf("%+v %v", trial, err)
	}
}

// TestWhole is a bundle at an address: what it does not name any more is retired, and twice the same is no change.
func TestWhole(t *testing.T) {
	w := newWorld(t)
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, body) }))
	defer server.Close()
	at := w.now
	one, two := indicator(1, at, "[url:value = 'https://a.example/x']", ""), indicator(2, at, "[ipv4-addr:value ISSUBSET '203.0.113.0/28']", `,"indicator_types":["benign"]`)
	body = `{"type":"bundle","id":"bundle--1","objects":[` + one + `,` + two + `]}`
	f := w.add(feed.Settings{Kind: feed.STIX, URL: server.URL, Whole: true}, "")
	if r := w.run(f.ID); r.Problem != "" || r.Added != 2 {
		t.Fatalf("%+v", r)
	}
	if !w.have["ip 203.0.113.0/28"].Good {
		t.Error("benign is good")
	}
	if r := w.run(f.ID); r.Added+r.Changed+r.Retired+r.NewObjects != 0 || r.Same != 2 {
		t.Errorf("%+v", r)
	}
	body = `{"type":"bundle","id":"bundle--1","objects":[` + one + `]}`
	if r := w.run(f.ID); r.Retired != 1 {
		t.Errorf("%+v", r)
	}
	if n := w.feed(f.ID).Objects; n != 2 { // objects are kept
		t.Error(n)
	}
}

// TestGuards: private addresses, other hosts, and passwords.
func TestGuards(t *testing.T) {
	w := newWorld(t)
	got := ""
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("X-Key") }))
	defer server.Close()
	set := feed.Settings{Name: "x", Kind: feed.Text, URL: server.URL, Every: time.Hour, Auth: feed.AuthHeader, Header: "X-Key"}
	key := "s3cret"
	var wrong *feed.Wrong
	if _, err := w.desk.Add(t.Context(), set, key, ""); !errors.As(err, &wrong) || wrong.Field != "url" {
		t.Error(err)
	}
	set.URL = "https://" + server.Listener.Addr().String()
	trial, err := w.desk.Try(t.Context(), set, &key, "")
	if err != nil || !strings.Contains(trial.Problem, "private address") || got != "" {
		t.Errorf("%+v %v", trial, err)
	}
	set.URL = server.URL
	f := w.add(set, key)
	if raw := f.Sealed; raw == "" || strings.Contains(raw, key) {
		t.Error(raw)
	}
	w.run(f.ID)
	if got != key {
		t.Errorf("it was sent %q", got)
	}
	// The password goes to no other host than it was given for.
	moved := w.feed(f.ID).Settings
	moved.URL = "http://localhost:1/"
	if _, _, err := w.desk.Change(t.Context(), f.ID, 1, moved, nil); !errors.As(err, &wrong) || wrong.Field != "secret" {
		t.Error(err)
	}
	if _, err := w.desk.Try(t.Context(), moved, nil, f.ID); !errors.As(err, &wrong) || wrong.Field != "secret" {
		t.Error(err)
	}
	same := w.feed(f.ID).Settings
	same.URL += "/other"
	if _, after, err := w.desk.Change(t.Context(), f.ID, 1, same, nil); err != nil || after.Sealed != f.Sealed || after.Version != 2 {
		t.Error(err)
	}
	if _, _, err := w.desk.Change(t.Context(), f.ID, 1, same, nil); !errors.Is(err, feed.ErrOutdated) {
		t.Error(err)
	}
	for field, s := range map[string]feed.Settings{
		"kind": {Name: "x", Kind: "ftp", URL: "https://a.example", Every: time.Hour}, "every": {Name: "x", Kind: feed.Text, URL: "https://a.example"}, "url": {Name: "x", Kind: feed.Text, URL: "file:///etc/passwd", Every: time.Hour},
		"header": {Name: "x", Kind: feed.Text, URL: "https://a.example", Every: time.Hour, Auth: feed.AuthHeader, Header: "X\r\nY"}, "columns.value": {Name: "x", Kind: feed.CSV, URL: "https://a.example", Every: time.Hour},
		"root": {Name: "x", Kind: feed.TAXII, URL: "https://a.example", Root: "https://b.example", Every: time.Hour}, "collection": {Name: "x", Kind: feed.TAXII, URL: "https://a.example", Every: time.Hour, Enabled: true},
	} {
		if _, err := w.desk.Add(t.Context(), s, "", ""); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
