package email

import (
	"net/netip"
	"strings"
	"time"
)

// parseHop reads the value of one Received field (RFC 5321 section 4.4, RFC 3848 for the protocol names), unfolded.
// Every server writes its own dialect, so this looks for the clauses wherever they stand and for well-known
// shapes of comment: the Postfix and Sendmail "(reverse.name [192.0.2.1])", Exim's "([192.0.2.1] helo=name)",
// qmail's "(HELO name) (192.0.2.1)", the bare address of Exchange, and the ways to say TLS. What it cannot
// find stays empty. Time is linear in the value.
func parseHop(value string) Hop {
	h := Hop{Raw: value}
	toks := hopTokens(value)
	end := len(toks)
	for i := len(toks) - 1; i >= 0; i-- {
		if toks[i].kind == hopSemicolon {
			if t, ok := hopDate(toks[i+1:]); ok {
				h.Time, end = t, i
				break
			}
		}
	}
	if h.Time.IsZero() {
		for i := range toks {
			if toks[i].kind == hopWord && startsDate(toks[i].text) {
				if t, ok := hopDate(toks[i:]); ok {
					h.Time, end = t, i
					break
				}
			}
		}
	}
	var seen [hopClauses]bool
	clause := hopNone
	var from, with []hopToken
	for i := range end {
		t := toks[i]
		if t.kind == hopWord {
			if c := clauseOf(t.text); c != hopNone && !seen[c] {
				clause = c
				seen[c] = true
				continue
			}
		}
		switch clause {
		case hopFrom:
			from = append(from, t)
		case hopWith:
			with = append(with, t)
		case hopBy:
			setWord(&h.By, t)
		case hopID:
			setWord(&h.ID, t)
		case hopFor:
			setWord(&h.For, t)
		}
		if t.kind == hopComment && h.TLS == "" {
			h.TLS = tlsOf(t.text)
		}
		if clause == hopNone && t.kind == hopComment {
			qmailOrigin(&h, t.text)
		}
	}
	h.By = strings.TrimRight(h.By, ".,")
	h.ID = strings.Trim(h.ID, "<>,")
	h.For = strings.Trim(h.For, "<>,")
	readFrom(&h, from)
	readWith(&h, with)
	return h
}

type hopClause int

const (
	hopNone hopClause = iota
	hopFrom
	hopBy
	hopWith
	hopID
	hopFor
	hopOther
	hopClauses
)

func clauseOf(word string) hopClause {
	if len(word) < 2 || len(word) > 5 {
		return hopNone
	}
	switch strings.ToLower(word) {
	case "from":
		return hopFrom
	case "by":
		return hopBy
	case "with":
		return hopWith
	case "id":
		return hopID
	case "for":
		return hopFor
	case "via", "named", "tls":
		return hopOther
	}
	return hopNone
}

type hopKind uint8

const (
	hopWord hopKind = iota
	hopComment
	hopSemicolon
)

type hopToken struct {
	kind hopKind
	text string // of a comment: what stands between the outer parentheses
}

// hopTokens splits at white space, comments and semicolons. Comments nest (RFC 5322 section 3.2.2); one that is never closed
// ends with the field.
func hopTokens(s string) []hopToken {
	toks := make([]hopToken, 0, 24)
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		case c == ';':
			toks = append(toks, hopToken{kind: hopSemicolon})
			i++
		case c == '(':
			depth, j := 0, i
			for ; j < len(s); j++ {
				if s[j] == '\\' {
					j++
				} else if s[j] == '(' {
					depth++
				} else if s[j] == ')' {
					if depth--; depth == 0 {
						break
					}
				}
			}
			j = min(j, len(s))
			toks = append(toks, hopToken{hopComment, strings.TrimSpace(s[i+1 : max(j, i+1)])})
			i = j + 1
		default:
			j := i + 1
			for j < len(s) && !strings.ContainsRune(" \t\r\n;(", rune(s[j])) {
				j++
			}
			toks = append(toks, hopToken{hopWord, s[i:j]})
			i = j
		}
	}
	return toks
}

func setWord(dst *string, t hopToken) {
	if *dst == "" && t.kind == hopWord {
		*dst = t.text
	}
}

