package imap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"tocsin/internal/remediate"
	"tocsin/test/rig"
)

// tokens answers with the same token for ever.
func tokens(token string) func(context.Context, string, bool) (string, error) {
	return func(context.Context, string, bool) (string, error) { return token, nil }
}

// authority gives tokens to the client tocsin and says whose a token is: all are owner's.
type authority struct {
	*httptest.Server
	given atomic.Int64
	valid atomic.Int64 // tokens below are taken back
}

func newAuthority(t *testing.T) *authority {
	a := &authority{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "tocsin" || secret != "secret" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "imap" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprintf("token%d", a.given.Add(1)), "token_type": "Bearer", "expires_in": 3600})
	})
	mux.HandleFunc("GET /whose", func(w http.ResponseWriter, r *http.Request) {
		var n int64
		if _, err := fmt.Sscanf(r.FormValue("token"), "token%d", &n); err != nil || n < a.valid.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"sub": owner})
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func TestOAuth2(t *testing.T) {
	a := newAuthority(t)
	r := start(t, 1, func(o *rig.Options) { o.TokenInfo = a.URL + "/whose?token=" })
	source, err := ClientCredentials{TokenURL: a.URL + "/token", ClientID: "tocsin", ClientSecret: "secret", Scopes: []string{"imap"}, Client: a.Client()}.Tokens()
	if err != nil {
		t.Fatal(err)
	}
	o := options(r)
	o.SignIn, o.Token, o.User, o.Password, o.Sieve, o.SieveTLS = SignOAuth2, source, "", "", r.Sieve, TLSNone
	p := provider(t, o)
	for range 3 {
		m := open(t, p, owner)
		if _, err := m.(remediate.FirstAid).Rules(t.Context()); err != nil {
			t.Errorf("rules: %v", err)
		}
	}
	if n := a.given.Load(); n != 1 {
		t.Errorf("%d tokens were asked for, want 1", n)
	}
	if _, err := p.Open(t.Context(), "b1@own.example"); !errors.Is(err, remediate.ErrRefused) {
		t.Errorf("another's mailbox: %v", err)
	}
	o.Token = func(ctx context.Context, address string, fresh bool) (string, error) { // one that was taken back, then a good one
		if !fresh {
			return "token0", nil
		}
		return source(ctx, address, fresh)
	}
	a.valid.Store(1)
	open(t, provider(t, o), owner)

	wrong, err := ClientCredentials{TokenURL: a.URL + "/token", ClientID: "tocsin", ClientSecret: "wrong", Client: a.Client()}.Tokens()
	if err != nil {
		t.Fatal(err)
	}
	o.Token = wrong
	if _, err := provider(t, o).Open(t.Context(), owner); !errors.Is(err, remediate.ErrRefused) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong secret: %v", err)
	}
	for _, u := range []string{"", "http://login.example/token", "ftp://127.0.0.1/", "https://"} {
		if _, err := (ClientCredentials{TokenURL: u, ClientID: "x", ClientSecret: "x"}).Tokens(); err == nil {
			t.Errorf("%q is taken", u)
		}
	}
}
