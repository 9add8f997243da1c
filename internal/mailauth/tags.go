package mailauth

import (
	"errors"
	"fmt"
	"strings"
)

// tags is a tag=value list (RFC 6376 section 3.2).
type tags map[string]string

var errTagList = errors.New("malformed tag list")

// parseTags reads a tag list strictly: names are ALPHA *ALNUMPUNC, no name stands twice, values are printable.
// White space around names and values is dropped, inside values it is kept.
func parseTags(s string) (tags, error) {
	list := strings.Split(s, ";")
	out := make(tags, len(list))
	for i, spec := range list {
		spec = strings.TrimSpace(unfold(spec))
		if spec == "" {
			if i == len(list)-1 {
				continue // one trailing semicolon is allowed
			}
			return nil, fmt.Errorf("%w: an empty tag", errTagList)
		}
		name, value, ok := strings.Cut(spec, "=")
		name = strings.TrimRight(name, " \t")
		switch {
		case !ok:
			return nil, fmt.Errorf("%w: %q has no value", errTagList, clip(spec))
		case !tagName(name):
			return nil, fmt.Errorf("%w: %q is no tag name", errTagList, clip(name))
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%w: tag %s stands twice", errTagList, name)
		}
		out[name] = strings.TrimSpace(value)
	}
	return out, nil
}

func tagName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// compact drops all white space, which may stand anywhere in base64 values (RFC 6376 section 3.2).
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		}
		return r
	}, s)
}

func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
