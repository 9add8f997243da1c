package email

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// textLinks finds the addresses that a mail client makes clickable in plain text (Tag "text"): with a scheme, with "www.", and bare
// domains when they end in a known public suffix and do not look like a missing space or a file name. Addresses that
// somebody defanged ("hxxp://", "[.]") are in too, put right, with Tag "defanged": nobody can click those. Mail addresses are not
// links. Time is linear in text.
func textLinks(text, part string, where Where, lim *budget) []Link {
	if !mayHoldLink(text) {
		return nil
	}
	var links []Link
	seen := map[string]bool{}
	ScanLinks(text, func(start, end int) bool {
		if lim.expired() {
			return false
		}
		l := textLink(text[start:end])
		if seen[l.URL] {
			return true
		}
		if !lim.takeLink(orElse(part, string(where))) {
			return false
		}
		seen[l.URL] = true
		l.URL = strings.Clone(l.URL) // a link that is kept must not keep the text
		l.Where, l.Part = where, part
		l.Target, l.Host = follow(l.URL)
		links = append(links, l)
		return true
	})
	return links
}

func textLink(raw string) Link {
	u := cleanURL(raw[:min(len(raw), maxURL)])
	if isDefanged(u) {
		return Link{URL: Refang(u), Tag: "defanged"}
	}
	return Link{URL: u, Tag: "text"}
}

// addText notes an address that stands in shown text.
func (r *htmlReader) addText(raw string) {
	l := textLink(raw)
	r.note(l.Tag, l.URL)
}

// mayHoldLink is a cheap look before ScanLinks.
func mayHoldLink(s string) bool {
	return len(s) > 3 && (strings.IndexByte(s, '.') >= 0 || strings.Contains(s, "://"))
}

// ScanLinks calls found with the place of each address in text, as textLinks finds them, until it returns false. Every octet is looked at a
// fixed number of times.
func ScanLinks(text string, found func(start, end int) bool) {
	for i := 0; i < len(text); {
		end, dots := hostRun(text, i)
		if end == i {
			if text[i] == '@' && i > 0 && text[i-1] > ' ' { // of a local part in quotes, or a second one
				i = afterAt(text, i+1)
				continue
			}
			if text[i] < utf8.RuneSelf {
				i++
				continue
			}
			_, n := utf8.DecodeRuneInString(text[i:])
			i += n
			continue
		}
		run, rest := text[i:end], text[end:]
		switch {
		case strings.HasPrefix(rest, "@"):
			// A mail address: neither its local part nor its domain is a link.
			i = afterAt(text, end+1)
			continue
		case schemeEnd(rest) > 0 && isWebScheme(letterTail(run)):
			start := end - len(letterTail(run))
			from := end + schemeEnd(rest)
			stop := urlEnd(text, from)
			if stop > from && !found(start, stop) {
				return
			}
			i = stop
			continue
		case dots > 0 && len(run) <= 512:
			lead := len(run) - len(strings.TrimLeft(run, ".-_"))
			host := strings.TrimRight(run[lead:], ".-_")
			if lead+len(host) < len(run) {
				rest = run[lead+len(host):]
			}
			if plausibleDomain(host, rest) {
				stop := i + lead + len(host)
				if goesOn(rest) {
					stop = urlEnd(text, stop)
				}
				if !found(i+lead, stop) {
					return
				}
				i = max(stop, end)
				continue
			}
		}
		i = end
	}
}

// afterAt is where the domain that begins at i ends; "1983@http://blog.example/" has none there but an address.
func afterAt(text string, i int) int {
	if end, _ := hostRun(text, i); schemeEnd(text[end:]) == 0 {
		return end
	}
	return i
}

// goesOn reports whether an address without scheme has a port, path, query or fragment behind its host.
func goesOn(rest string) bool {
	if len(rest) < 2 {
		return rest == "/"
	}
	switch rest[0] {
	case '/', '?', '#':
		return true
	case ':':
		return rest[1] >= '0' && rest[1] <= '9'
	}
	return false
}

// hostOctets are the ASCII letters, digits, "-" and "_".
var hostOctets = func() (t [256]bool) {
	for c := range t {
		t[c] = isAlnum(byte(c)) || c == '-' || c == '_'
	}
	return t
}()

