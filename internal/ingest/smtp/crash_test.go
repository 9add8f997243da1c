package smtp

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	netsmtp "net/smtp"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/ingest"
)

const childDir = "TOCSIN_TEST_SMTP_DIR"

// child is a server in a process of its own, until it is killed.
func child(dir string) {
	ctx := context.Background()
	fail := func(err error) {
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	blobs, err := blobstore.Open(ctx, dir+"/mail")
	fail(err)
	ledger, err := casestore.Open(ctx, dir+"/cases.sqlite")
	fail(err)
	jobs, err := ledger.Jobs(casestore.JobConfig{})
	fail(err)
	s, err := New(Config{}, ingest.NewIntake(blobs, ledger, jobs, ingest.IntakeOptions{}))
	fail(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	fmt.Println(l.Addr())
	fail(s.Serve(l))
}

// The process is killed while many clients send. Whatever they were told is kept, is kept; the rest, offered to the
// next process, is there once.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.HasPrefix(addr, "error") {
		t.Fatal(addr, err)
	}
	addr = strings.TrimSpace(addr)

	const clients, enough = 10, 40
	var (
		mu     sync.Mutex
		kept   = map[string]bool{} // sums of what was answered with 250
		halted bool
		wg     sync.WaitGroup
	)
	for k := range clients {
		wg.Go(func() {
			c, err := netsmtp.Dial(addr)
			if err != nil {
				return
			}
			defer c.Close()
			for i := k; ; i += clients {
				raw := letter(i)
				if sendOver(c, "a@sender.test", []string{"alice@example.test"}, raw) != nil {
					return
				}
				sum := sha256.Sum256(raw)
				mu.Lock()
				kept[hex.EncodeToString(sum[:])] = true
				if len(kept) >= enough && !halted {
					halted = true
					if err := cmd.Process.Kill(); err != nil {
						t.Error(err)
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if !halted {
		t.Fatalf("the server ended by itself after %d messages", len(kept))
	}
	_ = cmd.Wait()

	h := build(t, dir)
	var sums []string
	for s := range kept {
		sums = append(sums, s)
		if there, err := h.blobs.Exists(t.Context(), s); err != nil || !there {
			t.Errorf("answered with 250, and the bytes are gone: %v", err)
		}
	}
	known, err := h.ledger.KnownMessages(t.Context(), sums)
	if err != nil || len(known) != len(kept) {
		t.Errorf("%d of %d messages are in the ledger: %v", len(known), len(kept), err)
	}
	if _, renewed, err := h.pipeline.Recover(t.Context(), h.jobs); err != nil || renewed != 0 {
		t.Errorf("%d messages had no job: %v", renewed, err)
	}
	// The senders offer everything again, as their queues do with what was not answered.
	_, addr = start(t, Config{}, h.intake)
	c, err := netsmtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const again = enough + clients
	for i := range again {
		if err := sendOver(c, "a@sender.test", []string{"alice@example.test"}, letter(i)); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]int{}
	for _, e := range h.judge(t) {
		seen[e.Subject]++
	}
	for i := range again {
		if n := seen[fmt.Sprintf("Letter %d", i)]; n != 1 {
			t.Errorf("letter %d is there %d times", i, n)
		}
	}
}
