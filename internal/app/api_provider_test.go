package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// providerFolder holds the program of test/oidc, once it was built.
var providerFolder string

// providerBinary is that program.
var providerBinary = sync.OnceValues(func() (bin string, err error) {
	if providerFolder, err = os.MkdirTemp("", "tocsin-oidc-"); err != nil {
		return "", err
	}
	bin = filepath.Join(providerFolder, "oidc")
	cmd := exec.Command("go", "build", "-o", bin, ".")
	cmd.Dir = "../../test/oidc"
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = &exec.Error{Name: "go build test/oidc: " + string(out), Err: err}
	}
	return bin, err
})

// somebody is a person at the provider.
type somebody struct {
	Subject  string   `json:"sub"`
	Email    string   `json:"email"`
	Verified any      `json:"verified"`
	Name     string   `json:"name"`
	Groups   []string `json:"groups"`
	Level    string   `json:"acr,omitempty"`
	Methods  []string `json:"amr,omitempty"`
	Age      int      `json:"age,omitempty"`
	Slim     bool     `json:"slim,omitempty"`
}

// provider is a running OpenID Connect provider of its own process.
type provider struct {
	t      testing.TB
	issuer string
	client *http.Client
	people map[string]somebody
	visits int
}

const publicURL = "https://tocsin.harbour.test"

func startProvider(t testing.TB) *provider {
	t.Helper()
	bin, err := providerBinary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-redirect", publicURL+"/signin/provider", "-after", publicURL+"/")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	return &provider{
		t: t, issuer: strings.TrimSpace(line), people: map[string]somebody{},
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// tell orders the provider about.
func (p *provider) tell(orders map[string]any) {
	p.t.Helper()
	orders["people"] = p.people
	raw, err := json.Marshal(orders)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := p.client.Post(p.issuer+"/control", "application/json", bytes.NewReader(raw))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		p.t.Fatalf("control: %d", res.StatusCode)
	}
}

// federated is the setting of a site that signs in there.
func (p *provider) federated(t testing.TB, change ...func(*app.Config)) setting {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("the client's secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *app.Config, _ *app.Options) {
		c.HTTP.PublicURL, c.HTTP.TrustedProxies = publicURL, []string{"127.0.0.1"}
		c.OIDC.Issuer, c.OIDC.ClientID, c.OIDC.SecretFile, c.OIDC.Name, c.OIDC.Create = p.issuer, "tocsin", secret, "Harbour ID", true
		c.OIDC.Groups = []app.OIDCGroup{
			{Group: "soc", Roles: []string{"Security Operator"}}, {Group: "soc-leads", Roles: []string{"Security Administrator", "Approve"}},
			{Group: "owners", Roles: []string{"Global Administrator"}},
		}
		c.OIDC.SecondFactor = []string{"mfa"}
		for _, f := range change {
			f(c)
		}
	}
}

// trip is one way to the provider and back.
type trip struct {
	from   caller
	answer api.ProviderAnswer
}

// flowCookie is the cookie that an answer sets with this name.
func flowCookie(t testing.TB, r reply, name string) *http.Cookie {
	t.Helper()
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no cookie %s in %v", name, r.header)
	return nil
}

// and is the caller with one more cookie.
func (c caller) and(k *http.Cookie) caller {
	have := c.header.Get("Cookie")
	if have != "" {
		have += "; "
	}
	return c.with("Cookie", have+k.Name+"="+k.Value)
}

