package auth

import "testing"

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	for password, good := range map[string]bool{
		"correct horse battery": true, "seven boats and a lantern": true, "Wf8 kk 2q mmZ": true, "ключ от старого сада": true, "ada sails past the pier": true,
		"short": false, "aaaaaaaaaaaaaaaa": false, "abababababab": false, "123456789012": false, "abcdefghijklm": false,
		"ada@harbour.test": false, "AdaLovelace1843": false, "ada.lovelace!!": false, "harbour.test1": false,
		"Password12345": false, "P@ssword2026!": false, "qwertyuiop12": false, "Welcome1234567": false, "correct horse battery staple": false,
		"            ": false,
	} {
		if err := checkPassword(password, "ada@harbour.test", "Ada Lovelace"); (err == nil) != good {
			t.Errorf("%q: %v", password, err)
		}
	}
}
