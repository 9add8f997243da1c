package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/stix"
)

// The TAXII 2.1 server (OASIS, "TAXII Version 2.1", 10 June 2021; section numbers are its). It is read-only and small: one API root, and
// for each level of TLP that leaves the house a collection of indicators and one of incidents. It is signed in to with an API token whose
// operator has intelligence.read.
const (
	taxiiPrefix = "/taxii2/"
	taxiiRoot   = taxiiPrefix + "root/"
	mediaTAXII  = "application/taxii+json;version=2.1"
	taxiiLimit  = 100 // objects of a page, when nobody says
	taxiiMost   = 1000
)

// taxiiCollection is one collection (section 5.2).
type taxiiCollection struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Alias       string   `json:"alias"`
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types"`
	level       stix.TLP
	read        func(ctx context.Context, c *taxiiCollection, q taxiiAsk) (taxiiPage, error)
}

// taxiiAsk is which objects are asked for (section 3.4).
type taxiiAsk struct {
	after  time.Time
	next   string
	limit  int
	ids    []string
	types  []string
	exact  []string // match[version] that is a time
	object string   // of the path
}

// taxiiObject is one object with when it came in.
type taxiiObject struct {
	id, kind, version string
	added             time.Time
	raw               json.RawMessage
}

type taxiiPage struct {
	objects []taxiiObject
	next    string // "" at the end
}

// errTAXII is an answer that is an error (section 3.6).
type errTAXII struct {
	status int
	title  string
}

func (e *errTAXII) Error() string { return e.title }

// taxiiCollections lists what there is, the widest level first. Their ids are fixed, so that a client finds them again.
func (s *Server) taxiiCollections() []taxiiCollection {
	var out []taxiiCollection
	for i, level := range []stix.TLP{stix.TLPClear, stix.TLPGreen, stix.TLPAmber} {
		if !level.Within(stix.TLP(s.deps.TAXIIMost)) || s.deps.TAXIIMost == "" {
			break
		}
		name := strings.ToUpper(string(level))
		out = append(out,
			taxiiCollection{ID: fmt.Sprintf("7a1d9d3c-2f64-4c0e-9b57-0000000000a%d", i), Alias: "indicators-" + string(level), Title: "Indicators up to TLP:" + name, level: level, read: s.taxiiIndicators,
				Description: "Indicators that are at work here and may be told at TLP:" + name + ", and, as revoked, those that are not any more."},
			taxiiCollection{ID: fmt.Sprintf("7a1d9d3c-2f64-4c0e-9b57-0000000000b%d", i), Alias: "incidents-" + string(level), Title: "Incidents up to TLP:" + name, level: level, read: s.taxiiIncidents,
				Description: "Incidents that have a tag such as TLP:" + name + ": their messages, without recipients, and what in them is known to be bad."})
	}
	for i := range out {
		out[i].CanRead, out[i].MediaTypes = true, []string{mediaSTIX}
	}
	return out
}

// taxii answers everything below its prefix.
func (s *Server) taxii(w http.ResponseWriter, r *http.Request) {
	deadlines(r.Context(), asking)
	ctx, done := context.WithTimeout(r.Context(), asking)
	defer done()
	v, head, err := s.taxiiAnswer(ctx, r)
	w.Header().Set("Content-Type", mediaTAXII)
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		e := &errTAXII{http.StatusInternalServerError, "something went wrong inside"}
		if !errors.As(err, &e) {
			s.deps.Log.Error("TAXII request failed", "path", r.URL.Path, "err", err)
		}
		if e.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		w.WriteHeader(e.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"title": e.title, "http_status": strconv.Itoa(e.status)})
		return
	}
	for k, text := range head {
		w.Header().Set(k, text)
	}
	_ = json.NewEncoder(w).Encode(v) // a client that went away is nobody's trouble
}

func (s *Server) taxiiAnswer(ctx context.Context, r *http.Request) (any, map[string]string, error) {
	who := auth.From(ctx)
	switch {
	case s.deps.TAXIIMost == "" || s.deps.Feeds == nil:
		return nil, nil, &errTAXII{http.StatusNotFound, "this installation has no TAXII server; taxii.most in the settings says what it tells"}
	case who == nil:
		return nil, nil, &errTAXII{http.StatusUnauthorized, "send an API token as Authorization: Bearer"}
	case !who.May(auth.IntelligenceRead):
		return nil, nil, &errTAXII{http.StatusForbidden, "this needs the permission " + string(auth.IntelligenceRead)}
	case r.Method != http.MethodGet:
		return nil, nil, &errTAXII{http.StatusMethodNotAllowed, "this server only tells; it takes nothing in"}
	case !acceptsTAXII(r.Header.Values("Accept")):
		return nil, nil, &errTAXII{http.StatusNotAcceptable, "this server speaks " + mediaTAXII}
	}
	switch r.URL.Path {
	case taxiiPrefix:
		return map[string]any{"title": "Tocsin of " + s.toldBy(), "description": "Indicators and incidents that may be told", "default": taxiiRoot, "api_roots": []string{taxiiRoot}}, nil, nil
	case taxiiRoot:
		return map[string]any{"title": "Tocsin of " + s.toldBy(), "versions": []string{mediaTAXII}, "max_content_length": 1 << 20}, nil, nil
	case taxiiRoot + "collections/":
		return map[string]any{"collections": s.taxiiCollections()}, nil, nil
	}
	rest, ok := strings.CutPrefix(r.URL.Path, taxiiRoot+"collections/")
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	all := s.taxiiCollections()
	at := slices.IndexFunc(all, func(c taxiiCollection) bool { return c.ID == parts[0] || c.Alias == parts[0] })
	if !ok || at < 0 || !strings.HasSuffix(rest, "/") {
		return nil, nil, &errTAXII{http.StatusNotFound, "there is nothing at this address; " + taxiiPrefix + " says what there is"}
	}
	return s.taxiiCollection(ctx, &all[at], parts[1:], r)
}

