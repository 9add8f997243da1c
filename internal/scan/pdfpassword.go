package scan

import (
	"strings"
	"unicode"
)

const maxPDFPasswords = 24 // tried on one document

// passwordNames are how eight languages call it, in lower case.
var passwordNames = []string{"password", "passcode", "passwort", "kennwort", "mot de passe", "contraseña", "contrasena", "clave", "senha", "palavra-passe", "wachtwoord", "hasło", "haslo"}

// namedPasswords are the words that follow a mention of a password in the text: senders of locked documents write it beside them.
func (s *session) namedPasswords() []string {
	text := s.m.Visible[:min(len(s.m.Visible), 64<<10)]
	low := strings.ToLower(text)
	if len(low) != len(text) {
		text = low
	}
	var out []string
	for _, name := range passwordNames {
		for at := 0; len(out) < maxPDFPasswords; {
			i := strings.Index(low[at:], name)
			if i < 0 {
				break
			}
			at += i + len(name)
			words := strings.FieldsFunc(text[at:min(len(text), at+80)], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`:"'{}()[]<>,;|=`, r) })
			for _, w := range words[:min(len(words), 6)] {
				if w = strings.TrimRight(w, ".!?"); len(w) >= 3 && len(w) <= 32 && len(out) < maxPDFPasswords {
					out = append(out, w)
				}
			}
		}
	}
	return out
}
