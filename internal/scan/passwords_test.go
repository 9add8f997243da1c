package scan

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPasswords(t *testing.T) {
	for _, c := range []struct {
		text, want string
		named      bool // the text says it, rather than that it is only guessed
	}{
		{"The password is 7731.", "7731", true},
		{"Password: Hafen-77", "Hafen-77", true},
		{"password - \"two words\"", "two", true},
		{"Passwort lautet Sommer2026!", "Sommer2026!", true},
		{"Das Kennwort für die Datei ist: abc123", "abc123", true},
		{"Le mot de passe de l'archive est Bateau9", "Bateau9", true},
		{"La contraseña del archivo es: 4455", "4455", true},
		{"clave: barco", "barco", true},
		{"A senha do arquivo é mar2026", "mar2026", true},
		{"La password per aprire il file è nave77", "nave77", true},
		{"Het wachtwoord is boot88", "boot88", true},
		{"Hasło do pliku: statek99", "statek99", true},
		{"PASSWORD:1234", "1234", true},
		{"Pass code\n\n  R7-k2", "R7-k2", true},
		{"Use 99812 as password for the file", "99812", false},
		{"See the file. 4821", "4821", false},
	} {
		m := mailWith(c.text)
		s := newSession(context.Background(), m, Limits{})
		i := slices.IndexFunc(s.candidates(), func(p password) bool { return p.value == c.want })
		if i < 0 {
			t.Errorf("%q: %q is not among %q", c.text, c.want, s.candidates())
			continue
		}
		if got := s.candidates()[i].mention != ""; got != c.named {
			t.Errorf("%q: named %v, want %v", c.text, got, c.named)
		}
	}
}

// TestNoPassword reads texts that speak of passwords and name none.
func TestNoPassword(t *testing.T) {
	for _, text := range []string{
		"The password will be sent separately.", "Das Passwort folgt per SMS.", "You will get the password by phone.", "Passwort: folgt telefonisch",
		"Le mot de passe sera envoyé séparément.", "La contraseña se enviará por separado.", "Forgot your password? Reset it here.",
		"The archive is protected by a password", "Hasło zostanie wysłane osobno.", "A senha será enviada separadamente",
		"Please use the usual password.", "Password: see other mail", "Het wachtwoord volgt later",
	} {
		s := newSession(context.Background(), mailWith(text), Limits{})
		if got := s.named(); got != "" {
			t.Errorf("%q names a password: %q (%q)", text, got, s.candidates())
		}
	}
}

func TestManyMentions(t *testing.T) {
	began := time.Now()
	s := newSession(context.Background(), mailWith(strings.Repeat("password: a1b2c3 passwort p", 50_000)), Limits{})
	if n := len(s.candidates()); n > maxPasswords || time.Since(began) > 5*time.Second {
		t.Errorf("%d candidates in %v", n, time.Since(began))
	}
}
