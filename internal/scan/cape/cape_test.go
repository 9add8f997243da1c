package cape

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/internal/scan"
)

// fake answers like web/apiv2 of CAPEv2.
func fake(t *testing.T, replies map[string]string) (*Client, *[]string) {
	t.Helper()
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		if r.Header.Get("Authorization") != "Token secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Method == http.MethodPost {
			f, h, err := r.FormFile("file")
			if err != nil {
				t.Error(err)
				return
			}
			b, _ := io.ReadAll(f)
			asked = append(asked, h.Filename+": "+string(b)+" timeout "+r.FormValue("timeout"))
		}
		body, ok := replies[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	c, err := New(Config{URL: srv.URL, Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return c, &asked
}

const hash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestSubmitAndRead(t *testing.T) {
	c, asked := fake(t, map[string]string{
		"/apiv2/tasks/create/file/":                     `{"error": [], "data": {"task_ids": [17], "message": "ok"}}`,
		"/apiv2/tasks/search/sha256/" + hash + "/":      `{"error": false, "data": [{"id": 3, "status": "reported"}, {"id": 9, "status": "reported"}, {"id": 12, "status": "running"}]}`,
		"/apiv2/tasks/status/17/":                       `{"error": false, "data": "reported"}`,
		"/apiv2/tasks/status/18/":                       `{"error": false, "data": "running"}`,
		"/apiv2/tasks/status/19/":                       `{"error": false, "data": "failed_analysis"}`,
		"/apiv2/tasks/status/20/":                       `{"error": false, "data": "reported"}`,
		"/apiv2/tasks/status/21/":                       `{"error": true, "error_value": "Task Status API is Disabled"}`,
		"/apiv2/tasks/get/report/17/lite/":              `{"malscore": 10.0, "detections": [{"family": "Harmless.Loader"}], "signatures": [{"name": "a", "description": "Reads the clock", "severity": 1}, {"name": "b", "description": "Starts a shell", "severity": 3}]}`,
		"/apiv2/tasks/get/report/20/lite/":              `{"malscore": 1.2, "detections": "", "signatures": []}`,
		"/apiv2/tasks/search/sha256/" + hash[1:] + "b/": `{"error": false, "data": []}`,
	})
	id, err := c.Submit(t.Context(), "../offers/Ofert é.docm", []byte("content"))
	if id != "17" || err != nil {
		t.Fatalf("%q, %v", id, err)
	}
	if got := (*asked)[1]; got != "Ofert__.docm: content timeout 120" {
		t.Errorf("sent %q", got)
	}
	a, done, err := c.Result(t.Context(), "17")
	if !done || err != nil || a.Threat != "Harmless.Loader" || !a.Run || a.Details != "score 10.0 of 10; Starts a shell" {
		t.Errorf("%+v, %v, %v", a, done, err)
	}
	if a, done, err := c.Result(t.Context(), "20"); !done || err != nil || a.Threat != "" {
		t.Errorf("harmless: %+v, %v, %v", a, done, err)
	}
	if _, done, err := c.Result(t.Context(), "18"); done || err != nil {
		t.Errorf("while it runs: %v, %v", done, err)
	}
	for _, gone := range []string{"19", "99", "../cuckoo/status"} {
		if _, _, err := c.Result(t.Context(), gone); !errors.Is(err, scan.ErrGone) {
			t.Errorf("task %s: %v", gone, err)
		}
	}
	if _, _, err := c.Result(t.Context(), "21"); err == nil || !strings.Contains(err.Error(), "Disabled") {
		t.Errorf("refusal: %v", err)
	}
	if id, err := c.Known(t.Context(), hash); id != "9" || err != nil {
		t.Errorf("known as %q, %v", id, err)
	}
	if id, err := c.Known(t.Context(), hash[1:]+"b"); id != "" || err != nil {
		t.Errorf("an unknown file: %q, %v", id, err)
	}
}

func TestOddAnswers(t *testing.T) {
	for name, body := range map[string]string{"not JSON": "<html>", "other form": `{"error": false, "data": {"task_ids": "x"}}`, "no task": `{"error": [], "data": {"task_ids": []}}`} {
		c, _ := fake(t, map[string]string{"/apiv2/tasks/create/file/": body})
		if id, err := c.Submit(t.Context(), "x", nil); err == nil {
			t.Errorf("%s: task %q", name, id)
		}
	}
	for _, bad := range []string{"", "cape.example", "ftp://cape.example", "https://me:pw@cape.example"} {
		if _, err := New(Config{URL: bad}); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
	wrong, _ := fake(t, nil)
	wrong.cfg.Token = "other"
	if _, err := wrong.Submit(t.Context(), "x", nil); err == nil || strings.Contains(err.Error(), "other") {
		t.Errorf("wrong token: %v", err)
	}
}