// hostRun is the end of the run of letters, digits, "-", "_", "." and defanged dots that begins at i, and how many dots it has.
func hostRun(s string, i int) (end, dots int) {
	for i < len(s) {
		c := s[i]
		if hostOctets[c] {
			i++
			continue
		}
		switch {
		case c == '.':
			dots++
			i++
		case c == '[' || c == '(' || c == '{':
			n := defangedDot(s[i:])
			if n == 0 {
				return i, dots
			}
			dots++
			i += n
		case c < utf8.RuneSelf:
			return i, dots
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == 0x3002 || !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				return i, dots
			}
			i += n
		}
	}
	return i, dots
}

// defangedDot is the length of a "[.]", "(.)", "[dot]" or "{dot}" that s begins with, or 0.
func defangedDot(s string) int {
	for _, form := range [...]string{"[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}"} {
		if len(s) >= len(form) && strings.EqualFold(s[:len(form)], form) {
			return len(form)
		}
	}
	return 0
}

// letterTail is the ASCII letters that s ends with: scripts without spaces write text right before a scheme.
func letterTail(s string) string {
	i := len(s)
	for i > 0 && len(s)-i < 8 && (s[i-1] >= 'a' && s[i-1] <= 'z' || s[i-1] >= 'A' && s[i-1] <= 'Z') {
		i--
	}
	return s[i:]
}

func isWebScheme(s string) bool {
	switch strings.ToLower(s) {
	case "http", "https", "ftp", "ftps", "file", "hxxp", "hxxps", "fxp", "htxp", "htxps":
		return true
	}
	return false
}

// schemeEnd is the length of "://" or a defanged form of it at the start of s, or 0.
func schemeEnd(s string) int {
	if len(s) < 3 || s[0] != ':' && s[0] != '[' && s[0] != '(' {
		return 0
	}
	for _, form := range [...]string{"://", "[:]//", "[://]", ":\\\\", "(:)//", ":[//]", "[:/]/"} {
		if strings.HasPrefix(s, form) {
			return len(form)
		}
	}
	return 0
}

// urlEnd is where the address that reaches at least to from ends: at white space or a sign that no address holds; then
// punctuation that rather belongs to the sentence is taken off.
func urlEnd(s string, from int) int {
	end := from
	var open [3]int // round, square, curly brackets
	count := func(c byte, d int) {
		switch c {
		case '(', ')':
			open[0] += d
		case '[', ']':
			open[1] += d
		case '{', '}':
			open[2] += d
		}
	}
scan:
	for end < len(s) {
		c := s[end]
		if c < utf8.RuneSelf {
			if c <= ' ' || c == '<' || c == '>' || c == '"' || c == '`' || c == 0x7F {
				break
			}
			if c == ']' && strings.HasPrefix(s[end:], "](") { // Markdown: [address](address)
				break
			}
			if c == '(' || c == '[' || c == '{' {
				count(c, 1)
			} else if c == ')' || c == ']' || c == '}' {
				count(c, -1)
			}
			end++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[end:])
		switch {
		case r == utf8.RuneError && n == 1, unicode.IsSpace(r), noWidth(r), unicode.IsControl(r):
			break scan
		case unicode.In(r, unicode.Pi, unicode.Pf, unicode.Ps, unicode.Pe), r == 0x3001, r == 0x3002, r == 0xFF0C, r == 0xFF1B, r == 0xFF01:
			break scan
		}
		end += n
	}
	for end > from {
		c := s[end-1]
		switch c {
		case '.', ',', ':', ';', '!', '?', '\'', '*', '_', '~', '|', '\\':
		case ')', ']', '}':
			if over := bracketsOver(open, c); over >= 0 {
				return end
			}
			count(c, 1)
		default:
			return end
		}
		end--
	}
	return end
}

func bracketsOver(open [3]int, c byte) int {
	switch c {
	case ')':
		return open[0]
	case ']':
		return open[1]
	}
	return open[2]
}

