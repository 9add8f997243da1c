// Command oidc is an OpenID Connect provider for tests, built on ory/fosite: the authorization code flow with PKCE (S256 alone), discovery,
// userinfo, and signing out. It is a module of its own, so that what fosite brings along is no part of Tocsin.
//
// It listens on a loopback port, makes its keys at start, says its issuer on standard output, and ends when standard input does. The
// tests tell it over /control who its people are, and which lie to tell next; its sign-in form is a button for each person.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"flag"
	"fmt"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"
	"golang.org/x/crypto/bcrypt"
)

// Person is somebody who can sign in here.
type Person struct {
	Subject  string   `json:"sub"`
	Email    string   `json:"email"`
	Verified any      `json:"verified"` // as it goes into email_verified; absent when null
	Name     string   `json:"name"`
	Groups   []string `json:"groups"`
	Level    string   `json:"acr"`
	Methods  []string `json:"amr"`
	Age      int      `json:"age"`  // seconds since they signed in here
	Slim     bool     `json:"slim"` // the ID token has neither address nor groups; userinfo has
}

// orders are what the tests want.
type orders struct {
	People map[string]Person `json:"people"`
	Twist  string            `json:"twist"` // what is wrong with the next tokens; "" nothing
	Down   bool              `json:"down"`
	Rotate bool              `json:"rotate"` // take another key from now on
}

type provider struct {
	issuer string
	after  string
	oauth  fosite.OAuth2Provider

	mu  sync.Mutex
	now orders
	key *rsa.PrivateKey
	kid int
}

func main() {
	redirect := flag.String("redirect", "", "the one address to send browsers back to")
	after := flag.String("after", "", "where browsers go after signing out")
	flag.Parse()
	log.SetFlags(0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	p := &provider{issuer: "http://" + l.Addr().String(), after: *after}
	p.rotate()
	if err := p.compose(*redirect); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /control", p.control)
	mux.HandleFunc("GET /.well-known/openid-configuration", p.up(p.discovery))
	mux.HandleFunc("GET /keys", p.up(p.keys))
	mux.HandleFunc("/authorize", p.up(p.authorize))
	mux.HandleFunc("POST /token", p.up(p.token))
	mux.HandleFunc("GET /userinfo", p.up(p.userinfo))
	mux.HandleFunc("GET /logout", p.up(p.logout))
	fmt.Println(p.issuer)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(l, mux))
}

// compose puts fosite together.
func (p *provider) compose(redirect string) error {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	hashed, err := bcrypt.GenerateFromPassword([]byte("the client's secret"), bcrypt.MinCost)
	if err != nil {
		return err
	}
	store := storage.NewMemoryStore()
	store.Clients["tocsin"] = &fosite.DefaultClient{
		ID: "tocsin", Secret: hashed, RedirectURIs: []string{redirect}, ResponseTypes: []string{"code"}, GrantTypes: []string{"authorization_code"},
		Scopes: []string{"openid", "profile", "email"},
	}
	config := &fosite.Config{
		IDTokenIssuer: p.issuer, GlobalSecret: secret, EnforcePKCE: true, HashCost: bcrypt.MinCost, IDTokenLifespan: 24 * time.Hour, SendDebugMessagesToClients: true,
		RedirectSecureChecker: func(context.Context, *url.URL) bool { return true },
	}
	key := func(context.Context) (any, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.key, nil
	}
	p.oauth = compose.Compose(config, store,
		&compose.CommonStrategy{
			CoreStrategy:               compose.NewOAuth2HMACStrategy(config),
			OpenIDConnectTokenStrategy: compose.NewOpenIDConnectStrategy(key, config),
			Signer:                     &jwt.DefaultSigner{GetPrivateKey: key},
		},
		compose.OAuth2AuthorizeExplicitFactory, compose.OpenIDConnectExplicitFactory, compose.OAuth2PKCEFactory, compose.OAuth2TokenIntrospectionFactory,
	)
	return nil
}

func (p *provider) rotate() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	p.key, p.kid = key, p.kid+1
}

func (p *provider) control(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := orders{People: p.now.People}
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.now = o
	if o.Rotate {
		p.rotate()
	}
}

// up answers nothing useful while the provider is to be down.
func (p *provider) up(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if p.orders().Down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		next(w, r)
	}
}

