package blobstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func sum(raw []byte) string {
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:])
}

func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPutGetDelete(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	s := open(t, dir)
	r := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 3<<20)
	_, _ = r.Read(noise)
	for _, raw := range [][]byte{{}, []byte("a"), []byte(strings.Repeat("Subject: hello\r\n", 5000)), noise} {
		id := sum(raw)
		if ok, err := s.Exists(t.Context(), id); ok || err != nil {
			t.Fatalf("exists before: %v %v", ok, err)
		}
		if _, err := s.Get(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Fatalf("get before: %v", err)
		}
		for range 2 { // twice: the second changes nothing
			if err := s.Put(t.Context(), id, raw); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Get(t.Context(), id)
		if err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("got %d octets of %d, %v", len(got), len(raw), err)
		}
		want := filepath.Join(id[:2], id[2:4], id+".eml.zst")
		if have := files(t, dir); len(have) != 1 || have[0] != want {
			t.Fatalf("files %q, want only %q", have, want)
		}
		for range 2 {
			if err := s.Delete(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if have := files(t, dir); len(have) != 0 {
			t.Fatalf("left after delete: %q", have)
		}
	}
}

func TestNamesAreChecked(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mail"))
	for _, name := range []string{"", "abc", strings.Repeat("A", 64), "../../" + strings.Repeat("a", 58), strings.Repeat("a", 63) + "/"} {
		if err := s.Put(t.Context(), name, nil); err == nil {
			t.Errorf("Put(%q) was accepted", name)
		}
		if _, err := s.Get(t.Context(), name); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("Get(%q) = %v", name, err)
		}
		if err := s.Delete(t.Context(), name); err == nil {
			t.Errorf("Delete(%q) was accepted", name)
		}
	}
}

func TestDamageIsSeen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	s := open(t, dir)
	raw := []byte(strings.Repeat("From: a@example.test\r\n", 100))
	id := sum(raw)
	if err := s.Put(t.Context(), id, raw); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, id[:2], id[2:4], id+".eml.zst")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, damage := range map[string][]byte{
		"empty":   {},
		"short":   whole[:len(whole)-3],
		"flipped": flipped,
		"other":   enc.EncodeAll([]byte("another message"), nil),
	} {
		if err := os.WriteFile(path, damage, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(t.Context(), id)
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), id) || got != nil {
			t.Errorf("%s: %d octets, %v", name, len(got), err)
		}
	}
}

// A small file that unpacks to more than any message must stop at the limit, not fill the memory.
func TestDecompressionIsBounded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	s := open(t, dir)
	s.maxSize = 1 << 20
	var err error
	s.dec.Close()
	if s.dec, err = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<20)); err != nil {
		t.Fatal(err)
	}
	bomb := make([]byte, 64<<20)
	id := sum(bomb)
	if err := s.Put(t.Context(), id, bomb); err == nil {
		t.Error("stored a message over the limit")
	}
	path := filepath.Join(dir, id[:2], id[2:4], id+".eml.zst")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, s.enc.EncodeAll(bomb, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), id); !errors.Is(err, ErrCorrupt) {
		t.Errorf("unpacked a bomb: %v", err)
	}
}

func TestRetain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	s := open(t, dir)
	old, young := []byte("old"), []byte("young")
	for _, raw := range [][]byte{old, young} {
		if err := s.Put(t.Context(), sum(raw), raw); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-48 * time.Hour)
	id := sum(old)
	path := filepath.Join(dir, id[:2], id[2:4], id+".eml.zst")
	stranded := path + ".18a.tmp"
	if err := os.WriteFile(stranded, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, stranded} {
		if err := os.Chtimes(p, long, long); err != nil {
			t.Fatal(err)
		}
	}
	n, err := s.Retain(t.Context(), time.Now().Add(-24*time.Hour), func(sum string) bool { return sum == id })
	if have := files(t, dir); n != 0 || err != nil || len(have) != 2 {
		t.Fatalf("removed %d, %v, left %q; somebody needs it", n, err, have)
	}
	n, err = s.Retain(t.Context(), time.Now().Add(-24*time.Hour), nil)
	if n != 1 || err != nil {
		t.Fatalf("removed %d, %v; want 1", n, err)
	}
	if have := files(t, dir); len(have) != 1 || !strings.Contains(have[0], sum(young)) {
		t.Fatalf("left: %q", have)
	}
}

// A full disk fails the message it hits, says so, and leaves no part of it; what was stored stays readable.
func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to mount a small tmpfs")
	}
	mnt := t.TempDir()
	if err := syscall.Mount("tmpfs", mnt, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("can't mount a tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mnt, syscall.MNT_DETACH) })
	dir := filepath.Join(mnt, "mail")
	s := open(t, dir)
	r := rand.NewChaCha8([32]byte{2})
	var blobs []Blob
	for range 20 {
		raw := make([]byte, 100<<10)
		_, _ = r.Read(raw)
		blobs = append(blobs, Blob{sum(raw), raw})
	}
	stored := 0
	for i, err := range s.PutMany(t.Context(), blobs) {
		if err == nil {
			stored++
			if got, err := s.Get(t.Context(), blobs[i].SHA256); err != nil || !bytes.Equal(got, blobs[i].Raw) {
				t.Errorf("stored but not readable: %v", err)
			}
			continue
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error does not say that the disk is full: %v", err)
		}
		if ok, err := s.Exists(t.Context(), blobs[i].SHA256); ok || err != nil {
			t.Errorf("failed, but exists: %v %v", ok, err)
		}
	}
	if stored == 0 || stored == len(blobs) {
		t.Fatalf("%d of %d stored: the disk was meant to fill up", stored, len(blobs))
	}
	if have := files(t, dir); len(have) != stored {
		t.Errorf("%d files for %d stored messages: %q", len(have), stored, have)
	}
}

func TestConcurrentPutsOfTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	s := open(t, dir)
	raw := []byte(strings.Repeat("x", 10000))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := s.Put(t.Context(), sum(raw), raw); err != nil {
				t.Error(err)
			}
			if _, err := s.Get(t.Context(), sum(raw)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if have := files(t, dir); len(have) != 1 {
		t.Errorf("files: %q", have)
	}
}

func TestBucketURLs(t *testing.T) {
	for _, bad := range []string{"file://host/dir", "file://", "file:///x?metadata=skip", "nosuch://bucket", "://"} {
		if s, err := Open(t.Context(), bad); err == nil {
			_ = s.Close()
			t.Errorf("Open(%q) was accepted", bad)
		}
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "no", "parent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("made a folder whose parent does not exist: %v", err)
	}
}

func BenchmarkPutMany(b *testing.B) {
	for _, n := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "mail"))
			r := rand.New(rand.NewPCG(1, 2))
			blobs := make([]Blob, n)
			for b.Loop() {
				b.StopTimer()
				for i := range blobs {
					raw := fmt.Appendf(nil, "Subject: %d %d\r\n%s", r.Uint64(), i, strings.Repeat("some words of text\r\n", 500))
					blobs[i] = Blob{sum(raw), raw}
				}
				b.StartTimer()
				for _, err := range s.PutMany(b.Context(), blobs) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}
