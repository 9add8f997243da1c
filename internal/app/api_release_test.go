package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/mailout"
	"tocsin/internal/remediate/providertest"
)

// phish is held and may be asked for: it has no malware.
func phish(subject string) []byte {
	return letter(`From: "PayPal" <support@paypal.test>`, "To: bob@harbour.test", "Subject: "+subject, "Message-ID: <"+strings.ReplaceAll(subject, " ", ".")+"@paypal.test>", "Date: Fri, 2 Jan 2026 03:04:05 +0000",
		"MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8", "", strings.ReplaceAll(lureHTML, "\n", "\r\n"))
}

func TestDigestAndReleaseRequest(t *testing.T) {
	t.Parallel()
	m := providertest.NewMemory()
	s := open(t, acting, mailed(m), digesting, func(c *app.Config, _ *app.Options) { c.Quarantine.Digest.Most = 2 })
	reader, analyst := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator, auth.SearchAndPurge)
	m.Deliver("bob@harbour.test", "INBOX", simple("other"), nil, time.Now())
	one := s.take(t, phish("sign in at http://evil.test/x"), "bob@harbour.test", "cat@harbour.test", "far@else.test")
	for _, subject := range []string{"two", "three"} {
		s.clock.move(time.Second)
		s.take(t, phish(subject), "bob@harbour.test")
	}
	bad := s.take(t, lure(t), "bob@harbour.test", "dan@harbour.test")
	if all := held(t, reader); len(all) != 7 {
		t.Fatal(all)
	}
	s.heldRound(t)
	digests := s.letters(t, mailout.QuarantineDigest)
	if len(digests) != 2 { // dan has malware alone, far is somebody else's
		t.Fatalf("%+v", digests)
	}
	mine := digests[0]
	if mine.To != "bob@harbour.test" {
		mine = digests[1]
	}
	if mine.To != "bob@harbour.test" || mine.Subject != "4 messages held for you at Harbour" || !strings.Contains(mine.Text, "And 1 more") || !strings.Contains(mine.Text, "1 with malware") ||
		!strings.Contains(mine.Text, "http[:]//evil[.]test/x") || !strings.Contains(mine.Text, "support@paypal[.]test") || strings.Contains(mine.Text+mine.HTML, "://evil") || strings.Count(mine.HTML, "href=") != 2 {
		t.Errorf("%s\n%s\n%s", mine.Subject, mine.Text, mine.HTML)
	}
	if strings.Contains(mine.Text, one) || strings.Contains(mine.HTML, `#`+"bob") {
		t.Error("an id or address stands in a link")
	}
	// Not again, neither the same day nor the next.
	s.heldRound(t)
	s.clock.move(24 * time.Hour)
	s.heldRound(t)
	if n := len(s.letters(t, mailout.QuarantineDigest)); n != 2 {
		t.Errorf("%d digests", n)
	}
	s.take(t, phish("four"), "bob@harbour.test")
	s.clock.move(24 * time.Hour)
	s.heldRound(t)
	if list := s.letters(t, mailout.QuarantineDigest); len(list) != 3 || list[0].Subject != "1 message held for you at Harbour" {
		t.Errorf("%+v", list)
	}

	_, after, _ := strings.Cut(mine.Text, "ask for it: https://tocsin.harbour.test/release#")
	token, _, _ := strings.Cut(after, "\n")
	nobody := s.nobody()
	// Whoever only fetches, changes nothing: link scanners do.
	for range 3 {
		if l := ok[api.ReleaseLink](nobody.get(t, "/quarantine/asks/"+token)); l.State != "held" || l.Subject != "sign in at http://evil.test/x" || l.Organisation != "Harbour" || l.Sender != "support@paypal.test" {
			t.Errorf("%+v", l)
		}
		nobody.send(t, http.MethodHead, "/quarantine/asks/"+token, nil)
		nobody.send(t, http.MethodOptions, "/quarantine/asks/"+token, nil)
		nobody.send(t, http.MethodGet, "//release", nil)
		nobody.send(t, http.MethodHead, "//release", nil)
		nobody.with("Sec-Fetch-Site", "cross-site").post(t, "/quarantine/asks/"+token, map[string]string{}).problem(http.StatusForbidden)
	}
	if sum := ok[api.QuarantineSummary](reader.get(t, "/quarantine/summary")); sum.Asked != 0 || sum.Digest != "00:00" {
		t.Fatalf("%+v", sum)
	}
	// Asking is one request, however often.
	for _, note := range []string{"I know <b>them</b>", "again"} {
		if l := ok[api.ReleaseLink](nobody.post(t, "/quarantine/asks/"+token, map[string]string{"note": note})); l.State != "asked" {
			t.Errorf("%+v", l)
		}
	}
	if r := s.audited(t, auth.ActReleaseAsked); len(r) != 1 || r[0].Subject != one || r[0].Operator != "bob@harbour.test" || r[0].Via != "release link" || r[0].Reason != "I know <b>them</b>" {
		t.Errorf("%+v", r)
	}
	page := ok[api.QuarantinePage](reader.get(t, "/quarantine", "state", "asked"))
	if len(page.Entries) != 1 || page.Entries[0].State != "asked" || page.Entries[0].Recipient != "bob@harbour.test" || page.Entries[0].Request.Note != "I know <b>them</b>" {
		t.Fatalf("%+v", page)
	}
	if len(m.Look("bob@harbour.test")) != 1 {
		t.Error("asking released it")
	}
	s.heldRound(t)
	if n := len(s.letters(t, mailout.ReleaseAnswer)); n != 0 {
		t.Errorf("%d answers before anybody answered", n)
	}
	// Released by whichever way: the person is told.
	a := analyst.over(t, ok[api.Action](analyst.post(t, "/quarantine/release", api.QuarantineRelease{QuarantineAsk: api.QuarantineAsk{Filter: &api.QuarantineFilter{State: "asked"}, Reason: "known sender"}})))
	if a.State != "Done" || a.Counts.Done != 1 || len(m.Look("bob@harbour.test")) != 2 {
		t.Fatalf("%+v", a)
	}
	s.heldRound(t)
	s.heldRound(t)
	answers := s.letters(t, mailout.ReleaseAnswer)
	if len(answers) != 1 || answers[0].To != "bob@harbour.test" || !strings.HasPrefix(answers[0].Subject, "Released") || !strings.Contains(answers[0].Text, "in your inbox now") {
		t.Fatalf("%+v", answers)
	}
	if l := ok[api.ReleaseLink](nobody.post(t, "/quarantine/asks/"+token, map[string]string{})); l.State != "released" {
		t.Errorf("%+v", l)
	}

	// Refused, with a reason that the person reads.
	other := s.ReleaseToken(one, "cat@harbour.test", s.clock.now().Add(time.Hour))
	ok[api.ReleaseLink](nobody.post(t, "/quarantine/asks/"+other, map[string]string{}))
	refusal := api.QuarantineRefusal{Events: []api.ActionEvent{{NetworkMessageID: one, Recipient: "cat@harbour.test"}}, Reason: "It is phishing."}
	reader.post(t, "/quarantine/refuse", refusal).problem(http.StatusForbidden)
	analyst.post(t, "/quarantine/refuse", api.QuarantineRefusal{Events: refusal.Events, Reason: " "}).problem(http.StatusUnprocessableEntity)
	if r := ok[api.QuarantineRefused](analyst.post(t, "/quarantine/refuse", refusal)); r.Refused != 1 {
		t.Errorf("%+v", r)
	}
	analyst.post(t, "/quarantine/refuse", refusal).problem(http.StatusConflict)
	if l := ok[api.ReleaseLink](nobody.post(t, "/quarantine/asks/"+other, map[string]string{})); l.State != "refused" || l.Reason != "It is phishing." {
		t.Errorf("%+v", l)
	}
	s.heldRound(t)
	if answers = s.letters(t, mailout.ReleaseAnswer); len(answers) != 2 || answers[0].To != "cat@harbour.test" || !strings.Contains(answers[0].Text, "It is phishing.") {
		t.Errorf("%+v", answers)
	}
	if e := ok[api.QuarantinePage](reader.get(t, "/quarantine", "recipient", "cat@")).Entries[0]; e.State != "held" || e.Request.State != "Refused" || e.Request.By == "" || !e.Request.Told {
		t.Errorf("%+v %+v", e, e.Request)
	}

	// Malware is never offered, whatever link there is.
	if l := ok[api.ReleaseLink](nobody.post(t, "/quarantine/asks/"+s.ReleaseToken(bad, "dan@harbour.test", s.clock.now().Add(time.Hour)), map[string]string{})); l.State != "malware" {
		t.Errorf("%+v", l)
	}
	if sum := ok[api.QuarantineSummary](reader.get(t, "/quarantine/summary")); sum.Asked != 0 || sum.Malware != 2 {
		t.Errorf("%+v", sum)
	}
}

