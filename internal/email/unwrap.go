package email

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxLayers bounds rewritten links inside rewritten links, and encodings inside encodings.
const maxLayers = 5

// Unwrap is where a rewritten link leads, or rawURL itself when it is none, see Link.Target.
func Unwrap(rawURL string) string { return unwrap(rawURL) }

// unwrap undoes the link rewriting of mail gateways and the click counters of large sites whose format is known: what is returned is
// where the reader ends up. An address that is not rewritten, or whose target is not inside it, comes back as it is.
func unwrap(rawURL string) string {
	target, _ := follow(rawURL)
	return target
}

// follow is unwrap with the host that the target leads to.
func follow(rawURL string) (target, host string) {
	u, host := rawURL, hostOf(rawURL)
	for range maxLayers {
		next, ok := unwrapOnce(u, host)
		if !ok || next == u {
			break
		}
		u, host = next, hostOf(next)
	}
	return u, host
}

// rewriter is one service that puts the target into its own address. Hosts match exactly or, with a leading dot, by suffix.
type rewriter struct {
	hosts  []string
	target func(a address) string
}

// address is a rewritten link taken apart, without undoing anything.
type address struct {
	host, path, query, whole string
}

// rewriters is the list, see the formats' descriptions beside each reader. Order matters only for hosts that appear twice.
var rewriters = []rewriter{
	{[]string{".safelinks.protection.outlook.com", ".safelinks.protection.office365.us", ".safelinks.protection.outlook.cn", ".safelinks.o365filtering.com"}, parameter("url")},
	{[]string{"statics.teams.cdn.office.net", "statics.teams.microsoft.com"}, underPath("/evergreen-assets/safelinks/", parameter("url"))},
	{[]string{"urldefense.proofpoint.com", "urldefense.com", "urldefense.us"}, proofpoint},
	{[]string{".mimecast.com", ".mimecastprotect.com"}, parameter("url", "u")},
	{[]string{"linkprotect.cudasvc.com"}, parameter("a")},
	{[]string{"secure-web.cisco.com"}, lastSegment},
	{[]string{".protection.sophos.com"}, sophos},
	{[]string{".trendmicro.com", ".trendmicro.eu", ".trendmicro.co.jp"}, underPath("/wis/clicktime/", parameter("url"))},
	{[]string{"clicktime.symantec.com"}, parameter("u")},
	{[]string{".fireeye.com", "protect2.fireeye.com"}, underPath("/v1/url", parameter("u"))},
	{[]string{"url.avanan.click", "protect.checkpoint.com", "checkpoint.url-protection.com"}, checkPoint},
	{[]string{"link.edgepilot.com"}, parameter("u")},
	{[]string{"urlsand.esvalabs.com"}, parameter("u")},
	{[]string{"clicktime.cloud.postoffice.net"}, parameter("U")},
	{[]string{"www.bing.com", "bing.com"}, underPath("/ck/a", bing)},
	{[]string{"l.facebook.com", "lm.facebook.com", "l.instagram.com", "l.messenger.com", "l.workplace.com"}, parameter("u")},
	{[]string{"www.facebook.com", "m.facebook.com"}, underPath("/l.php", parameter("u"))},
	{[]string{"www.linkedin.com", "linkedin.com"}, linkedIn},
	{[]string{"www.youtube.com", "youtube.com", "m.youtube.com"}, underPath("/redirect", parameter("q"))},
	{[]string{"duckduckgo.com", "www.duckduckgo.com"}, underPath("/l/", parameter("uddg"))},
	{[]string{".cdn.ampproject.org"}, ampCache},
	{[]string{"r.search.yahoo.com"}, yahoo},
	{[]string{"steamcommunity.com"}, underPath("/linkfilter/", parameter("url", "u"))},
	{[]string{"t.umblr.com"}, underPath("/redirect", parameter("z"))},
	{[]string{"slack-redir.net"}, underPath("/link", parameter("url"))},
	{[]string{"vk.com", "away.vk.com"}, underPath("/away.php", parameter("to"))},
	{[]string{"translate.google.com"}, parameter("u")},
	{[]string{"googleweblight.com"}, parameter("lite_url", "u")},
	{[]string{".googleusercontent.com"}, imageProxy},
	{[]string{"notifications.google.com"}, underPath("/g/p/", parameter("url"))},
}

