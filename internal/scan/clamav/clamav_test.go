package clamav

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// daemon is a clamd of few words: it answers FOUND when the content holds "evil".
type daemon struct {
	net.Listener
	conns, asked atomic.Int64
	closeAfter   int // questions of one session; 0: never
	deaf         bool
	limit        int
}

func serve(t *testing.T, d *daemon) *daemon {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.Listener = l
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			d.conns.Add(1)
			wg.Add(1)
			go func() { defer wg.Done(); defer c.Close(); d.talk(c) }()
		}
	}()
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return d
}

func (d *daemon) talk(c net.Conn) {
	in := bufio.NewReader(c)
	for n := 1; ; {
		cmd, err := in.ReadString(0)
		if err != nil {
			return
		}
		switch strings.TrimRight(cmd, "\x00") {
		case "zIDSESSION":
			continue
		case "zEND":
			return
		case "zVERSION":
			fmt.Fprintf(c, "%d: ClamAV 1.0/1/today\x00", n)
		case "zINSTREAM":
			var content []byte
			for {
				var size uint32
				if binary.Read(in, binary.BigEndian, &size) != nil {
					return
				}
				if size == 0 {
					break
				}
				b := make([]byte, size)
				if _, err := io.ReadFull(in, b); err != nil {
					return
				}
				if content = append(content, b...); d.limit > 0 && len(content) > d.limit {
					fmt.Fprintf(c, "%d: INSTREAM size limit exceeded. ERROR\x00", n)
					return
				}
			}
			if d.asked.Add(1); d.deaf {
				_, _ = in.ReadByte() // until the other side gives up
				return
			}
			if bytes.Contains(content, []byte("evil")) {
				fmt.Fprintf(c, "%d: stream: Test.Evil-1 FOUND\x00", n)
			} else {
				fmt.Fprintf(c, "%d: stream: OK\x00", n)
			}
		}
		if n++; d.closeAfter > 0 && n > d.closeAfter {
			return
		}
	}
}

func client(t *testing.T, c Config) *Client {
	t.Helper()
	x, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func TestAnswers(t *testing.T) {
	d := serve(t, &daemon{})
	x := client(t, Config{Address: d.Addr().String(), Connections: 2})
	big := bytes.Repeat([]byte("0123456789abcdef"), 50_000) // several chunks
	for content, want := range map[string]string{"": "", "harmless": "", "some evil here": "Test.Evil-1", string(big): "", string(big) + "evil": "Test.Evil-1"} {
		if got, err := x.Scan(t.Context(), []byte(content)); got != want || err != nil {
			t.Errorf("%d octets: %q, %v; want %q", len(content), got, err, want)
		}
	}
	if v, err := x.Version(t.Context()); v != "ClamAV 1.0/1/today" || err != nil {
		t.Errorf("version %q, %v", v, err)
	}
	if n := d.conns.Load(); n != 1 {
		t.Errorf("%d connections for questions one after the other", n)
	}
}

func TestManyAtOnceShareConnections(t *testing.T) {
	d := serve(t, &daemon{})
	x := client(t, Config{Address: "tcp:" + d.Addr().String(), Connections: 3})
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			if got, err := x.Scan(t.Context(), []byte("evil")); got != "Test.Evil-1" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	wg.Wait()
	if n := d.conns.Load(); n > 3 {
		t.Errorf("%d connections, 3 allowed", n)
	}
}

func TestSessionThatDiedIsReplaced(t *testing.T) {
	d := serve(t, &daemon{closeAfter: 2})
	x := client(t, Config{Address: d.Addr().String()})
	for i := range 7 {
		if got, err := x.Scan(t.Context(), []byte("evil")); got != "Test.Evil-1" || err != nil {
			t.Errorf("question %d: %q, %v", i, got, err)
		}
		time.Sleep(5 * time.Millisecond) // the daemon's end of the session reaches us
	}
}

func TestLimits(t *testing.T) {
	d := serve(t, &daemon{limit: 100})
	x := client(t, Config{Address: d.Addr().String(), MaxSize: 1000})
	for _, n := range []int{500, 5000} { // refused there, refused here
		if _, err := x.Scan(t.Context(), make([]byte, n)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d octets: %v", n, err)
		}
	}
	if got, err := x.Scan(t.Context(), []byte("evil")); got != "Test.Evil-1" || err != nil {
		t.Errorf("after a refusal: %q, %v", got, err)
	}
}

func TestSilenceEndsWithTheTime(t *testing.T) {
	d := serve(t, &daemon{deaf: true})
	x := client(t, Config{Address: d.Addr().String(), Timeout: 50 * time.Millisecond})
	if _, err := x.Scan(t.Context(), []byte("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestAbsentDaemonIsLeftAlone(t *testing.T) {
	x := client(t, Config{Address: "unix:" + filepath.Join(t.TempDir(), "none")})
	_, first := x.Scan(t.Context(), []byte("x"))
	_, second := x.Scan(t.Context(), []byte("x"))
	if first == nil || first != second {
		t.Errorf("first %v, then %v: want the same error without another try", first, second)
	}
}

func TestAddresses(t *testing.T) {
	for _, bad := range []string{"", "clamd", "tcp:host", "unix:"} {
		if _, err := New(Config{Address: bad}); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
}

// TestRealDaemon starts Debian's clamd with signatures of its own.
func TestRealDaemon(t *testing.T) {
	bin, err := exec.LookPath("clamd")
	if err != nil {
		t.Skip("clamd is not installed (Debian package clamav-daemon)")
	}
	dir, err := os.MkdirTemp("", "clamd") // a short path: a Unix socket's is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("test.ndb", "Tocsin.Test.Marker:0:*:746f6373696e2d746573742d6d61726b6572\n") // "tocsin-test-marker" anywhere
	write("clamd.conf", "LocalSocket "+socket+"\nDatabaseDirectory "+dir+"\nForeground yes\nUser root\nLogFile "+filepath.Join(dir, "log")+"\nTemporaryDirectory "+dir+"\n")
	if os.Getuid() != 0 {
		t.Skip("clamd is started as root here")
	}
	cmd := exec.Command(bin, "-c", filepath.Join(dir, "clamd.conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	x := client(t, Config{Address: "unix:" + socket, Rest: 50 * time.Millisecond})
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		v, err := x.Version(t.Context())
		if err == nil {
			t.Logf("%s", v)
			break
		}
		if time.Since(began) > time.Minute {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("clamd does not start: %v\n%s", err, log)
		}
	}
	if got, err := x.Scan(t.Context(), []byte("nothing to see")); got != "" || err != nil {
		t.Errorf("harmless: %q, %v", got, err)
	}
	if got, err := x.Scan(t.Context(), []byte("x tocsin-test-marker y")); !strings.HasPrefix(got, "Tocsin.Test.Marker") || err != nil {
		t.Errorf("marker: %q, %v", got, err)
	}
}
