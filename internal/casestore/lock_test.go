package casestore

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain lets the test binary stand for a second process: with TOCSIN_TEST_LOCK it locks that folder, says so, and
// waits for its input to end.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TOCSIN_TEST_LOCK"); dir != "" {
		l, err := LockDir(dir, "serve")
		if err == nil {
			err = l.SetAddress("http://127.0.0.1:8025")
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(0) // without Unlock: the system must let go
	}
	os.Exit(m.Run())
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	if _, held, err := HolderOf(dir); held || err != nil {
		t.Fatalf("held before anybody locked: %v %v", held, err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "TOCSIN_TEST_LOCK="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "locked\n" {
		t.Fatalf("child: %q %v", line, err)
	}

	_, err = LockDir(dir, "import")
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("locked twice: %v", err)
	}
	want := fmt.Sprintf("%s is in use by tocsin serve (pid %d)", dir, cmd.Process.Pid)
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	h, held, err := HolderOf(dir)
	if !held || err != nil || h.Address != "http://127.0.0.1:8025" || h.PID != cmd.Process.Pid {
		t.Errorf("holder %+v %v %v", h, held, err)
	}

	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	l, err := LockDir(dir, "import")
	if err != nil {
		t.Fatalf("after the holder ended: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, held, err := HolderOf(dir); held || err != nil {
		t.Errorf("held after unlock: %v %v", held, err)
	}
}

func TestLockNeedsTheFolder(t *testing.T) {
	_, err := LockDir(t.TempDir()+"/missing", "serve")
	if err == nil || errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "missing") {
		t.Fatalf("got %v", err)
	}
}