// visit begins a trip and signs in at the provider; "" breaks it off there.
func (p *provider) visit(c caller, begin api.ProviderBegin, who string) trip {
	p.t.Helper()
	p.visits++
	c = c.with("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", p.visits)) // refusals slow an address down
	r := c.post(p.t, "/session/provider/begin", begin)
	at, err := url.Parse(ok[api.ProviderAddress](r).URL)
	if err != nil {
		p.t.Fatal(err)
	}
	q := at.Query()
	if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) < 43 || len(q.Get("state")) < 40 || len(q.Get("nonce")) < 40 || q.Get("redirect_uri") != publicURL+"/signin/provider" || q.Get("response_type") != "code" {
		p.t.Errorf("begins with %v", q)
	}
	res, err := p.client.PostForm(at.String(), url.Values{"person": {who}})
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), publicURL+"/signin/provider?") {
		body, _ := io.ReadAll(res.Body)
		p.t.Fatalf("the provider answers %d %s %s", res.StatusCode, back, body)
	}
	b := back.Query()
	return trip{c.and(flowCookie(p.t, r, "__Host-tocsin_provider")), api.ProviderAnswer{State: b.Get("state"), Code: b.Get("code"), Issuer: b.Get("iss"), Error: b.Get("error"), Description: b.Get("error_description")}}
}

func (x trip) finish(t testing.TB) reply {
	t.Helper()
	return x.from.post(t, "/session/provider", x.answer)
}

func (p *provider) signIn(s *site, who string) reply {
	p.t.Helper()
	return p.visit(s.nobody(), api.ProviderBegin{Purpose: "sign-in", Next: "/hunting?x=1"}, who).finish(p.t)
}

// in is the browser in which somebody signed in.
func (p *provider) in(s *site, who string) caller {
	p.t.Helper()
	return s.nobody().and(cookie(p.t, p.signIn(s, who).want(http.StatusOK)))
}

var ann = somebody{Subject: "a-1", Email: "Ann@Harbour.test", Verified: true, Name: "Ann Lee", Groups: []string{"soc", "cooks"}, Methods: []string{"pwd", "mfa"}}

func TestProviderSignsIn(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := open(t, p.federated(t))
	p.people["ann"] = ann
	p.tell(map[string]any{})
	if w := ok[api.Ways](s.nobody().get(t, "/session/ways")); w.Provider != "Harbour ID" || w.Password != "on" || !w.Keys {
		t.Errorf("%+v", w)
	}
	r := p.signIn(s, "ann")
	done := ok[api.ProviderDone](r)
	if o := done.Session.Operator; o.Email != "ann@harbour.test" || o.Name != "Ann Lee" || !slices.Equal(o.Roles, []string{"Security Operator"}) || done.Next != "/hunting?x=1" {
		t.Errorf("%+v", done)
	}
	for _, name := range []string{"tocsin_session", "__Host-tocsin_provider"} {
		if k := flowCookie(t, r, name); !k.Secure || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || k.Domain != "" {
			t.Errorf("%+v", k)
		}
	}
	browser := s.nobody().and(cookie(t, r))
	session := ok[api.Session](browser.get(t, "/session"))
	out, err := url.Parse(session.SignOutURL)
	if err != nil || out.Host != strings.TrimPrefix(p.issuer, "http://") || out.Query().Get("post_logout_redirect_uri") != publicURL+"/" {
		t.Errorf("signs out at %q", session.SignOutURL)
	}
	if res, err := p.client.Get(session.SignOutURL); err != nil || res.Header.Get("Location") != publicURL+"/" {
		t.Errorf("signing out there: %v %v", res, err)
	} else {
		res.Body.Close()
	}
	account := ok[api.Account](browser.get(t, "/account"))
	if !account.ByProvider || account.Linked == nil || account.Linked.Subject != "a-1" || account.Password || account.FreshUntil == nil {
		t.Errorf("%+v", account)
	}
	// The second time it is the same operator, by subject, whatever the address is now; and groups give and take roles.
	again := ann
	again.Email, again.Groups, again.Slim = "ann.lee@harbour.test", []string{"soc-leads"}, true
	p.people["ann"] = again
	p.tell(map[string]any{})
	later := ok[api.ProviderDone](p.signIn(s, "ann"))
	if later.Session.Operator.ID != done.Session.Operator.ID || later.Session.Operator.Email != "ann@harbour.test" || !slices.Equal(later.Session.Operator.Roles, []string{"Security Administrator", "Approve"}) {
		t.Errorf("%+v", later.Session.Operator)
	}
	browser.get(t, "/session").problem(http.StatusUnauthorized) // other rights end earlier sessions
	var did []string
	for _, r := range s.audited(t, auth.ActOperatorAdded, auth.ActSignIn, auth.ActOperatorChanged) {
		did = append(did, string(r.Action)+" "+string(r.Detail))
	}
	all := strings.Join(did, "\n")
	for _, want := range []string{"operator added ", `"issuer":"` + p.issuer + `","subject":"a-1"`, "operator changed ", "groups at Harbour ID"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in the audit log: %s", want, all)
		}
	}
}

