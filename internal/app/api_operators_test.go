package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

func TestOperatorsAreManaged(t *testing.T) {
	t.Parallel()
	s := open(t)
	ada := s.operator(t, "ada@harbour.test", auth.GlobalAdministrator)
	boss := s.nobody().signIn(t, "ada@harbour.test")

	made := ok[api.Invited](boss.post(t, "/operators", api.NewOperator{Email: "Ben@Harbour.test", Name: "Ben", Roles: []string{"Preview", "Security Operator"}}))
	if made.Operator.Email != "ben@harbour.test" || made.Operator.State != "invited" || !slices.Equal(made.Operator.Roles, []string{"Security Operator", "Preview"}) {
		t.Errorf("%+v", made.Operator)
	}
	boss.post(t, "/operators", api.NewOperator{Email: "ben@harbour.test", Roles: []string{"Preview"}}).problem(http.StatusConflict)
	boss.post(t, "/operators", api.NewOperator{Email: "eve@harbour.test", Roles: []string{"God"}}).problem(http.StatusUnprocessableEntity)

	_, secret, _ := strings.Cut(made.Path, "#")
	if page := ok[api.InvitationPage](s.nobody().get(t, "/invitations/"+secret)); page.Email != "ben@harbour.test" {
		t.Errorf("%+v", page)
	}
	again := ok[api.Invited](boss.post(t, "/operators/"+made.Operator.ID+"/invitation", nil))
	s.nobody().get(t, "/invitations/"+secret).problem(http.StatusNotFound)
	_, secret, _ = strings.Cut(again.Path, "#")
	s.nobody().post(t, "/invitations/"+secret, api.ChosenPassword{Password: "ben@harbour.test"}).problem(http.StatusUnprocessableEntity)
	s.nobody().post(t, "/invitations/"+secret, api.ChosenPassword{Password: password}).want(http.StatusNoContent)
	s.nobody().post(t, "/invitations/"+secret, api.ChosenPassword{Password: password}).problem(http.StatusNotFound)
	ben := s.nobody().signIn(t, "ben@harbour.test")
	if strings.Contains(s.log.String(), secret) {
		t.Error("the secret of the invitation is in the log")
	}

	// The last administrator stays one, and nobody disables themselves.
	mine := "/operators/" + ada.ID
	put := func(path string, c api.OperatorChange) reply { return boss.send(t, http.MethodPut, path, c) }
	put(mine, api.OperatorChange{Name: "Ada", Roles: []string{"Security Reader"}}).problem(http.StatusConflict)
	put(mine, api.OperatorChange{Name: "Ada", Roles: []string{"Global Administrator"}, Disabled: true}).problem(http.StatusUnprocessableEntity)
	boss.get(t, "/session").want(http.StatusOK)

	// Another name leaves the session alone, another role ends it at once.
	its := "/operators/" + made.Operator.ID
	put(its, api.OperatorChange{Name: "Benjamin", Roles: []string{"Security Operator", "Preview"}}).want(http.StatusOK)
	ben.get(t, "/session").want(http.StatusOK)
	put(its, api.OperatorChange{Name: "Benjamin", Roles: []string{"Security Reader"}}).want(http.StatusOK)
	ben.get(t, "/session").problem(http.StatusUnauthorized)
	put(its, api.OperatorChange{Name: "Benjamin", Roles: []string{"Security Reader"}, Disabled: true}).want(http.StatusOK)
	s.nobody().post(t, "/session", api.SignIn{Email: "ben@harbour.test", Password: password}).problem(http.StatusUnauthorized)
	put("/operators/nobody", api.OperatorChange{Name: "X", Roles: []string{"Preview"}}).problem(http.StatusNotFound)

	all := ok[api.Operators](boss.get(t, "/operators"))
	if len(all.Operators) != 2 || all.Operators[1].State != "disabled" || all.Operators[0].Sessions != 1 || len(all.Roles) != 7 {
		t.Errorf("%+v", all.Operators)
	}
	if n := len(s.audited(t, auth.ActOperatorChanged)); n != 3 {
		t.Errorf("%d records of changes", n)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	s.operator(t, "ben@harbour.test", auth.SecurityReader)
	s.operator(t, "zoe@harbour.test", auth.GlobalAdministrator)
	one := s.nobody().with("User-Agent", "Lantern/1").signIn(t, "ada@harbour.test")
	two := s.nobody().with("User-Agent", "Lantern/2").signIn(t, "ada@harbour.test")
	ben, zoe := s.nobody().signIn(t, "ben@harbour.test"), s.nobody().signIn(t, "zoe@harbour.test")

	list := ok[[]api.SessionLine](one.get(t, "/sessions"))
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	var other api.SessionLine
	for _, l := range list {
		if l.This != (l.Device == "Lantern/1") || l.Address != "127.0.0.1" || l.Email != "ada@harbour.test" {
			t.Errorf("%+v", l)
		}
		if !l.This {
			other = l
		}
	}
	// Another's session is as if it were not there.
	ben.send(t, http.MethodDelete, "/sessions/"+other.ID, nil).problem(http.StatusNotFound)
	ben.get(t, "/sessions", "whose", "all").problem(http.StatusForbidden)
	two.get(t, "/session").want(http.StatusOK)
	one.send(t, http.MethodDelete, "/sessions/"+other.ID, nil).want(http.StatusNoContent)
	two.get(t, "/session").problem(http.StatusUnauthorized)
	one.send(t, http.MethodDelete, "/sessions/"+other.ID, nil).problem(http.StatusNotFound)

	if all := ok[[]api.SessionLine](zoe.get(t, "/sessions", "whose", "all")); len(all) != 3 {
		t.Errorf("%+v", all)
	}
	for _, l := range ok[[]api.SessionLine](zoe.get(t, "/sessions", "whose", "all")) {
		if l.Email == "ben@harbour.test" {
			zoe.send(t, http.MethodDelete, "/operators/"+l.OperatorID+"/sessions", nil).want(http.StatusNoContent)
		}
	}
	ben.get(t, "/session").problem(http.StatusUnauthorized)
	one.get(t, "/session").want(http.StatusOK)
	// Signing out takes it off the list; signing in over an old cookie does too.
	one.send(t, http.MethodDelete, "/session", nil).want(http.StatusNoContent)
	zoe.signIn(t, "zoe@harbour.test")
	if all := ok[[]api.SessionLine](s.nobody().signIn(t, "zoe@harbour.test").get(t, "/sessions", "whose", "all")); len(all) != 2 {
		t.Errorf("%+v", all)
	}
}

func TestTokensHaveScopes(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ada@harbour.test", auth.SecurityOperator)
	s.operator(t, "ben@harbour.test", auth.SecurityReader)
	ada, ben := s.nobody().signIn(t, "ada@harbour.test"), s.nobody().signIn(t, "ben@harbour.test")

	ada.post(t, "/tokens", api.NewToken{Name: "too much", Scopes: []string{"policy.edit"}}).problem(http.StatusUnprocessableEntity)
	ada.post(t, "/tokens", api.NewToken{Name: "too long", Scopes: []string{"hunt.run"}, Days: 400}).problem(http.StatusUnprocessableEntity)
	made := ok[api.TokenMade](ada.post(t, "/tokens", api.NewToken{Name: "SIEM", Scopes: []string{"explorer.read", "explorer.export"}}))
	if d := time.Until(*made.Token.Expires).Hours() / 24; d < 89 || d > 91 {
		t.Errorf("works for %v days", d)
	}
	program := s.nobody().with("Authorization", "Bearer "+made.Secret)
	// In its scopes: yes. What its operator may and it may not: no. It makes no tokens, ends no session, changes no password.
	for _, r := range routes() {
		got, _ := status(t, program, r.Method, somewhere(r))
		may := slices.Contains([]auth.Permission{auth.Public, auth.SignedIn, auth.Enrol, auth.ExplorerRead, auth.ExplorerExport}, r.Permission)
		if refused := got == http.StatusForbidden; refused == may {
			t.Errorf("%s %s needs %s: got %d", r.Method, r.Path, r.Permission, got)
		}
	}
	program.post(t, "/tokens", api.NewToken{Name: "child", Scopes: []string{"explorer.read"}}).problem(http.StatusUnprocessableEntity)
	program.send(t, http.MethodDelete, "/tokens/"+made.Token.ID, nil).problem(http.StatusUnprocessableEntity)
	program.post(t, "/account/password", api.PasswordChange{Old: password, New: "an altogether new one"}).problem(http.StatusUnprocessableEntity)

	// Never more than its operator has now.
	s.sql(t, `UPDATE operators SET roles = '["Security Reader"]' WHERE email = 'ada@harbour.test'`)
	if got, _ := status(t, program, http.MethodGet, "/explorer/export"); got != http.StatusForbidden {
		t.Errorf("its operator lost the right, and it got %d", got)
	}
	program.get(t, "/explorer/fields").want(http.StatusOK)

	ben.send(t, http.MethodDelete, "/tokens/"+made.Token.ID, nil).problem(http.StatusNotFound)
	ben.get(t, "/tokens", "whose", "all").problem(http.StatusForbidden)
	if list := ok[[]api.TokenLine](ben.get(t, "/tokens")); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	ada.send(t, http.MethodDelete, "/tokens/"+made.Token.ID, nil).want(http.StatusNoContent)
	program.get(t, "/explorer/fields").problem(http.StatusUnauthorized)
}

func TestOwnPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	here, elsewhere := s.nobody().signIn(t, "ada@harbour.test"), s.nobody().signIn(t, "ada@harbour.test")
	const fresh = "seven boats and a lantern"
	here.post(t, "/account/password", api.PasswordChange{Old: "wrong", New: fresh}).problem(http.StatusUnprocessableEntity)
	here.post(t, "/account/password", api.PasswordChange{Old: password, New: "adaadaadaada"}).problem(http.StatusUnprocessableEntity)
	changed := here.post(t, "/account/password", api.PasswordChange{Old: password, New: fresh}).want(http.StatusOK)
	elsewhere.get(t, "/session").problem(http.StatusUnauthorized)
	here.get(t, "/session").problem(http.StatusUnauthorized) // the old cookie: the session has another one now
	s.nobody().with("Cookie", cookie(t, changed).String()).get(t, "/session").want(http.StatusOK)
	s.nobody().post(t, "/session", api.SignIn{Email: "ada@harbour.test", Password: password}).problem(http.StatusUnauthorized)
	s.nobody().post(t, "/session", api.SignIn{Email: "ada@harbour.test", Password: fresh}).want(http.StatusOK)
}

// TestNoCrossSiteRequests: what changes something is refused when a browser says that another site asked.
func TestNoCrossSiteRequests(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ada@harbour.test", auth.GlobalAdministrator)
	evil := s.nobody().signIn(t, "ada@harbour.test").with("Sec-Fetch-Site", "cross-site")
	for _, r := range routes() {
		if r.Method == http.MethodGet {
			continue
		}
		if got, _ := status(t, evil, r.Method, somewhere(r)); got != http.StatusForbidden {
			t.Errorf("%s %s from another site: %d", r.Method, r.Path, got)
		}
	}
}
