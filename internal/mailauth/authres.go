package mailauth

import (
	"slices"
	"strings"

	"tocsin/internal/email"
)

// claims is what a trusted server wrote into Authentication-Results.
type claims struct {
	spf, dmarc, arc *Check
	dkim            []Check
	policy          string // DMARC policy, from comments such as "(p=reject)"
}

// reported reads the Authentication-Results fields of trusted servers. A field counts when its authserv-id is configured
// and it stands above the trust boundary: everything below the Received field that names a client outside was
// written by strangers, whatever id it carries (RFC 8601 section 5). The ids of all other fields are returned.
func (c *Checker) reported(m *email.Message) (said claims, forged []string) {
	if m == nil {
		return said, nil
	}
	outside, hop := false, 0
	for i := range m.Headers {
		h := &m.Headers[i]
		switch h.Key {
		case "Received":
			if hop < len(m.Hops) {
				ip := m.Hops[hop].FromIP
				outside = outside || ip.IsValid() && !c.own(ip.Unmap())
			}
			hop++
		case "Authentication-Results":
			id, results, ok := parseAuthRes(h.Value)
			switch {
			case !ok:
				continue
			case !slices.Contains(c.TrustedIDs, id) || outside:
				if !slices.Contains(forged, id) && len(forged) < maxSignatures {
					forged = append(forged, id)
				}
			default:
				said.add(id, results)
			}
		}
	}
	return said, forged
}

func (s *claims) add(id string, results []authResult) {
	for _, r := range results {
		k := Check{Result: r.result, Origin: Reported, Detail: "reported by " + id}
		if r.reason != "" {
			k.Detail += ": " + clip(r.reason)
		}
		switch r.method {
		case "spf":
			k.Domain = first(domainOf(r.props["smtp.mailfrom"]), normalDomain(r.props["smtp.mailfrom"]), normalDomain(r.props["smtp.helo"]))
			if s.spf == nil {
				s.spf = &k
			}
		case "dkim":
			k.Domain = first(normalDomain(r.props["header.d"]), domainOf(r.props["header.i"]))
			if len(s.dkim) < maxSignatures {
				s.dkim = append(s.dkim, k)
			}
		case "dmarc":
			k.Domain = normalDomain(r.props["header.from"])
			if s.dmarc == nil {
				s.dmarc, s.policy = &k, policyWord(r.policy)
			}
		case "arc":
			if s.arc == nil {
				s.arc = &k
			}
		}
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// authResult is one resinfo of RFC 8601 section 2.2.
type authResult struct {
	method string
	result Result
	reason string
	policy string            // "p=" of a comment, which most servers write for DMARC
	props  map[string]string // "smtp.mailfrom" and the like, lower-case keys
}

// parseAuthRes reads an Authentication-Results value: comments may stand anywhere and hold semicolons, values may be quoted.
// Unknown results and broken parts are left out; ok is false when not even the authserv-id can be read.
func parseAuthRes(v string) (id string, results []authResult, ok bool) {
	parts := splitAuthRes(v)
	head := strings.Fields(parts[0].text)
	if len(head) == 0 || len(head) > 1 && head[1] != "1" {
		return "", nil, false
	}
	id = strings.ToLower(strings.Trim(head[0], `"`))
	for _, p := range parts[1:] {
		words := authWords(p.text)
		if len(words) == 0 {
			continue
		}
		method, result, found := strings.Cut(words[0], "=")
		method, _, _ = strings.Cut(strings.ToLower(method), "/") // a version may follow
		r := authResult{method: method, result: knownResult(result), props: map[string]string{}}
		if !found || r.result == "" {
			continue
		}
		for _, w := range words[1:] {
			name, value, found := strings.Cut(w, "=")
			switch name = strings.ToLower(name); {
			case !found:
			case name == "reason":
				r.reason = value
			default:
				r.props[name] = value
			}
		}
		for _, w := range strings.FieldsFunc(strings.ToLower(p.comments), func(c rune) bool { return c == ' ' || c == ',' || c == ';' }) {
			if value, ok := strings.CutPrefix(w, "p="); ok {
				r.policy = value
			}
		}
		results = append(results, r)
	}
	return id, results, true
}

func knownResult(s string) Result {
	switch r := Result(strings.ToLower(s)); r {
	case None, Pass, Fail, SoftFail, Neutral, Policy, TempError, PermError:
		return r
	case "hardfail":
		return Fail
	case "bestguesspass": // Microsoft: no record, but it would have passed one
		return None
	}
	return ""
}

type authPart struct{ text, comments string }

// splitAuthRes cuts at semicolons outside comments and quotes and puts comments aside. There is always one part.
func splitAuthRes(v string) []authPart {
	const most = 100
	var parts []authPart
	var text, comments strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case c == '\\' && (quoted || depth > 0) && i+1 < len(v):
			i++
			c = v[i]
			if depth > 0 {
				comments.WriteByte(c)
			} else {
				text.WriteByte(c)
			}
		case quoted:
			quoted = c != '"'
			text.WriteByte(c)
		case c == '(':
			depth++
			comments.WriteByte(' ')
		case c == ')' && depth > 0:
			depth--
			comments.WriteByte(' ')
			text.WriteByte(' ')
		case depth > 0:
			comments.WriteByte(c)
		case c == '"':
			quoted = true
			text.WriteByte(c)
		case c == ';' && len(parts) < most:
			parts = append(parts, authPart{text.String(), comments.String()})
			text.Reset()
			comments.Reset()
		default:
			text.WriteByte(c)
		}
	}
	return append(parts, authPart{text.String(), comments.String()})
}

// authWords splits at white space outside quotes, drops the quotes, and joins "name = value".
func authWords(s string) []string {
	var words []string
	var w strings.Builder
	quoted := false
	flush := func() {
		if w.Len() > 0 {
			words = append(words, w.String())
			w.Reset()
		}
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			flush()
		default:
			w.WriteByte(c)
		}
	}
	flush()
	var out []string
	for _, word := range words {
		if n := len(out); n > 0 && (strings.HasPrefix(word, "=") || strings.HasSuffix(out[n-1], "=")) {
			out[n-1] += word
			continue
		}
		out = append(out, word)
	}
	return out
}
