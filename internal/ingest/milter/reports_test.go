package milter

import (
	"testing"

	"github.com/emersion/go-milter"

	"tocsin/internal/ingest/roadtest"
	"tocsin/internal/ingest/treatment"
)

// TestReportsAreTakenAndDelivered: mail to the address for reports goes on to it whatever stands in it, has no event, and is judged only for
// the others that it goes to.
func TestReportsAreTakenAndDelivered(t *testing.T) {
	r := build(t, Config{})
	s := dial(t, r.address)
	if got := letter(t, s, "R1", roadtest.Simple("quarantine"), roadtest.ReportsTo); got.last.Code != milter.ActAccept || len(got.removed()) != 0 || len(got.header(treatment.VerdictField)) != 0 {
		t.Errorf("a report: %+v", got)
	}
	if got := letter(t, s, "R2", roadtest.Simple("quarantine for bea@rig.example"), roadtest.ReportsTo, "ada@rig.example", "bea@rig.example"); got.last.Code != milter.ActAccept || len(got.removed()) != 1 || got.removed()[0] != "<bea@rig.example>" {
		t.Errorf("a report to others too: %+v", got)
	}
	rows := r.Rows()
	if len(rows) != 2 || rows["ada@rig.example"] != inbox || rows["bea@rig.example"] != held {
		t.Errorf("events: %v", rows)
	}
	if len(r.Reports) != 2 || r.Reports[0].Recipient != roadtest.ReportsTo || r.Reports[0].Message.Subject != "quarantine" {
		t.Fatalf("%d reports", len(r.Reports))
	}
	// When it cannot be kept now, the mail system does what it does with others, and the queue takes it later.
	r.Set(func() { r.Away = true })
	letter(t, s, "R3", roadtest.Simple("later"), roadtest.ReportsTo)
	r.Set(func() { r.Away = false })
	r.Start(t)
	r.Settle(t)
	if len(r.Reports) != 3 || len(r.Rows()) != 2 {
		t.Errorf("%d reports, events %v", len(r.Reports), r.Rows())
	}
}