func TestReleaseLinksThatAreNoGood(t *testing.T) {
	t.Parallel()
	s, stranger := open(t, acting), open(t, acting)
	id := s.take(t, phish("one"), "bob@harbour.test")
	good := s.ReleaseToken(id, "bob@harbour.test", s.clock.now().Add(100*time.Hour))
	flipped := []byte(good)
	flipped[len(flipped)/2] ^= 1
	for name, token := range map[string]string{
		"changed": string(flipped), "cut": good[:len(good)-4], "longer": good + "AAAA", "of another installation": stranger.ReleaseToken(id, "bob@harbour.test", s.clock.now().Add(100*time.Hour)),
		"too old":             s.ReleaseToken(id, "bob@harbour.test", s.clock.now().Add(-time.Second)),
		"of nobody's message": s.ReleaseToken(id, "eve@harbour.test", s.clock.now().Add(100*time.Hour)), "no token": "wrong", "the id": id,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			var body any
			if method == http.MethodPost {
				body = map[string]string{}
			}
			if p := s.nobody().send(t, method, "/quarantine/asks/"+token, body).problem(http.StatusNotFound); !strings.Contains(p.Detail, "not good any more") {
				t.Errorf("%s: %s", name, p.Detail)
			}
			s.clock.move(time.Hour)
		}
	}
	if strings.Contains(s.log.String(), good[:20]) {
		t.Error("a token stands in the log")
	}
	if n := len(s.audited(t, auth.ActReleaseAsked)); n != 0 {
		t.Errorf("%d requests", n)
	}
	// Guessing slows down, and who has a good link is not hurt by others who guess from elsewhere.
	tooMany := 0
	for range 20 {
		if s.nobody().get(t, "/quarantine/asks/guess").status == http.StatusTooManyRequests {
			tooMany++
		}
	}
	if tooMany == 0 {
		t.Error("guessing is free")
	}
	if ok[api.ReleaseLink](s.nobody().get(t, "/quarantine/asks/"+s.ReleaseToken(id, "bob@harbour.test", s.clock.now().Add(time.Hour)))).State != "held" {
		t.Error("somebody else's guesses shut a good link")
	}
}
