package detect

import (
	"strings"
	"testing"
)

func TestStoryWords(t *testing.T) {
	b, err := readIdeas(storyWords)
	if err != nil {
		t.Fatal(err)
	}
	seen := ideas(0)
	for _, id := range b.of {
		seen |= id
	}
	for name, id := range ideaNames {
		if seen&id == 0 {
			t.Errorf("no words for %q", name)
		}
	}
	for _, bad := range []string{"nothing: word", "call word", "call: word, "} {
		if _, err := readIdeas(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"pay to FI21 1234 5600 0007 85.":        "FI21 1234 5600 0007 85",
		"IBAN: NL18 RABO 0123 4598 76":          "NL18 RABO 0123 4598 76",
		"DE89370400440532013000 please":         "DE89370400440532013000",
		"order AB12 of 3 pumps":                 "",
		"INVOICE AB12 3456":                     "",
		"the flight LH1234 leaves on 3 January": "",
	} {
		if got := accountIn(text); got != want {
			t.Errorf("account in %q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"ring 800 555 019 now": "800 555 019", "bel 085 555 0123": "085 555 0123", "for $1,149.99": "", "code 4471": "", "order 77121188": ""} {
		if got := shortPhoneIn(text); got != want {
			t.Errorf("number in %q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"$399.99": true, "399,99 €": true, "EUR 48,200": true, "1299 zł": true, "0.84 BTC": true, "in 24 hours": false, "the euro zone": false} {
		if s := tell(text); s.money != want {
			t.Errorf("money in %q: %v", text, s.money)
		}
	}
}

func TestOwnText(t *testing.T) {
	for text, want := range map[string]string{
		"Yes.\n\nOn Monday, Anna wrote:\n> Pay?":                  "Yes.\n\n",
		"Ja.\nVon: Anna <a@b.example>\nBetreff: x":                "Ja.\n",
		"Oui.\nLe 3 mai, Anna <a@b.example> a écrit :\n> Payer ?": "Oui.\n",
		"Ja.\nAm 16.11.26 um 10:04 schrieb Anna Berg:\n> Zahlen?": "Ja.\n",
		"The fee:\n20 EUR\nThank you":                             "The fee:\n20 EUR\nThank you",
		"> quoted first":                                          "> quoted first",
	} {
		if got := ownText(text); got != want {
			t.Errorf("own text of %q is %q", text, got)
		}
	}
}

func TestNumbersDressedUp(t *testing.T) {
	for text, want := range map[string]string{
		"Please call ＋１ ８０８ ５５５ ０１６６ now":                       "+1 808 555 0166",
		"call 8\ufe0f\u20e30\ufe0f\u20e38\ufe0f\u20e3-555-0143": "808-555-0143",
		"call 8.0.8 . 5.5.5 . O.1.4.3 before dispatch":          "8.0.8 . 5.5.5 . O.1.4.3",
		"call (𝟖𝟎𝟖) 555-0143":                                   "(808) 555-0143",
	} {
		if s := tell(text); s.number != want {
			t.Errorf("number in %q is %q, want %q", text, s.number, want)
		}
	}
	for text, want := range map[string]string{
		"Account number: 55512345, sort code 20-15-55": "account number 55512345",
		"chave PIX caixa@recebimentos.example":         "chave pix caixa@recebimentos.example",
		"your account, number 4 of the list":           "",
		"the account number is on the invoice of 2026": "",
		"Kontonummer 0532 0130 00 bei der Nordbank":    "kontonummer 0532 0130 00",
	} {
		if got := numberedAccount(text); got != want {
			t.Errorf("account in %q is %q, want %q", text, got, want)
		}
	}
}

func TestTongue(t *testing.T) {
	for text, want := range map[string]string{
		"Hello, please see the document for your attention":               "English",
		"Guten Tag, der Termin passt uns gut, vielen Dank und bis Montag": "German",
		"Bonjour, veuillez trouver le devis pour vous, merci":             "French",
		"Dzień dobry, proszę o fakturę, dziękuję":                         "Polish",
		"OK":      "",
		"Berth 4": "",
	} {
		if got := tongue(text); got != want {
			t.Errorf("%q is in %q, want %q", text, got, want)
		}
	}
}

// FuzzTell reads any text: no panic, and bounded.
func FuzzTell(f *testing.F) {
	f.Add("Call +1 (808) 555-0142. IBAN FI21 1234 5600 0007 85? $5")
	f.Add(strings.Repeat("A1", 50) + "\n> \u200b0")
	f.Fuzz(func(t *testing.T, text string) {
		tongue(text)
		numberedAccount(text)
		if s := tell(text, ownText(text)); len(s.said) > maxSentences {
			t.Error("too many sentences")
		}
	})
}
