package preview

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/email"

	nethtml "golang.org/x/net/html"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// testcase is one case of a file in testdata/cases.
type testcase struct {
	name, html string
	facts      []string
}

// readCases reads a file of cases. Each begins with "== name"; up to the line "--" follows the message's HTML, then facts, one a line:
//
//	shows TEXT     the text of the document holds TEXT, white space as one space
//	hides TEXT     it does not
//	has TEXT       the document's source holds TEXT, where the message stands
//	lacks TEXT     it does not, in any letter case
//	css TEXT       the message's filtered rules are TEXT, all of them
//	plain TEXT     the plain rendering holds TEXT, "\n" and "\t" written so
//	link N URL     link N leads to URL
//	label N TEXT   link N shows TEXT
//	links N        so many links
//	removed A=1 B=2  the counts that are not 0, all of them
//
// In the HTML {U+202E} stands for that character and {0x00} for that byte.
func readCases(t testing.TB, file string) []testcase {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []testcase
	for part := range strings.SplitSeq("\n"+string(b), "\n== ") {
		head, rest, ok := strings.Cut(part, "\n")
		if !ok || strings.TrimSpace(head) == "" {
			continue
		}
		html, facts, ok := strings.Cut(rest, "\n--\n")
		if !ok {
			t.Fatalf("%s: case %q has no line --", file, head)
		}
		c := testcase{name: head, html: placeholder.ReplaceAllStringFunc(html, func(s string) string {
			hex := s[3 : len(s)-1]
			n, err := strconv.ParseUint(hex, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			if s[1] == '0' {
				return string([]byte{byte(n)})
			}
			return string(rune(n))
		})}
		for fact := range strings.SplitSeq(facts, "\n") {
			if fact = strings.TrimSpace(fact); fact != "" && !strings.HasPrefix(fact, "#") {
				c.facts = append(c.facts, fact)
			}
		}
		cases = append(cases, c)
	}
	return cases
}

var placeholder = regexp.MustCompile(`\{(?:U\+|0x)[0-9A-Fa-f]+\}`)

func caseFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	return files
}

func TestCases(t *testing.T) {
	for _, file := range caseFiles(t) {
		for _, c := range readCases(t, file) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+c.name, func(t *testing.T) {
				m := &email.Message{HTML: c.html}
				p := Render(m, Options{})
				checkPreview(t, p, Options{})
				checkSecondFilter(t, m, Options{})
				for _, fact := range c.facts {
					checkFact(t, p, fact)
				}
				if t.Failed() {
					t.Logf("document: %s\nrules: %s\nplain: %s\nremoved: %s", bodyOf(p), rulesOf(p), p.Plain, removedOf(p))
				}
			})
		}
	}
}

func checkFact(t *testing.T, p Preview, fact string) {
	t.Helper()
	verb, want, _ := strings.Cut(fact, " ")
	ok := false
	switch verb {
	case "shows":
		ok = strings.Contains(shownText(p), want)
	case "hides":
		ok = !strings.Contains(shownText(p), want)
	case "has":
		ok = strings.Contains(bodyOf(p), want)
	case "lacks":
		ok = !strings.Contains(strings.ToLower(bodyOf(p)+rulesOf(p)), strings.ToLower(want))
	case "css":
		ok = rulesOf(p) == want
	case "plain":
		ok = strings.Contains(p.Plain, strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(want))
	case "links":
		ok = strconv.Itoa(len(p.Links)) == want
	case "link", "label":
		number, want, _ := strings.Cut(want, " ")
		n, err := strconv.Atoi(number)
		if err == nil && n >= 1 && n <= len(p.Links) {
			ok = verb == "link" && p.Links[n-1].Target == want || verb == "label" && p.Links[n-1].Text == want
		}
	case "removed":
		ok = removedOf(p) == want
	default:
		t.Fatalf("unknown fact %q", fact)
	}
	if !ok {
		t.Errorf("not so: %s", fact)
	}
}

func bodyOf(p Preview) string {
	return strings.TrimSuffix(p.HTML[strings.Index(p.HTML, frameBody)+len(frameBody):], frameTail)
}

func rulesOf(p Preview) string {
	_, rest, _ := strings.Cut(p.HTML, frameDefaults+"</style><style>")
	rules, _, _ := strings.Cut(rest, "</style>")
	return rules
}

func removedOf(p Preview) string {
	var b []string
	v := reflect.ValueOf(p.Removed)
	for i := range v.NumField() {
		if n := v.Field(i).Int(); n != 0 {
			b = append(b, v.Type().Field(i).Name+"="+strconv.FormatInt(n, 10))
		}
	}
	return strings.Join(b, " ")
}

// shownText is the text of the document, white space as one space.
func shownText(p Preview) string {
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(bodyOf(p)))
	for kind := z.Next(); kind != nethtml.ErrorToken; kind = z.Next() {
		if kind == nethtml.TextToken {
			b.Write(z.Text())
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// TestMail compares whole messages with what they became.
func TestMail(t *testing.T) {
	files, err := filepath.Glob("testdata/mail/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal("no messages", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m := &email.Message{HTML: string(b)}
			p := Render(m, Options{})
			checkPreview(t, p, Options{})
			checkSecondFilter(t, m, Options{})
			var got strings.Builder
			got.WriteString("removed " + removedOf(p) + "\n")
			for _, l := range p.Links {
				got.WriteString("link " + strconv.Itoa(l.N) + " " + l.Defanged + " | " + l.Text + "\n")
			}
			got.WriteString("\n" + strings.ReplaceAll(rulesOf(p), "}", "}\n") + "\n" + bodyOf(p) + "\n\n" + p.Plain + "\n")
			golden := strings.TrimSuffix(file, ".html") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("%s differs; run with -update and look at the change. Got:\n%s", golden, got.String())
			}
		})
	}
}
