package app_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// clamd answers as ClamAV's daemon does, and finds nothing.
func clamd(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go speak(c)
		}
	}()
	return l
}

func speak(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	for n := 1; ; {
		command, err := in.ReadString(0)
		if err != nil {
			return
		}
		reply := ""
		switch command {
		case "zVERSION\x00":
			reply = "ClamAV 1.4.3/27800/Thu Nov 26 08:30:00 2026"
		case "zINSTREAM\x00":
			for size := uint32(1); size > 0; {
				if binary.Read(in, binary.BigEndian, &size) != nil {
					return
				}
				if _, err := io.CopyN(io.Discard, in, int64(size)); err != nil {
					return
				}
			}
			reply = "stream: OK"
		default:
			continue
		}
		fmt.Fprintf(c, "%d: %s\x00", n, reply)
		n++
	}
}

func engineOf(t *testing.T, all api.Engines, key string) api.Engine {
	t.Helper()
	for _, e := range all.Engines {
		if e.Key == key {
			return e
		}
	}
	t.Fatalf("no engine %s in %+v", key, all)
	return api.Engine{}
}

func TestEnginesThatAreOff(t *testing.T) {
	t.Parallel()
	all := ok[api.Engines](open(t).as(t, auth.SecurityReader).get(t, "/engines"))
	if len(all.Engines) != 4 {
		t.Fatalf("%+v", all)
	}
	for _, e := range all.Engines {
		if e.State != "off" || !strings.HasPrefix(e.Setting, "engines."+e.Key) || e.Value != "" || e.Since != nil {
			t.Errorf("%+v", e)
		}
	}
}

func TestEnginesThatAnswerAndDoNot(t *testing.T) {
	t.Parallel()
	daemon := clamd(t)
	cape := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) }))
	t.Cleanup(cape.Close)
	s := open(t, func(c *app.Config, _ *app.Options) {
		c.Engines.ClamAV = app.ClamAV{Address: "tcp:" + daemon.Addr().String(), Timeout: time.Second}
		c.Engines.CAPE.URL = cape.URL
	})
	c := s.as(t, auth.SecurityReader)
	all := ok[api.Engines](c.get(t, "/engines"))
	e := engineOf(t, all, "clamav")
	if e.State != "answering" || e.Version != "1.4.3, signatures 27800" || e.Signatures == nil || e.Signatures.Day() != 26 || e.Since == nil || e.Problem != "" {
		t.Errorf("%+v", e)
	}
	if e := engineOf(t, all, "cape"); e.State != "away" || !strings.Contains(e.Problem, "502") || e.Since == nil || e.Value != cape.URL {
		t.Errorf("%+v", e)
	}
	since := e.Since
	s.take(t, []byte("From: a@sender.example\r\nTo: b@harbour.test\r\nSubject: hello\r\nMessage-ID: <1@sender.example>\r\n\r\nhello\r\n"))
	if e := engineOf(t, ok[api.Engines](c.get(t, "/engines")), "clamav"); e.Asked != 1 || e.Failed != 0 || !e.Since.Equal(*since) {
		t.Errorf("%+v", e)
	}
	_ = daemon.Close()
}

// TestEngineGoesAway: the first failure is when it went, and it is not moved by the next one.
func TestEngineGoesAway(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	var fails error
	w := app.NewMonitor(func() time.Time { return now }, func(context.Context) (string, error) { return "1.0", fails })
	look := func() api.Engine {
		now = now.Add(time.Minute)
		return w(t.Context())
	}
	first := look()
	again := look()
	if first.State != "answering" || !again.Since.Equal(*first.Since) || again.Version != "1.0" {
		t.Errorf("%+v %+v", first, again)
	}
	fails = fmt.Errorf("ClamAV cannot be reached: %w", net.ErrClosed)
	gone := look()
	if later := look(); gone.State != "away" || gone.Version != "1.0" || !later.Since.Equal(*gone.Since) || !later.Checked.After(*gone.Checked) || !strings.Contains(later.Problem, "cannot be reached") {
		t.Errorf("%+v %+v", gone, later)
	}
	fails = nil
	if back := look(); back.State != "answering" || back.Problem != "" || !back.Since.After(*gone.Since) {
		t.Errorf("%+v", back)
	}
}
