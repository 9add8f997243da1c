package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/internal/email"
)

// reaching are calls of scripts that fetch, send, write or build; a script without any of them only decorates.
var reaching = []string{"eval", "Function", "atob", "unescape", "fromCharCode", "decodeURIComponent", "document.write", "innerHTML", "location", "fetch", "XMLHttpRequest", "sendBeacon",
	"WebSocket", "ajax", "Blob", "createObjectURL", "msSaveBlob", "msSaveOrOpenBlob", "ActiveXObject", "importScripts", "CryptoJS", "subtle", "insertAdjacentHTML", "outerHTML"}

var isReaching = set(strings.Join(reaching, " "))

// harmlessReach are those that statistics and menus of honest pages use too.
var harmlessReach = map[string]bool{"innerHTML": true, "decodeURIComponent": true, "location": true, "Function": true, "outerHTML": true, "insertAdjacentHTML": true, "XMLHttpRequest": true, "fetch": true, "sendBeacon": true}

// knownScripts are hosts whose scripts count visits or draw, on pages that people save and send on.
var knownScripts = []string{"google-analytics.com", "googletagmanager.com", "gstatic.com", "googleapis.com", "jsdelivr.net", "cdnjs.cloudflare.com", "unpkg.com", "code.jquery.com", "plot.ly",
	"hs-analytics.net", "hs-scripts.com", "facebook.net", "bootstrapcdn.com", "d3js.org", "mathjax.org", "doubleclick.net", "hotjar.com", "twitter.com", "polyfill.io", "cloudflareinsights.com"}

func isKnownScript(u string) bool { return onHosts(u, knownScripts) }

// isHarmlessFrame knows the frames that statistics and players of saved pages leave.
func isHarmlessFrame(u string) bool {
	return isKnownScript(u) || onHosts(u, []string{"youtube.com", "youtube-nocookie.com", "vimeo.com", "google.com", "facebook.com"})
}

func onHosts(u string, hosts []string) bool {
	h := email.HostOf(u)
	for _, k := range hosts {
		if h == k || strings.HasSuffix(h, "."+k) {
			return true
		}
	}
	return false
}

// script reads one script: which calls it makes, and which strings it puts together.
func (p *page) script(code string, depth int) {
	if strings.TrimSpace(code) == "" || p.s.over() {
		return
	}
	if p.layers++; p.layers > maxLayers {
		return
	}
	if head := strings.TrimSpace(code[:min(len(code), 200)]); strings.HasPrefix(head, "{") && strings.Contains(head, "@context") { // data for search engines
		return
	}
	p.scripts++
	code = strings.NewReplacer("<![CDATA[", "", "]]>", "").Replace(code)
	p.garble(code)
	r := &jsReader{t: jsTokens(code), env: map[string]string{}, list: map[string][]string{}, hidden: map[string]bool{}}
	for i := range r.t {
		if r.t[i].kind == 'i' {
			p.ident(r, i)
		}
	}
	for i := 0; i < len(r.t); {
		if i%1024 == 0 && p.s.over() {
			return
		}
		i = p.statement(r, i, depth)
	}
}

// garble notes scripts that were made unreadable.
func (p *page) garble(code string) {
	if n := strings.Count(code, "_0x"); n >= 30 {
		p.garbled = fmt.Sprintf("%d names like _0x", n)
	}
	if n := strings.Count(code, "\\x"); n >= 60 && 12*n > len(code)/2 {
		p.garbled = fmt.Sprintf("%d characters written as numbers", n)
	}
	if n := strings.Count(code, "[]") + strings.Count(code, "+!"); n >= 300 && 8*n > len(code) {
		p.garbled = "written without letters"
	}
}

// statement looks at the tokens from i and returns where to go on.
func (p *page) statement(r *jsReader, i, depth int) int {
	t := r.t[i]
	r.decoded = false
	if t.kind == 'i' {
		if next, ok := p.callOrAssign(r, i, depth); ok {
			return next
		}
	}
	if t.kind == 'p' && t.text == "[" && i+1 < len(r.t) && (r.t[i+1].kind == 'n' || r.is(i+1, "-")) {
		if numbers, next := r.numbers(i + 1); len(numbers) >= 24 {
			p.numberList(numbers, depth)
			return next
		}
	}
	if t.kind == 's' || t.kind == 'i' || t.text == "[" || t.text == "(" {
		if v, next, ok := r.value(i, 0); ok && next > i {
			p.literal(v, depth, next > i+1, r.decoded)
			return next
		}
	}
	return i + 1
}

