package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/remediate"
	"tocsin/internal/remediate/imap"
)

// Mailboxes is one mail system whose mailboxes Tocsin may act on. docs/guide/mailboxes.md says how to set one up.
type Mailboxes struct {
	Name         string        `koanf:"name"`
	Address      string        `koanf:"address"` // host:port of IMAP
	Domains      []string      `koanf:"domains"` // of the mailboxes; empty: organisation.domains
	TLS          string        `koanf:"tls"`     // tls ("", implicit), starttls, none
	CA           string        `koanf:"ca"`
	Plain        bool          `koanf:"plain"`   // none to other machines too
	SignIn       string        `koanf:"sign_in"` // master (""), authzid, oauth2
	User         string        `koanf:"user"`
	Password     string        `koanf:"password"`
	PasswordFile string        `koanf:"password_file"`
	Separator    string        `koanf:"separator"`
	LocalPart    bool          `koanf:"local_part"` // mailboxes are named without their domain
	TokenURL     string        `koanf:"token_url"`
	ClientID     string        `koanf:"client_id"`
	ClientSecret string        `koanf:"client_secret"`
	SecretFile   string        `koanf:"client_secret_file"`
	Scopes       []string      `koanf:"scopes"`
	Sieve        string        `koanf:"sieve"` // host:port of ManageSieve; empty: none
	SieveTLS     string        `koanf:"sieve_tls"`
	Connections  int           `koanf:"connections"`
	SignIns      int           `koanf:"sign_ins"` // a second
	Timeout      time.Duration `koanf:"timeout"`
	ReadOnly     bool          `koanf:"read_only"` // no action ever touches them
	Watching     `koanf:",squash"`
}

// options of the provider.
func (m Mailboxes) options(c Config) (imap.Options, error) {
	o := imap.Options{Name: m.Name, Address: m.Address, TLS: m.TLS, CA: m.CA, Plain: m.Plain, SignIn: m.SignIn, User: m.User, Password: m.Password,
		PasswordFile: m.PasswordFile, Separator: m.Separator, LocalPart: m.LocalPart, Sieve: m.Sieve, SieveTLS: m.SieveTLS, OwnDomains: c.Organisation.Domains,
		Connections: m.Connections, SignIns: float64(m.SignIns), Timeout: m.Timeout, MaxMessage: c.Intake.MaxMessage + 1<<20}
	if m.SignIn != imap.SignOAuth2 {
		return o, nil
	}
	var err error
	o.Token, err = imap.ClientCredentials{TokenURL: m.TokenURL, ClientID: m.ClientID, ClientSecret: m.ClientSecret, SecretFile: m.SecretFile, Scopes: m.Scopes}.Tokens()
	return o, err
}

// domains whose mailboxes lie there.
func (m Mailboxes) domains(c Config) []string {
	if len(m.Domains) == 0 {
		return c.Organisation.Domains
	}
	return m.Domains
}

// validateMailboxes also sees to it that every domain lies in one system.
func (c Config) validateMailboxes() error {
	where := map[string]string{}
	for i, m := range c.Mailboxes {
		key := fmt.Sprintf("config: mailboxes: number %d", i+1)
		if m.Name == "" {
			return fmt.Errorf("%s has no name; write name: Dovecot", key)
		}
		if slices.ContainsFunc(c.Mailboxes[:i], func(o Mailboxes) bool { return o.Name == m.Name }) {
			return fmt.Errorf("%s: there are two with the name %q", key, m.Name)
		}
		key = fmt.Sprintf("config: mailboxes: %s", m.Name)
		o, err := m.options(c)
		if err == nil {
			err = o.Check()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if err := m.Watching.validate(m); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if len(m.domains(c)) == 0 {
			return fmt.Errorf("%s: domains: whose mailboxes lie there? Write domains: [example.com], or organisation.domains", key)
		}
		for _, d := range m.domains(c) {
			if d = strings.ToLower(d); strings.ContainsAny(d, "@/: ") || !strings.Contains(d, ".") {
				return fmt.Errorf("%s: domains: %q is not a domain; write example.com", key, d)
			}
			if other, found := where[d]; found {
				return fmt.Errorf("%s: domains: the mailboxes of %s lie in %s already", key, d, other)
			}
			where[d] = m.Name
		}
	}
	return nil
}

// mailSystems finds the provider of a mailbox.
type mailSystems map[string]remediate.Provider // by domain, in lower case

// newMailboxes makes the providers of the settings. It does not connect.
func newMailboxes(c Config) (mailSystems, error) {
	out := mailSystems{}
	for _, m := range c.Mailboxes {
		if m.ReadOnly {
			continue
		}
		o, err := m.options(c)
		if err != nil {
			return nil, fmt.Errorf("mailboxes: %s: %w", m.Name, err)
		}
		p, err := imap.New(o)
		if err != nil {
			return nil, fmt.Errorf("mailboxes: %s: %w", m.Name, err)
		}
		for _, d := range m.domains(c) {
			out[strings.ToLower(d)] = p
		}
	}
	return out, nil
}

// For is the provider that reaches a mailbox, by the domain of its address. nil: none does.
func (s mailSystems) For(address string) remediate.Provider {
	p, found := s[strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])]
	if !found {
		return nil
	}
	return p
}
