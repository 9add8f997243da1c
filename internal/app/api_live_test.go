package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

// stream is an open live view.
type stream struct {
	lines *bufio.Scanner
	body  io.ReadCloser
}

// watch opens a live view and waits for its first event.
func (c caller) watch(t *testing.T) *stream {
	t.Helper()
	res, err := c.ask(t.Context(), http.MethodGet, "/explorer/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s %v", res.Status, res.Header)
	}
	v := &stream{lines: bufio.NewScanner(res.Body), body: res.Body}
	if name, _ := v.next(t); name != "ping" {
		t.Fatalf("the first event is %q", name)
	}
	return v
}

// next is the next event but pings that come in between; "" when the stream ended.
func (v *stream) next(t *testing.T) (name string, data []byte) {
	t.Helper()
	for v.lines.Scan() {
		line := v.lines.Text()
		if rest, found := strings.CutPrefix(line, "event: "); found {
			name = rest
		} else if rest, found := strings.CutPrefix(line, "data: "); found {
			data = []byte(rest)
		} else if line == "" {
			return name, data
		} else {
			t.Errorf("line %q", line)
		}
	}
	return "", nil
}

// arrived reads on until the sum of the "new" events is what is expected, and returns the newest time they told.
func (v *stream) arrived(t *testing.T, want int64) (newest time.Time) {
	t.Helper()
	for sum := int64(0); sum < want; {
		name, data := v.next(t)
		if name == "" {
			t.Fatalf("the stream ended after %d of %d", sum, want)
		}
		if name == "ping" {
			continue
		}
		var a api.Arrived
		if err := json.Unmarshal(data, &a); err != nil || name != "new" || a.Events <= 0 {
			t.Fatalf("event %q %s: %v", name, data, err)
		}
		if sum += a.Events; sum > want {
			t.Fatalf("%d events arrived, %d were taken in", sum, want)
		}
		if a.Newest.After(newest) {
			newest = a.Newest
		}
	}
	return newest
}

func TestLiveViewTellsOfNewMail(t *testing.T) {
	t.Parallel()
	s := open(t)
	first, second := s.as(t, auth.SecurityReader).watch(t), s.as(t, auth.SecurityReader).watch(t)
	importer := s.as(t, auth.SecurityAdministrator)
	ok[api.Imported](importer.post(t, "/import?recipients=bob@harbour.test,cat@harbour.test&time=2026-01-02T03:04:05Z", simple("one")))
	ok[api.Imported](importer.post(t, "/import?recipients=bob@harbour.test&time=2026-01-02T03:04:06Z", simple("two")))
	for _, v := range []*stream{first, second} {
		if newest := v.arrived(t, 3); newest.Format(time.RFC3339) != "2026-01-02T03:04:06Z" {
			t.Errorf("newest %v", newest)
		}
	}
	// What was told can be asked for.
	if n := ok[api.Count](importer.get(t, "/explorer/count")); n.Events != 3 {
		t.Errorf("%d events", n.Events)
	}
	_ = second.body.Close()
	s.take(t, simple("three"), "bob@harbour.test")
	first.arrived(t, 1)
}

func TestLiveViewsAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.SecurityReader)
	var views []*stream
	for range 200 {
		views = append(views, c.watch(t))
	}
	full := c.get(t, "/explorer/live")
	if p := full.problem(http.StatusServiceUnavailable); full.header.Get("Retry-After") == "" || !strings.Contains(p.Detail, "live views") {
		t.Errorf("%v %s", full.header, p.Detail)
	}
	c.get(t, "/explorer/count").want(http.StatusOK) // other questions go on
	_ = views[0].body.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for got := 0; got != http.StatusOK; {
		res, err := c.ask(ctx, http.MethodGet, "/explorer/live", nil)
		if err != nil {
			t.Fatalf("no room after one view was closed: %v", err)
		}
		got = res.StatusCode
		_ = res.Body.Close()
	}
}

// TestLiveViewEndsWithItsOperator: nothing more is told to somebody who may not know it any more.
func TestLiveViewEndsWithItsOperator(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	session, token := s.nobody().signIn(t, "ada@harbour.test").watch(t), s.as(t, auth.SecurityReader).watch(t)
	s.take(t, simple("one"), "bob@harbour.test")
	session.arrived(t, 1)
	token.arrived(t, 1)
	s.sql(t, `UPDATE tokens SET revoked = TRUE`)
	s.sql(t, `UPDATE operators SET disabled = TRUE WHERE email = 'ada@harbour.test'`)
	s.take(t, simple("two"), "bob@harbour.test")
	for name, v := range map[string]*stream{"session": session, "token": token} {
		for event := "ping"; event != ""; {
			if event, _ = v.next(t); event == "new" {
				t.Errorf("%s: told of mail", name)
			}
		}
	}
}
