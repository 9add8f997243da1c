package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

// routes is the table from which the server makes its routes.
func routes() []api.Route { return api.New(api.Deps{}).Routes() }

// somewhere is the path of a route with its parameters filled in: with what is well-formed and leads nowhere.
func somewhere(r api.Route) string {
	path := strings.TrimPrefix(r.Path, api.Prefix)
	return strings.NewReplacer("{nmid}", "01890000-0000-7000-8000-000000000000", "{token}", "wrong", "{grant}", "wrong").Replace(path)
}

// status is the answer's alone: some answers do not end.
func status(t *testing.T, c caller, method, path string) (int, http.Header) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	res, err := c.ask(ctx, method, path, nil)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header
}

// TestEveryRouteAsksForItsPermission walks the table: a new route is in it as soon as it is declared.
func TestEveryRouteAsksForItsPermission(t *testing.T) {
	t.Parallel()
	s := open(t)
	who := map[auth.Role]caller{}
	for _, r := range auth.Roles() {
		who[r] = s.as(t, r)
	}
	for _, r := range routes() {
		at := r.Method + " " + r.Path
		path := somewhere(r)
		got, header := status(t, s.nobody(), r.Method, path)
		switch {
		case r.Permission != auth.Public:
			if got != http.StatusUnauthorized || header.Get("Content-Type") != "application/problem+json" || header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: nobody got %d %v", at, got, header)
			}
		case got == http.StatusForbidden || got == http.StatusUnauthorized && path != "/session": // "nobody" is what that one answers
			t.Errorf("%s is public, and nobody got %d", at, got)
		}
		for role, c := range who {
			got, header := status(t, c, r.Method, path)
			may := r.Permission == auth.Public || slices.Contains(auth.Granted([]auth.Role{role}), r.Permission)
			switch {
			case may && (got == http.StatusUnauthorized || got == http.StatusForbidden):
				t.Errorf("%s: %s has %s and got %d", at, role, r.Permission, got)
			case !may && (got != http.StatusForbidden || header.Get("Content-Type") != "application/problem+json"):
				t.Errorf("%s: %s lacks %s and got %d %s", at, role, r.Permission, got, header.Get("Content-Type"))
			}
			if got >= 500 && got != http.StatusServiceUnavailable {
				t.Errorf("%s: %s got %d", at, role, got)
			}
		}
		if got, _ := status(t, s.nobody().with("Authorization", "Bearer tocsin_wrong"), r.Method, path); got != http.StatusUnauthorized {
			t.Errorf("%s: a wrong token got %d", at, got)
		}
	}
}

// TestLocalTokenMayLittle: what lies in the data folder is for the commands of this machine: import, hunt, incident, indicator, feed, policy, list, rules, rejudge, whatif, audit.
func TestLocalTokenMayLittle(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.nobody().with("Authorization", "Bearer "+s.localToken(t))
	for _, r := range routes() {
		got, _ := status(t, c, r.Method, somewhere(r))
		may := slices.Contains([]auth.Permission{auth.Public, auth.ActionRead, auth.AuditRead, auth.FeedsEdit, auth.HuntRun, auth.IncidentRead, auth.IntelligenceEdit, auth.IntelligenceRead, auth.MailImport, auth.PolicyRead, auth.PolicyBlock, auth.PolicyEdit, auth.RejudgeRun, auth.RulesRead, auth.RulesEdit, auth.WhatIfRun}, r.Permission)
		if refused := got == http.StatusForbidden; refused == may {
			t.Errorf("%s %s needs %s: the local token got %d", r.Method, r.Path, r.Permission, got)
		}
	}
}

// TestDescriptionNamesThePermissions: the OpenAPI document has the same routes, and says what each needs.
func TestDescriptionNamesThePermissions(t *testing.T) {
	t.Parallel()
	s := open(t)
	doc := ok[struct {
		OpenAPI string
		Paths   map[string]map[string]json.RawMessage
	}](s.nobody().get(t, "//api/openapi.json"))
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("version %q", doc.OpenAPI)
	}
	want := map[string]auth.Permission{}
	for _, r := range routes() {
		want[r.Method+" "+strings.TrimPrefix(r.Path, api.Prefix)] = r.Permission
	}
	for path, methods := range doc.Paths {
		for method, raw := range methods {
			at := strings.ToUpper(method) + " " + path
			var op struct {
				Permission auth.Permission `json:"x-permission"`
				Security   []map[string][]string
			}
			if err := json.Unmarshal(raw, &op); err != nil {
				t.Fatalf("%s: %v", at, err)
			}
			need, known := want[at]
			if !known || op.Permission != need {
				t.Errorf("%s is described with %q, the route needs %q", at, op.Permission, need)
			}
			if (len(op.Security) == 0) != (need == auth.Public) {
				t.Errorf("%s: security %v, permission %s", at, op.Security, need)
			}
			delete(want, at)
		}
	}
	for at := range want {
		t.Errorf("%s is not described", at)
	}
}

// TestPathsThatAreNone answer problems, never the interface's page and never an inner router's text.
func TestPathsThatAreNone(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.as(t, auth.GlobalAdministrator)
	for _, at := range []string{"GET //api/v1/nothing", "PATCH //api/v1/session", "DELETE //api/v1/hunt", "GET //api/v2/session", "GET //api/", "PUT //api/openapi.json", "GET //assets/old-0000.js", "GET //favicon.png"} {
		method, path, _ := strings.Cut(at, " ")
		if p := c.send(t, method, path, nil).problem(http.StatusNotFound); !strings.HasPrefix(p.Detail, "there is no ") {
			t.Errorf("%s: %q", at, p.Detail)
		}
	}
	c.send(t, http.MethodPost, "//explorer", nil).problem(http.StatusMethodNotAllowed)
	for _, path := range []string{"//api/v1//emails/x", "//api/v1/explorer/../coverage"} {
		if r := s.nobody().get(t, path); r.status/100 != 3 && r.status != http.StatusUnauthorized && r.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

// TestEveryScopeOpensItsRoutesAlone: a token of somebody who may do everything, with one permission as its scope, walks the table.
func TestEveryScopeOpensItsRoutesAlone(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.operator(t, "ada@harbour.test", auth.Roles()...)
	all := &auth.Principal{Operator: o, Permissions: auth.Granted(o.Roles)}
	for _, scope := range all.Permissions {
		secret, _, err := s.Gate().MakeScopedToken(t.Context(), all, "one scope", []auth.Permission{scope}, 0)
		if err != nil {
			t.Fatal(err)
		}
		c := s.nobody().with("Authorization", "Bearer "+secret)
		for _, r := range routes() {
			may := slices.Contains([]auth.Permission{auth.Public, auth.SignedIn, auth.Enrol, scope}, r.Permission)
			if may && r.Permission != scope {
				continue // the same for all, and walked above
			}
			if got, _ := status(t, c, r.Method, somewhere(r)); (got == http.StatusForbidden) == may || got == http.StatusUnauthorized {
				t.Errorf("%s %s needs %s: a token for %s got %d", r.Method, r.Path, r.Permission, scope, got)
			}
		}
	}
}
