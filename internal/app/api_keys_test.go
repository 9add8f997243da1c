package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	virtual "github.com/descope/virtualwebauthn"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// keyed is a site at an address that security keys can be bound to.
func keyed(c *app.Config, _ *app.Options) {
	c.HTTP.PublicURL, c.HTTP.TrustedProxies = publicURL, []string{"127.0.0.1"}
}

var harbour = virtual.RelyingParty{ID: "tocsin.harbour.test", Name: "Tocsin", Origin: publicURL}

// token is a security key in software: it signs what it is asked, and its owner may or may not prove to be there.
type token struct {
	device virtual.Authenticator
	key    virtual.Credential
	site   virtual.RelyingParty
}

// newToken is a key. The library writes coordinates of its point without leading zeros, which no authenticator does (RFC 9053, section
// 7.1.1), so such a point, one in 128, is thrown away: the others take 77 octets.
func newToken() *token {
	for {
		if c := virtual.NewCredential(virtual.KeyTypeEC2); len(c.Key.AttestationData()) == 77 {
			return &token{virtual.NewAuthenticator(), c, harbour}
		}
	}
}

// signs answers a question of BeginShow or BeginFind, and counts.
func (k *token) signs(t testing.TB, r reply) json.RawMessage {
	t.Helper()
	o, err := virtual.ParseAssertionOptions(string(question(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	k.key.Counter++
	return json.RawMessage(virtual.CreateAssertionResponse(k.site, k.device, k.key, *o))
}

func question(t testing.TB, r reply) json.RawMessage {
	t.Helper()
	var q struct{ Options json.RawMessage }
	if err := json.Unmarshal(r.want(http.StatusOK).body, &q); err != nil {
		t.Fatal(err)
	}
	return q.Options
}

const keyCookie = "__Host-tocsin_key"

// newKey begins to add a key and has it answer.
func (c caller) newKey(t testing.TB, k *token) (begun reply, answer json.RawMessage) {
	t.Helper()
	begun = c.post(t, "/account/keys/begin", api.OwnPassword{Password: password})
	o, err := virtual.ParseAttestationOptions(string(question(t, begun)))
	if err != nil {
		t.Fatal(err)
	}
	k.device.Options.UserHandle = []byte(o.UserID)
	return begun, json.RawMessage(virtual.CreateAttestationResponse(k.site, k.device, k.key, *o))
}

// adds a key and returns the caller with its cookie, the key and the recovery codes.
func (c caller) adds(t testing.TB, k *token, name string) (caller, api.KeyLine, []string) {
	t.Helper()
	begun, answer := c.newKey(t, k)
	r := c.and(flowCookie(t, begun, keyCookie)).post(t, "/account/keys", map[string]any{"name": name, "credential": answer})
	got := ok[api.KeyAdded](r)
	for _, k := range (&http.Response{Header: r.header}).Cookies() {
		if k.Name == "tocsin_session" && k.Value != "" {
			c = c.with("Cookie", k.Name+"="+k.Value)
		}
	}
	return c, got.Key, got.Codes
}

func (s *site) beginKey(t testing.TB, email string) reply {
	t.Helper()
	in := api.KeySignIn{}
	if email != "" {
		in = api.KeySignIn{Email: email, Password: password}
	}
	return s.nobody().post(t, "/session/key/begin", in)
}

// shows is the answer of a key to a question, in the browser that was asked.
func (s *site) shows(t testing.TB, begun reply, answer json.RawMessage) reply {
	t.Helper()
	return s.nobody().and(flowCookie(t, begun, keyCookie)).post(t, "/session/key", map[string]any{"credential": answer})
}

func TestKeyAsSecondFactor(t *testing.T) {
	t.Parallel()
	s := open(t, keyed, func(c *app.Config, _ *app.Options) { c.Auth.SecondFactor = auth.FactorAdministrators })
	const email = "ada@harbour.test"
	s.operator(t, email, auth.GlobalAdministrator)
	ada := s.nobody().signIn(t, email)
	ada.post(t, "/account/keys/begin", api.OwnPassword{Password: "wrong"}).problem(http.StatusUnprocessableEntity)
	k := newToken()
	ada, line, codes := ada.adds(t, k, " blue key ")
	if line.Name != "blue key" || len(codes) != 10 {
		t.Fatalf("%+v, %d codes", line, len(codes))
	}
	if got := ok[api.Session](ada.get(t, "/session")); got.MustEnrol { // a key does
		t.Errorf("%+v", got)
	}
	ada.get(t, "/operators").want(http.StatusOK)
	var p struct{ Key, App bool }
	r := s.signInWith(t, email, "")
	r.refusedAs(factorNeeded, http.StatusUnauthorized)
	if err := json.Unmarshal(r.body, &p); err != nil || !p.Key || p.App {
		t.Errorf("%s", r.body)
	}
	s.nobody().post(t, "/session/key/begin", api.KeySignIn{Email: email, Password: "wrong"}).problem(http.StatusUnauthorized)

	begun := s.beginKey(t, email)
	signedIn := s.shows(t, begun, k.signs(t, begun))
	browser := s.nobody().and(cookie(t, signedIn.want(http.StatusOK)))
	body := api.NewOperator{Email: "ben@harbour.test", Roles: []string{"Security Reader"}}
	browser.post(t, "/operators", body).want(http.StatusOK)

	// A key that did not check who holds it is a second factor, and no step-up.
	k.device.Options.UserNotVerified = true
	begun = s.beginKey(t, email)
	weak := s.nobody().and(cookie(t, s.shows(t, begun, k.signs(t, begun)).want(http.StatusOK)))
	body.Email = "cleo@harbour.test"
	weak.post(t, "/operators", body).refusedAs(stepUpNeeded, http.StatusForbidden)
	step := weak.post(t, "/session/step-up/key/begin", nil)
	weak.and(flowCookie(t, step, keyCookie)).post(t, "/session/step-up/key", map[string]any{"credential": k.signs(t, step)}).problem(http.StatusForbidden)
	k.device.Options.UserNotVerified = false
	step = weak.post(t, "/session/step-up/key/begin", nil)
	lifted := weak.and(flowCookie(t, step, keyCookie)).post(t, "/session/step-up/key", map[string]any{"credential": k.signs(t, step)}).want(http.StatusOK)
	weak.get(t, "/session").problem(http.StatusUnauthorized)
	weak = s.nobody().and(cookie(t, lifted))
	weak.post(t, "/operators", body).want(http.StatusOK)

	// Recovery codes stand in for a key; an app beside it makes no new ones.
	s.signInWith(t, email, codes[0]).want(http.StatusOK)
	s.signInWith(t, email, "123456").refusedAs(factorNeeded, http.StatusUnauthorized)
	if _, _, more := weak.enrol(t); len(more) != 0 {
		t.Errorf("%d more codes", len(more))
	}
	again := s.nobody().and(cookie(t, s.signInWith(t, email, codes[1]).want(http.StatusOK)))
	account := ok[api.Account](again.get(t, "/account"))
	if account.RecoveryCodes != 8 || len(account.Keys) != 1 || account.Keys[0].Used == nil || account.FactorSince == nil {
		t.Errorf("%+v", account)
	}
	// New codes without one, as a factor was shown just now; not later.
	fresh := ok[api.RecoveryCodes](again.post(t, "/account/recovery-codes", map[string]any{})).Codes
	s.signInWith(t, email, codes[2]).refusedAs(factorNeeded, http.StatusUnauthorized)
	again.send(t, http.MethodPut, "/account/keys/"+line.ID, api.KeyName{Name: "red key"}).want(http.StatusOK)
	s.clock.move(16 * time.Minute)
	again.post(t, "/account/recovery-codes", map[string]any{}).refusedAs(stepUpNeeded, http.StatusForbidden)
	again.send(t, http.MethodDelete, "/account/keys/"+line.ID, nil).refusedAs(stepUpNeeded, http.StatusForbidden)
	again = again.with("Cookie", cookie(t, again.post(t, "/session/step-up", api.Code{Code: fresh[0]}).want(http.StatusOK)).String())
	again.send(t, http.MethodDelete, "/account/keys/"+line.ID, nil).want(http.StatusNoContent)
	// The app is the last factor now, and one is wanted.
	again.post(t, "/account/totp/remove", api.Code{Code: fresh[1]}).problem(http.StatusUnprocessableEntity)
	for _, a := range []auth.Action{auth.ActKeyAdded, auth.ActKeyRemoved, auth.ActStepUp, auth.ActCodeRefused, auth.ActRecoveryUsed} {
		if len(s.audited(t, a)) == 0 {
			t.Errorf("no record %q", a)
		}
	}
}

func TestPasskeySignsInAlone(t *testing.T) {
	t.Parallel()
	s := open(t, keyed)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	k := newToken()
	s.nobody().signIn(t, "ada@harbour.test").adds(t, k, "phone")
	begun := s.beginKey(t, "")
	if q := string(question(t, begun)); strings.Contains(q, "allowCredentials") || !strings.Contains(q, `"userVerification":"required"`) {
		t.Errorf("asks %s", q)
	}
	if got := ok[api.Session](s.shows(t, begun, k.signs(t, begun))); got.Operator.Email != "ada@harbour.test" {
		t.Errorf("%+v", got)
	}
	refused := func(what string, change func(*token)) {
		t.Helper()
		begun := s.beginKey(t, "")
		other := *k
		change(&other)
		if p := s.shows(t, begun, other.signs(t, begun)).problem(http.StatusForbidden); p.Detail != auth.ErrKeyRefused.Error() {
			t.Errorf("%s: %+v", what, p)
		}
		k.key.Counter++
	}
	refused("not verified", func(k *token) { k.device.Options.UserNotVerified = true })
	refused("not present", func(k *token) { k.device.Options.UserNotPresent = true })
	refused("nobody's", func(k *token) { k.device.Options.UserHandle = nil })
	refused("somebody else's", func(k *token) { k.device.Options.UserHandle = []byte("01890000-0000-7000-8000-000000000000") })
	refused("unknown", func(k *token) { k.key = virtual.NewCredential(virtual.KeyTypeEC2) })
	s.sql(t, `UPDATE operators SET disabled = TRUE`)
	begun = s.beginKey(t, "")
	s.shows(t, begun, k.signs(t, begun)).problem(http.StatusUnauthorized)
}

func TestKeysAreNotFooled(t *testing.T) {
	t.Parallel()
	s := open(t, keyed)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	s.operator(t, "eve@harbour.test", auth.SecurityReader)
	ada, eve := newToken(), newToken()
	hers, line, codes := s.nobody().signIn(t, "ada@harbour.test").adds(t, ada, "her key")
	evil, own, _ := s.nobody().signIn(t, "eve@harbour.test").adds(t, eve, "my key")
	refused := func(what string, k *token, change func(*token)) {
		t.Helper()
		begun := s.beginKey(t, "ada@harbour.test")
		other := *k
		change(&other)
		s.shows(t, begun, other.signs(t, begun)).problem(http.StatusForbidden)
		ada.key.Counter++
		s.clock.move(16 * time.Minute)
	}
	refused("wrong origin", ada, func(k *token) { k.site.Origin = "https://tocsin.harbour.test.evil.example" })
	refused("without TLS", ada, func(k *token) { k.site.Origin = "http://tocsin.harbour.test" })
	refused("another port", ada, func(k *token) { k.site.Origin = publicURL + ":8443" })
	refused("wrong site", ada, func(k *token) { k.site.ID = "harbour.test" })
	refused("another's key", eve, func(*token) {})
	refused("another's key under her name", eve, func(k *token) { k.device.Options.UserHandle = ada.device.Options.UserHandle; k.key.ID = ada.key.ID })

	// An answer counts for its question, in its browser, once.
	one, two := s.beginKey(t, "ada@harbour.test"), s.beginKey(t, "ada@harbour.test")
	answer := ada.signs(t, one)
	s.shows(t, two, answer).problem(http.StatusForbidden)
	s.nobody().post(t, "/session/key", map[string]any{"credential": answer}).problem(http.StatusUnprocessableEntity)
	s.clock.move(5 * time.Minute)
	s.shows(t, one, answer).want(http.StatusOK)
	s.shows(t, one, answer).problem(http.StatusUnprocessableEntity)
	late := s.beginKey(t, "ada@harbour.test")
	s.clock.move(11 * time.Minute)
	s.shows(t, late, ada.signs(t, late)).problem(http.StatusUnprocessableEntity)
	// One to add a key with, or of another session, is none to step up with.
	hers = s.nobody().and(cookie(t, s.signInWith(t, "ada@harbour.test", codes[0]).want(http.StatusOK)))
	adds := hers.post(t, "/account/keys/begin", api.OwnPassword{Password: password})
	hers.and(flowCookie(t, adds, keyCookie)).post(t, "/session/step-up/key", map[string]any{"credential": ada.signs(t, one)}).problem(http.StatusUnprocessableEntity)
	step := hers.post(t, "/session/step-up/key/begin", nil)
	evil.and(flowCookie(t, step, keyCookie)).post(t, "/session/step-up/key", map[string]any{"credential": eve.signs(t, step)}).problem(http.StatusUnprocessableEntity)
	for _, junk := range []string{`{}`, `{"id":"AA","rawId":"AA","type":"public-key","response":{"authenticatorData":"` + strings.Repeat("AA", 50) + `","clientDataJSON":"e30","signature":"AA"}}`,
		`{"id":"AA","rawId":"AA","type":"public-key","response":{"attestationObject":"` + base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0x9f}, 20000)) + `","clientDataJSON":"e30"}}`} {
		adds := hers.post(t, "/account/keys/begin", api.OwnPassword{Password: password})
		if r := hers.and(flowCookie(t, adds, keyCookie)).post(t, "/account/keys", map[string]any{"name": "x", "credential": json.RawMessage(junk)}); r.status != http.StatusForbidden {
			t.Errorf("junk: %d %s", r.status, r.body)
		}
		step := hers.post(t, "/session/step-up/key/begin", nil)
		if r := hers.and(flowCookie(t, step, keyCookie)).post(t, "/session/step-up/key", map[string]any{"credential": json.RawMessage(junk)}); r.status != http.StatusForbidden {
			t.Errorf("junk: %d %s", r.status, r.body)
		}
		s.clock.move(16 * time.Minute)
		hers = s.nobody().and(cookie(t, s.signInWith(t, "ada@harbour.test", codes[1]).want(http.StatusOK)))
		codes = codes[1:]
	}

	// A key is its owner's alone: another's is as if it were not there.
	evil = s.nobody().and(func() *http.Cookie {
		b := s.beginKey(t, "eve@harbour.test")
		return cookie(t, s.shows(t, b, eve.signs(t, b)).want(http.StatusOK))
	}())
	evil.send(t, http.MethodDelete, "/account/keys/"+line.ID, nil).problem(http.StatusNotFound)
	evil.send(t, http.MethodPut, "/account/keys/"+line.ID, api.KeyName{Name: "mine now"}).problem(http.StatusNotFound)
	evil.send(t, http.MethodDelete, "/account/keys/"+own.ID, nil).want(http.StatusNoContent)
	if a := ok[api.Account](evil.get(t, "/account")); len(a.Keys) != 0 || a.RecoveryCodes != 0 {
		t.Errorf("%+v", a)
	}

	// A counter that goes back tells of a copy: neither is accepted from then on.
	ada.key.Counter = 1
	begun := s.beginKey(t, "ada@harbour.test")
	if d := s.shows(t, begun, ada.signs(t, begun)).problem(http.StatusForbidden).Detail; d != auth.ErrKeySuspect.Error() {
		t.Errorf("%q", d)
	}
	ada.key.Counter = 10_000
	begun = s.beginKey(t, "ada@harbour.test")
	s.shows(t, begun, ada.signs(t, begun)).problem(http.StatusForbidden)
	if a := ok[api.Account](hers.get(t, "/account")); len(a.Keys) != 1 || !a.Keys[0].Suspect {
		t.Errorf("%+v", a)
	}
	if len(s.audited(t, auth.ActKeySuspect)) != 2 {
		t.Error("a suspected key leaves no record")
	}
}

// TestKeysNeedAName: without a host name in the public address there are none, and that is said.
func TestKeysNeedAName(t *testing.T) {
	t.Parallel()
	s := open(t)
	if ok[api.Ways](s.nobody().get(t, "/session/ways")).Keys {
		t.Error("keys are offered")
	}
	s.nobody().post(t, "/session/key/begin", api.KeySignIn{}).problem(http.StatusNotFound)
	findings := app.Doctor(t.Context(), func() app.Config {
		c := app.Defaults()
		c.Data, c.DNS.Enabled = s.dir, false
		return c
	}(), nil)
	if !slices.ContainsFunc(findings, func(f app.Finding) bool { return f.About == "security keys" && f.State == app.Warn }) {
		t.Errorf("%+v", findings)
	}
}
