//go:build unix

package duckdb

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"tocsin/internal/eventstore"
)

// lockFile takes the lock of the database at path, or says who has it. DuckDB's own lock says so only in terms of
// its internals, and does not keep one process from opening the file twice.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		who, _ := io.ReadAll(io.LimitReader(f, 100))
		f.Close()
		holder := "another Tocsin"
		if pid := strings.TrimSpace(string(who)); pid != "" {
			holder += " (process " + pid + ")"
		}
		return nil, fmt.Errorf("%w: %s holds %s", eventstore.ErrLocked, holder, path)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := f.Truncate(0); err == nil {
		fmt.Fprintln(f, os.Getpid())
	}
	return f, nil
}
