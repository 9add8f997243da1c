package hunt_test

import (
	"fmt"
	"testing"

	"tocsin/internal/event"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/hunt"
)

// TestOutcomeWhere holds the conditions of outcomes to OutcomeOf, for every way in which mail can stand.
func TestOutcomeWhere(t *testing.T) {
	store, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{MemoryLimit: 512 << 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	var b event.Batch
	want := map[hunt.Outcome]int64{}
	for _, action := range []string{"", "Delivered", "Junked", "Blocked", "Replaced"} {
		for _, place := range []string{"", "Inbox/folder", "Junk folder", "Deleted items folder", "Quarantine", "Removed", "Failed", "Dropped", "On-premises/external"} {
			for _, latest := range []string{"", "Soft delete", "Hard delete", "Moved to quarantine"} {
				for _, threats := range []string{"", "Phish"} {
					e := event.EmailEvent{Timestamp: start, LastEventExecutionTime: start, NetworkMessageId: id(start, len(b.Emails)), DeliveryAction: action, LatestDeliveryLocation: place, LatestDeliveryAction: latest, LatestThreatTypes: threats, RecipientEmailAddress: fmt.Sprint(len(b.Emails))}
					b.Emails = append(b.Emails, e)
					want[hunt.OutcomeOf(&e)]++
				}
			}
		}
	}
	if err := store.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	x := hunt.New(store, nil)
	var sum int64
	for _, o := range hunt.Outcomes {
		c, err := x.Count(t.Context(), hunt.Request{Query: "EmailEvents | where " + hunt.OutcomeWhere(o.Key)})
		if err != nil {
			t.Fatal(err)
		}
		sum += c.Events
		if c.Events != want[o.Key] || c.Events == 0 {
			t.Errorf("%s: %d, want %d", o.Key, c.Events, want[o.Key])
		}
	}
	if sum != int64(len(b.Emails)) {
		t.Errorf("%d of %d events have an outcome", sum, len(b.Emails))
	}
}
