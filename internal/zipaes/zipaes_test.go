package zipaes

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const secret = "correct horse battery"

// archive writes one to a file.
func archive(t *testing.T, files map[string][]byte) string {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, secret)
	at := time.Date(2026, 11, 18, 14, 21, 8, 0, time.UTC)
	if err := w.Plain("README.txt", at, []byte("plain words")); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := w.Sealed(name, at, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sevenZip(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"7z", "7zz", "7za"} {
		if tool, err := exec.LookPath(name); err == nil {
			return tool
		}
	}
	t.Skip("7z (Debian: p7zip-full) is not installed")
	return ""
}

// TestAnotherProgramOpensIt: 7-Zip finds the octets that went in, and nothing with a wrong password or after a change.
func TestAnotherProgramOpensIt(t *testing.T) {
	tool := sevenZip(t)
	files := map[string][]byte{
		"messages/one.eml": []byte("Subject: hello\r\n\r\nworld\r\n"), "empty.txt": {}, "large.bin": bytes.Repeat([]byte("0123456789abcdef\n"), 200_000), "имя 名.txt": []byte("named"),
		"block.bin": bytes.Repeat([]byte{7}, 16), "random.bin": noise(100_003),
	}
	path := archive(t, files)
	to := t.TempDir()
	if out, err := exec.Command(tool, "x", "-y", "-p"+secret, "-o"+to, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files["README.txt"] = []byte("plain words")
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d octets of %d, %v", name, len(got), len(want), err)
		}
	}
	if out, err := exec.Command(tool, "t", "-pwrong password", path).CombinedOutput(); err == nil || !strings.Contains(string(out), "Wrong password") {
		t.Errorf("a wrong password: %v\n%s", err, out)
	}
	out, err := exec.Command(tool, "l", "-slt", path).CombinedOutput()
	if err != nil || strings.Count(string(out), "Method = AES-256 Deflate") != 6 {
		t.Errorf("%v\n%s", err, out)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, []byte("random.bin")) + 500
	raw[at] ^= 1
	broken := filepath.Join(t.TempDir(), "b.zip")
	if err := os.WriteFile(broken, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "t", "-p"+secret, broken).CombinedOutput(); err == nil {
		t.Errorf("a changed archive passed\n%s", out)
	}
}

func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(1)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

func TestPasswords(t *testing.T) {
	for password, good := range map[string]bool{secret: true, "short": false, "пароль-на-русском": false, strings.Repeat("x", 129): false, "with\ttab in it": false, "~!@#$%^&*()_+": true} {
		if err := CheckPassword(password); (err == nil) != good {
			t.Errorf("%q: %v", password, err)
		}
	}
}
