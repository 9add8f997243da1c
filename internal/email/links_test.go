package email

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// table reads testdata/NAME: columns parted by " | ", comments begin with "# ".
func table(t *testing.T, name string, columns int) [][]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows [][]string
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		cols := strings.Split(line, " | ")
		if len(cols) != columns {
			t.Fatalf("%s:%d has %d columns, want %d: %s", name, n, len(cols), columns, line)
		}
		rows = append(rows, cols)
	}
	if lines.Err() != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), lines.Err())
	}
	return rows
}

func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

func TestHostOf(t *testing.T) {
	for _, row := range table(t, "hosts.txt", 2) {
		url := strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(row[0])
		if got := hostOf(url); got != dash(row[1]) {
			t.Errorf("hostOf(%q) = %q, want %q", url, got, dash(row[1]))
		}
	}
}

// TestTextLinks reads testdata/textlinks.txt: a text and the addresses found in it, "tag:URL" parted by spaces.
func TestTextLinks(t *testing.T) {
	for _, row := range table(t, "textlinks.txt", 2) {
		var got []string
		for _, l := range textLinks(row[0], "1", InBody, newBudget(Limits{})) {
			got = append(got, l.Tag+":"+l.URL)
			if l.Where != InBody || l.Part != "1" || l.Target != unwrap(l.URL) || l.Host != hostOf(l.Target) {
				t.Errorf("%q: link %+v is not filled in", row[0], l)
			}
		}
		if s := strings.Join(got, " "); s != dash(row[1]) {
			t.Errorf("textLinks(%q)\n got %q\nwant %q", row[0], s, dash(row[1]))
		}
	}
}

func TestTextLinksAllowance(t *testing.T) {
	lim := newBudget(Limits{Links: 2})
	links := textLinks("http://a.example/ http://a.example/ http://b.example/ http://c.example/", "", InSubject, lim)
	if len(links) != 2 || links[1].URL != "http://b.example/" {
		t.Errorf("got %v, want the first two different addresses", links)
	}
	if len(lim.defects) != 1 || lim.defects[0] != (Defect{"limit-links", "Subject"}) {
		t.Errorf("defects = %v, want limit-links at Subject", lim.defects)
	}
}

func TestUnwrap(t *testing.T) {
	for _, row := range table(t, "unwrap.txt", 2) {
		want := row[1]
		if want == "-" {
			want = row[0]
		}
		if got := unwrap(row[0]); got != want {
			t.Errorf("unwrap(%q)\n got %q\nwant %q", row[0], got, want)
		}
	}
}

func TestRedirectParameter(t *testing.T) {
	for _, row := range table(t, "redirects.txt", 2) {
		got, ok := RedirectParameter(row[0])
		if got != dash(row[1]) || ok != (row[1] != "-") {
			t.Errorf("RedirectParameter(%q) = %q, %v; want %q", row[0], got, ok, dash(row[1]))
		}
	}
}

func TestDefang(t *testing.T) {
	for _, row := range table(t, "defang.txt", 2) {
		if got := Defang(row[0]); got != row[1] {
			t.Errorf("Defang(%q) = %q, want %q", row[0], got, row[1])
		}
		if got := Defang(row[1]); got != row[1] {
			t.Errorf("Defang(%q) = %q, want it unchanged", row[1], got)
		}
		if got := Refang(row[1]); got != row[0] {
			t.Errorf("Refang(%q) = %q, want %q", row[1], got, row[0])
		}
	}
	for in, want := range map[string]string{
		"hXXps://evil(.)test/a": "https://evil.test/a", "hxxp[://]evil{.}test": "http://evil.test", "user[at]evil[dot]test": "user@evil.test",
		"https://evil.test/a[.]b": "https://evil.test/a[.]b", "fxp://evil[.]test": "ftp://evil.test", "http://[2001:db8::1]/": "http://[2001:db8::1]/",
	} {
		if got := Refang(in); got != want {
			t.Errorf("Refang(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLanguage(t *testing.T) {
	for text, want := range map[string]string{
		"Dear customer, your account has been suspended. Please verify your details within 24 hours.":          "en",
		"Sehr geehrter Kunde, Ihr Konto wurde gesperrt. Bitte bestätigen Sie Ihre Daten und klicken Sie hier.": "de",
		"Prezado cliente, seu pacote está retido na alfândega. Clique aqui para pagar a taxa de entrega.":      "pt",
		"Estimado cliente, su paquete está retenido en la aduana. Haga clic aquí para pagar las tasas.":        "es",
		"Beste klant, uw pakket kon niet worden bezorgd. Klik hier om een nieuwe afspraak te maken.":           "nl",
		"Cher client, votre colis est en attente de livraison. Veuillez cliquer sur le lien pour payer.":       "fr",
		"Уважаемый клиент, ваша посылка задержана на таможне. Пожалуйста, оплатите пошлину.":                   "ru",
		"お客様のアカウントが停止されました。こちらをクリックして確認してください。":                                                                "ja",
		"尊敬的客户，您的账户已被暂停，请点击此处验证您的身份信息":                                                                         "zh",
		"https://one.example/ https://two.example/ https://three.example/":                                     "",
		"ok": "", "": "", "12345 67890 ---- 12345 67890 ---- 1234": "",
	} {
		if got := language(text); got != want {
			t.Errorf("language(%q) = %q, want %q", text, got, want)
		}
	}
}
