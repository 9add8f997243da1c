package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

// code is what the app shows at the site's time, some steps of 30 seconds away.
func (s *site) code(t testing.TB, secret string, steps int) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, s.clock.now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// step moves the clock to where a code begins, so that it does not change between two requests.
func (s *site) step() {
	s.clock.move(30*time.Second - time.Duration(s.clock.now().UnixNano())%(30*time.Second))
}

// enrol sets an authenticator app up and returns the caller with its new cookie, the secret and the recovery codes.
func (c caller) enrol(t testing.TB) (caller, string, []string) {
	t.Helper()
	e := ok[api.TOTPEnrolment](c.post(t, "/account/totp", api.OwnPassword{Password: password}))
	if len(e.QR) < 21 || len(e.QR[0]) != len(e.QR) || !strings.Contains(e.URL, e.Secret) {
		t.Errorf("%+v", e)
	}
	r := c.post(t, "/account/totp/confirm", api.Code{Code: c.site.code(t, e.Secret, 0)})
	codes := ok[api.RecoveryCodes](r).Codes
	return c.with("Cookie", cookie(t, r).String()), e.Secret, codes
}

func (s *site) signInWith(t testing.TB, email, code string) reply {
	t.Helper()
	return s.nobody().post(t, "/session", api.SignIn{Email: email, Password: password, Code: code})
}

const (
	factorNeeded = "urn:tocsin:problem:second-factor-needed"
	stepUpNeeded = "urn:tocsin:problem:step-up-needed"
	enrolNeeded  = "urn:tocsin:problem:enrolment-needed"
)

func (r reply) refusedAs(kind string, status int) {
	r.t.Helper()
	if r.want(status); !strings.Contains(string(r.body), `"type":"`+kind+`"`) || r.header.Get("Content-Type") != "application/problem+json" {
		r.t.Errorf("no problem of type %s: %s %v", kind, r.body, r.header)
	}
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	s := open(t)
	const email = "ada@harbour.test"
	s.operator(t, email, auth.SecurityReader)
	before := s.nobody().signIn(t, email)
	before.post(t, "/account/totp", api.OwnPassword{Password: "not the password"}).problem(http.StatusUnprocessableEntity)
	s.step()
	ada, secret, codes := before.enrol(t)
	before.get(t, "/session").problem(http.StatusUnauthorized) // lifted under a fresh cookie
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	ada.post(t, "/account/totp", api.OwnPassword{Password: password}).problem(http.StatusConflict)

	s.signInWith(t, email, "").refusedAs(factorNeeded, http.StatusUnauthorized)
	s.nobody().post(t, "/session", api.SignIn{Email: email, Password: "wrong", Code: s.code(t, secret, 0)}).problem(http.StatusUnauthorized)
	s.signInWith(t, email, s.code(t, secret, 0)).refusedAs(factorNeeded, http.StatusUnauthorized) // used when it was set up
	next := s.code(t, secret, 1)
	s.signInWith(t, email, next[:3]+" "+next[3:]).want(http.StatusOK) // a clock half a minute ahead
	s.signInWith(t, email, next).refusedAs(factorNeeded, http.StatusUnauthorized)
	s.clock.move(5 * time.Minute)
	for _, off := range []int{-2, 2} {
		s.step()
		s.signInWith(t, email, s.code(t, secret, off)).refusedAs(factorNeeded, http.StatusUnauthorized)
	}
	// An older code than the last one taken is used up too.
	late := s.code(t, secret, -1)
	s.signInWith(t, email, s.code(t, secret, 0)).want(http.StatusOK)
	s.signInWith(t, email, late).refusedAs(factorNeeded, http.StatusUnauthorized)

	s.signInWith(t, email, strings.ToLower(codes[3])).want(http.StatusOK)
	s.signInWith(t, email, codes[3]).refusedAs(factorNeeded, http.StatusUnauthorized)
	if a := ok[api.Account](ada.get(t, "/account")); a.RecoveryCodes != 9 || a.FactorSince == nil {
		t.Errorf("%+v", a)
	}
	fresh := ok[api.RecoveryCodes](ada.post(t, "/account/recovery-codes", api.Code{Code: codes[4]})).Codes
	s.signInWith(t, email, codes[5]).refusedAs(factorNeeded, http.StatusUnauthorized)
	s.clock.move(20 * time.Minute) // so many wrong ones slow this address down
	ada.post(t, "/account/totp/remove", api.Code{Code: "000 000"}).problem(http.StatusUnprocessableEntity)
	s.clock.move(20 * time.Minute)
	ada.post(t, "/account/totp/remove", api.Code{Code: fresh[0]}).want(http.StatusNoContent)
	s.signInWith(t, email, "").want(http.StatusOK)

	// Nothing that was shown once is kept readable.
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cases.sqlite", "cases.sqlite-wal"} {
		raw, _ := os.ReadFile(filepath.Join(s.dir, name))
		for _, hidden := range append(fresh, secret, strings.ReplaceAll(fresh[1], "-", "")) {
			if strings.Contains(string(raw), hidden) || strings.Contains(s.log.String(), hidden) {
				t.Errorf("%q is kept", hidden)
			}
		}
	}
	if info, err := os.Stat(filepath.Join(s.dir, "secret.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v %v", info, err)
	}
}

