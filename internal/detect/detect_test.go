package detect_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/intel"
	"tocsin/internal/mailauth"
	"tocsin/internal/scan"
)

// A file of testdata/verdicts is lines of "key: value" that say what is known and what must come out, an empty line, "---", and the
// message. Keys: want (threats and confidence, or "clean"), signals (ids that must speak), silent (ids that must not), auth (spf=pass
// dkim=pass dmarc=fail policy=reject aligned), org (domains), people (Name <address>), ip, direction, technologies, names, qr (where a code leads),
// facts (ids that package scan is said to have found, beside what it does find in the message), learned (bad or good: judged by a local
// model that was taught so; see taughtModel), directory (people who are not
// protected), and what is remembered: see past_test.go.
type verdictCase struct {
	name    string
	keys    map[string]string
	message []byte
}

func readCases(t testing.TB) []verdictCase {
	t.Helper()
	files, err := filepath.Glob("testdata/verdicts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d cases: %v", len(files), err)
	}
	var out []verdictCase
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, message, ok := bytes.Cut(b, []byte("\n---\n"))
		if !ok {
			t.Fatalf("%s: no line with ---", file)
		}
		c := verdictCase{name: strings.TrimSuffix(filepath.Base(file), ".txt"), keys: map[string]string{}, message: bytes.ReplaceAll(message, []byte("\n"), []byte("\r\n"))}
		for _, line := range strings.Split(string(head), "\n") {
			if line == "" || line[0] == '#' {
				continue
			}
			k, v, ok := strings.Cut(line, ":")
			if !ok || !slices.Contains([]string{"want", "signals", "silent", "auth", "org", "people", "ip", "direction", "technologies", "names", "speaks", "qr", "facts", "kin", "engines", "learned", "directory"}, k) && !slices.Contains(pastKeys, k) {
				t.Fatalf("%s: line %q", file, line)
			}
			c.keys[k] = strings.TrimSpace(v)
		}
		out = append(out, c)
	}
	return out
}

func list(s string) []string {
	var out []string
	for _, x := range strings.Split(s, ",") {
		if x = strings.TrimSpace(x); x != "" {
			out = append(out, x)
		}
	}
	return out
}

