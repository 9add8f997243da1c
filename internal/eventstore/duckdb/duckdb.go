// Package duckdb is the embedded event store: one DuckDB file, for installations of one process.
//
// DuckDB keeps each column apart and compressed, in row groups of 122,880 rows that know the smallest and largest value of
// every column. Rows are stored in the order of their time within a batch, so a range of time skips most row groups, and
// a question reads only the columns it names. That is what makes Explorer quick over millions of rows; the price is
// that single changes are dear, so rows come in batches and changes carry a range of time.
//
// There is one writer; readers never wait for it. Only one process can hold the file: a second one gets ErrLocked.
package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/eventstore"
	"tocsin/internal/eventstore/duckdb/inprocess"
	"tocsin/internal/kql"
	"tocsin/internal/kql/native"
)

// Name of the database file inside the data folder.
const Name = "events.duckdb"

// Options of a store. Zero fields take the defaults.
type Options struct {
	MemoryLimit     int64        // bytes that DuckDB may hold; default 1 GiB. More spills into a folder beside the file
	Threads         int          // default: one a CPU
	CheckpointBytes int64        // size of the write-ahead log at which it is folded into the file; default 64 MiB
	Readers         int          // connections for queries; default 16. More queries wait
	GuestMemory     int64        // of MemoryLimit, what queries run by Hunt may hold that cannot move to disk; default half of it
	SpillLimit      int64        // bytes on disk for what does not fit into memory; default 4 GiB
	Log             *slog.Logger // of what a start does that takes long; nil: discard
	// Locate says where an address is, for geo_info_from_ip_address. Without it that function gives null.
	Locate func(addr string) (native.Place, bool)
}

// Store is an open DuckDB file. It implements eventstore.Store.
type Store struct {
	path    string
	lock    *os.File
	db      *sql.DB
	tables  []*table
	version atomic.Uint64
	engine  string

	guests      guests
	watcher     *sql.Conn   // looks at the engine's memory
	tight       atomic.Bool // the engine's memory was nearly full when it was last looked at
	memory      int64
	guestMemory int64
	spill       int64

	writer chan *sql.Conn // the one writing connection, or taken
	stop   sync.Once
	closed chan struct{}
}

var _ eventstore.Store = (*Store)(nil)

// Open opens the store in folder dir, and creates or migrates it as needed. While another Store holds it, in this process
// or another, the error is ErrLocked.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	if o.MemoryLimit <= 0 {
		o.MemoryLimit = 1 << 30
	}
	if o.Threads <= 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.CheckpointBytes <= 0 {
		o.CheckpointBytes = 64 << 20
	}
	if o.Readers <= 0 {
		o.Readers = 16
	}
	if o.GuestMemory <= 0 {
		o.GuestMemory = o.MemoryLimit / 2
	}
	if o.SpillLimit <= 0 {
		o.SpillLimit = 4 << 30
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if i := strings.IndexAny(dir, "?#%"); i >= 0 { // they would end the path in DuckDB's connection string
		return nil, fmt.Errorf("the data folder's path must not contain %q: %s", dir[i], dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, Name)
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, lock: lock, memory: o.MemoryLimit, guestMemory: o.GuestMemory, spill: o.SpillLimit, writer: make(chan *sql.Conn, 1), closed: make(chan struct{})}
	if err := s.open(ctx, o); err != nil {
		if s.db != nil {
			s.db.Close()
		}
		lock.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	connector, err := duckdb.NewConnector(s.path+"?"+url.Values{
		"memory_limit":                  {strconv.FormatInt(o.MemoryLimit, 10) + "B"},
		"threads":                       {strconv.Itoa(o.Threads)},
		"checkpoint_threshold":          {strconv.FormatInt(o.CheckpointBytes, 10) + "B"},
		"storage_compatibility_version": {"latest"},
	}.Encode(), nil)
	if err != nil {
		if strings.Contains(err.Error(), "Could not set lock") {
			return fmt.Errorf("%w: another Tocsin holds %s", eventstore.ErrLocked, s.path)
		}
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	s.db = sql.OpenDB(connector)
	s.db.SetMaxOpenConns(o.Readers + 2) // and the writer, and the watcher
	s.db.SetMaxIdleConns(o.Readers + 2)
	for _, setting := range []string{
		"temp_directory = '" + strings.ReplaceAll(s.path, "'", "''") + ".tmp'",
		fmt.Sprintf("max_temp_directory_size = '%dB'", o.SpillLimit),
		// Pages fetch their wide columns only for the rows they show; DuckDB does that by itself up to this many rows.
		"late_materialization_max_rows = 2000",
		// Queries come from people: even a hole in the compiler must not reach files, extensions or the settings.
		"autoinstall_known_extensions = false",
		"autoload_known_extensions = false",
		"allow_community_extensions = false",
		"enable_external_access = false",
		"lock_configuration = true",
	} {
		if _, err := s.db.ExecContext(ctx, "SET GLOBAL "+setting); err != nil {
			return fmt.Errorf("set %s: %w", setting, err)
		}
	}
	if err := s.db.QueryRowContext(ctx, "SELECT 'DuckDB ' || version()").Scan(&s.engine); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	// Once for all connections: functions belong to the database.
	if err := inprocess.Register(conn, native.Functions(o.Locate)); err != nil {
		return err
	}
	s.tables = tables()
	if err := migrate(ctx, conn, s.tables); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if err := fill(ctx, conn, o.Log); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	s.writer <- conn
	s.watcher, err = s.db.Conn(ctx)
	return err
}

// Dialect is DuckDB's.
func (s *Store) Dialect() kql.Dialect { return kql.DuckDB() }

// Version grows with every change that this process made to the store. Two equal versions mean the same rows.
func (s *Store) Version() uint64 { return s.version.Load() }

// Close waits for a running write, folds the log into the file and releases it. Later calls return ErrClosed.
func (s *Store) Close() error {
	err := error(nil)
	s.stop.Do(func() {
		conn := <-s.writer
		close(s.closed)
		err = errors.Join(conn.Close(), s.watcher.Close(), s.db.Close(), s.lock.Close())
	})
	return err
}

// write runs f in a transaction of the writing connection. f runs again when the transaction failed for lack of memory.
func (s *Store) write(ctx context.Context, f func(c *duckdb.Conn) error) (err error) {
	var conn *sql.Conn
	select {
	case conn = <-s.writer:
	case <-s.closed:
		return eventstore.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.writer <- conn }()
	if err := s.makeRoom(ctx, conn); err != nil {
		return err
	}
	return s.host(func() error { return s.transaction(ctx, conn, f) })
}

func (s *Store) transaction(ctx context.Context, conn *sql.Conn, f func(c *duckdb.Conn) error) error {
	return conn.Raw(func(driverConn any) error {
		c := driverConn.(*duckdb.Conn)
		if _, err := c.ExecContext(ctx, "BEGIN", nil); err != nil {
			return err
		}
		if err := f(c); err != nil {
			// The transaction must end even when ctx has.
			if _, rerr := c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK", nil); rerr != nil {
				return errors.Join(err, rerr)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		// A commit is not interrupted: it is short, and its outcome must be known.
		if _, err := c.ExecContext(context.WithoutCancel(ctx), "COMMIT", nil); err != nil {
			return err
		}
		s.version.Add(1)
		return nil
	})
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
