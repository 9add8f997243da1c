package files

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"tocsin/internal/blobstore"
	"tocsin/internal/casestore"
	"tocsin/internal/ingest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is where an import ends: real bytes, real ledger, and jobs that nobody works on.
type store struct {
	blobs  *blobstore.Store
	ledger *casestore.Store
	intake *ingest.Intake
}

func openStore(t testing.TB) *store {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	var (
		s   store
		err error
	)
	if s.blobs, err = blobstore.Open(ctx, dir+"/mail"); err != nil {
		t.Fatal(err)
	}
	if s.ledger, err = casestore.Open(ctx, dir+"/cases.sqlite"); err != nil {
		t.Fatal(err)
	}
	jobs, err := s.ledger.Jobs(casestore.JobConfig{})
	if err != nil {
		t.Fatal(err)
	}
	s.intake = ingest.NewIntake(s.blobs, s.ledger, jobs, ingest.IntakeOptions{})
	t.Cleanup(func() {
		s.intake.Close()
		if err := s.ledger.Close(); err != nil {
			t.Error(err)
		}
		if err := s.blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return &s
}

// holds checks that exactly these messages are in the stores, each with one job.
func (s *store) holds(t *testing.T, want ...string) {
	t.Helper()
	rows, err := s.ledger.Reader().QueryContext(t.Context(), `SELECT sha256 FROM messages ORDER BY sha256`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			t.Fatal(err)
		}
		got = append(got, sum)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	var sums []string
	for _, raw := range want {
		sum := sha256.Sum256([]byte(raw))
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	slices.Sort(sums)
	sums = slices.Compact(sums)
	if d := cmp.Diff(sums, got); d != "" {
		t.Errorf("messages in the ledger (-want +got)\n%s", d)
	}
	for _, sum := range sums {
		if there, err := s.blobs.Exists(t.Context(), sum); err != nil || !there {
			t.Errorf("the bytes of a message are not there: %v", err)
		}
	}
	if n, err := s.ledger.JobsWaiting(t.Context(), ingest.Queue); err != nil || n != int64(len(sums)) {
		t.Errorf("%d jobs, want %d: %v", n, len(sums), err)
	}
}

// tree writes files below a new folder and returns it.
func tree(t testing.TB, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// sight is what a walk saw.
type sight struct {
	messages []string // "name: text"
	failed   []string // "name: why"
	done     []string
	notMail  []string
}

// look walks, with names relative to dir.
func look(t *testing.T, dir string, v Visitor, paths ...string) sight {
	t.Helper()
	var s sight
	short := func(name string) string { return strings.TrimPrefix(name, dir+string(filepath.Separator)) }
	v.Message = func(m Message) error {
		switch {
		case m.Err != nil && m.Raw != nil:
			t.Errorf("%s has octets and an error", m.Name())
		case m.Err != nil:
			s.failed = append(s.failed, fmt.Sprintf("%s: %v", short(m.Name()), m.Err))
		default:
			s.messages = append(s.messages, short(m.Name())+": "+string(m.Raw))
		}
		return nil
	}
	v.FileDone = func(f *File, err error) error {
		if err != nil {
			s.failed = append(s.failed, fmt.Sprintf("%s: %v", short(f.Path), err))
		} else {
			s.done = append(s.done, short(f.Path))
		}
		return nil
	}
	v.NotMail = func(f *File) { s.notMail = append(s.notMail, short(f.Path)) }
	if len(paths) == 0 {
		paths = []string{dir}
	}
	if err := Walk(t.Context(), paths, v); err != nil {
		t.Fatal(err)
	}
	return s
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(text), nil))
}

// mail is the n-th of many different messages.
func mail(n int) string {
	return fmt.Sprintf("From: s%d@sender.test\nTo: alice@example.test\nSubject: Letter %d\nDate: Fri, 2 Jan 2026 03:04:05 +0000\n\n%s", n, n, strings.Repeat("Hello.\n", n%50))
}

const separator = "From s@sender.test Fri Jan  2 03:04:05 2026\n"

// mailbox puts messages into an mbox, as mboxrd quotes them.
func mailbox(messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(separator)
		for l := range strings.SplitAfterSeq(m, "\n") {
			if strings.HasPrefix(strings.TrimLeft(l, ">"), "From ") {
				l = ">" + l
			}
			b.WriteString(l)
		}
		if !strings.HasSuffix(m, "\n") {
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}