func (vc verdictCase) context() *detect.Context {
	m := email.Parse(vc.message, email.Limits{})
	c := &detect.Context{Message: m, Direction: detect.Inbound, Now: time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)}
	if d := vc.keys["direction"]; d != "" {
		c.Direction = detect.Direction(d)
	}
	for _, a := range append(append([]email.Address{}, m.To...), m.Cc...) {
		c.Recipients = append(c.Recipients, strings.ToLower(a.Addr))
	}
	c.Org = detect.Organisation{Name: "Northwind Harbour", Domains: []string{"northwindharbour.example"}}
	if d := vc.keys["org"]; d != "" {
		c.Org.Domains = list(d)
	}
	for _, p := range list(vc.keys["people"]) {
		name, addr, _ := strings.Cut(p, "<")
		c.Org.People = append(c.Org.People, detect.Person{Name: strings.TrimSpace(name), Address: strings.Trim(addr, ">")})
	}
	for _, p := range list(vc.keys["directory"]) {
		name, addr, _ := strings.Cut(p, "<")
		c.Org.People = append(c.Org.People, detect.Person{Name: strings.TrimSpace(name), Address: strings.Trim(addr, ">"), Ordinary: true})
	}
	vc.remember(c)
	if ip := vc.keys["ip"]; ip != "" {
		c.Envelope.ClientIP = netip.MustParseAddr(ip)
	}
	if qr := vc.keys["qr"]; qr != "" {
		m.Links = append(m.Links, email.Link{URL: qr, Target: qr, Host: intel.DomainOf(qr), Where: email.InQRCode, Tag: "a"})
	}
	for i, k := range list(vc.keys["kin"]) { // sender=threat+threat, "!" in front when the verdict was not sure, "*" behind for the same file
		sender, threats, _ := strings.Cut(strings.TrimPrefix(k, "!"), "=")
		kin := detect.Kin{NetworkMessageID: fmt.Sprint("k", i), At: c.Now.Add(-time.Hour), Sender: sender, Sure: k[0] != '!', Points: 80,
			SameFile: strings.HasSuffix(threats, "*"), Why: "27 of 32 text samples alike"}
		for t := range strings.SplitSeq(strings.TrimSuffix(threats, "*"), "+") {
			if t != "" {
				kin.Threats = append(kin.Threats, detect.Threat(t))
			}
		}
		c.Kin = append(c.Kin, kin)
	}
	for _, e := range list(vc.keys["engines"]) { // kind=threat; kind is clamav, rule, sandbox, page, before or opened
		kind, threat, _ := strings.Cut(e, "=")
		a := scan.Answer{Engine: kind, File: "invoice.doc", Threat: threat, Kind: scan.Kind(kind), Run: kind == "sandbox"}
		switch kind {
		case "clamav":
			a.Kind = scan.KindSignatures
		case "before": // a sandbox, before the message came
			a.Kind, a.Run, a.At = scan.KindSandbox, true, c.Now.Add(-time.Hour)
		case "opened": // a page, likewise
			a.Kind, a.At = scan.KindPage, c.Now.Add(-time.Hour)
		}
		c.Engines = append(c.Engines, a)
	}
	c.Files = scan.Open(context.Background(), m, scan.Limits{})
	for _, id := range list(vc.keys["facts"]) {
		if scan.Kinds[id] == "" {
			panic(vc.name + ": package scan knows no fact " + id)
		}
		c.Files.Facts = append(c.Files.Facts, scan.Fact{ID: id, File: "offer.bin", Detail: "as the test says"})
	}
	from := ""
	if len(m.From) > 0 {
		from = m.From[0].Domain
	}
	for _, kv := range strings.Fields(vc.keys["auth"]) {
		k, v, _ := strings.Cut(kv, "=")
		check := mailauth.Check{Result: mailauth.Result(v), Origin: mailauth.Reported, Domain: from}
		switch k {
		case "spf":
			c.Auth.SPF = check
		case "dkim":
			c.Auth.DKIM = []mailauth.Check{check}
		case "dmarc":
			c.Auth.DMARC = check
		case "policy":
			c.Auth.Policy = v
		case "aligned":
			c.Auth.Aligned, c.Auth.AlignedBy = true, "SPF and DKIM"
		}
	}
	return c
}

func testIndicators(t testing.TB) *intel.Indicators {
	t.Helper()
	x := intel.NewIndicators()
	f, err := os.Open("testdata/indicators.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, bad, err := x.Load(f, "test list"); err != nil || len(bad) > 0 {
		t.Fatal(bad, err)
	}
	return x
}

