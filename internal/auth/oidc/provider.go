// Package oidc is sign-in through an OpenID Connect provider: the authorization code flow with PKCE (RFC 7636, S256), as OpenID Connect
// Core 1.0 section 3.1 and RFC 9700 ask for it.
//
// Begin makes the address to send the browser to, and what must be remembered of it; Finish takes what the browser came back with,
// redeems the code, and answers who it is: issuer and subject, and what the provider says of them. Nobody is looked up here and nothing
// is kept; package auth decides what an identity may do. Everything that a provider answers is bounded, and no redirect is followed.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"tocsin/internal/auth"
)

// Config of one provider.
type Config struct {
	Name         string // as people call it: "Sign in with NAME"
	Issuer       string // https, or http on a loopback address
	ClientID     string
	Secret       func() (string, error) // nil: a public client
	Scopes       []string
	GroupsClaim  string   // a claim, or a path into one with dots
	SecondFactor []string // values of acr or amr that prove a second factor; AnySecondFactor: every sign-in there does
	TrustEmail   bool     // addresses count as verified when the provider does not say so
	Redirect     string   // where the provider sends the browser back to, exactly
	AfterSignOut string   // where it sends the browser after signing out there
	Now          func() time.Time
}

// AnySecondFactor is the value of SecondFactor for a provider that asks everybody for one and does not say so.
const AnySecondFactor = "*"

const (
	answerTime  = 10 * time.Second
	signOutTime = 2 * time.Second
	answerSize  = 1 << 20
	knownLife   = time.Hour        // of what a provider says of itself
	failureLife = 10 * time.Second // before a provider that did not answer is asked again
	clockSkew   = time.Minute      // between the provider's clock and ours
)

// Provider is one, reached over the network. Use New.
type Provider struct {
	cfg    Config
	client *http.Client

	last atomic.Pointer[known] // what it said when it last answered

	mu     sync.Mutex
	known  *known
	until  time.Time // of known, or of failed
	failed error
}

// known is what a provider says of itself (OpenID Connect Discovery 1.0, RP-Initiated Logout 1.0, RFC 9207).
type known struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	signOut  string
	sendsIss bool
}

// New checks the addresses and asks nothing yet.
func New(c Config) (*Provider, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || !mayBePlain(u) {
		return nil, fmt.Errorf("%q is not an issuer; write https://login.example.com, or http:// for one on this machine", c.Issuer)
	}
	if c.Name == "" {
		c.Name = u.Hostname()
	}
	if !slices.Contains(c.Scopes, oidc.ScopeOpenID) {
		c.Scopes = append([]string{oidc.ScopeOpenID}, c.Scopes...)
	}
	return &Provider{cfg: c, client: &http.Client{
		Timeout:       answerTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     bounded{&http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSHandshakeTimeout: answerTime}},
	}}, nil
}

// mayBePlain reports whether an address is https, or http that does not leave this machine.
func mayBePlain(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// bounded cuts answers off.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, answerSize), res.Body}
	}
	return res, err
}

// Name as people call it.
func (p *Provider) Name() string { return p.cfg.Name }

// Issuer of its identities.
func (p *Provider) Issuer() string { return p.cfg.Issuer }

// discover reads what the provider says of itself, at most once an hour.
func (p *Provider) discover(ctx context.Context) (*known, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.cfg.Now()
	if now.Before(p.until) {
		return p.known, p.failed
	}
	k, err := p.ask(ctx)
	if err != nil {
		p.known, p.failed, p.until = nil, &auth.ProviderDown{Name: p.cfg.Name, Err: err}, now.Add(failureLife)
		if ctx.Err() != nil { // whoever asked went away; that says nothing of the provider
			p.until = now
		}
		return nil, p.failed
	}
	p.known, p.failed, p.until = k, nil, now.Add(knownLife)
	p.last.Store(k)
	return k, nil
}

func (p *Provider) ask(ctx context.Context) (*known, error) {
	op, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.cfg.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		SignOut  string   `json:"end_session_endpoint"`
		SendsIss bool     `json:"authorization_response_iss_parameter_supported"`
		Keys     string   `json:"jwks_uri"`
		Algs     []string `json:"id_token_signing_alg_values_supported"`
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := op.Claims(&more); err != nil {
		return nil, err
	}
	endpoint := op.Endpoint()
	for name, address := range map[string]string{"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL, "jwks_uri": more.Keys, "userinfo_endpoint": op.UserInfoEndpoint(), "end_session_endpoint": more.SignOut} {
		optional := name == "userinfo_endpoint" || name == "end_session_endpoint"
		if u, err := url.Parse(address); !(optional && address == "") && (err != nil || u.Host == "" || !mayBePlain(u) || u.Scheme == "http" && strings.HasPrefix(p.cfg.Issuer, "https:")) {
			return nil, fmt.Errorf("its %s is %q, which is not a safe address", name, address)
		}
	}
	// One way of showing the secret, and not one after the other: a code that is sent twice counts as stolen.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.cfg.Secret == nil || len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &known{
		provider: op,
		verifier: op.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, SupportedSigningAlgs: signatures(more.Algs), Now: p.cfg.Now}),
		oauth:    oauth2.Config{ClientID: p.cfg.ClientID, Endpoint: endpoint, RedirectURL: p.cfg.Redirect, Scopes: p.cfg.Scopes},
		signOut:  more.SignOut, sendsIss: more.SendsIss,
	}, nil
}

