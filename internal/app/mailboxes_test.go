package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func loadText(t *testing.T, text string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tocsin.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, nil, nil)
}

func TestMailboxes(t *testing.T) {
	c, err := loadText(t, `organisation:
  domains: [own.example]
mailboxes:
  - {name: Dovecot, address: 'imap.own.example:993', user: tocsin, password_file: /run/secret, sieve: 'imap.own.example:4190', timeout: 30s}
  - name: Cloud
    address: imap.cloud.example:993
    domains: [Other.example]
    sign_in: oauth2
    token_url: https://login.cloud.example/token
    client_id: tocsin
    client_secret_file: /run/other
    scopes: [imap]
`)
	if err != nil {
		t.Fatal(err)
	}
	if c.Mailboxes[0].Timeout != 30*time.Second {
		t.Errorf("timeout: %v", c.Mailboxes[0].Timeout)
	}
	systems, err := newMailboxes(c)
	if err != nil {
		t.Fatal(err)
	}
	one, other := systems.For("Ada@OWN.example"), systems.For("bo@other.example")
	if one == nil || other == nil || one == other || systems.For("x@sub.own.example") != nil || systems.For("nonsense") != nil {
		t.Errorf("providers: %v, %v", one, other)
	}
}

func TestWrongMailboxes(t *testing.T) {
	const good = "name: D, address: 'imap.own.example:993', user: u, password: p, domains: [own.example]"
	for name, c := range map[string]struct{ entry, want string }{
		"no name":         {"address: x", "has no name"},
		"no address":      {"name: D", "imap.example.com:993"},
		"no user":         {"name: D, address: 'a.example:993'", "user:"},
		"no password":     {"name: D, address: 'a.example:993', user: u", "password_file:"},
		"two passwords":   {good + ", password_file: f", "not both"},
		"plain":           {good + ", tls: none", "tls: imap.own.example is another machine"},
		"unknown tls":     {good + ", tls: ssl", "one of tls, starttls, none"},
		"unknown sign-in": {good + ", sign_in: magic", "one of master, authzid, oauth2"},
		"no token":        {"name: D, address: 'a.example:993', sign_in: oauth2", "token_url:"},
		"plain tokens":    {"name: D, address: 'a.example:993', sign_in: oauth2, token_url: 'http://a.example/'", "token_url:"},
		"no domains":      {"name: D, address: 'a.example:993', user: u, password: p", "domains:"},
		"a wrong domain":  {"name: D, address: 'a.example:993', user: u, password: p, domains: [x]", "example.com"},
		"twice":           {good + "}\n  - {" + strings.Replace(good, "name: D", "name: E", 1), "lie in D already"},
		"two names":       {good + "}\n  - {" + good, "two with the name"},
		"sieve":           {good + ", sieve: here", "sieve:"},
		"connections":     {good + ", connections: -1", "connections:"},
		"unknown key":     {good + ", pasword: x", "pasword"},
		"wrong duration":  {good + ", timeout: soon", "timeout"},
	} {
		if _, err := loadText(t, "mailboxes:\n  - {"+c.entry+"}\n"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