// hopDate reads the date that the tokens begin with. Comments are left out (the zone's name, an envelope sender);
// SLmail writes "for" behind the date, Go programs write " UTC m=+2340694.66".
func hopDate(toks []hopToken) (time.Time, bool) {
	var words []string
	for _, t := range toks {
		if t.kind == hopComment {
			continue
		}
		if t.kind == hopSemicolon || len(words) == 8 || strings.HasPrefix(t.text, "m=") || (len(words) > 0 && clauseOf(t.text) != hopNone) {
			break
		}
		words = append(words, t.text)
	}
	if len(words) < 2 {
		return time.Time{}, false
	}
	s := strings.Join(words, " ")
	if t, ok := ParseDate(s); ok {
		return t.UTC(), true
	}
	s = strings.TrimSuffix(s, " UTC")
	for _, layout := range []string{"2006-01-02 15:04:05.999999999 -0700", time.RFC3339Nano, "Jan 2 15:04:05 2006 -0700", "02/01/2006 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// startsDate reports whether a word looks like the first of a date ("Mon," or "2024-01-07"): some servers forget the semicolon.
func startsDate(w string) bool {
	if len(w) == 4 && w[3] == ',' {
		switch strings.ToLower(w[:3]) {
		case "mon", "tue", "wed", "thu", "fri", "sat", "sun":
			return true
		}
	}
	return len(w) == 10 && w[4] == '-' && w[7] == '-' && strings.HasPrefix(w, "20")
}

// readFrom reads the client's own name, the name the server looked up and the address out of the from clause.
func readFrom(h *Hop, toks []hopToken) {
	var words []string
	for _, t := range toks {
		if t.kind == hopWord {
			words = append(words, t.text)
		}
	}
	if len(words) > 0 {
		h.From = strings.TrimRight(words[0], ".,")
		if h.From == "" {
			h.From = words[0]
		}
	}
	helo := ""
	for _, t := range toks {
		if t.kind != hopComment || len(t.text) > 2048 {
			continue
		}
		name, ip, greeted := fromComment(t.text)
		if !h.FromIP.IsValid() && ip.IsValid() {
			h.FromIP = ip
			if h.FromName == "" {
				h.FromName = name
			}
		}
		if helo == "" {
			helo = greeted
		}
	}
	if helo != "" {
		// Exim and qmail put the looked-up name first and the greeting into the comment.
		if addrIn(h.From) == (netip.Addr{}) && !isUnknown(h.From) {
			h.FromName = h.From
		} else if !h.FromIP.IsValid() {
			h.FromIP = addrIn(h.From)
		}
		h.From = helo
	}
	for _, w := range words {
		if h.FromIP.IsValid() {
			break
		}
		h.FromIP = addrIn(w)
	}
}

// fromComment takes one comment of the from clause apart. name is set only next to an address.
func fromComment(c string) (name string, ip netip.Addr, helo string) {
	fields := strings.FieldsFunc(c, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == '(' || r == ')' })
	for i, f := range fields {
		low := strings.ToLower(f)
		switch {
		case strings.HasPrefix(low, "helo=") || strings.HasPrefix(low, "ehlo="):
			helo = f[5:]
			continue
		case (low == "helo" || low == "ehlo") && i+1 < len(fields):
			return name, ip, fields[i+1]
		case i == 0 && (low == "using" || strings.HasPrefix(low, "version=") || strings.HasPrefix(low, "authenticated") ||
			strings.HasPrefix(low, "envelope-") || low == "squirrelmail" || low == "proxying"):
			return "", netip.Addr{}, ""
		}
		if ip.IsValid() {
			continue
		}
		if a := addrIn(f); a.IsValid() {
			ip = a
			if i > 0 {
				name = reverseName(fields[i-1])
			}
		}
	}
	return name, ip, helo
}

// reverseName cleans a looked-up name: an ident user before "@" and the final dot go, and so do the words that mean "none".
func reverseName(s string) string {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		s = s[at+1:]
	}
	s = strings.TrimRight(s, ".")
	if isUnknown(s) || strings.ContainsAny(s, "=[]:") || addrIn(s).IsValid() {
		return ""
	}
	return s
}

func isUnknown(s string) bool {
	return s == "" || strings.EqualFold(s, "unknown") || strings.EqualFold(s, "unverified") || strings.EqualFold(s, "account")
}

