package ingest

import (
	"fmt"
	"testing"
	"time"

	"tocsin/internal/campaign"
)

// TestCampaignsAreFound takes in one mailing from several senders: from the third bad copy on it is a campaign, its first messages are listed
// with it, and a server that starts again still knows them.
func TestCampaignsAreFound(t *testing.T) {
	dir := t.TempDir()
	with := func(c *PipelineConfig, _ *IntakeOptions) {
		var err error
		if c.Campaigns, err = OpenCampaigns(t.Context(), c.Ledger); err != nil {
			t.Fatal(err)
		}
	}
	h := build(t, dir, with)
	send := func(n int, body string) {
		t.Helper()
		raw := fmt.Sprintf("From: Desk <desk@sender%d.test>\r\nTo: u%d@example.test\r\nSubject: Storage notice %d\r\nMessage-ID: <%d@x.test>\r\nDate: Wed, 18 Nov 2026 09:%02d:00 +0000\r\n\r\n%s\r\n", n, n, n, n, n, body)
		r, err := h.intake.Accept(t.Context(), []byte(raw), Envelope{Source: "test", Time: time.Date(2026, 11, 18, 9, n, 0, 0, time.UTC), Recipients: []string{fmt.Sprintf("u%d@example.test", n)}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := h.ledger.MessageByID(t.Context(), r.NetworkMessageID)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.pipeline.Process(t.Context(), Job{SHA256: m.SHA256, NetworkMessageID: m.NetworkMessageID, Time: m.Time.UnixMicro(), Recipients: m.Recipients}); err != nil {
			t.Fatal(err)
		}
	}
	text := "Dear reader, the storage of your mailbox is almost full and new messages will be returned to their senders. Confirm your password on the page below before the evening to keep everything as it is."
	send(1, text)
	send(2, text)
	if got := len(h.events.campaigns()); got != 0 {
		t.Fatalf("%d rows after two copies", got)
	}
	send(3, text)
	rows := h.events.campaigns()
	if len(rows) != 3 {
		t.Fatalf("%d rows after three copies: %+v", len(rows), rows)
	}
	for _, r := range rows {
		if r.CampaignId != rows[0].CampaignId || r.CampaignName != "Storage notice 1" || r.CampaignType != "Phish" || r.Likeness == "" {
			t.Errorf("row %+v", r)
		}
	}
	send(4, "Lunch on Friday is at the usual place, and this time the whole harbour crew will be there with their families and friends.")
	if got := len(h.events.campaigns()); got != 3 {
		t.Errorf("%d rows after another mail", got)
	}
	h.close(t)
	events := h.events
	h = build(t, dir, with)
	h.pipeline.cfg.Events, h.events = events, events
	if m := h.pipeline.cfg.Campaigns.index.Len(); m != 4 {
		t.Fatalf("%d messages remembered after a start", m)
	}
	send(5, text)
	if rows := h.events.campaigns(); len(rows) != 4 || rows[0].CampaignName != "Storage notice 1" {
		t.Errorf("after a start: %+v", rows)
	}
	if err := h.ledger.ForgetPrints(t.Context(), time.Date(2026, 11, 18, 9, 3, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	left := 0
	if err := h.ledger.EachPrint(t.Context(), 100, func(*campaign.Member) { left++ }); err != nil || left != 3 {
		t.Errorf("%d prints left, %v", left, err)
	}
}
