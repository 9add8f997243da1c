package intel

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"PayPal":                   "paypal",
		"Рауρаl":                   "paypal", // Cyrillic and Greek
		"𝗣𝗮𝘆𝗣𝗮𝗹":                   "paypal", // mathematical bold
		"Ｐａｙ\u200bＰａｌ":             "paypal", // fullwidth, zero-width space
		"Société  Générale!":       "societe generale",
		"don't — go":               "dont go",
		"Zażółć gęślą jaźń":        "zazolc gesla jazn",
		"Bücher & Straße":          "bucher strase",
		"Ⓖⓘⓕⓣ №1":                  "gift no1",
		"  a\u00ad\u200db\t\r\nc ": "ab c",
		"":                         "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("Рауρаl 𝗣 \xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if again := Fold(once); again != once {
			t.Fatalf("folding twice differs: %q, %q", once, again)
		}
		Skeleton(s)
		MixedWord(s)
		ShippedBrands().Match([]byte(once), true)
	})
}

func TestMixedWord(t *testing.T) {
	for in, want := range map[string]string{
		"Your Pаypal account": "Pаypal", // Cyrillic а
		"Привет Paypal":       "",
		"5 μm, αβ-test":       "",
		"Ελλάδα":              "",
	} {
		if got := MixedWord(in); got != want {
			t.Errorf("MixedWord(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMatcher(t *testing.T) {
	phrases := []string{"gift card", "card", "win*", "urgent action", "he", "she", "hers"}
	m := NewMatcher(phrases)
	find := func(s string) []string {
		var got []string
		m.Find([]byte(Fold(s)), func(x Match) bool { got = append(got, phrases[x.Phrase]); return true })
		return got
	}
	for in, want := range map[string][]string{
		"A GIFT-CARD for you":    {"gift card", "card"},
		"cardinal cards":         nil,
		"winner wins":            {"win*", "win*"},
		"darwin":                 nil,
		"ushers":                 nil,
		"she is hers":            {"she", "hers"},
		"urgent\r\n action now!": {"urgent action"},
	} {
		if got := find(in); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestMatcherOrder: the tree finds what trying every phrase at every place finds, in the order of ends, the longest first.
func TestMatcherOrder(t *testing.T) {
	pieces := []string{"a", "b", "ab", "ba", "a b", "aa", " ", "c", "b*", "a*", "abc", "é", "ж"}
	r := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 3000 {
		phrases := make([]string, r.IntN(12))
		for i := range phrases {
			phrases[i] = text(r.IntN(5))
		}
		folded := Fold(text(r.IntN(30)))
		var got, want []Match
		NewMatcher(phrases).Find([]byte(folded), func(m Match) bool { got = append(got, m); return true })
		for end := range len(folded) + 1 {
			for start := range end {
				for i, p := range phrases {
					bare, open := strings.CutSuffix(p, "*")
					if (start == 0 || folded[start-1] == ' ') && (open || end == len(folded) || folded[end] == ' ') && folded[start:end] == Fold(bare) {
						want = append(want, Match{Phrase: i, Start: start, End: end})
					}
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v", phrases, folded, got, want)
		}
	}
}

func BenchmarkMatcher(b *testing.B) {
	var forms []string
	for _, brand := range ShippedBrands().All() {
		forms = append(forms, brand.Forms...)
	}
	b.Run("build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewMatcher(forms)
		}
	})
	m := NewMatcher(forms)
	text := []byte(Fold(strings.Repeat("Your parcel could not be delivered because the postal code is wrong; confirm it at the post office of your town. ", 200)))
	b.Run("find", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			m.Find(text, func(Match) bool { return true })
		}
	})
}

func TestShipped(t *testing.T) {
	h, b := ShippedHosts(), ShippedBrands()
	if len(b.All()) < 100 {
		t.Errorf("%d brands", len(b.All()))
	}
	for _, c := range []struct {
		set  HostSet
		host string
		want string
	}{{h.FreeMail, "gmail.com", "gmail.com"}, {h.Shorteners, "t.co", "t.co"}, {h.Shorteners, "not.co", ""}, {h.Hosting, "x.storage.googleapis.com", "storage.googleapis.com"},
		{h.RiskyTLDs, "a.b.top", "top"}, {h.DynamicDNS, "me.duckdns.org", "duckdns.org"}, {h.Trackers, "us1.list-manage.com", "list-manage.com"}} {
		if got := c.set.Match(c.host); got != c.want {
			t.Errorf("Match(%q) = %q, want %q", c.host, got, c.want)
		}
	}
	look := b.Lookalikes()
	for _, brand := range b.All() {
		for _, d := range brand.Domains {
			if im, ok := look.Find("mail." + d); ok {
				t.Errorf("%s: its own domain %s imitates %v", brand.Name, d, im)
			}
			if !b.Official(&brand, "www."+d) {
				t.Errorf("%s: %s is not official", brand.Name, d)
			}
		}
	}
}

func TestBrandMatch(t *testing.T) {
	b := ShippedBrands()
	for _, c := range []struct {
		text string
		name bool
		want string
	}{
		{"PayPal Security", true, "PayPal"},
		{"Рaypal", true, "PayPal"},
		{"Chase", true, "Chase"},
		{"Chase Support Team", true, "Chase"},
		{"Chase Miller", true, ""},
		{"chase the order", false, ""},
		{"Your M1crosoft invoice", false, ""},
		{"Your Microsoft 365 invoice", false, "Microsoft"},
		{"Orange County Library", true, ""},
	} {
		got := ""
		if m := b.Match([]byte(Fold(c.text)), c.name); len(m) > 0 {
			got = m[0].Brand.Name
		}
		if got != c.want {
			t.Errorf("Match(%q, %v) = %q, want %q", c.text, c.name, got, c.want)
		}
	}
	amazon := b.Match([]byte("amazon"), true)[0].Brand
	for host, want := range map[string]bool{"amazon.co.jp": true, "mail.amazon.de": true, "amazon.tk": false, "amazon.top": false, "amazon.com.evil.example": false, "notamazon.com": false} {
		if b.Official(amazon, host) != want {
			t.Errorf("Official(amazon, %s) = %v", host, !want)
		}
	}
}

func TestLookalikes(t *testing.T) {
	brands := ShippedBrands().Lookalikes()
	own := NewLookalikes("Northwind Harbour", []string{"northwindharbour.example", "nwh.example"})
	for _, c := range []struct {
		in    *Lookalikes
		host  string
		of    string
		trick Trick
	}{
		{brands, "paypa1.com", "paypal.com", Homoglyph},
		{brands, "rnicrosoft.com", "microsoft.com", Homoglyph},
		{brands, "xn--pypal-4ve.com", "paypal.com", Homoglyph}, // pаypal
		{brands, "micorsoft.com", "microsoft.com", Typo},
		{brands, "bradescoo.com", "bradesco.com.br", Typo},
		{brands, "paypal-secure.com", "paypal.com", AddedWords},
		{brands, "netflixbilling.com", "netflix.com", AddedWords},
		{brands, "apple-id-verify.com", "apple.com", AddedWords},
		{brands, "paypal.com.evil.example", "paypal.com", InsideHost},
		{brands, "metamask.top", "metamask.io", OtherTLD},
		{brands, "www.paypal.com", "", ""},
		{brands, "apple-farm.com", "", ""},
		{brands, "purchase.com", "", ""},
		{brands, "amazon.de", "", ""},
		{brands, "pineapple.com", "", ""},
		{brands, "192.0.2.1", "", ""},
		{own, "northwind-harbour.example", "northwindharbour.example", Homoglyph},
		{own, "northwindharbour.com", "northwindharbour.example", OtherTLD},
		{own, "northwindharbor.example", "northwindharbour.example", Typo},
		{own, "northwindharbour-hr.example", "northwindharbour.example", AddedWords},
		{own, "mail.northwindharbour.example", "", ""},
		{own, "northwind.example", "", ""},
	} {
		im, ok := c.in.Find(c.host)
		if ok != (c.of != "") || im.Of != c.of || im.Trick != c.trick {
			t.Errorf("Find(%s) = %+v, want %s by %s", c.host, im, c.of, c.trick)
		}
	}
}

func TestIndicators(t *testing.T) {
	x := NewIndicators()
	now := time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC)
	list := `type,value,threat,verdict,expires
url,hxxps://evil[.]test/login?x=1,phish,,
,bad.test,,bad,
ip,192.0.2.0/24,botnet,,
,2001:db8::7,,,
,44d88612fea8a8f36de82e1278abb02f,EICAR-Test-File,,
sender,Boss@Evil.test,bec,,
,old.test,,,2026-11-01
,safe.bad.test,,good,
ip,nonsense,,,
,trust.test,,maybe,
`
	n, bad, err := x.Load(strings.NewReader(list), "list.csv")
	if err != nil || n != 8 || len(bad) != 2 {
		t.Fatalf("added %d, bad %v, err %v", n, bad, err)
	}
	if got := bad[0].Error(); !strings.HasPrefix(got, "list.csv:10: ") {
		t.Errorf("first bad line: %s", got)
	}
	in, ok := x.FindURL("https://EVIL.test:443/login?x=1#top", now)
	if !ok || in.Threat != "phish" || in.Source != "list.csv" {
		t.Errorf("url: %+v %v", in, ok)
	}
	if _, ok := x.FindURL("https://evil.test/login?x=2", now); ok {
		t.Error("another query matched")
	}
	if in, ok := x.FindHost("a.b.bad.test", now); !ok || in.Value != "bad.test" || in.Good {
		t.Errorf("host: %+v", in)
	}
	if in, ok := x.FindHost("x.safe.bad.test", now); !ok || !in.Good {
		t.Errorf("the nearer entry wins: %+v", in)
	}
	if in, ok := x.FindIP(netip.MustParseAddr("192.0.2.99"), now); !ok || in.Value != "192.0.2.0/24" {
		t.Errorf("ip: %+v", in)
	}
	if in, ok := x.FindIP(netip.MustParseAddr("2001:db8::7"), now); !ok || in.Value != "2001:db8::7" {
		t.Errorf("ip6: %+v", in)
	}
	if _, ok := x.FindHash("44D88612FEA8A8F36DE82E1278ABB02F", now); !ok {
		t.Error("hash")
	}
	if _, ok := x.FindSender("boss@evil.TEST", now); !ok {
		t.Error("sender")
	}
	if _, ok := x.FindHost("old.test", now); ok {
		t.Error("an expired entry matched")
	}
	if _, ok := x.FindHost("old.test", now.AddDate(0, -1, 0)); !ok {
		t.Error("the entry had not expired yet")
	}
}

func TestIndicatorLines(t *testing.T) {
	x := NewIndicators()
	n, bad, err := x.Load(strings.NewReader("# comment\nevil[.]test\n\n10.0.0.1 # why\nnot a thing\n"), "plain.txt")
	if err != nil || n != 2 || len(bad) != 1 || bad[0].Line != 5 {
		t.Fatalf("added %d, bad %v, err %v", n, bad, err)
	}
}

func FuzzIndicators(f *testing.F) {
	f.Add("value,type\nhxxp://a[.]b/,url\n\"x")
	f.Add("1.2.3.4/33\n::1/0\n")
	f.Fuzz(func(t *testing.T, s string) {
		x := NewIndicators()
		n, _, err := x.Load(strings.NewReader(s), "fuzz")
		if err == nil && n < x.Len() {
			t.Fatalf("%d added, %d held", n, x.Len())
		}
		x.FindURL(s, time.Time{})
		x.FindHost(s, time.Time{})
	})
}

func TestMergeBrands(t *testing.T) {
	b, err := ShippedBrands().Merge(strings.NewReader("# ours\nHarbour Tools | harbourtools.example | harbour tools\nPayPal | paypal.com pay.example | paypal\n"), "own.txt")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(b.All()) - len(ShippedBrands().All()); n != 1 {
		t.Errorf("%d brands more", n)
	}
	if m := b.Match([]byte("harbour tools service"), true); len(m) != 1 || m[0].Brand.Name != "Harbour Tools" {
		t.Errorf("%v", m)
	}
	if of := b.Of("mail.pay.example"); len(of) != 1 || of[0].Name != "PayPal" {
		t.Errorf("%v", of)
	}
	for _, bad := range []string{"Harbour Tools | harbourtools.example", "A | a.example | ", "A |  | a", "A | https://a.example | a"} {
		if _, err := ShippedBrands().Merge(strings.NewReader(bad), "own.txt"); err == nil || !strings.Contains(err.Error(), "own.txt:1") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestDisguise(t *testing.T) {
	for s, want := range map[string]bool{"Lеԁger": true, "МetaMask": true, "Pay\u200bPal": true, "𝗗𝗛𝗟": true, "Société Générale": false, "Привет, мир": false, "Зоя": false, "Café Zürich": false, "👨‍👩‍👧 family": false} {
		if got := Disguised(s); got != want {
			t.Errorf("Disguised(%q) = %v", s, got)
		}
	}
	for s, want := range map[string]string{"paypa1 desk": "PayPal", "rnicrosoft": "Microsoft", "paypal": "", "microsoft": "", "ordinary words only": ""} {
		got := ""
		if _, b := ShippedBrands().Disguise([]byte(s)); b != nil {
			got = b.Name
		}
		if got != want {
			t.Errorf("Disguise(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestOwnLookalikesFurther(t *testing.T) {
	l := NewLookalikes("Northwind Harbour", []string{"northwindharbour.example"})
	for host, want := range map[string]Trick{
		"nortwindharbor.test":                Typo,
		"northwind-harbour.test":             Homoglyph,
		"mynorthwindharbourbilling.test":     AddedWords,
		"northwindharbour.web.app":           InsideHost,
		"northwindharbour-login.evil.test":   InsideHost,
		"northwindharbour.example.evil.test": InsideHost,
		"northwndharbuor.test":               Typo,
		"southwindharbour.test":              "",
		"mail.northwindharbour.example":      "",
		"harbour.test":                       "",
	} {
		if im, _ := l.Find(host); im.Trick != want {
			t.Errorf("%s: %q, want %q", host, im.Trick, want)
		}
	}
}
