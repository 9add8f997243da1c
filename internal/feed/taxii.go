package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/stix"
)

// MediaTAXII is the media type of TAXII 2.1 (OASIS, "TAXII Version 2.1", 10 June 2021, section 1.6.8).
const MediaTAXII = "application/taxii+json;version=2.1"

// pageSize is how many objects are asked for at once. A server may send fewer.
const pageSize = 1000

// runPages is after how many pages a run ends to go on in the next one, so that what was read is at work.
const runPages = 200

// Collection is one that a TAXII server offers (section 5.2).
type Collection struct {
	Root        string `json:"root"`
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	CanRead     bool   `json:"can_read"`
}

// taxiiCursor is how far a collection was read.
type taxiiCursor struct {
	Added string `json:"added"` // added_after of the next question
}

type taxiiAnswer struct {
	Title    string   `json:"title"`
	Default  string   `json:"default"`
	Roots    []string `json:"api_roots"`
	Versions []string `json:"versions"`
}

// describe asks for a resource that only describes, and reads it.
func (s *session) describe(ctx context.Context, address string, into any) error {
	raw, head, err := s.c.small(ctx, request{url: address, accept: MediaTAXII})
	if err != nil {
		return err
	}
	if err := isTAXII(head); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return &Failure{Why: "its answer is no JSON", Err: err}
	}
	return nil
}

// isTAXII looks at the media type: a page of HTML with a good status is the usual mistake.
func isTAXII(head http.Header) error {
	kind, params, err := mime.ParseMediaType(head.Get("Content-Type"))
	switch {
	case err != nil || kind != "application/taxii+json" && kind != "application/json" && kind != "application/vnd.oasis.stix+json" && kind != "application/stix+json":
		return &Failure{Why: fmt.Sprintf("this is no TAXII server: it answers with %q", tidy(head.Get("Content-Type"), 80)), Err: err}
	case params["version"] != "" && params["version"] != "2.1":
		return &Failure{Why: fmt.Sprintf("it speaks TAXII %s; Tocsin speaks 2.1", tidy(params["version"], 20))}
	}
	return nil
}

// below joins a path to an address, which TAXII always ends with a slash (section 1.6.1).
func below(address, path string) string { return strings.TrimSuffix(address, "/") + "/" + path }

// roots finds the API roots behind an address: it may be that of the discovery (section 4.1) or of a root itself (section 4.2). Those on
// other hosts are named and not asked.
func (s *session) roots(ctx context.Context) ([]string, error) {
	if s.f.Root != "" {
		return []string{s.f.Root}, nil
	}
	var a taxiiAnswer
	if err := s.describe(ctx, below(s.f.URL, ""), &a); err != nil {
		return nil, err
	}
	if len(a.Roots) == 0 {
		if len(a.Versions) > 0 || a.Title != "" {
			return []string{below(s.f.URL, "")}, nil
		}
		return nil, &Failure{Why: "it names no API roots; give the address of the discovery, which often ends in /taxii2/"}
	}
	base, err := url.Parse(s.f.URL)
	if err != nil {
		return nil, &Failure{Why: "its address cannot be read", Err: err}
	}
	var out []string
	for _, r := range a.Roots[:min(len(a.Roots), 20)] {
		u, err := base.Parse(r)
		if err != nil {
			continue
		}
		if !sameHost(s.f.URL, u.String()) {
			s.note("the API root %s is on another host and was not asked; give its own address if it is meant", tidy(u.String(), 200))
			continue
		}
		out = append(out, u.String())
	}
	if len(out) == 0 {
		return nil, &Failure{Why: "all API roots are on other hosts; give the address of the one that is meant"}
	}
	return out, nil
}