func (p *page) ident(r *jsReader, i int) {
	name := r.t[i].text
	switch {
	case isReaching[name]:
		p.idents[name] = true
	case (name == "write" || name == "writeln") && i >= 2 && r.is(i-2, "document"):
		p.idents["document.write"] = true
	default:
		return
	}
	if !harmlessReach[name] {
		p.busy = true
	}
}

// callOrAssign handles "name = value", "location.href = value", "document.write(value)" and the like.
func (p *page) callOrAssign(r *jsReader, i, depth int) (next int, ok bool) {
	name := r.t[i].text
	switch {
	case r.is(i+1, "=") || r.is(i+1, "+="):
		if numbers, after := r.numbers(i + 3); r.is(i+2, "[") && len(numbers) >= 24 {
			p.numberList(numbers, depth)
			return after, true
		}
		if list, after, ok := r.strings(i+2, 0); ok && !r.is(after, ".") && len(r.list) < maxJSNames {
			r.list[name] = list
			for _, v := range list {
				p.literal(v, depth, false, false)
			}
			return after, true
		}
		v, after, known := r.value(i+2, 0)
		if !known {
			return 0, false
		}
		if r.is(i+1, "+=") {
			if len(r.env[name])+len(v) < maxJSString && r.size < 16*maxJSString {
				v = r.env[name] + v
				r.size += int64(len(v))
			}
		}
		if len(r.env) < maxJSNames {
			r.env[name] = v
			r.hidden[name] = r.decoded || r.is(i+1, "+=") && r.hidden[name]
		}
		p.assign(r, i, name, v, depth)
		p.literal(v, depth, after > i+3, r.decoded)
		return after, true
	case r.is(i+1, "("):
		v, after, known := r.value(i+2, 0)
		switch {
		case !known:
			return 0, false
		case name == "atob" || name == "unescape" || strings.HasPrefix(name, "decodeURI"):
			return 0, false // an expression: its value counts
		}
		p.call(r, i, name, v, after, depth)
		return after, true
	}
	return 0, false
}

// leads notes where a script sends its reader.
func (p *page) leads(r *jsReader, v string, depth int) {
	if r.decoded && isWeb(v) && p.decoded == "" {
		p.decoded = "the address it leads to"
	}
	p.goes(v, depth)
}

func (p *page) assign(r *jsReader, i int, name, v string, depth int) {
	before := ""
	if i >= 2 && r.is(i-1, ".") {
		before = r.t[i-2].text
	}
	switch {
	case name == "location" || before == "location" && name == "href":
		p.leads(r, v, depth)
	case name == "innerHTML" || name == "outerHTML" || name == "srcdoc":
		if strings.Contains(v, "<") {
			how := ""
			if r.decoded && isWholePage(v) {
				how = name + " of a decoded text"
			}
			p.layer(v, depth+1, how)
		}
	case name == "action" && isWeb(v):
		p.sendsTo = append(p.sendsTo, v)
		p.linkTo(v)
	case name == "download":
		p.name = v
	case name == "src" && isWeb(v) && p.frame == "" && !isHarmlessFrame(v):
		p.busy = true
	}
}

func (p *page) call(r *jsReader, i int, name, v string, after, depth int) {
	before := ""
	if i >= 2 && r.is(i-1, ".") {
		before = r.t[i-2].text
	}
	switch name {
	case "write", "writeln", "insertAdjacentHTML", "parseFromString":
		if strings.Contains(v, "<") {
			how := ""
			if r.decoded && isWholePage(v) {
				how = name + " of a decoded text"
			}
			p.layer(v, depth+1, how)
			return
		}
	case "replace", "assign":
		if before == "location" {
			p.leads(r, v, depth)
		}
	case "open":
		if before == "window" {
			p.leads(r, v, depth)
		} else if r.is(after, ",") { // XMLHttpRequest
			if u, _, ok := r.value(after+1, 0); ok && isWeb(u) && strings.EqualFold(v, "POST") {
				p.sendsTo = append(p.sendsTo, u)
				p.linkTo(u)
			}
		}
	case "fetch", "post", "sendBeacon":
		if isWeb(v) && !isKnownScript(v) {
			p.sendsTo = append(p.sendsTo, v)
			p.linkTo(v)
			p.busy = true
		}
	case "eval", "Function", "setTimeout", "setInterval":
		if len(v) > 30 {
			how := ""
			if r.decoded {
				how = name + " of a decoded text"
			}
			p.deeper(v, depth, how)
		}
	}
	p.literal(v, depth, after > i+3, r.decoded)
}