func (p *provider) orders() orders {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	issuer := p.issuer
	if p.orders().Twist == "discovery" {
		issuer = "https://elsewhere.example"
	}
	answer(w, map[string]any{
		"issuer": issuer, "authorization_endpoint": p.issuer + "/authorize", "token_endpoint": p.issuer + "/token", "jwks_uri": p.issuer + "/keys",
		"userinfo_endpoint": p.issuer + "/userinfo", "end_session_endpoint": p.issuer + "/logout", "authorization_response_iss_parameter_supported": true,
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "code_challenge_methods_supported": []string{"S256"},
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
	})
}

func (p *provider) logout(w http.ResponseWriter, r *http.Request) {
	if back := r.URL.Query().Get("post_logout_redirect_uri"); r.URL.Query().Get("client_id") != "tocsin" || back != p.after {
		http.Error(w, "this address is not registered", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, p.after, http.StatusFound)
}

var form = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>Sign in</title><h1>Who are you?</h1>
<form method="post">{{range $name, $p := .}}<p><button name="person" value="{{$name}}">{{$name}}</button></p>{{end}}
<p><button name="person" value="">Nobody</button></p></form></html>`))

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	ar, err := p.oauth.NewAuthorizeRequest(ctx, r)
	if err != nil {
		p.oauth.WriteAuthorizeError(ctx, w, ar, err)
		return
	}
	o := p.orders()
	if r.Method != http.MethodPost {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = form.Execute(w, o.People)
		return
	}
	who, known := o.People[r.PostFormValue("person")]
	if !known {
		// fosite's own answer to errors lacks the issuer, which RFC 9207 asks for there too.
		q := url.Values{"error": {"access_denied"}, "error_description": {"Nobody signed in."}, "state": {ar.GetState()}, "iss": {p.issuer}}
		http.Redirect(w, r, ar.GetRedirectURI().String()+"?"+q.Encode(), http.StatusSeeOther)
		return
	}
	for _, s := range ar.GetRequestedScopes() {
		ar.GrantScope(s)
	}
	s := openid.NewDefaultSession()
	s.Subject = who.Subject
	s.Claims.Subject = who.Subject
	s.Claims.AuthTime = s.Claims.RequestedAt.Add(-time.Duration(who.Age) * time.Second)
	if slices.Contains(fosite.RemoveEmpty([]string{ar.GetRequestForm().Get("prompt")}), "login") {
		s.Claims.AuthTime = s.Claims.RequestedAt
	}
	s.Claims.AuthenticationContextClassReference, s.Claims.AuthenticationMethodsReferences = who.Level, who.Methods
	p.mu.Lock()
	s.Headers.Extra = map[string]any{"kid": fmt.Sprint(p.kid)}
	p.mu.Unlock()
	if !who.Slim {
		s.Claims.Extra = who.says()
	}
	res, err := p.oauth.NewAuthorizeResponse(ctx, ar, s)
	if err != nil {
		p.oauth.WriteAuthorizeError(ctx, w, ar, err)
		return
	}
	switch o.Twist {
	case "iss":
		res.AddParameter("iss", "https://elsewhere.example")
	case "no iss":
	default:
		res.AddParameter("iss", p.issuer)
	}
	p.oauth.WriteAuthorizeResponse(ctx, w, ar, res)
}

// says is what is told of somebody.
func (who Person) says() map[string]any {
	out := map[string]any{"email": who.Email, "name": who.Name, "groups": who.Groups}
	if who.Verified != nil {
		out["email_verified"] = who.Verified
	}
	return out
}

func (p *provider) userinfo(w http.ResponseWriter, r *http.Request) {
	_, ar, err := p.oauth.IntrospectToken(r.Context(), fosite.AccessTokenFromRequest(r), fosite.AccessToken, openid.NewDefaultSession())
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	subject := ar.GetSession().GetSubject()
	o := p.orders()
	for _, who := range o.People {
		if who.Subject != subject {
			continue
		}
		out := who.says()
		out["sub"] = subject
		if o.Twist == "userinfo" {
			out["sub"] = "somebody-else"
		}
		answer(w, out)
		return
	}
	http.Error(w, "nobody", http.StatusNotFound)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	ar, err := p.oauth.NewAccessRequest(ctx, r, openid.NewDefaultSession())
	if err != nil {
		p.oauth.WriteAccessError(ctx, w, ar, err)
		return
	}
	res, err := p.oauth.NewAccessResponse(ctx, ar)
	if err != nil {
		p.oauth.WriteAccessError(ctx, w, ar, err)
		return
	}
	if twist := p.orders().Twist; twist != "" {
		raw, _ := res.GetExtra("id_token").(string)
		lie, err := p.lie(twist, raw)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		res.SetExtra("id_token", lie)
	}
	p.oauth.WriteAccessResponse(ctx, w, ar, res)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