func unwrapOnce(u, host string) (string, bool) {
	scheme := schemeOf(u)
	if scheme != "http" && scheme != "https" {
		return "", false
	}
	a := split(u, host)
	for i := range rewriters {
		for _, h := range rewriters[i].hosts {
			if a.host == strings.TrimPrefix(h, ".") && h[0] != '.' || h[0] == '.' && strings.HasSuffix(a.host, h) {
				return target(rewriters[i].target(a))
			}
		}
	}
	if isGoogle(a.host) {
		return target(google(a))
	}
	return "", false
}

// target accepts an absolute web address only.
func target(s string) (string, bool) {
	s = cleanURL(s)
	switch schemeOf(s) {
	case "http", "https", "ftp":
		if hostOf(s) != "" {
			return s, true
		}
	}
	return "", false
}

func split(u, host string) address {
	a := address{host: host, whole: u}
	rest := strings.TrimLeft(u[len(schemeOf(u))+1:], `/\`)
	rest = rest[endOfAuthority(rest):]
	rest, _, _ = strings.Cut(rest, "#")
	a.path, a.query, _ = strings.Cut(rest, "?")
	return a
}

// parameter takes the first of the named query parameters that holds a web address.
func parameter(names ...string) func(address) string {
	return func(a address) string {
		for _, name := range names {
			if v := queryValue(a.query, name); v != "" {
				if _, ok := target(v); ok {
					return v
				}
			}
		}
		return ""
	}
}

func underPath(prefix string, f func(address) string) func(address) string {
	return func(a address) string {
		if !strings.HasPrefix(a.path, prefix) {
			return ""
		}
		return f(a)
	}
}

// queryValue is the decoded value of one query parameter. "&amp;" between parameters, left by broken senders, is understood.
func queryValue(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		pair = strings.TrimPrefix(pair, "amp;")
		k, v, _ := strings.Cut(pair, "=")
		if strings.EqualFold(k, name) {
			return percentDecode(v)
		}
	}
	return ""
}

// percentDecode undoes percent signs where they are right and leaves the rest.
func percentDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// proofpoint reads URL Defense (Proofpoint, "Decode Proofpoint URL Defense URLs"): version 1 has the address percent-encoded in u; in version 2 "-" stands for
// "%" and "_" for "/"; version 3 has it between "/v3/__" and "__;", each "*" standing for the next character of a base64url
// string behind it, "**A" to "**_" for runs of 2 to 65 of them.
func proofpoint(a address) string {
	switch {
	case strings.HasPrefix(a.path, "/v1/"):
		return queryValue(a.query, "u")
	case strings.HasPrefix(a.path, "/v2/"):
		v := queryRaw(a.query, "u")
		return percentDecode(strings.NewReplacer("-", "%", "_", "/").Replace(v))
	case strings.HasPrefix(a.path, "/v3/__"):
		_, rest, _ := strings.Cut(a.whole, "/v3/__")
		end := strings.LastIndex(rest, "__;")
		if end < 0 {
			return ""
		}
		encoded, _, _ := strings.Cut(rest[end+3:], "!")
		return proofpointV3(rest[:end], encoded)
	}
	return ""
}

func queryRaw(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, _ := strings.Cut(strings.TrimPrefix(pair, "amp;"), "="); k == name {
			return v
		}
	}
	return ""
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func proofpointV3(s, encoded string) string {
	// "https:/host" loses a slash on some ways.
	if i := strings.Index(s, ":/"); i > 0 && i < 8 && !strings.HasPrefix(s[i:], "://") {
		s = s[:i] + "://" + s[i+2:]
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if err != nil {
		return percentDecode(s)
	}
	chars := []rune(string(raw))
	next := func(n int) string {
		n = min(n, len(chars))
		out := string(chars[:n])
		chars = chars[n:]
		return out
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '*':
			b.WriteByte(s[i])
		case i+2 < len(s) && s[i+1] == '*' && strings.IndexByte(base64URL, s[i+2]) >= 0:
			b.WriteString(next(strings.IndexByte(base64URL, s[i+2]) + 2))
			i += 2
		case len(chars) == 0:
			b.WriteByte('*')
		default:
			b.WriteString(next(1))
		}
	}
	return b.String()
}

// lastSegment reads Cisco Secure Email: "/token/https%3A%2F%2Fexample.test%2Fpath".
func lastSegment(a address) string {
	return percentDecode(a.path[strings.LastIndexByte(a.path, '/')+1:])
}

// sophos reads Sophos Email time-of-click protection: u is base64 of the address.
func sophos(a address) string {
	return fromBase64(queryValue(a.query, "u"))
}

// bing reads the search click counter: u is "a1" and base64url of the address.
func bing(a address) string {
	return fromBase64(strings.TrimPrefix(queryValue(a.query, "u"), "a1"))
}

// checkPoint reads Harmony Email (once Avanan): "/v2/___https://example.test/___.token", newer ones with "/r01/" before it and ":" and "/" as they are.
func checkPoint(a address) string {
	_, rest, ok := strings.Cut(a.whole, "/___")
	if !ok {
		return ""
	}
	inner, _, ok := strings.Cut(rest, "___.")
	if !ok {
		return ""
	}
	return percentDecode(inner)
}

func linkedIn(a address) string {
	if strings.HasPrefix(a.path, "/redir/") || strings.HasPrefix(a.path, "/safety/go") {
		return parameter("url")(a)
	}
	return ""
}

// yahoo reads the search click counter: ".../RU=https%3a%2f%2fexample.test%2f/RK=2/...".
func yahoo(a address) string {
	_, rest, ok := strings.Cut(a.path, "/RU=")
	if !ok {
		return ""
	}
	inner, _, _ := strings.Cut(rest, "/RK=")
	return percentDecode(inner)
}

// ampCache reads "/c/s/example.test/page" (s: https) below a host made from the publisher's (AMP Cache URL format).
func ampCache(a address) string {
	parts := strings.SplitN(strings.TrimPrefix(a.path, "/"), "/", 2)
	if len(parts) < 2 {
		return ""
	}
	rest, scheme := parts[1], "http://"
	if r, ok := strings.CutPrefix(rest, "s/"); ok {
		rest, scheme = r, "https://"
	}
	return scheme + percentDecode(rest) + questionMark(a.query)
}

func questionMark(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

// isGoogle reports whether host is Google search in some country: www.google.com, google.de, www.google.co.uk.
func isGoogle(host string) bool {
	host = strings.TrimPrefix(strings.TrimPrefix(host, "www."), "images.")
	rest, ok := strings.CutPrefix(host, "google.")
	return ok && len(rest) <= 6 && strings.Count(rest, ".") <= 1
}

func google(a address) string {
	switch {
	case a.path == "/url" || strings.HasPrefix(a.path, "/url/") || a.path == "/imgres" || strings.HasPrefix(a.path, "/local_url") || strings.HasPrefix(a.path, "/pagead/aclk") || a.path == "/aclk":
		return parameter("q", "url", "imgrefurl", "adurl")(a)
	case strings.HasPrefix(a.path, "/amp/"):
		rest, scheme := a.path[5:], "http://"
		if r, ok := strings.CutPrefix(rest, "s/"); ok {
			rest, scheme = r, "https://"
		}
		return scheme + percentDecode(rest) + questionMark(a.query)
	}
	return ""
}

// imageProxy reads Gmail's image proxy, which keeps the address it stands for behind "#".
func imageProxy(a address) string {
	if !strings.HasPrefix(a.path, "/proxy/") && !strings.HasPrefix(a.path, "/meips/") {
		return ""
	}
	_, fragment, _ := strings.Cut(a.whole, "#")
	return fragment
}

// fromBase64 decodes standard and URL base64, padded or not; "" when it is none or not text.
func fromBase64(s string) string {
	s = strings.TrimRight(s, "=.")
	if len(s) < 8 || len(s) > maxURL {
		return ""
	}
	s = strings.NewReplacer("-", "+", "_", "/", " ", "+").Replace(s)
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return ""
	}
	return string(b)
}

// redirectNames are the query parameters that open redirectors use.
var redirectNames = map[string]bool{
	"url": true, "u": true, "uri": true, "q": true, "r": true, "to": true, "go": true, "goto": true, "out": true, "dest": true, "destination": true, "target": true, "redirect": true,
	"redirecturl": true, "redirect_url": true, "redirect_uri": true, "redir": true, "rurl": true, "return": true, "returnurl": true, "return_url": true, "returnto": true, "return_to": true,
	"next": true, "continue": true, "link": true, "href": true, "forward": true, "fwd": true, "site": true, "view": true, "adurl": true, "d": true, "p": true, "l": true, "ref": true,
	"callback": true, "checkout_url": true, "image_url": true, "success": true, "data": true, "page": true, "location": true, "jump": true, "ued": true, "clickurl": true, "ct": true, "e": true,
}

// RedirectParameter finds an address of another site that u carries in its query, fragment or path, as open redirectors and click
// counters take it: url=, redirect=, next= and the like, or "/https://...", percent-encoded or base64, up to five layers deep. ok is
// false when there is none or it stays on the same host. Whether the site really redirects there is unknown.
func RedirectParameter(u string) (target string, ok bool) {
	if len(u) > maxURL {
		return "", false
	}
	here := hostOf(u)
	if here == "" {
		return "", false
	}
	rest := strings.TrimLeft(u[len(schemeOf(u)):], `:/\`)
	rest = rest[endOfAuthority(rest):]
	elsewhere := func(v string) bool {
		t, found := layered(v)
		if found && !strings.EqualFold(hostOf(t), here) {
			target = t
			return true
		}
		return false
	}
	at := strings.IndexAny(rest, "?#")
	if at < 0 {
		at = len(rest)
	}
	for _, sign := range [...]string{"http://", "https://", "http%3a", "https%3a", "http:%2f", "https:%2f"} {
		if i := indexFold(rest[:at], sign); i > 0 && elsewhere(rest[i:]) {
			return target, true
		}
	}
	for i, pair := range strings.FieldsFunc(rest[at:], func(r rune) bool { return r == '&' || r == ';' || r == '#' || r == '?' }) {
		if i == 64 {
			break
		}
		k, v, isPair := strings.Cut(pair, "=")
		if !isPair {
			k, v = "", pair
		}
		if isPair && !redirectNames[strings.ToLower(k)] && !strings.HasPrefix(v, "http") {
			continue
		}
		if elsewhere(v) {
			return target, true
		}
	}
	return "", false
}

// layered takes encodings off until a web address appears.
func layered(v string) (string, bool) {
	for range maxLayers {
		if t, ok := webAddress(v); ok {
			return t, true
		}
		if un := percentDecode(v); un != v {
			v = un
			continue
		}
		un := fromBase64(v)
		if un == "" {
			return "", false
		}
		v = un
	}
	return webAddress(v)
}

// webAddress accepts "https://host...", and "//host..." with a name that has a dot.
func webAddress(s string) (string, bool) {
	low := strings.ToLower(s[:min(len(s), 8)])
	if !strings.HasPrefix(low, "http:/") && !strings.HasPrefix(low, "https:/") && !strings.HasPrefix(low, "//") {
		return "", false
	}
	host := hostOf(s)
	if _, err := url.Parse(s); err != nil && host == "" || !strings.Contains(host, ".") {
		return "", false
	}
	return s, true
}
