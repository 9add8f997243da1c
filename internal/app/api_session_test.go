package app_test

import (
	"bytes"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
)

const password = "correct horse battery"

// operator adds a person who signs in with the password.
func (s *site) operator(t testing.TB, email string, roles ...auth.Role) auth.Operator {
	t.Helper()
	o, err := s.Gate().AddOperator(t.Context(), email, "", password, roles)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// signIn is a browser in which the operator signed in.
func (c caller) signIn(t testing.TB, email string) caller {
	t.Helper()
	return c.with("Cookie", cookie(t, c.post(t, "/session", api.SignIn{Email: email, Password: password}).want(http.StatusOK)).String())
}

// cookie is the session cookie that an answer sets, as a browser sends it back.
func cookie(t testing.TB, r reply) *http.Cookie {
	t.Helper()
	c := setCookie(t, r)
	return &http.Cookie{Name: c.Name, Value: c.Value}
}

func setCookie(t testing.TB, r reply) *http.Cookie {
	t.Helper()
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == "tocsin_session" {
			return c
		}
	}
	t.Fatalf("no session cookie in %v", r.header)
	return nil
}

// sql changes what no route changes yet.
func (s *site) sql(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := s.Cases().Writer().ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// audited lists the audit records with one of the actions, oldest first.
func (s *site) audited(t testing.TB, actions ...auth.Action) (out []auth.Record) {
	t.Helper()
	rows, err := s.Cases().Reader().QueryContext(t.Context(), `SELECT operator, via, address, action, subject, recipient, reason, detail FROM audit ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r auth.Record
		if err := rows.Scan(&r.Operator, &r.Via, &r.Address, &r.Action, &r.Subject, &r.Recipient, &r.Reason, (*[]byte)(&r.Detail)); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(actions, r.Action) {
			out = append(out, r)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// link is the secret of the set-up link on the console, "" when there is none.
func (s *site) link() string {
	m := regexp.MustCompile(`/setup#(\S+)`).FindStringSubmatch(s.console.String())
	if m == nil {
		return ""
	}
	return m[1]
}

func TestSetupLink(t *testing.T) {
	t.Parallel()
	s := open(t)
	secret, nobody := s.link(), s.nobody()
	if secret == "" {
		t.Fatalf("no set-up link on the console: %s", s.console)
	}
	page := ok[api.SetupPage](nobody.get(t, "/setup/"+secret))
	if page.Organisation.Name != "Harbour" || math.Abs(time.Until(page.Expires).Hours()-24) > 0.1 {
		t.Errorf("%+v", page)
	}
	nobody.get(t, "/setup/wrong").problem(http.StatusNotFound)
	first := api.FirstAdministrator{Email: "Ada@Harbour.test", Name: "Ada", Password: password}
	nobody.post(t, "/setup/wrong", first).problem(http.StatusNotFound)
	if p := nobody.post(t, "/setup/"+secret, api.FirstAdministrator{Email: first.Email, Name: "Ada", Password: "short"}).problem(http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Location != "body.password" {
		t.Errorf("short password: %+v", p)
	}
	nobody.post(t, "/setup/"+secret, api.FirstAdministrator{Email: first.Email, Name: "Ada", Password: "ada@harbour.test"}).problem(http.StatusUnprocessableEntity)
	nobody.post(t, "/setup/"+secret, api.FirstAdministrator{Email: "no address", Name: "Ada", Password: password}).problem(http.StatusUnprocessableEntity)

	made := nobody.post(t, "/setup/"+secret, first)
	session := ok[api.Session](made)
	if session.Operator.Email != "ada@harbour.test" || !slices.Contains(session.Operator.Roles, string(auth.GlobalAdministrator)) || !slices.Contains(session.Permissions, string(auth.OperatorManage)) {
		t.Errorf("%+v", session)
	}
	ada := nobody.with("Cookie", cookie(t, made).String())
	if got := ok[api.Session](ada.get(t, "/session")); got.Operator.Email != "ada@harbour.test" {
		t.Errorf("signed in as %+v", got.Operator)
	}
	nobody.signIn(t, "ada@harbour.test")

	nobody.get(t, "/setup/"+secret).problem(http.StatusNotFound)
	nobody.post(t, "/setup/"+secret, api.FirstAdministrator{Email: "eve@harbour.test", Name: "Eve", Password: password}).problem(http.StatusNotFound)
	var did []string
	for _, r := range s.audited(t, auth.ActSetupLink, auth.ActOperatorAdded, auth.ActSignIn) {
		did = append(did, r.Operator+": "+string(r.Action)+" from "+r.Address)
	}
	if got := strings.Join(did, "; "); got != "tocsin serve: set-up link made from ; ada@harbour.test: operator added from 127.0.0.1; ada@harbour.test: sign-in from 127.0.0.1; ada@harbour.test: sign-in from 127.0.0.1" {
		t.Errorf("audit: %s", got)
	}
	if strings.Contains(s.log.String(), secret) {
		t.Error("the secret of the link is in the log")
	}
}

func TestSetupLinkEnds(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.clock.move(24 * time.Hour)
	s.nobody().get(t, "/setup/"+s.link()).problem(http.StatusNotFound)
	s.nobody().post(t, "/setup/"+s.link(), api.FirstAdministrator{Email: "ada@harbour.test", Name: "Ada", Password: password}).problem(http.StatusNotFound)
	s.clock.move(-time.Hour)
	s.nobody().get(t, "/setup/"+s.link()).want(http.StatusOK)
	// Added on the command line meanwhile: whoever has the link must not become the second administrator.
	s.operator(t, "ben@harbour.test", auth.GlobalAdministrator)
	s.nobody().post(t, "/setup/"+s.link(), api.FirstAdministrator{Email: "ada@harbour.test", Name: "Ada", Password: password}).problem(http.StatusNotFound)
}

func TestSetupLinkMakesOneAdministrator(t *testing.T) {
	t.Parallel()
	s := open(t)
	var wg sync.WaitGroup
	var got [4]int
	for i := range got {
		wg.Go(func() {
			res, err := s.nobody().ask(t.Context(), http.MethodPost, "/setup/"+s.link(), api.FirstAdministrator{Email: "ada" + strconv.Itoa(i) + "@harbour.test", Name: "Ada", Password: password})
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = res.StatusCode
			_ = res.Body.Close()
		})
	}
	wg.Wait()
	slices.Sort(got[:])
	if got != [4]int{200, 404, 404, 404} {
		t.Errorf("four at once got %v", got)
	}
	people, err := s.Cases().Operators(t.Context())
	if err != nil || len(people) != 1 {
		t.Errorf("%d operators, %v", len(people), err)
	}
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	planted := s.nobody().with("Cookie", "tocsin_session=planted-by-somebody-else")
	in := planted.post(t, "/session", api.SignIn{Email: " ADA@harbour.test", Password: password})
	if got := ok[api.Session](in); got.Operator.Email != "ada@harbour.test" || got.Demo || got.Version != api.Version {
		t.Errorf("%+v", got)
	}
	c := setCookie(t, in)
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure || c.Value == "planted-by-somebody-else" || len(c.Value) < 32 {
		t.Errorf("cookie %+v", c)
	}
	if c.MaxAge < 23*3600 || c.MaxAge > 24*3600+1 {
		t.Errorf("the cookie lives %d s, the session 24 h", c.MaxAge)
	}
	planted.get(t, "/session").problem(http.StatusUnauthorized)
	ada := s.nobody().with("Cookie", cookie(t, in).String())
	ada.get(t, "/explorer/count").want(http.StatusOK)

	out := ada.send(t, http.MethodDelete, "/session", nil).want(http.StatusNoContent)
	if gone := setCookie(t, out); gone.MaxAge >= 0 || gone.Value != "" || len(out.body) > 0 {
		t.Errorf("after signing out: %+v %s", gone, out.body)
	}
	ada.get(t, "/explorer/count").problem(http.StatusUnauthorized) // the browser forgot it; a thief did not
	ada.send(t, http.MethodDelete, "/session", nil).problem(http.StatusUnauthorized)

	s.as(t, auth.SecurityReader).send(t, http.MethodDelete, "/session", nil).problem(http.StatusUnprocessableEntity)
	records := s.audited(t, auth.ActSignIn, auth.ActSignOut)
	if len(records) != 2 || records[1].Action != auth.ActSignOut || records[1].Operator != "ada@harbour.test" || records[1].Via != "session" {
		t.Errorf("audit %+v", records)
	}
}

// behind is the setting of a server to which strangers come through a proxy on this machine.
func behind(c *app.Config, _ *app.Options) { c.HTTP.TrustedProxies = []string{"127.0.0.0/8"} }

// TestSignInTellsNothing: whoever guesses learns neither from the answer nor from its time whether an operator exists.
func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	s := open(t, behind, func(_ *app.Config, o *app.Options) { o.Passwords = auth.DefaultParams }) // the work is what takes time
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	s.operator(t, "gone@harbour.test", auth.SecurityReader)
	s.as(t, auth.SecurityOperator) // has no password
	s.sql(t, `UPDATE operators SET disabled = TRUE WHERE email = 'gone@harbour.test'`)
	tries := []api.SignIn{
		{Email: "ada@harbour.test", Password: "wrong"}, {Email: "eve@harbour.test", Password: password},
		{Email: "gone@harbour.test", Password: password}, {Email: "nobody.security-operator@harbour.test", Password: password},
	}
	var first reply
	fastest := make([]time.Duration, len(tries))
	for round := range 2 {
		for i, in := range tries {
			c := s.nobody().with("X-Forwarded-For", "198.51.100."+strconv.Itoa(10*round+i))
			began := time.Now()
			r := c.post(t, "/session", in)
			if took := time.Since(began); round == 0 || took < fastest[i] {
				fastest[i] = took
			}
			r.problem(http.StatusUnauthorized)
			if first.body == nil {
				first = r
			}
			r.header.Del("Date")
			first.header.Del("Date")
			if !bytes.Equal(r.body, first.body) || r.header.Get("Set-Cookie") != "" || len(r.header) != len(first.header) {
				t.Errorf("%s got %s %v, another %s %v", in.Email, r.body, r.header, first.body, first.header)
			}
		}
	}
	for i := range tries { // an answer without the work is a hundred times faster, also on a busy machine
		if fastest[i] < fastest[0]/20 {
			t.Errorf("%s is refused after %v, a wrong password after %v", tries[i].Email, fastest[i], fastest[0])
		}
	}
	refused := s.audited(t, auth.ActSignInRefused)
	if len(refused) != 8 || refused[1].Operator != "eve@harbour.test" || refused[1].Address != "198.51.100.1" {
		t.Errorf("audit %+v", refused)
	}
}

// TestSessionsAreNotFixed: a cookie that somebody put into another's browser before the sign-in opens nothing after it.
func TestSessionsAreNotFixed(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	s.operator(t, "eve@harbour.test", auth.SecurityReader)
	eve := s.nobody().signIn(t, "eve@harbour.test")
	for name, planted := range map[string]caller{
		"made up": s.nobody().with("Cookie", "tocsin_session="+strings.Repeat("A", 43)), "of somebody": eve,
	} {
		r := planted.post(t, "/session", api.SignIn{Email: "ada@harbour.test", Password: password}).want(http.StatusOK)
		if planted.header.Get("Cookie") == cookie(t, r).String() {
			t.Errorf("%s: the cookie stayed", name)
		}
		planted.get(t, "/session").problem(http.StatusUnauthorized)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := open(t, behind)
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	guess := api.SignIn{Email: "ada@harbour.test", Password: "wrong"}
	from := func(address string) caller { return s.nobody().with("X-Forwarded-For", address) }
	for range 6 {
		from("198.51.100.7").post(t, "/session", guess).problem(http.StatusUnauthorized)
	}
	slow := from("198.51.100.7").post(t, "/session", api.SignIn{Email: "ada@harbour.test", Password: password})
	slow.problem(http.StatusTooManyRequests)
	if after, err := strconv.Atoi(slow.header.Get("Retry-After")); err != nil || after < 1 || after > 60 {
		t.Errorf("Retry-After %q", slow.header.Get("Retry-After"))
	}
	from("203.0.113.9").post(t, "/session", guess).problem(http.StatusTooManyRequests)                                               // by account
	from("198.51.100.7").post(t, "/session", api.SignIn{Email: "b@harbour.test", Password: "x"}).problem(http.StatusTooManyRequests) // by address
	// Who writes the header without being the proxy's client is not believed: the last address that no proxy has counts.
	from("203.0.113.10, 198.51.100.7").post(t, "/session", api.SignIn{Email: "c@harbour.test", Password: "x"}).problem(http.StatusTooManyRequests)
	s.clock.move(2 * time.Minute)
	from("198.51.100.7").signIn(t, "ada@harbour.test")
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *app.Config, _ *app.Options) { c.Sessions = app.Sessions{Idle: time.Hour, Life: 3 * time.Hour} })
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	here := func(c caller) int { return c.get(t, "/preferences").status }
	for _, c := range []struct {
		name  string
		spend func(ada caller)
	}{
		{"idle for too long", func(caller) { s.clock.move(time.Hour + time.Minute) }},
		{"in use for too long", func(ada caller) {
			for range 4 {
				if s.clock.move(44 * time.Minute); here(ada) != http.StatusOK {
					t.Errorf("in use, and over within its life")
				}
			}
			s.clock.move(44 * time.Minute)
		}},
		{"forgotten by the store", func(caller) { s.sql(t, `UPDATE sessions SET expires = 1`) }},
		{"signed out elsewhere", func(caller) { s.sql(t, `UPDATE sessions SET ended = TRUE`) }},
		{"password changed", func(caller) { s.sql(t, `UPDATE operators SET changed = ?`, s.clock.now().Add(time.Second).UnixMicro()) }},
		{"operator disabled", func(caller) { s.sql(t, `UPDATE operators SET changed = 0, disabled = TRUE`) }},
		{"operator removed", func(caller) { s.sql(t, `DELETE FROM operators`) }},
	} {
		s.clock.move(2 * time.Second)
		s.sql(t, `UPDATE operators SET disabled = FALSE`)
		ada := s.nobody().signIn(t, "ada@harbour.test")
		if got := here(ada); got != http.StatusOK {
			t.Fatalf("%s: %d before", c.name, got)
		}
		c.spend(ada)
		if got := here(ada); got != http.StatusUnauthorized {
			t.Errorf("%s: %d after", c.name, got)
		}
		if c.name != "operator removed" && c.name != "operator disabled" && c.name != "password changed" {
			ada.signIn(t, "ada@harbour.test") // with the old cookie still there
		}
	}
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, c := range []struct {
		name string
		end  func()
	}{
		{"revoked", func() { s.sql(t, `UPDATE tokens SET revoked = TRUE`) }},
		{"expired", func() {
			s.sql(t, `UPDATE tokens SET expires = ?`, s.clock.now().Add(time.Minute).UnixMicro())
			s.clock.move(time.Minute)
		}},
		{"operator disabled", func() { s.sql(t, `UPDATE operators SET disabled = TRUE`) }},
	} {
		program := s.as(t, auth.SecurityReader)
		program.get(t, "/preferences").want(http.StatusOK)
		if got := ok[api.Session](program.get(t, "/session")); !slices.Equal(got.Operator.Roles, []string{"Security Reader"}) {
			t.Errorf("%+v", got.Operator)
		}
		c.end()
		r := program.get(t, "/preferences")
		r.problem(http.StatusUnauthorized)
		if r.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: %v", c.name, r.header)
		}
	}
	for _, header := range []string{"Bearer", "Bearer ", "Bearer tocsin_", "Basic YWRhOngK", "bearer x y", "tocsin_x"} {
		s.nobody().with("Authorization", header).get(t, "/preferences").problem(http.StatusUnauthorized)
	}
	// A wrong token is refused although the browser has a session: whoever sends one means it.
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	s.nobody().signIn(t, "ada@harbour.test").with("Authorization", "Bearer tocsin_x").get(t, "/preferences").problem(http.StatusUnauthorized)
}

