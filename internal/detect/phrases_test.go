package detect

import (
	"strings"
	"testing"

	"tocsin/internal/intel"
)

func TestPhoneIn(t *testing.T) {
	for in, want := range map[string]string{
		"Call +1 (808) 555-0142 now":                "+1 (808) 555-0142",
		"Tel. 030 5550 1422.":                       "030 5550 1422",
		"ring (808)-555-O142 today":                 "(808)-555-O142",
		"+4930123456789":                            "+4930123456789",
		"808.555.0142":                              "808.555.0142",
		"on 2026-11-18 at 09:00":                    "",
		"order 8829104837561":                       "",
		"IBAN DE89 3704 0044 0532 0130 00":          "",
		"sum 1.299,00 and 399.99":                   "",
		"https://a.test/808-555-0142":               "",
		"version 1.2.3.4":                           "",
		strings.Repeat("1 ", 100):                   "",
		"call us at 8 0 8 5 5 5 0 1 4 2 right away": "8 0 8 5 5 5 0 1 4 2",
	} {
		if got := phoneIn(in); got != want {
			t.Errorf("phoneIn(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLeftover(t *testing.T) {
	for in, want := range map[string]string{
		"Hello [username], look":   "[username]",
		"{{first_name}}":           "{{first_name}",
		"see ##email## today":      "##email#",
		"[random_8]":               "[random_8]",
		"[radio] Re: names [1] {x": "",
		"100%% sure":               "",
		"[email protected]":        "",
	} {
		if got := leftover(in); got != want {
			t.Errorf("leftover(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOddNames(t *testing.T) {
	for s, want := range map[string]bool{"imPjcKG": true, "dmsBUyZrT": true, "johnSmith": false, "McDonald": false, "ACMENews": false, "info": false, "JeanPaulKlein": false} {
		if got := oddCase(s); got != want {
			t.Errorf("%q odd: %v", s, got)
		}
	}
	for s, want := range map[string]bool{"xqzvtkrwpl": true, "northwindharbour": false, "schwarzwald": false, "krzysztof": false, "smith": false} {
		if got := unpronounceable(s); got != want {
			t.Errorf("%q unpronounceable: %v", s, got)
		}
	}
}

func TestOtherText(t *testing.T) {
	html := intel.AppendFold(nil, "The committee meets on Monday in the harbour office to speak about boats")
	for in, want := range map[string]bool{
		"The committee meets on Monday in the harbour office":                    false,
		"Select your nearest store, garden tools, autumn flowers, opening hours": true,
		"To see this newsletter, open it with an HTML capable mail reader":       false,
		"short": false,
		"":      false,
	} {
		if got := otherText(in, html); got != want {
			t.Errorf("otherText(%q) = %v", in, got)
		}
	}
}

func TestPeopleNames(t *testing.T) {
	j := &Judge{}
	x := j.orgIndexOf(&Organisation{Name: "Northwind Harbour", People: []Person{
		{Name: "Robert Weissmann", Address: "r.weissmann@northwindharbour.example"}, {Name: "Dr. Maren Okafor", Address: "maren.okafor@northwindharbour.example"}}})
	for name, want := range map[string]spelling{"Weissmann, Robert": spelledSame, "R0bert Weissmann": spelledAlike, "Bob Weissmann": spelledNear, "Robert J. Weissmann": spelledNear,
		"Robert Weissman": spelledNear, "Rboert Weissmann": spelledNear, "Okafor Maren": spelledNear, "Maren Okafor CFO": spelledNear} {
		people, how := x.find(intel.Fold(name))
		if len(people) == 0 || how != want {
			t.Errorf("%q: %d people, spelled %d, want %d", name, len(people), how, want)
		}
	}
	for _, name := range []string{"Robert", "Robert Weismantel", "Weissmann", "", "Robin Weissmann", "Maria Okafor"} {
		if people, how := x.find(intel.Fold(name)); len(people) > 0 {
			t.Errorf("%q is taken for %s (%d)", name, people[0].Name, how)
		}
	}
	for addr, want := range map[string]bool{"robert.weissmann@gmail.test": true, "weissmann_robert.ceo@gmail.test": true, "r.weissmann@gmail.test": false, "robert@gmail.test": false} {
		if got := x.byLocalPart(addr) != nil; got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}

// FuzzWording holds that no text makes the finders of phrases fail.
func FuzzWording(f *testing.F) {
	f.Add("Call +1 (808) 555-O142 [username] {{x}} R0bert  \xff\u00a0 5")
	f.Fuzz(func(t *testing.T, s string) {
		phoneIn(s)
		leftover(s)
		salad([]byte(s))
		sumIn(s)
		decorated(s)
		shouts(s)
		answerMark(s)
		oddCase(s)
		brokenInto(s)
		disguised(authorityOf(s), "a.test")
		otherText(s, []byte(s))
	})
}
