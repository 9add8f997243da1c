// Package stix reads and writes STIX 2.1, the language in which organisations tell each other of threats (OASIS, "STIX Version 2.1",
// 10 June 2021; section numbers in this package are its).
//
// Everything in STIX is a JSON object with a type and an id "type--UUID". Domain objects (section 4) are what analysts think in: indicator,
// malware, campaign, report. Relationship objects (section 5) join them. Observables (section 6) are facts of a network: a URL, a file, a
// message. A bundle (section 8) is only a box around some of them. An object is changed by sending it again with a later "modified"; the
// newest counts (section 3.6), and "revoked" ends it. What an indicator looks for is written in a small language of its own (section 9).
//
// What comes in is hostile: bundles are read object by object within bounds of size, depth and count, and a broken object is refused by
// itself, with the reason, while the others go on. An object is kept as it was written; the fields here are only what Tocsin asks for.
package stix

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Object is one object: what Tocsin needs of it, and all of it in Raw.
type Object struct {
	Type       string    `json:"type"`
	ID         string    `json:"id"`
	Created    time.Time `json:"-"`
	Modified   time.Time `json:"-"` // of those that have no versions: Created, or the zero time (observables)
	CreatedBy  string    `json:"created_by_ref"`
	Revoked    bool      `json:"revoked"`
	Confidence *int      `json:"confidence"` // 0 to 100 (section 3.2); nil: not said
	Labels     []string  `json:"labels"`
	Markings   []string  `json:"object_marking_refs"`

	Name        string   `json:"name"`
	Description string   `json:"description"`
	Aliases     []string `json:"aliases"`
	Value       string   `json:"-"` // of observables that have one

	Pattern        string    `json:"pattern"`
	PatternType    string    `json:"pattern_type"`
	IndicatorTypes []string  `json:"indicator_types"`
	ValidFrom      time.Time `json:"-"`
	ValidUntil     time.Time `json:"-"`

	Relationship string `json:"relationship_type"`
	Source       string `json:"source_ref"`
	Target       string `json:"target_ref"`

	References []Reference `json:"external_references"`

	Definition Marking `json:"-"` // of a marking-definition

	Raw json.RawMessage `json:"-"`
}

// Reference is where else something is described (section 2.5).
type Reference struct {
	Source      string `json:"source_name"`
	ID          string `json:"external_id"`
	URL         string `json:"url"`
	Description string `json:"description"`
}

// ATTACK returns the ids that MITRE ATT&CK has for the object: T1566.001, G0007, S0154.
func (o *Object) ATTACK() []string {
	var out []string
	for _, r := range o.References {
		if strings.HasPrefix(r.Source, "mitre-") && r.ID != "" && !strings.HasPrefix(r.ID, "CAPEC") {
			out = append(out, r.ID)
		}
	}
	return out
}

// timed are the parts of an object whose JSON needs a second look.
type timed struct {
	Created    string          `json:"created"`
	Modified   string          `json:"modified"`
	ValidFrom  string          `json:"valid_from"`
	ValidUntil string          `json:"valid_until"`
	Value      json.RawMessage `json:"value"`
}

var (
	typeName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// ParseTime reads a timestamp (section 2.16): RFC 3339 in UTC, written with Z.
func ParseTime(s string) (time.Time, error) {
	if !strings.HasSuffix(s, "Z") {
		return time.Time{}, fmt.Errorf("%s is no time of the form 2026-11-18T12:00:00.000Z", cut(s))
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is no time of the form 2026-11-18T12:00:00.000Z", cut(s))
	}
	return t.UTC(), nil
}

// FormatTime writes one, to the millisecond.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// cut makes text of strangers short enough for a sentence.
func cut(s string) string {
	const most = 80
	s = strings.ToValidUTF8(s, "�")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// checkID says what is wrong with an identifier (section 2.9). want is the type that it must be of; "" for any.
func checkID(id, want string) error {
	kind, rest, ok := strings.Cut(id, "--")
	if !ok || !typeName.MatchString(kind) || len(kind) > 250 || !uuidForm.MatchString(rest) {
		return fmt.Errorf("%s is no identifier of the form type--UUID", cut(id))
	}
	if want != "" && kind != want {
		return fmt.Errorf("%s is not of the type %s", cut(id), want)
	}
	return nil
}

// Parse reads one object and checks it against the specification (see Check). Objects of types that the specification does not have are
// taken when what all objects have is in order.
func Parse(raw json.RawMessage) (*Object, error) {
	o := &Object{}
	var t timed
	if err := json.Unmarshal(raw, o); err != nil {
		return nil, plainJSON(err)
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, plainJSON(err)
	}
	if wrong := Check(raw); len(wrong) > 0 {
		return nil, wrong[0]
	}
	o.Raw = raw
	for _, f := range []struct {
		to   *time.Time
		from string
	}{{&o.Created, t.Created}, {&o.Modified, t.Modified}, {&o.ValidFrom, t.ValidFrom}, {&o.ValidUntil, t.ValidUntil}} {
		if f.from != "" {
			*f.to, _ = ParseTime(f.from) // Check looked
		}
	}
	if o.Modified.IsZero() {
		o.Modified = o.Created
	}
	_ = json.Unmarshal(t.Value, &o.Value) // a value that is no text is none for us
	if o.Type == "marking-definition" {
		o.Definition = readMarking(raw)
	}
	return o, nil
}

// plainJSON says what is wrong with JSON without the names of Go types.
func plainJSON(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		if kind.Field == "" {
			return fmt.Errorf("it is a %s where an object is expected", kind.Value)
		}
		return fmt.Errorf("%s: a %s does not belong there", kind.Field, kind.Value)
	}
	return errors.New("it is no JSON")
}
