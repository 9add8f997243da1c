package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T, text string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tocsin.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, nil, nil)
}

// lmtp.next makes a proxy of the listener; what has no meaning then is refused in words.
func TestLMTPSettings(t *testing.T) {
	c, err := load(t, "lmtp:\n  listen: unix:/run/tocsin/lmtp.sock\n  next: 127.0.0.1:24\n  deadline: 5s\n  late: tempfail\n")
	if err != nil || c.LMTP.Next != "127.0.0.1:24" || c.LMTP.Deadline != 5*time.Second || c.LMTP.Late != "tempfail" || c.LMTP.Broken != "tempfail" || c.LMTP.Listen != "unix:/run/tocsin/lmtp.sock" {
		t.Errorf("%+v, %v", c.LMTP, err)
	}
	for text, want := range map[string]string{
		"lmtp:\n  listen: 127.0.0.1:24\n  next: 127.0.0.1:24\n":                    "lmtp.next: that is lmtp.listen",
		"lmtp:\n  listen: 127.0.0.1:24\n  next: 127.0.0.1:25\n  reports: true\n":   "reports and journals have no meaning",
		"lmtp:\n  listen: 127.0.0.1:24\n  next: 127.0.0.1:25\n  journals: [a@b]\n": "reports and journals have no meaning",
		"lmtp:\n  next: nowhere\n":                     "lmtp.next",
		"lmtp:\n  next: 127.0.0.1:25\n  late: never\n": "lmtp.late",
		"lmtp:\n  nxt: 127.0.0.1:25\n":                 "did you mean lmtp.next?",
		"smtp:\n  next: 127.0.0.1:25\n":                "there is no setting",
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestWatchSettings(t *testing.T) {
	const system = "mailboxes:\n  - name: Dovecot\n    address: 127.0.0.1:143\n    tls: none\n    domains: [a.example]\n    user: soc\n    password: x\n"
	c, err := load(t, system+"    watch: true\n    folders: [INBOX, Archive]\n    since: 7d\n    idle: 5\n    read_only: true\n")
	if err != nil || len(c.Mailboxes) != 1 {
		t.Fatal(err)
	}
	if m := c.Mailboxes[0]; !m.Watch || len(m.Folders) != 2 || m.Since != 7*24*time.Hour || m.Idle != 5 || !m.ReadOnly {
		t.Errorf("%+v", m)
	}
	if systems, err := newMailboxes(c); err != nil || systems.For("ada@a.example") != nil {
		t.Errorf("a mailbox that may only be read can be acted on (%v)", err)
	}
	for text, want := range map[string]string{
		"    folders: [INBOX]\n":                         "write watch: true",
		"    read_only: true\n":                          "write watch: true",
		"    watch: true\n    poll: 1ms\n":               "poll: 1ms is out of bounds",
		"    watch: true\n    idle: 5000\n":              "idle: 5000 is out of bounds",
		"    watch: true\n    watch_connections: 500\n":  "watch_connections: 500 is out of bounds",
		"    watch: true\n    watched: [ada]\n":          `"ada" is not an address`,
		"    watch: true\n    wached: [ada@a.example]\n": "there is no setting",
	} {
		if _, err := load(t, system+text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
