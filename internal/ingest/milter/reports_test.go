package milter

import (
	"context"
	"errors"
	"testing"

	"github.com/emersion/go-milter"

	"tocsin/internal/ingest"
)

const reportsTo = "report@rig.example"

// reports takes mail to the address for reports.
type reports struct{ r *road }

func (reports) For(recipient string) bool { return recipient == reportsTo }

func (x reports) Take(_ context.Context, m ingest.Reported) error {
	x.r.mu.Lock()
	defer x.r.mu.Unlock()
	if x.r.away {
		return errors.New("the case store is away")
	}
	x.r.reports = append(x.r.reports, m)
	return nil
}

// TestReportsAreTakenAndDelivered: mail to the address for reports goes on to it whatever stands in it, has no event, and is judged only for
// the others that it goes to.
func TestReportsAreTakenAndDelivered(t *testing.T) {
	r := build(t, Config{})
	s := dial(t, r.address)
	if got := letter(t, s, "R1", simple("quarantine"), reportsTo); got.last.Code != milter.ActAccept || len(got.removed()) != 0 || len(got.header(verdictField)) != 0 {
		t.Errorf("a report: %+v", got)
	}
	if got := letter(t, s, "R2", simple("quarantine for bea@rig.example"), reportsTo, "ada@rig.example", "bea@rig.example"); got.last.Code != milter.ActAccept || len(got.removed()) != 1 || got.removed()[0] != "<bea@rig.example>" {
		t.Errorf("a report to others too: %+v", got)
	}
	rows := r.rows()
	if len(rows) != 2 || rows["ada@rig.example"] != inbox || rows["bea@rig.example"] != held {
		t.Errorf("events: %v", rows)
	}
	if len(r.reports) != 2 || r.reports[0].Recipient != reportsTo || r.reports[0].Message.Subject != "quarantine" {
		t.Fatalf("%d reports", len(r.reports))
	}
	// When it cannot be kept now, the mail system does what it does with others, and the queue takes it later.
	r.set(func() { r.away = true })
	letter(t, s, "R3", simple("later"), reportsTo)
	r.set(func() { r.away = false })
	r.start(t)
	r.settle(t)
	if len(r.reports) != 3 || len(r.rows()) != 2 {
		t.Errorf("%d reports, events %v", len(r.reports), r.rows())
	}
}
