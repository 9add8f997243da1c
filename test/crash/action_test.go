package crash

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/demo"
	"tocsin/test/rig"
)

var (
	actionMailboxes = flag.Int("action-mailboxes", 100, "mailboxes of the action")
	actionKills     = flag.Int("action-kills", 2, "kills during the action, and half as many during its undo")
	mailSystemAway  = flag.Duration("away", time.Second, "how long Dovecot is down in the middle of the action")
)

// TestActionSurvivesKills: an action on many mailboxes and its undo, while Tocsin is killed again and again and the mail system goes away. In
// the end every mailbox is done once: the message is out of all, and after the undo each has it once, as it was. With -action-mailboxes
// 500 -action-kills 10 -away 1m it is the test of docs/design/acting.md.
func TestActionSurvivesKills(t *testing.T) {
	boxes := map[string]string{}
	var addresses []string
	for n := range *actionMailboxes {
		addresses = append(addresses, fmt.Sprintf("p%03d@%s", n, demo.Domain))
		boxes[addresses[n]] = "their own"
	}
	r := rig.Start(t, rig.Options{Mailboxes: boxes, Master: "soc", MasterPassword: "master's"})
	dir := t.TempDir()
	s := &server{data: filepath.Join(dir, "data"), http: freePort(t), smtp: freePort(t), config: filepath.Join(dir, "tocsin.yaml")}
	write(t, filepath.Join(dir, "approvals.yaml"), "expires: 48h\nrules:\n  - {name: all, approvals: 0}\n")
	write(t, filepath.Join(dir, "password"), "master's\n")
	write(t, s.config, fmt.Sprintf("remediate:\n  approvals: %s\nmailboxes:\n  - name: Dovecot\n    address: %s\n    tls: none\n    domains: [%s]\n    user: soc\n    password_file: %s\n    sign_ins: 1000\n",
		filepath.Join(dir, "approvals.yaml"), r.IMAP, demo.Domain, filepath.Join(dir, "password")))
	s.start(t)
	defer func() { _ = s.cmd.Process.Kill() }()
	bad := []byte("From: <eve@sender.example>\r\nTo: <all@" + demo.Domain + ">\r\nSubject: campaign\r\nMessage-ID: <1@sender.example>\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\n\r\nHello.\r\n")
	good := bytes.ReplaceAll(bytes.ReplaceAll(bad, []byte("campaign"), []byte("lunch")), []byte("<1@"), []byte("<2@"))
	var answered atomic.Int64
	for first := 0; first < len(addresses); first += 100 {
		to := addresses[first:min(first+100, len(addresses))]
		// Each envelope is an event of its own, and the same message.
		s.send(t, []demo.Mail{{MailFrom: "eve@sender.example", Recipients: to, Raw: bad}}, &answered)
	}
	for _, to := range addresses {
		r.Deliver("eve@sender.example", to, good)
		r.Deliver("eve@sender.example", to, bad)
	}
	s.settled(t)
	o := s.operator(t, "Security Operator", "Search and Purge")

	began := time.Now()
	a := o.begin("/actions", map[string]any{"kind": "Soft delete", "reason": "ticket 9", "query": map[string]any{"q": `EmailEvents | where Subject == "campaign"`}})
	down := false
	o.through(a, *actionKills, func(kill int) {
		if kill == *actionKills/2 {
			r.StopDovecot()
			time.Sleep(*mailSystemAway)
			r.StartDovecot()
			down = true
		}
	})
	t.Logf("%d mailboxes in %s, killed %d times, the mail system down for %s", len(addresses), time.Since(began).Round(time.Millisecond), *actionKills, *mailSystemAway)
	if !down {
		t.Error("the mail system was never away")
	}
	o.holds(a, len(addresses))
	look := func(subject string, want int) {
		t.Helper()
		has := map[string]int{}
		for _, word := range strings.Fields(r.Doveadm("-f", "flow", "fetch", "-A", "user", "subject", subject, "mailbox", "*")) {
			if who, found := strings.CutPrefix(word, "user="); found {
				has[who]++
			}
		}
		wrong := 0
		for _, to := range addresses {
			if has[to] != want {
				if wrong++; wrong < tooOften {
					t.Errorf("%s has %d copies of %q, want %d", to, has[to], subject, want)
				}
			}
		}
	}
	look("campaign", 0)
	look("lunch", 1)

	began = time.Now()
	u := o.begin("/actions/"+a+"/undo", map[string]any{"reason": "a mistake"})
	o.through(u, *actionKills/2, func(int) {})
	t.Logf("put back in %s, killed %d times", time.Since(began).Round(time.Millisecond), *actionKills/2)
	o.holds(u, len(addresses))
	look("campaign", 1)
	look("lunch", 1)
	s.stop(t)

	told := map[string]int{}
	for _, list := range rows(t, s.data, "EmailPostDeliveryEvents", nil) {
		for _, row := range list {
			told[fmt.Sprint(row["Action"], " ", row["ActionResult"])]++
			told[fmt.Sprint(row["Action"], row["RecipientEmailAddress"])]++
		}
	}
	for _, what := range []string{"Soft deleted", "Put back"} {
		if n := told[what+" Success"]; n != len(addresses) {
			t.Errorf("%d rows say %q, want %d", n, what, len(addresses))
		}
		for _, to := range addresses {
			if n := told[what+to]; n != 1 {
				t.Fatalf("%d rows say that it was %q from %s", n, what, to)
			}
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// operator asks the API as a person.
type operator struct {
	t     *testing.T
	s     *server
	token string
}

func (s *server) operator(t *testing.T, roles ...string) *operator {
	t.Helper()
	args := []string{"user", "add", "--data", s.data, "--email", "asker@" + demo.Domain}
	for _, r := range roles {
		args = append(args, "--role", r)
	}
	must(t, args...)
	token, err := exec.Command(binary, "user", "token", "--data", s.data, "--email", "asker@"+demo.Domain, "--name", "test").Output()
	if err != nil {
		t.Fatal(err)
	}
	return &operator{t, s, strings.TrimSpace(string(token))}
}

// actionState is what the test wants to know of an action.
type actionState struct {
	ID     string
	State  string
	Over   bool
	Counts struct{ Targets, Mailboxes, Todo, Done, Failed int }
}

func (o *operator) ask(method, path string, body any, into any) {
	o.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	req, err := http.NewRequest(method, "http://"+o.s.http+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		var problem json.RawMessage
		_ = json.NewDecoder(res.Body).Decode(&problem)
		o.t.Fatalf("%s %s: %s %s", method, path, res.Status, problem)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		o.t.Fatal(err)
	}
}

func (o *operator) begin(path string, body any) string {
	o.t.Helper()
	var a actionState
	o.ask(http.MethodPost, path, body, &a)
	return a.ID
}

func (o *operator) state(id string) (a actionState) {
	o.t.Helper()
	o.ask(http.MethodGet, "/actions/"+id, nil, &a)
	return a
}

// through kills the server at even steps of the action's way, and waits for its end. between is called while the server is dead.
func (o *operator) through(id string, kills int, between func(kill int)) {
	o.t.Helper()
	for n := range kills {
		for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
			a := o.state(id)
			if a.Over {
				o.t.Fatalf("it was over before kill %d: %+v", n+1, a)
			}
			if a.Counts.Done >= (n+1)*a.Counts.Targets/(kills+2) {
				break
			}
			if time.Now().After(deadline) {
				o.t.Fatalf("it does not go on after kill %d: %+v\n%s", n, a, o.s.out)
			}
		}
		o.s.kill(o.t)
		o.s.start(o.t)
		between(n + 1)
	}
	for deadline := time.Now().Add(3 * time.Minute); !o.state(id).Over; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			o.t.Fatalf("it is never over: %+v\n%s", o.state(id), o.s.out)
		}
	}
}

// holds looks at the receipts: every mailbox has one, each done.
func (o *operator) holds(id string, mailboxes int) {
	o.t.Helper()
	if a := o.state(id); a.State != "Done" || a.Counts.Done != mailboxes || a.Counts.Targets != mailboxes || a.Counts.Mailboxes != mailboxes {
		o.t.Fatalf("%+v", a)
	}
	seen := map[string]bool{}
	for after := -1; ; {
		var page struct {
			Targets []struct {
				Seq                         int
				Recipient, Mailbox, Outcome string
				Receipt                     *struct {
					Steps []struct{ Did string }
				}
			}
			Next int
		}
		o.ask(http.MethodGet, fmt.Sprintf("/actions/%s/targets?limit=200&after=%d", id, after), nil, &page)
		for _, target := range page.Targets {
			if target.Outcome != "Done" || target.Receipt == nil || len(target.Receipt.Steps) != 1 || seen[target.Recipient] {
				o.t.Errorf("%+v", target)
			}
			seen[target.Recipient] = true
		}
		if after = page.Next; after < 0 {
			break
		}
	}
	if len(seen) != mailboxes {
		o.t.Errorf("%d mailboxes have a receipt, want %d", len(seen), mailboxes)
	}
}
