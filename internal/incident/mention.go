package incident

import (
	"strings"
	"unicode"
)

// Person is an operator.
type Person struct {
	ID    string
	Email string
	Name  string
}

// Mentions finds the people that a text names: @ and an address, or @ and the part before its at sign when only one person has it. In the
// order of the text, each once, at most MaxMentions.
func Mentions(text string, people []Person) []Person {
	byAddress, byLocal := map[string]Person{}, map[string][]Person{}
	for _, p := range people {
		address := strings.ToLower(p.Email)
		local, _, _ := strings.Cut(address, "@")
		byAddress[address] = p
		byLocal[local] = append(byLocal[local], p)
	}
	var out []Person
	seen := map[string]bool{}
	for at := strings.IndexByte(text, '@'); at >= 0 && len(out) < MaxMentions; {
		word := strings.ToLower(nameAt(text[at+1:]))
		if at == 0 || !nameRune(lastRune(text[:at])) { // else it stands inside an address
			p, ok := byAddress[word]
			if local := byLocal[word]; !ok && len(local) == 1 {
				p, ok = local[0], true
			}
			if ok && !seen[p.ID] {
				seen[p.ID] = true
				out = append(out, p)
			}
		}
		at += 1 + len(word)
		next := strings.IndexByte(text[min(at, len(text)):], '@')
		if next < 0 {
			break
		}
		at += next
	}
	return out
}

// nameAt is the name or address at the start of s, without the full stop that ends a sentence.
func nameAt(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !nameRune(r) && r != '@' })
	if end < 0 {
		end = len(s)
	}
	return strings.TrimRight(s[:end], ".-@")
}

func nameRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._+-", r)
}

func lastRune(s string) (last rune) {
	for _, r := range s[max(0, len(s)-4):] {
		last = r
	}
	return last
}