// TestVerdicts judges every file of testdata/verdicts, and sees to it that each kind of signal has a message that raises it.
func TestVerdicts(t *testing.T) {
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(t), Indicators: testIndicators(t)})
	raised := map[string]bool{}
	taught := detect.NewJudge(detect.Options{Rules: shippedRules(t), Indicators: testIndicators(t)})
	taught.SetModel(detect.Phish, taughtModel(t))
	for _, vc := range readCases(t) {
		t.Run(vc.name, func(t *testing.T) {
			judge := judge
			if vc.keys["learned"] != "" {
				judge = taught
			}
			v := judge.Judge(context.Background(), vc.context())
			for _, n := range v.Notes {
				t.Errorf("note: %s", n.Text)
			}
			checkSums(t, v)
			got := map[string]bool{}
			for _, s := range v.Signals {
				got[s.ID], raised[s.ID] = true, true
			}
			want := "clean"
			if len(v.Threats) > 0 {
				want = strings.Trim(fmt.Sprint(v.Threats), "[]")
				if v.Confidence != "" {
					want += " " + string(v.Confidence)
				}
			}
			if want != vc.keys["want"] {
				t.Errorf("verdict %q, want %q; signals %s", want, vc.keys["want"], ids(v))
			}
			for _, id := range list(vc.keys["signals"]) {
				if !got[id] {
					t.Errorf("%s did not speak; signals %s", id, ids(v))
				}
			}
			for _, id := range list(vc.keys["silent"]) {
				if got[id] {
					t.Errorf("%s spoke; signals %s", id, ids(v))
				}
			}
			for _, tech := range list(vc.keys["technologies"]) {
				if !slices.Contains(v.Technologies, detect.Technology(tech)) {
					t.Errorf("technologies %v, want %q among them", v.Technologies, tech)
				}
			}
			for _, kv := range list(vc.keys["speaks"]) { // signal=message that it speaks of
				id, message, _ := strings.Cut(kv, "=")
				if !slices.ContainsFunc(v.Signals, func(s detect.Signal) bool { return s.ID == id && s.Message == message }) {
					t.Errorf("%s does not speak of %s: %+v", id, message, v.Signals)
				}
			}
			for _, n := range list(vc.keys["names"]) {
				if !slices.Contains(v.ThreatNames, n) {
					t.Errorf("threat names %v, want %q", v.ThreatNames, n)
				}
			}
			if again := judge.Judge(context.Background(), vc.context()); ids(again) != ids(v) {
				t.Errorf("judged twice: %s, then %s", ids(v), ids(again))
			}
		})
	}
	for _, k := range detect.Kinds() {
		if !raised[k.ID] {
			t.Errorf("no message in testdata/verdicts raises %s", k.ID)
		}
	}
}

// checkSums holds the promise that a score is the sum of the signals shown.
func checkSums(t *testing.T, v detect.Verdict) {
	t.Helper()
	high := 0
	for _, threat := range []detect.Threat{detect.Malware, detect.Phish, detect.Spam} {
		want := max(0, min(100, detect.Sum(v.Signals, threat)))
		if v.Scores[threat] != want {
			t.Errorf("%s scores %d, its signals add up to %d", threat, v.Scores[threat], want)
		}
		high = max(high, want)
		if v.Is(threat) != (want >= detect.FlagScore) {
			t.Errorf("%s is named: %v, with %d points", threat, v.Is(threat), want)
		}
	}
	if v.Score != high {
		t.Errorf("score %d, the highest is %d", v.Score, high)
	}
	for _, s := range v.Signals {
		if s.Threat == "" || s.Weight == 0 && !informs(s.ID) || s.Claim == "" {
			t.Errorf("signal %+v is not complete", s)
		}
	}
}

// informs says that the catalogue gives a signal no weight on purpose.
func informs(id string) bool {
	for _, k := range detect.Kinds() {
		if k.ID == id {
			return k.Weight == 0 && k.Family == detect.Memory
		}
	}
	return false
}

func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range detect.Kinds() {
		if seen[k.ID] {
			t.Errorf("%s stands twice", k.ID)
		}
		seen[k.ID] = true
		if strings.Trim(k.ID, "abcdefghijklmnopqrstuvwxyz-") != "" || k.Claim == "" || k.Family == "" {
			t.Errorf("%+v", k)
		}
		if k.Weight > 0 && (k.Threat == "" || !slices.Contains(detect.Technologies(), k.Technology)) {
			t.Errorf("%s speaks for something and lacks threat or technology", k.ID)
		}
		if k.Weight < 0 && k.Technology != "" {
			t.Errorf("%s speaks against, so it has no technology", k.ID)
		}
	}
}

