package detonate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/internal/detect"
	"tocsin/internal/email"
	"tocsin/internal/intel"
	"tocsin/internal/scan"
	"tocsin/internal/scan/page"
	"tocsin/internal/scan/scantest"
)

// shelf is a Store in memory.
type shelf map[string]Known

func (s shelf) SaveAnswer(_ context.Context, k Known) error {
	s[k.About+"|"+k.Engine] = k
	return nil
}

func (s shelf) Answers(_ context.Context, about []string) (out []Known, _ error) {
	for _, a := range about {
		for key, k := range s {
			if strings.HasPrefix(key, a+"|") {
				out = append(out, k)
			}
		}
	}
	return out, nil
}

// box is a sandbox whose answers a test sets.
type box struct {
	submitted int
	answer    scan.Answer
	done      bool
	err       error
}

func (*box) Name() string { return "Box" }
func (b *box) Submit(context.Context, string, []byte) (string, error) {
	b.submitted++
	return "7", b.err
}
func (b *box) Result(context.Context, string) (scan.Answer, bool, error) {
	a := b.answer
	a.Engine, a.Kind, a.Run = "Box", scan.KindSandbox, true
	return a, b.done, b.err
}

type pages struct {
	seen   page.Seen
	err    error
	opened []string
}

func (p *pages) Visit(_ context.Context, link string) (page.Seen, error) {
	p.opened = append(p.opened, link)
	return p.seen, p.err
}

func lab(b *box, p *pages) (*Lab, *time.Time) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	l := &Lab{Store: shelf{}, Brands: intel.ShippedBrands(), Hosts: intel.ShippedHosts(), Now: func() time.Time { return now }}
	if b != nil {
		l.Sandboxes = []scan.Sandbox{b}
	}
	if p != nil {
		l.Pages = p
	}
	return l, &now
}

func mail(body string) *email.Message {
	return email.Parse([]byte("From: Desk <desk@sender.example>\r\nTo: maren@northwind.example\r\nSubject: Papers\r\nList-Unsubscribe: <https://lists.example/u>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"+body+"\r\n--b\r\nContent-Type: application/octet-stream; name=x.js\r\n"+
		"Content-Disposition: attachment; filename=x.js\r\n\r\nvar a = 1;\r\n--b--\r\n"), email.Limits{})
}

func verdict(score int) detect.Verdict {
	return detect.Verdict{Score: score, Scores: map[detect.Threat]int{detect.Phish: score}}
}

func TestFileIsRunOnceAndItsAnswerKept(t *testing.T) {
	b := &box{}
	l, now := lab(b, nil)
	m := mail("papers")
	try := func(wantNews, wantAgain bool) {
		t.Helper()
		news, again, err := l.Try(t.Context(), m, nil, verdict(30))
		if err != nil || news != wantNews || again > 0 != wantAgain {
			t.Fatalf("news %v, again %s, %v", news, again, err)
		}
	}
	if l.Wants(m, verdict(5)) || !l.Wants(m, verdict(30)) {
		t.Error("a harmless message is tried, or a suspicious one is not")
	}
	try(false, true) // handed over
	try(false, true) // still runs
	b.done, b.answer = true, scan.Answer{Threat: "Loader", At: *now}
	try(true, false)
	try(false, false) // known
	if b.submitted != 1 {
		t.Errorf("submitted %d times", b.submitted)
	}
	if a := l.Answers(t.Context(), m); len(a) != 1 || a[0].Threat != "Loader" || a[0].File != "x.js" || !a[0].Run {
		t.Errorf("answers %+v", a)
	}
	*now = now.Add(holds + time.Hour)
	b.done = false
	try(false, true)
	if b.submitted != 2 {
		t.Errorf("submitted %d times after the answer was old", b.submitted)
	}
}

// names are those of the files that are run of a message with one more file, when the mail says text.
func names(text, name string, content []byte) string {
	m := email.Parse(scantest.Mail("text/plain", text, scantest.File{Name: "a.pdf", Content: []byte("%PDF-1.4")}, scantest.File{Name: name, Content: content}), email.Limits{})
	r := scan.Open(context.Background(), m, scan.Limits{Hold: scan.HoldAll})
	var out []string
	for _, f := range files(m, r.Held, verdict(30)) {
		out = append(out, f.name)
	}
	return strings.Join(out, " ")
}

func TestInnerFilesAreRun(t *testing.T) {
	run, note := scantest.Entry{Name: "run.js", Data: "// runs"}, scantest.Entry{Name: "note.txt", Data: "nothing"}
	for _, c := range []struct {
		text, name string
		content    []byte
		want       string
	}{
		{"papers", "offer.zip", scantest.Zip(run, note), "a.pdf offer.zip run.js"},
		{"The password is Tern77!", "offer.zip", scantest.LockedZip("Tern77!", true, run), "run.js a.pdf offer.zip"},
		{"papers", "offer.zip", scantest.LockedZip("Tern77!", true, run), "a.pdf offer.zip"},
	} {
		if got := names(c.text, c.name, c.content); got != c.want {
			t.Errorf("%s, %q: %s, want %s", c.name, c.text, got, c.want)
		}
	}
}

