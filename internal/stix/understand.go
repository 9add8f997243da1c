package stix

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Kind of what can be looked for in mail.
type Kind string

// The kinds. They are named as indicators of Tocsin are.
const (
	URL     Kind = "url"
	Domain  Kind = "domain"
	IP      Kind = "ip" // an address or a network
	Hash    Kind = "hash"
	Sender  Kind = "sender"
	Subject Kind = "subject" // with * for anything
)

// Wanted is one thing that a pattern looks for.
type Wanted struct {
	Kind  Kind
	Value string
}

// ErrNotUnderstood is wrapped by everything that Understand cannot say in Tocsin's words.
var ErrNotUnderstood = errors.New("not understood")

func unsaid(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrNotUnderstood, fmt.Sprintf(format, a...))
}

// most is how many things one pattern may name.
const most = 20_000

// Understand turns a pattern into single things to look for in mail, each of which is enough by itself. What a pattern asks for beside is
// dropped only when the rest is as narrow: a file's hash stays itself when its name is asked for too. Otherwise the pattern is not
// understood, because a part of it would meet mail that it does not mean. notes say what was dropped.
func Understand(pattern string) (wanted []Wanted, notes []string, err error) {
	e, err := ParsePattern(pattern)
	if err != nil {
		return nil, nil, err
	}
	u := &reading{}
	if wanted, err = u.of(e, true); err != nil {
		return nil, nil, err
	}
	if len(wanted) > most {
		return nil, nil, unsaid("the pattern names more than %d things", most)
	}
	seen := map[Wanted]bool{}
	wanted = slices.DeleteFunc(wanted, func(w Wanted) bool { had := seen[w]; seen[w] = true; return had })
	return wanted, u.notes, nil
}

type reading struct{ notes []string }

func (u *reading) note(s string) {
	if len(u.notes) < 10 {
		u.notes = append(u.notes, s)
	}
}

// of gives what is enough for e. alone says that one observation of it is enough for the whole.
func (u *reading) of(e *Expression, alone bool) ([]Wanted, error) {
	switch e.Op {
	case "test":
		return understood(e.Test)
	case "[]":
		return u.of(e.Parts[0], alone)
	case "qualified":
		inner := e.Parts[0]
		if !e.Alone || inner.Op == "and" || inner.Op == "followedby" {
			return nil, unsaid("it asks for %s, and Tocsin looks at one message at a time", e.Note)
		}
		return u.of(inner, alone)
	case "or":
		var out []Wanted
		var failed []error
		for _, part := range e.Parts {
			w, err := u.of(part, alone)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			out = append(out, w...)
		}
		if len(out) == 0 {
			return nil, failed[0]
		}
		for _, err := range failed {
			u.note("one alternative is left out: " + strings.TrimPrefix(err.Error(), ErrNotUnderstood.Error()+": "))
		}
		return out, nil
	}
	return u.all(e, alone)
}

// all is for parts that must be there together: the narrowest of them stands for all, when it is narrow enough.
func (u *reading) all(e *Expression, alone bool) ([]Wanted, error) {
	var best []Wanted
	var hashes []Wanted
	var dropped []string
	for _, part := range e.Parts {
		w, err := u.of(part, alone)
		switch {
		case err != nil:
			dropped = append(dropped, describe(part))
		case onlyKind(w, Hash):
			hashes = append(hashes, w...)
		case best == nil && onlyKind(w, URL):
			best = w
		default:
			dropped = append(dropped, describe(part))
		}
	}
	switch {
	case len(hashes) > 0 && len(best) == 0:
		best = hashes
	case len(hashes) > 0:
		dropped = append(dropped, "the addresses")
		best = hashes
	}
	if best == nil {
		return nil, unsaid("it asks for several things at once (%s), and each of them alone would meet mail that is not meant", strings.Join(first(dropped, 3), "; "))
	}
	if len(dropped) > 0 {
		u.note("taken without " + strings.Join(first(dropped, 3), "; "))
	}
	return best, nil
}

func first(list []string, n int) []string {
	if len(list) > n {
		return append(slices.Clone(list[:n]), fmt.Sprintf("%d more", len(list)-n))
	}
	return list
}

func describe(e *Expression) string {
	if e.Op == "test" {
		return e.Test.String()
	}
	if e.Op == "[]" || e.Op == "qualified" {
		return describe(e.Parts[0])
	}
	return fmt.Sprintf("%d conditions", len(e.Parts))
}

func onlyKind(w []Wanted, k Kind) bool {
	return len(w) > 0 && !slices.ContainsFunc(w, func(x Wanted) bool { return x.Kind != k })
}

