package api

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestZipOpensWithThePassword(t *testing.T) {
	unzip, err := exec.LookPath("unzip")
	if err != nil {
		t.Skip("unzip is not installed")
	}
	for name, content := range map[string][]byte{
		"mail":         []byte("From: a@example.com\r\nSubject: x\r\n\r\nhello\r\n"),
		"empty":        {},
		"compressible": bytes.Repeat([]byte("all work and no play "), 50_000),
		"every octet":  []byte(strings.Repeat(string(rune(0x20ac))+"\x00\xff", 999)),
	} {
		path := filepath.Join(t.TempDir(), "sample.zip")
		var b bytes.Buffer
		if err := writeZip(&b, "message.eml", time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), content, zipPassword); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := exec.CommandContext(t.Context(), unzip, "-p", "-P", zipPassword, path, "message.eml").Output()
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d octets, %v; want %d", name, len(got), err, len(content))
		}
		if out, err := exec.CommandContext(t.Context(), unzip, "-p", "-P", "wrong", path).Output(); err == nil && len(content) > 0 {
			t.Errorf("%s: opened with a wrong password: %d octets", name, len(out))
		}
	}
}

func TestZipIsMarkedEncrypted(t *testing.T) {
	var b bytes.Buffer
	secret := []byte("plain words that must not be seen")
	if err := writeZip(&b, "m.eml", time.Unix(0, 0), secret, zipPassword); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), secret) {
		t.Error("the content is readable")
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.File[0]; f.Flags&1 == 0 || f.UncompressedSize64 != uint64(len(secret)) || f.Name != "m.eml" {
		t.Errorf("%+v", f.FileHeader)
	}
}