// addrIn reads an address as Received fields write it: bare, in brackets, tagged "IPv6:" (RFC 5321 section 4.1.3), with an ident
// user before or a port behind, with a zone. The zero Addr means that s is none.
func addrIn(s string) netip.Addr {
	if len(s) > 128 {
		return netip.Addr{}
	}
	if open := strings.IndexByte(s, '['); open >= 0 {
		end := strings.IndexByte(s[open:], ']')
		if end < 0 {
			return netip.Addr{}
		}
		s = s[open+1 : open+end]
	}
	if len(s) > 5 && strings.EqualFold(s[:5], "ipv6:") {
		s = s[5:]
	}
	if s == "" || !isHex(s[0]) && s[0] != ':' && s[0] != '[' || !strings.ContainsAny(s, ".:") { // most words are none, and errors cost time
		return netip.Addr{}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.WithZone("").Unmap()
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().WithZone("").Unmap()
	}
	if slash := strings.IndexByte(s, '/'); slash > 0 { // qmail-scanner: 192.0.2.1/name
		if a, err := netip.ParseAddr(s[:slash]); err == nil {
			return a.WithZone("").Unmap()
		}
	}
	return netip.Addr{}
}

// readWith keeps the protocol: the words up to the first comment. "Microsoft SMTP Server" is one.
func readWith(h *Hop, toks []hopToken) {
	var words []string
	for _, t := range toks {
		if t.kind != hopWord || len(words) == 6 {
			break
		}
		words = append(words, strings.Trim(t.text, ",;"))
	}
	if len(words) == 0 {
		return
	}
	h.With = strings.Join(words, " ")
	if h.TLS != "" {
		return
	}
	switch strings.ToUpper(words[0]) {
	case "ESMTPS", "ESMTPSA", "SMTPS", "LMTPS", "LMTPSA", "UTF8SMTPS", "UTF8SMTPSA", "UTF8LMTPS", "UTF8LMTPSA", "HTTPS":
		h.TLS = "TLS"
	}
}

// tlsOf finds what a comment claims about TLS: "TLSv1.2", "TLS" without a version, or "".
func tlsOf(c string) string {
	low := strings.ToLower(c)
	i := -1
	for _, lead := range []string{"version=", "using ", "cipher ", "x="} {
		if at := strings.Index(low, lead); at >= 0 && (at == 0 || low[at-1] == ' ') {
			if rest := low[at+len(lead):]; strings.HasPrefix(rest, "tls") || strings.HasPrefix(rest, "ssl") {
				i = at + len(lead)
				break
			}
		}
	}
	if i < 0 && (strings.HasPrefix(low, "tls") || strings.HasPrefix(low, "ssl")) {
		i = 0
	}
	if i < 0 {
		if strings.HasPrefix(low, "cipher=") {
			return "TLS"
		}
		return ""
	}
	kind, rest := strings.ToUpper(low[i:i+3]), low[i+3:]
	rest = strings.TrimPrefix(rest, "v")
	major, rest, ok := leadDigit(rest)
	if !ok {
		if rest == "" || strings.ContainsRune(" /:,;)_", rune(rest[0])) {
			return kind
		}
		return ""
	}
	minor := "0"
	if rest != "" && (rest[0] == '.' || rest[0] == '_') {
		if m, _, ok := leadDigit(rest[1:]); ok {
			minor = m
		}
	}
	if kind == "SSL" {
		return "SSLv" + major
	}
	return "TLSv" + major + "." + minor
}

func leadDigit(s string) (digit, rest string, ok bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return "", s, false
	}
	return s[:1], s[1:], true
}

// qmailOrigin reads "(qmail 1866 invoked from network[192.0.2.1/name])".
func qmailOrigin(h *Hop, c string) {
	if !strings.HasPrefix(c, "qmail ") {
		return
	}
	if h.With == "" {
		h.With = "qmail"
	}
	if at := strings.Index(c, "network["); at >= 0 && !h.FromIP.IsValid() {
		h.FromIP = addrIn(c[at:])
		if _, name, ok := strings.Cut(strings.TrimRight(c[at:], "]"), "/"); ok {
			h.FromName = reverseName(name)
		}
	}
}

// linkDelays sets each hop's Delay from the nearest earlier hop whose time is known. hops are newest first.
func linkDelays(hops []Hop) {
	var before time.Time
	for i := len(hops) - 1; i >= 0; i-- {
		if hops[i].Time.IsZero() {
			continue
		}
		if !before.IsZero() {
			hops[i].Delay = hops[i].Time.Sub(before)
		}
		before = hops[i].Time
	}
}
