package sieve

import (
	"bufio"
	"errors"
	"strings"
	"testing"
	"time"
)

var own = []string{"own.example"}

// Each rule, and what is wrong with it.
var rules = []struct{ text, why string }{
	{`require ["fileinto", "copy"];`, ""},
	{`redirect "eve@outside.example";`, "forwards to eve@outside.example"},
	{`redirect :copy "eve@outside.example";`, "forwards to eve@outside.example"},
	{`redirect "ana@own.example";`, ""},
	{`redirect "ana@sub.own.example";`, ""},
	{`redirect "ana@notown.example";`, "forwards to ana@notown.example"},
	{`redirect "own.example@outside.example";`, "forwards to own.example@outside.example"},
	{`redirect "${who}";`, "forwards to an address that it makes up"},
	{"# rule:[.]\nif header :contains \"Subject\" [\"invoice\", \"payment\"] {\r\n\tdiscard; stop;\n}", "deletes mail about invoice, payment"},
	{`if address :is "from" "boss@own.example" { fileinto "RSS Feeds"; }`, "hides mail about boss@own.example in RSS Feeds"},
	{`if true { fileinto "INBOX.Trash"; }`, "hides all mail in INBOX.Trash"},
	{`if header :contains "subject" "news" { fileinto "News"; }`, ""},
	{`if header :contains "subject" "news" { setflag "\\Seen"; fileinto "News"; }`, "hides mail about news in News"},
	{`if header :contains "subject" "x" { fileinto ".."; }`, "hides mail about x in .."},
	{`if header :is "X-Spam-Flag" "YES" { fileinto "Junk"; stop; }`, ""},
	{`if anyof (header :is "X-Spam-Flag" "YES", header :contains "subject" "bank") { discard; }`, "deletes mail about YES, bank"},
	{`if header :contains "from" "a" { keep; } elsif header :contains "from" "b" { redirect "eve@outside.example"; } else { discard; }`, "forwards to eve@outside.example; deletes mail about a, b"},
	{"discard;", "deletes all mail"},
	{"/* discard; */ keep;", ""},
	{`vacation :days 7 text:` + "\nredirect \"eve@outside.example\";\n..\n.\n;", ""},
	{`notify :message "x" "mailto:eve@outside.example?subject=x";`, "tells eve@outside.example?subject=x of mail"},
	{`if size :over 1M { reject "too large"; }`, "refuses all mail"},
	{`execute "/bin/x";`, "runs the program /bin/x"},
	{`REDIRECT "eve@outside.example" ;`, "forwards to eve@outside.example"},
	{`if not header "a" "\" { discard; \"" { keep; }`, ""},
}

func TestRules(t *testing.T) {
	var all []string
	for _, c := range rules {
		got := Cut(c.text)
		if len(got) != 1 || got[0].Text != c.text {
			t.Errorf("%q is cut into %+v", c.text, got)
			continue
		}
		if why := got[0].Why(own); why != c.why {
			t.Errorf("%q: %q, want %q", c.text, why, c.why)
		}
		all = append(all, c.text)
	}
	script := strings.Join(all, "\n\n") + "\n"
	got := Cut(script)
	if len(got) != len(rules) {
		t.Fatalf("%d rules, want %d", len(got), len(rules))
	}
	for i, r := range got {
		if r.Text != rules[i].text {
			t.Errorf("%q, want %q", r.Text, rules[i].text)
		}
		rest := Cut(Without(script, r))
		if len(rest) != len(got)-1 {
			t.Errorf("without %q there are %d rules", r.Text, len(rest))
		}
	}
}

func TestRestore(t *testing.T) {
	const a, b, c = "require \"copy\";\n", "# x\nredirect \"eve@outside.example\";\n", "keep;\n"
	for _, x := range []struct{ now, before, want string }{
		{a + c, a + b + c, a + b + c},
		{a + b + c, a + b + c, a + b + c},                   // it stands there
		{a + "discard;\n", a + b + c, a + b + "discard;\n"}, // what follows was changed
		{"# new\n" + c, a + b + c, "# new\n" + b + c},       // what stands before it was
		{"stop;\n", a + b + c, ""},
		{"stop;\n", b + c, ""},
		{"stop;\n" + c, b + c, "stop;\n" + b + c},
		{"", b, b},
		{c, b, ""}, // a script that held nothing else, and holds something now: there is no telling
	} {
		at := strings.Index(x.before, b)
		if got, ok := Restore(x.now, x.before, strings.Replace(x.before, b, "", 1), at); got != x.want || ok != (x.want != "") {
			t.Errorf("%q into %q: %q, %v", b, x.now, got, ok)
		}
	}
	if _, ok := Restore("x", "abc", "ab", 1); ok {
		t.Error("what does not fit together is put back")
	}
}

