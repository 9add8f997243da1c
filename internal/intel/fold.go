package intel

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// confusables lists, after each Latin letter or digit, characters of other scripts (and Latin letters with strokes, hooks
// and the like, which do not decompose) that common fonts draw the same or nearly so. Characters with a Unicode
// compatibility decomposition (fullwidth, mathematical, enclosed, superscript letters; accents) are left to NFKD.
var confusables = []string{
	"aаαɑᴀꭺδ", "bЬьвʙβƄᏏ", "cсϲᴄⲥꮯ", "dԁɗᴅđꮷժ", "eеєҽɛεᴇəꬲℯё", "fғƒꜰϝք", "gɡցƍɢǥ",
	"hһнհʜħᏂ", "iіɪιıӏɩɨꙇї", "jјʝϳյ", "kкκᴋĸқҝ", "lⅼʟłɫḷƖוߊ|", "mмᴍⅿʍ", "nпոռɴηṇղ",
	"oоοσօᴏөøѳ০०໐๐٥ه", "pрρᴘƿþ", "qԛգʠզ", "rгꭇʀɾɍ", "sѕꜱʂƨ", "tтτᴛŧƭ", "uυսᴜʋцμ", "vѵνᴠѷ",
	"wԝωᴡшаԜɯ", "xхχҳⲭ×", "yуүγʏყύ", "zᴢʐƶźʒ",
	"0ⲟ〇", "1Ⅰ", "3зҙӡ", "6б", "8ȣ",
}

// asciiOf maps a rune to the ASCII letter it is drawn like.
var asciiOf = func() map[rune]byte {
	m := make(map[rune]byte, 512)
	for _, row := range confusables {
		for i, r := range row {
			if i == 0 || r < utf8.RuneSelf {
				continue
			}
			if _, have := m[r]; !have { // the first row that names a character owns it
				m[r] = row[0]
			}
			if up := unicode.ToUpper(r); up != r {
				if _, have := m[up]; !have {
					m[up] = row[0]
				}
			}
		}
	}
	// Capitals look like other letters than their small forms do.
	for r, b := range map[rune]byte{'В': 'b', 'Н': 'h', 'Р': 'p', 'С': 'c', 'У': 'y', 'Х': 'x', 'Β': 'b', 'Η': 'h',
		'Ν': 'n', 'Ρ': 'p', 'Χ': 'x', 'Υ': 'y', 'Ζ': 'z', 'Ѕ': 's', 'ß': 's', 'æ': 'a', 'œ': 'o'} {
		m[r] = b
	}
	return m
}()

// Invisible reports whether r is drawn as nothing: zero-width spaces and joiners, soft hyphens, direction marks, fillers,
// variation selectors and tag characters.
func Invisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x180e, r == 0x3164, r == 0xfeff, r == 0xffa0:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// Fold writes s the way a hurried reader sees it: lower case, accents and invisible characters gone, letters of other
// scripts that look Latin made Latin, every run of white space and punctuation one space. Text that is really in
// another script keeps the letters that look like nothing Latin. The result is what Matcher compares.
func Fold(s string) string { return string(AppendFold(nil, s)) }

// AppendFold appends Fold(s) to dst. A dst that ends in a space swallows leading space of s.
func AppendFold(dst []byte, s string) []byte {
	space := len(dst) == 0 || dst[len(dst)-1] == ' '
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			i++
			switch {
			case b >= 'a' && b <= 'z' || b >= '0' && b <= '9':
				dst, space = append(dst, b), false
			case b >= 'A' && b <= 'Z':
				dst, space = append(dst, b+'a'-'A'), false
			case b == '\'': // "don't" is one word
			case !space:
				dst, space = append(dst, ' '), true
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		dst, space = foldRune(dst, r, space)
	}
	if n := len(dst); n > 0 && dst[n-1] == ' ' {
		dst = dst[:n-1]
	}
	return dst
}

func foldRune(dst []byte, r rune, space bool) ([]byte, bool) {
	if Invisible(r) || unicode.Is(unicode.Mn, r) || r == '’' || r == '‘' {
		return dst, space
	}
	if a, ok := asciiOf[r]; ok {
		return append(dst, a), false
	}
	var buf [utf8.UTFMax]byte
	if d := norm.NFKD.Properties(buf[:utf8.EncodeRune(buf[:], r)]).Decomposition(); d != nil {
		for _, x := range string(d) {
			switch {
			case unicode.Is(unicode.Mn, x):
			case x < utf8.RuneSelf && (unicode.IsLetter(x) || unicode.IsDigit(x)):
				dst, space = append(dst, byte(unicode.ToLower(x))), false
			case asciiOf[x] != 0:
				dst, space = append(dst, asciiOf[x]), false
			case unicode.IsLetter(x) || unicode.IsNumber(x):
				dst, space = utf8.AppendRune(dst, unicode.ToLower(x)), false
			case !space:
				dst, space = append(dst, ' '), true
			}
		}
		return dst, space
	}
	if unicode.IsLetter(r) || unicode.IsNumber(r) {
		return utf8.AppendRune(dst, unicode.ToLower(r)), false
	}
	if !space {
		dst, space = append(dst, ' '), true
	}
	return dst, space
}

