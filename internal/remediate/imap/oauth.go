package imap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// ClientCredentials say where access tokens come from (RFC 6749 section 4.4): one token of Tocsin's own opens all mailboxes.
type ClientCredentials struct {
	TokenURL     string // https://..., or http:// on this machine
	ClientID     string
	ClientSecret string
	SecretFile   string // holds it instead; it is read when a token is asked for
	Scopes       []string
	Client       *http.Client // nil: one with a time limit that follows no redirects
}

// tokenAge is how old a refused token must be for another one to be asked for: an unknown mailbox is refused too.
const tokenAge = time.Minute

// Tokens is a source for Options.Token. It keeps a token until it ends.
func (c ClientCredentials) Tokens() (func(ctx context.Context, address string, fresh bool) (string, error), error) {
	u, err := url.Parse(c.TokenURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return nil, fmt.Errorf("token_url: %q is no place to get tokens from; write https://login.example.com/oauth2/token", c.TokenURL)
	case c.ClientID == "":
		return nil, errors.New("client_id: the id under which Tocsin is known there is needed")
	case (c.ClientSecret == "") == (c.SecretFile == ""):
		return nil, errors.New("client_secret_file: give client_secret or client_secret_file, one of them")
	}
	client := c.Client
	if client == nil {
		client = &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	var mu sync.Mutex
	var token *oauth2.Token
	var since time.Time
	return func(ctx context.Context, _ string, fresh bool) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if token.Valid() && (!fresh || time.Since(since) < tokenAge) {
			return token.AccessToken, nil
		}
		clientSecret := c.ClientSecret
		if clientSecret == "" {
			var err error
			if clientSecret, err = secret(c.SecretFile); err != nil {
				return "", err
			}
		}
		cfg := clientcredentials.Config{ClientID: c.ClientID, ClientSecret: clientSecret, TokenURL: c.TokenURL, Scopes: c.Scopes}
		t, err := cfg.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err != nil {
			return "", err
		}
		if t.AccessToken == "" || len(t.AccessToken) > 16<<10 {
			return "", errors.New("the answer holds no token")
		}
		token, since = t, time.Now()
		return t.AccessToken, nil
	}, nil
}
