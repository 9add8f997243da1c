package auth

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// checkPassword follows NIST SP 800-63B section 3.1.1: a length, a list of what is tried first, nothing taken from the account's own
// words, and no rules about kinds of signs. Spaces and any letters are allowed.
func checkPassword(password, email, name string) error {
	plain := norm.NFC.String(password)
	if n := utf8.RuneCountInString(plain); n < MinPassword || n > MaxPassword {
		return invalid("the password has %d characters; it needs %d to %d", n, MinPassword, MaxPassword)
	}
	bare := squeeze(plain)
	if bare == "" || repeats(bare) || runs(bare) {
		return invalid("this password is the first that anybody would try: it repeats itself or counts")
	}
	local, domain, _ := strings.Cut(fold(email), "@")
	for _, own := range []string{email, local, domain, name, "tocsin"} {
		own = squeeze(own)
		if own == "" {
			continue
		}
		// What is left when the account's words are taken out must be a password's worth in itself.
		if rest := strings.ReplaceAll(bare, own, ""); rest != bare && utf8.RuneCountInString(rest) < 8 {
			return invalid("this password is the first that anybody would try: it is made of the account's own name or address")
		}
	}
	for _, w := range strings.Fields(commonPasswords) {
		if rest, found := strings.CutPrefix(bare, w); found && strings.Trim(rest, "0123456789") == "" {
			return invalid("this password is the first that anybody would try: it is on the list of the most common ones")
		}
	}
	return nil
}

// squeeze leaves lower-case letters and digits, with the usual signs for letters turned back.
func squeeze(s string) string {
	s = strings.NewReplacer("@", "a", "$", "s", "!", "").Replace(strings.ToLower(norm.NFC.String(s)))
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t-_.,;:+*#'\"/\\()[]{}<>?=&%|~^`", r) {
			return -1
		}
		return r
	}, s)
}

// repeats reports whether the text is a piece of at most 4 characters again and again.
func repeats(s string) bool {
	r := []rune(s)
	for n := 1; n <= 4 && n < len(r); n++ {
		same := true
		for i := n; i < len(r) && same; i++ {
			same = r[i] == r[i-n]
		}
		if same {
			return true
		}
	}
	return false
}

// runs reports whether the text counts up or down by one: 123456789012, abcdefghijkl.
func runs(s string) bool {
	r := []rune(s)
	for _, step := range []rune{1, -1} {
		same := true
		for i := 1; i < len(r) && same; i++ {
			d := r[i] - r[i-1]
			same = d == step || r[i-1] == '9' && r[i] == '0' || r[i-1] == '0' && r[i] == '9'
		}
		if same {
			return true
		}
	}
	return false
}

// commonPasswords are tried first by everybody who guesses; digits after them change nothing. Only those that reach the length with
// a few digits matter.
const commonPasswords = `password passw0rd passwort passwordpassword mypassword thisismypassword password123 p4ssword
qwerty qwertyuiop qwertyuiopasdfgh qwertzuiop qwertzuiopü azertyuiop asdfghjkl asdfghjklqwerty zxcvbnm 1qaz2wsx 1qaz2wsx3edc 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y
zaq12wsx q1w2e3r4t5y6 qazwsxedc qazwsxedcrfv abc123 abcdef abcd1234 a1b2c3d4 a1b2c3d4e5f6 123qweasdzxc
administrator admin adminadmin admin123 root rootroot superuser changeme changemenow changethis changeit default secret topsecret
welcome welcome1 welcome2 willkommen bienvenue hallo hallohallo hello helloworld letmein letmeinnow letmein123 opensesame
iloveyou iloveyou1 ichliebedich jetaime tequiero princess sunshine football baseball basketball superman batman spiderman starwars pokemon
dragon monkey shadow master michael jordan jennifer computer internet trustno1 whatever liverpool manchester chelsea arsenal barcelona
summer winter spring autumn sommer fruehling herbst januar february monday montag freitag security sicherheit company firma
correcthorsebatterystaple 1234567890qwertyuiop qwertyuiop1234567890 qwerty123456 123456qwerty 123456789qwerty test testtest testing tester guest`