// acceptsTAXII looks at the Accept field (section 1.6.8.1).
func acceptsTAXII(fields []string) bool {
	for _, f := range fields {
		for one := range strings.SplitSeq(f, ",") {
			kind, params, err := mime.ParseMediaType(one)
			if err == nil && (kind == "*/*" || kind == "application/*" || kind == "application/taxii+json" && (params["version"] == "" || params["version"] == "2.1")) {
				return true
			}
		}
	}
	return false
}

// taxiiCollection answers what is asked of one collection (sections 5.2 to 5.8).
func (s *Server) taxiiCollection(ctx context.Context, c *taxiiCollection, path []string, r *http.Request) (any, map[string]string, error) {
	if len(path) == 0 {
		return c, nil, nil
	}
	q, err := taxiiQuestion(r)
	if err != nil {
		return nil, nil, err
	}
	what := path[0]
	switch {
	case what == "objects" && len(path) == 2:
		q.object = path[1]
	case what == "objects" && len(path) == 3 && path[2] == "versions":
		q.object, what = path[1], "versions"
	case len(path) != 1 || what != "objects" && what != "manifest":
		return nil, nil, &errTAXII{http.StatusNotFound, "there is nothing at this address"}
	}
	if q.object != "" {
		q.ids = []string{q.object}
	}
	page, err := c.read(ctx, c, q)
	if err != nil {
		return nil, nil, err
	}
	if q.object != "" && len(page.objects) == 0 && q.next == "" && q.after.IsZero() {
		return nil, nil, &errTAXII{http.StatusNotFound, "there is no such object in this collection"}
	}
	return taxiiEnvelope(what, page)
}

func taxiiQuestion(r *http.Request) (taxiiAsk, error) {
	q := taxiiAsk{limit: taxiiLimit, next: r.URL.Query().Get("next")}
	wrong := func(why string) (taxiiAsk, error) { return q, &errTAXII{http.StatusBadRequest, why} }
	if v := r.URL.Query().Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return wrong("limit is a number from 1")
		}
		q.limit = min(n, taxiiMost)
	}
	if v := r.URL.Query().Get("added_after"); v != "" {
		t, err := stix.ParseTime(v)
		if err != nil {
			return wrong("added_after: " + err.Error())
		}
		q.after = t
	}
	list := func(name string) []string {
		v := r.URL.Query().Get("match[" + name + "]")
		if v == "" {
			return nil
		}
		return strings.Split(v, ",")
	}
	q.ids, q.types = list("id"), list("type")
	if len(q.ids) > 100 {
		return wrong("match[id] names at most 100 objects")
	}
	for _, v := range list("version") {
		switch v {
		case "last", "first", "all": // there is one version of each object
		default:
			if _, err := stix.ParseTime(v); err != nil {
				return wrong("match[version]: last, first, all or a time")
			}
			q.exact = append(q.exact, v)
		}
	}
	if v := list("spec_version"); v != nil && !slices.Contains(v, "2.1") {
		q.types = []string{"none"}
	}
	return q, nil
}

// wants reports whether an object is asked for, beside its place in time.
func (q *taxiiAsk) wants(o *taxiiObject) bool {
	return (q.ids == nil || slices.Contains(q.ids, o.id)) && (q.types == nil || slices.Contains(q.types, o.kind)) && (q.exact == nil || slices.Contains(q.exact, o.version)) && o.added.After(q.after)
}

// taxiiEnvelope writes a page as objects (section 3.7), as a manifest (section 5.3) or as versions (section 5.8).
func taxiiEnvelope(what string, p taxiiPage) (any, map[string]string, error) {
	if len(p.objects) == 0 && p.next == "" {
		return struct{}{}, nil, nil
	}
	out := map[string]any{"more": p.next != ""}
	if p.next != "" {
		out["next"] = p.next
	}
	head := map[string]string{}
	if n := len(p.objects); n > 0 {
		head["X-TAXII-Date-Added-First"], head["X-TAXII-Date-Added-Last"] = taxiiTime(p.objects[0].added), taxiiTime(p.objects[n-1].added)
	}
	switch what {
	case "manifest":
		list := make([]map[string]any, len(p.objects))
		for i, o := range p.objects {
			list[i] = map[string]any{"id": o.id, "date_added": taxiiTime(o.added), "version": o.version, "media_type": mediaSTIX}
		}
		out["objects"] = list
	case "versions":
		list := make([]string, len(p.objects))
		for i, o := range p.objects {
			list[i] = o.version
		}
		out["versions"] = list
	default:
		list := make([]json.RawMessage, len(p.objects))
		for i, o := range p.objects {
			list[i] = o.raw
		}
		out["objects"] = list
	}
	return out, head, nil
}

func taxiiTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