// TestSecretsAreNotKept looks for what was handed out in every file and log line.
func TestSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	secrets := map[string]string{"set-up link": s.link(), "password": password, "token": s.token(t, auth.SecurityReader)}
	s.operator(t, "ada@harbour.test", auth.SecurityReader)
	ada := s.nobody().signIn(t, "ada@harbour.test")
	_, secrets["cookie"], _ = strings.Cut(ada.header.Get("Cookie"), "=")
	ada.get(t, "/preferences").want(http.StatusOK)
	s.nobody().get(t, "/setup/"+s.link())
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	logged := s.log.String()
	if !strings.Contains(logged, "/api/v1/setup/…") {
		t.Errorf("the log does not show requests: %.300s", logged)
	}
	files := 0
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		for name, secret := range secrets {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("the %s is in %s", name, path)
			}
		}
		return err
	})
	if err != nil || files < 3 {
		t.Errorf("%d files, %v", files, err)
	}
	for name, secret := range secrets {
		if secret == "" || strings.Contains(logged, secret) {
			t.Errorf("the %s (%q) is in the log", name, secret)
		}
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	s := open(t)
	ada, ben := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityOperator)
	if got := ok[api.Preferences](ada.get(t, "/preferences")); got.Theme != "auto" || got.Zone != "utc" || got.ExplorerColumns == nil {
		t.Errorf("at first %+v", got)
	}
	mine := api.Preferences{Theme: "dark", Zone: "local", Density: "compact", NavPinned: true, ExplorerColumns: []string{"Subject", "Timestamp"}}
	put := func(c caller, body any) reply { return c.send(t, http.MethodPut, "/preferences", body) }
	ok[api.Preferences](put(ada, mine))
	if got := ok[api.Preferences](ada.get(t, "/preferences")); got.Theme != "dark" || !slices.Equal(got.ExplorerColumns, mine.ExplorerColumns) {
		t.Errorf("kept %+v", got)
	}
	if got := ok[api.Preferences](ben.get(t, "/preferences")); got.Theme != "auto" {
		t.Errorf("somebody else's: %+v", got)
	}
	mine.Theme = "pink"
	if p := put(ada, mine).problem(http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Location != "body.theme" {
		t.Errorf("%+v", p)
	}
	put(ada, []byte(`{"theme":`)).problem(http.StatusBadRequest)
	put(ada, bytes.Repeat([]byte(" "), 70<<10)).problem(http.StatusRequestEntityTooLarge)
}
