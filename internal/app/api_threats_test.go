package app_test

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/threat"
)

const locked = "From: Chief <chief.harbour@gmail.com>\r\nTo: bob@harbour.test\r\nSubject: one\r\nMessage-ID: <gift@gmail.com>\r\nDate: Tue, 10 Nov 2026 09:12:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" +
	"I recorded you through your webcam while you watched adult videos. Pay 900 dollars in bitcoin to my wallet within 48 hours or I send the video to all your contacts.\r\n"

// TestThreatsSeenHere: every figure of a threat is what its filter finds, in Explorer and in Hunting alike.
func TestThreatsSeenHere(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityReader)
	s.as(t, auth.SecurityReader) // another reader changes nothing
	id := s.take(t, []byte(locked), "bob@harbour.test", "cat@harbour.test")

	all := ok[api.Threats](c.get(t, "/threats", "from", "2026-01-01T00:00:00Z"))
	if all.Total < 45 || all.Found != all.Total || all.Seen == 0 || all.KQL == "" || all.Threats[0].Seen.Events == 0 || all.Kinds["technique"] < 20 {
		t.Fatalf("%d known, %d found, %d seen", all.Total, all.Found, all.Seen)
	}
	counted := 0
	for _, line := range all.Threats {
		if line.Seen.Filter == "" {
			continue
		}
		if line.Seen.Events == 0 && counted > 6 { // a few that were not seen are enough
			continue
		}
		counted++
		n := ok[api.Count](c.get(t, "/explorer/count", "q", line.Seen.Filter, "from", "2026-01-01T00:00:00Z"))
		if n.Events != line.Seen.Events {
			t.Errorf("%s: %d events, Explorer has %d", line.ID, line.Seen.Events, n.Events)
		}
	}
	seen := ok[api.ThreatSeen](c.get(t, "/threats/extortion/seen", "from", "2026-01-01T00:00:00Z"))
	if seen.Events != 2 || seen.Messages != 1 || seen.People != 2 || seen.Ever != 2 || seen.First == nil || seen.Before != 0 {
		t.Errorf("%s: %+v", id, seen)
	}
	if n := ok[api.Count](c.get(t, "/explorer/count", "q", seen.StillFilter)); n.Events != seen.Still {
		t.Errorf("%d still there, Explorer has %d", seen.Still, n.Events)
	}
	trends := ok[api.ThreatTrends](c.get(t, "/threats/trends", "from", "2026-01-01T00:00:00Z", "limit", "3"))
	if len(trends.Trends) != 3 || trends.Compared || trends.Trends[0].Why != "seen" || trends.Trends[0].Seen.Events != 2 || trends.KQL == "" {
		t.Errorf("%+v", trends)
	}

	article := ok[api.ThreatArticle](c.get(t, "/threats/extortion"))
	if len(article.Sections) != 5 || len(article.Detections) < 4 || !article.Detections[0].Counted || article.Detections[0].Title == "" {
		t.Errorf("%+v", article)
	}
	c.get(t, "/threats/nothing-of-this-name").problem(http.StatusNotFound)
	for name, want := range map[string]string{"Win.Trojan.Agenttesla-9953711-0": "agent-tesla", "T1667": "mail-bombing", "qr-lure": "qr-code-phishing", "Threatens to expose the reader unless paid": "extortion", "nobody knows it": ""} {
		a := ok[api.ThreatAbout](c.get(t, "/threats/about", "name", name))
		if (want == "") != (len(a.Threats) == 0) || want != "" && a.Threats[0].ID != want {
			t.Errorf("%s: %+v", name, a.Threats)
		}
	}
}

// TestThreatsOfFeeds: what feeds tell stands beside what ships, is kept, and is text.
func TestThreatsOfFeeds(t *testing.T) {
	t.Parallel()
	s := open(t)
	desk, err := threat.Open(t.Context(), s.Cases())
	if err != nil {
		t.Fatal(err)
	}
	told := []threat.Told{
		{Ref: "malware--1", Kind: threat.Family, Name: "Odd\u0000 Loader", Aliases: []string{"OddLdr"}, Attack: []string{"S9001", "<script>"}, Description: "First.\n\n<b>bold</b> [x](emotet)"},
		{Ref: "malware--2", Kind: "weather", Name: "Rain"},
		{Ref: "", Kind: threat.Family, Name: "No id"},
	}
	got, err := desk.Take(t.Context(), "a feed", true, told)
	if err != nil || got.Added != 1 || len(got.Refused) != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	if got, err = desk.Take(t.Context(), "a feed", true, told); err != nil || got.Same != 1 || got.Added+got.Changed+got.Retired != 0 {
		t.Errorf("again: %+v %v", got, err)
	}
	again, err := threat.Open(t.Context(), s.Cases())
	if err != nil {
		t.Fatal(err)
	}
	found := again.Library().About("Trojan.OddLdr.A")
	if len(found) != 1 || found[0].Source != "a feed" || len(found[0].Attack) != 1 || found[0].Sections[0].Blocks[1].Spans[0] != (threat.Span{Text: "<b>bold</b> [x](emotet)"}) {
		t.Fatalf("%+v", found)
	}
	if !strings.HasPrefix(found[0].ID, "odd-loader-") {
		t.Errorf("id %q", found[0].ID)
	}
	if got, err = desk.Take(t.Context(), "a feed", true, nil); err != nil || got.Retired != 1 || len(desk.Library().About("OddLdr")) != 0 {
		t.Errorf("retired: %+v %v", got, err)
	}
}
