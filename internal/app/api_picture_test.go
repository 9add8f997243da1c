package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/detonate"
	"tocsin/internal/scan"
)

// TestPictureOfAVisitedPage: the way stands with the link; the picture is content, of this message's links only, and every look is written down.
func TestPictureOfAVisitedPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	const link, other = "https://short.example/a?u=7", "https://other.example/"
	id := s.take(t, []byte("From: a@sender.example\r\nTo: b@harbour.test\r\nSubject: sign in\r\nMessage-ID: <1@sender.example>\r\n\r\nSee "+link+"\r\n"))
	png := []byte("\x89PNG\r\n\x1a\nnot drawn by anybody")
	way := []string{link, "https://signin.example/login"}
	for _, about := range []string{link, other} {
		k := detonate.Known{About: about, Picture: png, Way: way, Answer: scan.Answer{Engine: "Visited page", Kind: scan.KindPage, Threat: "asks for a password at signin.example", At: time.Now()}}
		if err := s.Cases().SaveAnswer(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	reader := s.as(t, auth.SecurityReader)
	urls := ok[api.EmailURLs](reader.get(t, "/emails/"+id+"/urls")).URLs
	if len(urls) != 1 || urls[0].Visit == nil || !urls[0].Visit.Picture || strings.Join(urls[0].Visit.Way, " ") != strings.Join(way, " ") || urls[0].Visit.Threat == "" {
		t.Fatalf("%+v", urls)
	}
	at := "/emails/" + url.PathEscape(id) + "/picture"
	ask := map[string]string{"reason": "ticket 7", "target": link}
	reader.post(t, at, ask).problem(http.StatusForbidden)
	s.as(t, auth.SecurityOperator).post(t, at, ask).problem(http.StatusForbidden) // a recipient has it
	c := s.as(t, auth.SecurityOperator, auth.Preview)
	if got := ok[api.PagePicture](c.post(t, at, ask)); string(got.PNG) != string(png) || got.Recorded.Reason != "ticket 7" {
		t.Errorf("%+v", got)
	}
	c.post(t, at, map[string]string{"reason": "ticket 7", "target": other}).problem(http.StatusNotFound)
	c.post(t, at, map[string]string{"target": link}).problem(http.StatusUnprocessableEntity)
	looks := 0
	for _, e := range ok[api.Timeline](c.get(t, "/emails/"+id+"/timeline")).Events {
		if e.Kind == "content" {
			looks++
		}
	}
	if looks != 1 {
		t.Errorf("%d looks in the timeline", looks)
	}
}
