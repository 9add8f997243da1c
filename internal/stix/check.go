package stix

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed properties.txt
var propertyTable string

// property is one line's part of the table.
type property struct {
	kind byte
	must bool
}

// shape is what a type of object may have.
type shape struct {
	section    string
	observable bool
	properties map[string]property
}

// shapes reads the table; it is part of the program, so a mistake in it is a panic that every test sees.
var shapes = sync.OnceValue(func() map[string]shape {
	out := map[string]shape{}
	for line := range strings.Lines(propertyTable) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		s := shape{section: words[1], observable: strings.HasPrefix(words[1], "6."), properties: map[string]property{}}
		switch {
		case words[0] == "marking-definition":
			maps.Copy(s.properties, out["+marking"].properties)
		case s.observable:
			maps.Copy(s.properties, out["+observable"].properties)
		case words[0][0] != '+':
			maps.Copy(s.properties, out["+domain"].properties)
		}
		for _, w := range words[2:] {
			name, kind, _ := strings.Cut(w, ":")
			if kind == "" || !strings.Contains("sbintrRShdL", kind[:1]) {
				panic("properties.txt: " + w)
			}
			s.properties[name] = property{kind[0], strings.HasSuffix(kind, "!")}
		}
		out[words[0]] = s
	}
	return out
})

// Defect is what is wrong with an object.
type Defect struct {
	Property string // "" for the object as a whole
	Why      string
}

func (d *Defect) Error() string {
	if d.Property == "" {
		return d.Why
	}
	return d.Property + ": " + d.Why
}

// Check says what of an object breaks the specification: properties that must be there and are not, values of another kind, identifiers
// and times that are none. Properties that the specification does not name may be there (section 11). nil means that all is well.
//
// What is forbidden and does no harm when it comes in passes: lists without anything, times in the wrong order (see package stixtest).
func Check(raw json.RawMessage) (wrong []error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return []error{plainJSON(err)}
	}
	kind := text(all["type"])
	if !typeName.MatchString(kind) || len(kind) > 250 {
		return []error{&Defect{"type", "it has none, or one that is no name of a type"}}
	}
	s, known := shapes()[kind]
	if !known { // a type of somebody's own: what all objects have must be in order
		s = shapes()["+domain"]
		if _, versioned := all["created"]; !versioned {
			s = shapes()["+observable"]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.properties)) {
		p := s.properties[name]
		v, there := all[name]
		switch {
		case !there && p.must:
			wrong = append(wrong, &Defect{name, "it is missing, and every " + kind + " must have it (section " + s.section + ")"})
		case there:
			if err := p.check(v); err != nil {
				wrong = append(wrong, &Defect{name, err.Error()})
			}
		}
	}
	if err := checkID(text(all["id"]), kind); err != nil && len(wrong) == 0 {
		wrong = append(wrong, &Defect{"id", err.Error()})
	}
	if v := text(all["spec_version"]); all["spec_version"] != nil && v != "2.1" && len(wrong) == 0 {
		wrong = append(wrong, &Defect{"spec_version", cut(v) + " is not read; version 2.1 is"})
	}
	if len(wrong) > 0 {
		return wrong
	}
	return together(kind, all)
}

func text(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s)
	return s
}

// together looks at what several properties say.
func together(kind string, all map[string]json.RawMessage) (wrong []error) {
	have := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return all[n] != nil })
	}
	say := func(name, why string) { wrong = append(wrong, &Defect{name, why}) }
	switch kind {
	case "marking-definition":
		if !have("extensions") && !(have("definition_type") && have("definition")) {
			say("definition", "it is missing (section 7.2)")
		}
	case "file":
		if !have("hashes", "name") {
			say("hashes", "a file has hashes or a name, or both (section 6.7)")
		}
	case "observed-data":
		if have("objects") == have("object_refs") {
			say("object_refs", "an observed-data has either objects or object_refs (section 4.14)")
		}
	case "email-message":
		if text(all["body"]) != "" && string(bytes.TrimSpace(all["is_multipart"])) == "true" {
			say("body", "a multipart message has none (section 6.6)")
		}
	case "location":
		if !have("region", "country") && !(have("latitude") && have("longitude")) {
			say("country", "a location has a region, a country, or a latitude and longitude (section 4.10)")
		}
	case "artifact":
		if have("payload_bin") == have("url") {
			say("payload_bin", "an artifact has either a payload or a URL (section 6.1)")
		}
	}
	if have("confidence") {
		var n float64
		if _ = json.Unmarshal(all["confidence"], &n); n < 0 || n > 100 {
			say("confidence", "it is not between 0 and 100 (section 3.2)")
		}
	}
	return wrong
}

func (p property) check(v json.RawMessage) error {
	v = bytes.TrimSpace(v)
	if len(v) == 0 {
		return errors.New("it is empty")
	}
	first := v[0]
	is := func(ok bool, what string) error {
		if !ok {
			return fmt.Errorf("%s belongs there", what)
		}
		return nil
	}
	digit := first == '-' || first >= '0' && first <= '9'
	switch p.kind {
	case 's':
		return is(first == '"', "a text")
	case 'b':
		return is(first == 't' || first == 'f', "true or false")
	case 'n':
		return is(digit, "a number")
	case 'i':
		return is(digit && !bytes.ContainsAny(v, ".eE"), "a whole number")
	case 'd':
		return is(first == '{', "an object")
	case 't':
		_, err := ParseTime(text(v))
		return err
	case 'r':
		return checkID(text(v), "")
	case 'h':
		return checkHashes(v)
	}
	if first != '[' {
		return errors.New("a list belongs there")
	}
	var list []json.RawMessage
	if err := json.Unmarshal(v, &list); err != nil {
		return errors.New("it is no list")
	}
	element := property{kind: map[byte]byte{'R': 'r', 'S': 's', 'L': 'd'}[p.kind]}
	for n, e := range list {
		if err := element.check(e); err != nil {
			return fmt.Errorf("value %d: %w", n+1, err)
		}
	}
	return nil
}

// hashLengths are the algorithms of section 10.7 that have one length, in hexadecimal digits.
var hashLengths = map[string]int{"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128}

func checkHashes(v json.RawMessage) error {
	var all map[string]string
	if err := json.Unmarshal(v, &all); err != nil {
		return errors.New("an object of names and digests belongs there (section 2.8)")
	}
	for name, digest := range all {
		if want := hashLengths[name]; want > 0 && (len(digest) != want || strings.Trim(strings.ToLower(digest), "0123456789abcdef") != "") {
			return fmt.Errorf("%s is no %s", cut(digest), name)
		}
	}
	return nil
}
