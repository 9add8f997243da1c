package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/stix"
)

// MISP pages are asked for with these sizes; an event may have thousands of attributes.
const (
	mispAttributes = 5000
	mispEvents     = 50
)

// mispCursor is how far an instance was read.
type mispCursor struct {
	Since int64 `json:"since"` // Unix seconds: ask for what was changed then or later
}

// number is an integer that MISP writes as a number or as a text.
type number int64

func (n *number) UnmarshalJSON(raw []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		v = 0
	}
	*n = number(v)
	return nil
}

// mispTag, mispAttribute and mispEvent are the parts of MISP's JSON that are asked for (MISP core format, draft-dulaunoy-misp-core-format).
type mispTag struct {
	Name string `json:"name"`
}

type mispAttribute struct {
	UUID     string    `json:"uuid"`
	Type     string    `json:"type"`
	Value    string    `json:"value"`
	Comment  string    `json:"comment"`
	ToIDS    bool      `json:"to_ids"`
	Deleted  bool      `json:"deleted"`
	At       number    `json:"timestamp"`
	LastSeen string    `json:"last_seen"`
	Tags     []mispTag `json:"Tag"`
	Event    mispEvent `json:"Event"`
}

type mispEvent struct {
	UUID       string          `json:"uuid"`
	Info       string          `json:"info"`
	Date       string          `json:"date"`
	Threat     number          `json:"threat_level_id"`
	At         number          `json:"timestamp"`
	Galaxies   []mispGalaxy    `json:"Galaxy"`
	Tags       []mispTag       `json:"Tag"`
	Attributes []mispAttribute `json:"Attribute"`
	Objects    []struct {
		Deleted    bool            `json:"deleted"`
		Attributes []mispAttribute `json:"Attribute"`
	} `json:"Object"`
}

// readMISP asks POST /attributes/restSearch or /events/restSearch (MISP's documentation, "Automation API") page by page for what changed.
func readMISP(ctx context.Context, s *session) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var was mispCursor
		_ = json.Unmarshal(s.cursor, &was)
		newest, last := was.Since, ""
		for page := 1; ; page++ {
			n, first, latest, more, err := s.mispPage(ctx, page, was.Since, yield)
			if err != nil {
				if page > 1 {
					s.late = err
					return
				}
				yield(Item{}, err)
				return
			}
			newest = max(newest, latest)
			if !more {
				return
			}
			full := n >= mispAttributes
			if s.f.Events {
				full = n >= mispEvents
			}
			switch {
			case n > 0 && first == last:
				s.late = &Failure{Why: "it sends the same page again and again"}
				return
			case page >= maxPages:
				s.late = &Failure{Why: fmt.Sprintf("it has more than %d pages", maxPages)}
				return
			case !full:
				s.next = mispCursor{newest}
				return
			}
			last = first
		}
	}
}

