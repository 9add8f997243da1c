package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestStreamsMayPause: what a client takes in time may come with any pause, over HTTP/1.1 and HTTP/2.
func TestStreamsMayPause(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		const wait = 20 * time.Millisecond
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			out := patient(w)
			out.wait = wait
			for range 3 {
				if _, err := io.WriteString(out, "line\n"); err != nil {
					t.Errorf("HTTP/2 %v: write: %v", h2, err)
				}
				if err := out.flush(); err != nil {
					t.Errorf("HTTP/2 %v: flush: %v", h2, err)
				}
				<-time.After(3 * wait) // the pause is what is tested
			}
		}))
		s.EnableHTTP2 = h2
		s.StartTLS()
		res, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || string(body) != "line\nline\nline\n" || (res.ProtoMajor == 2) != h2 {
			t.Errorf("%s: %q, %v", res.Proto, body, err)
		}
		_ = res.Body.Close()
		s.Close()
	}
}

// TestStreamsEndWithAClientThatTakesNothing within the time of one write.
func TestStreamsEndWithAClientThatTakesNothing(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		ended := make(chan error, 1)
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			out := patient(w)
			out.wait = 50 * time.Millisecond
			line := make([]byte, 1<<20)
			for range 1000 {
				if _, err := out.Write(line); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}))
		s.EnableHTTP2 = h2
		s.StartTLS()
		res, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err == nil {
			t.Errorf("HTTP/2 %v: a gigabyte was written to nobody", h2)
		}
		_ = res.Body.Close()
		s.CloseClientConnections()
		s.Close()
	}
}