// signatures are the algorithms of the provider with a public key: "none", and keyed hashes whose key is the client's secret, are none.
func signatures(offered []string) []string {
	good := []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}
	out := slices.DeleteFunc(slices.Clone(good), func(a string) bool { return !slices.Contains(offered, a) })
	if len(out) == 0 {
		return []string{oidc.RS256}
	}
	return out
}

// Flow is what has to be remembered between Begin and Finish, in the browser that began and nowhere else.
type Flow struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Again    bool      `json:"again"` // the person had to sign in anew
	Began    time.Time `json:"began"`
}

// Begin returns where to send the browser. With again, the provider is to ask the person anew, and for a second factor where it knows one.
func (p *Provider) Begin(ctx context.Context, again bool) (address string, f Flow, err error) {
	k, err := p.discover(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	f = Flow{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier(), Again: again, Began: p.cfg.Now()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if again {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	if levels := p.levels(); levels != "" {
		options = append(options, oauth2.SetAuthURLParam("acr_values", levels))
	}
	return k.oauth.AuthCodeURL(f.State, options...), f, nil
}

// levels are the values that can be asked for: those of amr (RFC 8176) cannot.
func (p *Provider) levels() string {
	methods := []string{"face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms", "swk", "tel", "user", "vbm", "wia", AnySecondFactor}
	return strings.Join(slices.DeleteFunc(slices.Clone(p.cfg.SecondFactor), func(v string) bool { return slices.Contains(methods, v) }), " ")
}

// Answer is what the provider sent the browser back with.
type Answer struct {
	State, Code, Issuer, Error, Description string
}

// Finish redeems the code. A refusal comes as *auth.ProviderRefused, in words.
func (p *Provider) Finish(ctx context.Context, f Flow, a Answer) (auth.Identity, error) {
	if subtle.ConstantTimeCompare([]byte(a.State), []byte(f.State)) != 1 || f.State == "" {
		return auth.Identity{}, p.refuse("this answer belongs to another sign-in; begin again")
	}
	k, err := p.discover(ctx)
	if err != nil {
		return auth.Identity{}, err
	}
	if a.Issuer != "" && a.Issuer != p.cfg.Issuer || a.Issuer == "" && k.sendsIss { // RFC 9207: another provider's answer
		return auth.Identity{}, p.refuse("this answer is not from %s", p.cfg.Name)
	}
	if a.Error != "" {
		return auth.Identity{}, p.refuse("%s", p.said(a))
	}
	if a.Code == "" {
		return auth.Identity{}, p.refuse("%s sent no code", p.cfg.Name)
	}
	raw, token, err := p.redeem(ctx, k, f, a.Code)
	if err != nil {
		return auth.Identity{}, err
	}
	verified, err := k.verifier.Verify(ctx, raw)
	if err != nil {
		return auth.Identity{}, p.badToken(err)
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(f.Nonce)) != 1 || f.Nonce == "":
		return auth.Identity{}, p.refuse("the ID token of %s was made for another sign-in (its nonce differs)", p.cfg.Name)
	case verified.AccessTokenHash != "" && verified.VerifyAccessToken(token.AccessToken) != nil:
		return auth.Identity{}, p.refuse("the ID token of %s does not belong to its access token", p.cfg.Name)
	case verified.Subject == "" || len(verified.Subject) > 255:
		return auth.Identity{}, p.refuse("the ID token of %s names nobody", p.cfg.Name)
	}
	c, err := p.claims(ctx, k, verified, token)
	if err != nil {
		return auth.Identity{}, err
	}
	if (len(verified.Audience) > 1 || c.Party != "") && c.Party != p.cfg.ClientID { // OpenID Connect Core 3.1.3.7, steps 4 and 5
		return auth.Identity{}, p.refuse("the ID token of %s was made for another program (azp)", p.cfg.Name)
	}
	id := p.identity(verified.Subject, c)
	if f.Again {
		if id.Proven.IsZero() || id.Proven.Before(f.Began.Add(-clockSkew)) {
			return auth.Identity{}, p.refuse("%s did not ask you to sign in again (auth_time)", p.cfg.Name)
		}
		if len(p.cfg.SecondFactor) > 0 && !id.Factor {
			return auth.Identity{}, p.refuse("%s did not say that you showed a second factor (acr, amr)", p.cfg.Name)
		}
	}
	return id, nil
}

func (p *Provider) redeem(ctx context.Context, k *known, f Flow, code string) (raw string, token *oauth2.Token, err error) {
	o := k.oauth
	if p.cfg.Secret != nil {
		if o.ClientSecret, err = p.cfg.Secret(); err != nil {
			return "", nil, err
		}
	}
	token, err = o.Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(f.Verifier))
	var said *oauth2.RetrieveError
	switch {
	case errors.As(err, &said) && said.ErrorCode != "":
		return "", nil, p.refuse("%s", p.said(Answer{Error: said.ErrorCode, Description: said.ErrorDescription}))
	case err != nil:
		return "", nil, &auth.ProviderDown{Name: p.cfg.Name, Err: err}
	}
	raw, _ = token.Extra("id_token").(string)
	if raw == "" {
		return "", nil, p.refuse("%s sent no ID token", p.cfg.Name)
	}
	return raw, token, nil
}

// badToken says what is wrong with an ID token, in words.
func (p *Provider) badToken(err error) error {
	var expired *oidc.TokenExpiredError
	text := err.Error()
	switch {
	case errors.As(err, &expired):
		return p.refuse("the ID token of %s is over since %s; look at the clocks of both machines", p.cfg.Name, expired.Expiry.UTC().Format(time.RFC3339))
	case strings.Contains(text, "fetching keys"):
		return &auth.ProviderDown{Name: p.cfg.Name, Err: err}
	case strings.Contains(text, "different provider"):
		return p.refuse("the ID token is of another issuer than %s", p.cfg.Issuer)
	case strings.Contains(text, "expected audience"):
		return p.refuse("the ID token of %s was made for another program (aud)", p.cfg.Name)
	}
	return p.refuse("the ID token of %s is not signed as it must be", p.cfg.Name)
}

func (p *Provider) refuse(format string, args ...any) error {
	return &auth.ProviderRefused{Msg: fmt.Sprintf(format, args...)}
}

// said puts an error of the provider into words: RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6.
func (p *Provider) said(a Answer) string {
	words := map[string]string{
		"access_denied":           "the sign-in was broken off there, or you are not let into Tocsin there",
		"login_required":          "it wants you to sign in there first",
		"interaction_required":    "it wants something of you that it could not ask",
		"temporarily_unavailable": "it is overloaded; try again in a moment",
		"server_error":            "something went wrong there",
		"invalid_grant":           "the code is used up, too old, or of another sign-in; begin again",
		"invalid_client":          "it does not know Tocsin by this client id and secret",
		"unauthorized_client":     "it does not let Tocsin sign people in this way",
		"invalid_scope":           "it does not know a scope that Tocsin asks for",
	}[a.Error]
	if words == "" {
		words = "error " + plain(a.Error, 60)
	}
	if d := plain(a.Description, 300); d != "" {
		words += " (" + d + ")"
	}
	return p.cfg.Name + " says: " + words
}

// plain cuts a text of the provider to what can be shown in a line.
func plain(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	if runes := []rune(strings.Join(strings.Fields(s), " ")); len(runes) > most {
		return string(runes[:most]) + "…"
	} else {
		return string(runes)
	}
}

// SignOutURL is where the browser can be sent to sign out there too; "" when the provider offers none. It asks only a provider that never
// answered yet, and not for long.
func (p *Provider) SignOutURL(ctx context.Context) string {
	k := p.last.Load()
	if k == nil {
		ctx, cancel := context.WithTimeout(ctx, signOutTime)
		defer cancel()
		k, _ = p.discover(ctx) // one that does not answer offers nothing
	}
	if k == nil || k.signOut == "" {
		return ""
	}
	u, err := url.Parse(k.signOut)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("client_id", p.cfg.ClientID)
	q.Set("post_logout_redirect_uri", p.cfg.AfterSignOut)
	u.RawQuery = q.Encode()
	return u.String()
}

// Check asks the provider for what it says of itself, and reads the secret.
func (p *Provider) Check(ctx context.Context) error {
	if p.cfg.Secret != nil {
		if _, err := p.cfg.Secret(); err != nil {
			return err
		}
	}
	_, err := p.ask(ctx)
	return err
}

func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