// mispPage asks for one page and hands its items on. n is how many records it had, first names the first of them.
func (s *session) mispPage(ctx context.Context, page int, since int64, yield func(Item, error) bool) (n int, first string, latest int64, more bool, err error) {
	ask := map[string]any{"returnFormat": "json", "page": page, "limit": mispAttributes, "to_ids": true, "published": true, "includeEventTags": true, "deleted": []int{0, 1}}
	path := "attributes/restSearch"
	if s.f.Events {
		ask["limit"], path = mispEvents, "events/restSearch"
		delete(ask, "includeEventTags")
	}
	if since > 0 {
		ask["timestamp"] = strconv.FormatInt(since, 10)
	}
	if list := wantedTags(s.f.Filter); len(list) > 0 {
		ask["tags"] = list
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return 0, "", 0, false, err
	}
	a, err := s.c.ask(ctx, request{method: http.MethodPost, url: below(s.f.URL, path), accept: "application/json", body: body, limit: maxLarge, headers: map[string]string{"Content-Type": "application/json"}})
	if err != nil {
		return 0, "", 0, false, err
	}
	defer a.close()
	more = true
	err = eachRecord(a.body, func(raw json.RawMessage) error {
		n++
		id, at, goOn, err := s.mispRecord(n, raw, yield)
		if n == 1 {
			first = id
		}
		latest = max(latest, at)
		if !goOn {
			more = false
			return errEnough
		}
		return err
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return n, first, latest, more, err
}

var errEnough = errors.New("enough")

func wantedTags(s string) []string {
	var out []string
	for t := range strings.SplitSeq(s, ",") {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// mispRecord reads one attribute or event of an answer.
func (s *session) mispRecord(at int, raw json.RawMessage, yield func(Item, error) bool) (id string, when int64, goOn bool, err error) {
	if !s.f.Events {
		var a mispAttribute
		if err := json.Unmarshal(raw, &a); err != nil {
			s.refuse(at, tidy(string(raw), 80), errors.New("it is no attribute"))
			return "", 0, true, nil
		}
		return a.UUID, int64(a.At), s.attribute(&a, &a.Event, yield), nil
	}
	var wrap struct{ Event mispEvent }
	if err := json.Unmarshal(raw, &wrap); err != nil {
		s.refuse(at, tidy(string(raw), 80), errors.New("it is no event"))
		return "", 0, true, nil
	}
	return wrap.Event.UUID, int64(wrap.Event.At), s.event(&wrap.Event, yield), nil
}

// event hands the attributes of an event on. false: nobody wants more.
func (s *session) event(e *mispEvent, yield func(Item, error) bool) bool {
	if g := s.gather(e); g != nil {
		g.whole = true
	}
	for i := range e.Attributes {
		if !s.attribute(&e.Attributes[i], e, yield) {
			return false
		}
	}
	for i := range e.Objects {
		for k := range e.Objects[i].Attributes {
			a := &e.Objects[i].Attributes[k]
			a.Deleted = a.Deleted || e.Objects[i].Deleted
			if !s.attribute(a, e, yield) {
				return false
			}
		}
	}
	return true
}

// attribute makes items of one attribute. false: nobody wants more.
func (s *session) attribute(a *mispAttribute, e *mispEvent, yield func(Item, error) bool) bool {
	wanted := mispWanted(a.Type, a.Value)
	s.gatherAttribute(a, e, wanted)
	if len(wanted) == 0 || !a.ToIDS && !a.Deleted {
		s.ignored++
		return true
	}
	it := Item{Ref: a.UUID, Description: tidy(firstOf(a.Comment, e.Info), 500)}
	if a.At > 0 {
		it.From = time.Unix(int64(a.At), 0).UTC()
	}
	if t, err := time.Parse(time.RFC3339, a.LastSeen); err == nil && t.After(s.now) {
		it.Until = t.UTC()
	}
	if a.Deleted {
		it.State = Retired
	}
	for _, t := range append(append([]mispTag{}, a.Tags...), e.Tags...) {
		mispLabel(&it, t.Name)
	}
	for _, w := range wanted {
		it.Wanted = w
		if !yield(it, nil) {
			return false
		}
	}
	return true
}

// mispLabel reads a tag: a level of TLP, the name of a threat in a galaxy, or a word.
func mispLabel(it *Item, tag string) {
	tag = strings.TrimSpace(tag)
	low := strings.ToLower(tag)
	switch {
	case strings.HasPrefix(low, "tlp:"):
		if t, ok := stix.ParseTLP(tag); ok {
			it.TLP = stix.Narrower(it.TLP, t)
			return
		}
	case strings.HasPrefix(low, "misp-galaxy:"):
		head, name, _ := strings.Cut(tag, "=")
		name = tidy(strings.Trim(name, `"`), 120)
		for _, of := range []string{"malware", "malpedia", "ransomware", "stealer", "banker", "rat", "botnet", "tool", "threat-actor", "intrusion-set"} {
			if strings.Contains(strings.ToLower(head), of) && name != "" && it.Threat == "" {
				it.Threat, _, _ = strings.Cut(name, " - S") // "Emotet - S0367"
				return
			}
		}
	}
	if tag != "" && len(it.Tags) < 8 {
		it.Tags = append(it.Tags, tidy(tag, 60))
	}
}

// mispWanted is what of an attribute can be seen in mail, by its type. Nothing for most of the two hundred types.
func mispWanted(kind, value string) []stix.Wanted {
	one := func(k stix.Kind, v string) []stix.Wanted {
		if v = strings.TrimSpace(v); v == "" {
			return nil
		}
		return []stix.Wanted{{Kind: k, Value: v}}
	}
	left, right, both := strings.Cut(value, "|")
	switch kind {
	case "url", "uri":
		return one(stix.URL, value)
	case "domain", "hostname":
		return one(stix.Domain, value)
	case "hostname|port":
		return one(stix.Domain, left)
	case "ip-src", "ip-dst":
		return one(stix.IP, value)
	case "ip-src|port", "ip-dst|port":
		return one(stix.IP, left)
	case "domain|ip":
		return append(one(stix.Domain, left), one(stix.IP, right)...)
	case "md5", "sha1", "sha256":
		return one(stix.Hash, value)
	case "filename|md5", "filename|sha1", "filename|sha256", "malware-sample":
		if both {
			return one(stix.Hash, right)
		}
	case "email", "email-src":
		return one(stix.Sender, value)
	case "email-subject":
		return one(stix.Subject, value)
	}
	return nil
}

// eachRecord calls f for every element of the list in a MISP answer: {"response": {"Attribute": [...]}} or {"response": [...]}.
func eachRecord(r io.Reader, f func(json.RawMessage) error) error {
	d := json.NewDecoder(r)
	broken := func(err error) error {
		var fail *Failure
		if errors.As(err, &fail) {
			return fail
		}
		return &Failure{Why: "its answer is no JSON of MISP, or breaks off", Err: err}
	}
	for depth := 0; depth < 4; depth++ {
		t, err := d.Token()
		if err != nil {
			return broken(err)
		}
		if t == json.Delim('[') {
			for d.More() {
				var raw json.RawMessage
				if err := d.Decode(&raw); err != nil {
					return broken(err)
				}
				if err := f(raw); err != nil {
					return err
				}
			}
			if _, err := d.Token(); err != nil {
				return broken(err)
			}
			return nil
		}
		if t != json.Delim('{') {
			return &Failure{Why: "its answer is not what MISP sends"}
		}
		for { // the member that holds the list
			if !d.More() {
				if depth == 1 {
					return nil // {"response": {}}: nothing
				}
				return &Failure{Why: "its answer holds no list; is this the address of a MISP instance?"}
			}
			name, err := d.Token()
			if err != nil {
				return broken(err)
			}
			if name == "response" || name == "Attribute" || name == "Event" {
				break
			}
			var other json.RawMessage
			if err := d.Decode(&other); err != nil {
				return broken(err)
			}
		}
	}
	return &Failure{Why: "its answer is not what MISP sends"}
}
