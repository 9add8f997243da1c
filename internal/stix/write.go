package stix

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Ids that are made of what they name, so that the same thing told twice is the same object.
var (
	observables = uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7") // of section 2.9, for observables
	ours        = uuid.MustParse("6f0d8f5e-0b1c-5c39-9d2e-5e0c3c1f8a77") // for domain objects that Tocsin writes
)

// deterministic lists the properties that make the id of an observable (section 6, "ID Contributing Properties").
var deterministic = map[string][]string{
	"url": {"value"}, "domain-name": {"value"}, "ipv4-addr": {"value"}, "ipv6-addr": {"value"}, "email-addr": {"value"},
	"email-message": {"from_ref", "subject", "body"}, "file": {"hashes", "name", "extensions", "parent_directory_ref"},
}

// ObservableID is the id that section 2.9 gives an observable: a UUIDv5 of its telling properties in canonical JSON (RFC 8785).
func ObservableID(kind string, properties map[string]any) string {
	telling := map[string]any{}
	for _, name := range deterministic[kind] {
		v, there := properties[name]
		if hashes, ok := v.(map[string]any); ok && name == "hashes" { // one is enough, in the order that the specification gives
			for _, h := range []string{"MD5", "SHA-1", "SHA-256", "SHA-512"} {
				if digest, has := hashes[h]; has {
					v = map[string]any{h: digest}
					break
				}
			}
		}
		if there {
			telling[name] = v
		}
	}
	return kind + "--" + uuid.NewSHA1(observables, []byte(canonical(telling))).String()
}

// canonical writes JSON as RFC 8785 wants it. There are only texts, and objects of texts; their names are ASCII.
func canonical(v any) string {
	switch v := v.(type) {
	case string:
		var b strings.Builder
		b.WriteByte('"')
		for _, r := range v {
			switch {
			case r == '"' || r == '\\':
				b.WriteByte('\\')
				b.WriteRune(r)
			case r >= 0x20:
				b.WriteRune(r)
			default:
				if at := strings.IndexRune("\b\t\n\f\r", r); at >= 0 {
					b.WriteString([]string{`\b`, `\t`, `\n`, `\f`, `\r`}[at])
				} else {
					fmt.Fprintf(&b, `\u%04x`, r)
				}
			}
		}
		b.WriteByte('"')
		return b.String()
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for i, name := range names {
			names[i] = canonical(name) + ":" + canonical(v[name])
		}
		return "{" + strings.Join(names, ",") + "}"
	}
	return "null"
}

// Bundle gathers objects and writes them. The same object is in it once.
type Bundle struct {
	marking string
	level   TLP
	objects []map[string]any
	at      map[string]int
}

// NewBundle begins a bundle whose objects are all marked with a level. TLPNone marks nothing.
func NewBundle(level TLP) *Bundle {
	b := &Bundle{level: level, marking: written[level], at: map[string]int{}}
	if b.marking != "" {
		b.put(markingObject(level))
	}
	return b
}

func (b *Bundle) put(o map[string]any) string {
	id, _ := o["id"].(string)
	if at, have := b.at[id]; have {
		for k, v := range o { // what is known later is added
			if _, there := b.objects[at][k]; !there {
				b.objects[at][k] = v
			}
		}
		return id
	}
	for k, v := range o {
		if v == "" || v == nil {
			delete(o, k)
		} else if list, ok := v.([]string); ok && len(list) == 0 {
			delete(o, k)
		}
	}
	if b.marking != "" && o["type"] != "marking-definition" {
		o["object_marking_refs"] = []string{b.marking}
	}
	o["spec_version"] = "2.1"
	b.at[id] = len(b.objects)
	b.objects = append(b.objects, o)
	return id
}

// Observable puts an observable in and returns its id.
func (b *Bundle) Observable(kind string, properties map[string]any) string {
	properties["type"], properties["id"] = kind, ObservableID(kind, properties)
	return b.put(properties)
}

// Domain puts a domain or relationship object in and returns its id. name makes the id, together with the kind.
func (b *Bundle) Domain(kind, name string, created, modified time.Time, properties map[string]any) string {
	if modified.Before(created) {
		modified = created
	}
	properties["type"], properties["id"] = kind, kind+"--"+uuid.NewSHA1(ours, []byte(kind+"\n"+name)).String()
	properties["created"], properties["modified"] = FormatTime(created), FormatTime(modified)
	return b.put(properties)
}

// IDs lists the objects but markings.
func (b *Bundle) IDs() []string {
	var out []string
	for _, o := range b.objects {
		if o["type"] != "marking-definition" {
			out = append(out, o["id"].(string))
		}
	}
	return out
}

// Objects are the objects as JSON.
func (b *Bundle) Objects() ([]json.RawMessage, error) {
	out := make([]json.RawMessage, len(b.objects))
	for i, o := range b.objects {
		raw, err := plain(o)
		if err != nil {
			return nil, fmt.Errorf("write %v: %w", o["id"], err)
		}
		out[i] = raw
	}
	return out, nil
}

// plain is JSON in which addresses stay legible.
func plain(v any) (json.RawMessage, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n")), nil
}

// WriteTo writes the bundle.
func (b *Bundle) WriteTo(w io.Writer) (int64, error) {
	all, err := b.Objects()
	if err != nil {
		return 0, err
	}
	return WriteBundle(w, slices.Values(all))
}

// WriteBundle writes objects as they are as one bundle (section 8), whose id is made of what is in it.
func WriteBundle(w io.Writer, objects func(yield func(json.RawMessage) bool)) (n int64, err error) {
	id := uuid.NewSHA1(ours, []byte("bundle"))
	write := func(s string) {
		if err == nil {
			var k int
			k, err = io.WriteString(w, s)
			n += int64(k)
		}
	}
	write(`{"type":"bundle","objects":[`)
	first := true
	objects(func(raw json.RawMessage) bool {
		if !first {
			write(",\n")
		}
		first = false
		id = uuid.NewSHA1(id, raw)
		write(string(raw))
		return err == nil
	})
	write(`],"id":"bundle--` + id.String() + "\"}\n")
	return n, err
}
