// Package imap reaches mailboxes over IMAP (RFC 3501 and 9051): Dovecot, Cyrus and whatever speaks it and lets one user open the mailboxes
// of all, as a master user, by SASL's authorisation identity, or with OAuth2.
//
// A copy is named by its folder, the folder's UIDVALIDITY and its UID, which together never name another message (RFC 3501 section
// 2.3.1.1); every step selects the folder anew and compares. The protocol itself is github.com/emersion/go-imap, which this package alone
// knows. What that library leaves open is bounded here: octets and time of every command, the number of folders, candidates and
// connections. A server that answers nonsense costs one connection.
package imap

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tocsin/internal/outbound"
	"tocsin/internal/remediate"
)

// Ways to sign in.
const (
	SignMaster  = "master"  // as ADDRESS*USER with the password of USER
	SignAuthzid = "authzid" // SASL PLAIN (RFC 4616): USER's password, to act as ADDRESS
	SignOAuth2  = "oauth2"  // OAUTHBEARER (RFC 7628) or XOAUTH2 with a token
)

// Ways to keep the connection secret.
const (
	TLSImplicit = "tls"
	TLSStart    = "starttls"
	TLSNone     = "none" // to this machine alone, unless Plain
)

// Options of one mail system.
type Options struct {
	Name    string // what people call it
	Address string // host:port
	TLS     string // TLSImplicit ("") and so on
	CA      string // PEM file of the authority that signed the server's certificate; "": those of this machine
	Plain   bool   // TLSNone to other machines too

	SignIn   string // SignMaster ("") and so on
	User     string
	Password string
	// PasswordFile holds it instead; it is read at each sign-in, so that a new one needs no restart.
	PasswordFile string
	Separator    string // between address and user; "": *
	LocalPart    bool   // mailboxes are named by what stands before the @
	// Token is asked for an access token for a mailbox. fresh: the last one was refused.
	Token func(ctx context.Context, address string, fresh bool) (string, error)

	Sieve      string   // host:port of ManageSieve (RFC 5804); "": first aid is not offered
	SieveTLS   string   // TLSStart ("") and so on
	OwnDomains []string // rules that send mail elsewhere are suspicious

	Connections int           // at once; 0: 8
	SignIns     float64       // a second; 0: 20
	Timeout     time.Duration // of one command; 0: 60 s. Fetch and Append may take five times as long
	MaxMessage  int64         // octets of a message; 0: 64 MB
	Pause       time.Duration // after a failed connection, doubled up to a minute; 0: 1 s
}

// Bounds of what a mailbox may hold for us.
const (
	maxFolders    = 5000
	maxCandidates = 500
	maxFlags      = 100
	mostPause     = time.Minute
)

// Provider reaches the mailboxes of one mail system.
type Provider struct {
	o     Options
	tls   *tls.Config
	slots chan struct{}
	rate  *rate.Limiter

	mu    sync.Mutex
	pause time.Duration // the last one; 0: the server answered
	until time.Time     // no connection before
}

var (
	_ remediate.Provider = (*Provider)(nil)
	_ remediate.Mailbox  = (*mailbox)(nil)
	_ remediate.Mailbox  = (*aided)(nil)
	_ remediate.FirstAid = (*aided)(nil)
)

// withDefaults fills what was left out.
func (o Options) withDefaults() Options {
	o.TLS = cmp.Or(o.TLS, TLSImplicit)
	o.SieveTLS = cmp.Or(o.SieveTLS, TLSStart)
	o.SignIn = cmp.Or(o.SignIn, SignMaster)
	o.Separator = cmp.Or(o.Separator, "*")
	o.Connections = cmp.Or(o.Connections, 8)
	o.SignIns = cmp.Or(o.SignIns, 20)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	o.MaxMessage = cmp.Or(o.MaxMessage, 64<<20)
	o.Pause = cmp.Or(o.Pause, time.Second)
	return o
}

// Check says what is wrong with the options: the key of the settings, and what would be right. It reads no file.
func (o Options) Check() error {
	o = o.withDefaults()
	if err := checkServer("address", "tls", o.Address, o.TLS, "993", o.Plain); err != nil {
		return err
	}
	switch {
	case o.SignIn != SignMaster && o.SignIn != SignAuthzid && o.SignIn != SignOAuth2:
		return fmt.Errorf("sign_in: %q is unknown; one of master, authzid, oauth2", o.SignIn)
	case o.SignIn == SignOAuth2 && o.Token == nil:
		return errors.New("token_url: oauth2 needs somewhere to get tokens from")
	case o.SignIn != SignOAuth2 && o.User == "":
		return errors.New("user: a user who may open all mailboxes is needed")
	case o.SignIn != SignOAuth2 && o.Password == "" && o.PasswordFile == "":
		return errors.New("password_file: the password of that user is needed")
	case o.Password != "" && o.PasswordFile != "":
		return errors.New("password: give password or password_file, not both")
	case len(o.Separator) > 10 || strings.ContainsAny(o.Separator, "\r\n\x00"):
		return fmt.Errorf("separator: %q is none; write *", o.Separator)
	case o.Connections < 1 || o.Connections > 1000:
		return fmt.Errorf("connections: %d is out of bounds; 1 to 1000", o.Connections)
	case o.SignIns < 0 || o.SignIns > 10_000:
		return fmt.Errorf("sign_ins: %v is out of bounds; 1 to 10000 a second", o.SignIns)
	case o.Timeout < 0 || o.Timeout > time.Hour:
		return fmt.Errorf("timeout: %s is out of bounds; 1s to 1h", o.Timeout)
	}
	if o.Sieve == "" {
		return nil
	}
	return checkServer("sieve", "sieve_tls", o.Sieve, o.SieveTLS, "4190", o.Plain)
}

