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
	const kills = 3
	box := "ada@" + demo.Domain
	t.Setenv("TOCSIN_POLICY_MODE", "act")
	s := &server{data: filepath.Join(t.TempDir(), "data"), http: freePort(t), milter: freePort(t)}
	s.start(t)
	defer func() { _ = s.cmd.Process.Kill() }()
	r := rig.Start(t, rig.Options{Mailboxes: map[string]string{box: "one"}, Postfix: true, Milter: s.milter})

	accepted, deferred := throughPostfix(t, r, box, func(i, of int) {
		if i > 0 && i%(of/(kills+1)) == 0 {
			time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
			s.kill(t)
			s.start(t)
		}
	})
	s.settled(t)
	s.stop(t)
	emptyQueue(t, r)
	delivered, held := where(t, s, r, box)
	if lost := lost(t, accepted, delivered, held); lost > 0 || len(accepted) < 300 || len(held) == 0 || deferred == 0 {
		t.Errorf("%d accepted, %d held, %d deferred, %d lost", len(accepted), len(held), deferred, lost)
	}
}

// throughPostfix offers 400 messages for a mailbox over several connections, until each is accepted or refused, and returns the Message-IDs of
// those accepted, and how often the sender was told to try again. before is called before each.
func throughPostfix(t *testing.T, r *rig.Rig, box string, before func(i, of int)) (accepted map[string]bool, deferred int) {
	t.Helper()
	const senders = 8
	todo := make(chan demo.Mail)
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted = map[string]bool{}
	refused := 0
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
		before(i, len(all))
		todo <- m
	}
	close(todo)
	wg.Wait()
	t.Logf("%d answered 250, %d refused, %d times told to try again", len(accepted), refused, deferred)
	return accepted, deferred
}

// emptyQueue waits until Postfix has delivered everything.
func emptyQueue(t *testing.T, r *rig.Rig) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); strings.TrimSpace(r.Queue()) != ""; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("Postfix's queue is not empty:\n%s", r.Queue())
		}
	}
}

// where tells what lies in a mailbox, by Message-ID with the number of copies, and what Tocsin holds. The server must be stopped.
func where(t *testing.T, s *server, r *rig.Rig, box string) (delivered map[string]int, held map[string]bool) {
	t.Helper()
	delivered, held = map[string]int{}, map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(r.Home(box), "Maildir/new/*"))
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if id := messageID.FindSubmatch(raw); id != nil {
			delivered[string(id[1])]++
		}
	}
	for _, list := range rows(t, s.data, "EmailEvents", nil) {
		for _, row := range list {
			if row["DeliveryLocation"] == "Quarantine" {
				held[strings.Trim(fmt.Sprint(row["InternetMessageId"]), "<>")] = true
			}
		}
	}
	return delivered, held
}

// lost counts messages that were accepted and are nowhere.
func lost(t *testing.T, accepted map[string]bool, delivered map[string]int, held map[string]bool) (n int) {
	t.Helper()
	for id := range accepted {
		if delivered[id] == 0 && !held[id] {
			if n++; n < tooOften {
				t.Errorf("%s was answered 250, and is neither in the mailbox nor held", id)
			}
		}
	}
	t.Logf("%d delivered, %d held, %d lost", len(delivered), len(held), n)
	return n
}