func TestProviderKeepsOut(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := open(t, p.federated(t))
	s.operator(t, "local@harbour.test", auth.GlobalAdministrator)
	p.people = map[string]somebody{
		"ann":        ann,
		"stranger":   {Subject: "x-1", Email: "stranger@harbour.test", Verified: true, Groups: []string{"cooks"}},
		"unverified": {Subject: "x-2", Email: "boss@harbour.test", Verified: false, Groups: []string{"soc"}},
		"unsaid":     {Subject: "x-3", Email: "boss@harbour.test", Groups: []string{"soc"}},
		"nameless":   {Subject: "x-4", Email: "", Verified: true, Groups: []string{"soc"}},
		"taker":      {Subject: "x-5", Email: "local@harbour.test", Verified: true, Groups: []string{"soc"}},
		"program":    {Subject: "x-6", Email: "nobody.security-reader@harbour.test", Verified: true, Groups: []string{"soc"}},
	}
	s.as(t, auth.SecurityReader) // has a token, and no password
	p.tell(map[string]any{})
	refused := func(who, word string) {
		t.Helper()
		if d := p.signIn(s, who).problem(http.StatusForbidden).Detail; !strings.Contains(d, word) {
			t.Errorf("%s: %q lacks %q", who, d, word)
		}
	}
	refused("stranger", "none of your groups")
	refused("unverified", "does not say that it verified")
	refused("unsaid", "does not say that it verified")
	refused("nameless", "which email address is yours")
	refused("taker", "there is an account with the address local@harbour.test already")
	refused("program", "there is an account")
	refused("", "broken off there")

	// A group that is taken away takes the roles and the sessions with it, and what tokens may.
	ann := p.in(s, "ann")
	made, err := s.Gate().MakeToken(t.Context(), "ann@harbour.test", "hers", 0)
	if err != nil {
		t.Fatal(err)
	}
	token := s.nobody().with("Authorization", "Bearer "+made)
	token.get(t, "/hunt/schema").want(http.StatusOK)
	gone := p.people["ann"]
	gone.Groups = nil
	p.people["ann"] = gone
	p.tell(map[string]any{})
	refused("ann", "none of your groups")
	ann.get(t, "/session").problem(http.StatusUnauthorized)
	token.get(t, "/hunt/schema").problem(http.StatusForbidden)

	// Who is disabled here stays out, whatever the provider says.
	gone.Groups = []string{"soc"}
	p.people["ann"] = gone
	p.tell(map[string]any{})
	p.in(s, "ann")
	s.sql(t, `UPDATE operators SET disabled = TRUE WHERE email = 'ann@harbour.test'`)
	p.signIn(s, "ann").problem(http.StatusUnauthorized)
	if n := len(s.audited(t, auth.ActSignInRefused)); n < 9 {
		t.Errorf("%d refusals in the audit log", n)
	}
}