func checkServer(key, tlsKey, address, how, port string, plain bool) error {
	host, _, err := net.SplitHostPort(address)
	switch {
	case err != nil || host == "":
		return fmt.Errorf("%s: %q is not host:port; write imap.example.com:%s", key, address, port)
	case how != TLSImplicit && how != TLSStart && how != TLSNone:
		return fmt.Errorf("%s: %q is unknown; one of tls, starttls, none", tlsKey, how)
	case how == TLSNone && !plain && !loopback(host):
		return fmt.Errorf("%s: %s is another machine, and passwords and mail would cross the network unencrypted; use tls or starttls", tlsKey, host)
	}
	return nil
}

// New checks the options. It does not connect.
func New(o Options) (*Provider, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	host, _, _ := net.SplitHostPort(o.Address)
	p := &Provider{o: o, slots: make(chan struct{}, o.Connections), rate: rate.NewLimiter(rate.Limit(o.SignIns), max(1, int(o.SignIns))),
		tls: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}}
	if o.CA != "" {
		var err error
		if p.tls.RootCAs, err = outbound.Roots(o.CA); err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
	}
	return p, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Name is "imap".
func (p *Provider) Name() string { return "imap" }

// Open waits for its turn, connects, signs in to the mailbox and lists its folders.
func (p *Provider) Open(ctx context.Context, address string) (remediate.Mailbox, error) {
	login, err := p.login(address)
	if err != nil {
		return nil, err
	}
	if err := p.paused(); err != nil {
		return nil, err
	}
	if err := p.rate.Wait(ctx); err != nil {
		return nil, overloaded("the limit of sign-ins a second leaves no time for this one", err)
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var m *mailbox
	if err = p.paused(); err == nil { // it may have begun while we waited
		m, err = p.open(ctx, address, login)
	}
	if err != nil {
		<-p.slots
		return nil, err
	}
	if p.o.Sieve != "" {
		return &aided{m}, nil
	}
	return m, nil
}

func (p *Provider) open(ctx context.Context, address, login string) (*mailbox, error) {
	link, err := p.dial(ctx)
	p.answered(err)
	if err != nil {
		return nil, err
	}
	m := &mailbox{p: p, link: link, address: address, login: login}
	if err = m.signIn(ctx); err == nil {
		err = m.list(ctx)
	}
	if err != nil {
		m.link.close()
		return nil, err
	}
	return m, nil
}

// login is the name by which a mailbox is known there. Addresses come from mail: what could end a name, or begin another, is none.
func (p *Provider) login(address string) (string, error) {
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" || domain == "" || len(address) > 320 || strings.Contains(address, p.o.Separator) ||
		strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`"\%(){}@`, r) && r != '@' }) || strings.Contains(domain, "@") {
		return "", fmt.Errorf("%.100q is no address of a mailbox: %w", address, remediate.ErrNoMailbox)
	}
	if p.o.LocalPart {
		return local, nil
	}
	return address, nil
}

// paused reports whether the server is left alone for now.
func (p *Provider) paused() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left := time.Until(p.until); left > 0 {
		return fmt.Errorf("%s could not be had; Tocsin tries again in %s: %w", p.o.Name, left.Round(time.Second/10), remediate.ErrOverloaded)
	}
	return nil
}

// answered remembers whether the server took the connection.
func (p *Provider) answered(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !errors.Is(err, remediate.ErrOverloaded) {
		p.pause = 0
		return
	}
	if time.Now().Before(p.until) {
		return // connections that break together are one failure
	}
	p.pause = min(max(2*p.pause, p.o.Pause), mostPause)
	p.until = time.Now().Add(p.pause)
}

// mailbox is one open mailbox.
type mailbox struct {
	p       *Provider
	link    *link
	address string
	login   string
	folders []folder
	listed  time.Time // zero: the list may be wrong
	once    sync.Once
}

// ready signs in again when the connection was given up.
func (m *mailbox) ready(ctx context.Context) error {
	if !m.link.dead {
		return nil
	}
	if err := m.p.paused(); err != nil {
		return err
	}
	link, err := m.p.dial(ctx)
	m.p.answered(err)
	if err != nil {
		return err
	}
	m.link, m.listed = link, time.Time{}
	if err := m.signIn(ctx); err != nil {
		m.link.close()
		return err
	}
	return nil
}

// Close signs out. It does not wait for a server that does not answer.
func (m *mailbox) Close() error {
	m.once.Do(func() {
		m.link.logout()
		<-m.p.slots
	})
	return nil
}
