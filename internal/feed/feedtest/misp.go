package feedtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
)

// Attribute is one of a MISP event.
type Attribute struct {
	UUID, Type, Value string
	IDS, Deleted      bool
	At                int64 // Unix seconds
	Tags              []string
}

// Event is one of MISP.
type Event struct {
	UUID, Info string
	Date       string // 2026-11-01
	Threat     int    // 1 high to 4 undefined
	At         int64
	Tags       []string
	Attributes []Attribute
	InObject   []Attribute // attributes of an object of the event
}

// MISP is an instance that answers /attributes/restSearch and /events/restSearch as MISP's documentation ("Automation and MISP API")
// describes, and serves the same events as a feed: manifest.json, hashes.csv and a file an event below /feed/.
type MISP struct {
	*httptest.Server
	mu       sync.Mutex
	Key      string
	Events   []Event
	Most     int  // records of a page, whatever is asked for; 0: as asked
	SamePage bool // answers the first page to every question
	Asked    []string
}

// NewMISP starts an instance.
func NewMISP() *MISP {
	m := &MISP{Key: "cc9b4d0d3f6b1c2e"}
	m.Server = httptest.NewServer(http.HandlerFunc(m.serve))
	return m
}

// Questions are what was asked, and forgets it.
func (m *MISP) Questions() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.Asked
	m.Asked = nil
	return out
}

type search struct {
	ReturnFormat string   `json:"returnFormat"`
	Page         int      `json:"page"`
	Limit        int      `json:"limit"`
	ToIDS        bool     `json:"to_ids"`
	Timestamp    string   `json:"timestamp"`
	Deleted      []int    `json:"deleted"`
	Tags         []string `json:"tags"`
}

func (m *MISP) serve(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if rest, ok := strings.CutPrefix(r.URL.Path, "/feed/"); ok {
		m.Asked = append(m.Asked, rest)
		m.feed(w, r, rest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != m.Key {
		w.WriteHeader(http.StatusForbidden) // what MISP answers to a key that it does not know
		fmt.Fprint(w, `{"name":"Authentication failed. Please make sure you pass the API key of an API enabled user along in the Authorization header.","message":"...","url":"/attributes/restSearch"}`)
		return
	}
	var q search
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Method != http.MethodPost || q.ReturnFormat != "json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m.Asked = append(m.Asked, fmt.Sprintf("%s page=%d timestamp=%s", r.URL.Path, q.Page, q.Timestamp))
	var all []any
	switch r.URL.Path {
	case "/attributes/restSearch":
		for _, e := range m.Events {
			for _, a := range append(append([]Attribute{}, e.Attributes...), e.InObject...) {
				if q.has(a.At, a.IDS, a.Deleted) {
					x := a.json()
					x["Event"] = map[string]any{"id": "1", "uuid": e.UUID, "info": e.Info}
					x["Tag"] = tagsOf(append(append([]string{}, a.Tags...), e.Tags...))
					all = append(all, x)
				}
			}
		}
	case "/events/restSearch":
		for _, e := range m.Events {
			if q.has(e.At, true, false) {
				all = append(all, map[string]any{"Event": e.json()})
			}
		}
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	limit := q.Limit
	if m.Most > 0 {
		limit = min(limit, m.Most)
	}
	from := (max(q.Page, 1) - 1) * limit
	if m.SamePage {
		from = 0
	}
	from = min(from, len(all))
	some := all[from:min(from+limit, len(all))]
	w.Header().Set("X-Result-Count", strconv.Itoa(len(all)))
	if r.URL.Path == "/events/restSearch" {
		_ = json.NewEncoder(w).Encode(map[string]any{"response": append([]any{}, some...)})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"response": map[string]any{"Attribute": append([]any{}, some...)}})
}

func (q *search) has(at int64, ids, deleted bool) bool {
	since, _ := strconv.ParseInt(q.Timestamp, 10, 64)
	return at >= since && (ids || !q.ToIDS) && (!deleted || len(q.Deleted) == 2)
}

func tagsOf(names []string) []any {
	out := []any{}
	for _, n := range names {
		out = append(out, map[string]any{"id": "1", "name": n, "colour": "#ffffff"})
	}
	return out
}

// json has numbers as texts, as MISP does.
func (a *Attribute) json() map[string]any {
	return map[string]any{"id": "1", "uuid": a.UUID, "type": a.Type, "category": "Network activity", "value": a.Value, "to_ids": a.IDS, "deleted": a.Deleted, "timestamp": strconv.FormatInt(a.At, 10), "comment": "", "Tag": tagsOf(a.Tags)}
}

func (e *Event) json() map[string]any {
	list := func(in []Attribute) []any {
		out := []any{}
		for i := range in {
			out = append(out, in[i].json())
		}
		return out
	}
	return map[string]any{"uuid": e.UUID, "info": e.Info, "date": e.Date, "threat_level_id": strconv.Itoa(e.Threat), "timestamp": strconv.FormatInt(e.At, 10), "Tag": tagsOf(e.Tags), "Attribute": list(e.Attributes),
		"Object": []any{map[string]any{"name": "email", "deleted": false, "Attribute": list(e.InObject)}}}
}

func (m *MISP) feed(w http.ResponseWriter, r *http.Request, name string) {
	switch {
	case name == "manifest.json":
		sum := int64(0)
		for _, e := range m.Events {
			sum += e.At
		}
		tag := fmt.Sprintf(`"%d"`, sum)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", tag)
		all := map[string]any{}
		for _, e := range m.Events {
			all[e.UUID] = map[string]any{"info": e.Info, "timestamp": strconv.FormatInt(e.At, 10), "Tag": tagsOf(e.Tags), "analysis": "2", "threat_level_id": "1", "date": "2026-11-01"}
		}
		_ = json.NewEncoder(w).Encode(all)
		return
	case name == "hashes.csv":
		for _, e := range m.Events {
			for range e.Attributes {
				fmt.Fprintf(w, "d41d8cd98f00b204e9800998ecf8427e,%s\n", e.UUID)
			}
		}
		return
	}
	for i := range m.Events {
		if name == m.Events[i].UUID+".json" {
			_ = json.NewEncoder(w).Encode(map[string]any{"Event": m.Events[i].json()})
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}
