package stix

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Story is what happened, to be told to others: an incident or a campaign.
type Story struct {
	Kind         string // "incident" or "campaign"
	ID           string // stable; ids of objects are made of it
	Name         string
	Description  string
	Labels       []string
	Created      time.Time
	Modified     time.Time
	First, Last  time.Time // of its mail; zero: there is none
	Organisation string    // whose story it is
	TLP          TLP
	Mail         []Mail
	Known        []Known
}

// Mail is one message. Recipients are only counted: who works here is nobody's business.
type Mail struct {
	ID         string // stable, of this installation
	MessageID  string
	Subject    string
	From, Name string // of the From header
	Envelope   string // MAIL FROM
	IP         string
	At         time.Time
	Recipients int
	URLs       []string
	Files      []File
}

// File is one that came with a message.
type File struct {
	Name, SHA256, SHA1, MD5 string
	Size                    int64
}

// Known is something that was judged bad, and how often it was seen in this mail.
type Known struct {
	Wanted
	Threat      string
	Confidence  int // 0: not said
	Description string
	From, Until time.Time // validity; zero From: when it was first seen
	Count       int
	First, Last time.Time
}

// Tell writes the story: the mail as observables and observed-data, indicators with their sightings, the incident or campaign itself, and a
// report that holds all of it together. Told again with the same facts it is the same bundle.
func Tell(s Story) *Bundle {
	b := NewBundle(s.TLP)
	t := teller{Bundle: b, s: s, created: s.Created, modified: s.Modified}
	t.author = Author(b, s.Organisation)
	properties := map[string]any{"name": s.Name, "description": s.Description, "created_by_ref": t.author, "labels": s.Labels}
	if s.Kind == "campaign" && !s.First.IsZero() {
		properties["first_seen"], properties["last_seen"] = FormatTime(s.First), FormatTime(later(s.First, s.Last))
	}
	t.centre = b.Domain(s.Kind, s.ID, t.created, t.modified, properties)
	for i := range s.Mail {
		t.mail(&s.Mail[i])
	}
	for i := range s.Known {
		t.known(&s.Known[i])
	}
	refs := b.IDs()
	kinds := map[string]string{"campaign": "campaign", "incident": "indicator"} // of report-type-ov (section 10.17)
	b.Domain("report", s.ID, t.created, t.modified, map[string]any{
		"name": s.Name, "description": s.Description, "published": FormatTime(later(t.created, t.modified)), "object_refs": refs, "created_by_ref": t.author,
		"report_types": []string{kinds[s.Kind]}, "labels": s.Labels,
	})
	return b
}

// authorSince is when identities were made: an id has one time, whatever is told first.
var authorSince = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Author puts the organisation in as the one that tells, and returns its id.
func Author(b *Bundle, name string) string {
	id := b.Domain("identity", name, authorSince, authorSince, map[string]any{"name": name, "identity_class": "organization"})
	b.objects[b.at[id]]["created_by_ref"] = id
	return id
}

type teller struct {
	*Bundle
	s                 Story
	created, modified time.Time
	author, centre    string
	observed          []string
}

func later(a, b time.Time) time.Time {
	if b.Before(a) {
		return a
	}
	return b
}

// mail puts a message and what was in it in, as facts (section 6) and as an observation of them (section 4.14).
func (t *teller) mail(m *Mail) {
	var refs []string
	note := func(kind string, p map[string]any) string {
		id := t.Observable(kind, p)
		refs = append(refs, id)
		return id
	}
	message := map[string]any{"is_multipart": len(m.Files) > 0, "subject": m.Subject, "message_id": m.MessageID, "date": FormatTime(m.At)}
	if m.From != "" {
		message["from_ref"] = note("email-addr", map[string]any{"value": m.From, "display_name": m.Name})
	}
	if m.Envelope != "" && !strings.EqualFold(m.Envelope, m.From) {
		message["sender_ref"] = note("email-addr", map[string]any{"value": m.Envelope})
	}
	note("email-message", message)
	if a, err := netip.ParseAddr(m.IP); err == nil {
		note(addressKind(a), map[string]any{"value": a.Unmap().String()})
	}
	for _, u := range m.URLs {
		if u != "" {
			note("url", map[string]any{"value": u})
		}
	}
	for _, f := range m.Files {
		if p := fileProperties(f); p != nil {
			note("file", p)
		}
	}
	seen := t.Domain("observed-data", t.s.ID+"\n"+m.ID, m.At, later(m.At, t.modified), map[string]any{
		"first_observed": FormatTime(m.At), "last_observed": FormatTime(m.At), "number_observed": max(1, m.Recipients), "object_refs": unique(refs), "created_by_ref": t.author,
	})
	t.observed = append(t.observed, seen)
	t.join("related-to", seen, t.centre)
}

