package detect

import (
	"strings"
	"sync"
	"unicode"

	"tocsin/internal/intel"
)

// commonPairs are the pairs of letters that stand in the shipped phrases and brands, which are words of eight languages. What people
// choose for names is made of them; what a machine draws at random is not.
var commonPairs = sync.OnceValue(func() *[26 * 26]bool {
	var count [26 * 26]int
	learn := func(s string) {
		for i := 1; i < len(s); i++ {
			if a, b := s[i-1], s[i]; isLower(a) && isLower(b) {
				count[int(a-'a')*26+int(b-'a')]++
			}
		}
	}
	for _, p := range shippedLures().text {
		learn(intel.Fold(p))
	}
	for i := range intel.ShippedBrands().All() {
		for _, form := range intel.ShippedBrands().All()[i].Forms {
			learn(intel.Fold(form))
		}
	}
	var common [26 * 26]bool
	for i, n := range count {
		common[i] = n >= 8
	}
	return &common
})

func isLower(b byte) bool { return b >= 'a' && b <= 'z' }

// unpronounceable says that more than half of the letter pairs of s, which is lower case, stand in hardly any word. Short names,
// abbreviations and names with digits are left to looksRandom.
func unpronounceable(s string) bool {
	if strings.HasPrefix(s, "xn--") {
		return false
	}
	pairs, odd := 0, 0
	common := commonPairs()
	for i := 1; i < len(s); i++ {
		if a, b := s[i-1], s[i]; isLower(a) && isLower(b) {
			pairs++
			if !common[int(a-'a')*26+int(b-'a')] {
				odd++
			}
		}
	}
	return pairs >= 6 && 2*odd > pairs
}

// oddCase says that capitals stand where nobody puts them. Words put together ("JeanPaulKlein", "McDonald", "ACMENews") are not odd.
func oddCase(s string) bool {
	turns := caseTurns(s)
	if len(s) < 6 || turns < 2 || camel(s) {
		return false
	}
	return turns >= 4 || unlikelyWords(s)
}

// camel says that behind every capital at least two small letters follow, behind the first at least one.
func camel(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isUpper(s[i]) {
			continue
		}
		small := 0
		for j := i + 1; j < len(s) && isLower(s[j]); j++ {
			small++
		}
		if small < 2 && (i > 0 || small < 1) {
			return false
		}
	}
	return true
}

func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }

// unlikelyWords says that s has a third or more of odd pairs.
func unlikelyWords(s string) bool {
	low := strings.ToLower(s)
	pairs, odd := 0, 0
	common := commonPairs()
	for i := 1; i < len(low); i++ {
		if a, b := low[i-1], low[i]; isLower(a) && isLower(b) {
			pairs++
			if !common[int(a-'a')*26+int(b-'a')] {
				odd++
			}
		}
	}
	return pairs >= 4 && 3*odd >= pairs
}

// answerMark returns the mark of an answer or a forward that the subject begins with.
func answerMark(subject string) string {
	mark, _, ok := strings.Cut(strings.TrimLeft(subject, " "), ":")
	if !ok || len(mark) > 4 {
		return ""
	}
	switch strings.ToLower(strings.TrimSpace(mark)) {
	case "re", "aw", "sv", "antw", "odp", "res", "rv", "ref":
		return mark
	}
	return ""
}

// shouts says that the subject is written in capitals, or with marks in a row.
func shouts(s string) bool {
	upper, lower := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	return upper >= 12 && upper > 4*lower || strings.Contains(s, "!!") || strings.Contains(s, "??") || strings.Contains(s, "$$")
}

// sumIn returns a sum of money that s names: a currency sign or code beside digits.
func sumIn(s string) string {
	for _, w := range strings.Fields(cut(s, 500)) {
		digits := strings.IndexAny(w, "0123456789") >= 0
		if digits && (strings.ContainsAny(w, "$€£") || strings.HasSuffix(w, "USD") || strings.HasSuffix(w, "BTC") || strings.HasSuffix(w, "EUR")) {
			return w
		}
	}
	for _, pair := range [...]string{" BTC", " USD", " EUR", " €", "R$ ", "$ ", "€ ", "£ ", " USDT", " ETH"} {
		if i := strings.Index(s, pair); i >= 0 {
			if before := i > 0 && s[i-1] >= '0' && s[i-1] <= '9'; before {
				return s[max(0, strings.LastIndexByte(s[:i], ' ')) : i+len(pair)]
			}
			if after := i + len(pair); after < len(s) && s[after] >= '0' && s[after] <= '9' {
				return cut(s[i:], 16)
			}
		}
	}
	return ""
}

// strangeName says that no part of the display name stands in the address, not even its first letters in a row ("Jane Doe", jd@...).
func (f *Facts) strangeName() bool {
	addr := strings.ToLower(f.from.Addr)
	if len(f.name) < 4 || addr == "" {
		return false
	}
	initials := make([]byte, 0, 8)
	for _, w := range strings.Fields(string(f.name)) {
		if len(initials) < 8 {
			initials = append(initials, w[0])
		}
		if len(w) >= 3 && strings.Contains(addr, w[:min(len(w), 4)]) {
			return false
		}
		if len(w) < 3 && strings.Contains(addr, w) && len(w) > 1 {
			return false
		}
	}
	if len(initials) >= 2 && strings.Contains(addr, string(initials)) {
		return false
	}
	local, _, _ := strings.Cut(addr, "@")
	return !roles[local] && local != "noreply" && local != "no-reply" && local != "newsletter"
}

// decorated returns the display name when it is dressed up as no person and no office writes it.
func decorated(name string) string {
	n := strings.TrimSpace(name)
	if n == "" {
		return ""
	}
	first, last := n[0], n[len(n)-1]
	switch {
	case strings.ContainsAny(n, "$%!*_|<>{}^~"), strings.IndexByte("-.,:;/\\+=#", first) >= 0, strings.IndexByte(",:;-/\\+=", last) >= 0, strings.Contains(n, "  "), strings.Contains(n, "..."):
		return name
	}
	return ""
}
