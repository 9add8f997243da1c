package milter

import (
	"context"
	"errors"
	"log"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-milter"

	"tocsin/internal/ingest/roadtest"
)

// road is a whole way of mail with a milter at its beginning.
type road struct {
	*roadtest.Road
	server  *Server
	address string
}

func build(t testing.TB, cfg Config) *road {
	t.Helper()
	r := &road{Road: roadtest.New(t, nil)}
	cfg.Logger = r.Logger
	r.server = New(cfg, r, r.Pipeline)
	r.listen(t, "127.0.0.1:0")
	return r
}

func (r *road) listen(t testing.TB, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r.address = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- r.server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(r.server.Shutdown(ctx), <-done); err != nil {
			t.Error(err)
		}
	})
}

// said is what the mail system heard.
type said struct {
	changes []milter.ModifyAction
	last    *milter.Action
}

func (s said) header(name string) (out []string) {
	for _, c := range s.changes {
		if c.Code == milter.ActAddHeader && c.HeaderName == name {
			out = append(out, strings.TrimPrefix(c.HeaderValue, " "))
		}
	}
	return out
}

func (s said) removed() (out []string) {
	for _, c := range s.changes {
		if c.Code == milter.ActDelRcpt {
			out = append(out, c.Rcpt)
		}
	}
	slices.Sort(out)
	return out
}

func (s said) body() string {
	var b strings.Builder
	for _, c := range s.changes {
		if c.Code == milter.ActReplBody {
			b.Write(c.Body)
		}
	}
	return b.String()
}

// dial opens a session as a mail system does for one of its clients.
func dial(t testing.TB, address string) *milter.ClientSession {
	t.Helper()
	c := milter.NewClientWithOptions("tcp", address, milter.ClientOptions{ReadTimeout: 30 * time.Second, WriteTimeout: 10 * time.Second,
		ActionMask: milter.OptAddHeader | milter.OptChangeHeader | milter.OptChangeBody | milter.OptRemoveRcpt})
	s, err := c.Session()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	must := func(a *milter.Action, err error) {
		t.Helper()
		if err != nil || a.Code != milter.ActContinue {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	must2 := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must2(s.Macros(milter.CodeConn, "j", "mx.rig.example"))
	must(s.Conn("out.partner.example", milter.FamilyInet, 4711, "203.0.113.9"))
	must2(s.Macros(milter.CodeHelo, "{tls_version}", "TLSv1.3"))
	must(s.Helo("out.partner.example"))
	return s
}

// letter sends one message over a session. Its header fields have the space before their values.
func letter(t testing.TB, s *milter.ClientSession, queueID, raw string, to ...string) said {
	t.Helper()
	if len(to) == 0 {
		to = []string{"ada@rig.example"}
	}
	if err := s.Macros(milter.CodeMail, "i", queueID, "{auth_authen}", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mail("<bo@partner.example>", nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range to {
		if a, err := s.Rcpt("<"+r+">", nil); err != nil || a.Code != milter.ActContinue {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	for _, f := range strings.Split(strings.ReplaceAll(strings.ReplaceAll(head, "\r\n\t", "\n\t"), "\r\n ", "\n "), "\r\n") {
		name, value, _ := strings.Cut(f, ":")
		if _, err := s.HeaderField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.HeaderEnd(); err != nil {
		t.Fatal(err)
	}
	changes, last, err := s.BodyReadFrom(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return said{changes, last}
}

// TestMain keeps the library's words about broken connections out of the tests' output.
func TestMain(m *testing.M) {
	log.SetOutput(nowhere{})
	os.Exit(m.Run())
}

type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