func TestCombine(t *testing.T) {
	sig := func(id string, threat detect.Threat, w int) detect.Signal {
		return detect.Signal{ID: id, Threat: threat, Weight: w, Technology: detect.AdvancedFilter, Claim: "c"}
	}
	for _, c := range []struct {
		name string
		in   []detect.Signal
		want string // ids with weights
		out  string
	}{
		{"nothing", nil, "", "[]"},
		{"wording alone is held below the threshold", []detect.Signal{sig("lure-prize", detect.Phish, 30), sig("lure-urgency", detect.Phish, 30)},
			"lure-prize+30 lure-urgency+30 one-kind-of-evidence-21", "[]"},
		{"wording and a link are two kinds", []detect.Signal{sig("lure-prize", detect.Phish, 30), sig("link-shortener", detect.Phish, 30)},
			"link-shortener+30 lure-prize+30", "[Phish]"},
		{"one strong kind is enough", []detect.Signal{sig("spoof-own-domain", detect.Phish, 46)}, "spoof-own-domain+46", "[Phish]"},
		{"signs of phishing count as junk", []detect.Signal{sig("link-shortener", detect.Phish, 22), sig("junk-foreign-link", detect.Spam, 20)},
			"link-shortener+22 phish-signs+22 junk-foreign-link+20", "[Spam]"},
		{"but not without junk of its own", []detect.Signal{sig("link-shortener", detect.Phish, 39)}, "link-shortener+39", "[]"},
		{"against both", []detect.Signal{sig("link-shortener", detect.Phish, 50), sig("junk-foreign-link", detect.Spam, 45), sig("own-thread", "", -20)},
			"link-shortener+50 junk-foreign-link+45 phish-signs+30 own-thread-20 own-thread-20", "[Spam]"},
		{"never against malware", []detect.Signal{sig("eicar", detect.Malware, 100), sig("own-thread", "", -20)}, "eicar+100 own-thread-20", "[Malware]"},
		{"repeats count once", []detect.Signal{sig("eicar", detect.Malware, 100), sig("eicar", detect.Malware, 100)}, "eicar+100", "[Malware]"},
	} {
		v := detect.Combine(c.in, nil, 0, nil)
		checkSums(t, v)
		if got := ids(v); got != c.want || fmt.Sprint(v.Threats) != c.out {
			t.Errorf("%s: %s %v, want %s %s", c.name, got, v.Threats, c.want, c.out)
		}
	}
}

// panicky is a detector with a mistake.
type panicky struct{}

func (panicky) ID() string { return "panicky" }
func (panicky) Detect(f *detect.Facts, raise detect.Raise) {
	raise("link-port", "before")
	var empty []int
	raise("link-port", fmt.Sprint(empty[len(f.Message.Subject)]))
}

func TestDetectorFails(t *testing.T) {
	judge := detect.NewJudge(detect.Options{Detectors: append([]detect.Detector{panicky{}}, detect.Detectors()...)})
	vc := readCases(t)[0]
	v := judge.Judge(context.Background(), vc.context())
	if len(v.Notes) != 1 || v.Notes[0].ID != "engine" || !strings.Contains(v.Notes[0].Text, "panicky") || !strings.Contains(v.Notes[0].Text, "detect_test.go") {
		t.Errorf("notes %+v", v.Notes)
	}
	if len(v.Signals) < 2 {
		t.Errorf("the other detectors did not speak: %s", ids(v))
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	v := detect.NewJudge(detect.Options{Rules: shippedRules(t)}).Judge(ctx, readCases(t)[0].context())
	if len(v.Notes) != 1 || v.Notes[0].ID != "deadline" || len(v.Signals) != 0 {
		t.Errorf("%+v", v)
	}
}

func BenchmarkJudge(b *testing.B) {
	judge := detect.NewJudge(detect.Options{Rules: shippedRules(b), Indicators: testIndicators(b)})
	var contexts []*detect.Context
	for _, vc := range readCases(b) {
		contexts = append(contexts, vc.context())
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		judge.Judge(context.Background(), contexts[i%len(contexts)])
		i++
	}
}
