package native

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/net/idna"
)

var encodingFunctions = map[string]function{
	"base64_encode":        pure('s', func(a args) any { return base64.StdEncoding.EncodeToString([]byte(a.text(0))) }),
	"base64_encode_array":  pure('s', base64EncodeArray),
	"base64_decode":        pure('s', base64Decode),
	"base64_decode_array":  pure('d', base64DecodeArray),
	"url_encode":           pure('s', func(a args) any { return urlEncode(a.text(0), "+") }),
	"url_encode_component": pure('s', func(a args) any { return urlEncode(a.text(0), "%20") }),
	"url_decode":           pure('s', urlDecode),
	"punycode_from":        pure('s', punycodeFrom),
	"punycode_to":          pure('s', punycodeTo),
	"punycode_domain_from": pure('s', func(a args) any { s, _ := idna.Punycode.ToASCII(a.text(0)); return s }),
	"punycode_domain_to":   pure('s', func(a args) any { s, _ := idna.Punycode.ToUnicode(a.text(0)); return s }),
	"hash_xxhash64":        pure('l', hashOf),
}

func base64EncodeArray(a args) any {
	list, ok := elements(a.json(0))
	if !ok {
		return ""
	}
	b := make([]byte, len(list))
	for i, v := range list {
		n, err := strconv.ParseUint(v, 10, 8)
		if err != nil {
			return ""
		}
		b[i] = byte(n)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func decode64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}

// base64Decode gives nothing for what is no base64, or no UTF-8 inside.
func base64Decode(a args) any {
	b, ok := decode64(a.text(0))
	if !ok || !utf8.Valid(b) {
		return ""
	}
	return string(b)
}

func base64DecodeArray(a args) any {
	b, ok := decode64(a.text(0))
	if !ok {
		return nil
	}
	out := make([]string, len(b))
	for i, c := range b {
		out[i] = strconv.Itoa(int(c))
	}
	return array(out)
}

// urlEncode writes all but letters, digits and - _ . ! * ( ) as %xx in lower case.
func urlEncode(s, space string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.!*()", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(space)
		default:
			const digits = "0123456789abcdef"
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

// urlDecode leaves alone what is no escape, and the bytes that are no UTF-8.
func urlDecode(a args) any { return decodeURL(a.text(0)) }

func decodeURL(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	if t, err := url.PathUnescape(s); err == nil {
		return strings.ToValidUTF8(t, "\uFFFD")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func punycodeFrom(a args) any {
	s := a.text(0)
	if isASCII(s) || strings.Contains(s, ".") {
		return s
	}
	out, err := idna.Punycode.ToASCII(s)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(out, "xn--")
}

func punycodeTo(a args) any {
	s := a.text(0)
	out, err := idna.Punycode.ToUnicode("xn--" + s)
	if err != nil || strings.Contains(s, ".") || strings.HasPrefix(out, "xn--") {
		return ""
	}
	return out
}

// tickBytes are the eight bytes Kusto hashes for a datetime.
func tickBytes(a args) []byte {
	t, ok := a.time(0)
	if !ok {
		return nil
	}
	ticks := t.Unix()*10_000_000 + int64(t.Nanosecond()/100) + 621_355_968_000_000_000
	return binary.LittleEndian.AppendUint64(nil, uint64(ticks))
}

// hashOf is the 64-bit xxHash of a text, or of the ticks of a datetime; with a second argument modulo that.
func hashOf(a args) any {
	var h uint64
	if len(a) == 0 {
		return nil
	}
	switch v := a[0].(type) {
	case string:
		h = xxhash.Sum64String(v)
	case time.Time:
		h = xxhash.Sum64(tickBytes(a))
	default:
		return nil
	}
	if len(a) == 1 {
		return int64(h)
	}
	mod, ok := a.long(1)
	if !ok || mod < 1 {
		return nil
	}
	return int64(h) % mod
}