// pairs are ASCII sequences that are read as another letter.
var pairs = strings.NewReplacer("rn", "m", "vv", "w", "0", "o", "1", "l", "i", "l", "5", "s", "3", "e", "4", "a", "7", "t", "8", "b", "2", "z")

// Skeleton reduces a name to its shape: two names with one skeleton are easily taken for each other. Separators are
// dropped. It is for comparing only; it is not readable ("paypal" and "paypaI" both give "paypal", "microsoft" gives
// "mlcrosoft").
func Skeleton(s string) string {
	return pairs.Replace(strings.ReplaceAll(Fold(s), " ", ""))
}

// Scripts returns the names of the scripts whose letters stand in s, out of Latin, Cyrillic, Greek, Armenian, Cherokee,
// Hebrew, Arabic and Han; letters of any other script count as "Other".
func Scripts(s string) []string {
	var out []string
	for _, r := range s {
		if r < utf8.RuneSelf && !unicode.IsLetter(r) || !unicode.IsLetter(r) {
			continue
		}
		name := scriptOf(r)
		seen := false
		for _, o := range out {
			seen = seen || o == name
		}
		if !seen {
			out = append(out, name)
		}
	}
	return out
}

func scriptOf(r rune) string {
	if r < utf8.RuneSelf {
		return "Latin"
	}
	for _, s := range []struct {
		name  string
		table *unicode.RangeTable
	}{{"Latin", unicode.Latin}, {"Cyrillic", unicode.Cyrillic}, {"Greek", unicode.Greek}, {"Armenian", unicode.Armenian},
		{"Cherokee", unicode.Cherokee}, {"Hebrew", unicode.Hebrew}, {"Arabic", unicode.Arabic}, {"Han", unicode.Han}} {
		if unicode.Is(s.table, r) {
			return s.name
		}
	}
	return "Other"
}

// MixedWord returns the first word of s that mixes Latin letters with Cyrillic, Greek, Armenian or Cherokee ones that look
// Latin, which nobody writes by accident; "" when there is none.
func MixedWord(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	if i == len(s) {
		return ""
	}
	for i > 0 && (s[i-1] >= 'a' && s[i-1] <= 'z' || s[i-1] >= 'A' && s[i-1] <= 'Z' || s[i-1] >= '0' && s[i-1] <= '9') { // where its word begins
		i--
	}
	for w := range strings.FieldsFuncSeq(s[i:], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		latin, foreign := false, false
		for _, r := range w {
			switch {
			case r < utf8.RuneSelf:
				latin = latin || unicode.IsLetter(r)
			case asciiOf[r] != 0:
				switch scriptOf(r) {
				case "Cyrillic", "Greek", "Armenian", "Cherokee":
					foreign = foreign || r != 'μ' && r != 'µ' && r != 'σ' && r != 'β' && r != 'α' && r != 'δ' && r != 'ω' // units and formulas
				}
			}
		}
		if latin && foreign && utf8.RuneCountInString(w) > 2 {
			return w
		}
	}
	return ""
}

// Disguised reports whether s is spelled to be read as something else: letters of several scripts in a word, mathematical or enclosed
// letters, characters without width inside a word. Accents are no disguise.
func Disguised(s string) bool {
	if MixedWord(s) != "" {
		return true
	}
	var last rune
	for i, r := range s {
		switch {
		case r < utf8.RuneSelf:
		case r >= 0x1d400 && r <= 0x1d7ff, r >= 0xff21 && r <= 0xff5a, r >= 0x24b6 && r <= 0x24e9, r >= 0x1f130 && r <= 0x1f189:
			return true
		case Invisible(r) && r != 0xad && (r < 0xfe00 || r > 0xfe0f) && r < 0xe0000:
			next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
			if unicode.IsLetter(last) && unicode.IsLetter(next) && last < 0x250 {
				return true
			}
		case asciiOf[r] != 0 && !unicode.Is(unicode.Latin, r) && onlyLookalikes(s):
			return true
		}
		last = r
	}
	return false
}

// onlyLookalikes says that every letter of s that is not ASCII looks like one, and that some words hold nothing else: "Рaypal" or "РАУ".
// Whole sentences of another script hold letters that look like nothing Latin.
func onlyLookalikes(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf && unicode.IsLetter(r) && asciiOf[r] == 0 && !unicode.Is(unicode.Latin, r) {
			return false
		}
	}
	return true
}
