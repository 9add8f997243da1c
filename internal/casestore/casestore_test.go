package casestore

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "cases.sqlite"))
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

func TestOpenTwiceKeepsTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?%20#.sqlite") // a name that must not be read as part of a URL
	for range 2 {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
			var got string
			if err := s.Writer().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s = %q, %v; want %q", pragma, got, err, want)
			}
		}
		var n int
		err = s.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job`).Scan(&n)
		if err != nil {
			t.Errorf("job tables: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if m, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(m) != 1 || m[0] != path {
		t.Errorf("files after closing: %q, want only %q", m, path)
	}
}

func TestReaderCannotWrite(t *testing.T) {
	s := open(t)
	_, err := s.Reader().ExecContext(t.Context(), `DELETE FROM messages`)
	if err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Fatalf("reader wrote: %v", err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cases.sqlite")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Writer().ExecContext(context.Background(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "newer Tocsin") {
		t.Fatalf("opened a newer schema: %v", err)
	}
}

func TestRebind(t *testing.T) {
	for in, want := range map[string]string{
		`SELECT 1`: `SELECT 1`,
		`INSERT INTO t VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = ?`:   `INSERT INTO t VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = $3`,
		`SELECT '?', "a?b" FROM t WHERE x = ? -- why?` + "\n" + `AND y = ?`: `SELECT '?', "a?b" FROM t WHERE x = $1 -- why?` + "\n" + `AND y = $2`,
		`SELECT 'it''s ?' WHERE a = ?`:                                      `SELECT 'it''s ?' WHERE a = $1`,
		`SELECT 'open ?`:                                                    `SELECT 'open ?`,
	} {
		if got := Postgres.Rebind(in); got != want {
			t.Errorf("Rebind(%q)\n got %q\nwant %q", in, got, want)
		}
		if got := SQLite.Rebind(in); got != in {
			t.Errorf("SQLite changed %q to %q", in, got)
		}
	}
}
