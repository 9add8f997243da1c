package email

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

const (
	guessSample = 4 << 10 // octets looked at
	guessLeast  = 8       // characters under which Latin text could pass for another
)

// doubleByte is a charset whose characters take two octets, and what its text looks like.
type doubleByte struct {
	encoding encoding.Encoding
	lead     func(c byte) bool
	trail    func(c byte) bool
	single   func(c byte) bool       // octets above ASCII that stand alone; nil for none
	common   func(lead, t byte) bool // characters that most text is made of
	kana     func(lead, t byte) bool // what Japanese text must have a fifth of; nil when it is not Japanese
	share    int                     // percent of the characters that must be common
}

func between(low, high byte) func(byte) bool {
	return func(c byte) bool { return c >= low && c <= high }
}

// doubleBytes are tried in this order: Korean looks like Chinese of a few rows, and Chinese takes the others' rows too.
var doubleBytes = []doubleByte{
	{
		encoding: japanese.ShiftJIS,
		lead:     func(c byte) bool { return c >= 0x81 && c <= 0x9F || c >= 0xE0 && c <= 0xEF },
		trail:    func(c byte) bool { return c >= 0x40 && c <= 0xFC && c != 0x7F },
		single:   between(0xA1, 0xDF),
		common:   func(lead, _ byte) bool { return lead >= 0x81 && lead <= 0x83 || lead >= 0x88 && lead <= 0x97 },
		kana:     func(lead, t byte) bool { return lead == 0x82 && t >= 0x9F || lead == 0x83 && t <= 0x96 },
		share:    80,
	},
	{
		encoding: japanese.EUCJP,
		lead:     between(0xA1, 0xF4),
		trail:    between(0xA1, 0xFE),
		common: func(lead, _ byte) bool {
			return lead == 0xA1 || lead == 0xA4 || lead == 0xA5 || lead >= 0xB0 && lead <= 0xCF
		},
		kana:  func(lead, _ byte) bool { return lead == 0xA4 || lead == 0xA5 },
		share: 80,
	},
	{
		encoding: korean.EUCKR,
		lead:     between(0xA1, 0xFD),
		trail:    between(0xA1, 0xFE),
		common:   func(lead, _ byte) bool { return lead == 0xA1 || lead >= 0xB0 && lead <= 0xC8 },
		share:    95,
	},
	{
		encoding: simplifiedchinese.GB18030,
		lead:     between(0x81, 0xFE),
		trail:    func(c byte) bool { return c >= 0x40 && c <= 0xFE && c != 0x7F },
		common: func(lead, t byte) bool {
			return t >= 0xA1 && (lead == 0xA1 || lead == 0xA3 || lead >= 0xB0 && lead <= 0xD7)
		},
		share: 85,
	},
	{
		encoding: traditionalchinese.Big5,
		lead:     between(0x81, 0xFE),
		trail:    func(c byte) bool { return c >= 0x40 && c <= 0x7E || c >= 0xA1 && c <= 0xFE },
		common:   func(lead, _ byte) bool { return lead == 0xA1 || lead >= 0xA4 && lead <= 0xC6 },
		share:    80,
	},
}

// guessEastAsian names the Chinese, Japanese or Korean charset of bytes that declare none and are no UTF-8, nil when they look like
// none of them. Junk from there often goes without a charset, because its readers' programs assume theirs.
func guessEastAsian(b []byte) encoding.Encoding {
	b = b[:min(len(b), guessSample)]
	for i := range doubleBytes {
		if doubleBytes[i].fits(b) {
			return doubleBytes[i].encoding
		}
	}
	return nil
}

func (d *doubleByte) fits(b []byte) bool {
	pairs, common, kana, bad := 0, 0, 0, 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c < 0x80, d.single != nil && d.single(c):
		case i+1 == len(b):
		case !d.lead(c) || !d.trail(b[i+1]):
			bad++
		default:
			pairs++
			if d.common(c, b[i+1]) {
				common++
			}
			if d.kana != nil && d.kana(c, b[i+1]) {
				kana++
			}
			i++
		}
	}
	return pairs >= guessLeast && bad*50 <= pairs && common*100 >= pairs*d.share && (d.kana == nil || kana*5 >= pairs)
}

// wordCharset is the charset of the first encoded word in the message's Subject or From, "" when they have none. A sender who declares
// no charset for the text means that one.
func (r *reader) wordCharset() string {
	for _, key := range [...]string{"Subject", "From"} {
		for i := range r.m.Headers {
			if r.m.Headers[i].Key != key {
				continue
			}
			_, rest, ok := strings.Cut(r.plain[i], "=?")
			if !ok {
				continue
			}
			if name, _, ok := strings.Cut(rest, "?"); ok && len(name) < 40 && name != "" {
				return charsetName(name)
			}
		}
	}
	return ""
}