// plausibleDomain reports whether a bare host name in running text is meant as an address. rest is what follows it.
func plausibleDomain(run, rest string) bool {
	host := run
	if strings.ContainsAny(host, "[({") {
		host = Refang(host)
	}
	lower := strings.ToLower(host)
	labels := strings.Count(lower, ".") + 1
	if labels < 2 || strings.Contains(lower, "..") || strings.Contains(lower, "_") && !strings.HasPrefix(lower, "www.") {
		return false
	}
	ascii, err := idna.Punycode.ToASCII(lower)
	if err != nil || len(ascii) > 253 {
		return false
	}
	if strings.HasPrefix(lower, "www.") && labels > 2 {
		return true
	}
	if a, err := netip.ParseAddr(ascii); err == nil {
		return a.Is4() && strings.HasPrefix(rest, "/") && !isPrefixLength(rest[1:])
	}
	path := strings.HasPrefix(rest, "/")
	suffix, icann := publicsuffix.PublicSuffix(ascii)
	if !icann && strings.IndexByte(suffix, '.') < 0 || suffix == ascii {
		return false
	}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	if r, _ := utf8.DecodeRuneInString(tld); unicode.IsUpper(r) && host != strings.ToUpper(host) {
		return false // "your order.It has shipped"
	}
	if rest != "" && (rest[0] == '(' || rest[0] == '=' || rest[0] == '[' || rest[0] == '$') {
		return false // app.run(), a=b.c[0]
	}
	name := strings.TrimSuffix(ascii, "."+suffix)
	name = name[strings.LastIndexByte(name, '.')+1:]
	if path {
		return len(name) > 0
	}
	if len(name) < 2 || strings.Trim(name, "0123456789") == "" && labels == 2 {
		return false
	}
	tld = strings.ToLower(tld)
	if isFileSuffix(suffix) || len(tld) > 2 && !isEverydaySuffix(tld) && !strings.HasPrefix(ascii[strings.LastIndexByte(ascii, '.')+1:], "xn--") {
		return false
	}
	return !isWordSuffix(tld) || labels > 2 || strings.ContainsAny(name, "-0123456789")
}

// isPrefixLength reports whether s begins like the rest of a network in CIDR notation: "24, ".
func isPrefixLength(s string) bool {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n >= 1 && n <= 2 && (n == len(s) || !(s[n] >= 'a' && s[n] <= 'z' || s[n] == '/' || s[n] == '?'))
}

// cleanURL does what browsers do to an address before they read it (WHATWG URL section 4.4): C0 controls and spaces go from both ends, tabs
// and line ends from everywhere.
func cleanURL(s string) string {
	if isPlain(s) {
		return s
	}
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == 0xA0 || r == 0xFEFF || r == 0x200B })
	if strings.ContainsAny(s, "\t\n\r") {
		s = strings.Map(func(r rune) rune {
			if r == '\t' || r == '\n' || r == '\r' {
				return -1
			}
			return r
		}, s)
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// isPlain reports whether s holds nothing but visible ASCII.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7F {
			return false
		}
	}
	return true
}

// schemeOf is the scheme in lower case, "" when there is none.
func schemeOf(u string) string {
	for i := 0; i < len(u) && i < 64; i++ {
		c := u[i]
		switch {
		case c == ':':
			if i == 0 {
				return ""
			}
			return strings.ToLower(u[:i])
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return ""
		}
	}
	return ""
}

// HostOf is the host that rawURL leads to, "" when there is none: lower case, A-labels, IPv4 in dotted decimal whatever its base. It reads
// addresses as browsers do (WHATWG URL), see hostOf.
func HostOf(rawURL string) string { return hostOf(rawURL) }

