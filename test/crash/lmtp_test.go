package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/demo"
	"tocsin/test/rig"
)

// TestLMTPSurvivesKills: Postfix delivers through Tocsin into Dovecot. However often Tocsin dies in the middle, and though Dovecot goes away once,
// what Postfix accepted lies in the mailbox, or Tocsin holds it and says so, or its sender was told; and there is no second copy but of what was
// on its way at a death.
func TestLMTPSurvivesKills(t *testing.T) {
	const kills, recipients = 4, 20
	box := "ada@" + demo.Domain
	s := &server{data: filepath.Join(t.TempDir(), "data"), http: freePort(t), lmtp: freePort(t)}
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{box: "one"}, Postfix: true, DeliverTo: s.lmtp})
	t.Setenv("TOCSIN_POLICY_MODE", "act")
	t.Setenv("TOCSIN_LMTP_NEXT", r.LMTP)
	s.start(t)
	defer func() { _ = s.cmd.Process.Kill() }()
	done := 0
	accepted, _ := throughPostfix(t, r, box, func(i, of int) {
		if i == 0 || i%(of/(kills+1)) != 0 {
			return
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		if done++; done == 2 {
			r.StopDovecot()
			r.StartDovecot()
		}
		s.kill(t)
		s.start(t)
	})
	emptyQueue(t, r)
	s.settled(t)
	s.stop(t)
	delivered, held := where(t, s, r, box)
	bounced := map[string]bool{}
	for _, list := range rows(t, s.data, "EmailEvents", nil) {
		for _, row := range list {
			if row["DeliveryAction"] == "Blocked" && row["DeliveryLocation"] != "Quarantine" {
				bounced[fmt.Sprint(row["InternetMessageId"])] = true
			}
		}
	}
	for id := range accepted {
		if bounced["<"+id+">"] || bounced[id] {
			delete(accepted, id)
		}
	}
	twice := 0
	for _, n := range delivered {
		twice += n - 1
	}
	log, err := os.ReadFile(filepath.Join(r.Dir, "maillog"))
	if err != nil {
		t.Fatal(err)
	}
	again := strings.Count(string(log), "status=deferred")
	t.Logf("%d refused, %d second copies; Postfix tried %d times again", len(bounced), twice, again)
	if again == 0 {
		t.Error("no death met a delivery")
	}
	if lost := lost(t, accepted, delivered, held); lost > 0 || len(accepted) < 250 || len(held) == 0 {
		t.Errorf("%d accepted, %d held, %d lost", len(accepted), len(held), lost)
	}
	if twice > kills*recipients { // at most what was being delivered at each death
		t.Errorf("%d messages were delivered twice", twice)
	}
}
