package feed

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// manifestEntry is what manifest.json of a MISP feed says of an event.
type manifestEntry struct {
	Info string    `json:"info"`
	At   number    `json:"timestamp"`
	Tags []mispTag `json:"Tag"`
	uuid string
}

// mispFeedCursor is how far a MISP feed was read.
type mispFeedCursor struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Since    int64  `json:"since"` // events up to this time were read
}

var uuidName = regexp.MustCompile(`^[0-9a-fA-F-]{36}$`)

// feedEvents is how many events one run reads; the next one goes on.
const feedEvents = 2000

// maxEvent bounds one event file.
const maxEvent = 64 << 20

// readMISPFeed reads manifest.json and then the events that are newer than what was read, oldest first.
func readMISPFeed(ctx context.Context, s *session) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var was mispFeedCursor
		_ = json.Unmarshal(s.cursor, &was)
		base := strings.TrimSuffix(s.f.URL, "manifest.json")
		todo, at, err := s.manifest(ctx, base, was)
		if err != nil {
			yield(Item{}, err)
			return
		}
		s.say("%d events that were not read yet", len(todo))
		for i, e := range todo {
			if i == feedEvents || s.most > 0 && i == 50 {
				s.again = true
				at.ETag, at.Modified = "", "" // the manifest is the same, and there is more in it
				break
			}
			event, err := s.feedEvent(ctx, base, e.uuid)
			if err != nil {
				if f := words(err); f.Status == http.StatusNotFound || f.Status == http.StatusOK {
					s.refuse(i+1, e.uuid, f)
				} else {
					s.late = f
					at.ETag, at.Modified = "", ""
					break
				}
			} else {
				event.Tags = append(event.Tags, e.Tags...)
				if !s.event(event, yield) {
					return
				}
			}
			// Events of the same second are read together or again.
			if i+1 == len(todo) || todo[i+1].At > e.At {
				at.Since = int64(e.At)
				s.next = at
			}
		}
		if s.late == nil {
			s.next = at
		}
	}
}

// manifest lists the events that are to be read.
func (s *session) manifest(ctx context.Context, base string, was mispFeedCursor) ([]manifestEntry, mispFeedCursor, error) {
	headers := map[string]string{}
	if s.most == 0 {
		headers["If-None-Match"], headers["If-Modified-Since"] = was.ETag, was.Modified
	}
	a, err := s.c.ask(ctx, request{method: http.MethodGet, url: below(base, "manifest.json"), accept: "application/json", headers: headers, limit: maxEvent})
	if err != nil {
		return nil, was, err
	}
	defer a.close()
	if a.StatusCode == http.StatusNotModified {
		s.unchanged = true
		return nil, was, errUnchanged
	}
	at := mispFeedCursor{short(a.Header.Get("ETag")), short(a.Header.Get("Last-Modified")), was.Since}
	all := map[string]manifestEntry{}
	if err := json.NewDecoder(a.body).Decode(&all); err != nil {
		return nil, was, &Failure{Why: "manifest.json cannot be read; is this the address of the folder of a MISP feed?", Err: err}
	}
	var todo []manifestEntry
	for _, uuid := range slices.Sorted(maps.Keys(all)) {
		e := all[uuid]
		if e.uuid = uuid; !uuidName.MatchString(uuid) {
			s.refuse(0, uuid, &Failure{Why: "the manifest names an event that is no UUID"})
			continue
		}
		if int64(e.At) > was.Since && tagged(e.Tags, wantedTags(s.f.Filter)) {
			todo = append(todo, e)
		}
	}
	slices.SortStableFunc(todo, func(a, b manifestEntry) int { return cmp.Compare(a.At, b.At) })
	s.hashes(ctx, base)
	return todo, at, nil
}

func tagged(have []mispTag, want []string) bool {
	return len(want) == 0 || slices.ContainsFunc(have, func(t mispTag) bool {
		return slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, t.Name) })
	})
}

// hashes counts hashes.csv in a trial: how many values the feed has in all, without reading its events. It holds MD5s of values, so it
// says nothing that could be looked for.
func (s *session) hashes(ctx context.Context, base string) {
	if s.most == 0 {
		return
	}
	raw, _, err := s.c.small(ctx, request{url: below(base, "hashes.csv"), accept: "text/csv, */*;q=0.5"})
	if err != nil {
		return // it is optional
	}
	s.say("%d values in all its events, says hashes.csv", bytes.Count(raw, []byte("\n")))
}

func (s *session) feedEvent(ctx context.Context, base, uuid string) (*mispEvent, error) {
	a, err := s.c.ask(ctx, request{method: http.MethodGet, url: below(base, uuid+".json"), accept: "application/json", limit: maxEvent})
	if err != nil {
		return nil, err
	}
	defer a.close()
	var wrap struct{ Event *mispEvent }
	if err := json.NewDecoder(a.body).Decode(&wrap); err != nil || wrap.Event == nil {
		return nil, &Failure{Why: "the event cannot be read", Status: http.StatusOK, Err: err}
	}
	return wrap.Event, nil
}
