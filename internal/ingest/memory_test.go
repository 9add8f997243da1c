package ingest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tocsin/internal/casestore"
	"tocsin/internal/detect"
	"tocsin/internal/event"
)

// keep gives the road a memory that answers with what was just written.
func keep(t *testing.T, h *house) *casestore.Memory {
	t.Helper()
	m, err := h.ledger.Memory(casestore.MemoryOptions{Fresh: time.Nanosecond, Settle: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	h.pipeline.cfg.Memory = m
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func sent(from, to, subject string, at time.Time, more ...string) []byte {
	lines := append([]string{"From: " + from, "To: " + to, "Subject: " + subject, "Date: " + at.Format(time.RFC1123Z),
		fmt.Sprintf("Message-ID: <%d.%s>", at.UnixMicro(), strings.Trim(from[strings.LastIndexByte(from, '<')+1:], ">"))}, more...)
	return message(append(lines, "", "See you on Friday.")...)
}

// TestRoadRemembers: mail goes through the road, and a later message is asked about. Restarts and repeats change nothing.
func TestRoadRemembers(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	const anna, alice = "Anna Berg <anna@partner.test>", "Alice <alice@example.test>"
	var first detect.Past
	for round := range 3 {
		t.Run(fmt.Sprint("start ", round), func(t *testing.T) {
			h := build(t, dir)
			m := keep(t, h)
			h.start(t)
			take := func(raw []byte, at time.Time, ip string, rcpt string) {
				t.Helper()
				if _, err := h.intake.Accept(t.Context(), raw, Envelope{Source: "t", Time: at, ClientIP: netip.MustParseAddr(ip), Recipients: []string{rcpt}}); err != nil {
					t.Fatal(err)
				}
			}
			for d := 1; d <= 20; d++ {
				at := now.AddDate(0, 0, -d)
				take(sent(anna, "alice@example.test", "Voyage", at), at, "192.0.2.9", "alice@example.test")
				at = at.Add(time.Minute)
				take(sent(alice, "anna@partner.test", "Re: Voyage", at), at, "10.0.0.1", "anna@partner.test")
			}
			at := now.AddDate(0, 0, -3)
			take(sent("Eve <eve@evil.test>", "alice@example.test", "Your password", at), at, "203.0.113.1", "alice@example.test")
			take(sent(alice, "robot@spam.test", "Out of office", at, "Auto-Submitted: auto-replied"), at, "10.0.0.1", "robot@spam.test")
			h.settle(t)

			if round == 1 { // judged again, as after a crash before the job was done
				sums := []string{}
				rows, err := h.ledger.Reader().QueryContext(t.Context(), `SELECT sha256 FROM messages`)
				if err != nil {
					t.Fatal(err)
				}
				for rows.Next() {
					var s string
					if err := rows.Scan(&s); err != nil {
						t.Fatal(err)
					}
					sums = append(sums, s)
				}
				if err := rows.Close(); err != nil {
					t.Fatal(err)
				}
				for _, sum := range sums {
					known, err := h.ledger.MessageBySHA256(t.Context(), sum)
					if err != nil {
						t.Fatal(err)
					}
					if err := h.pipeline.Process(t.Context(), Job{SHA256: sum, NetworkMessageID: known.NetworkMessageID, Time: known.Time.UnixMicro(), Recipients: known.Recipients}); err != nil {
						t.Fatal(err)
					}
				}
			}
			x := Examiner{Judge: h.pipeline.cfg.Judge, Org: h.pipeline.cfg.Org(), Memory: m}
			own := fmt.Sprintf("In-Reply-To: <%d.alice@example.test>", now.AddDate(0, 0, -1).Add(time.Minute).UnixMicro())
			got, err := x.Examine(t.Context(), sent("Anna Berg <anna.berg@mail.test>", "alice@example.test", "Re: Voyage", now, own),
				Envelope{Time: now, ClientIP: netip.MustParseAddr("203.0.113.7"), Recipients: []string{"alice@example.test"}})
			if err != nil {
				t.Fatal(err)
			}
			past := got.Context.Past
			past.Partners = nil
			if round == 0 {
				first = past
			}
			if a, b := fmt.Sprintf("%+v", past), fmt.Sprintf("%+v", first); a != b {
				t.Errorf("round %d: %s\nwant %s", round, a, b)
			}
			if !past.Known || past.Days != 20 || !past.Outbound || !past.Sender.Stranger() || len(past.Usual) != 1 || past.Usual[0].In != 20 || past.Usual[0].Out != 20 || !past.Thread.Found || !past.Thread.Own {
				t.Errorf("%+v", past)
			}
			for _, stranger := range []string{"eve@evil.test", "robot@spam.test"} {
				p, err := m.Recall(t.Context(), casestore.Question{At: now, From: stranger, Mailboxes: []string{"alice@example.test"}})
				if err != nil || !p.Sender.Stranger() {
					t.Errorf("%s is known: %+v %v", stranger, p.Sender, err)
				}
			}
		})
	}
}

// TestRoadWithoutMemory: a memory that does not answer or cannot be written holds no mail up.
func TestRoadWithoutMemory(t *testing.T) {
	h := build(t, t.TempDir())
	m := keep(t, h)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	if _, err := h.intake.Accept(t.Context(), letter(1), Envelope{Source: "t"}); err != nil {
		t.Fatal(err)
	}
	h.settle(t)
	rows := h.events.rows()
	if len(rows) == 0 || !strings.Contains(rows[0].Defects, "memory-error") {
		t.Errorf("%+v", rows)
	}
}

// TestFirstContactIsAColumn: what memory says of a sender can be filtered by.
func TestFirstContactIsAColumn(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{"first-contact": true, "first-contact-request": false} {
		f := &findings{verdict: detect.Verdict{Signals: []detect.Signal{{ID: "other", Weight: 5}, {ID: id}}}}
		var e event.EmailEvent
		f.describeVerdict(&e)
		if e.IsFirstContact != want {
			t.Errorf("%s: %v", id, e.IsFirstContact)
		}
	}
}
