package email

import "strings"

// Defang writes an indicator so that nothing makes it clickable and nobody follows it by accident: "hxxps://evil[.]test/x",
// "user@evil[.]test", "192.0.2[.]4". Only the scheme and the dots of the host change: every dot of a name's host, the last of an IPv4 address,
// the first colon of an IPv6 one. Defanging twice changes nothing more.
func Defang(s string) string {
	scheme := schemeOf(s)
	switch scheme {
	case "http", "https", "ftp", "ftps", "hxxp", "hxxps", "fxp", "fxps":
		rest := s[len(scheme):]
		end := 1
		for end < len(rest) && (rest[end] == '/' || rest[end] == '\\') {
			end++
		}
		at := end + endOfAuthority(rest[end:])
		return defangScheme(s[:len(scheme)]) + rest[:end] + defangAuthority(rest[end:at]) + rest[at:]
	case "javascript", "vbscript", "data", "file":
		return s[:len(scheme)] + "[:]" + s[len(scheme)+1:]
	}
	if at := strings.LastIndexByte(s, '@'); at >= 0 && !strings.ContainsAny(s[at:], "/?#") {
		return s[:at+1] + defangHost(s[at+1:])
	}
	end := endOfAuthority(s)
	if end == 0 && strings.HasPrefix(s, "//") {
		end = 2 + endOfAuthority(s[2:])
	}
	return defangAuthority(s[:end]) + s[end:]
}

func defangScheme(s string) string {
	b := []byte(s)
	switch {
	case len(b) >= 4 && b[0]|0x20 == 'h':
		b[1], b[2] = 'x', 'x'
	case len(b) >= 3:
		b[1] = 'x'
	}
	return string(b)
}

func defangAuthority(a string) string {
	at := strings.LastIndexByte(a, '@')
	return strings.ReplaceAll(strings.ReplaceAll(a[:at+1], "[.]", "."), ".", "[.]") + defangHost(a[at+1:])
}

func defangHost(h string) string {
	if strings.Contains(h, "[.]") || strings.Contains(h, "[:]") {
		return h
	}
	if strings.Count(h, ":") > 1 { // IPv6
		return strings.Replace(h, ":", "[:]", 1)
	}
	name, port := h, ""
	if colon := strings.IndexByte(h, ':'); colon >= 0 {
		name, port = h[:colon], h[colon:]
	}
	if _, numeric := oddIPv4(name); numeric {
		if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
			return name[:dot] + "[.]" + name[dot+1:] + port
		}
	}
	return strings.ReplaceAll(name, ".", "[.]") + port
}

// Refang undoes Defang and the other common ways to defang: "hxxp", "[.]", "(.)", "[dot]", "[:]//", "[@]", "[at]".
func Refang(s string) string {
	if !isDefanged(s) {
		return s
	}
	s = refanger.Replace(s)
	scheme := schemeOf(s)
	switch scheme {
	case "hxxp", "htxp":
		return "http" + s[len(scheme):]
	case "hxxps", "htxps":
		return "https" + s[len(scheme):]
	case "fxp":
		return "ftp" + s[len(scheme):]
	case "fxps":
		return "ftps" + s[len(scheme):]
	}
	return s
}

var refanger = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", "(DOT)", ".", "{DOT}", ".",
	"[:]", ":", "[://]", "://", "[:/]/", "://", ":[//]", "://", "(:)", ":", "[@]", "@", "(@)", "@", "[at]", "@", "[AT]", "@")

// isDefanged is a cheap look for signs of defanging in the scheme or the host.
func isDefanged(s string) bool {
	head := s[:min(len(s), 300)]
	if len(head) > 3 {
		switch strings.ToLower(head[:3]) {
		case "hxx", "htx", "fxp":
			return true
		}
	}
	at := strings.Index(head, "//")
	if at < 0 {
		at = -2
	}
	if end := strings.IndexByte(head[at+2:], '/'); end >= 0 {
		head = head[:at+2+end]
	}
	for _, sign := range [...]string{"[.]", "(.)", "{.}", "dot]", "dot)", "dot}", "DOT]", "DOT)", "DOT}", "[:", "(:)", "[//]", "[@]", "(@)", "[at]", "[AT]"} {
		if strings.Contains(head, sign) {
			return !strings.HasPrefix(s, "[") || sign != "[:" // an IPv6 literal
		}
	}
	return false
}
