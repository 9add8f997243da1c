package rig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMailGoesThrough: from Postfix by LMTP into Dovecot's mailbox, and nothing runs afterwards.
func TestMailGoesThrough(t *testing.T) {
	var dir string
	t.Run("servers", func(t *testing.T) {
		start := time.Now()
		r := Start(t, Options{Mailboxes: map[string]string{"ada@rig.example": "one", "bo@other.example": "two"}, Master: "soc", MasterPassword: "three", Postfix: true})
		t.Logf("ready after %v", time.Since(start))
		if err := r.Send("x@partner.example", []string{"ada@rig.example", "bo@other.example"}, []byte("From: x@partner.example\r\nSubject: hello\r\n\r\nhello\r\n")); err != nil {
			t.Fatal(err)
		}
		for _, a := range []string{"ada@rig.example", "bo@other.example"} {
			for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				files, _ := filepath.Glob(filepath.Join(r.Home(a), "Maildir/new/*"))
				if len(files) == 1 {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%s has no mail after 20 s", a)
				}
			}
		}
		if err := r.Send("x@partner.example", []string{"nobody@rig.example"}, []byte("Subject: x\r\n\r\n")); err == nil {
			t.Error("mail to nobody was taken")
		}
		dir = r.Dir
	})
	if dir == "" {
		return // skipped
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := processesBelow(dir)
		if len(left) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("still running after 5 s: %q", left)
		}
	}
}

// processesBelow lists processes that work in a folder or name it.
func processesBelow(dir string) (out []string) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(p, "cwd"))
		if strings.Contains(string(line), dir) || strings.HasPrefix(cwd, dir) {
			out = append(out, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return out
}