// collections lists what can be read (section 5.1).
func (s *session) collections(ctx context.Context) ([]Collection, error) {
	roots, err := s.roots(ctx)
	if err != nil {
		return nil, err
	}
	var out []Collection
	var last error
	for _, root := range roots {
		var a struct {
			Collections []Collection `json:"collections"`
		}
		if err := s.describe(ctx, below(root, "collections/"), &a); err != nil {
			last = err
			continue
		}
		for _, c := range a.Collections[:min(len(a.Collections), 500)] {
			c.Root, c.Title, c.Description = root, tidy(c.Title, 200), tidy(c.Description, 500)
			out = append(out, c)
		}
	}
	if len(out) == 0 && last != nil {
		return nil, last
	}
	return out, nil
}

// readTAXII reads what was added to a collection since the last time (section 5.4).
func readTAXII(ctx context.Context, s *session) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		root := s.f.Root
		if root == "" {
			roots, err := s.roots(ctx)
			if err != nil {
				yield(Item{}, err)
				return
			}
			root = roots[0]
		}
		err := s.pages(ctx, below(root, "collections/"+url.PathEscape(s.f.Collection)+"/objects/"))
		var f *Failure
		if err != nil && (s.objects == 0 || !errors.As(err, &f)) {
			yield(Item{}, err)
			return
		}
		s.late = err // what came before it is good
		s.indicators(ctx, yield)
	}
}

// pages reads page after page. It moves the cursor with every page that is kept.
func (s *session) pages(ctx context.Context, address string) error {
	var was taxiiCursor
	_ = json.Unmarshal(s.cursor, &was)
	after, next, before, empty := was.Added, "", "", 0
	seen := map[string]bool{}
	for page := 1; ; page++ {
		more, token, added, n, err := s.page(ctx, address, after, next)
		if err != nil {
			return err
		}
		switch {
		case !more:
			if added == "" && n > 0 { // a server that does not say when things were added
				added = stix.FormatTime(s.now)
			}
			if added != "" {
				s.next = taxiiCursor{added}
			}
			return nil
		case token == "":
			// The next page is asked for by time.
			if added != "" {
				after = added
				s.next = taxiiCursor{added}
			}
		case before != "" && before < added:
			// Objects come in the order in which they were added, so everything up to the page before is here, also what was added in the
			// same moment: a run that breaks off goes on from there.
			s.next = taxiiCursor{before}
		}
		if empty++; n > 0 {
			empty = 0
		}
		key := token + "\n" + after
		switch {
		case token == "" && added == "":
			return &Failure{Why: "it says that there is more and not how to ask for it"}
		case seen[key] || empty > 3:
			return &Failure{Why: "it pages without end: it always says that there is more and sends nothing new"}
		case page >= maxPages:
			return &Failure{Why: fmt.Sprintf("it has more than %d pages", maxPages)}
		case s.most > 0 && s.objects >= s.most*4:
			return nil
		case page >= runPages && token == "":
			s.again = true
			return nil
		}
		seen[key] = true
		next, before = token, added
	}
}

// page asks for one page. added is the time of its last object.
func (s *session) page(ctx context.Context, address, after, next string) (more bool, token, added string, n int, err error) {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if after != "" {
		q.Set("added_after", after)
	}
	if next != "" {
		q.Set("next", next)
	}
	a, err := s.c.ask(ctx, request{method: http.MethodGet, url: address + "?" + q.Encode(), accept: MediaTAXII, limit: maxLarge})
	if err != nil {
		return false, "", "", 0, err
	}
	defer a.close()
	if err := isTAXII(a.Header); err != nil {
		return false, "", "", 0, err
	}
	var e stix.Envelope
	gather, before := s.gathering(ctx), s.objects
	for o, err := range stix.Read(a.body, stix.Limits{Objects: 100_000}, &e) {
		if err := gather.add(o, err); err != nil {
			return false, "", "", 0, words(err)
		}
	}
	if err := gather.flush(); err != nil {
		return false, "", "", 0, err
	}
	added = a.Header.Get("X-TAXII-Date-Added-Last")
	if _, err := time.Parse(time.RFC3339Nano, added); err != nil {
		added = ""
	}
	if len(e.Next) > 4096 {
		return false, "", "", 0, &Failure{Why: "the mark of the next page is too long"}
	}
	return e.More, e.Next, added, s.objects - before, nil
}