// TestProviderLies: each lie of the provider, or of somebody between, is told from the truth, in words.
func TestProviderLies(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := open(t, p.federated(t))
	p.people["ann"] = ann
	for twist, word := range map[string]string{
		"nonce": "nonce", "no nonce": "nonce", "issuer": "another issuer", "aud": "aud", "azp": "azp", "two aud": "azp", "expired": "is over since", "at_hash": "access token",
		"none": "not signed", "HS256": "not signed", "key": "not signed", "no sub": "names nobody", "no token": "no ID token", "junk": "not signed", "iss": "not from", "no iss": "not from",
	} {
		p.tell(map[string]any{"twist": twist})
		if d := p.signIn(s, "ann").problem(http.StatusForbidden).Detail; !strings.Contains(d, word) {
			t.Errorf("%s: %q", twist, d)
		}
	}
	slim := ann
	slim.Slim = true
	p.people["ann"] = slim
	p.tell(map[string]any{"twist": "userinfo"})
	if d := p.signIn(s, "ann").problem(http.StatusForbidden).Detail; !strings.Contains(d, "somebody else") {
		t.Errorf("userinfo: %q", d)
	}
	p.people["ann"] = ann

	// Other keys from one day to the next are nothing bad.
	p.tell(map[string]any{"rotate": true})
	p.signIn(s, "ann").want(http.StatusOK)
}

func TestProviderAnswersBelongToTheirBrowser(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := open(t, p.federated(t))
	p.people["ann"] = ann
	p.tell(map[string]any{})
	begin := api.ProviderBegin{Purpose: "sign-in"}
	one, other := p.visit(s.nobody(), begin, "ann"), p.visit(s.nobody(), begin, "ann")
	// Somebody else's answer in this browser (login CSRF), and an answer without having begun.
	trip{one.from, other.answer}.finish(t).problem(http.StatusForbidden)
	trip{s.nobody(), one.answer}.finish(t).problem(http.StatusForbidden)
	trip{s.nobody().and(&http.Cookie{Name: "__Host-tocsin_provider", Value: "AAAA"}), one.answer}.finish(t).problem(http.StatusForbidden)
	// Another's code under one's own state: the verifier of PKCE is not the one that it was asked for with.
	mixed := one
	mixed.answer.Code = other.answer.Code
	if d := mixed.finish(t).problem(http.StatusForbidden).Detail; !strings.Contains(d, "used up, too old, or of another sign-in") {
		t.Errorf("%q", d)
	}
	third := p.visit(s.nobody(), begin, "ann")
	third.finish(t).want(http.StatusOK)
	third.finish(t).problem(http.StatusForbidden) // replayed in the same browser
	again := p.visit(s.nobody(), begin, "ann")
	again.answer.Code = third.answer.Code // replayed in another
	again.finish(t).problem(http.StatusForbidden)
	late := p.visit(s.nobody(), begin, "ann")
	s.clock.move(11 * time.Minute)
	late.finish(t).problem(http.StatusForbidden)
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", "/\tx"} {
		x := p.visit(s.nobody(), api.ProviderBegin{Purpose: "sign-in", Next: next}, "ann")
		if got := ok[api.ProviderDone](x.finish(t)).Next; got != "/" {
			t.Errorf("%q leads to %q", next, got)
		}
	}
	// What stands in the query of a link is not shown unless this browser asked for it.
	if d := s.nobody().post(t, "/session/provider", api.ProviderAnswer{State: "x", Error: "access_denied", Description: "call 555-0100"}).problem(http.StatusForbidden).Detail; strings.Contains(d, "555") {
		t.Errorf("%q", d)
	}
	// A session that somebody had set in this browser before is not the one after (session fixation).
	planted := p.in(s, "ann")
	x := p.visit(planted, begin, "ann")
	r := x.finish(t).want(http.StatusOK)
	planted.get(t, "/session").problem(http.StatusUnauthorized)
	s.nobody().and(cookie(t, r)).get(t, "/session").want(http.StatusOK)
}

