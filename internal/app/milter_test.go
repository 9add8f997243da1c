package app

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMilterSettings(t *testing.T) {
	good := defaultMilter()
	if err := good.validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Milter){
		"listen":      func(m *Milter) { m.Listen = "8891" },
		"unix:":       func(m *Milter) { m.Listen = "unix:" },
		"allow":       func(m *Milter) { m.Allow = []string{"home"} },
		"late":        func(m *Milter) { m.Late = "maybe" },
		"broken":      func(m *Milter) { m.Broken = "" },
		"deadline":    func(m *Milter) { m.Deadline = time.Hour },
		"connections": func(m *Milter) { m.Connections = 0 },
		"junk_header": func(m *Milter) { m.JunkHeader = "X-Spam: a\r\nBcc: x@y.example" },
	} {
		m := defaultMilter()
		change(&m)
		if err := m.validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A socket that a dead process left is taken over; one that answers is not.
func TestMilterSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	l, err := listenSocket(t.Context(), "milter.listen", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listenSocket(t.Context(), "milter.listen", path); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a socket in use: %v", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	again, err := listenSocket(t.Context(), "milter.listen", path)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}