func TestAnswerNamesTheWay(t *testing.T) {
	b := &box{}
	l, now := lab(b, nil)
	m := email.Parse(scantest.Mail("text/plain", "The password is Tern77!", scantest.File{Name: "offer.zip", Content: scantest.LockedZip("Tern77!", true, scantest.Entry{Name: "run.js", Data: "// runs"})}), email.Limits{})
	held := scan.Open(t.Context(), m, scan.Limits{Hold: scan.HoldAll}).Held
	for range 2 {
		if _, _, err := l.Try(t.Context(), m, held, verdict(30)); err != nil {
			t.Fatal(err)
		}
		b.done, b.answer = true, scan.Answer{Threat: "Loader", At: *now}
	}
	ways := map[string]bool{}
	for _, a := range l.Answers(t.Context(), m) {
		ways[a.File] = true
	}
	if !ways["offer.zip > run.js"] {
		t.Errorf("answers about %v", ways)
	}
}

func TestSandboxThatFails(t *testing.T) {
	b := &box{err: errors.New("away")}
	l, now := lab(b, nil)
	m := mail("papers")
	if _, _, err := l.Try(t.Context(), m, nil, verdict(30)); err == nil {
		t.Error("a sandbox that is away is no error")
	}
	b.err = nil
	if _, again, err := l.Try(t.Context(), m, nil, verdict(30)); err != nil || again == 0 {
		t.Errorf("not tried again: %v", err)
	}
	*now = now.Add(patience + time.Minute)
	if news, again, err := l.Try(t.Context(), m, nil, verdict(30)); news || again > 0 || err != nil {
		t.Errorf("a task that does not end: %v %s %v", news, again, err)
	}
	if a := l.Answers(t.Context(), m); len(a) != 0 {
		t.Errorf("answers %+v", a)
	}
}

func TestLinksWorthOpening(t *testing.T) {
	l, _ := lab(nil, &pages{})
	m := mail(`<a href="https://one.example/a">x</a> <a href="https://one.example/b">same host</a> <a href="https://www.paypal.com/x">brand</a>
		<a href="https://two.example/unsubscribe?u=1">leave</a> <a href="mailto:a@b.example">mail</a> <a href="https://tinyurl.com/abc">short</a> <a href="https://three.example/x">Unsubscribe</a>`)
	got := strings.Join(l.links(m, verdict(30)), " ")
	if want := "https://one.example/a https://tinyurl.com/abc"; got != want {
		t.Errorf("links %s, want %s", got, want)
	}
}

func TestPageThatDeceives(t *testing.T) {
	for name, c := range map[string]struct {
		seen page.Seen
		want string
	}{
		"brand elsewhere":     {page.Seen{Final: "https://signin.example/l", Title: "Microsoft - Sign in", Passwords: 1}, "under the name of Microsoft"},
		"brand itself":        {page.Seen{Final: "https://login.microsoftonline.com/l", Title: "Microsoft - Sign in", Passwords: 1}, ""},
		"no password":         {page.Seen{Final: "https://news.example/l", Title: "Microsoft buys a harbour"}, ""},
		"rented":              {page.Seen{Final: "https://mail-77.web.app/", Title: "Sign in", Passwords: 1}, "anybody can put up"},
		"sender's own":        {page.Seen{Final: "https://portal.sender.example/", Title: "Sign in", Passwords: 1}, ""},
		"sends it elsewhere":  {page.Seen{Final: "https://portal.other.example/", Title: "Sign in", Passwords: 1, Actions: []string{"https://collect.evil.example/p"}}, "sends a password"},
		"stranger's sign-in":  {page.Seen{Final: "https://portal.other.example/", Title: "Sign in", Passwords: 1, Actions: []string{"https://portal.other.example/p"}}, ""},
		"hands out a program": {page.Seen{Final: "https://files.other.example/x", Download: "invoice.iso"}, "hands out a program"},
	} {
		p := &pages{seen: c.seen}
		l, _ := lab(nil, p)
		news, _, err := l.Try(t.Context(), mail(`<a href="https://one.example/a">x</a>`), nil, verdict(30))
		got := ""
		if a := l.Answers(t.Context(), mail(`<a href="https://one.example/a">x</a>`)); len(a) > 0 {
			got = a[0].Threat
		}
		if err != nil || news != (c.want != "") || !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, news %v, %v", name, got, news, err)
		}
		if _, _, _ = l.Try(t.Context(), mail(`<a href="https://one.example/a">x</a>`), nil, verdict(30)); len(p.opened) != 1 {
			t.Errorf("%s: opened %v", name, p.opened)
		}
	}
}