func TestProviderIsDown(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := open(t, p.federated(t))
	p.people["ann"] = ann
	p.tell(map[string]any{"down": true})
	begin := api.ProviderBegin{Purpose: "sign-in"}
	s.nobody().post(t, "/session/provider/begin", begin).problem(http.StatusServiceUnavailable)
	p.tell(map[string]any{"twist": "discovery"})
	s.clock.move(time.Minute)
	s.nobody().post(t, "/session/provider/begin", begin).problem(http.StatusServiceUnavailable)
	p.tell(map[string]any{})
	s.clock.move(time.Minute)
	x := p.visit(s.nobody(), begin, "ann")
	p.tell(map[string]any{"down": true})
	if d := x.finish(t).problem(http.StatusServiceUnavailable).Detail; !strings.Contains(d, "Harbour ID does not answer") {
		t.Errorf("%q", d)
	}
	doctor := func() app.State {
		c := app.Defaults()
		c.Data, c.DNS.Enabled = s.dir, false
		p.federated(t)(&c, nil)
		all := app.Doctor(t.Context(), c, nil)
		i := slices.IndexFunc(all, func(f app.Finding) bool { return f.About == "oidc "+p.issuer })
		if i < 0 {
			t.Fatalf("%+v", all)
		}
		return all[i].State
	}
	if got := doctor(); got != app.Bad {
		t.Errorf("doctor finds a provider that is down %s", got)
	}
	p.tell(map[string]any{})
	if got := doctor(); got != app.Good {
		t.Errorf("doctor finds a provider that is up %s", got)
	}
}

func TestProviderStepsUp(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := open(t, p.federated(t))
	boss := ann
	boss.Groups, boss.Age = []string{"owners"}, 3600 // signed in there an hour ago: no fresh factor here
	p.people["ann"], p.people["ben"] = boss, somebody{Subject: "b-1", Email: "ben@harbour.test", Verified: true, Groups: []string{"soc"}, Methods: []string{"mfa"}}
	p.tell(map[string]any{})
	p.in(s, "ben")
	c := p.in(s, "ann")
	body := api.NewOperator{Email: "cleo@harbour.test", Roles: []string{"Security Reader"}}
	c.post(t, "/operators", body).refusedAs(stepUpNeeded, http.StatusForbidden)
	step := api.ProviderBegin{Purpose: "step-up", Next: "/settings"}
	for twist, word := range map[string]string{"old": "did not ask you to sign in again", "no time": "did not ask you"} {
		p.tell(map[string]any{"twist": twist})
		if d := p.visit(c, step, "ann").finish(t).problem(http.StatusForbidden).Detail; !strings.Contains(d, word) {
			t.Errorf("%s: %q", twist, d)
		}
	}
	p.tell(map[string]any{})
	if d := p.visit(c, step, "ben").finish(t).problem(http.StatusForbidden).Detail; !strings.Contains(d, "somebody else") {
		t.Errorf("%q", d)
	}
	weak := boss
	weak.Methods = []string{"pwd"}
	p.people["ann"] = weak
	p.tell(map[string]any{})
	if d := p.visit(c, step, "ann").finish(t).problem(http.StatusForbidden).Detail; !strings.Contains(d, "second factor") {
		t.Errorf("%q", d)
	}
	p.people["ann"] = boss
	p.tell(map[string]any{})
	x := p.visit(c, step, "ann")
	_, flow, _ := strings.Cut(x.from.header.Get("Cookie"), "; ") // without the session it is nobody's
	trip{x.from.with("Cookie", flow), x.answer}.finish(t).problem(http.StatusUnauthorized)
	x = p.visit(c, step, "ann")
	r := x.finish(t).want(http.StatusOK)
	c.get(t, "/session").problem(http.StatusUnauthorized) // lifted under a fresh cookie
	c = s.nobody().and(cookie(t, r))
	c.post(t, "/operators", body).want(http.StatusOK)
	if n := len(s.audited(t, auth.ActStepUp)); n != 1 {
		t.Errorf("%d step-ups in the audit log", n)
	}
	s.nobody().post(t, "/session/provider/begin", step).problem(http.StatusUnauthorized)
}

