package duckdb_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/event"
	"tocsin/internal/eventstore"
	"tocsin/internal/eventstore/duckdb"
	"tocsin/internal/eventstore/storetest"
	"tocsin/internal/kql"
)

var small = duckdb.Options{MemoryLimit: 512 << 20, Threads: 2}

// childEnv makes the test binary a second process on the folder it names.
const childEnv = "TOCSIN_DUCKDB_TEST_CHILD"

func TestMain(m *testing.M) {
	switch mode, dir, _ := strings.Cut(os.Getenv(childEnv), ":"); mode {
	case "write":
		childWrite(dir)
	case "open":
		_, err := duckdb.Open(context.Background(), dir, small)
		fmt.Println(errors.Is(err, eventstore.ErrLocked), err)
	default:
		os.Exit(m.Run())
	}
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(ctx context.Context, dir string) (eventstore.Store, error) { return duckdb.Open(ctx, dir, small) })
}

func open(t *testing.T, dir string) *duckdb.Store {
	t.Helper()
	s, err := duckdb.Open(t.Context(), dir, small)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	_, err := duckdb.Open(t.Context(), dir, small)
	if !errors.Is(err, eventstore.ErrLocked) {
		t.Errorf("second open in this process: %v", err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=open:"+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("(process %d) holds %s", os.Getpid(), filepath.Join(dir, duckdb.Name))
	if got := string(out); !strings.HasPrefix(got, "true ") || !strings.Contains(got, want) {
		t.Errorf("another process was told %q; want ErrLocked and %q", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// childWrite appends one message after the other, each with two URLs, and prints its number when Append returned.
func childWrite(dir string) {
	s, err := duckdb.Open(context.Background(), dir, duckdb.Options{MemoryLimit: 512 << 20, Threads: 2, CheckpointBytes: 64 << 10})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		e := storetest.Mail(i)
		b := event.Batch{Emails: []event.EmailEvent{e}}
		for j := range 2 {
			b.Urls = append(b.Urls, event.EmailUrl{Timestamp: e.Timestamp, NetworkMessageId: e.NetworkMessageId, Url: fmt.Sprint("http://x.example/", j)})
		}
		if err := s.Append(context.Background(), b); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	acked := 0
	for round := range 2 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"=write:"+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		n := 0
		for lines.Scan() {
			if lines.Text() != fmt.Sprint(n) {
				t.Fatalf("child said %q, want %d", lines.Text(), n)
			}
			if n++; n == 80+40*round { // enough for several checkpoints
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		cmd.Wait()
		acked = max(acked, n)
	}
	s := open(t, dir)
	rows, err := storetest.Ask(t.Context(), s, "EmailEvents | sort by Timestamp asc | project Subject")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < acked {
		t.Errorf("%d messages were acknowledged, %d are there", acked, len(rows))
	}
	for i, r := range rows {
		if want := storetest.Mail(i).Subject; r[0] != want {
			t.Fatalf("row %d is %q, want %q: one is missing or double", i, r[0], want)
		}
	}
	urls, err := storetest.Ask(t.Context(), s, "EmailUrlInfo | count")
	if err != nil || urls[0][0] != int64(2*len(rows)) {
		t.Errorf("%v URLs of %d messages, %v: half a batch survived", urls, len(rows), err)
	}
}

// raw opens the file as any DuckDB client would, while no Store does.
func raw(t *testing.T, dir, query string) {
	t.Helper()
	db, err := sql.Open("duckdb", filepath.Join(dir, duckdb.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func TestNewColumnsAreAdded(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	old := storetest.Mail(1)
	old.AdditionalFields = `{"signals":[{"id":"qr-link","weight":16},{"id":"html-attachment","weight":10},{"id":"aligned-sender","weight":-6}]}`
	broken := storetest.Mail(3)
	broken.AdditionalFields = `{"signals":[{`
	old.DetectionTechnologies, broken.DetectionTechnologies = "Bulk", ""
	// The one was harmless, the other something else, until they were judged again; the last row does not say what found it.
	later := func(n int, methods string) event.PostDelivery {
		m := storetest.Mail(3)
		at := m.Timestamp.Add(time.Duration(n) * time.Hour)
		return event.PostDelivery{Timestamp: at, NetworkMessageId: m.NetworkMessageId, RecipientEmailAddress: m.RecipientEmailAddress, ThreatTypes: "Phish", DetectionMethods: methods, ReportId: fmt.Sprint(n)}
	}
	after := []event.PostDelivery{later(1, `{"Phish":["Advanced filter"]}`), later(2, `{"Phish":["URL malicious reputation","Bulk"],"Spam":["Bulk"]}`), later(3, "")}
	if err := s.Append(t.Context(), event.Batch{Emails: []event.EmailEvent{old, broken}, PostDelivery: after}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	// A file of an older version lacks four columns; one of a version with other plans has one too many.
	raw(t, dir, `ALTER TABLE "EmailEvents" DROP COLUMN "FirstSignal"; ALTER TABLE "EmailEvents" DROP COLUMN "Signals"; ALTER TABLE "EmailEvents" DROP COLUMN "LatestDetectionTechnologies"; ALTER TABLE "EmailEvents" DROP COLUMN "Cc"; ALTER TABLE "EmailEvents" ADD COLUMN "Later" VARCHAR DEFAULT 'x'`)
	s = open(t, dir)
	e := storetest.Mail(2)
	e.FirstSignal, e.Signals, e.Cc = "odd", "html-attachment", []string{"c@corp.example"}
	if err := s.Append(t.Context(), event.Batch{Emails: []event.EmailEvent{e}}); err != nil {
		t.Fatal(err)
	}
	rows, err := storetest.Ask(t.Context(), s, "EmailEvents | sort by NetworkMessageId asc | project FirstSignal, Signals, tostring(Cc), LatestDetectionTechnologies")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(rows), `[[ qr-link, html-attachment [] Bulk] [odd html-attachment ["c@corp.example"] ] [  [] Bulk, URL malicious reputation]]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.Close()
	// A start was broken off after the oldest rows: the next goes on there, and then it is done.
	raw(t, dir, `UPDATE "EmailEvents" SET "LatestDetectionTechnologies" = ''; UPDATE "EmailEvents" SET "DetectionTechnologies" = 'Campaign'; DELETE FROM "EmailPostDeliveryEvents"`)
	raw(t, dir, fmt.Sprintf(`INSERT INTO tocsin_filling VALUES ('EmailEvents.LatestDetectionTechnologies', make_timestamp(%d)), ('EmailEvents.Unheard', TIMESTAMP '0001-01-01 00:00:00')`, old.Timestamp.UnixMicro()+1))
	for range 2 {
		s = open(t, dir)
		rows, err := storetest.Ask(t.Context(), s, "EmailEvents | sort by Timestamp asc | project LatestDetectionTechnologies")
		if got := fmt.Sprint(rows); err != nil || got != "[[] [Campaign] [Campaign]]" {
			t.Errorf("got %s, %v", got, err)
		}
		s.Close()
	}
}

func TestFilesThatThisVersionCannotUse(t *testing.T) {
	for _, c := range []struct{ change, want string }{
		{`INSERT INTO tocsin_schema VALUES (99, TIMESTAMP '2030-01-01')`, "newer Tocsin"},
		{`ALTER TABLE "EmailEvents" ALTER "EmailSize" TYPE VARCHAR`, "EmailEvents.EmailSize is stored as VARCHAR, this version needs BIGINT"},
	} {
		dir := t.TempDir()
		open(t, dir).Close()
		raw(t, dir, c.change)
		if _, err := duckdb.Open(t.Context(), dir, small); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.change, err, c.want)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, duckdb.Name), []byte("this is no database, whatever its name says"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := duckdb.Open(t.Context(), dir, small); err == nil || !strings.Contains(err.Error(), duckdb.Name) {
		t.Errorf("a file that is no database: %v", err)
	}
	if _, err := duckdb.Open(t.Context(), filepath.Join(t.TempDir(), "what?"), small); err == nil || !strings.Contains(err.Error(), "must not contain") {
		t.Errorf("a folder with a question mark: %v", err)
	}
}

// TestNoWayOut: SQL that came past the query language must not reach files, programs or settings.
func TestNoWayOut(t *testing.T) {
	s := open(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"SELECT * FROM read_csv('" + file + "')",
		"SELECT content FROM read_text('" + file + "')",
		"COPY (SELECT 1) TO '" + file + "'",
		"ATTACH '" + file + ".db'",
		"INSTALL httpfs",
		"LOAD '" + file + "'",
		"SET enable_external_access = true",
		"SET memory_limit = '100GB'",
	} {
		err := s.Query(t.Context(), &kql.Statement{SQL: q}, func([]any) error { return nil })
		if err == nil {
			t.Errorf("%s went through", q)
		}
	}
}
