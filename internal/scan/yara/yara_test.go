//go:build yara && cgo

package yara

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const marker = `rule marker { strings: $a = "tocsin-test-marker" condition: $a }`

func TestRulesMatchAndBadOnesAreSetAside(t *testing.T) {
	r, bad, err := Load(Config{Folder: folder(t, map[string]string{
		"a.yar":       marker,
		"sub/b.yara":  `import "pe" rule program { condition: pe.is_pe } rule marker { strings: $a = "other" condition: $a }`,
		"broken.yar":  "rule broken {\n condition: nonsense }",
		"include.yar": `include "a.yar"`,
		"readme.txt":  "not a rule",
	})})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Len() != 3 || len(bad) != 2 {
		t.Fatalf("%d rules, problems %v", r.Len(), bad)
	}
	if bad[0].File != "broken.yar" || bad[0].Line != 2 || !strings.Contains(bad[0].Text, "nonsense") {
		t.Errorf("problem %v", bad[0])
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for content, want := range map[string]string{"": "", "harmless": "", "x tocsin-test-marker": "marker", "tocsin-test-marker and other": "marker, marker"} {
				if got, err := r.Scan(t.Context(), []byte(content)); got != want || err != nil {
					t.Errorf("%q: %q, %v; want %q", content, got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestScanEnds(t *testing.T) {
	r, _, err := Load(Config{Folder: folder(t, map[string]string{"slow.yar": `rule slow { condition: for all i in (0..filesize) : ( for all j in (0..filesize) : ( uint8(j) == 97 ) ) }`}), Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	began := time.Now()
	if _, err := r.Scan(t.Context(), []byte(strings.Repeat("a", 1<<20))); err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("error %v after %s", err, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Scan(ctx, []byte("x")); err == nil {
		t.Error("scanned for a caller that was gone")
	}
}

func TestEmptyFolder(t *testing.T) {
	r, bad, err := Load(Config{Folder: t.TempDir()})
	if err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	defer r.Close()
	if got, err := r.Scan(t.Context(), []byte("anything")); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, _, err := Load(Config{Folder: "/nonexistent"}); err == nil {
		t.Error("a folder that is not there was read")
	}
}
