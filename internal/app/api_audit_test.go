package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/audit"
	"tocsin/internal/auth"
)

func TestAuditOverTheAPI(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(t.TempDir(), "copy")
	s := open(t, acting, func(c *app.Config, _ *app.Options) { c.Audit.Checkpoints = elsewhere })
	chief := s.as(t, auth.SecurityAdministrator)
	s.as(t, auth.SecurityOperator).get(t, "/audit").problem(http.StatusForbidden)
	ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "domain", Values: []string{"evil.test"}, Action: "Block", Reason: "ticket 7"}))
	ok[[]api.Entry](chief.post(t, "/policy/entries", api.EntryDraft{Kind: "domain", Values: []string{"bad.test"}, Action: "Block", Reason: "ticket 8"}))

	page := ok[api.AuditPage](chief.get(t, "/audit", "limit", "2"))
	if len(page.Records) != 2 || page.Records[0].Seq != page.Records[1].Seq+1 || page.Records[0].Subject != "domain bad.test" || page.Next != page.Records[1].Seq {
		t.Fatalf("%+v", page)
	}
	if next := ok[api.AuditPage](chief.get(t, "/audit", "limit", "500", "cursor", fmt.Sprint(page.Next))); next.Records[0].Seq != page.Next-1 || next.Next != 0 {
		t.Errorf("%+v", next)
	}
	for _, q := range [][]string{
		{"action", "entry added"}, {"action", "entry added,entry removed", "subject", "EVIL"}, {"text", "ticket 7"}, {"operator", "security-adm", "action", "entry added"},
		{"from", s.clock.now().Add(-time.Hour).UTC().Format(time.RFC3339), "to", s.clock.now().Add(time.Hour).UTC().Format(time.RFC3339), "text", "ticket 7"},
	} {
		got := ok[api.AuditPage](chief.get(t, "/audit", q...))
		if n := len(got.Records); n == 0 || got.Records[n-1].Subject != "domain evil.test" || got.Records[n-1].Reason != "ticket 7" {
			t.Errorf("%v: %+v", q, got)
		}
	}
	one := ok[api.AuditRecord](chief.get(t, fmt.Sprintf("/audit/%d", page.Next)))
	if !one.Fits || one.Subject != "domain evil.test" || !strings.Contains(string(one.Detail), `"before":null`) || len(one.Hash) != 64 || one.Prev == one.Hash {
		t.Errorf("%+v", one)
	}
	chief.get(t, "/audit/99999").problem(http.StatusNotFound)
	for query, where := range map[string]string{"action=entry+aded": "query.action[0]", "cursor=-1": "query.cursor", "limit=0": "query.limit", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z": "query.to", "x=1": "query.x"} {
		if p := chief.get(t, "/audit?"+query).problem(http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Location != where {
			t.Errorf("%s: %+v", query, p)
		}
	}
	if got := ok[[]string](chief.get(t, "/audit/actions")); len(got) != len(auth.Actions()) {
		t.Errorf("%v", got)
	}
	public, err := audit.ParsePublic(chief.get(t, "/audit/key").want(http.StatusOK).body)
	if err != nil {
		t.Fatal(err)
	}
	st := ok[api.AuditState](chief.post(t, "/audit/verify", nil))
	if st.State != "whole" || st.Wrong != 0 || st.Checked == nil || st.Records == 0 || st.Key != public.ID() || st.Checkpoint == nil || len(st.Notes) > 0 || st.KeptDays != 730 {
		t.Errorf("%+v", st)
	}

	// An export is checked anywhere, alone.
	raw := chief.get(t, "/audit/export").want(http.StatusOK).body
	rep, err := audit.VerifyExport(bytes.NewReader(raw), public)
	if err != nil || !rep.OK() || rep.Partial || rep.First.Seq != 1 || rep.Checkpoints == 0 || rep.Holding != rep.Checkpoints {
		t.Errorf("%+v %v", rep, err)
	}
	some := chief.get(t, "/audit/export", "action", "entry added").want(http.StatusOK).body
	if rep, err := audit.VerifyExport(bytes.NewReader(some), public); err != nil || !rep.OK() || !rep.Partial || rep.Records != 2 {
		t.Errorf("%+v %v", rep, err)
	}
	if got := s.audited(t, auth.ActAuditExported, auth.ActAuditVerified); len(got) != 3 || got[1].Subject != "all records" || got[2].Subject != "action entry added" {
		t.Errorf("%+v", got)
	}

	// Somebody changes the store; it is seen at the next check, and the file elsewhere knows what was signed.
	if _, err := s.Cases().Writer().ExecContext(t.Context(), `UPDATE audit SET reason = 'ticket 9' WHERE seq = ?`, page.Next); err != nil {
		t.Fatal(err)
	}
	st = ok[api.AuditState](chief.post(t, "/audit/verify", nil))
	if st.State != "damaged" || st.Wrong != 1 || st.Problems[0].Seq != page.Next || st.Problems[0].Action != "entry added" || st.Problems[0].Kind != audit.Changed || st.Problems[0].At == nil {
		t.Errorf("%+v", st)
	}
	if one := ok[api.AuditRecord](chief.get(t, fmt.Sprintf("/audit/%d", page.Next))); one.Fits {
		t.Error("a changed record fits its hash")
	}
	if err := s.halt(); err != nil {
		t.Fatal(err)
	}
	mine, err := os.ReadFile(filepath.Join(s.dir, audit.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if other, err := os.ReadFile(elsewhere); err != nil || !bytes.Equal(mine, other) || bytes.Count(mine, []byte("\n")) < 2 {
		t.Errorf("%v\n%s\n%s", err, mine, other)
	}
	if info, err := os.Stat(filepath.Join(s.dir, audit.KeyName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

// TestRefusedSignInsAreWrittenDown, also those that are turned away because there were too many, but not each of a flood.
func TestRefusedSignInsAreWrittenDown(t *testing.T) {
	t.Parallel()
	s := open(t)
	for range 40 {
		s.nobody().post(t, "/session", map[string]string{"email": "ada@harbour.test", "password": "wrong"})
	}
	got := s.audited(t, auth.ActSignInRefused)
	slow := 0
	for _, r := range got {
		if r.Operator != "ada@harbour.test" || r.Address != "127.0.0.1" {
			t.Errorf("%+v", r)
		}
		if strings.Contains(string(r.Detail), "too many") {
			slow++
		}
	}
	if slow != 1 || len(got) < 6 || len(got) > 12 {
		t.Errorf("%d records, %d of too many", len(got), slow)
	}
}