func TestUnreadable(t *testing.T) {
	for _, s := range []string{`if "x" { keep;`, `"x";`, "keep", "text:\nx", "}", "/* ", `redirect "eve`, "if (]) {}", strings.Repeat("(", 100), "x " + strings.Repeat("[", 1<<20), "\x00", "keep; )",
		strings.Repeat("keep;", 3000), strings.Repeat(" ", MaxScript+10) + "discard;", "keep; # " + strings.Repeat("x", MaxScript) + "\n discard;"} {
		got := Cut(s)
		if len(got) == 0 || !got[len(got)-1].Unread || got[len(got)-1].Why(own) == "" {
			t.Errorf("%.20q: %d rules, the last is not said to be unread", s, len(got))
		}
	}
	for _, s := range []string{"", " \r\n", "# only a comment\n", "/* x */"} {
		if got := Cut(s); len(got) != 0 {
			t.Errorf("%q: %+v", s, got)
		}
	}
}

func TestCutIsQuick(t *testing.T) {
	for _, s := range []string{strings.Repeat("(", MaxScript), strings.Repeat("if {", MaxScript/4), strings.Repeat("keep;", MaxScript/5), strings.Repeat("#\n", MaxScript/2),
		"x " + strings.Repeat(`"a",`, MaxScript/4), strings.Repeat("if a {} else {}", MaxScript/15), strings.Repeat("if a{}", 1) + strings.Repeat("elsif a{}", MaxScript/9), strings.Repeat("/*", MaxScript/2)} {
		start := time.Now()
		for _, r := range Cut(s) {
			r.Why(own)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%.20q...: %v", s, took)
		}
	}
}

func TestAnswers(t *testing.T) {
	ok := "\"a\" ACTIVE\r\n{3}\r\nb\"c\r\nOK (WARNINGS) \"fine\"\r\n"
	lines, err := readAnswer(bufio.NewReader(strings.NewReader(ok)))
	if err != nil || len(lines) != 2 || lines[0][0] != "a" || lines[0][1] != "ACTIVE" || lines[1][0] != "b\"c" {
		t.Errorf("%q, %v", lines, err)
	}
	var no *Refusal
	if _, err = readAnswer(bufio.NewReader(strings.NewReader("NO (NONEXISTENT) {5}\r\nthere\r\n"))); !errors.As(err, &no) || no.Code != "NONEXISTENT" || no.Text != "there" || no.Bye {
		t.Errorf("%+v, %v", no, err)
	}
	if _, err = readAnswer(bufio.NewReader(strings.NewReader("BYE\r\n"))); !errors.As(err, &no) || !no.Bye {
		t.Errorf("%+v, %v", no, err)
	}
	for _, s := range []string{"", "OK", "{99999999999}\r\n", "{x}\r\n", "{5}\r\nabc", "\"abc", strings.Repeat("\"a\"\r\n", 2000), strings.Repeat("a ", 100) + "\r\nOK\r\n", "{" + strings.Repeat("0", 100)} {
		if _, err := readAnswer(bufio.NewReader(strings.NewReader(s))); err == nil {
			t.Errorf("%.30q is an answer", s)
		}
	}
}

func FuzzCut(f *testing.F) {
	for _, c := range rules {
		f.Add(c.text + "\n\n" + rules[1].text)
	}
	f.Fuzz(func(t *testing.T, script string) {
		at := 0
		for _, r := range Cut(script) {
			if r.Start < at || r.End < r.Start || r.End > len(script) || r.Text != script[r.Start:r.End] {
				t.Fatalf("rule from %d to %d after %d", r.Start, r.End, at)
			}
			at = r.End
			r.Why(own)
			r.Includes()
			if len(Without(script, r)) > len(script)-len(r.Text) {
				t.Fatal("a script grows when a rule is taken out")
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add("\"a\" ACTIVE\r\n{3}\r\nabc\r\nOK (TAG {1}\r\nx) \"y\"\r\n")
	f.Add("NO (QUOTA/MAXSIZE) \"no\"\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		lines, err := readAnswer(bufio.NewReader(strings.NewReader(s)))
		if err == nil && !strings.Contains(strings.ToUpper(s), "OK") {
			t.Fatalf("%q without OK", lines)
		}
		for _, l := range lines {
			if len(l) == 0 || len(l) > maxWords {
				t.Fatalf("a line of %d words", len(l))
			}
		}
	})
}
