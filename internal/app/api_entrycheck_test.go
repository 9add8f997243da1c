package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/api"
	"tocsin/internal/auth"
)

func TestEntriesAreCheckedBeforeTheyAreAdded(t *testing.T) {
	t.Parallel()
	s := open(t, acting)
	reader, chief := s.as(t, auth.SecurityReader), s.as(t, auth.SecurityAdministrator)
	added := ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "domain", Values: []string{"there.test"}, Action: "Block", Reason: "ticket 7"}))
	got := ok[[]api.EntryCheck](reader.post(t, "/policy/entries/check", api.EntryAsk{Kind: "domain", Values: []string{"Evil[.]test", "not a domain", "there.test"}, Action: "Allow"}))
	if len(got) != 3 {
		t.Fatalf("%+v", got)
	}
	if g := got[0]; g.Value != "evil.test" || g.Given != "Evil[.]test" || !strings.Contains(g.Effect, "unless it is malware") || g.Problem != "" || g.Same != nil {
		t.Errorf("%+v", g)
	}
	if g := got[1]; g.Value != "" || !strings.Contains(g.Problem, "example.com") {
		t.Errorf("%+v", g)
	}
	if g := got[2]; g.Same == nil || g.Same.Reason != "ticket 7" {
		t.Errorf("%+v", g)
	}
	if p := ok[api.EntryPage](reader.get(t, "/policy/entries")); p.Total != 1 {
		t.Errorf("asking added something: %+v", p)
	}
	chief.send(t, http.MethodDelete, "/policy/entries/"+added[0].ID+"?reason=ticket+closed", nil).want(http.StatusNoContent)
	var reasons []string
	for _, r := range s.audited(t, auth.ActEntryRemoved) {
		reasons = append(reasons, r.Reason)
	}
	if !slices.Equal(reasons, []string{"ticket closed"}) {
		t.Errorf("removed because of %q", reasons)
	}
}