func TestProviderLinksAccounts(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := open(t, p.federated(t, func(c *app.Config) {
		c.OIDC.Create, c.OIDC.Groups = false, nil
		c.Auth.SecondFactor = auth.FactorAdministrators
	}))
	p.people["ann"], p.people["ben"] = ann, somebody{Subject: "b-1", Email: "ben@harbour.test", Verified: true, Methods: []string{"pwd"}}
	p.tell(map[string]any{})
	if d := p.signIn(s, "ann").problem(http.StatusForbidden).Detail; !strings.Contains(d, "is no operator here") {
		t.Errorf("%q", d)
	}
	// An account of one's own is linked by who is signed in to it, with the password.
	s.operator(t, "ann@harbour.test", auth.SecurityReader)
	mine := s.nobody().signIn(t, "ann@harbour.test")
	mine.post(t, "/session/provider/begin", api.ProviderBegin{Purpose: "link", Password: "wrong"}).problem(http.StatusUnprocessableEntity)
	p.visit(mine, api.ProviderBegin{Purpose: "link", Password: password}, "ann").finish(t).want(http.StatusOK)
	by := p.in(s, "ann")
	if got := ok[api.Session](by.get(t, "/session")).Operator; got.Email != "ann@harbour.test" || !slices.Equal(got.Roles, []string{"Security Reader"}) {
		t.Errorf("%+v", got)
	}
	// One identity is one operator's.
	s.operator(t, "eve@harbour.test", auth.SecurityReader)
	eve := s.nobody().signIn(t, "eve@harbour.test")
	p.visit(eve, api.ProviderBegin{Purpose: "link", Password: password}, "ann").finish(t).problem(http.StatusConflict)
	// Somebody who was added and never came is let in by the verified address; the invitation is over then.
	_, secret, _, err := s.Gate().Invite(t.Context(), "ben@harbour.test", "Ben", []auth.Role{auth.SecurityReader})
	if err != nil {
		t.Fatal(err)
	}
	ben := p.in(s, "ben")
	s.nobody().get(t, "/invitations/"+secret).problem(http.StatusNotFound)
	ben.send(t, http.MethodDelete, "/account/provider", nil).refusedAs(stepUpNeeded, http.StatusForbidden)
	// Administrators need a second factor, and the provider said nothing of one.
	s.sql(t, `UPDATE operators SET roles = '["Security Administrator"]' WHERE email = 'ben@harbour.test'`)
	if d := p.signIn(s, "ben").problem(http.StatusForbidden).Detail; !strings.Contains(d, "second factor") {
		t.Errorf("%q", d)
	}
	mine = s.nobody().signIn(t, "ann@harbour.test")
	mine.send(t, http.MethodDelete, "/account/provider", nil).want(http.StatusNoContent)
	mine.send(t, http.MethodDelete, "/account/provider", nil).problem(http.StatusNotFound)
	if d := p.signIn(s, "ann").problem(http.StatusForbidden).Detail; !strings.Contains(d, "there is an account") {
		t.Errorf("%q", d)
	}
}

func TestPasswordsForEmergenciesAlone(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := open(t, p.federated(t, func(c *app.Config) { c.Auth.Local, c.Auth.BreakGlass = "break-glass", []string{"Glass@Harbour.test"} }))
	s.operator(t, "glass@harbour.test", auth.GlobalAdministrator)
	s.operator(t, "ann@harbour.test", auth.SecurityReader)
	if w := ok[api.Ways](s.nobody().get(t, "/session/ways")); w.Password != "break-glass" {
		t.Errorf("%+v", w)
	}
	s.nobody().signIn(t, "glass@harbour.test")
	if d := s.signInWith(t, "ann@harbour.test", "").problem(http.StatusForbidden).Detail; d != auth.ErrLocalOff.Error() {
		t.Errorf("%q", d)
	}
	// A wrong password says no more than anywhere else.
	s.nobody().post(t, "/session", api.SignIn{Email: "ann@harbour.test", Password: "wrong"}).problem(http.StatusUnauthorized)
}