// kindOf says which kind a property is; "" for what Tocsin does not see in mail.
func kindOf(t *Test) Kind {
	path := strings.Join(t.Path, ".")
	switch t.Type {
	case "url":
		if path == "value" {
			return URL
		}
	case "domain-name":
		if path == "value" {
			return Domain
		}
	case "ipv4-addr", "ipv6-addr":
		if path == "value" {
			return IP
		}
	case "network-traffic":
		if path == "dst_ref.value" || path == "src_ref.value" {
			return IP
		}
	case "email-addr":
		if path == "value" {
			return Sender
		}
	case "email-message":
		switch path {
		case "from_ref.value", "sender_ref.value":
			return Sender
		case "subject":
			return Subject
		case "body_multipart.*.body_raw_ref.hashes." + t.Path[len(t.Path)-1]:
			return Hash
		}
	case "file", "artifact":
		if len(t.Path) == 2 && t.Path[0] == "hashes" {
			return Hash
		}
	}
	return ""
}

func understood(t *Test) ([]Wanted, error) {
	kind := kindOf(t)
	switch {
	case kind == "":
		return nil, unsaid("%s:%s is nothing that is seen in mail", cut(t.Type), strings.Join(t.Path, "."))
	case t.Not || t.Op == "!=" || t.Op == "EXISTS":
		return nil, unsaid("%s means what is not there", t)
	}
	var out []Wanted
	for _, v := range t.Values {
		w, err := value(t, kind, v)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// value makes one thing of a constant.
func value(t *Test, kind Kind, v string) (Wanted, error) {
	w := Wanted{kind, strings.TrimSpace(v)}
	if w.Value == "" {
		return w, unsaid("%s has no value", t)
	}
	switch t.Op {
	case "=", "IN":
		switch {
		case kind == IP && !address(w.Value):
			return w, unsaid("%s is neither an address nor a network", cut(v))
		case kind == Hash && !hash(w.Value):
			return w, unsaid("%s is no MD5, SHA-1 or SHA-256", cut(v))
		case kind == Subject && strings.Contains(w.Value, "*"):
			return w, unsaid("the subject %s holds a *, which means anything here", cut(v))
		}
		return w, nil
	case "ISSUBSET":
		if kind == IP && address(w.Value) {
			return w, nil
		}
	case "LIKE":
		if like, ok := likeness(kind, w.Value); ok {
			return Wanted{kind, like}, nil
		}
	}
	return w, unsaid("%s is not looked for", t)
}

// likeness says a LIKE (section 9.6.1: % is anything, _ is one character) where Tocsin can: subjects, and domains with all below them.
func likeness(kind Kind, v string) (string, bool) {
	if strings.Contains(v, "_") && kind == Subject || strings.Contains(v, "*") {
		return "", false
	}
	switch kind {
	case Subject:
		v = strings.ReplaceAll(v, "%", "*")
		return v, strings.Trim(v, "* ") != ""
	case Domain:
		rest, ok := strings.CutPrefix(v, "%.")
		if !ok {
			return v, !strings.Contains(v, "%") && !strings.Contains(v, "_")
		}
		return rest, !strings.ContainsAny(rest, "%_") && strings.Contains(rest, ".")
	}
	return v, !strings.ContainsAny(v, "%_")
}

func address(v string) bool {
	if _, err := netip.ParseAddr(v); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(v)
	return err == nil
}

func hash(v string) bool {
	return (len(v) == 32 || len(v) == 40 || len(v) == 64) && strings.Trim(strings.ToLower(v), "0123456789abcdef") == ""
}

// PatternOf writes what is looked for as a pattern. "" when there is no way to say it.
func PatternOf(w Wanted) string {
	q := Quote(w.Value)
	switch w.Kind {
	case URL:
		return "[url:value = " + q + "]"
	case Domain:
		return "[domain-name:value = " + q + "]"
	case IP:
		kind := "ipv4-addr"
		if strings.Contains(w.Value, ":") {
			kind = "ipv6-addr"
		}
		if strings.Contains(w.Value, "/") {
			return "[" + kind + ":value ISSUBSET " + q + "]"
		}
		return "[" + kind + ":value = " + q + "]"
	case Hash:
		if name := map[int]string{32: "MD5", 40: "'SHA-1'", 64: "'SHA-256'"}[len(w.Value)]; name != "" {
			return "[file:hashes." + name + " = " + q + "]"
		}
	case Sender:
		return "[email-message:from_ref.value = " + q + "]"
	case Subject:
		if strings.ContainsAny(w.Value, "*") {
			return "[email-message:subject LIKE " + Quote(strings.ReplaceAll(w.Value, "*", "%")) + "]"
		}
		return "[email-message:subject = " + q + "]"
	}
	return ""
}
