package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/eventstore"
	"tocsin/internal/kql"
)

// All queries of an instance share its memory, and DuckDB has no limit for one of them. What a sort or a join holds moves to disk
// when others need room; what an aggregate gathers (make_list, make_set, arg_max of whole rows) does not, and a join whose keys are
// few cannot. So one query can take everything, and then it is intake that is told there is no memory. A second instance for such
// queries would need the file for itself. Instead they are guests here:
//
//   - While there are guests, the engine's memory is looked at fifty times a second. When what cannot move to disk goes over
//     GuestMemory, or what did move comes near the room on disk, the guest that came last has to leave.
//   - When anything else is refused memory while there are guests, the guest that came last leaves and it is tried again, until
//     it succeeds or there are no guests. Writes ask beforehand: the engine may not recover from a checkpoint that fails.
const (
	guestWatch = 20 * time.Millisecond
	guestLeave = 10 * time.Second // for an interrupted query to end; it takes milliseconds
)

// errNoRoom is the cause of a guest's end.
var errNoRoom = errors.New("hunting queries needed more memory than there is for them")

type guest struct {
	end  context.CancelCauseFunc
	gone chan struct{}
}

type guests struct {
	mu   sync.Mutex
	here []*guest // in the order in which they came
	stop chan struct{}
	done chan struct{} // closed when the watch is over
}

// Hunt is Query for questions that people wrote and nobody bounded. It takes at most what is there for such questions; when it needs
// more, or another one came later and both do, it ends with eventstore.ErrMemory, and all else goes on.
func (s *Store) Hunt(ctx context.Context, st *kql.Statement, each func(row []any) error) error {
	ctx, leave := s.enter(ctx)
	defer leave()
	err := s.query(ctx, st, each)
	if outOfMemory(err) || err != nil && context.Cause(ctx) == errNoRoom {
		return eventstore.ErrMemory
	}
	return err
}

// outOfMemory tells whether the engine was refused memory, or room to move it to. Where a commit or the appender was, its error says
// so in its words alone.
func outOfMemory(err error) bool {
	if err == nil {
		return false
	}
	var e *duckdb.Error
	if errors.As(err, &e) && e.Type == duckdb.ErrorTypeOutOfMemory {
		return true
	}
	for _, words := range []string{"failed to allocate data of size", "failed to pin block of size", "could not allocate block of size", "failed to offload data block"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

func (s *Store) enter(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	g := &guest{end, make(chan struct{})}
	s.guests.mu.Lock()
	s.guests.here = append(s.guests.here, g)
	if len(s.guests.here) == 1 {
		s.guests.stop, s.guests.done = make(chan struct{}), make(chan struct{})
		go s.watch(s.guests.stop, s.guests.done)
	}
	s.guests.mu.Unlock()
	return ctx, func() {
		end(nil)
		s.guests.mu.Lock()
		for i, other := range s.guests.here {
			if other == g {
				s.guests.here = append(s.guests.here[:i:i], s.guests.here[i+1:]...)
			}
		}
		close(g.gone)
		var done chan struct{}
		if len(s.guests.here) == 0 {
			close(s.guests.stop)
			done = s.guests.done
		}
		s.guests.mu.Unlock()
		if done != nil {
			<-done
		}
	}
}

// last returns the guest that came last, nil when there is none.
func (g *guests) last() *guest {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.here); n > 0 {
		return g.here[n-1]
	}
	return nil
}

// leave ends the query of a guest and waits until it is over.
func (g *guest) leave(stop <-chan struct{}) {
	g.end(errNoRoom)
	late := time.NewTimer(guestLeave)
	defer late.Stop()
	select {
	case <-g.gone:
	case <-stop:
	case <-late.C:
	}
}

// watch looks at the engine's memory until stop is closed. It has a connection of its own, which no query can take from it.
func (s *Store) watch(stop <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(guestWatch)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		use, err := s.usage()
		s.tight.Store(err != nil || use.memory > s.memory/10*9)
		if err == nil && use.fixed <= s.guestMemory && use.disk <= s.spill/10*9 {
			continue
		}
		if err != nil && !outOfMemory(err) {
			continue
		}
		if g := s.guests.last(); g != nil {
			g.leave(stop)
		}
	}
}

// usage is what the engine holds: in memory, of that what cannot move to disk, and what has moved.
type usage struct{ memory, fixed, disk int64 }

func (s *Store) usage() (u usage, err error) {
	err = s.watcher.QueryRowContext(context.Background(), `SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT,
		coalesce(sum(memory_usage_bytes) FILTER (tag = 'ALLOCATOR'), 0)::BIGINT, coalesce(sum(temporary_storage_bytes), 0)::BIGINT
		FROM duckdb_memory()`).Scan(&u.memory, &u.fixed, &u.disk)
	return u, err
}

// host runs f, which is no guest: as long as it is refused memory, a guest leaves and it is tried again.
func (s *Store) host(f func() error) error {
	for {
		err := f()
		if !outOfMemory(err) {
			return err
		}
		g := s.guests.last()
		if g == nil {
			return err
		}
		g.leave(s.closed)
	}
}

// makeRoom is called before a write. When memory is short it asks for as much as a checkpoint takes, so that guests leave before it
// is needed.
func (s *Store) makeRoom(ctx context.Context, conn *sql.Conn) error {
	if !s.tight.Load() || s.guests.last() == nil {
		return nil
	}
	err := s.host(func() error {
		var n int64
		return conn.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT DISTINCT r FROM range(1000000) t(r))").Scan(&n)
	})
	if outOfMemory(err) {
		return nil // nobody is left who could leave
	}
	return err
}
