package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/demo"
	"tocsin/test/rig"
)

var messageID = regexp.MustCompile(`(?im)^Message-ID:\s*<([^>\r\n]+)>`)

// TestMilterSurvivesKills: what Postfix answered 250 lies in the mailbox, or Tocsin holds it and says so, however often Tocsin dies
// while Postfix waits for it.
func TestMilterSurvivesKills(t *testing.T) {
	const kills, senders = 3, 8
	box := "ada@" + demo.Domain
	t.Setenv("TOCSIN_POLICY_MODE", "act")
	s := &server{data: filepath.Join(t.TempDir(), "data"), http: freePort(t), milter: freePort(t)}
	s.start(t)
	defer func() { _ = s.cmd.Process.Kill() }()
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{box: "one"}, Postfix: true, Milter: s.milter})

	todo := make(chan demo.Mail)
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted, refused, deferred := map[string]bool{}, 0, 0
	for range senders {
		wg.Go(func() {
			for m := range todo {
				id := messageID.FindSubmatch(m.Raw)
				if id == nil {
					continue
				}
				for again := true; again; {
					err := r.Send("bo@partner.example", []string{box}, m.Raw)
					mu.Lock()
					switch {
					case err == nil:
						accepted[string(id[1])], again = true, false
					case strings.Contains(err.Error(), "error 5"):
						refused++
						again = false
					default:
						deferred++
					}
					mu.Unlock()
					if again {
						time.Sleep(50 * time.Millisecond)
					}
				}
			}
		})
	}
	all := mail(t, 400)
	for i, m := range all {
		todo <- m
		if i > 0 && i%(len(all)/(kills+1)) == 0 {
			time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
			s.kill(t)
			s.start(t)
		}
	}
	close(todo)
	wg.Wait()
	s.settled(t)
	s.stop(t)
	for end := time.Now().Add(time.Minute); strings.TrimSpace(r.Queue()) != ""; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("Postfix's queue is not empty:\n%s", r.Queue())
		}
	}

	delivered := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(r.Home(box), "Maildir/new/*"))
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if id := messageID.FindSubmatch(raw); id != nil {
			delivered[string(id[1])] = true
		}
	}
	held := map[string]bool{}
	for _, list := range rows(t, s.data, "EmailEvents", nil) {
		for _, row := range list {
			if row["DeliveryLocation"] == "Quarantine" {
				held[strings.Trim(fmt.Sprint(row["InternetMessageId"]), "<>")] = true
			}
		}
	}
	lost := 0
	for id := range accepted {
		if !delivered[id] && !held[id] {
			if lost++; lost < tooOften {
				t.Errorf("%s was answered 250, and is neither in the mailbox nor held", id)
			}
		}
	}
	t.Logf("%d answered 250, %d refused, %d times told to try again; %d delivered, %d held, %d lost", len(accepted), refused, deferred, len(delivered), len(held), lost)
	if len(accepted) < 300 || len(held) == 0 || deferred == 0 {
		t.Errorf("%d accepted, %d held, %d deferred: this tested nothing", len(accepted), len(held), deferred)
	}
}