// TestCodesAreNotGuessed: a right password does not forgive wrong codes.
func TestCodesAreNotGuessed(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	_, secret, _ := s.nobody().signIn(t, "ada@harbour.test").enrol(t)
	refused := 0
	for range 40 {
		switch r := s.signInWith(t, "ada@harbour.test", "123456"); r.status {
		case http.StatusTooManyRequests:
			refused++
		case http.StatusUnauthorized:
			s.signInWith(t, "ada@harbour.test", "") // the password alone, between guesses
		default:
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	if refused < 30 {
		t.Errorf("%d of 40 guesses were slowed down", refused)
	}
	if r := s.signInWith(t, "ada@harbour.test", s.code(t, secret, 1)); r.status != http.StatusTooManyRequests {
		t.Errorf("a right code in between got %d", r.status)
	}
	s.clock.move(20 * time.Minute)
	s.signInWith(t, "ada@harbour.test", s.code(t, secret, 0)).want(http.StatusOK)
	if n := len(s.audited(t, auth.ActCodeRefused)); n == 0 {
		t.Error("refused codes leave no record")
	}
}

func TestCriticalRoutesAskAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	const email = "ada@harbour.test"
	s.operator(t, email, auth.GlobalAdministrator)
	ada := s.nobody().signIn(t, email)
	body := api.NewOperator{Email: "ben@harbour.test", Roles: []string{"Security Reader"}}
	ada.post(t, "/operators", body).want(http.StatusOK) // without a factor there is nothing to ask for
	ada, secret, _ := ada.enrol(t)
	body.Email = "cleo@harbour.test"
	ada.post(t, "/operators", body).want(http.StatusOK)
	s.clock.move(16 * time.Minute)
	body.Email = "dora@harbour.test"
	ada.post(t, "/operators", body).refusedAs(stepUpNeeded, http.StatusForbidden)
	ada.get(t, "/operators").want(http.StatusOK)
	ada.post(t, "/tokens", api.NewToken{Name: "x", Scopes: []string{"hunt.run"}}).refusedAs(stepUpNeeded, http.StatusForbidden)
	ada.send(t, http.MethodPut, "/policy", map[string]any{}).refusedAs(stepUpNeeded, http.StatusForbidden)

	ada.post(t, "/session/step-up", api.Code{Code: "654321"}).problem(http.StatusUnprocessableEntity)
	r := ada.post(t, "/session/step-up", api.Code{Code: s.code(t, secret, 0)}).want(http.StatusOK)
	ada.get(t, "/session").problem(http.StatusUnauthorized) // the cookie from before is worth nothing
	ada = ada.with("Cookie", cookie(t, r).String())
	ada.post(t, "/operators", body).want(http.StatusOK)
	if list := ok[[]api.SessionLine](ada.get(t, "/sessions")); len(list) != 1 {
		t.Errorf("the session is listed %d times", len(list))
	}
}

func TestSecondFactorIsRequired(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *app.Config, _ *app.Options) { c.Auth.SecondFactor = auth.FactorAdministrators })
	s.operator(t, "ada@harbour.test", auth.GlobalAdministrator)
	s.operator(t, "ben@harbour.test", auth.SecurityReader)
	ben := s.nobody().signIn(t, "ben@harbour.test")
	ben.get(t, "/explorer/fields").want(http.StatusOK)
	ada := s.nobody().signIn(t, "ada@harbour.test")
	if got := ok[api.Session](ada.get(t, "/session")); !got.MustEnrol || len(got.Permissions) != 1 {
		t.Errorf("%+v", got)
	}
	for _, r := range routes() {
		if r.Permission == auth.Public || r.Permission == auth.Enrol {
			continue
		}
		if got, _ := status(t, ada, r.Method, somewhere(r)); got != http.StatusForbidden {
			t.Errorf("%s %s: %d before the factor is set up", r.Method, r.Path, got)
		}
	}
	ada.get(t, "/operators").refusedAs(enrolNeeded, http.StatusForbidden)
	ada, secret, _ := ada.enrol(t)
	if got := ok[api.Session](ada.get(t, "/session")); got.MustEnrol {
		t.Errorf("%+v", got)
	}
	ada.get(t, "/operators").want(http.StatusOK)
	s.clock.move(time.Minute)
	ada.post(t, "/account/totp/remove", api.Code{Code: s.code(t, secret, 0)}).problem(http.StatusUnprocessableEntity)

	// An administrator frees another who lost the app; their sessions end. Not themselves that way.
	ben, _, _ = ben.enrol(t)
	for _, o := range ok[api.Operators](ada.get(t, "/operators")).Operators {
		r := ada.send(t, http.MethodDelete, "/operators/"+o.ID+"/factor", nil)
		if o.Email == "ada@harbour.test" {
			r.problem(http.StatusUnprocessableEntity)
			continue
		}
		r.want(http.StatusNoContent)
	}
	ben.get(t, "/session").problem(http.StatusUnauthorized)
	s.signInWith(t, "ben@harbour.test", "").want(http.StatusOK)
}
