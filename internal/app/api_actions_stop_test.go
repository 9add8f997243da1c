package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"tocsin/internal/api"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/remediate/providertest"
)

// TestActionsOutliveStops stops the server in the middle of an action, again and again: in the end every mailbox is done, each once.
func TestActionsOutliveStops(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes")
	}
	t.Parallel()
	const mailboxes, stops = 300, 4
	m := providertest.NewMemory()
	s := open(t, mailed(m))
	var to []string
	for n := range mailboxes {
		box := fmt.Sprintf("p%03d@harbour.test", n)
		m.Deliver(box, "INBOX", simple("campaign"), nil, time.Now())
		to = append(to, box)
	}
	for len(to) > 0 { // as many envelopes as a server takes recipients
		n := min(len(to), 100)
		s.take(t, append(simple("campaign"), []byte(fmt.Sprintf("%d\r\n", len(to)))...), to[:n]...)
		for _, box := range to[:n] {
			m.Deliver(box, "INBOX", append(simple("campaign"), []byte(fmt.Sprintf("%d\r\n", len(to)))...), nil, time.Now())
		}
		to = to[n:]
	}
	asker := s.as(t, auth.SecurityAdministrator, auth.SearchAndPurge)
	chief := s.as(t, auth.SecurityAdministrator)
	now := ok[api.ApprovalsInForce](chief.get(t, "/approvals"))
	now.Policy.Rules = []api.ApprovalRule{{Name: "all", Kinds: []string{}, Source: "any"}}
	ok[api.ApprovalsInForce](chief.send(t, http.MethodPut, "/approvals", api.ApprovalsChange{Policy: now.Policy, Reason: "a test"}))
	a := ok[api.Action](asker.post(t, "/actions", api.ActionAsk{Kind: "Soft delete", Reason: "ticket 9", Query: &api.ActionQuery{}}))
	if a.Counts.Targets != mailboxes || a.Counts.Mailboxes != mailboxes {
		t.Fatalf("%+v", a)
	}
	began := time.Now()
	for n := range stops {
		comes(t, "it does not go on", func() bool {
			return ok[api.Action](asker.get(t, "/actions/"+a.ID)).Counts.Done >= (n+1)*mailboxes/(stops+2)
		})
		if err := s.halt(); err != nil {
			t.Fatal(err)
		}
		s = open(t, mailed(m), func(c *app.Config, _ *app.Options) { c.Data = s.dir })
		asker = s.as(t, auth.SecurityAdministrator, auth.SearchAndPurge)
	}
	a = asker.over(t, a)
	t.Logf("%d mailboxes in %s, %d stops between", mailboxes, time.Since(began).Round(time.Millisecond), stops)
	if a.State != "Done" || a.Counts.Done != mailboxes {
		t.Errorf("%+v", a)
	}
	for n := range mailboxes {
		if left := m.Look(fmt.Sprintf("p%03d@harbour.test", n)); len(left) != 1 {
			t.Errorf("%d copies are left in mailbox %d", len(left), n)
		}
	}
	if rows := s.kql(t, `EmailPostDeliveryEvents | where ActionResult == "Success" | summarize n = count() by RecipientEmailAddress | summarize boxes = count(), most = max(n) | project strcat(boxes, " ", most)`); len(rows) != 1 || rows[0] != fmt.Sprintf("%d 1", mailboxes) {
		t.Errorf("%q", rows)
	}
	if places := s.kql(t, `EmailEvents | summarize count() by LatestDeliveryLocation | project strcat(LatestDeliveryLocation, " ", count_)`); len(places) != 1 || places[0] != fmt.Sprintf("Removed %d", mailboxes) {
		t.Errorf("%q", places)
	}
}