// hostOf is the host a browser would go to: lower case, A-labels, no port, no final dot; IPv4 in dotted decimal whatever its base, IPv6
// without brackets. It undoes what hides a host: user names before "@", backslashes, percent signs, full-width letters. An address
// without a scheme has a host when it begins with "//" or "www." or with a domain of a known public suffix. "" when there is none.
func hostOf(rawURL string) string {
	u := cleanURL(rawURL)
	scheme := schemeOf(u)
	var rest string
	switch scheme {
	case "http", "https", "ws", "wss", "ftp":
		rest = strings.TrimLeft(u[len(scheme)+1:], `/\`)
	case "":
		return schemelessHost(u)
	case "mailto", "data", "javascript", "vbscript", "cid", "mid", "tel", "sms", "about", "blob":
		return ""
	default:
		after := u[len(scheme)+1:]
		if at := strings.Index(after, "|u|"); at >= 0 && at < 16 { // ms-word:ofe|u|https://...
			return hostOf(after[at+3:])
		}
		if s := schemeOf(after); s == "http" || s == "https" { // view-source:, feed:, microsoft-edge:
			return hostOf(after)
		}
		if strings.Contains(scheme, ".") || !strings.HasPrefix(after, "//") && !strings.HasPrefix(after, `\\`) { // "example.test:8080/x" has no scheme
			return schemelessHost(u)
		}
		rest = after[2:]
	}
	return normalHost(authority(rest))
}

func schemelessHost(u string) string {
	if strings.HasPrefix(u, "//") || strings.HasPrefix(u, `\\`) || strings.HasPrefix(u, `/\`) {
		return normalHost(authority(strings.TrimLeft(u, `/\`)))
	}
	host := u[:endOfAuthority(u)]
	if colon := strings.IndexByte(host, ':'); colon >= 0 {
		if _, err := strconv.ParseUint(host[colon+1:], 10, 16); err != nil {
			return ""
		}
		host = host[:colon]
	}
	host = normalHost(host)
	if host == "" || !strings.Contains(host, ".") {
		return ""
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	known := (icann || strings.Contains(suffix, ".")) && suffix != host
	if strings.HasPrefix(host, "www.") || known && (!isFileSuffix(suffix) || strings.Contains(u, "/")) {
		return host
	}
	return ""
}

func endOfAuthority(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '/' || c == '\\' || c == '?' || c == '#' {
			return i
		}
	}
	return len(s)
}

// authority is the host part before the path, without user and port.
func authority(rest string) string {
	a := rest[:endOfAuthority(rest)]
	if sp := strings.IndexByte(a, ' '); sp > 0 && !strings.Contains(a, "@") { // browsers refuse it, some mail clients stop there
		a = a[:sp]
	}
	if at := strings.LastIndexByte(a, '@'); at >= 0 {
		a = a[at+1:]
	}
	if strings.HasPrefix(a, "[") {
		if end := strings.IndexByte(a, ']'); end >= 0 {
			return a[:end+1]
		}
		return ""
	}
	if colon := strings.IndexByte(a, ':'); colon >= 0 {
		a = a[:colon]
	}
	return a
}

// hostProfile maps as browsers do (UTS 46, non-transitional) without refusing what DNS would take.
var hostProfile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

func normalHost(h string) string {
	if len(h) == 0 || len(h) > 1024 {
		return ""
	}
	if h[0] == '[' {
		a, err := netip.ParseAddr(strings.Trim(h, "[]"))
		if err != nil {
			return ""
		}
		return a.WithZone("").String()
	}
	if strings.IndexByte(h, '%') >= 0 {
		if un, err := url.PathUnescape(h); err == nil {
			h = un
		}
	}
	ascii, err := hostProfile.ToASCII(h)
	if err != nil || ascii == "" {
		ascii = strings.ToLower(h)
	}
	ascii = strings.TrimSuffix(ascii, ".")
	if ascii == "" || len(ascii) > 253 {
		return ""
	}
	for i := 0; i < len(ascii); i++ {
		c := ascii[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_') {
			return ""
		}
	}
	if ip, numeric := oddIPv4(ascii); numeric {
		return ip
	}
	return ascii
}

// oddIPv4 reads an IPv4 address the way browsers do (WHATWG URL section 3.5): one to four parts, each decimal, octal or hexadecimal,
// the last filling what is left. numeric says that the last label is a number, so that this is an address or nothing.
func oddIPv4(host string) (ip string, numeric bool) {
	parts := strings.Split(host, ".")
	if _, ok := ipv4Number(parts[len(parts)-1]); !ok {
		return "", false
	}
	if len(parts) > 4 {
		return "", true
	}
	var n uint64
	for i, p := range parts {
		v, ok := ipv4Number(p)
		if !ok {
			return "", true
		}
		if i == len(parts)-1 {
			if v >= 1<<(8*(5-len(parts))) {
				return "", true
			}
			n |= v
			break
		}
		if v > 255 {
			return "", true
		}
		n |= v << (8 * (3 - i))
	}
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String(), true
}

func ipv4Number(p string) (uint64, bool) {
	if p == "" {
		return 0, false
	}
	base := 10
	switch {
	case len(p) >= 2 && (p[:2] == "0x" || p[:2] == "0X"):
		p, base = p[2:], 16
	case len(p) >= 2 && p[0] == '0':
		p, base = p[1:], 8
	}
	if p == "" {
		return 0, true
	}
	v, err := strconv.ParseUint(p, base, 33)
	return v, err == nil
}
