package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	maxSubscribers = 200
	livePace       = time.Second
	dashboardPace  = 5 * time.Second // its questions are heavier
	livePing       = 15 * time.Second
	liveWrite      = 10 * time.Second // a client that takes nothing for so long is gone
)

// Hub tells open live views that mail arrived and what else changed. Each view has room for one sum of arrivals, to which later ones are
// added until it is read: a slow view costs nothing and misses nothing but intermediate figures.
type Hub struct {
	mu     sync.Mutex
	views  map[*view]struct{}
	max    int
	closed bool
}

type view struct {
	mu   sync.Mutex
	sum  happened
	wake chan struct{} // room for one
}

// happened is what a view was told since it looked last.
type happened struct {
	Arrived
	mail bool // mail arrived, or something happened to mail
	work bool // somebody changed something
}

func newHub(most int) *Hub { return &Hub{views: map[*view]struct{}{}, max: most} }

// Arrived tells every view that n email events were stored, the newest with that timestamp. It never waits.
func (h *Hub) Arrived(n int, newest time.Time) {
	if n <= 0 {
		return
	}
	h.tell(func(sum *happened) {
		sum.mail = true
		sum.Events += int64(n)
		if newest.After(sum.Newest) {
			sum.Newest = newest.UTC()
		}
	})
}

// Happened tells every view that something happened to stored mail: it was judged again, taken out, reported, clicked. It never waits.
func (h *Hub) Happened() { h.tell(func(sum *happened) { sum.mail = true }) }

// Worked tells every view that somebody changed something beside mail: an action, an incident, the policy. It never waits.
func (h *Hub) Worked() { h.tell(func(sum *happened) { sum.work = true }) }

func (h *Hub) tell(add func(sum *happened)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.views {
		v.mu.Lock()
		add(&v.sum)
		v.mu.Unlock()
		select {
		case v.wake <- struct{}{}:
		default:
		}
	}
}

// Close ends every view, so that a server can stop.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for v := range h.views {
		close(v.wake)
		delete(h.views, v)
	}
}

func (h *Hub) join() (*view, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrStopping
	}
	if len(h.views) >= h.max {
		return nil, errFull
	}
	v := &view{wake: make(chan struct{}, 1)}
	h.views[v] = struct{}{}
	return v, nil
}

func (h *Hub) leave(v *view) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.views, v)
}

func (v *view) take() happened {
	v.mu.Lock()
	defer v.mu.Unlock()
	sum := v.sum
	v.sum = happened{}
	return sum
}

func (s *Server) live(_ context.Context, _ *Nothing) (*huma.StreamResponse, error) {
	return s.follow(livePace, func(out *eventWriter, sum happened) error {
		if sum.Events == 0 {
			return nil
		}
		return out.send("new", sum.Arrived)
	})
}

func (s *Server) dashboardLive(_ context.Context, _ *Nothing) (*huma.StreamResponse, error) {
	return s.follow(dashboardPace, func(out *eventWriter, sum happened) error {
		return out.send("changed", DashboardChanged{Mail: sum.mail, Work: sum.work})
	})
}

// follow tells a client what happens, at most once in each pace, until it goes away or may not be signed in any more.
func (s *Server) follow(each time.Duration, tell func(out *eventWriter, sum happened) error) (*huma.StreamResponse, error) {
	v, err := s.hub.join()
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer s.hub.leave(v)
		r, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
		out := &eventWriter{&patientWriter{w: w, rc: http.NewResponseController(w), wait: liveWrite}}
		if out.send("ping", struct{}{}) != nil {
			return
		}
		ping := time.NewTicker(livePing)
		defer ping.Stop()
		pace := time.NewTimer(0)
		defer pace.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-ping.C:
				if !s.known(r) || out.send("ping", struct{}{}) != nil {
					return
				}
				continue
			case _, open := <-v.wake:
				if !open {
					return
				}
			}
			select { // not before the pace has passed since the event before
			case <-r.Context().Done():
				return
			case <-pace.C:
			}
			if sum := v.take(); !s.known(r) || tell(out, sum) != nil {
				return
			}
			pace.Reset(each)
		}
	}}, nil
}

// eventWriter writes server-sent events (WHATWG HTML, section 9.2).
type eventWriter struct{ out *patientWriter }

func (e *eventWriter) send(name string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(e.out, "event: %s\ndata: %s\n\n", name, raw); err != nil {
		return err
	}
	return e.out.flush()
}