func addressKind(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "ipv4-addr"
	}
	return "ipv6-addr"
}

func fileProperties(f File) map[string]any {
	hashes := map[string]any{}
	for name, v := range map[string]string{"MD5": f.MD5, "SHA-1": f.SHA1, "SHA-256": f.SHA256} {
		if v != "" {
			hashes[name] = v
		}
	}
	p := map[string]any{"name": f.Name}
	if len(hashes) > 0 {
		p["hashes"] = hashes
	} else if f.Name == "" {
		return nil
	}
	if f.Size > 0 {
		p["size"] = f.Size
	}
	return p
}

// known puts an indicator in, what it says of the centre, and where it was seen (section 5.2).
func (t *teller) known(k *Known) {
	pattern := PatternOf(k.Wanted)
	if pattern == "" || k.Value == "" {
		return
	}
	from := k.From
	if from.IsZero() {
		from = cmpTime(k.First, t.created)
	}
	p := map[string]any{
		"name": fmt.Sprintf("%s %s", k.Kind, k.Value), "description": k.Description, "pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1",
		"valid_from": FormatTime(from), "indicator_types": []string{"malicious-activity"}, "created_by_ref": t.author,
	}
	if k.Until.After(from) {
		p["valid_until"] = FormatTime(k.Until)
	}
	if k.Confidence > 0 {
		p["confidence"] = min(k.Confidence, 100)
	}
	if k.Threat != "" {
		p["labels"] = []string{k.Threat}
	}
	name := t.s.ID + "\n" + string(k.Kind) + "\n" + k.Value
	id := t.Domain("indicator", name, t.created, t.modified, p)
	if t.s.Kind == "campaign" {
		t.join("indicates", id, t.centre)
	} else {
		t.join("related-to", id, t.centre)
	}
	if k.Count == 0 {
		return
	}
	sighting := map[string]any{"sighting_of_ref": id, "where_sighted_refs": []string{t.author}, "count": k.Count, "created_by_ref": t.author}
	if !k.First.IsZero() {
		sighting["first_seen"], sighting["last_seen"] = FormatTime(k.First), FormatTime(later(k.First, k.Last))
	}
	t.Domain("sighting", name, t.created, t.modified, sighting)
}

func cmpTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

func (t *teller) join(how, from, to string) {
	t.Domain("relationship", strings.Join([]string{how, from, to}, "\n"), t.created, t.modified, map[string]any{
		"relationship_type": how, "source_ref": from, "target_ref": to, "created_by_ref": t.author,
	})
}

func unique(list []string) []string {
	seen := map[string]bool{}
	out := list[:0:0]
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// Single is an indicator that is told by itself.
type Single struct {
	Known
	ID                string // "indicator--UUID"
	Created, Modified time.Time
	Tags              []string
	Revoked           bool
	Source, Ref       string // where it came from, and what it is called there
}

// Put puts an indicator in. false: there is no pattern for it.
func (b *Bundle) Put(k Single, author string) bool {
	pattern := PatternOf(k.Wanted)
	if pattern == "" || k.Value == "" {
		return false
	}
	from := cmpTime(k.From, k.Created)
	p := map[string]any{
		"type": "indicator", "id": k.ID, "created": FormatTime(k.Created), "modified": FormatTime(later(k.Created, k.Modified)), "created_by_ref": author,
		"name": string(k.Kind) + " " + k.Value, "description": k.Description, "pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1",
		"valid_from": FormatTime(from), "indicator_types": []string{"malicious-activity"}, "confidence": min(max(k.Confidence, 0), 100),
	}
	labels := append([]string{}, k.Tags...)
	if k.Threat != "" {
		labels = append([]string{k.Threat}, labels...)
	}
	p["labels"] = unique(labels)
	if k.Source != "" {
		ref := map[string]any{"source_name": k.Source}
		if k.Ref != "" {
			ref["external_id"] = k.Ref
		} else {
			ref["description"] = "where it came from"
		}
		p["external_references"] = []any{ref}
	}
	if k.Until.After(from) {
		p["valid_until"] = FormatTime(k.Until)
	}
	if k.Revoked {
		p["revoked"] = true
	}
	b.put(p)
	return true
}