// deeper reads a script that another holds.
func (p *page) deeper(code string, depth int, how string) {
	if depth >= maxPageDeep {
		return
	}
	if how != "" && p.decoded == "" {
		p.decoded = how
	}
	p.script(code, depth+1)
}

// literal looks at a string that a script holds. composed: it is put together from pieces; decoded: by more than that.
func (p *page) literal(v string, depth int, composed, decoded bool) {
	if p.literals++; p.literals > maxLiterals || len(v) < 8 {
		return
	}
	p.hidesReader(v)
	if decoded {
		if b := octetsOf(v); magicOf(b) != "" || !readable(b) {
			p.examine(b, depth, "a script")
			return
		}
	}
	switch trimmed := strings.TrimSpace(v); {
	case isWeb(trimmed):
		if composed && strings.IndexByte(trimmed, ' ') < 0 && len(trimmed) < 4096 && !isKnownScript(trimmed) {
			p.linkTo(trimmed) // an address in pieces wants not to be seen
		}
	case strings.HasPrefix(trimmed, "//:ptth"), strings.HasSuffix(trimmed, "//:sptth"), strings.HasSuffix(trimmed, "//:ptth"):
		p.linkTo(reversed(trimmed))
		p.decoded = orElse(p.decoded, "an address written backwards")
	case len(trimmed) > 5 && strings.EqualFold(trimmed[:5], "data:"):
		p.dataURL(trimmed, depth)
	case isBase64(trimmed):
		p.examine(looseBase64(trimmed), depth, "base64")
	case strings.Count(trimmed, "%") >= 8 && len(trimmed) < 8*strings.Count(trimmed, "%"):
		p.examine([]byte(unpercent(trimmed)), depth, "percent signs")
	case len(trimmed) >= 64 && len(trimmed)%2 == 0 && isHex(trimmed):
		b, _ := hex.DecodeString(trimmed)
		p.examine(b, depth, "hexadecimal")
	case isMarkup(trimmed):
		how := ""
		if decoded && len(trimmed) > 100 && isWholePage(trimmed) {
			how = "a page that a script decodes"
		}
		p.layer(trimmed, depth+1, how)
	}
}

// octetsOf is the octets that a script's string stands for: fromCharCode writes each as a character.
func octetsOf(v string) []byte {
	if !utf8.ValidString(v) {
		return []byte(v)
	}
	out := make([]byte, 0, len(v))
	for _, r := range v {
		if r > 0xFF {
			return []byte(v)
		}
		out = append(out, byte(r))
	}
	if readable([]byte(v)) && magicOf(out) == "" {
		return []byte(v)
	}
	return out
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// isBase64 says that s is long enough and made of nothing but base64.
func isBase64(s string) bool {
	if len(s) < 24 {
		return false
	}
	upper, lower, digit := false, false, false
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			upper = true
		case c >= 'a' && c <= 'z':
			lower = true
		case c >= '0' && c <= '9':
			digit = true
		case c == '+' || c == '/' || c == '-' || c == '_' || c == '=' || c == '\n' || c == '\r':
		default:
			return false
		}
	}
	return upper && lower && (digit || len(s) >= 60)
}

func isHex(s string) bool {
	for i := range len(s) {
		if hexValue(s[i]) < 0 {
			return false
		}
	}
	return true
}

var markupStarts = []string{"<html", "<!doctype", "<body", "<head", "<form", "<input", "<script", "<iframe", "<meta", "<style", "<div", "<a ", "<p", "<table", "<svg", "<img"}

func isMarkup(s string) bool {
	i := strings.IndexByte(s[:min(len(s), 300)], '<')
	if i < 0 || len(s) < 20 {
		return false
	}
	low := strings.ToLower(s[i:min(len(s), i+12)])
	for _, m := range markupStarts {
		if strings.HasPrefix(low, m) {
			return true
		}
	}
	return false
}

// isWholePage tells a page from the piece of markup that a script of an honest page adds.
func isWholePage(s string) bool {
	for _, w := range [...]string{"<html", "<!doctype", "<body", "<form", "<script", "http-equiv", "<iframe"} {
		if indexFold(s[:min(len(s), 1<<20)], w) >= 0 {
			return true
		}
	}
	return false
}

// fileStarts are what the files begin with that scripts build for a reader to open.
var fileStarts = []struct{ magic, kind string }{
	{"PK\x03\x04", "zip"}, {"MZ", "exe"}, {"Rar!", "rar"}, {"7z\xBC\xAF", "7z"}, {"\x1F\x8B\x08", "gz"}, {"\xD0\xCF\x11\xE0", "ole"}, {"\x4C\x00\x00\x00\x01\x14\x02", "lnk"},
	{"MSCF", "cab"}, {"conectix", "vhd"}, {"vhdxfile", "vhdx"}, {"%PDF-", "pdf"}, {"\x7FELF", "elf"}, {"\xE4\x52\x5C\x7B", "one"}, {"{\\rtf", "rtf"},
}

