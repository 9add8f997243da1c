// Package sqlitefile opens an SQLite file the way Tocsin keeps things in one: durable, with one writer and several readers.
//
// SQLite has one writer at a time. With one connection for it the waiting happens in Go, in order and without SQLITE_BUSY. Readers never wait:
// with a write-ahead log they see what was committed before they began. Every commit is on disk when it returns (synchronous=FULL).
package sqlitefile

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// busy is how long a connection waits for another process that holds the file.
const busy = 10 * time.Second

// Options of a file.
type Options struct {
	WriterCache int // pages that the writer keeps, in KiB
	ReaderCache int // pages that each reader keeps, in KiB; what they let go of the system still has
	Readers     int // connections for reading, and at least one a processor
}

// File is an open file.
type File struct {
	Path   string  // absolute
	Writer *sql.DB // one connection: a transaction holds up every other writer
	Reader *sql.DB // its connections refuse to write
}

// Open opens the file at path, and makes it when it is absent. The folder must exist. A new file can be read by its owner alone; SQLite gives
// its -wal and -shm files the same mode.
func Open(path string, o Options) (*File, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	made, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	f := &File{Path: abs}
	if f.Writer, err = sql.Open("sqlite", source(abs, "immediate", o.WriterCache)); err != nil {
		return nil, fmt.Errorf("%s: %w", abs, err)
	}
	f.Writer.SetMaxOpenConns(1)
	if f.Reader, err = sql.Open("sqlite", source(abs, "deferred", o.ReaderCache)+"&_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", abs, err), f.Writer.Close())
	}
	readers := max(o.Readers, runtime.NumCPU())
	f.Reader.SetMaxOpenConns(readers)
	f.Reader.SetMaxIdleConns(readers)
	return f, nil
}

// source is the data source name that modernc.org/sqlite reads. Pragmas hold per connection, so they belong here.
func source(abs, txlock string, cache int) string {
	q := url.Values{
		"_txlock": {txlock},
		"_pragma": {
			// First, so that it also covers the switch to WAL.
			"busy_timeout(" + strconv.FormatInt(busy.Milliseconds(), 10) + ")",
			"journal_mode(WAL)",
			"synchronous(FULL)",
			"foreign_keys(1)",
			"cache_size(-" + strconv.Itoa(cache) + ")",
			"temp_store(MEMORY)",
		},
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}).String()
}
