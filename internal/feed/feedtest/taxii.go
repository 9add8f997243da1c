// Package feedtest is the other side of feeds for tests: a TAXII 2.1 server that follows the specification and a MISP instance that speaks
// its documented REST API. Both can be told to misbehave in the ways that real ones do.
package feedtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// media is the type of every answer (TAXII 2.1 section 1.6.8).
const media = "application/taxii+json;version=2.1"

// Added is an object in a collection, with the time at which the server got it (section 3.4).
type Added struct {
	At  time.Time
	Raw string
}

// TAXII is a server with one API root, /root/, and one collection. Change it between questions only.
type TAXII struct {
	*httptest.Server
	mu         sync.Mutex
	Token      string // that is wanted as Bearer; "" for none
	Collection string // id
	Objects    []Added
	Page       int  // objects of one page; 0: as many as asked for
	ByTime     bool // page by added_after and without "next"
	Asked      []string

	// Misbehave is asked before every answer about objects, with its number from 1. true: it answered itself.
	Misbehave func(w http.ResponseWriter, r *http.Request, n int) bool
	n         int
}

// NewTAXII starts a server.
func NewTAXII() *TAXII {
	t := &TAXII{Collection: "91a7b528-80eb-42ed-a74d-c6fbd5a26116"}
	t.Server = httptest.NewServer(http.HandlerFunc(t.serve))
	return t
}

// Put adds objects at a time.
func (t *TAXII) Put(at time.Time, raw ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range raw {
		t.Objects = append(t.Objects, Added{at, r})
	}
	slices.SortStableFunc(t.Objects, func(a, b Added) int { return a.At.Compare(b.At) })
}

// Questions are the paths that were asked for, and forgets them.
func (t *TAXII) Questions() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.Asked
	t.Asked = nil
	return out
}

func (t *TAXII) serve(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Asked = append(t.Asked, r.URL.RequestURI())
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	fail := func(status int, title string) {
		answer(status, map[string]any{"title": title, "http_status": strconv.Itoa(status)}) // section 3.6
	}
	switch {
	case t.Token != "" && r.Header.Get("Authorization") != "Bearer "+t.Token:
		w.Header().Set("WWW-Authenticate", "Bearer")
		fail(http.StatusUnauthorized, "Unauthorized")
	case strings.ReplaceAll(r.Header.Get("Accept"), " ", "") != media:
		fail(http.StatusNotAcceptable, "Not Acceptable")
	case r.URL.Path == "/taxii2/":
		answer(200, map[string]any{"title": "A server", "api_roots": []string{"/root/", "https://elsewhere.example/root/"}, "default": "/root/"})
	case r.URL.Path == "/root/":
		answer(200, map[string]any{"title": "A root", "versions": []string{media}, "max_content_length": 1 << 20})
	case r.URL.Path == "/root/collections/":
		answer(200, map[string]any{"collections": []any{
			map[string]any{"id": t.Collection, "title": "Phish", "can_read": true, "can_write": false, "media_types": []string{"application/stix+json;version=2.1"}},
			map[string]any{"id": "00000000-0000-4000-8000-000000000001", "title": "Others", "can_read": false, "can_write": true},
		}})
	case r.URL.Path == "/root/collections/"+t.Collection+"/objects/":
		t.objects(w, r)
	default:
		fail(http.StatusNotFound, "Not Found")
	}
}

// objects answers section 5.4: filtered by added_after, paged by limit and next, with the times of the first and last object.
func (t *TAXII) objects(w http.ResponseWriter, r *http.Request) {
	t.n++
	if t.Misbehave != nil && t.Misbehave(w, r, t.n) {
		return
	}
	q := r.URL.Query()
	after, _ := time.Parse(time.RFC3339Nano, q.Get("added_after"))
	var list []Added
	for _, o := range t.Objects {
		if o.At.After(after) {
			list = append(list, o)
		}
	}
	from, _ := strconv.Atoi(q.Get("next"))
	from = min(from, len(list))
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = 100
	}
	if t.Page > 0 {
		limit = min(limit, t.Page)
	}
	to := min(from+limit, len(list))
	for t.ByTime && to > from && to < len(list) && list[to].At.Equal(list[to-1].At) { // what came together stays together
		to++
	}
	some := list[from:to]
	w.Header().Set("Content-Type", media)
	if len(some) == 0 {
		fmt.Fprint(w, "{}")
		return
	}
	const form = "2006-01-02T15:04:05.000000Z"
	w.Header().Set("X-TAXII-Date-Added-First", some[0].At.UTC().Format(form))
	w.Header().Set("X-TAXII-Date-Added-Last", some[len(some)-1].At.UTC().Format(form))
	fmt.Fprintf(w, `{"more":%v,`, to < len(list))
	if to < len(list) && !t.ByTime {
		fmt.Fprintf(w, `"next":"%d",`, to)
	}
	raw := make([]string, len(some))
	for i, o := range some {
		raw[i] = o.Raw
	}
	fmt.Fprintf(w, `"objects":[%s]}`, strings.Join(raw, ","))
}
