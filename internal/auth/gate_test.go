package auth_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/casestore"
)

// desk is a gate over a real case store, with a clock that the test moves.
type desk struct {
	*auth.Gate
	store *casestore.Store
	now   time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	s, err := casestore.Open(t.Context(), filepath.Join(t.TempDir(), "cases.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &desk{store: s, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	d.Gate = auth.NewGate(s, s, auth.NewHasher(auth.Params{Memory: 8, Passes: 1, Threads: 1}, 2), func() time.Time { return d.now })
	return d
}

const password = "correct horse battery"

func TestSignIn(t *testing.T) {
	d := newDesk(t)
	added, err := d.AddOperator(t.Context(), " Ada@Example.COM ", "", password, []auth.Role{auth.SecurityReader})
	if err != nil {
		t.Fatal(err)
	}
	if added.Email != "ada@example.com" || added.Name != "ada" {
		t.Errorf("added %+v", added)
	}
	got, err := d.SignIn(t.Context(), "ADA@example.com", password, "192.0.2.1")
	if err != nil || got.ID != added.ID {
		t.Fatalf("signed in as %+v, %v", got, err)
	}
	for email, pw := range map[string]string{"ada@example.com": "wrong", "nobody@example.com": password, "": ""} {
		if _, err := d.SignIn(t.Context(), email, pw, "192.0.2.2"); !errors.Is(err, auth.ErrCredentials) || err.Error() != auth.ErrCredentials.Error() {
			t.Errorf("%q: %v", email, err)
		}
	}
	kept, err := d.store.OperatorByID(t.Context(), added.ID)
	if err != nil || !kept.SignedIn.Equal(d.now) {
		t.Errorf("last sign-in %v, %v", kept.SignedIn, err)
	}
}

func TestSignInUpgradesCosts(t *testing.T) {
	d := newDesk(t)
	o, err := d.AddOperator(t.Context(), "ada@example.com", "Ada", password, []auth.Role{auth.SecurityReader})
	if err != nil {
		t.Fatal(err)
	}
	dearer := auth.NewGate(d.store, d.store, auth.NewHasher(auth.Params{Memory: 16, Passes: 2, Threads: 1}, 2), func() time.Time { return d.now })
	since := d.now
	d.now = d.now.Add(time.Hour)
	if _, err := dearer.SignIn(t.Context(), o.Email, password, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	kept, err := d.store.OperatorByID(t.Context(), o.ID)
	if err != nil || !strings.Contains(kept.Password, "m=16,t=2") {
		t.Errorf("kept %q, %v", kept.Password, err)
	}
	if _, err := dearer.Resume(t.Context(), o.ID, since); err != nil {
		t.Errorf("dearer hashing ended a session: %v", err)
	}
	if _, err := dearer.SignIn(t.Context(), o.Email, password, "192.0.2.1"); err != nil {
		t.Errorf("with the new hash: %v", err)
	}
}

func TestResumeEndsWithThePassword(t *testing.T) {
	d := newDesk(t)
	o, err := d.AddOperator(t.Context(), "ada@example.com", "Ada", password, []auth.Role{auth.SecurityReader})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resume(t.Context(), o.ID, d.now); err != nil {
		t.Errorf("new session: %v", err)
	}
	if err := d.store.SetPassword(t.Context(), o.ID, o.Password, d.now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resume(t.Context(), o.ID, d.now); !errors.Is(err, auth.ErrNotSignedIn) {
		t.Errorf("session from before the change: %v", err)
	}
	if _, err := d.Resume(t.Context(), "no such id", d.now); !errors.Is(err, auth.ErrNotSignedIn) {
		t.Errorf("nobody: %v", err)
	}
}

func TestBadOperators(t *testing.T) {
	d := newDesk(t)
	reader := []auth.Role{auth.SecurityReader}
	for name, c := range map[string]struct {
		email, password string
		roles           []auth.Role
	}{
		"no at sign":     {"ada", password, reader},
		"display name":   {"Ada <ada@example.com>", password, reader},
		"short password": {"ada@example.com", "eleven char", reader},
		"one letter":     {"ada@example.com", "aaaaaaaaaaaaaaaa", reader},
		"the address":    {"ada@example.com", "ada@example.com", reader},
		"no role":        {"ada@example.com", password, nil},
	} {
		var bad *auth.Invalid
		if _, err := d.AddOperator(t.Context(), c.email, "", c.password, c.roles); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.AddOperator(t.Context(), "ada@example.com", "", "", reader); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddOperator(t.Context(), "ADA@example.com", "", "", reader); !errors.Is(err, auth.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	if _, err := d.SignIn(t.Context(), "ada@example.com", "", "192.0.2.1"); !errors.Is(err, auth.ErrCredentials) {
		t.Errorf("signed in without a password: %v", err)
	}
}

func TestTokens(t *testing.T) {
	d := newDesk(t)
	if _, err := d.AddOperator(t.Context(), "bot@example.com", "", "", []auth.Role{auth.SecurityOperator}); err != nil {
		t.Fatal(err)
	}
	secret, err := d.MakeToken(t.Context(), "bot@example.com", "nightly", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	who, err := d.Bearer(t.Context(), secret)
	if err != nil || who.Operator.Email != "bot@example.com" || who.Via != "token" || !who.May(auth.HuntRun) || who.May(auth.OperatorManage) {
		t.Errorf("%+v, %v", who, err)
	}
	all, err := d.store.Tokens(t.Context())
	if err != nil || len(all) != 1 || !all[0].Used.Equal(d.now) || strings.Contains(all[0].Hash, secret) {
		t.Errorf("kept %+v, %v", all, err)
	}
	for _, wrong := range []string{"", "tocsin_", secret + "x", secret[:len(secret)-1], "Bearer " + secret} {
		if _, err := d.Bearer(t.Context(), wrong); !errors.Is(err, auth.ErrNotSignedIn) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	d.now = d.now.Add(time.Hour)
	if _, err := d.Bearer(t.Context(), secret); !errors.Is(err, auth.ErrNotSignedIn) {
		t.Errorf("after it expired: %v", err)
	}
	if _, err := d.MakeToken(t.Context(), "nobody@example.com", "x", 0); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("for nobody: %v", err)
	}

	local := d.LocalToken()
	who, err = d.Bearer(t.Context(), local)
	if err != nil || who.Via != "local" || !who.May(auth.MailImport) || who.May(auth.EmailContent) {
		t.Errorf("local: %+v, %v", who, err)
	}
}

func TestSetupLinkWorksOnce(t *testing.T) {
	d := newDesk(t)
	first, _, err := d.SetupLink(t.Context())
	if err != nil || first == "" {
		t.Fatal(first, err)
	}
	link, expires, err := d.SetupLink(t.Context()) // a restart makes a new one and ends the old one
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.SetupExpiry(t.Context(), first, "192.0.2.1"); !errors.Is(err, auth.ErrSetupLink) {
		t.Errorf("the older link: %v", err)
	}
	if at, err := d.SetupExpiry(t.Context(), link, "192.0.2.1"); err != nil || !at.Equal(expires) {
		t.Errorf("%v, %v", at, err)
	}
	d.now = expires
	if _, err := d.Setup(t.Context(), link, "ada@example.com", "Ada", password, "192.0.2.1"); !errors.Is(err, auth.ErrSetupLink) {
		t.Errorf("expired: %v", err)
	}
	d.now = expires.Add(-time.Second)
	o, err := d.Setup(t.Context(), link, "ada@example.com", "Ada", password, "192.0.2.1")
	if err != nil || !slices.Contains(o.Roles, auth.GlobalAdministrator) {
		t.Fatalf("%+v, %v", o, err)
	}
	if _, err := d.Setup(t.Context(), link, "eve@example.com", "Eve", password, "192.0.2.2"); !errors.Is(err, auth.ErrSetupLink) {
		t.Errorf("second use: %v", err)
	}
	if again, _, err := d.SetupLink(t.Context()); again != "" || err != nil {
		t.Errorf("a link although there is an operator: %q, %v", again, err)
	}
}

func TestAuditRecords(t *testing.T) {
	d := newDesk(t)
	o, err := d.AddOperator(t.Context(), "ada@example.com", "Ada", password, []auth.Role{auth.SecurityReader})
	if err != nil {
		t.Fatal(err)
	}
	ctx := auth.With(t.Context(), &auth.Principal{Operator: o, Via: "session", Address: "192.0.2.1"})
	for _, reason := range []string{"ticket 1", "ticket 2"} {
		if err := d.Write(ctx, auth.Record{Action: auth.ActContent, Subject: "m1", Recipient: "r@example.com", Reason: reason}, map[string]int{"n": 1}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.store.About(t.Context(), "m1", 10)
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	r := got[1]
	if r.Seq <= got[0].Seq || r.Operator != "ada@example.com" || r.OperatorID != o.ID || r.Address != "192.0.2.1" || r.Reason != "ticket 2" || !r.At.Equal(d.now) || string(r.Detail) != `{"n":1}` {
		t.Errorf("%+v", r)
	}
}

func TestRolesAndPermissions(t *testing.T) {
	for in, want := range map[string]auth.Role{"Global Administrator": auth.GlobalAdministrator, "security-reader": auth.SecurityReader, "SEARCHANDPURGE": auth.SearchAndPurge} {
		if got, err := auth.ParseRole(in); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := auth.ParseRole("root"); err == nil || !strings.Contains(err.Error(), "Security Operator") {
		t.Errorf("an unknown role must list the known ones: %v", err)
	}
	for _, r := range auth.Roles() {
		if len(r.Permissions()) == 0 {
			t.Errorf("%s gives nothing", r)
		}
		for _, secret := range []auth.Permission{auth.EmailPreview, auth.EmailRemove, auth.ActionApprove} {
			if r.Group() && slices.Contains(r.Permissions(), secret) {
				t.Errorf("the group %s includes %s", r, secret)
			}
		}
	}
	var nobody *auth.Principal
	if nobody.May(auth.SignedIn) || !nobody.May(auth.Public) {
		t.Error("nobody")
	}
}
