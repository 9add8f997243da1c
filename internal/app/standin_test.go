package app_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/casestore"
	"tocsin/internal/ingest"
)

// TestStandInKnowsWhatTheServerKnows: beside a running server, a message is judged with its memory and its people.
func TestStandInKnowsWhatTheServerKnows(t *testing.T) {
	t.Parallel()
	var cfg app.Config
	s := open(t, acting, boss, func(c *app.Config, _ *app.Options) { cfg = *c })
	cfg.Data = s.dir
	text := strings.Repeat("The harbour festival begins with boats and music on the pier at seven. ", 3)
	id := s.take(t, letter("From: Ann Sender <ann@sender.test>", "To: bob@harbour.test", "Subject: Festival", "", text), "bob@harbour.test", "cat@harbour.test")
	now := time.Now()
	for d := 1; d < 25; d += 3 {
		at := now.AddDate(0, 0, -d)
		if err := s.Memory().Remember(t.Context(), casestore.Trace{Message: fmt.Sprint(d), At: at, Mailboxes: []string{"bob@harbour.test"}, Outside: []string{"ann@sender.test"}, Site: "sender.test"}); err != nil {
			t.Fatal(err)
		}
	}
	err := s.Cases().InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE memory_days SET learned = 0`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before := s.stored(t)
	in, err := app.OpenStandIn(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}()
	raw := letter("From: Ann Sender <ann@sender.test>", "To: bob@harbour.test", "Subject: Festival 2", "", text)
	x, known, err := in.Examine(t.Context(), raw, ingest.Envelope{Time: now.Add(time.Minute), Recipients: []string{"bob@harbour.test"}})
	if err != nil || known != nil {
		t.Fatal(err, known)
	}
	if p := x.Context.Past; !p.Known || p.Sender.In != 8 || len(x.Context.Kin) != 1 || x.Context.Kin[0].NetworkMessageID != id || len(x.Context.Org.People) == 0 {
		t.Errorf("%+v, %d like it, %d people", p, len(x.Context.Kin), len(x.Context.Org.People))
	}
	// A message that is there has its own time, recipients and id, and is not like itself.
	raw = letter("From: Ann Sender <ann@sender.test>", "To: bob@harbour.test", "Subject: Festival", "", text)
	x, known, err = in.Examine(t.Context(), raw, ingest.Envelope{})
	if err != nil || known == nil || x.NetworkMessageID != id || len(x.Context.Recipients) != 2 || len(x.Context.Kin) != 0 {
		t.Errorf("%v, %+v, %s, %v", err, known, x.NetworkMessageID, x.Context.Kin)
	}
	if s.stored(t) != before {
		t.Error("explaining changed something")
	}
}