// magicOf returns the kind of a file by its first octets, "" when it is none that matters here.
func magicOf(b []byte) string {
	for _, m := range fileStarts {
		if bytes.HasPrefix(b, []byte(m.magic)) && len(b) > 40 {
			return m.kind
		}
	}
	if len(b) > 0x8006 && string(b[0x8001:0x8006]) == "CD001" {
		return "iso"
	}
	return ""
}

// examine looks at octets that were decoded: a file, a page, a script or an address.
func (p *page) examine(b []byte, depth int, how string) {
	if len(b) < 8 || !p.s.take(p.f, int64(len(b))) {
		return
	}
	if kind := magicOf(b); kind != "" {
		if sum := sha256.Sum256(b); p.files[sum] {
			return
		} else {
			p.files[sum] = true
		}
		name := orElse(p.name, "built by the page."+kind)
		p.f.sealed = true
		p.s.child(p.f, oneLine(name), b)
		if kind != "pdf" && p.built == "" {
			p.built = fmt.Sprintf("%s, %d octets, from %s", kind, len(b), how)
		}
		return
	}
	if !readable(b) {
		if !isPicture(b) {
			p.blobSize = max(p.blobSize, len(b))
		}
		return
	}
	text := strings.TrimSpace(string(b))
	p.hidesReader(text)
	switch {
	case isWeb(text) && !strings.ContainsAny(text[:min(len(text), 300)], " \n<"):
		p.linkTo(text)
		p.decoded = orElse(p.decoded, how+": "+text[:min(len(text), 100)])
	case isMarkup(text):
		if isWholePage(text) {
			p.layer(text, depth+1, how)
		} else {
			p.layer(text, depth+1, "")
		}
	case isScript(text):
		p.deeper(text, depth, how)
	case isBase64(text) && depth < maxPageDeep: // encoded twice
		p.examine(looseBase64(text), depth+1, how)
	}
}

func isPicture(b []byte) bool {
	for _, m := range [...]string{"\x89PNG", "\xFF\xD8\xFF", "GIF8", "RIFF", "BM", "wOFF", "wOF2", "\x00\x01\x00\x00", "OTTO", "\x00\x00\x01\x00"} {
		if bytes.HasPrefix(b, []byte(m)) {
			return true
		}
	}
	return false
}

func isScript(s string) bool {
	for _, w := range [...]string{"document.", "window.", "function(", "function (", "eval(", "location", "var ", "const "} {
		if strings.Contains(s[:min(len(s), 64<<10)], w) {
			return true
		}
	}
	return false
}

// numberList tries an array of numbers as octets: as they are, then with one number added to or mixed into each.
func (p *page) numberList(numbers []float64, depth int) {
	b := make([]byte, len(numbers))
	for i, n := range numbers {
		if n < -512 || n > 1024 || n != float64(int(n)) {
			return
		}
		b[i] = byte(int(n))
	}
	if magicOf(b) != "" || readable(b) && (isMarkup(string(b)) || isScript(string(b)) || isWeb(string(b))) {
		p.examine(b, depth, "a list of numbers")
		return
	}
	for key := 1; key < 256; key++ {
		for _, xor := range [...]bool{true, false} {
			var head [16]byte
			for i := range head {
				if head[i] = b[i] - byte(key); xor {
					head[i] = b[i] ^ byte(key)
				}
			}
			if !startsLikeSomething(head[:]) {
				continue
			}
			out := make([]byte, len(b))
			for i := range b {
				if out[i] = b[i] - byte(key); xor {
					out[i] = b[i] ^ byte(key)
				}
			}
			p.examine(out, depth, "a list of numbers with a key")
			return
		}
	}
	p.blobSize = max(p.blobSize, len(b))
}

func startsLikeSomething(b []byte) bool {
	for _, m := range [...]string{"PK\x03\x04", "MZ\x90\x00", "Rar!\x1a", "7z\xBC\xAF", "<html", "<!DOCT", "<!doct", "<script", "https:", "http:/", "<form", "<body", "document.", "window.", "function"} {
		if bytes.HasPrefix(b, []byte(m)) {
			return true
		}
	}
	return false
}

// sortedAttrs makes what is found independent of the order of a map.
func sortedAttrs(m map[string]string) []string {
	return slices.Sorted(maps.Keys(m))
}
