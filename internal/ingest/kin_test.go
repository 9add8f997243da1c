package ingest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		if r.CampaignId != rows[0].CampaignId || r.CampaignName != "Storage notice" || r.CampaignType != "Phish" || r.Likeness == "" {
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
	if rows := h.events.campaigns(); len(rows) != 4 || rows[0].CampaignName != "Storage notice" {
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

// TestDecisionsHoldWhenJudgedAgain: a message that a person put into another campaign stays there, in what is remembered and in its rows, when a
// job runs again and when a server reads what is kept.
func TestDecisionsHoldWhenJudgedAgain(t *testing.T) {
	dir := t.TempDir()
	with := func(c *PipelineConfig, _ *IntakeOptions) {
		var err error
		if c.Campaigns, err = OpenCampaigns(t.Context(), c.Ledger); err != nil {
			t.Fatal(err)
		}
	}
	h := build(t, dir, with)
	jobs := map[int]Job{}
	send := func(n int) Job {
		t.Helper()
		raw := fmt.Sprintf("From: Desk <desk@sender%d.test>\r\nTo: u%d@example.test\r\nSubject: Storage notice %d\r\nMessage-ID: <%d@x.test>\r\n\r\nDear reader, the storage of your mailbox is almost full and new messages will be returned to their senders. Confirm your password on the page below before the evening.\r\n", n, n, n, n)
		r, err := h.intake.Accept(t.Context(), []byte(raw), Envelope{Source: "test", Time: time.Date(2026, 11, 18, 9, n, 0, 0, time.UTC), Recipients: []string{fmt.Sprintf("u%d@example.test", n)}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := h.ledger.MessageByID(t.Context(), r.NetworkMessageID)
		if err != nil {
			t.Fatal(err)
		}
		jobs[n] = Job{SHA256: m.SHA256, NetworkMessageID: m.NetworkMessageID, Time: m.Time.UnixMicro(), Recipients: m.Recipients}
		if err := h.pipeline.Process(t.Context(), jobs[n]); err != nil {
			t.Fatal(err)
		}
		return jobs[n]
	}
	first := send(1)
	send(2)
	send(3)
	parent, _ := campaign.ParseCampaignID(h.events.campaigns()[0].CampaignId)
	var told []campaign.Row
	desk, err := campaign.OpenDesk(t.Context(), h.ledger, func(_ context.Context, r []campaign.Row) error { told = append(told, r...); return nil }, h.pipeline.cfg.Campaigns.Follow)
	if err != nil {
		t.Fatal(err)
	}
	d, err := desk.Split(t.Context(), "d1", campaign.Ask{Family: parent, Was: "Storage notice", Name: "Mine", Note: "n", At: time.Now()}, []campaign.Moved{{ID: first.NetworkMessageID, From: parent}}, 3, campaign.Mark{Field: campaign.ByDomain, Value: "sender1.test"})
	if err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].Campaign != campaign.CampaignID(d.Into) || told[0].Name != "Mine" || len(told[0].Messages) != 1 {
		t.Errorf("the rows were told %+v", told)
	}
	families := func() map[string]int64 {
		out := map[string]int64{}
		if err := h.ledger.EachPrint(t.Context(), 100, func(m *campaign.Member) { out[m.ID] = m.Family }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	again := func(when string) {
		t.Helper()
		// The first message is like nothing of before it, so by itself it would be in the campaign that it founded.
		for n := range 3 {
			if err := h.pipeline.Process(t.Context(), jobs[n+1]); err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]int64{jobs[1].NetworkMessageID: d.Into, jobs[2].NetworkMessageID: parent, jobs[3].NetworkMessageID: parent}
		if diff := cmp.Diff(want, families()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	again("judged again")
	h.close(t)
	h = build(t, dir, with)
	again("judged again after a start")
	row := h.events.campaigns()
	if len(row) == 0 || row[0].CampaignId != campaign.CampaignID(d.Into) || row[0].CampaignName != "Mine" {
		t.Errorf("rows of a store that lost them: %+v", row)
	}
}
